/// \file
/// Reasons to stop a run before its end, decided by all ranks together.
#pragma once

#include <mpi.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nuvlasov::time {

/// From now on SIGUSR1, by which batch systems say that a job's time is nearly over, does not end
/// the program: a StopWatcher finds it. To be called first of all; SIGTERM and SIGINT end a program
/// that has nothing to save yet.
void remember_warning();

/// Watches for SIGTERM, SIGUSR1 and SIGINT on any rank, for a file on the first, and for the end of
/// the time that the batch system or the user gives.
class StopWatcher {
 public:
  /// Takes over the three signals; to be made after PetscInitialize, one at a time.
  /// \param stop_file    stop when it exists
  /// \param deadline     MPI_Wtime() of the first rank at which the run has to be over
  StopWatcher(MPI_Comm comm, std::string stop_file, std::optional<double> deadline);
  ~StopWatcher();
  StopWatcher(const StopWatcher&) = delete;
  StopWatcher& operator=(const StopWatcher&) = delete;

  /// Why to stop now, in words; empty: go on. The same on all ranks. Collective.
  /// \param reserve  seconds that another step and what has to be written at the end may take, as
  ///                 the first rank sees it
  std::string reason(double reserve);

  /// Seconds to the deadline, on the first rank.
  std::optional<double> time_left() const;

 private:
  int local_reason(double reserve);

  MPI_Comm comm_;
  std::string stop_file_;
  std::optional<double> deadline_;
  bool first_rank_;
  std::optional<double> looked_;  ///< when the stop file was last looked for
  bool found_ = false;
  std::vector<std::pair<int, void (*)(int)>> former_;  ///< handlers of the signals
};

/// Seconds that the batch system leaves this job, as its environment says: Slurm
/// (SLURM_JOB_END_TIME, else `squeue`), TORQUE (PBS_WALLTIME, counted from now). Nothing where
/// there is none.
std::optional<double> batch_seconds_left();

/// Seconds in "45", "12:45", "3:12:45" or "1-03:12:45", Slurm's way to write a time; nothing for
/// anything else, such as UNLIMITED.
std::optional<double> slurm_seconds(const std::string& text);

}  // namespace nuvlasov::time
