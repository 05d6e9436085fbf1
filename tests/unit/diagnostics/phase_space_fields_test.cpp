// The fluxes of Eq. (19) to (22) against sums over pairs of momenta, and against the equation.
#include "nuvlasov/diagnostics/phase_space_fields.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "grid.hpp"
#include "nuvlasov/diagnostics/ledger.hpp"
#include "reference_equation.hpp"

namespace nuvlasov::diagnostics {
namespace {

using testing_support::Grid;
using testing_support::GridShape;
using testing_support::ReferenceEquation;

struct Case {
  const char* name;
  physics::Mode mode;
  Index spherical_angles = 0;
  phase_space::AngularOperator angular_operator = phase_space::AngularOperator::spectral;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

GridShape shape(const Case& c) {
  GridShape s;
  s.directions = {-1.0, -0.3, 0.4, 1.0};
  s.weights = {0.7, 1.2, 0.4, 1.1};
  s.reference = 9.0;
  s.spherical_angles = c.spherical_angles;
  s.angular_operator = c.angular_operator;
  return s;
}

std::vector<double> field(Grid& grid, const std::string& name) {
  for (const PhaseSpaceField& candidate : phase_space_fields()) {
    if (candidate.name != name) continue;
    std::vector<double> values;
    EXPECT_EQ(grid.decomposition.with_ghosts(grid.state,
                                             [&](const phase_space::StateView& rho) {
                                               values = evaluate(candidate, *grid.equation, rho);
                                             }),
              0);
    return values;
  }
  ADD_FAILURE() << "no field " << name;
  return {};
}

void expect_equal(const std::vector<double>& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  double largest = 0.0;
  for (const double value : expected) largest = std::max(largest, std::abs(value));
  EXPECT_GT(largest, 0.0);
  // Sums of some hundred terms of the size of the result.
  for (std::size_t n = 0; n < found.size(); ++n)
    ASSERT_NEAR(found[n], expected[n], 1e-13 * largest);
}

class Fluxes : public testing::TestWithParam<Case> {};

TEST_P(Fluxes, AreTheSumsOverPairsOfMomentaOfEquation20) {
  Grid grid(shape(GetParam()), GetParam().mode);
  const auto state = grid.random_state(1);
  grid.set(state);
  const ReferenceEquation reference(grid.z, grid.momentum, {});
  expect_equal(field(grid, "force"), reference.flux(state, true));
  // Only the full equation takes the gradient in momentum.
  if (GetParam().mode == physics::Mode::full)
    expect_equal(field(grid, "flux"), reference.flux(state, false));
}

TEST_P(Fluxes, TraceOfTheForceIsEquation21) {
  Grid grid(shape(GetParam()), GetParam().mode);
  const auto state = grid.random_state(2);
  grid.set(state);
  const auto& p = grid.momentum;
  const Index cells = grid.z.cells();
  const auto at = [&](Index j, Index i, Index k) {
    return state.data() +
           (((j + cells) % cells * p.energies() + i) * p.angles() + k) * flavor::components(2);
  };
  std::vector<double> expected;
  for (Index j = 0; j < cells; ++j)
    for (Index i = 0; i < p.energies(); ++i)
      for (Index k = 0; k < p.angles(); ++k) {
        double slope[flavor::components(2)]{};
        for (int m = 1; m <= grid.z.derivative().reach(); ++m)
          for (int c = 0; c < flavor::components(2); ++c)
            slope[c] += grid.z.derivative().weight(m) * (at(j + m, i, k)[c] - at(j - m, i, k)[c]);
        double sum = 0.0;
        for (Index e = 0; e < p.energies(); ++e)
          for (Index l = 0; l < p.angles(); ++l) {
            const double* other = at(j, e, l);
            sum += 0.5 * p.weight(e, l) * (1.0 - p.direction(k) * p.direction(l)) *
                   (3.0 * other[0] * slope[0] + other[1] * slope[1] + other[2] * slope[2] +
                    other[3] * slope[3]);
          }
        expected.push_back(sum);
      }
  expect_equal(field(grid, "force_trace"), expected);
}

TEST_P(Fluxes, ForceChangesTheKineticEnergyByEquation22) {
  Grid grid(shape(GetParam()), GetParam().mode);
  grid.set(grid.random_state(3));
  Ledger ledger(grid.z, grid.momentum, grid.decomposition, *grid.equation);
  Record record;
  ASSERT_EQ(grid.decomposition.with_ghosts(grid.state,
                                           [&](const phase_space::StateView& rho) {
                                             record = ledger.measure(rho, 0.0, 0, 0.0);
                                           }),
            0);
  const auto trace = field(grid, "force_trace");
  double rate = 0.0, size = 0.0;
  for (std::size_t n = 0; n < trace.size(); ++n) {
    const auto node = static_cast<Index>(n);
    const Index k = node % grid.momentum.angles();
    const Index i = node / grid.momentum.angles() % grid.momentum.energies();
    const double term =
        grid.z.spacing() * grid.momentum.weight(i, k) * grid.momentum.direction(k) * trace[n];
    rate += term;
    size += std::abs(term);
  }
  EXPECT_NEAR(rate, ledger.value(record, "kinetic_energy_rate_eq22"), 1e-14 * size);
}

INSTANTIATE_TEST_SUITE_P(Cases, Fluxes,
                         testing::Values(Case{"standard, beams", physics::Mode::standard},
                                         Case{"full, beams", physics::Mode::full},
                                         Case{"standard, spherical", physics::Mode::standard, 5},
                                         Case{"full, spherical", physics::Mode::full, 5},
                                         Case{"full, S_N", physics::Mode::full, 5,
                                              phase_space::AngularOperator::sn}));

/// Largest difference between the weak force and d_z Phi - d_pz F on a smooth state of two beams,
/// over the largest of it.
double difference_of_forms(Index cells) {
  Grid grid({.z = cells, .energies = 40, .half_width = 10.0}, physics::Mode::full);
  auto state = grid.random_state(0);
  grid.for_owned([&](Index n, Index) {
    const Index node = n / flavor::components(2);
    const double v = grid.momentum.direction(node % 2);
    const double offset = grid.momentum.energy_offset(node / 2 % 40);
    const double th = 2.0 * std::numbers::pi * grid.z.position(node / 80) / grid.z.length();
    const double p[] = {1.0 + 0.2 * std::sin(th), 0.3 * std::sin(th + v), 0.2 * std::cos(2 * th),
                        0.4 * v + 0.1 * std::cos(th)};
    state[static_cast<std::size_t>(n)] =
        0.1 * std::exp(-offset * offset / 3.0) * p[n % flavor::components(2)];
  });
  grid.set(state);
  const auto flux = field(grid, "flux"), force = field(grid, "force");
  std::vector<double> weak_force(flux.size());
  const Index plane = grid.decomposition.box().plane();
  EXPECT_EQ(grid.decomposition.with_ghosts(
                grid.state,
                [&](const phase_space::StateView& rho) {
                  grid.equation->sweep(rho, [&](Index j, const physics::Neighbourhood& here) {
                    for (const auto& term : grid.equation->terms())
                      if (term->name() == "weak_force")
                        term->add_rate(here, weak_force.data() + j * plane);
                  });
                }),
            0);
  double largest = 0.0, difference = 0.0;
  for (Index n = 0; n < static_cast<Index>(flux.size()); ++n) {
    const Index j = n / plane, within = n % plane, i = within / 8;
    double divergence = 0.0;
    for (int m = 1; m <= grid.z.derivative().reach(); ++m) {
      const auto at = [&](Index cell) {
        return flux[static_cast<std::size_t>((cell + cells) % cells * plane + within)];
      };
      divergence += grid.z.derivative().weight(m) * (at(j + m) - at(j - m));
    }
    const double v = grid.momentum.direction(within / flavor::components(2) % 2);
    for (int m = 1; m <= grid.momentum.energy_derivative().reach(); ++m) {
      const auto at = [&](Index energy) {
        return energy >= 0 && energy < 40 ? force[static_cast<std::size_t>(n + (energy - i) * 8)]
                                          : 0.0;
      };
      divergence -= v * grid.momentum.energy_derivative().weight(m) * (at(i + m) - at(i - m));
    }
    largest = std::max(largest, std::abs(divergence));
    difference =
        std::max(difference, std::abs(divergence - weak_force[static_cast<std::size_t>(n)]));
  }
  return difference / largest;
}

TEST(Fluxes, DivergenceIsTheWeakForceToTheOrderOfTheDifferenceInZ) {
  // Equation (19): the product rule, which the differences obey to their order, 6.
  const double coarse = difference_of_forms(24), fine = difference_of_forms(48);
  std::printf("d_z Phi - d_pz F differs from the weak force by %.1e, %.1e of it: order %.2f\n",
              coarse, fine, std::log2(coarse / fine));
  EXPECT_NEAR(std::log2(coarse / fine), 6.0, 0.4);
}

}  // namespace
}  // namespace nuvlasov::diagnostics
