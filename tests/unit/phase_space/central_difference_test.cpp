// The central difference: exact on polynomials, of the stated order.
#include "nuvlasov/phase_space/central_difference.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace nuvlasov::phase_space {
namespace {

class Difference : public testing::TestWithParam<int> {};

TEST_P(Difference, IsExactOnPolynomialsUpToItsOrder) {
  const double spacing = 0.7, x = 0.3;
  const CentralDifference d(GetParam(), spacing);
  for (int power = 0; power <= GetParam(); ++power) {
    double sum = 0.0;
    for (int m = 1; m <= d.reach(); ++m)
      sum += d.weight(m) * (std::pow(x + m * spacing, power) - std::pow(x - m * spacing, power));
    const double exact = power == 0 ? 0.0 : power * std::pow(x, power - 1);
    EXPECT_NEAR(sum, exact, 1e-12 * std::pow(4.0, power));
  }
}

TEST_P(Difference, ModifiedWaveNumberConvergesWithItsOrder) {
  const double k = 1.0;
  const auto error = [&](double spacing) {
    return std::abs(CentralDifference(GetParam(), spacing).modified_wave_number(k) - k);
  };
  EXPECT_NEAR(std::log2(error(0.4) / error(0.2)), GetParam(), 0.1);
}

TEST_P(Difference, LargestWaveNumberIsTheMaximumOfItsSymbol) {
  const CentralDifference d(GetParam(), 0.5);
  double largest = 0.0;
  for (int n = 0; n <= 100000; ++n)
    largest = std::max(largest, d.modified_wave_number(n * 1e-5 * 3.14159265358979 / 0.5));
  EXPECT_NEAR(d.largest_wave_number(), largest, 1e-8);
  EXPECT_GE(d.largest_wave_number(), largest * (1.0 - 1e-14));
}

INSTANTIATE_TEST_SUITE_P(Orders, Difference, testing::Values(2, 4, 6, 8));

TEST(DifferenceOrder, OthersAreRefused) {
  for (const int order : {0, 1, 3, 10})
    EXPECT_THROW(CentralDifference(order, 1.0), std::invalid_argument);
}

}  // namespace
}  // namespace nuvlasov::phase_space
