#!/bin/bash
# nuvlasov under Slurm: starts a run, goes on with it, and finds it done (README.md beside this file).
#
#   sbatch jobscripts/slurm.sh INPUT DIRECTORY [options of nuvlasov run]
#   sbatch --array=1-100 jobscripts/slurm.sh INPUT DIRECTORY [...]    random seed N, in DIRECTORY/N
#
# SITE: ranks, one per core
#SBATCH --ntasks=32
# SITE: limit of one job; a longer run takes several
#SBATCH --time=04:00:00
#SBATCH --job-name=nuvlasov
#SBATCH --output=%x-%j.log
#SBATCH --open-mode=append
#SBATCH --requeue
#SBATCH --signal=B:USR1@120

# SITE: what nuvlasov was built with
# module load openmpi petsc hdf5
# SITE: the program, from the directory you submit in
nuvlasov=build/release/bin/nuvlasov
# SITE: how to start the ranks; or (srun --mpi=pmix)
launch=(mpirun -n "$SLURM_NTASKS")
# SITE: how often a job may be requeued before a human has to look
most=100

if (($# < 2)); then
  echo "usage: sbatch $SLURM_JOB_NAME INPUT DIRECTORY [options of nuvlasov run]" >&2
  exit 2
fi
input=$1
directory=$2
shift 2
options=("$@")
job=$SLURM_JOB_ID
member=${SLURM_ARRAY_TASK_ID-}
# The last member's own number is that of the whole array.
[[ $member ]] && job=${SLURM_ARRAY_JOB_ID}_$member
count=${SLURM_RESTART_COUNT:-0}

# Also sets the exit code of this job.
submit_again() { scontrol requeue "$job" && code=0; }

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
