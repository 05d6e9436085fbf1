// The estimate of how fast waves at the scale of the grid grow.
#include "nuvlasov/physics/short_waves.hpp"

#include <gtest/gtest.h>

#include "grid.hpp"

namespace nuvlasov::physics {
namespace {

using testing_support::Grid;
using testing_support::GridShape;

TEST(LargestRefraction, IsTheLargestEigenvalueOfOmega) {
  GridShape shape;
  shape.spherical_angles = 4;
  Grid grid(shape, Mode::full);
  // Isotropic: A_1 = 0 and Omega = sum_p (3 P0, P), with a longer P on one plane.
  std::vector<double> state = grid.random_state(0);
  double sum = 0.0;
  for (Index i = 0; i < grid.momentum.energies(); ++i)
    for (Index k = 0; k < grid.momentum.angles(); ++k) sum += grid.momentum.weight(i, k);
  const auto plane = static_cast<std::size_t>(grid.decomposition.box().plane());
  for (std::size_t n = 0; n < state.size(); n += flavor::components(2)) {
    const double length = n / plane == 7 ? 0.5 : 0.1;
    flavor::store(state.data() + n, flavor::Matrix<2>{1.0, 0.6 * length, 0.0, 0.8 * length});
  }
  grid.set(state);
  grid.update_moments();
  EXPECT_NEAR(largest_refraction(grid.equation->moments()), 0.5 * (3.0 + 0.5) * sum, 1e-12 * sum);
}

TEST(ShortWaveGrowth, IsATenthOfKMuOverEWithoutDissipationAndLessWithIt) {
  const phase_space::ZAxis z(10.0, 50, 6);
  const auto grid = [](double reference) {
    return phase_space::MomentumGrid::spherical(reference, 5.0, 10, 6, 4,
                                                phase_space::AngularOperator::spectral);
  };
  const double mu = 1.5;
  const double expected = 0.1 * z.derivative().largest_wave_number() * mu / 20.0;
  // 200 samples miss the maximum by 1e-4 at most: (pi/400)^2 of it.
  EXPECT_NEAR(short_wave_growth(mu, z, grid(20.0), {}) / expected, 1.0, 1e-4);
  EXPECT_NEAR(short_wave_growth(mu, z, grid(2e6), {}) / expected, 1e-5, 1e-9);
  double last = expected;
  for (const double epsilon : {0.01, 0.1, 1.0, 10.0}) {
    const double growth = short_wave_growth(mu, z, grid(20.0), {.z = epsilon});
    EXPECT_LT(growth, last) << epsilon;
    EXPECT_GE(growth, 0.0);
    last = growth;
  }
  // Of order 6 it lets waves of up to k dz = 0.5 grow, a third of the largest wave number.
  EXPECT_LT(last, 0.4 * expected);
}

}  // namespace
}  // namespace nuvlasov::physics
