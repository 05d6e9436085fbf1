// The inverse of an implicit step of streaming on waves.
#include "nuvlasov/time/streaming_inverse.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>
#include <random>

#include "nuvlasov/flavor/density_matrix.hpp"

namespace nuvlasov::time {
namespace {

constexpr double spacing = 0.1;

constexpr Index cells = 120;

phase_space::ZAxis axis(int order) { return {spacing * cells, cells, order}; }

struct Step {
  int order;
  double h;
};

class Waves : public testing::TestWithParam<Step> {};

TEST_P(Waves, AreDividedByOnePlusIhvk) {
  const phase_space::ZAxis z = axis(GetParam().order);
  const std::vector<double> speeds{-1.0, 0.0, 0.3, 1.0};
  const StreamingInverse inverse(z, GetParam().h, speeds, flavor::components(2));
  for (std::size_t k = 0; k < speeds.size(); ++k)
    for (int n = 0; n <= 64; ++n) {
      const double theta = std::numbers::pi * n / 64;
      std::complex<double> sum = 0.0;
      for (Index m = -inverse.reach(); m <= inverse.reach(); ++m)
        sum += inverse.weights(0, m)[k * flavor::components(2)] *
               std::polar(1.0, static_cast<double>(m) * theta);
      const double q =
          GetParam().h * speeds[k] * z.derivative().modified_wave_number(theta / spacing);
      const double error = std::abs(1.0 - std::complex<double>(1.0, q) * sum);
      EXPECT_LE(error, (n < 8 ? 0.2 : 1.0) * StreamingInverse::largest_error)
          << "v " << speeds[k] << ", theta " << theta;
    }
}

TEST_P(Waves, ThatAreConstantsStayToRounding) {
  const StreamingInverse inverse(axis(GetParam().order), GetParam().h, {-1.0, 0.5},
                                 flavor::components(2));
  for (const Index at : {0, 7}) {
    double sum = 0.0;
    for (Index m = -inverse.reach(); m <= inverse.reach(); ++m) sum += inverse.weights(0, m)[at];
    EXPECT_NEAR(sum, 1.0, 1e-14);
  }
}

// The explicit limit of order 6 is h = 0.89 spacing.
INSTANTIATE_TEST_SUITE_P(Steps, Waves,
                         testing::Values(Step{2, 0.05}, Step{4, 0.05}, Step{6, 0.001},
                                         Step{6, 0.025}, Step{6, 0.089}, Step{8, 0.15}));

class OpenEnds : public testing::TestWithParam<Step> {};

TEST_P(OpenEnds, AreInvertedWithTheInflow) {
  const phase_space::ZAxis z(spacing * (cells - 1), cells, GetParam().order,
                             phase_space::Boundaries::open);
  const std::vector<double> speeds{-1.0, 0.3, 1.0};
  const StreamingInverse inverse(z, GetParam().h, speeds, 1);
  std::mt19937 generator(1);
  std::uniform_real_distribution<double> uniform(-1.0, 1.0);
  std::vector<double> f(cells);
  for (double& value : f) value = uniform(generator);
  for (std::size_t k = 0; k < speeds.size(); ++k) {
    const double h_v = GetParam().h * speeds[k];
    // (1 + h v D_z + inflow) f, and the same once more.
    const auto stepped = [&](const std::vector<double>& from) {
      std::vector<double> result = from;
      for (Index j = 0; j < cells; ++j)
        result[j] += h_v * z.stencil(j).apply([&](int m) { return from[j + m]; });
      const Index enters = h_v > 0.0 ? 0 : cells - 1;
      result[enters] += std::abs(h_v) / z.weight(0) * from[enters];
      return result;
    };
    const auto once = stepped(f), twice = stepped(once);
    for (Index j = 0; j < cells; ++j) {
      double by_inverse = 0.0, by_change = 0.0;
      for (Index m = -inverse.reach(); m <= inverse.reach(); ++m)
        if (j + m >= 0 && j + m < cells) {
          by_inverse += inverse.weights(j, m)[k] * once[j + m];
          by_change += inverse.changes(j, m)[k] * twice[j + m];
        }
      // Noise, the worst case; as good at the ends as inside.
      EXPECT_NEAR(by_inverse, f[j], 0.01) << "plane " << j << ", v " << speeds[k];
      EXPECT_NEAR(by_change, f[j] - once[j], 0.1) << "plane " << j << ", v " << speeds[k];
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Steps, OpenEnds,
                         testing::Values(Step{2, 0.05}, Step{4, 0.05}, Step{6, 0.025},
                                         Step{6, 0.089}));

TEST(StreamingInverse, IsTheIdentityWhereNothingStreams) {
  const StreamingInverse inverse(axis(6), 0.0, {-1.0, 1.0}, flavor::components(2));
  EXPECT_EQ(inverse.reach(), 0);
  EXPECT_NEAR(*inverse.weights(0, 0), 1.0, 1e-14);
}

TEST(StreamingInverse, GoesTheSameWayForOppositeBeams) {
  const StreamingInverse inverse(axis(6), 0.089, {-1.0, 1.0}, flavor::components(2));
  for (Index m = -inverse.reach(); m <= inverse.reach(); ++m)
    EXPECT_NEAR(inverse.weights(0, m)[0], inverse.weights(0, -m)[flavor::components(2)], 1e-15);
  // What arrives comes from behind.
  EXPECT_GT(inverse.weights(0, -1)[flavor::components(2)],
            inverse.weights(0, 1)[flavor::components(2)]);
}

}  // namespace
}  // namespace nuvlasov::time
