#!/bin/bash
# nuvlasov under LSF: starts a run, goes on with it, and finds it done (README.md beside this file).
#
#   input=INPUT directory=DIRECTORY bsub <jobscripts/lsf.sh
#   input=INPUT directory=DIRECTORY bsub -J "nuvlasov[1-100]" <jobscripts/lsf.sh    random seed N, in DIRECTORY/N
#
# SITE: ranks, one per core
#BSUB -n 32
# SITE: limit of one job, in hours and minutes; a longer run takes several
#BSUB -W 4:00
#BSUB -J nuvlasov
#BSUB -o nuvlasov-%J-%I.log
#BSUB -r
# The signal to stop early, minutes before the limit; and the exit code that has the job requeued.
#BSUB -wa USR1
#BSUB -wt 5
#BSUB -Q 99

# SITE: what nuvlasov was built with
# module load openmpi petsc hdf5
# SITE: the program, from the directory you submit in
nuvlasov=build/release/bin/nuvlasov
# SITE: how to start the ranks
launch=(mpirun -n "$LSB_DJOB_NUMPROC")
# SITE: more options of nuvlasov run
options=()

if [[ ! ${input-} || ! ${directory-} ]]; then
  echo "usage: input=INPUT directory=DIRECTORY bsub <lsf.sh" >&2
  exit 2
fi
job=$LSB_JOBID
member=${LSB_JOBINDEX:-0}
# 0 is not a member of an array.
((member)) || member=''
# LSF does not say how often a job was requeued; MAX_JOB_REQUEUE of its queue is the limit.
count=0 most=1

# Sets the exit code of this job, and LSF does the rest.
submit_again() { code=99; }

# --- From here on the same for Slurm, PBS and LSF. ---

if [[ $member ]]; then
  directory+=/$member
  options=(--set "initial.seeds.random_seed=$member" "${options[@]}")
fi

newest_checkpoint() { stat -Lc '%i %y' "$directory/checkpoints/latest" 2>/dev/null; }

# USR1 is a reason to stop early. INT and TERM are the end of this job, whoever sends them.
ranks='' signalled='' ended=''
# shellcheck disable=SC2317
stop() {
  signalled=yes
  [[ -z $ranks ]] || kill -USR1 "$ranks"
}
trap stop USR1
trap 'ended=yes; stop' INT TERM

before=$(newest_checkpoint)
"${launch[@]}" "$nuvlasov" run "$input" --output "$directory" "${options[@]}" &
ranks=$!
while :; do
  signalled=''
  wait "$ranks"
  code=$?
  # A signal ends the waiting, not the ranks.
  if [[ ! $signalled ]] || ((code <= 128)); then break; fi
done

((code == 75)) || exit "$code"
if [[ $ended ]]; then
  why="it was told to end"
elif [[ -e $directory/STOP ]]; then
  why="there is $directory/STOP"
elif [[ $(newest_checkpoint) == "$before" ]]; then
  why="it has left no newer checkpoint"
elif ((count >= most)); then
  why="it has been submitted again $count times"
elif submit_again; then
  echo "job $job stopped early on a checkpoint, and is submitted again"
  exit "$code"
else
  why="the batch system does not take it"
fi
echo "job $job stopped early on a checkpoint, and is not submitted again: $why"
exit 75
