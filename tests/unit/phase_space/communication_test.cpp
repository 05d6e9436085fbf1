// What the model says the ranks send, against what MPI is given to send.
#include "nuvlasov/phase_space/communication.hpp"

#include <gtest/gtest.h>

#include <array>

#include "counted_mpi.hpp"
#include "grid.hpp"
#include "nuvlasov/diagnostics/ledger.hpp"

namespace nuvlasov::phase_space {
namespace {

using testing_support::counted;
using testing_support::Grid;
using testing_support::GridShape;

/// Uneven on 2 and 4 ranks along any axis, with enough nodes for the stencil on each.
GridShape uneven() {
  GridShape shape;
  shape.z = 15;
  shape.energies = 14;
  shape.directions.clear();
  for (int k = 0; k < 13; ++k) shape.directions.push_back(-0.9 + 0.15 * k);
  shape.weights.assign(shape.directions.size(), 1.0);
  return shape;
}

std::vector<ProcessGrid> grids_of(int ranks) {
  std::vector<ProcessGrid> grids;
  for (int z = 1; z <= ranks; ++z)
    for (int energy = 1; z * energy <= ranks; ++energy)
      if (ranks % (z * energy) == 0) grids.push_back({z, energy, ranks / (z * energy)});
  return grids;
}

int ranks_in_world() {
  int ranks = 1;
  MPI_Comm_size(PETSC_COMM_WORLD, &ranks);
  return ranks;
}

AxisShare share_of(Range owned, Index nodes, bool periodic) {
  const bool split = owned.size < nodes;
  const bool below = split && (periodic || owned.begin > 0);
  const bool above = split && (periodic || owned.end() < nodes);
  const int neighbours = (below ? 1 : 0) + (above ? 1 : 0);
  return {
      .nodes = owned.size, .neighbours = neighbours, .own_ghosts = periodic ? 2 - neighbours : 0};
}

Share share_of(const Grid& grid) {
  const Box& box = grid.decomposition.box();
  return {.z = share_of(box.z, grid.z.cells(), true),
          .energy = share_of(box.energy, grid.momentum.energies(), false),
          .angle = share_of(box.angle, grid.momentum.angles(), false)};
}

/// Calls `test(grid)` for every process grid of all ranks.
template <class Test>
void on_every_process_grid(Test&& test) {
  for (const ProcessGrid& ranks : grids_of(ranks_in_world())) {
    SCOPED_TRACE(testing::Message() << ranks.z << " x " << ranks.energy << " x " << ranks.angle);
    Grid grid(uneven(), physics::Mode::full, PETSC_COMM_WORLD, ranks);
    grid.set(grid.random_state(1));
    grid.rate();  // whatever is set up once
    counted() = {};
    test(grid);
  }
}

TEST(Communication, OfARightHandSideIsWhatMpiIsGiven) {
  on_every_process_grid([](Grid& grid) {
    grid.rate();
    const auto expected = communication(share_of(grid), grid.decomposition.process_grid(),
                                        grid.decomposition.ghosts());
    // Counts of doubles: exact.
    EXPECT_EQ(counted().sent.bytes, expected.halo.bytes);
    EXPECT_EQ(counted().received.bytes, expected.halo.bytes);
    EXPECT_EQ(counted().sent.messages, expected.halo.messages);
    EXPECT_EQ(counted().received.messages, expected.halo.messages);
    const Traffic moments = counted().summed[grid.decomposition.momentum_communicator()];
    EXPECT_EQ(moments.bytes, expected.moments.bytes);
    EXPECT_EQ(moments.messages, expected.moments.ranks > 1 ? 1.0 : 0.0);
    EXPECT_EQ(counted().summed.size(), 1U) << "no sum over other ranks";
  });
}

TEST(Communication, OfAHistoryRowIsOneRightHandSideAndItsSums) {
  on_every_process_grid([](Grid& grid) {
    diagnostics::Ledger ledger(grid.z, grid.momentum, grid.decomposition, *grid.equation);
    ASSERT_EQ(grid.decomposition.with_ghosts(
                  grid.state, [&](const StateView& rho) { ledger.measure(rho, 0.0, 0, 0.0); }),
              0);
    const auto expected = communication(share_of(grid), grid.decomposition.process_grid(),
                                        grid.decomposition.ghosts());
    EXPECT_EQ(counted().received.bytes, expected.halo.bytes);
    EXPECT_EQ(counted().received.messages, expected.halo.messages);
    EXPECT_EQ(counted().summed[grid.decomposition.momentum_communicator()].bytes,
              expected.moments.bytes);
    const Traffic row = counted().summed[grid.decomposition.communicator()];
    EXPECT_EQ(row.messages, 2.0) << "sums and minima";
    EXPECT_EQ(row.bytes, ledger.reduced_bytes());
  });
}

TEST(Communication, RoundsOfRecursiveDoublingReachAllRanks) {
  for (const auto& [ranks, rounds] : {std::pair{1, 0}, {2, 1}, {3, 2}, {4, 2}, {5, 3}, {1024, 10}})
    EXPECT_EQ((AllReduction{.ranks = ranks}.rounds()), rounds) << ranks;
}

TEST(Communication, LargestShareIsThatOfTheLargestRank) {
  on_every_process_grid([](Grid& grid) {
    const Share own = share_of(grid);
    const Share largest = largest_share(grid.decomposition.process_grid(), grid.z, grid.momentum);
    for (const auto axis : {&Share::z, &Share::energy, &Share::angle}) {
      std::array<Index, 2> most{(own.*axis).nodes, (own.*axis).neighbours};
      PMPI_Allreduce(MPI_IN_PLACE, most.data(), 2, MPI_INT64_T, MPI_MAX, PETSC_COMM_WORLD);
      EXPECT_EQ((largest.*axis).nodes, most[0]);
      EXPECT_EQ((largest.*axis).neighbours, most[1]);
    }
  });
}

}  // namespace
}  // namespace nuvlasov::phase_space
