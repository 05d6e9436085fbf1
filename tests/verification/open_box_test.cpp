// Open boundaries: a pulse leaves and comes back no more than the scheme's order allows; what is in
// the box is what was there and what crossed its ends; and all of it on any number of ranks.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "simulate.hpp"

namespace nuvlasov {
namespace {

using testing_support::Experiment;

int ranks() {
  int size = 1;
  MPI_Comm_size(PETSC_COMM_WORLD, &size);
  return size;
}

/// For what each rank would do alone.
template <class Test>
class OneRank : public Test {
 protected:
  void SetUp() override {
    if (ranks() > 1) GTEST_SKIP() << "the same on every rank";
  }
};

/// A pulse of one beam, alone and without flavor conversion, that has gone at the end: 9 widths.
std::string lone_pulse(int order, int cells, const std::string& step = "safety = 0.2") {
  return fmt::format(R"(
    equation.mode = "standard"
    grid.z = {{length = 10.0, cells = {}, order = {}, boundaries = "open", inflow = "vacuum"}}
    grid.momentum.directions = [1.0]
    initial = {{zeta = [0.5], seeds.type = "none", z_profile = {{shape = "gaussian", center = 5.0, width = 0.8}}}}
    time = {{end = 12.2, {}}}
  )",
                     cells, order, step);
}

class LonePulse : public OneRank<testing::TestWithParam<int>> {};

TEST_P(LonePulse, LeavesWithLessReflectionThanTheOrder) {
  const auto left = [&](int cells) {
    Experiment experiment(lone_pulse(GetParam(), cells), 12.2, PETSC_COMM_SELF);
    double largest = 0.0;
    for (const double value : experiment.run().state) largest = std::max(largest, std::abs(value));
    return largest / 0.5;
  };
  const int coarse = 161, fine = 321;
  const double order = std::log2(left(coarse) / left(fine));
  // Half the order at the ends, and one more for the solution (Gustafsson 1975).
  EXPECT_NEAR(order, GetParam() / 2.0 + 1.0, 0.2);
  EXPECT_LT(left(coarse), 2e-3);
}

INSTANTIATE_TEST_SUITE_P(Orders, LonePulse, testing::Values(2, 4, 6));

/// Two beams that convert flavor and enter at both ends; edges of the window empty.
std::string crossing_beams(int order, double end = 6.0) {
  return fmt::format(R"(
    equation.mode = "full"
    grid.z = {{length = 16.0, cells = 61, order = {}, boundaries = "open"}}
    grid.momentum = {{energy = {{half_width = 26.0, cells = 52}}}}
    initial = {{zeta = [-0.5, 0.5], energy_spectrum.width = 1.8, seeds = {{sigma = 0.05, max_mode = 6}}}}
    time = {{end = {}, method = "implicit_midpoint"}}
    diagnostics.negativity_limit = 1.0
  )",
                     order, end);
}

/// A pulse in all directions, 1/E being large.
std::string spherical_pulse(double end = 5.0) {
  return R"(
    equation.mode = "full"
    grid.z = {length = 16.0, cells = 48, boundaries = "open", inflow = "vacuum"}
    grid.momentum = {geometry = "spherical", angles = 6, energy = {reference = 50.0, half_width = 24.0, cells = 48}}
    initial = {type = "spectrum", nu_e = {shape = "linear", flux_factor = 0.2}, nu_x.number = 0.2, energy_spectrum.width = 1.8, seeds = {sigma = 0.02, max_mode = 6}, z_profile = {shape = "gaussian", center = 12.0, width = 2.0}}
    time.method = "implicit_midpoint"
    diagnostics.negativity_limit = 1.0
  )" + fmt::format("time.end = {}\n", end);
}

class CrossingBeams : public OneRank<testing::TestWithParam<int>> {};

TEST_P(CrossingBeams, BalanceNumberEnergyAndPurityWithWhatCrossesTheEnds) {
  Experiment experiment(crossing_beams(GetParam()), 1.0, PETSC_COMM_SELF);
  const auto& run = experiment.run();
  EXPECT_GT(std::abs(run.last("total_energy_relative_boundary")), 0.01);
  EXPECT_GT(std::abs(run.last("purity_boundary")), 1e-4);
  // Some 180 steps, each solved to 2e-15 of what then cancels; the edges of the window are empty to
  // 1e-16.
  EXPECT_LT(run.imbalance("number"), 1e-13 * run.first("number"));
  EXPECT_LT(run.last("number_residual"), 1e-13 * run.first("number"));
  EXPECT_LT(run.imbalance("total_energy_relative"), 1e-12 * std::abs(run.first("u_non")));
  EXPECT_LT(run.imbalance("purity"), 1e-13 * run.first("purity"));

  const time::Integrator& integrator = experiment.simulation().integrator();
  RecordProperty("right_hand_sides_per_step",
                 std::to_string(static_cast<double>(integrator.evaluations()) /
                                static_cast<double>(integrator.steps())));
  // 5.0 to 5.5 measured; 9 to 11 with one inverse for the ends and the inside.
  EXPECT_LT(integrator.evaluations(), 6 * integrator.steps());
}

INSTANTIATE_TEST_SUITE_P(Orders, CrossingBeams, testing::Values(2, 4, 6));

class SphericalPulse : public OneRank<testing::Test> {};

TEST_F(SphericalPulse, BalancesNumberEnergyAndMomentumWithWhatCrossesTheEnds) {
  Experiment experiment(spherical_pulse(), 1.0, PETSC_COMM_SELF);
  const auto& run = experiment.run();
  EXPECT_LT(run.last("number_boundary"), -0.1 * run.first("number"));
  EXPECT_LT(run.imbalance("number"), 1e-13 * run.first("number"));
  EXPECT_LT(run.imbalance("total_energy_relative"), 1e-12 * run.first("u_non"));
  EXPECT_LT(run.imbalance("momentum_z"), 1e-12 * run.first("momentum_z"));
}

class ExplicitMethods : public OneRank<testing::Test> {};

TEST_F(ExplicitMethods, BalanceToTheOrderOfTheirSteps) {
  const auto residual = [](double step) {
    Experiment experiment(lone_pulse(6, 81, fmt::format("step = {}", step)), 5.0, PETSC_COMM_SELF);
    return std::abs(experiment.run().at(1, "number_residual"));  // while half of it is outside
  };
  EXPECT_GT(std::log2(residual(0.1) / residual(0.05)), 3.8);
}

TEST(HomogeneousBeams, ThatFlowInAsTheyFlowOutStayTheSameToTheBit) {
  Experiment experiment(R"(
    equation.mode = "full"
    grid.z = {length = 5.0, cells = 24, boundaries = "open"}
    grid.momentum = {energy = {half_width = 12.0, cells = 24}}
    initial = {zeta = [-0.5, 0.5], seeds.type = "none"}
    time.end = 2.0
  )",
                        2.0);
  const auto& run = experiment.run();
  for (const char* column : {"number", "kinetic_energy_relative", "purity", "u_osc", "u_non"})
    EXPECT_EQ(run.last(column), run.first(column)) << column;
}

class OnRanks : public testing::TestWithParam<std::string> {};

TEST_P(OnRanks, TheRunIsTheSame) {
  const int size = ranks();
  Experiment alone(GetParam(), 0.25, PETSC_COMM_SELF);
  for (const int in_energy : {1, 2}) {
    if (size % in_energy != 0) continue;
    const std::string split = fmt::format("parallel = {{ranks_z = {}, ranks_energy = {}}}\n",
                                          size / in_energy, in_energy);
    Experiment together(GetParam() + split, 0.25);
    for (std::size_t r = 0; r < alone.run().records.size(); ++r)
      for (const auto& column : alone.simulation().ledger().columns()) {
        const double expected = alone.run().at(r, column.name);
        // Momentum whole: the same bits. Otherwise sums are in another order, and those of E reach
        // 1000 mu times 16 neutrinos.
        EXPECT_NEAR(together.run().at(r, column.name), expected,
                    in_energy == 1 ? 0.0 : 1e-11 * std::max(1.0, std::abs(expected)))
            << column.name << ", " << split;
      }
  }
}

INSTANTIATE_TEST_SUITE_P(Boxes, OnRanks,
                         testing::Values(crossing_beams(6, 1.0), spherical_pulse(1.0)));

}  // namespace
}  // namespace nuvlasov
