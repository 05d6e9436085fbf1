// Spherical momentum geometry: a smooth state at strong coupling, its invariants and how they
// change.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numbers>

#include "grid.hpp"
#include "nuvlasov/diagnostics/ledger.hpp"
#include "nuvlasov/time/integrator.hpp"
#include "simulate.hpp"

namespace nuvlasov {
namespace {

using phase_space::AngularOperator;
using testing_support::Grid;
using testing_support::GridShape;
using Values = std::map<std::string, double>;

/// L = 10, E_ref = 20, W = 10, a Gaussian in energy with gentle waves in z and v: state T of
/// docs/numerics.md.
class StateT {
 public:
  explicit StateT(AngularOperator angular_operator, Index angles = 8)
      : grid_(shape(angular_operator, angles), physics::Mode::full),
        ledger_(grid_.z, grid_.momentum, grid_.decomposition, *grid_.equation) {
    std::vector<double> state = grid_.random_state(0);
    for (Index j = 0, n = 0; j < grid_.z.cells(); ++j)
      for (Index i = 0; i < grid_.momentum.energies(); ++i)
        for (Index k = 0; k < grid_.momentum.angles(); ++k) {
          const double offset = grid_.momentum.energy_offset(i);
          const double v = grid_.momentum.direction(k);
          const double f = std::exp(-offset * offset / (2 * 1.1 * 1.1)) / 40;
          const double th = 2 * std::numbers::pi * grid_.z.position(j) / 10;
          for (const double value :
               {f * (1 + 0.2 * std::sin(th) + 0.1 * v), 0.3 * f * std::sin(th + v),
                0.2 * f * std::cos(2 * th), f * (0.4 * v + 0.1 * std::cos(th))})
            state[static_cast<std::size_t>(n++)] = value;
        }
    grid_.set(state);
  }

  Values measured() {
    diagnostics::Record record;
    EXPECT_EQ(grid_.decomposition.with_ghosts(grid_.state,
                                              [&](const phase_space::StateView& rho) {
                                                record = ledger_.measure(rho, 0.0, 0, 0.0);
                                              }),
              0);
    Values values;
    for (const auto& column : ledger_.columns())
      values[column.name] = ledger_.value(record, column.name);
    return values;
  }

  void run(time::Method method, int steps, double step) {
    time::Integrator integrator;
    time::IntegratorSettings settings;
    settings.method = method;
    settings.end = steps * step;
    settings.step = step;
    ASSERT_EQ(integrator.create(grid_.decomposition, *grid_.equation, settings, grid_.state), 0);
    while (integrator.time() < integrator.end()) {
      time::StepOutcome outcome{};
      ASSERT_EQ(integrator.advance(step, integrator.end(), &outcome), 0);
      ASSERT_EQ(outcome, time::StepOutcome::done);
    }
  }

 private:
  static GridShape shape(AngularOperator angular_operator, Index angles) {
    GridShape s;
    s.z = 24;
    s.energies = 48;
    s.half_width = 10.0;
    s.reference = 20.0;
    s.spherical_angles = angles;
    s.angular_operator = angular_operator;
    return s;
  }
  Grid grid_;
  diagnostics::Ledger ledger_;
};

TEST(StateT, InitialValuesAgreeWithAnIndependentCalculation) {
  StateT state(AngularOperator::spectral);
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
  StateT state(e.angular_operator);
  Values before = state.measured();
  state.run(e.method, 60, 0.05);
  Values after = state.measured();
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
