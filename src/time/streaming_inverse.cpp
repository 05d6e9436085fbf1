#include "nuvlasov/time/streaming_inverse.hpp"

#include <petscsys.h>

#include <petscblaslapack.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>
#include <stdexcept>
#include <type_traits>
#include <vector>

namespace nuvlasov::time {
namespace {

/// Waves that are fitted, in equal steps.
constexpr int waves = 256;

/// Waves count by 1/(longer + sin^2(theta/2)): what is resolved well is to be made well.
constexpr double longer = 0.03;

static_assert(std::is_same_v<PetscScalar, double>, "LAPACKgesv_ must be dgesv");

/// g_m and h_m, -reach <= m <= reach.
struct Fit {
  std::vector<double> inverse, change;
};

/// What D_z makes of waves. \param h_v  h v
class WavesOfDirection {
 public:
  WavesOfDirection(const phase_space::CentralDifference& derivative, double h_v) {
    for (int n = 0; n < waves; ++n) {
      const double theta = 2.0 * std::numbers::pi * n / waves, s = std::sin(0.5 * theta);
      double slope = 0.0;
      for (int m = 1; m <= derivative.reach(); ++m)
        slope += 2.0 * derivative.weight(m) * std::sin(m * theta);
      step_[n] = {1.0, h_v * slope};
      weight_[n] = std::norm(step_[n]) / (waves * (longer + s * s));
    }
  }

  Fit fit(Index reach) const {
    const Index size = 2 * reach + 1, rows = size + 1;
    std::vector<double> of_distance;
    for (Index m = 0; m < size; ++m) of_distance.push_back(mean([](int) { return 1.0; }, m));
    // Of the least squares, and with a Lagrange multiplier of the sums, which are 1 and 0.
    std::vector<double> matrix(static_cast<std::size_t>(rows * rows), 1.0);
    std::vector<double> solution(static_cast<std::size_t>(2 * rows));
    for (Index l = 0; l < size; ++l) {
      for (Index m = 0; m < size; ++m) matrix[l * rows + m] = of_distance[std::abs(l - m)];
      solution[l] = mean([&](int n) { return 1.0 / step_[n]; }, l - reach);
      solution[rows + l] =
          mean([&](int n) { return (1.0 / step_[n] - 1.0) / step_[n]; }, l - reach);
    }
    matrix.back() = 0.0;
    solution[size] = 1.0;
    solution.back() = 0.0;
    const auto order = static_cast<PetscBLASInt>(rows);
    const PetscBLASInt two = 2;
    PetscBLASInt info = 0;
    std::vector<PetscBLASInt> pivots(static_cast<std::size_t>(rows));
    LAPACKgesv_(&order, &two, matrix.data(), &order, pivots.data(), solution.data(), &order, &info);
    if (info != 0) throw std::runtime_error("the inverse of a streaming step cannot be fitted");
    const auto second = solution.begin() + rows;
    return {{solution.begin(), solution.begin() + size}, {second, second + size}};
  }

  /// Largest |1 - (1 + i h v k) g| of all waves.
  double error(const Fit& fit) const {
    const auto size = static_cast<Index>(fit.inverse.size());
    double largest = 0.0;
    for (int n = 0; n < waves; ++n) {
      std::complex<double> sum = 0.0;
      for (Index m = 0; m < size; ++m) sum += fit.inverse[m] * wave(n, m - size / 2);
      largest = std::max(largest, std::abs(1.0 - step_[n] * sum));
    }
    return largest;
  }

 private:
  /// exp(i m theta)
  static std::complex<double> wave(int n, Index m) {
    return std::polar(1.0, 2.0 * std::numbers::pi * static_cast<double>(n * m % waves) / waves);
  }
  /// Of value_of(n) exp(-i m theta), weighted.
  template <class ValueOf>
  double mean(ValueOf&& value_of, Index m) const {
    double sum = 0.0;
    for (int n = 0; n < waves; ++n) sum += weight_[n] * (value_of(n) * wave(n, -m)).real();
    return sum;
  }

  std::array<std::complex<double>, waves> step_{};  ///< 1 + i h v k
  std::array<double, waves> weight_{};
};

}  // namespace

StreamingInverse::StreamingInverse(const phase_space::CentralDifference& derivative, double h,
                                   const std::vector<double>& speeds, int components)
    : row_(static_cast<Index>(speeds.size()) * components) {
  const auto slower = [](double a, double b) { return std::abs(a) < std::abs(b); };
  const WavesOfDirection fastest(derivative,
                                 h * *std::max_element(speeds.begin(), speeds.end(), slower));
  while (reach_ < max_reach && fastest.error(fastest.fit(reach_)) > largest_error) ++reach_;
  for (auto* weights : {&weights_, &changes_})
    weights->resize(static_cast<std::size_t>((2 * reach_ + 1) * row_));
  for (std::size_t k = 0; k < speeds.size(); ++k) {
    const Fit fit = WavesOfDirection(derivative, h * speeds[k]).fit(reach_);
    for (Index m = 0; m <= 2 * reach_; ++m) {
      const Index at = m * row_ + static_cast<Index>(k) * components;
      std::fill_n(weights_.begin() + at, components, fit.inverse[m]);
      std::fill_n(changes_.begin() + at, components, fit.change[m]);
    }
  }
}

}  // namespace nuvlasov::time
