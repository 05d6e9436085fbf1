// What a run needs, on grids that no test could hold.
#include "need.hpp"

#include <gtest/gtest.h>

namespace nuvlasov {
namespace {

Problem problem_of(Index z, Index energies, Index angles, time::Method method = time::Method::rk4) {
  return {.equation = {},
          .z = {1.0, z, 6},
          .momentum = {1000.0, 40.0, energies, 6,
                       std::vector<double>(static_cast<std::size_t>(angles), 0.5),
                       std::vector<double>(static_cast<std::size_t>(angles), 1.0)},
          .initial = {},
          .time = {.method = method},
          .process_grid = {}};
}

config::Input input_of(double end) {
  config::Input input;
  input.time.end = end;
  return input;
}

TEST(Memory, OfAHugeRunIsItsVectorsOverTheRanks) {
  const config::Input input = input_of(1.0);
  const Problem problem = problem_of(1'000'000, 1000, 1000);
  constexpr double state = 1e12 * 32.0;
  for (const int ranks : {1, 1000, 10'000}) {
    const MemoryNeed need = memory_need(input, problem, {.z = ranks});
    // 4 vectors, and 3 planes of the neighbours on each side.
    EXPECT_DOUBLE_EQ(need.vectors, 4.0 * state / ranks + (ranks > 1 ? 6.0 * 32e6 : 0.0));
    // 4 planes; moments are 0.1 % of the state.
    EXPECT_LT(need.work, 4.1 * 32e6 + 0.01 * need.vectors);
    EXPECT_GT(need.work, 4.0 * 32e6);
  }
}

TEST(Memory, CountsFieldsOnTheirWayToTheDisk) {
  config::Input input = input_of(1.0);
  const Problem problem = problem_of(100'000, 1000, 2);
  const auto work = [&] { return memory_need(input, problem, {}).work; };
  const double nodes = problem.nodes();
  const double without = work();
  input.output.snapshot_interval = 0.1;
  EXPECT_EQ(work(), without);  // rho is written from where it is
  input.output.snapshot_fields = {"rho", "force_trace"};
  EXPECT_DOUBLE_EQ(work(), without + 8.0 * nodes);
  input.output.snapshot_fields = {"rho", "force_trace", "flux"};
  EXPECT_DOUBLE_EQ(work(), without + 32.0 * nodes);
}

TEST(Disk, HoldsSnapshotsAndCheckpointsOfAHugeRun) {
  config::Input input = input_of(10.0);
  input.output.snapshot_interval = 1.0;
  input.checkpoint.keep = 3;
  struct Case {
    time::Method method;
    double vectors;
  };
  for (const Case& test : {Case{time::Method::rk4, 1.0}, {time::Method::implicit_midpoint, 5.0}}) {
    const DiskNeed need = disk_need(input, problem_of(1'000'000, 1000, 1000, test.method), 80);
    EXPECT_DOUBLE_EQ(need.snapshot, 32e12);
    EXPECT_EQ(need.snapshots, 11.0);
    // With the rows of the history, 101 of 80 columns.
    EXPECT_DOUBLE_EQ(need.checkpoint, 32e12 * test.vectors + 101.0 * 80.0 * 8.0);
    EXPECT_EQ(need.checkpoints, 4.0);
    EXPECT_DOUBLE_EQ(need.total(), 11.0 * need.snapshot + 4.0 * need.checkpoint + need.history);
  }
}

TEST(TimesDue, CountTheStartTheIntervalsAndTheEnd) {
  struct Case {
    double interval, end, times;
  };
  for (const Case& test : {Case{0.1, 0.5, 6},
                           {0.2, 0.5, 4},
                           {0.0, 0.5, 0},
                           {0.1, 0.0, 1},
                           {1.0, 0.5, 2},
                           {0.1, 30.0, 301},
                           {1e-6, 1e6, 1e12 + 1}})
    EXPECT_EQ(times_due(test.interval, test.end), test.times) << test.interval << " " << test.end;
}

TEST(MemoryShortage, SaysWhatIsNeededWhatThereIsAndWhatToDo) {
  struct Case {
    time::Method method;
    Placement placed;
    double node;
    std::vector<std::string> said;  ///< empty: it fits
  };
  const MemoryNeed need{.vectors = 3e9, .work = 0.5e9, .program = 0.5e9};
  const std::vector<Case> cases{
      {time::Method::rk5dp, {.ranks = 16, .ranks_per_node = 4}, 16e9, {}},
      {time::Method::rk5dp,
       {.ranks = 16, .ranks_per_node = 4},
       15e9,
       {"4 ranks on a compute node take 4 GB each, 16 GB together, but there are 15 GB (a test)",
        "at most 3 of these ranks fit", "more compute nodes", "about 5, for 64 GB in all",
        "grid.z.cells",
        "time.method = \"rk4\", which keeps 4 vectors of the state where rk5dp keeps 16"}},
      {time::Method::rk4,
       {.ranks = 1, .ranks_per_node = 1},
       1e9,
       {"not even one of these ranks fits", "more ranks", "about 4, for 4 GB in all"}},
  };
  for (const Case& test : cases) {
    const std::string said = memory_shortage(problem_of(100, 10, 2, test.method), need, test.placed,
                                             {test.node, "a test"});
    EXPECT_EQ(said.empty(), test.said.empty()) << said;
    for (const std::string& fragment : test.said)
      EXPECT_NE(said.find(fragment), std::string::npos) << said;
    EXPECT_EQ(said.find("time.method") != std::string::npos,
              !said.empty() && test.method != time::Method::rk4);
  }
}

TEST(DiskShortage, CountsWhatTheRunHasWrittenAlready) {
  const DiskNeed need{.snapshot = 10e9, .snapshots = 5.0, .checkpoint = 20e9, .checkpoints = 3.0};
  EXPECT_EQ(disk_shortage(need, {110e9, "/data"}, 0.0), "");
  EXPECT_EQ(disk_shortage(need, {80e9, "/data"}, 30e9), "");
  const std::string said = disk_shortage(need, {80e9, "/data"}, 0.0);
  for (const char* fragment : {"110 GB", "80 GB are left in /data", "3 checkpoints", "--output"})
    EXPECT_NE(said.find(fragment), std::string::npos) << said;
}

TEST(Placement, FillsComputeNodes) {
  EXPECT_EQ((Placement{.ranks = 64, .ranks_per_node = 16}.nodes()), 4);
  EXPECT_EQ((Placement{.ranks = 65, .ranks_per_node = 16}.nodes()), 5);
  const Placement here = placement(MPI_COMM_WORLD);
  EXPECT_EQ(here.ranks, here.ranks_per_node);
}

}  // namespace
}  // namespace nuvlasov
