// Results against the number of ranks.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "two_beams.hpp"

namespace nuvlasov {
namespace {

using testing_support::Experiment;
using testing_support::two_beams;

class AnyNumberOfRanks : public testing::TestWithParam<const char*> {};

TEST_P(AnyNumberOfRanks, StateAndHistoryAreBitwiseTheSameSplitInZ) {
  const std::string input = two_beams(
      fmt::format("time = {{method = \"{}\", end = 6.0}}\ninitial.seeds.sigma = 1e-2", GetParam()), "full",
      200, 32);
  Experiment alone(input, 1.0, PETSC_COMM_SELF);
  Experiment together(input, 1.0, PETSC_COMM_WORLD);
  const auto& box = together.simulation().decomposition().box();
  const auto offset = static_cast<std::size_t>(box.z.begin * box.plane());
  for (std::size_t n = 0; n < together.run().state.size(); ++n)
    ASSERT_EQ(together.run().state[n], alone.run().state[offset + n]);
  for (std::size_t r = 0; r < alone.run().records.size(); ++r)
    EXPECT_EQ(together.run().records[r].values, alone.run().records[r].values);
}

INSTANTIATE_TEST_SUITE_P(Methods, AnyNumberOfRanks,
                         testing::Values("rk4", "rk5dp", "ssp", "implicit_midpoint"));

TEST(AnyNumberOfRanks, SplitInEnergyAgreesToRounding) {
  int ranks = 1;
  MPI_Comm_size(PETSC_COMM_WORLD, &ranks);
  const std::string input =
      two_beams("time = {end = 6.0, step = 0.1}\ninitial.seeds.sigma = 1e-2", "full", 200, 32);
  Experiment alone(input, 1.0, PETSC_COMM_SELF);
  Experiment together(input + fmt::format("\nparallel = {{ranks_z = 1, ranks_energy = {}}}", ranks), 1.0);
  const auto& box = together.simulation().decomposition().box();
  const auto& whole = alone.simulation().decomposition().box();
  ASSERT_EQ(box.energy.size * ranks, whole.energy.size);
  std::size_t n = 0;
  for (Index j = 0; j < box.z.size; ++j)
    for (Index a = 0; a < box.plane(); ++a, ++n)
      ASSERT_NEAR(together.run().state[n],
                  alone.run().state[static_cast<std::size_t>(j * whole.plane() +
                                                             box.energy.begin * box.row() + a)],
                  1e-12);
}

}  // namespace
}  // namespace nuvlasov
