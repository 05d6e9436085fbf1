// Spherical momentum geometry: a smooth state at strong coupling, its invariants and how they
// change.
#include <gtest/gtest.h>

#include <cmath>

#include "nuvlasov/initial/angular_spectrum.hpp"
#include "nuvlasov/phase_space/angular_operator.hpp"
#include "simulate.hpp"
#include "state_t.hpp"

namespace nuvlasov {
namespace {

using phase_space::AngularOperator;
using testing_support::StateT;
using testing_support::Values;

TEST(StateT, InitialValuesAgreeWithAnIndependentCalculation) {
  StateT state({});
  Values found = state.measured();
  // From a prototype in another language.
  const Values expected{{"number", 1.3828159538389675},    {"kinetic_energy", 27.823135188455943},
                        {"momentum_z", 0.927437839615201}, {"u_osc", 1.6733443945407755e-3},
                        {"u_non", 0.14612241877747273},    {"purity", 1.3993978451982013e-2},
                        {"entropy", 8.024183161315378}};
  for (const auto& [name, value] : expected)
    EXPECT_NEAR(found.at(name) / value, 1.0, 1e-12) << name;
}

struct Evolution {
  const char* name;
  AngularOperator angular_operator;
  time::Method method;
  double digits;                    ///< to which the energies are known
  double energy, purity, momentum;  ///< largest drift
  double entropy_change, entropy_digits;
};

void PrintTo(const Evolution& e, std::ostream* out) { *out << e.name; }

class StateTEvolution : public testing::TestWithParam<Evolution> {};

TEST_P(StateTEvolution, TradesKineticForRefractiveEnergyAndKeepsTheirSum) {
  const Evolution& e = GetParam();
  StateT state({.angular_operator = e.angular_operator});
  const auto rows = state.run(e.method, 60, 0.05);
  const Values &before = rows.front(), &after = rows.back();
  const auto change = [&](const char* column) { return after.at(column) - before.at(column); };
  EXPECT_NEAR(change("kinetic_energy_relative"), 3.7376e-3, e.digits);
  EXPECT_NEAR(change("u_osc"), -1.0258e-3, e.digits);
  EXPECT_NEAR(change("u_non"), -2.7117e-3, e.digits);
  EXPECT_NEAR(change("entropy"), e.entropy_change, e.entropy_digits);
  EXPECT_LT(std::abs(change("total_energy_relative")), e.energy);
  EXPECT_LT(std::abs(change("number")), 1e-14);
  EXPECT_LT(std::abs(change("purity")), e.purity);
  EXPECT_LT(std::abs(change("momentum_z")), e.momentum);
}

// The numbers, and the drifts of rk4 and of the momentum with S_N, are those of the prototype. H
// is 28.
INSTANTIATE_TEST_SUITE_P(
    Cases, StateTEvolution,
    testing::Values(Evolution{"spectral, midpoint", AngularOperator::spectral,
                              time::Method::implicit_midpoint, 5e-8, 1e-13 * 28, 1e-14, 1e-14,
                              -5.75e-6, 5e-9},
                    Evolution{"S_N, midpoint", AngularOperator::sn, time::Method::implicit_midpoint,
                              2e-7, 1e-13 * 28, 1e-14, 1e-6, -9.8e-6, 5e-8},
                    Evolution{"spectral, rk4", AngularOperator::spectral, time::Method::rk4, 2e-7,
                              3e-11, 3e-12, 1e-14, -5.75e-6, 5e-8}));

TEST(Crossing, OfAngularSpectraIsUnstableAndItsBudgetCloses) {
  // nu_e isotropic, nu_x forward: the flavor difference changes sign over direction.
  testing_support::Experiment experiment(R"(
    equation.mode = "full"
    grid.z = {length = 20.0, cells = 64}
    grid.momentum = {geometry = "spherical", angles = 12, energy = {reference = 100.0, half_width = 24.0, cells = 32}}
    initial.type = "spectrum"
    initial.nu_x = {shape = "gaussian", center = 1.0, width = 0.6}
    initial.energy_spectrum.width = 3.0
    initial.seeds = {sigma = 1e-3, max_mode = 16}
    time = {method = "implicit_midpoint", end = 20.0}
  )",
                                         1.0);
  const auto& run = experiment.run();
  EXPECT_GT(std::abs(run.last("u_osc_transverse")),
            100.0 * std::abs(run.first("u_osc_transverse")));
  EXPECT_LT(run.drift("total_energy_relative"), 1e-12 * run.first("u_non"));
  EXPECT_LT(run.drift("number"), 1e-13 * run.first("number"));
  EXPECT_LT(run.drift("purity"), 1e-12 * run.first("purity"));
}

TEST(AngularSpectra, HaveTheirNumberMeanDirectionAndShape) {
  const auto grid =
      phase_space::MomentumGrid::spherical(20.0, 10.0, 10, 6, 64, AngularOperator::spectral);
  const auto mean = [&](const std::vector<double>& n, auto of_v) {
    double sum = 0.0;
    for (Index k = 0; k < grid.angles(); ++k)
      sum += grid.direction_weight(k) * n[static_cast<std::size_t>(k)] * of_v(grid.direction(k));
    return sum;
  };
  const auto one = [](double) { return 1.0; };
  const auto v = [](double x) { return x; };
  using initial::AngularShape;
  const auto isotropic = initial::angular_spectrum(grid, {.number = 0.7});
  EXPECT_NEAR(mean(isotropic, one), 0.7, 1e-14);
  EXPECT_NEAR(mean(isotropic, v), 0.0, 1e-14);
  const auto linear = initial::angular_spectrum(
      grid, {.number = 2.0, .shape = AngularShape::linear, .flux_factor = 0.25});
  EXPECT_NEAR(mean(linear, v) / mean(linear, one), 0.25, 1e-13);
  const auto gaussian = initial::angular_spectrum(
      grid, {.number = 1.0, .shape = AngularShape::gaussian, .center = 0.2, .width = 0.1});
  EXPECT_NEAR(mean(gaussian, one), 1.0, 1e-14);
  EXPECT_NEAR(mean(gaussian, [](double x) { return (x - 0.2) * (x - 0.2); }), 0.01, 1e-6);
  const auto exponential = initial::angular_spectrum(
      grid, {.number = 1.0, .shape = AngularShape::exponential, .center = 1.0, .width = 0.5});
  EXPECT_NEAR(std::log(exponential[40] / exponential[20]),
              (grid.direction(40) - grid.direction(20)) / 0.5, 1e-12);
  EXPECT_THROW(initial::angular_spectrum(
                   grid, {.number = 1.0, .shape = AngularShape::linear, .flux_factor = 0.5}),
               std::invalid_argument);
}

class Angular : public testing::TestWithParam<AngularOperator> {};

TEST_P(Angular, OperatorIsSkewAdjointAndGivesMinusVOfOne) {
  for (const Index n : {2, 5, 8, 33, 64}) {
    const auto grid = phase_space::MomentumGrid::spherical(20.0, 10.0, 10, 6, n, GetParam());
    const auto s = phase_space::angular_matrix(grid);
    for (Index k = 0; k < n; ++k) {
      double one = 0.0;
      for (Index l = 0; l < n; ++l) {
        const auto at = [n](Index r, Index c) { return static_cast<std::size_t>(r * n + c); };
        EXPECT_NEAR(grid.direction_weight(k) * s[at(k, l)], -grid.direction_weight(l) * s[at(l, k)],
                    1e-14);
        one += s[at(k, l)];
      }
      EXPECT_NEAR(one, -grid.direction(k), 1e-13 * static_cast<double>(n)) << n;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Operators, Angular,
                         testing::Values(AngularOperator::spectral, AngularOperator::sn));

TEST(Angular, SpectralCurvatureIsOneMinusVSquared) {
  const auto grid =
      phase_space::MomentumGrid::spherical(20.0, 10.0, 10, 6, 16, AngularOperator::spectral);
  const auto kappa = phase_space::angular_curvature(grid);
  for (Index k = 0; k < 16; ++k)
    EXPECT_NEAR(kappa[static_cast<std::size_t>(k)], 1.0 - grid.direction(k) * grid.direction(k),
                1e-13);
}

TEST(Angular, SnConvergesAtSecondOrderAndSpectralIsExactOnPolynomials) {
  // (1 - v^2) f' - v f on f = v^3 - v/2
  const auto error = [](AngularOperator op, Index n) {
    const auto grid = phase_space::MomentumGrid::spherical(20.0, 10.0, 10, 6, n, op);
    const auto s = phase_space::angular_matrix(grid);
    double largest = 0.0;
    for (Index k = 0; k < n; ++k) {
      double sum = 0.0;
      for (Index l = 0; l < n; ++l) {
        const double v = grid.direction(l);
        sum += s[static_cast<std::size_t>(k * n + l)] * (v * v * v - 0.5 * v);
      }
      const double v = grid.direction(k);
      const double exact = (1 - v * v) * (3 * v * v - 0.5) - v * (v * v * v - 0.5 * v);
      largest = std::max(largest, std::abs(sum - exact));
    }
    return largest;
  };
  EXPECT_LT(error(AngularOperator::spectral, 12), 1e-12);
  EXPECT_NEAR(std::log2(error(AngularOperator::sn, 32) / error(AngularOperator::sn, 64)), 2.0, 0.2);
}

TEST(GaussLegendre, IntegratesPolynomialsExactly) {
  for (const Index n : {1, 2, 7, 40}) {
    const auto rule = phase_space::gauss_legendre(n);
    for (int power = 0; power < 2 * n; power += 2) {
      double sum = 0.0;
      for (std::size_t k = 0; k < rule.nodes.size(); ++k)
        sum += rule.weights[k] * std::pow(rule.nodes[k], power);
      EXPECT_NEAR(sum, 2.0 / (power + 1), 1e-13);
    }
  }
}

}  // namespace
}  // namespace nuvlasov
