#!/bin/bash
# nuvlasov under PBS Pro or OpenPBS: starts a run, goes on with it, and finds it done (README.md beside this file).
#
#   qsub -v input=INPUT,directory=DIRECTORY jobscripts/pbs.sh
#   qsub -J 1-100 -v input=INPUT,directory=DIRECTORY jobscripts/pbs.sh    random seed N, in DIRECTORY/N
#
# A run that takes several jobs reads these lines for each: change them here, not on the command line of qsub.
# SITE: nodes, and ranks on each, one per core
#PBS -l select=1:ncpus=32:mpiprocs=32
# SITE: limit of one job; a longer run takes several
#PBS -l walltime=04:00:00
#PBS -N nuvlasov
#PBS -j oe

# SITE: what nuvlasov was built with
# module load openmpi petsc hdf5
# SITE: the program, from the directory you submit in
nuvlasov=build/release/bin/nuvlasov
# SITE: how to start the ranks
launch=(mpirun -n "$(wc -l <"$PBS_NODEFILE")")
# SITE: more options of nuvlasov run
options=()
# SITE: how often a job may be submitted again before a human has to look
most=100

cd "$PBS_O_WORKDIR" || exit 1
if [[ ! ${input-} || ! ${directory-} ]]; then
  echo "usage: qsub -v input=INPUT,directory=DIRECTORY pbs.sh" >&2
  exit 2
fi
job=$PBS_JOBID
member=${PBS_ARRAY_INDEX:-${member-}}
count=${count:-0}
variables=input=$input,directory=$directory,count=$((count + 1))${member:+,member=$member}

# nuvlasov knows PBS_WALLTIME, seconds; TORQUE sets it, PBS Pro and OpenPBS do not.
if [[ ! ${PBS_WALLTIME-} ]]; then
  PBS_WALLTIME=$(qstat -f "$job" | awk '/Resource_List.walltime/ {
    n = split($3, part, ":")
    for (i = 1; i <= n; ++i) seconds = 60 * seconds + part[i]
    print seconds
  }')
fi
[[ $PBS_WALLTIME ]] || echo "the limit of job $job is not known: set time.wall_limit in $input" >&2
export PBS_WALLTIME

# Also sets the exit code of this job. PBS runs a copy of this file.
submit_again() { qsub -v "$variables" "$0" && code=0; }

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
