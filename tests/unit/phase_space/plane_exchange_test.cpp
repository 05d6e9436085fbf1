// Planes of other ranks, beyond the ghosts and beyond what a neighbour owns.
#include "nuvlasov/phase_space/plane_exchange.hpp"

#include <gtest/gtest.h>

#include "grid.hpp"

namespace nuvlasov::phase_space {
namespace {

using testing_support::Grid;

int ranks_in_world() {
  int ranks = 1;
  MPI_Comm_size(PETSC_COMM_WORLD, &ranks);
  return ranks;
}

/// A number for each plane, momentum rank and place.
double number(Index plane, int momentum_rank, Index at) {
  return static_cast<double>(plane) + 1000.0 * momentum_rank + 0.001 * static_cast<double>(at);
}

TEST(PlaneExchange, GivesThePlanesAroundWhateverTheReachAndTheProcessGrid) {
  const int ranks = ranks_in_world();
  for (const ProcessGrid& split :
       {ProcessGrid{ranks, 1, 1}, ProcessGrid{(ranks + 1) / 2, ranks / ((ranks + 1) / 2), 1}}) {
    const Index cells = 15;
    Grid grid({.z = cells, .energies = 12}, physics::Mode::standard, PETSC_COMM_WORLD, split);
    const Range owned = grid.decomposition.box().z;
    int rank = 0;
    MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
    const int momentum_rank = rank % (split.energy * split.angle);
    for (const Index reach : {0, 1, 3, 8, 20})
      for (const auto& [plane, periodic] : {std::pair{Index{1}, true}, {5, true}, {5, false}}) {
        PlaneExchange exchange;
        ASSERT_EQ(exchange.create(grid.decomposition, reach, periodic), 0);
        std::vector<double> own;
        for (Index j = owned.begin; j < owned.end(); ++j)
          for (Index at = 0; at < plane; ++at) own.push_back(number(j, momentum_rank, at));
        // Twice: the second time with memory at hand.
        for (int turn = 0; turn < 2; ++turn) {
          ASSERT_EQ(exchange.exchange(own.data(), plane), 0);
          for (Index j = -reach; j < owned.size + reach; ++j)
            for (Index at = 0; at < plane; ++at)
              EXPECT_EQ(exchange.planes()[reach + j][at],
                        !periodic && (owned.begin + j < 0 || owned.begin + j >= cells)
                            ? 0.0
                            : number((owned.begin + j + 2 * cells) % cells, momentum_rank, at));
        }
      }
  }
}

}  // namespace
}  // namespace nuvlasov::phase_space
