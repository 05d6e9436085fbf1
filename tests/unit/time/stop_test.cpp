// Why a run stops before its end.
#include "nuvlasov/time/stop.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

namespace nuvlasov::time {
namespace {

int rank() {
  int number = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &number);
  return number;
}

int ranks() {
  int number = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &number);
  return number;
}

TEST(StopWatcher, SeesNoReasonWhereThereIsNone) {
  StopWatcher watcher(MPI_COMM_WORLD, "no such file", MPI_Wtime() + 1000.0);
  EXPECT_EQ(watcher.reason(10.0), "");
}

TEST(StopWatcher, StopsAllRanksAtASignalToOne) {
  for (const auto& [signal, name] :
       {std::pair{SIGTERM, "SIGTERM"}, {SIGUSR1, "SIGUSR1"}, {SIGINT, "SIGINT"}}) {
    StopWatcher watcher(MPI_COMM_WORLD, "no such file", std::nullopt);
    if (rank() == ranks() - 1) std::raise(signal);
    EXPECT_NE(watcher.reason(0.0).find(name), std::string::npos);
  }
}

TEST(StopWatcher, StopsAllRanksAtAFile) {
  const std::string path =
      std::filesystem::temp_directory_path() / ("nuvlasov_stop_" + std::to_string(getppid()));
  StopWatcher watcher(MPI_COMM_WORLD, path, std::nullopt);
  if (rank() == 0) std::ofstream(path) << "\n";
  const std::string reason = watcher.reason(0.0);
  std::filesystem::remove(path);
  EXPECT_NE(reason.find("nuvlasov_stop_"), std::string::npos);
}

TEST(StopWatcher, StopsAllRanksWhenTheFirstRunsOutOfTime) {
  // The clocks of other ranks do not matter.
  StopWatcher watcher(MPI_COMM_WORLD, "no such file", MPI_Wtime() + (rank() == 0 ? 50.0 : 1e6));
  EXPECT_EQ(watcher.reason(40.0), "");
  EXPECT_NE(watcher.reason(60.0).find("wall-clock"), std::string::npos);
}

TEST(SlurmSeconds, ReadsWhatSqueuePrints) {
  EXPECT_EQ(slurm_seconds("45"), 45.0);
  EXPECT_EQ(slurm_seconds("12:45"), 765.0);
  EXPECT_EQ(slurm_seconds("3:12:45"), 11565.0);
  EXPECT_EQ(slurm_seconds("1-03:12:45"), 97965.0);
  for (const char* text : {"", "UNLIMITED", "NOT_SET", "INVALID", "1-", "1:2:3:4", "12:", "-5"})
    EXPECT_EQ(slurm_seconds(text), std::nullopt) << text;
}

TEST(BatchSystem, TimeLeftComesFromItsEnvironment) {
  for (const char* name : {"SLURM_JOB_END_TIME", "SLURM_JOB_ID", "PBS_WALLTIME"}) unsetenv(name);
  EXPECT_EQ(batch_seconds_left(), std::nullopt);
  setenv("PBS_WALLTIME", "3600", 1);
  EXPECT_EQ(batch_seconds_left(), 3600.0);
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  setenv("SLURM_JOB_END_TIME", std::to_string(now + 100).c_str(), 1);
  EXPECT_NEAR(batch_seconds_left().value_or(0.0), 100.0, 2.0);
  unsetenv("SLURM_JOB_END_TIME");
  unsetenv("PBS_WALLTIME");
}

}  // namespace
}  // namespace nuvlasov::time
