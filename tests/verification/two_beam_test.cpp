// The two-beam experiment of Fig. 1: what each equation conserves, and what it does not.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "two_beams.hpp"

namespace nuvlasov {
namespace {

using testing_support::Experiment;
using testing_support::Rows;
using testing_support::two_beams;

TEST(HomogeneousBeams, StayAsTheyAreInBothEquations) {
  for (const char* mode : {"standard", "full"}) {
    Experiment experiment(two_beams("initial.seeds.type = \"none\"\ntime.end = 10.0", mode, 32, 40),
                          1.0);
    const Rows& run = experiment.run();
    // Forty times the growth time: only rounding could have grown.
    EXPECT_LT(run.drift("u_osc"), 1e-13 * 25.0) << mode;
    EXPECT_LT(std::abs(run.last("u_osc_transverse")), 1e-13) << mode;
  }
}

TEST(HomogeneousBeams, PrecessAroundTheirSumWithoutChangeOfRefractiveEnergy) {
  // Misaligned homogeneous beams: P_+ and P_- turn around P_+ + P_- (k = 0 never grows).
  Experiment experiment(two_beams("initial = {zeta = [-0.3, 0.4], occupation = [0.5, 0.5], "
                                  "seeds = {sigma = 0.2, max_mode = 0}}\n"
                                  "time = {method = \"implicit_midpoint\", end = 20.0}",
                                  "standard", 32),
                        1.0);
  EXPECT_GT(std::abs(experiment.run().first("u_osc_transverse")), 1e-3);
  // Each step leaves the last change of its solve, the same in every cell and quadratic in U_osc.
  const double solve = config::Input{}.time.solver_tolerance * experiment.run().last("step");
  EXPECT_LT(experiment.run().drift("u_osc"),
            4.0 * solve * std::abs(experiment.run().first("u_osc")));
}

class StandardEquation : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    experiment_ = std::make_unique<Experiment>(
        two_beams("time = {end = 12.0, step = 0.02}", "standard", 400), 0.02);
  }
  static void TearDownTestSuite() { experiment_.reset(); }
  static const Rows& run() { return experiment_->run(); }

 private:
  static inline std::unique_ptr<Experiment> experiment_;
};

TEST_F(StandardEquation, RefractiveEnergyChangesByMoreThanItsOwnSize) {
  EXPECT_NEAR(run().first("u_osc"), -25.0, 1e-4);
  EXPECT_GT(run().drift("u_osc"), 25.0);
}

TEST_F(StandardEquation, RefractiveEnergyChangesAsEquation7Says) {
  // Central difference of u_osc over two steps: its error is h^2/6 d^3U/dt^3, about 3e-4 of the
  // largest rate, measured by Richardson's comparison with four steps and removed to next order.
  const auto slope = [&](std::size_t r, std::size_t n) {
    return (run().at(r + n, "u_osc") - run().at(r - n, "u_osc")) /
           (run().at(r + n, "time") - run().at(r - n, "time"));
  };
  double largest_rate = 0.0, largest_error = 0.0;
  for (std::size_t r = 2; r + 2 < run().records.size(); ++r) {
    const double measured = (4.0 * slope(r, 1) - slope(r, 2)) / 3.0;
    largest_rate = std::max(largest_rate, std::abs(measured));
    largest_error = std::max(largest_error, std::abs(measured - run().at(r, "u_osc_rate_eq7")));
  }
  EXPECT_GT(largest_rate, 5.0);
  EXPECT_LT(largest_error, 1e-6 * largest_rate);
}

TEST_F(StandardEquation, Equation7IsTheRateOfStreamingAndRefractionAddsNothing) {
  for (std::size_t r = 0; r < run().records.size(); r += 50) {
    EXPECT_NEAR(run().at(r, "u_osc_rate_streaming"), run().at(r, "u_osc_rate_eq7"), 1e-12);
    EXPECT_NEAR(run().at(r, "u_osc_rate_refraction"), 0.0, 1e-12);
  }
}

TEST_F(StandardEquation, KeepsNumbersKineticEnergyAndNumberEnergyToRounding) {
  for (const char* column : {"number", "number_nu_e", "number_nu_x", "kinetic_energy", "u_non"})
    EXPECT_LT(run().drift(column), 1e-14 * std::abs(run().first(column))) << column;
}

TEST(EnergyGrid, OfOneCellEvolvesLikeOneOfMany) {
  const std::string rest = "time = {end = 9.0, step = 0.05}";
  Experiment one(two_beams(rest, "standard", 200), 1.0);
  Experiment many(
      two_beams(rest + "\ngrid.momentum.energy = {reference = 1000.0, half_width = 32.0, "
                       "cells = 24}\ninitial.energy_spectrum.width = 4.0",
                "standard", 200),
      1.0);
  for (std::size_t r = 0; r < one.run().records.size(); ++r)
    EXPECT_NEAR(one.run().at(r, "u_osc"), many.run().at(r, "u_osc"), 1e-9);
}

/// What the equation must keep in full mode with the implicit midpoint, whatever the step.
void expect_closed_budget(const Rows& run) {
  EXPECT_LT(run.drift("budget_residual"), 1e-12);
  for (const char* column : {"number", "number_nu_e", "number_nu_x"})
    EXPECT_LT(run.drift(column), 1e-13 * run.first(column)) << column;
  EXPECT_LT(run.drift("purity"), 1e-12 * run.first("purity"));
  EXPECT_LT(run.drift("momentum_z"), 1e-13 * run.first("kinetic_energy"));
}

/// The shipped experiment, inputs/two_beam.toml, on a coarser grid.
std::string shipped(const std::string& method, const std::string& more = "") {
  return fmt::format(R"(
    equation.mode = "full"
    grid.z = {{length = 100.0, cells = 400}}
    grid.momentum.energy = {{reference = 1000.0, half_width = 40.0, cells = 64}}
    initial = {{zeta = [-0.5, 0.5], energy_spectrum.width = 5.0}}
    time = {{method = "{}", end = 30.0{}}}
  )",
                     method, more);
}

TEST(FullEquation, KineticEnergyPaysForTheRefractiveEnergyToRoundOffWithImplicitMidpoint) {
  Experiment experiment(shipped("implicit_midpoint"), 0.5);
  const Rows& run = experiment.run();
  expect_closed_budget(run);
  EXPECT_GT(run.drift("u_osc"), 25.0);
  EXPECT_GT(run.drift("kinetic_energy_relative"), 25.0);

  // Once the instability has saturated, rounding accumulates no faster than linearly in steps: the
  // second half of the run drifts no more than the first did by saturation.
  double before = 0.0, after = 0.0;
  for (std::size_t r = 0; r < run.records.size(); ++r)
    (run.at(r, "time") <= 15.0 ? before : after) = std::max(
        run.at(r, "time") <= 15.0 ? before : after, std::abs(run.at(r, "budget_residual")));
  EXPECT_LT(after, 2.0 * before);
}

TEST(FullEquation, ImplicitStepsAtTheExplicitLimitNeedFewRightHandSides) {
  // |v| dt = 1.78 dz, where rk4 with D_z of order 6 becomes unstable; solved to 1e-13.
  constexpr double step = 0.178, interval = 10.0 * step;
  struct Count {
    double time, steps, evaluations;
  };
  std::vector<Count> counts;
  Experiment experiment(
      two_beams(fmt::format("time = {{method = \"implicit_midpoint\", step = {}, end = {}, "
                            "solver_tolerance = 1e-13}}",
                            step, 7.0 * interval),
                "full", 1000),
      interval, PETSC_COMM_WORLD, [&](Simulation& simulation) {
        const time::Integrator& integrator = simulation.integrator();
        counts.push_back({integrator.time(), static_cast<double>(integrator.steps()),
                          static_cast<double>(integrator.evaluations())});
      });
  const auto per_step = [&](std::size_t from, std::size_t to) {
    return (counts[to].evaluations - counts[from].evaluations) /
           (counts[to].steps - counts[from].steps);
  };
  // 3.3 to 3.7 until waves saturate, then 4.5 to 5.8 measured.
  for (std::size_t n = 1; n + 1 < counts.size(); ++n)
    EXPECT_LE(per_step(n, n + 1), counts[n + 1].time < 8.0 ? 4.5 : 6.0)
        << "from t = " << counts[n].time;
  EXPECT_GT(experiment.run().drift("u_osc"), 20.0);
  EXPECT_LT(experiment.run().drift("budget_residual"), 1e-12);
}

TEST(FullEquation, BudgetClosesToTheStepErrorWithRk4AtTheDefaultStep) {
  Experiment experiment(shipped("rk4"), 0.5);
  EXPECT_LT(experiment.run().drift("budget_residual"), 1e-6);
  EXPECT_LT(experiment.run().drift("number"), 1e-13 * experiment.run().first("number"));
}

TEST(FullEquation, WeakForceRateIsEquation22AndBalancesEquation7) {
  Experiment experiment(two_beams("time = {method = \"implicit_midpoint\", end = 10.0}"), 0.5);
  const Rows& run = experiment.run();
  for (std::size_t r = 0; r < run.records.size(); ++r) {
    const double kinetic = run.at(r, "kinetic_energy_rate_weak_force");
    EXPECT_NEAR(kinetic, run.at(r, "kinetic_energy_rate_eq22"), 1e-11);
    double u = 0.0;
    for (const char* term : {"streaming", "refraction", "weak_force"}) {
      u += run.at(r, std::string("u_osc_rate_") + term) +
           run.at(r, std::string("u_non_rate_") + term);
      EXPECT_NEAR(run.at(r, std::string("purity_rate_") + term), 0.0, 1e-12);
    }
    EXPECT_NEAR(kinetic, -u, 1e-11);
  }
}

struct Method {
  const char* name;
  std::vector<double> steps;  ///< each half of the one before
  double order;               ///< of the energy error
};

void PrintTo(const Method& m, std::ostream* out) { *out << m.name; }

class BudgetOrder : public testing::TestWithParam<Method> {};

TEST_P(BudgetOrder, ResidualFallsWithTheStepAtTheOrderOfTheMethod) {
  std::vector<double> residuals;
  for (const double step : GetParam().steps) {
    Experiment experiment(two_beams(fmt::format("time = {{method = \"{}\", end = 9.0, step = {}}}",
                                                GetParam().name, step)),
                          0.5);
    residuals.push_back(experiment.run().drift("budget_residual"));
  }
  for (std::size_t s = 1; s < residuals.size(); ++s) {
    const double order = std::log2(residuals[s - 1] / residuals[s]);
    RecordProperty(fmt::format("order_{}", s), std::to_string(order));
    std::printf("%s: step %g, residual %.3e, order %.2f\n", GetParam().name, GetParam().steps[s],
                residuals[s], order);
    // From below: the next order, the dissipation of the method, has the opposite sign.
    EXPECT_GT(order, GetParam().order - 0.4);
    EXPECT_LT(order, GetParam().order + 0.4);
  }
}

INSTANTIATE_TEST_SUITE_P(Methods, BudgetOrder,
                         testing::Values(Method{"rk4", {0.025, 0.0125, 0.00625}, 4.0},
                                         Method{"ssp", {0.2, 0.1, 0.05}, 4.0}));

TEST(FullEquation, AdaptiveStepsKeepTheBudgetWithinTheirTolerance) {
  std::vector<double> residuals;
  for (const double tolerance : {1e-5, 1e-7, 1e-9}) {
    Experiment experiment(
        two_beams(
            fmt::format("time = {{method = \"rk5dp\", end = 9.0, tolerance = {}}}", tolerance)),
        0.5);
    residuals.push_back(experiment.run().drift("budget_residual"));
    std::printf("tolerance %g: residual %.3e in %lld steps\n", tolerance, residuals.back(),
                static_cast<long long>(experiment.run().last("step")));
  }
  for (std::size_t s = 1; s < residuals.size(); ++s)
    EXPECT_LT(residuals[s], 0.1 * residuals[s - 1]);
}

TEST(FullEquation, FlavorEvolutionAndEnergyShiftDoNotDependOnTheReferenceEnergy) {
  const std::string rest = "time = {method = \"implicit_midpoint\", end = 10.0}";
  Experiment low(two_beams(rest, "full", 200), 1.0);
  std::string input = two_beams(rest, "full", 200);
  input.replace(input.find("reference = 1000.0"), 18, "reference = 1e9");
  Experiment high(input, 1.0);
  for (std::size_t r = 0; r < low.run().records.size(); ++r)
    for (const char* column : {"u_osc", "kinetic_energy_relative", "u_osc_transverse",
                               "mean_energy_relative_nu_e", "mean_energy_relative_nu_x"})
      EXPECT_NEAR(high.run().at(r, column), low.run().at(r, column), 1e-6 * 25.0) << column;
  EXPECT_GT(low.run().drift("kinetic_energy_relative"), 20.0);
}

}  // namespace
}  // namespace nuvlasov
