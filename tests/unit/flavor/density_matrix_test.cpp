// The flavor algebra against complex 2 x 2 matrices multiplied out.
#include "nuvlasov/flavor/density_matrix.hpp"

#include <gtest/gtest.h>

#include <complex>
#include <random>

namespace nuvlasov::flavor {
namespace {

using Complex = std::complex<double>;
struct Dense {
  Complex m[2][2];
};

Dense dense(Matrix rho) {
  const Complex i(0.0, 1.0);
  return {{{0.5 * (rho[0] + rho[3]), 0.5 * (rho[1] - i * rho[2])},
           {0.5 * (rho[1] + i * rho[2]), 0.5 * (rho[0] - rho[3])}}};
}

Dense product(const Dense& a, const Dense& b) {
  Dense c{};
  for (int r = 0; r < 2; ++r)
    for (int s = 0; s < 2; ++s)
      for (int t = 0; t < 2; ++t) c.m[r][s] += a.m[r][t] * b.m[t][s];
  return c;
}

Complex trace(const Dense& a) { return a.m[0][0] + a.m[1][1]; }

Matrix random_matrix(std::mt19937& generator) {
  std::uniform_real_distribution<double> uniform(-1.0, 1.0);
  return Matrix{uniform(generator), uniform(generator), uniform(generator), uniform(generator)};
}

void expect_equal(Matrix found, const Dense& expected) {
  const Dense d = dense(found);
  for (int r = 0; r < 2; ++r)
    for (int s = 0; s < 2; ++s) EXPECT_NEAR(std::abs(d.m[r][s] - expected.m[r][s]), 0.0, 1e-15);
}

class Algebra : public testing::TestWithParam<unsigned> {
 protected:
  std::mt19937 generator_{GetParam()};
  Matrix a_ = random_matrix(generator_), b_ = random_matrix(generator_);
};

TEST_P(Algebra, JordanProductIsHalfTheAnticommutator) {
  const Dense ab = product(dense(a_), dense(b_)), ba = product(dense(b_), dense(a_));
  Dense half{};
  for (int r = 0; r < 2; ++r)
    for (int s = 0; s < 2; ++s) half.m[r][s] = 0.5 * (ab.m[r][s] + ba.m[r][s]);
  expect_equal(jordan_product(a_, b_), half);
}

TEST_P(Algebra, PrecessionIsITimesTheCommutator) {
  const Dense rho_omega = product(dense(b_), dense(a_)), omega_rho = product(dense(a_), dense(b_));
  Dense expected{};
  for (int r = 0; r < 2; ++r)
    for (int s = 0; s < 2; ++s)
      expected.m[r][s] = Complex(0.0, 1.0) * (rho_omega.m[r][s] - omega_rho.m[r][s]);
  const Matrix rate = precession(a_, b_);
  expect_equal(rate, expected);
  EXPECT_EQ(rate[0], 0.0);
}

TEST_P(Algebra, TraceOfThreeFactorsIsSymmetric) {
  const Matrix c = random_matrix(generator_);
  const double abc = twice_trace_of_product(a_, jordan_product(b_, c));
  EXPECT_NEAR(abc, twice_trace_of_product(b_, jordan_product(c, a_)), 1e-15);
  EXPECT_NEAR(abc, twice_trace_of_product(c, jordan_product(a_, b_)), 1e-15);
}

TEST_P(Algebra, EigenvaluesAndPurityAgreeWithTraces) {
  const auto [low, high] = eigenvalues(a_);
  const Dense square = product(dense(a_), dense(a_));
  EXPECT_LE(low, high);
  EXPECT_NEAR(low + high, flavor::trace(a_), 1e-15);
  EXPECT_NEAR(low * low + high * high, trace(square).real(), 1e-14);
  EXPECT_NEAR(purity(a_), trace(square).real(), 1e-14);
}

TEST_P(Algebra, JordanRadiusBoundsTheProduct) {
  const Matrix product = jordan_product(a_, b_);
  const double radius = jordan_radius(a_);
  EXPECT_LE(purity(product), radius * radius * purity(b_) * (1.0 + 1e-14));
}

TEST_P(Algebra, PurifiedStatesHaveOneVanishingEigenvalue) {
  Matrix rho = a_;
  rho[0] = std::abs(rho[0]);
  EXPECT_NEAR(eigenvalues(purified(rho))[0], 0.0, 1e-15);
  EXPECT_EQ(flavor::trace(purified(rho)), rho[0]);
}

INSTANTIATE_TEST_SUITE_P(Random, Algebra, testing::Range(1u, 21u));

TEST(Entropy, VanishesForPureAndFullStatesAndPeaksHalfway) {
  EXPECT_EQ(mixing_entropy(0.0), 0.0);
  EXPECT_EQ(mixing_entropy(1.0), 0.0);
  EXPECT_NEAR(mixing_entropy(0.5), std::log(2.0), 1e-15);
  EXPECT_EQ(mixing_entropy(-0.01), 0.0);
}

}  // namespace
}  // namespace nuvlasov::flavor
