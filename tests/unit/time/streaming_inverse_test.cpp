// The inverse of an implicit step of streaming on waves.
#include "nuvlasov/time/streaming_inverse.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>

#include "nuvlasov/flavor/density_matrix.hpp"

namespace nuvlasov::time {
namespace {

constexpr double spacing = 0.1;

struct Step {
  int order;
  double h;
};

class Waves : public testing::TestWithParam<Step> {};

TEST_P(Waves, AreDividedByOnePlusIhvk) {
  const phase_space::CentralDifference derivative(GetParam().order, spacing);
  const std::vector<double> speeds{-1.0, 0.0, 0.3, 1.0};
  const StreamingInverse inverse(derivative, GetParam().h, speeds, flavor::components(2));
  for (std::size_t k = 0; k < speeds.size(); ++k)
    for (int n = 0; n <= 64; ++n) {
      const double theta = std::numbers::pi * n / 64;
      std::complex<double> sum = 0.0;
      for (Index m = -inverse.reach(); m <= inverse.reach(); ++m)
        sum += inverse.weights(m)[k * flavor::components(2)] *
               std::polar(1.0, static_cast<double>(m) * theta);
      const double q = GetParam().h * speeds[k] * derivative.modified_wave_number(theta / spacing);
      const double error = std::abs(1.0 - std::complex<double>(1.0, q) * sum);
      EXPECT_LE(error, (n < 8 ? 0.2 : 1.0) * StreamingInverse::largest_error)
          << "v " << speeds[k] << ", theta " << theta;
    }
}

TEST_P(Waves, ThatAreConstantsStayToRounding) {
  const StreamingInverse inverse({GetParam().order, spacing}, GetParam().h, {-1.0, 0.5},
                                 flavor::components(2));
  for (const Index at : {0, 7}) {
    double sum = 0.0;
    for (Index m = -inverse.reach(); m <= inverse.reach(); ++m) sum += inverse.weights(m)[at];
    EXPECT_NEAR(sum, 1.0, 1e-14);
  }
}

// The explicit limit of order 6 is h = 0.89 spacing.
INSTANTIATE_TEST_SUITE_P(Steps, Waves,
                         testing::Values(Step{2, 0.05}, Step{4, 0.05}, Step{6, 0.001},
                                         Step{6, 0.025}, Step{6, 0.089}, Step{8, 0.14}));

TEST(StreamingInverse, IsTheIdentityWhereNothingStreams) {
  const StreamingInverse inverse({6, spacing}, 0.0, {-1.0, 1.0}, flavor::components(2));
  EXPECT_EQ(inverse.reach(), 0);
  EXPECT_NEAR(*inverse.weights(0), 1.0, 1e-14);
}

TEST(StreamingInverse, GoesTheSameWayForOppositeBeams) {
  const StreamingInverse inverse({6, spacing}, 0.089, {-1.0, 1.0}, flavor::components(2));
  for (Index m = -inverse.reach(); m <= inverse.reach(); ++m)
    EXPECT_NEAR(inverse.weights(m)[0], inverse.weights(-m)[flavor::components(2)], 1e-14);
  // What arrives comes from behind.
  EXPECT_GT(inverse.weights(-1)[flavor::components(2)], inverse.weights(1)[flavor::components(2)]);
}

}  // namespace
}  // namespace nuvlasov::time
