#!/bin/bash
#SBATCH --job-name=nuvlasov
#SBATCH --time=04:00:00               # SITE: at least the estimate of --dry-run
#SBATCH --ntasks=32                   # SITE: ranks; one per core
#SBATCH --output=%x-%j.log
# SITE: load what nuvlasov was built with, for example
# module load openmpi petsc hdf5
set -eu
nuvlasov=${NUVLASOV:-build/release/bin/nuvlasov}
exec mpirun -n "$SLURM_NTASKS" "$nuvlasov" run "$@"
