// The axis with open ends: its derivative sums by parts, is exact on polynomials, and together with
// the inflow has no eigenvalue that grows or is larger than those of the central difference.
#include "nuvlasov/phase_space/z_axis.hpp"

#include <gtest/gtest.h>
#include <petscksp.h>

#include <cmath>
#include <complex>
#include <random>

namespace nuvlasov::phase_space {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

class OpenAxis : public testing::TestWithParam<int> {
 protected:
  ZAxis axis(Index cells, double length = 3.0) const {
    return {length, cells, GetParam(), Boundaries::open};
  }
  Index order() const { return GetParam(); }
  Index order_at_the_ends() const { return GetParam() / 2; }
};

std::vector<double> derivative(const ZAxis& z, const std::vector<double>& f) {
  std::vector<double> d;
  for (Index j = 0; j < z.cells(); ++j)
    d.push_back(z.stencil(j).apply([&](int m) { return f.at(static_cast<std::size_t>(j + m)); }));
  return d;
}

template <class Function>
std::vector<double> on_nodes(const ZAxis& z, Function&& function) {
  std::vector<double> values;
  for (Index j = 0; j < z.cells(); ++j) values.push_back(function(z.position(j)));
  return values;
}

double inner_product(const ZAxis& z, const std::vector<double>& f, const std::vector<double>& g) {
  double sum = 0.0;
  for (Index j = 0; j < z.cells(); ++j)
    sum += z.weight(j) * f[static_cast<std::size_t>(j)] * g[static_cast<std::size_t>(j)];
  return sum;
}

TEST_P(OpenAxis, HasNodesAtBothEnds) {
  const ZAxis z = axis(31);
  EXPECT_EQ(z.position(0), 0.0);
  EXPECT_DOUBLE_EQ(z.position(30), 3.0);
  EXPECT_DOUBLE_EQ(z.spacing(), 0.1);
}

TEST_P(OpenAxis, DerivativeSumsByParts) {
  std::mt19937 generator(1);
  std::uniform_real_distribution<double> uniform(-1.0, 1.0);
  const auto random = [&](double) { return uniform(generator); };
  for (const Index cells : {axis(100).least_cells(), Index{23}}) {
    const ZAxis z = axis(cells);
    const auto f = on_nodes(z, random), g = on_nodes(z, random);
    const double sum =
        inner_product(z, f, derivative(z, g)) + inner_product(z, derivative(z, f), g);
    // Both products add up some ten numbers at each node.
    EXPECT_NEAR(sum, f.back() * g.back() - f.front() * g.front(),
                10.0 * epsilon * static_cast<double>(cells));
  }
}

TEST_P(OpenAxis, DerivativeIsExactOnPolynomials) {
  const ZAxis z = axis(30);
  for (Index power = 0; power <= order(); ++power) {
    const auto exponent = static_cast<double>(power);
    const auto d = derivative(z, on_nodes(z, [&](double x) { return std::pow(x, exponent); }));
    const bool at_the_ends = power <= order_at_the_ends();
    for (Index j = at_the_ends ? 0 : z.closure(); j < z.cells() - (at_the_ends ? 0 : z.closure());
         ++j) {
      const double exact = power == 0 ? 0.0 : exponent * std::pow(z.position(j), exponent - 1.0);
      // Values up to 3^power over the spacing, 0.1.
      EXPECT_NEAR(d[static_cast<std::size_t>(j)], exact,
                  30.0 * epsilon * std::pow(3.0, exponent) * 10.0)
          << "power " << power << ", node " << j;
    }
  }
}

TEST_P(OpenAxis, DerivativeOfWhatIsUniformVanishesToTheBit) {
  const ZAxis z = axis(30);
  for (const double slope : derivative(z, on_nodes(z, [](double) { return 0.1; })))
    EXPECT_EQ(slope, 0.0);
}

TEST_P(OpenAxis, WeightsIntegratePolynomials) {
  const ZAxis z = axis(30);
  for (Index power = 0; power < order(); ++power) {
    const auto exponent = static_cast<double>(power);
    const auto f = on_nodes(z, [&](double x) { return std::pow(x, exponent); });
    const double exact = std::pow(3.0, exponent + 1.0) / (exponent + 1.0);
    EXPECT_NEAR(inner_product(z, f, on_nodes(z, [](double) { return 1.0; })), exact,
                10.0 * epsilon * exact * 3.0);
  }
}

TEST_P(OpenAxis, DerivativeConvergesWithHalfTheOrderAtTheEndsAndTheWholeInside) {
  const auto errors = [&](Index cells) {
    const ZAxis z = axis(cells);
    const auto d = derivative(z, on_nodes(z, [](double x) { return std::sin(2.0 * x + 0.3); }));
    std::pair<double, double> largest{0.0, 0.0};
    for (Index j = 0; j < cells; ++j) {
      const bool inside = z.closure() <= j && j < cells - z.closure();
      double& error = inside ? largest.second : largest.first;
      error = std::max(error, std::abs(d[static_cast<std::size_t>(j)] -
                                       2.0 * std::cos(2.0 * z.position(j) + 0.3)));
    }
    return largest;
  };
  const auto coarse = errors(61), fine = errors(121);
  // The largest error of a few rows, at points that move with the spacing.
  EXPECT_NEAR(std::log2(coarse.first / fine.first), static_cast<double>(order_at_the_ends()), 0.3);
  EXPECT_NEAR(std::log2(coarse.second / fine.second), static_cast<double>(order()), 0.1);
}

/// Of -v (D_z + inflow), v = 1, by LAPACK.
std::vector<std::complex<double>> eigenvalues_with_inflow(const ZAxis& z) {
  const auto n = static_cast<PetscInt>(z.cells());
  std::vector<double> matrix(static_cast<std::size_t>(z.cells() * z.cells()));
  for (Index column = 0; column < z.cells(); ++column) {
    std::vector<double> unit(static_cast<std::size_t>(z.cells()), 0.0);
    unit[static_cast<std::size_t>(column)] = 1.0;
    auto d = derivative(z, unit);
    d[0] += unit[0] / z.weight(0);
    for (Index row = 0; row < z.cells(); ++row)
      matrix[static_cast<std::size_t>(column * z.cells() + row)] =
          -d[static_cast<std::size_t>(row)];
  }
  std::vector<double> real(static_cast<std::size_t>(n)), imaginary(real.size());
  Mat dense = nullptr;
  KSP ksp = nullptr;
  PC none = nullptr;
  EXPECT_EQ(MatCreateSeqDense(PETSC_COMM_SELF, n, n, matrix.data(), &dense), 0);
  EXPECT_EQ(KSPCreate(PETSC_COMM_SELF, &ksp), 0);
  EXPECT_EQ(KSPSetOperators(ksp, dense, dense), 0);
  EXPECT_EQ(KSPGetPC(ksp, &none), 0);
  EXPECT_EQ(PCSetType(none, PCNONE), 0);
  EXPECT_EQ(KSPSetUp(ksp), 0);
  EXPECT_EQ(KSPComputeEigenvaluesExplicitly(ksp, n, real.data(), imaginary.data()), 0);
  EXPECT_EQ(KSPDestroy(&ksp), 0);
  EXPECT_EQ(MatDestroy(&dense), 0);
  std::vector<std::complex<double>> values;
  for (std::size_t i = 0; i < real.size(); ++i) values.emplace_back(real[i], imaginary[i]);
  return values;
}

TEST_P(OpenAxis, WithInflowNothingGrowsNorIsFasterThanInside) {
  for (const Index cells : {axis(100).least_cells(), Index{40}, Index{81}}) {
    const ZAxis z = axis(cells);
    for (const std::complex<double> value : eigenvalues_with_inflow(z)) {
      EXPECT_LT(value.real(), 0.0) << cells << " nodes";
      // A defective pair is found to the root of the rounding.
      EXPECT_LE(std::abs(value), (1.0 + 1e-7) * z.derivative().largest_wave_number())
          << cells << " nodes";
    }
  }
}

TEST_P(OpenAxis, OfAnotherSizeKeepsSpacingAndEnds) {
  const ZAxis z = axis(30), longer = z.with_cells(59);
  EXPECT_DOUBLE_EQ(longer.length(), 6.0);
  EXPECT_FALSE(longer.periodic());
  EXPECT_NEAR(longer.spacing(), z.spacing(), 4.0 * epsilon);
}

INSTANTIATE_TEST_SUITE_P(Orders, OpenAxis, testing::Values(2, 4, 6));

TEST(OpenAxisOrder, EightIsRefused) {
  EXPECT_THROW(ZAxis(1.0, 40, 8, Boundaries::open), std::invalid_argument);
}

}  // namespace
}  // namespace nuvlasov::phase_space
