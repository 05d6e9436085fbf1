// The entropy of the full equation: its analytic rate of change, and what the numerics add to it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "state_t.hpp"

namespace nuvlasov {
namespace {

using phase_space::AngularOperator;
using testing_support::Resolution;
using testing_support::StateT;
using testing_support::Values;

/// dS/dt of the discrete equation: what its terms do together.
double discrete_rate(const physics::KineticEquation& equation, const Values& row) {
  double sum = 0.0;
  for (const auto& term : equation.terms()) sum += row.at("entropy_rate_" + term->name());
  return sum;
}

/// Each error is that of a grid or step twice as fine as the one before.
double observed_order(double coarse, double fine) { return std::log2(std::abs(coarse / fine)); }

TEST(EntropyRate, OfTheDiscreteEquationIsTheRemainderWhateverTheNumberOfSpectralAngles) {
  // The wave of state T along v is resolved by eight nodes; order 8 leaves 1e-6 in z and energy.
  for (const Index angles : {8, 16, 24}) {
    StateT state({.angles = angles, .order = 8});
    const Values row = state.measured();
    const double remainder = row.at("entropy_remainder_rate");
    const double discrete = discrete_rate(state.equation(), row);
    std::printf("spectral, %ld angles: discrete %.6e, remainder %.6e\n", long{angles}, discrete,
                remainder);
    EXPECT_NEAR(discrete / remainder, 1.0, 1e-5) << angles;
  }
}

TEST(EntropyRate, OfTheSnOperatorApproachesTheRemainderAtSecondOrder) {
  const double exact = StateT({.angles = 24, .order = 8}).measured().at("entropy_remainder_rate");
  std::vector<double> errors;
  for (const Index angles : {8, 16, 32, 64}) {
    StateT state({.angles = angles, .angular_operator = AngularOperator::sn, .order = 8});
    const Values row = state.measured();
    errors.push_back(discrete_rate(state.equation(), row) - exact);
    std::printf("S_N, %ld angles: discrete %.6e, remainder %.6e\n", long{angles},
                errors.back() + exact, row.at("entropy_remainder_rate"));
    if (errors.size() < 2) continue;
    const double order = observed_order(errors[errors.size() - 2], errors.back());
    std::printf("  order %.2f\n", order);
    EXPECT_NEAR(order, 2.0, 0.2);
  }
}

TEST(EntropyRate, OfTheTermsTogetherIsTheSlopeOfTheHistory) {
  constexpr double step = 0.05;
  StateT state({});
  const auto rows = state.run(time::Method::rk4, 60, step);
  const auto slope = [&](std::size_t r, std::size_t n) {
    return (rows[r + n].at("entropy") - rows[r - n].at("entropy")) /
           (2.0 * static_cast<double>(n) * step);
  };
  double largest = 0.0, error = 0.0;
  for (std::size_t r = 2; r + 2 < rows.size(); ++r) {
    const double measured = (4.0 * slope(r, 1) - slope(r, 2)) / 3.0;
    largest = std::max(largest, std::abs(measured));
    error = std::max(error, std::abs(measured - discrete_rate(state.equation(), rows[r])));
  }
  // The difference leaves h^4/30 d^5S/dt^5; S turns at up to 2 k = 2.5: 1e-5 of its slope.
  std::printf("slope of S up to %.3e, sum of the terms differs by up to %.1e\n", largest, error);
  EXPECT_GT(largest, 3e-6);
  EXPECT_LT(error, 2e-5 * largest);
}

TEST(EntropyRate, OfTheStandardEquationVanishesButForTheErrorOfStreaming) {
  // Streaming carries functions of rho along, but for the error of D_z: sixth order, 1e-9 here.
  std::vector<double> rates;
  for (const Index cells : {24, 48}) {
    StateT state({.cells = cells}, {.mode = physics::Mode::standard});
    const Values row = state.measured();
    EXPECT_EQ(row.at("entropy_remainder_rate"), 0.0);
    // A trace of a commutator, term by term: its rounding.
    EXPECT_LT(std::abs(row.at("entropy_rate_refraction")), 1e-17);
    rates.push_back(row.at("entropy_rate_streaming"));
  }
  EXPECT_NEAR(observed_order(rates[0], rates[1]), 6.0, 0.3) << rates[0] << ", " << rates[1];
}

TEST(EntropyRate, OfEachGradientTermAloneIsItsOwnRemainder) {
  // Without the other, the second derivative of Omega, which cancels between them, is left too.
  for (const char* term : {"weak_force", "group_velocity"}) {
    std::vector<double> errors;
    for (const Index factor : {1, 2}) {
      StateT state({.cells = 24 * factor, .energies = 48 * factor, .angles = 12},
                   {.terms = {"refraction", term}});
      const Values row = state.measured();
      const double remainder = row.at("entropy_remainder_rate");
      errors.push_back(discrete_rate(state.equation(), row) - remainder);
      std::printf("%s alone: remainder %.6e, error %.1e\n", term, remainder, errors.back());
      EXPECT_LT(std::abs(errors.back()), 1e-4 * std::abs(remainder));
    }
    EXPECT_NEAR(observed_order(errors[0], errors[1]), 6.0, 0.5) << term;
  }
}

/// Production over state T's time, 60 steps of 0.05, on finer and finer grids.
struct Refinement {
  const char* name;
  time::Method method;
  std::vector<Resolution> resolutions;
  std::vector<double> steps;
  double order, tolerance;
};

void PrintTo(const Refinement& r, std::ostream* out) { *out << r.name; }

class EntropyProduction : public testing::TestWithParam<Refinement> {};

TEST_P(EntropyProduction, FallsAtTheOrderOfTheScheme) {
  const Refinement& refinement = GetParam();
  std::vector<double> productions;
  double change = 0.0;
  for (std::size_t n = 0; n < refinement.resolutions.size(); ++n) {
    const Resolution& resolution = refinement.resolutions[n];
    const double step = refinement.steps[n];
    const auto rows =
        StateT(resolution).run(refinement.method, static_cast<int>(std::lround(3.0 / step)), step);
    change = rows.back().at("entropy") - rows.front().at("entropy");
    productions.push_back(rows.back().at("entropy_production"));
    std::printf("%s, %ld x %ld x %ld, step %g: S changes by %.6e, production %.3e", refinement.name,
                long{resolution.cells}, long{resolution.energies}, long{resolution.angles}, step,
                change, productions.back());
    if (n > 0) {
      const double order = observed_order(productions[n - 1], productions[n]);
      std::printf(", order %.2f", order);
      EXPECT_NEAR(order, refinement.order, refinement.tolerance);
    }
    std::printf("\n");
  }
  // What is left of the change is the remainder.
  EXPECT_LT(std::abs(productions.back()), 0.02 * std::abs(change));
}

constexpr Resolution in_z_and_energy(Index factor, int order) {
  return {.cells = 24 * factor, .energies = 48 * factor, .angles = 12, .order = order};
}

constexpr Resolution in_angle(Index angles) {
  return {.angles = angles, .angular_operator = AngularOperator::sn, .order = 8};
}

// With the spectral operator 12 angles leave less than the last digits; the step is that small in
// the refinements of the grid, and the grid of order 8 in those of the step and the angle.
INSTANTIATE_TEST_SUITE_P(Refinements, EntropyProduction,
                         testing::Values(Refinement{"order 4 in z and energy",
                                                    time::Method::rk4,
                                                    {in_z_and_energy(1, 4), in_z_and_energy(2, 4)},
                                                    {0.05, 0.05},
                                                    4.0,
                                                    0.5},
                                         Refinement{"order 6 in z and energy",
                                                    time::Method::rk4,
                                                    {in_z_and_energy(1, 6), in_z_and_energy(2, 6)},
                                                    {0.025, 0.025},
                                                    6.0,
                                                    0.5},
                                         Refinement{"S_N",
                                                    time::Method::rk4,
                                                    {in_angle(8), in_angle(16), in_angle(32),
                                                     in_angle(64)},
                                                    {0.05, 0.05, 0.05, 0.05},
                                                    2.0,
                                                    0.2},
                                         Refinement{"implicit midpoint",
                                                    time::Method::implicit_midpoint,
                                                    {in_z_and_energy(1, 8), in_z_and_energy(1, 8),
                                                     in_z_and_energy(1, 8)},
                                                    {0.1, 0.05, 0.025},
                                                    2.0,
                                                    0.2}));

}  // namespace
}  // namespace nuvlasov
