// Spherical momentum geometry: a smooth state at strong coupling, its invariants and how they
// change.
#include <gtest/gtest.h>

#include <cmath>

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

}  // namespace
}  // namespace nuvlasov
