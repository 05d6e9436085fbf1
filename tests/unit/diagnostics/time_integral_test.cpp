// The rule that integrates over the rows of the history.
#include "nuvlasov/diagnostics/time_integral.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace nuvlasov::diagnostics {
namespace {

/// Times from 0 to 1 with spacings of up to a factor of three, the same pattern at any number.
std::vector<double> uneven_times(int intervals) {
  std::vector<double> times{0.0};
  double sum = 0.0;
  for (int n = 0; n < intervals; ++n) times.push_back(sum += 1.0 + 0.5 * std::sin(2.4 * n));
  for (double& time : times) time /= sum;
  return times;
}

TEST(TimeIntegral, IsExactForCubicsAtUnevenTimes) {
  TimeIntegral integral;
  EXPECT_EQ(integral.value(), 0.0);
  int rows = 0;
  for (const double t : uneven_times(17)) {
    // A polynomial through n points has degree n - 1: the first rows are exact for lower degrees.
    integral.add(t, 1.0 - 2.0 * t + 3.0 * t * t - 4.0 * t * t * t);
    if (++rows < 4) continue;
    EXPECT_NEAR(integral.value(), t - t * t + t * t * t - t * t * t * t, 1e-15);
  }
}

TEST(TimeIntegral, ConvergesAtFourthOrderInTheSpacingOfTheRows) {
  const auto error = [](int intervals) {
    TimeIntegral integral;
    for (const double t : uneven_times(intervals)) integral.add(t, std::exp(4.0 * t));
    return std::abs(integral.value() - std::expm1(4.0) / 4.0);
  };
  for (const int intervals : {40, 80}) {
    const double order = std::log2(error(intervals) / error(2 * intervals));
    std::printf("%d intervals: error %.2e, order %.2f\n", 2 * intervals, error(2 * intervals),
                order);
    EXPECT_NEAR(order, 4.0, 0.5);
  }
}

TEST(TimeIntegral, OfTheFirstRowsIsThatOfOnePolynomial) {
  // Trapezoid, Simpson, three-eighths.
  TimeIntegral integral;
  const double f[] = {2.0, -1.0, 4.0, 0.5};
  integral.add(0.0, f[0]);
  integral.add(1.0, f[1]);
  EXPECT_NEAR(integral.value(), (f[0] + f[1]) / 2, 1e-15);
  integral.add(2.0, f[2]);
  EXPECT_NEAR(integral.value(), (f[0] + 4 * f[1] + f[2]) / 3, 1e-14);
  integral.add(3.0, f[3]);
  EXPECT_NEAR(integral.value(), 3 * (f[0] + 3 * f[1] + 3 * f[2] + f[3]) / 8, 1e-14);
}

TEST(TimeIntegral, GoesOnFromACopyAsIfItWereTheSame) {
  const auto times = uneven_times(12);
  for (std::size_t stop = 0; stop < times.size(); ++stop) {
    TimeIntegral whole, first;
    for (std::size_t n = 0; n < stop; ++n) first.add(times[n], std::exp(times[n]));
    TimeIntegral second = first;
    for (std::size_t n = stop; n < times.size(); ++n) second.add(times[n], std::exp(times[n]));
    for (const double t : times) whole.add(t, std::exp(t));
    EXPECT_EQ(second.value(), whole.value());
  }
}

TEST(TimeIntegral, TakesEachTimeOnceAndIsNotUpsetByTimesThatNearlyMeet) {
  TimeIntegral integral;
  std::mt19937 generator(1);
  std::uniform_real_distribution<double> rounding(-1e-16, 1e-16);
  for (int n = 0; n <= 100; ++n)
    for (const double after : {0.0, 0.0, 1e-13, 1e-9}) {
      const double t = 0.01 * n + after;
      integral.add(t, std::cos(t) * (1.0 + rounding(generator)));
    }
  // Each interval by the trapezoid at worst, a step of 0.01: h^2/12.
  EXPECT_NEAR(integral.value(), std::sin(1.0), 1e-5);
}

}  // namespace
}  // namespace nuvlasov::diagnostics
