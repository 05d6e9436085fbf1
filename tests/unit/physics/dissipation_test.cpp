// Dissipation: what it damps, by how much, and what it keeps.
#include "nuvlasov/physics/dissipation.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "grid.hpp"

namespace nuvlasov {
namespace {

using testing_support::Grid;
using testing_support::GridShape;

struct Case {
  int z_order, energy_order;
  Index spherical_angles;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << "orders " << c.z_order << " and " << c.energy_order
       << (c.spherical_angles > 0 ? ", spherical" : ", beams");
}

class Dissipation : public testing::TestWithParam<Case> {
 protected:
  static GridShape shape() {
    GridShape s;
    s.z = 16;
    s.energies = 24;
    s.z_order = GetParam().z_order;
    s.energy_order = GetParam().energy_order;
    s.spherical_angles = GetParam().spherical_angles;
    s.reference = 9.0;
    return s;
  }

  /// The rate of dissipation alone on the whole state.
  static std::vector<double> damping(Grid& grid, const std::vector<double>& state) {
    std::vector<double> rate(state.size(), 0.0);
    grid.set(state);
    EXPECT_EQ(grid.decomposition.with_ghosts(
                  grid.state,
                  [&](const phase_space::StateView& rho) {
                    grid.equation->sweep(rho, [&](Index j, const physics::Neighbourhood& here) {
                      grid.equation->terms().back()->add_rate(
                          here, rate.data() + j * grid.decomposition.box().plane());
                    });
                  }),
              0);
    return rate;
  }

  /// f(j, i, k) in all components.
  template <class F>
  static std::vector<double> field(const Grid& grid, F&& f) {
    std::vector<double> values;
    for (Index j = 0; j < grid.z.cells(); ++j)
      for (Index i = 0; i < grid.momentum.energies(); ++i)
        for (Index k = 0; k < grid.momentum.angles(); ++k)
          values.insert(values.end(), flavor::components(2), f(j, i, k));
    return values;
  }
};

TEST_P(Dissipation, DampsAWaveInZByEpsilonOverDzTimesThePowerOfTheSine) {
  constexpr double epsilon = 0.3;
  Grid grid(shape(), {.dissipation = {.z = epsilon}});
  for (int n = 0; n <= 8; ++n) {
    const double phase = 2.0 * std::numbers::pi * n / 16.0;
    const auto wave = field(grid, [&](Index j, Index, Index) {
      return std::cos(phase * static_cast<double>(j) + 0.4);
    });
    const auto rate = damping(grid, wave);
    const double expected =
        epsilon / grid.z.spacing() * std::pow(std::sin(0.5 * phase), GetParam().z_order);
    for (std::size_t m = 0; m < wave.size(); ++m)
      ASSERT_NEAR(rate[m], -expected * wave[m], 1e-14) << "mode " << n;
  }
}

TEST_P(Dissipation, DampsAWaveInEnergyByItsRateTimesThePowerOfTheSine) {
  constexpr double gamma = 0.3;
  GridShape s = shape();
  // Where the measure E^2 is constant over a stencil: the correction is of second order in
  // reach dE/E.
  s.reference = 1e7;
  Grid grid(s, {.dissipation = {.energy = gamma}});
  const Index edge = GetParam().energy_order / 2;
  for (const double phase : {0.0, 0.3, 1.0, 2.5, std::numbers::pi}) {
    const auto wave = field(grid, [&](Index, Index i, Index) {
      return std::cos(phase * static_cast<double>(i) + 0.4);
    });
    const auto rate = damping(grid, wave);
    const double expected = gamma * std::pow(std::sin(0.5 * phase), GetParam().energy_order);
    const Index row = grid.decomposition.box().row();
    for (Index n = 0; n < static_cast<Index>(wave.size()); ++n) {
      const Index i = n / row % grid.momentum.energies();
      if (i < edge || i >= grid.momentum.energies() - edge) continue;
      const auto at = static_cast<std::size_t>(n);
      ASSERT_NEAR(rate[at], -expected * wave[at], 1e-6 * gamma) << "phase " << phase;
    }
  }
}

TEST_P(Dissipation, IsSelfAdjointInTheMeasureAndOnlyTakesFromThePurity) {
  Grid grid(shape(), {.dissipation = {.z = 0.4, .energy = 0.8}});
  for (unsigned seed = 1; seed <= 5; ++seed) {
    const auto f = grid.random_state(seed), g = grid.random_state(seed + 100);
    const auto f_rate = damping(grid, f), g_rate = damping(grid, g);
    const double size = std::sqrt(grid.inner_product(g, g) * grid.inner_product(f_rate, f_rate));
    // Sums of some thousand terms with random signs.
    EXPECT_NEAR(grid.inner_product(g, f_rate), grid.inner_product(g_rate, f), 1e-14 * size);
    EXPECT_LT(grid.inner_product(f, f_rate), 0.0);
  }
}

TEST_P(Dissipation, KeepsNumberKineticEnergyAndInEnergyEveryMoment) {
  for (const physics::DissipationStrength strength :
       {physics::DissipationStrength{.z = 0.4}, physics::DissipationStrength{.energy = 0.8}}) {
    Grid grid(shape(), {.dissipation = strength});
    auto state = grid.random_state(3);
    const Index row = grid.decomposition.box().row(), energies = grid.momentum.energies();
    const Index reach = GetParam().energy_order / 2;
    for (Index n = 0; n < static_cast<Index>(state.size()); ++n)
      if (const Index i = n / row % energies; i < reach || i >= energies - reach)
        state[static_cast<std::size_t>(n)] = 0.0;
    const auto rate = damping(grid, state);
    const double size = grid.inner_product(rate, rate);
    const auto total = [&](auto weight) {
      return grid.inner_product(rate, field(grid, [&](Index j, Index i, Index k) {
                                  return weight(j, grid.momentum.energy_offset(i), k);
                                }));
    };
    const double tolerance = 1e-13 * std::sqrt(size);
    EXPECT_NEAR(total([](Index, double, Index) { return 1.0; }), 0.0, tolerance);
    EXPECT_NEAR(total([](Index, double energy, Index) { return energy; }), 0.0, tolerance);
    EXPECT_GT(std::sqrt(size), 1.0);
    if (strength.energy == 0.0) continue;
    for (Index j = 0; j < grid.z.cells(); ++j)
      for (Index k = 0; k < grid.momentum.angles(); ++k)
        EXPECT_NEAR(
            total([=](Index jj, double, Index kk) { return jj == j && kk == k ? 1.0 : 0.0; }), 0.0,
            tolerance);
  }
}

TEST_P(Dissipation, SpectralRadiusIsReachedByTheShortestWaves) {
  Grid grid(shape(), {.dissipation = {.z = 0.4, .energy = 0.8}});
  const double radius = grid.equation->terms().back()->spectral_radius(grid.equation->moments());
  const auto shortest = field(grid, [&](Index j, Index i, Index) {
    return ((j + i) % 2 == 0 ? 1.0 : -1.0) *
           std::exp(-std::pow(grid.momentum.energy_offset(i) / 2.0, 2));
  });
  const auto rate = damping(grid, shortest);
  const double reached =
      std::sqrt(grid.inner_product(rate, rate) / grid.inner_product(shortest, shortest));
  EXPECT_LT(reached, radius);
  EXPECT_GT(reached, 0.9 * radius);
}

INSTANTIATE_TEST_SUITE_P(Orders, Dissipation,
                         testing::Values(Case{2, 4, 0}, Case{4, 4, 3}, Case{6, 6, 0}, Case{6, 6, 3},
                                         Case{8, 8, 0}, Case{8, 8, 3}));

}  // namespace
}  // namespace nuvlasov
