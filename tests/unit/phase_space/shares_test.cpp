// Shares of grids of any size, without taking memory.
#include "nuvlasov/phase_space/shares.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <tuple>

namespace nuvlasov::phase_space {
namespace {

constexpr double of_32_bits = std::numeric_limits<std::int32_t>::max();
constexpr double of_64_bits = 0x1p60;

MomentumGrid momentum_of(Index energies, Index angles) {
  return {1000.0,
          40.0,
          energies,
          6,
          std::vector<double>(static_cast<std::size_t>(angles), 0.5),
          std::vector<double>(static_cast<std::size_t>(angles), 1.0)};
}

const ZAxis huge_z(1e4, 1'000'000, 6);
const MomentumGrid huge_momentum = momentum_of(1000, 1000);

std::tuple<Index, Index, Index> parts(const Extent& extent) {
  return {extent.z, extent.energy, extent.angle};
}

TEST(Shares, AreThoseOfTheRankWithMost) {
  struct Case {
    Extent whole;
    ProcessGrid grid;
    std::tuple<Index, Index, Index> share, with_ghosts;
  };
  // Ghosts of width 3: always around z, elsewhere one side per neighbour.
  const std::vector<Case> cases{
      {{24, 20, 6}, {1, 1, 1}, {24, 20, 6}, {30, 20, 6}},
      {{25, 20, 6}, {4, 2, 1}, {7, 10, 6}, {13, 13, 6}},
      {{25, 20, 9}, {1, 4, 3}, {25, 5, 3}, {31, 11, 9}},
      {{1'000'000, 1000, 1000}, {4096, 1, 1}, {245, 1000, 1000}, {251, 1000, 1000}},
      {{3'000'000'000, 2, 2}, {1, 1, 1}, {3'000'000'000, 2, 2}, {3'000'000'006, 2, 2}},
  };
  for (const Case& test : cases) {
    const Extent share = largest_share(test.whole, test.grid);
    EXPECT_EQ(parts(share), test.share);
    EXPECT_EQ(parts(with_ghosts(share, test.grid, 3)), test.with_ghosts);
  }
}

TEST(Shares, OfTheSameGridAddUpToAtLeastTheWhole) {
  const Extent all = whole(huge_z, huge_momentum);
  EXPECT_EQ(all.nodes(), 1e12);
  for (const int ranks : {1, 7, 4096, 300'000}) {
    const Extent share = largest_share(all, {.z = ranks});
    EXPECT_GE(share.nodes() * ranks, all.nodes());
    EXPECT_LT(share.nodes() * ranks, all.nodes() * (1.0 + ranks / 1e6));
  }
}

TEST(Counts, OfTheWholeAndOfAShareWithItsGhostsMustBeOnesThatPetscHas) {
  // 4 x 2^29 = 2^31 is one more than 32 bits count; one plane of 2 x 2 nodes less is not.
  constexpr Index too_many = Index{1} << 27U;
  struct Case {
    Extent whole;
    ProcessGrid grid;
    double most;
    std::string said;  ///< empty: accepted
  };
  const std::vector<Case> cases{
      {{1'000'000, 1000, 1000}, {4096, 1, 1}, of_32_bits, "the grid has 4e+12 unknowns"},
      {{1'000'000, 1000, 1000}, {1, 1, 1}, of_64_bits, ""},
      {{100, 1'000'000, 1000}, {10, 1, 1}, of_64_bits, "the 3 planes of z"},
      {{100, 1'000'000, 1000}, {10, 10, 1}, of_64_bits, ""},
      {{too_many, 2, 2}, {2, 1, 1}, of_32_bits, "the grid has"},
      {{too_many - 1, 2, 2}, {2, 1, 1}, of_32_bits, ""},
      {{too_many - 1, 2, 2}, {1, 1, 1}, of_32_bits, "a rank has"},
      {{std::numeric_limits<Index>::max(), 1000, 1000}, {1, 1, 1}, of_64_bits, "the grid has"},
  };
  for (const Case& test : cases) {
    std::string said;
    try {
      check_counts(test.whole, test.grid, 3, flavor::components(2), test.most);
    } catch (const DecompositionError& error) {
      said = error.what();
    }
    EXPECT_EQ(said.substr(0, test.said.size()), test.said);
    EXPECT_EQ(said.empty(), test.said.empty()) << said;
  }
}

TEST(Decomposition, RefusesMoreThanPetscCounts) {
  const ZAxis z(1.0, sizeof(PetscInt) == 4 ? 1'000'000 : Index{1} << 50U, 6);
  Decomposition decomposition;
  EXPECT_THROW(decomposition.create(MPI_COMM_WORLD, z, huge_momentum, 3, {}), DecompositionError);
}

TEST(ProcessGrid, OfAHugeGridIsFoundAndItsTimeFallsWithTheRanks) {
  double before = std::numeric_limits<double>::infinity();
  for (const int ranks : {1, 1 << 10, 1 << 17, 1 << 20}) {
    const ProcessGrid grid = choose_process_grid(ranks, huge_z, huge_momentum, 3, {});
    EXPECT_EQ(grid.size(), ranks);
    const double seconds = seconds_per_right_hand_side(grid, huge_z, huge_momentum, 3);
    EXPECT_GT(seconds, 0.0);
    EXPECT_LT(seconds, before);
    before = seconds;
  }
  // As many planes as no int counts.
  const ZAxis long_axis(1.0, Index{1} << 40U, 6);
  EXPECT_EQ(choose_process_grid(64, long_axis, momentum_of(1, 2), 1, {}).z, 64);
}

}  // namespace
}  // namespace nuvlasov::phase_space
