// The flavor algebra against complex 2 x 2 matrices multiplied out.
#include "nuvlasov/flavor/density_matrix.hpp"

#include <gtest/gtest.h>

#include <complex>
#include <random>

#include "nuvlasov/flavor/pairs.hpp"

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

TEST_P(Algebra, ImplicitPrecessionIsTheInverseOfOneLessPrecession) {
  const Matrix axis = polarization(a_);
  const Matrix before =
      implicit_precession(axis, turned(axis), implicit_precession_scale(axis), b_);
  expect_equal(before - precession(axis, before), dense(b_));
  EXPECT_EQ(before[0], b_[0]);
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

TEST(MixingEntropy, VanishesForEmptyAndFullStatesAndPeaksHalfway) {
  EXPECT_EQ(mixing_entropy(0.0).value, 0.0);
  EXPECT_EQ(mixing_entropy(1.0).value, 0.0);
  EXPECT_NEAR(mixing_entropy(0.5).value, std::log(2.0), 1e-15);
  EXPECT_NEAR(mixing_entropy(0.5).slope, 0.0, 1e-15);
  EXPECT_NEAR(mixing_entropy(0.2).slope, std::log(4.0), 1e-15);
  for (const double outside : {-0.01, 0.0, 1.0, 1.2}) {
    EXPECT_EQ(mixing_entropy(outside).value, 0.0);
    EXPECT_EQ(mixing_entropy(outside).slope, 0.0);
  }
}

TEST(MixingEntropy, KeepsItsDigitsForFewNeutrinosAndFewHoles) {
  for (const double x : {1e-300, 1e-20, 3e-16, 1e-9, 0.01, 0.3, 0.9, 1 - 1e-9}) {
    const long double exact = x;
    const long double log_occupied = std::log(exact), log_empty = std::log1p(-exact);
    const auto value = static_cast<double>(-exact * log_occupied - (1 - exact) * log_empty);
    const auto slope = static_cast<double>(log_empty - log_occupied);
    EXPECT_NEAR(mixing_entropy(x).value / value, 1.0, 1e-15) << x;
    EXPECT_NEAR(mixing_entropy(x).slope / slope, 1.0, 1e-15) << x;
  }
}

/// A matrix with eigenvalues m (1 -+ r) and a random direction of P.
Matrix with_eigenvalues(double m, double r, std::mt19937& generator) {
  const Matrix axis = polarization(random_matrix(generator));
  Matrix rho = 2.0 * m * r / polarization_length(axis) * axis;
  rho[0] = 2.0 * m;
  return rho;
}

/// Tr(a b).
double trace_of(Matrix a, Matrix b) { return 0.5 * twice_trace_of_product(a, b); }

/// f'(0) by a difference of fourth order.
template <class Function>
auto slope_of(Function&& f) {
  const double h = 1e-4;
  return (8.0 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12.0 * h);
}

// The differences leave rounding over h, 1e-12, and (h/0.1)^4 for a function that varies over 0.1.
constexpr double slope_tolerance = 2e-11;

TEST(Entropy, ChangesByTheTraceOfItsDerivative) {
  std::mt19937 generator(1);
  for (int n = 0; n < 20; ++n) {
    const Matrix rho = with_eigenvalues(0.3, 0.6, generator), d = random_matrix(generator);
    const double slope =
        slope_of([&](double x) { return flavor::trace(entropy(rho + x * d).value); });
    EXPECT_NEAR(trace_of(entropy(rho).derivative, d), slope, slope_tolerance);
    // The matrix has the eigenvectors of rho, and F on them.
    const Matrix value = entropy(rho).value;
    const auto found = eigenvalues(value), of_rho = eigenvalues(rho);
    EXPECT_NEAR(purity(precession(value, rho)), 0.0, 1e-30);
    EXPECT_NEAR(found[0], mixing_entropy(of_rho[0]).value, 1e-15);
    EXPECT_NEAR(found[1], mixing_entropy(of_rho[1]).value, 1e-15);
  }
}

TEST(Entropy, RemainderIsWhatTheJordanProductDoesBeyondTheDerivativeOfTheMatrixEntropy) {
  std::mt19937 generator(2);
  for (const double r : {0.05, 0.0999, 0.1001, 0.3, 0.7})
    for (int n = 0; n < 10; ++n) {
      const Matrix rho = with_eigenvalues(0.3, r, generator), x = random_matrix(generator),
                   d = random_matrix(generator);
      const Matrix slope = slope_of([&](double by) { return entropy(rho + by * d).value; });
      const Entropy at = entropy(rho);
      EXPECT_NEAR(entropy_remainder(at, x, d),
                  trace_of(at.derivative, jordan_product(x, d)) - trace_of(x, slope),
                  slope_tolerance / r)
          << r;
      // Nothing for what commutes with rho.
      EXPECT_NEAR(entropy_remainder(at, 0.7 * rho + Matrix{0.4}, d), 0.0, 1e-15);
    }
}

/// The excess as the difference that defines it, in long double: digits enough down to r = 1e-3.
double excess_by_difference(long double m, long double r) {
  const auto f = [](long double x) { return -x * std::log(x) - (1 - x) * std::log1p(-x); };
  const auto slope = [](long double x) { return std::log1p(-x) - std::log(x); };
  const long double a = m * (1 - r), b = m * (1 + r);
  return static_cast<double>((slope(a) + slope(b)) / 2 - (f(b) - f(a)) / (b - a));
}

TEST(Entropy, ExcessKeepsItsDigitsWhereTheEigenvaluesMeet) {
  std::mt19937 generator(3);
  for (const double m : {1e-8, 0.02, 0.3, 0.5, 0.8}) {
    // The third derivative of F at m times (m r)^2/3; the next order is r^2 of it.
    const double leading = (1.0 - std::pow(m / (1 - m), 2)) / 3.0;
    for (const double r : {1e-12, 1e-8, 1e-5})
      EXPECT_NEAR(entropy(with_eigenvalues(m, r, generator)).excess, leading * r * r, 1e-8 * r * r)
          << m << ", " << r;
    // What double loses from 0.1 on, and long double, with 19 digits of F/m = 20, below.
    for (const double r : {1e-3, 1e-2, 0.0999, 0.1001, 0.2, 0.24})
      EXPECT_NEAR(entropy(with_eigenvalues(m, r, generator)).excess, excess_by_difference(m, r),
                  1e-11 * r * r + 2e-18 / r)
          << m << ", " << r;
  }
  EXPECT_EQ(entropy(Matrix{0.6}).excess, 0.0);
  EXPECT_EQ(entropy_remainder(entropy(Matrix{}), Matrix{1, 1, 1, 1}, Matrix{1, 1, 1, 1}), 0.0);
}

TEST(Entropy, OfEigenvaluesOutsideOfOccupationNumbersCountsAsNothing) {
  std::mt19937 generator(4);
  // -0.05 and 0.45: only the second has an entropy.
  const Entropy one = entropy(with_eigenvalues(0.2, 1.25, generator));
  const MixingEntropy high = mixing_entropy(0.45);
  EXPECT_NEAR(one.eigenvalues[0], -0.05, 1e-15);
  EXPECT_NEAR(flavor::trace(one.value), high.value, 1e-14);
  EXPECT_NEAR(one.excess, 0.5 * high.slope - high.value / 0.5, 1e-14);
  // -0.2 and 1.4: neither.
  const Entropy none = entropy(with_eigenvalues(0.6, 4.0 / 3.0, generator));
  EXPECT_EQ(purity(none.value), 0.0);
  EXPECT_EQ(none.excess, 0.0);
  EXPECT_EQ(purity(none.derivative), 0.0);
}

TEST(Flavors, OccupationsAreTheDiagonalOfRho) {
  std::mt19937 generator(5);
  const Matrix rho = random_matrix(generator);
  for (std::size_t a = 0; a < flavors; ++a)
    EXPECT_EQ(occupations(rho)[a], dense(rho).m[a][a].real());
}

}  // namespace
}  // namespace nuvlasov::flavor
