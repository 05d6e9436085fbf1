// The angular operators as matrices, and the quadrature they stand on.
#include "nuvlasov/phase_space/angular_operator.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace nuvlasov::phase_space {
namespace {

class Angular : public testing::TestWithParam<AngularOperator> {};

TEST_P(Angular, OperatorIsSkewAdjointAndGivesMinusVOfOne) {
  for (const Index n : {2, 5, 8, 33, 64}) {
    const auto grid = MomentumGrid::spherical(20.0, 10.0, 10, 6, n, GetParam());
    const auto s = angular_matrix(grid);
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
  const auto grid = MomentumGrid::spherical(20.0, 10.0, 10, 6, 16, AngularOperator::spectral);
  const auto kappa = angular_curvature(grid);
  for (Index k = 0; k < 16; ++k)
    EXPECT_NEAR(kappa[static_cast<std::size_t>(k)], 1.0 - grid.direction(k) * grid.direction(k),
                1e-13);
}

TEST(Angular, SnConvergesAtSecondOrderAndSpectralIsExactOnPolynomials) {
  // (1 - v^2) f' - v f on f = v^3 - v/2
  const auto error = [](AngularOperator op, Index n) {
    const auto grid = MomentumGrid::spherical(20.0, 10.0, 10, 6, n, op);
    const auto s = angular_matrix(grid);
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
    const auto rule = gauss_legendre(n);
    for (int power = 0; power < 2 * n; power += 2) {
      double sum = 0.0;
      for (std::size_t k = 0; k < rule.nodes.size(); ++k)
        sum += rule.weights[k] * std::pow(rule.nodes[k], power);
      EXPECT_NEAR(sum, 2.0 / (power + 1), 1e-13);
    }
  }
}

}  // namespace
}  // namespace nuvlasov::phase_space
