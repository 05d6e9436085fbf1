// The flavor algebra against complex matrices multiplied out.
#include "nuvlasov/flavor/density_matrix.hpp"

#include <gtest/gtest.h>

#include <complex>
#include <numeric>
#include <random>

#include "dense.hpp"
#include "nuvlasov/flavor/eigensystem.hpp"
#include "nuvlasov/flavor/lanes.hpp"
#include "nuvlasov/flavor/masses.hpp"
#include "nuvlasov/flavor/precession.hpp"

namespace nuvlasov::flavor {
namespace {

using testing_support::Complex;
using testing_support::Dense;
using testing_support::Eigensystem;

template <class M>
Dense dense(M rho) {
  return testing_support::to_dense(rho, flavors_of<M>);
}

template <int flavors>
Matrix<flavors> random_matrix(std::mt19937& generator) {
  std::uniform_real_distribution<double> uniform(-1.0, 1.0);
  Matrix<flavors> matrix{};
  for (int c = 0; c < components(flavors); ++c) matrix[c] = uniform(generator);
  return matrix;
}

// Sums of a few products of numbers below 1.
constexpr double rounding = 2e-15;

template <class M>
void expect_equal(M found, const Dense& expected) {
  const Dense d = dense(found);
  for (int r = 0; r < 3; ++r)
    for (int s = 0; s < 3; ++s) EXPECT_NEAR(std::abs(d.m[r][s] - expected.m[r][s]), 0.0, rounding);
}

template <class Flavors>
class Algebra : public testing::Test {
 protected:
  static constexpr int flavors = Flavors::value;
  using M = Matrix<flavors>;

  /// Calls check(a, b, c) with random matrices.
  template <class Check>
  void for_random_matrices(Check&& check) {
    std::mt19937 generator(1);
    for (int n = 0; n < 20; ++n) {
      const M a = random_matrix<flavors>(generator), b = random_matrix<flavors>(generator);
      check(a, b, random_matrix<flavors>(generator));
    }
  }
};

using TwoAndThree = testing::Types<std::integral_constant<int, 2>, std::integral_constant<int, 3>>;
TYPED_TEST_SUITE(Algebra, TwoAndThree);

TYPED_TEST(Algebra, JordanProductIsHalfTheAnticommutator) {
  this->for_random_matrices([](auto a, auto b, auto) {
    expect_equal(jordan_product(a, b), Complex(0.5) * (dense(a) * dense(b) + dense(b) * dense(a)));
  });
}

TYPED_TEST(Algebra, JordanProductsAreSummed) {
  this->for_random_matrices([](auto a, auto b, auto c) {
    using Product = decltype(a);
    const std::array factors{a, b}, matrices{Product(b + c), c};
    const Product sum =
        JordanProducts<Product, 2>(factors)([&](std::size_t n) { return matrices[n]; });
    expect_equal(sum, dense(Product(jordan_product(a, matrices[0]) + jordan_product(b, c))));
  });
}

TYPED_TEST(Algebra, PrecessionIsITimesTheCommutator) {
  this->for_random_matrices([](auto a, auto b, auto) {
    const auto rate = precession(a, b);
    expect_equal(rate, Complex(0.0, 1.0) * (dense(b) * dense(a) - dense(a) * dense(b)));
    EXPECT_EQ(rate[0], 0.0);
  });
}

TYPED_TEST(Algebra, TracesAreThoseOfTheMatrices) {
  this->for_random_matrices([](auto a, auto b, auto) {
    using testing_support::trace;
    EXPECT_NEAR(flavor::trace(a), trace(dense(a)).real(), rounding);
    EXPECT_NEAR(trace_of_product(a, b), trace(dense(a) * dense(b)).real(), rounding);
    EXPECT_NEAR(purity(a), trace(dense(a) * dense(a)).real(), rounding);
    TraceSum<flavors_of<decltype(a)>> sum;
    sum.add(a, b);
    EXPECT_EQ(sum.value(), trace_of_product(a, b));
    expect_equal(with_trace(a),
                 dense(a) + trace(dense(a)) * testing_support::unit(flavors_of<decltype(a)>));
  });
}

TYPED_TEST(Algebra, TraceOfThreeFactorsIsSymmetric) {
  this->for_random_matrices([](auto a, auto b, auto c) {
    const double abc = trace_of_product(a, jordan_product(b, c));
    EXPECT_NEAR(abc, trace_of_product(b, jordan_product(c, a)), rounding);
    EXPECT_NEAR(abc, trace_of_product(c, jordan_product(a, b)), rounding);
  });
}

TYPED_TEST(Algebra, EigenvaluesAreThoseOfTheMatrix) {
  this->for_random_matrices([](auto a, auto, auto) {
    constexpr int n = flavors_of<decltype(a)>;
    const auto values = eigenvalues(a);
    Eigensystem expected(dense(a), n);
    std::sort(expected.value, expected.value + n);
    for (std::size_t e = 0; e < values.size(); ++e)
      EXPECT_NEAR(values[e], expected.value[e], rounding);
    EXPECT_NEAR(precession_frequency(a), expected.value[n - 1] - expected.value[0], 2.0 * rounding);
  });
}

TYPED_TEST(Algebra, JordanRadiusBoundsTheProduct) {
  this->for_random_matrices([](auto a, auto b, auto) {
    const double radius = jordan_radius(a);
    EXPECT_LE(purity(jordan_product(a, b)), radius * radius * purity(b) * (1.0 + 1e-14));
  });
}

TYPED_TEST(Algebra, PurifiedStatesHaveOneEigenvalueAlone) {
  this->for_random_matrices([](auto a, auto, auto) {
    a[0] = std::abs(a[0]);
    const auto values = eigenvalues(purified(a));
    for (std::size_t e = 0; e + 1 < values.size(); ++e) EXPECT_NEAR(values[e], 0.0, rounding);
    EXPECT_NEAR(values.back(), a[0], rounding);
  });
}

TYPED_TEST(Algebra, OccupationsAreTheDiagonalAndCoherencesTheRest) {
  this->for_random_matrices([](auto a, auto, auto) {
    const Dense d = dense(a);
    const auto found = occupations(a);
    for (std::size_t f = 0; f < found.size(); ++f)
      EXPECT_NEAR(found[f], d.m[f][f].real(), rounding);
    for (const FlavorPair pair : flavor_pairs(flavors_of<decltype(a)>)) {
      const int c = coherence(pair);
      EXPECT_EQ(std::abs(Complex(a[c], a[c + 1]) - 2.0 * d.m[pair.second][pair.first]), 0.0);
      EXPECT_NEAR(occupation_difference(to_components(a), pair),
                  (d.m[pair.first][pair.first] - d.m[pair.second][pair.second]).real(), rounding);
    }
    EXPECT_NEAR(purity(off_diagonal(a)) + purity(diagonal<flavors_of<decltype(a)>>(found)),
                purity(a), rounding);
  });
}

TYPED_TEST(Algebra, OfManyNodesIsThatOfEach) {
  constexpr int n = TypeParam::value;
  std::mt19937 generator(2);
  std::vector<double> a(block_size<n>), b(a.size());
  for (auto* numbers : {&a, &b})
    for (double& number : *numbers) number = random_matrix<2>(generator)[0];
  const auto blocks = [](const std::vector<double>& x) {
    return by_component(load_block<n>(x.data()));
  };
  Block<n> jordan{}, rate{}, half = blocks(a);
  for (int c = 0; c < components(n); ++c) half[c] *= 0.5;
  add_jordan_product(half, blocks(b), jordan);
  add_precession(blocks(a), blocks(b), rate);
  std::vector<double> products(a.size()), rates(a.size());
  store_block<n>(products.data(), by_node(jordan));
  store_block<n>(rates.data(), by_node(rate));
  for (int node = 0; node < lanes; ++node) {
    const int at = node * components(n);
    const auto x = load<n>(a.data() + at), y = load<n>(b.data() + at);
    EXPECT_LT(purity(load<n>(products.data() + at) - jordan_product(x, y)), rounding * rounding);
    EXPECT_LT(purity(load<n>(rates.data() + at) - precession(x, y)), rounding * rounding);
  }
}

TYPED_TEST(Algebra, NodesOfABlockStandInTheOrderOfLanes) {
  constexpr int n = TypeParam::value;
  std::vector<double> nodes(block_size<n>);
  std::iota(nodes.begin(), nodes.end(), 0.0);
  const Block<n> block = by_component(load_block<n>(nodes.data()));
  const Lanes first = block[0];
  constexpr double end = -1.0, step = components(n);
  for (int lane = 0; lane < lanes; ++lane) {
    const int node = lane_order(lane);
    EXPECT_EQ(lane_order(node), lane);
    for (int c = 0; c < components(n); ++c) EXPECT_EQ(block[c][lane], step * node + c);
    EXPECT_EQ(shifted<1>(first, end)[lane], node + 1 < lanes ? step * (node + 1) : end);
    EXPECT_EQ(shifted<-1>(first, end)[lane], node > 0 ? step * (node - 1) : end);
    EXPECT_EQ(exchanged<1>(first)[lane], step * (node ^ 1));
    EXPECT_EQ(reversed(first)[lane], step * (lanes - 1 - node));
  }
}

TEST(Algebra, OfAPairIsThatOfEach) {
  std::mt19937 generator(5);
  const auto pair = [&] {
    MatrixPair both{};
    for (int c = 0; c < 2 * components(2); ++c) both[c] = random_matrix<2>(generator)[0];
    return both;
  };
  const std::array<MatrixPair, 2> a{pair(), pair()}, b{pair(), pair()};
  const MatrixPair products = JordanProducts(a)([&](std::size_t n) { return b[n]; });
  alignas(MatrixPair) std::array<double, 8> axes{};
  store(axes.data(), a[0]);
  axes[0] = axes[4] = 0.0;
  const MatrixPair turned = PrecessionRate<MatrixPair>(axes.data())(b[0]);
  for (const auto each : {first_of_pair, second_of_pair}) {
    Matrix<2> expected{};
    for (const std::size_t n : {0, 1}) expected += jordan_product(each(a[n]), each(b[n]));
    EXPECT_LT(purity(each(products) - expected), rounding * rounding);
    EXPECT_LT(purity(each(turned) - flavor::precession(each(a[0]), each(b[0]))),
              rounding * rounding);
  }
}

TEST(Precession, OfTwoFlavorsIsInvertedByItsImplicitStep) {
  std::mt19937 generator(3);
  for (int n = 0; n < 20; ++n) {
    const Components axis = to_components(polarization(random_matrix<2>(generator)));
    const Matrix<2> rho = random_matrix<2>(generator);
    std::array<double, 4> scale{};
    Precession<Matrix<2>>::write(load<2>(axis.data()), scale.data());
    const Precession<Matrix<2>> precession(axis.data(), scale.data(), 0);
    const Matrix<2> before = precession.implicit_step(rho);
    expect_equal(before - flavor::precession(load<2>(axis.data()), before), dense(rho));
    EXPECT_EQ(before[0], rho[0]);
  }
}

TEST(Masses, OfThreeFlavorsAreThoseOfTwoWhereTheThirdIsNotMixed) {
  const Masses masses{.delta_m2 = 0.7, .mixing_angle = 0.4};
  const auto two = load<2>(mass_matrix(masses, 2).data());
  const auto three = load<3>(mass_matrix(masses, 3).data());
  // But for a common mass of the first two.
  for (int c = 1; c < 4; ++c) EXPECT_NEAR(three[c], two[c], rounding);
  for (int c = 4; c < 8; ++c) EXPECT_EQ(three[c], 0.0);
}

TEST(Masses, AreTheEigenvaluesOfTheMatrix) {
  const Masses masses{.delta_m2 = 0.7,
                      .mixing_angle = 0.4,
                      .delta_m2_31 = -2.0,
                      .theta_13 = 0.15,
                      .theta_23 = 0.8,
                      .delta_cp = 1.1};
  const auto values = eigenvalues(load<3>(mass_matrix(masses, 3).data()));
  const double mean = (0.7 - 2.0) / 3.0;
  EXPECT_NEAR(values[0], -2.0 - mean, rounding);
  EXPECT_NEAR(values[1], -mean, rounding);
  EXPECT_NEAR(values[2], 0.7 - mean, rounding);
  // M^2_e,mu = sum_i U_ei m_i^2 conj(U_mu,i) of the usual matrix.
  const Complex i(0.0, 1.0);
  const double c12 = std::cos(0.4), s12 = std::sin(0.4), c13 = std::cos(0.15), s13 = std::sin(0.15);
  const double c23 = std::cos(0.8), s23 = std::sin(0.8);
  const Complex e_mu = 0.7 * s12 * c13 * (c12 * c23 - s12 * s23 * s13 * std::exp(-1.1 * i)) -
                       2.0 * s13 * std::exp(-1.1 * i) * s23 * c13;
  EXPECT_NEAR(std::abs(dense(load<3>(mass_matrix(masses, 3).data())).m[0][1] - e_mu), 0.0,
              rounding);
}

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
Matrix<2> with_eigenvalues(double m, double r, std::mt19937& generator) {
  const Matrix<2> axis = polarization(random_matrix<2>(generator));
  Matrix<2> rho = 2.0 * m * r / polarization_length(axis) * axis;
  rho[0] = 2.0 * m;
  return rho;
}

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
    const Matrix<2> rho = with_eigenvalues(0.3, 0.6, generator), d = random_matrix<2>(generator);
    const double slope =
        slope_of([&](double x) { return flavor::trace(entropy(rho + x * d).value); });
    EXPECT_NEAR(trace_of_product(entropy(rho).derivative, d), slope, slope_tolerance);
    // The matrix has the eigenvectors of rho, and F on them.
    const Matrix<2> value = entropy(rho).value;
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
      const Matrix<2> rho = with_eigenvalues(0.3, r, generator), x = random_matrix<2>(generator),
                      d = random_matrix<2>(generator);
      const Matrix<2> slope = slope_of([&](double by) { return entropy(rho + by * d).value; });
      const Entropy<2> at = entropy(rho);
      EXPECT_NEAR(
          entropy_remainder(at, x, d),
          trace_of_product(at.derivative, jordan_product(x, d)) - trace_of_product(x, slope),
          slope_tolerance / r)
          << r;
      // Nothing for what commutes with rho.
      EXPECT_NEAR(entropy_remainder(at, 0.7 * rho + Matrix<2>{0.4}, d), 0.0, 1e-15);
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
  EXPECT_EQ(entropy(Matrix<2>{0.6}).excess, 0.0);
  EXPECT_EQ(entropy_remainder(entropy(Matrix<2>{}), Matrix<2>{1, 1, 1, 1}, Matrix<2>{1, 1, 1, 1}),
            0.0);
}

TEST(Entropy, OfEigenvaluesOutsideOfOccupationNumbersCountsAsNothing) {
  std::mt19937 generator(4);
  // -0.05 and 0.45: only the second has an entropy.
  const Entropy<2> one = entropy(with_eigenvalues(0.2, 1.25, generator));
  const MixingEntropy high = mixing_entropy(0.45);
  EXPECT_NEAR(one.eigenvalues[0], -0.05, 1e-15);
  EXPECT_NEAR(flavor::trace(one.value), high.value, 1e-14);
  EXPECT_NEAR(one.excess, 0.5 * high.slope - high.value / 0.5, 1e-14);
  // -0.2 and 1.4: neither.
  const Entropy<2> none = entropy(with_eigenvalues(0.6, 4.0 / 3.0, generator));
  EXPECT_EQ(purity(none.value), 0.0);
  EXPECT_EQ(none.excess, 0.0);
  EXPECT_EQ(purity(none.derivative), 0.0);
}

/// A matrix with the eigenvalues and eigenvectors of `vectors`.
Matrix<3> with_eigenvectors(const std::array<double, 3>& values, const Matrix<3>& vectors) {
  const Eigensystem system(testing_support::to_dense(vectors, 3), 3);
  Dense rho;
  for (int r = 0; r < 3; ++r)
    for (int s = 0; s < 3; ++s)
      for (int e = 0; e < 3; ++e)
        rho.m[r][s] += system.vectors.m[r][e] * values[static_cast<std::size_t>(e)] *
                       std::conj(system.vectors.m[s][e]);
  return load<3>(testing_support::to_components(rho, 3).data());
}

TEST(ThreeFlavorEntropy, ChangesByTheTraceOfItsDerivativeAndTheRemainder) {
  std::mt19937 generator(6);
  for (const auto& values : {std::array{0.1, 0.3, 0.7}, std::array{0.28, 0.3, 0.34}})
    for (int n = 0; n < 10; ++n) {
      const auto rho = with_eigenvectors(values, random_matrix<3>(generator));
      const auto d = random_matrix<3>(generator), x = random_matrix<3>(generator);
      const Matrix<3> slope = slope_of([&](double by) { return entropy(rho + by * d).value; });
      const Entropy<3> at = entropy(rho);
      EXPECT_NEAR(trace_of_product(at.derivative, d), flavor::trace(slope), slope_tolerance);
      EXPECT_NEAR(
          entropy_remainder(at, x, d),
          trace_of_product(at.derivative, jordan_product(x, d)) - trace_of_product(x, slope),
          10.0 * slope_tolerance);
      EXPECT_NEAR(entropy_remainder(at, rho, d), 0.0, 1e-14);
      for (std::size_t e = 0; e < 3; ++e) EXPECT_NEAR(at.eigenvalues[e], values[e], 1e-15);
    }
}

TEST(ThreeFlavorEntropy, IsThatOfTwoWithTheThirdEmpty) {
  std::mt19937 generator(7);
  for (int n = 0; n < 20; ++n) {
    const Matrix<2> two = with_eigenvalues(0.3, 0.5, generator);
    const Matrix<2> x = random_matrix<2>(generator), d = random_matrix<2>(generator);
    const auto embedded = [](Matrix<2> a) {
      const Dense dense = testing_support::to_dense(a, 2);
      return load<3>(testing_support::to_components(dense, 3).data());
    };
    const Entropy<3> three = entropy(embedded(two));
    EXPECT_NEAR(flavor::trace(three.value), flavor::trace(entropy(two).value), 1e-14);
    EXPECT_NEAR(entropy_remainder(three, embedded(x), embedded(d)),
                entropy_remainder(entropy(two), x, d), 1e-14);
  }
}

TEST(ThreeFlavorEntropy, OfEqualEigenvaluesHasNoRemainder) {
  const Entropy<3> at = entropy(Matrix<3>{0.9});
  EXPECT_EQ(entropy_remainder(at, Matrix<3>{1, 1, 1, 1}, Matrix<3>{1, 1, 1, 1}), 0.0);
  EXPECT_NEAR(flavor::trace(at.value), 3.0 * mixing_entropy(0.3).value, 1e-15);
}

TEST(Precession, OfThreeFlavorsIsInvertedByItsImplicitStep) {
  std::mt19937 generator(8);
  for (int n = 0; n < 10; ++n) {
    const Matrix<3> axis = polarization(random_matrix<3>(generator));
    const Matrix<3> rho = random_matrix<3>(generator);
    std::vector<double> matrix(81);
    Precession<Matrix<3>>::write(axis, matrix.data());
    const Components axes = to_components(axis);
    const Precession<Matrix<3>> precession(axes.data(), matrix.data(), 0);
    const Matrix<3> before = precession.implicit_step(rho);
    const Matrix<3> error = before - precession.rate(before) - rho;
    EXPECT_LT(purity(error), 1e-28);
    EXPECT_EQ(before[0], rho[0]);
  }
}

/// lambda_a lambda_b = (2/3) delta_ab + (d_abc + i f_abc) lambda_c, and what follows for f and d.
TEST(StructureConstants, AreThoseOfTheGellMannMatrices) {
  const auto lambda = testing_support::generators(3);
  const auto unit_vector = [](int a) {
    Matrix<3> unit{};
    unit[a] = 1.0;
    return unit;
  };
  double f[9][9][9]{}, d[9][9][9]{};
  for (int a = 1; a <= 8; ++a)
    for (int b = 1; b <= 8; ++b) {
      Matrix<3> cross{}, symmetric{};
      add_cross_product(unit_vector(a), unit_vector(b), cross);
      add_symmetric_product(unit_vector(a), unit_vector(b), symmetric);
      Dense expected = Complex(a == b ? 2.0 / 3.0 : 0.0) * testing_support::unit(3);
      for (int c = 1; c <= 8; ++c) {
        f[a][b][c] = cross[c];
        d[a][b][c] = symmetric[c];
        expected += Complex(symmetric[c], cross[c]) * lambda[static_cast<std::size_t>(c - 1)];
      }
      const Dense product =
          lambda[static_cast<std::size_t>(a - 1)] * lambda[static_cast<std::size_t>(b - 1)];
      for (int r = 0; r < 3; ++r)
        for (int s = 0; s < 3; ++s)
          EXPECT_NEAR(std::abs(product.m[r][s] - expected.m[r][s]), 0.0, 1e-15) << a << ", " << b;
    }
  for (int a = 1; a <= 8; ++a)
    for (int b = 1; b <= 8; ++b) {
      double ff = 0.0, dd = 0.0, fd = 0.0;
      for (int c = 1; c <= 8; ++c)
        for (int e = 1; e <= 8; ++e) {
          ff += f[a][c][e] * f[b][c][e];
          dd += d[a][c][e] * d[b][c][e];
          fd += f[a][c][e] * d[b][c][e];
          // Jacobi.
          for (int g = 1; g <= 8; ++g) {
            double sum = 0.0;
            for (int h = 1; h <= 8; ++h)
              sum += f[a][b][h] * f[h][c][g] + f[b][c][h] * f[h][a][g] + f[c][a][h] * f[h][b][g];
            ASSERT_NEAR(sum, 0.0, 1e-15);
          }
        }
      EXPECT_NEAR(ff, a == b ? 3.0 : 0.0, 1e-15);
      EXPECT_NEAR(dd, a == b ? 5.0 / 3.0 : 0.0, 1e-15);
      EXPECT_NEAR(fd, 0.0, 1e-15);
    }
}

TEST(Flavors, UnitOccupationsAndDifferencesFitTogether) {
  for (const int flavors : {2, 3})
    for (const FlavorPair pair : flavor_pairs(flavors))
      for (int a = 0; a < flavors; ++a) {
        const auto unit = unit_occupation(flavors, static_cast<std::size_t>(a));
        EXPECT_NEAR(occupation_difference(unit, pair),
                    a == pair.first    ? 1.0
                    : a == pair.second ? -1.0
                                       : 0.0,
                    1e-15);
      }
}

}  // namespace
}  // namespace nuvlasov::flavor
