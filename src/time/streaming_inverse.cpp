#include "nuvlasov/time/streaming_inverse.hpp"

#include <petscsys.h>

#include <petscblaslapack.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <limits>
#include <numbers>
#include <type_traits>
#include <utility>
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

/// The rows x with x matrix = b for the rows b of `right`, all of `size` numbers; without a
/// solution no numbers, with which an implicit solve fails, as with an infinite step.
std::vector<double> solved(std::vector<double> matrix, std::vector<double> right, Index size) {
  const auto order = static_cast<PetscBLASInt>(size);
  const auto count = static_cast<PetscBLASInt>(static_cast<Index>(right.size()) / size);
  PetscBLASInt info = 0;
  std::vector<PetscBLASInt> pivots(static_cast<std::size_t>(size));
  LAPACKgesv_(&order, &count, matrix.data(), &order, pivots.data(), right.data(), &order, &info);
  if (info != 0) std::fill(right.begin(), right.end(), std::numeric_limits<double>::quiet_NaN());
  return right;
}

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

  /// The weights that leave least of all waves.
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
    solution = solved(std::move(matrix), std::move(solution), rows);
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

/// Rows of the inverse at the first of the two ends of an open axis, of the first `count` planes.
std::vector<Fit> fits_near_end(const phase_space::ZAxis& z, double h_v, Index count, Index reach) {
  const Index size = count + 2 * reach + z.span();
  const auto place = [size](Index j, Index k) { return static_cast<std::size_t>(j * size + k); };
  std::vector<double> step(static_cast<std::size_t>(size * size)), unit = step;
  // Beyond `size`, where nothing of the end is left, vacuum.
  for (Index j = 0; j < size; ++j) {
    unit[place(j, j)] = 1.0;
    step[place(j, j)] += 1.0;
    const phase_space::Stencil row =
        j < z.closure() ? z.stencil(j) : phase_space::central_stencil(z.derivative());
    for (int pair = 0; pair < row.size; ++pair) {
      const auto& [weight, ahead, behind] = row.pairs[static_cast<std::size_t>(pair)];
      if (j + ahead < size) step[place(j, j + ahead)] += h_v * weight;
      if (j + behind < size) step[place(j, j + behind)] -= h_v * weight;
    }
  }
  step[0] += std::max(h_v, 0.0) / z.weight(0);  // inflow
  const std::vector<double> inverse = solved(step, unit, size);
  const std::vector<double> square = solved(step, inverse, size);
  std::vector<Fit> fits;
  for (Index j = 0; j < count; ++j) {
    Fit& fit = fits.emplace_back();
    for (Index k = j - reach; k <= j + reach; ++k) {
      const double g = k < 0 ? 0.0 : inverse[place(j, k)];
      fit.inverse.push_back(g);
      fit.change.push_back(k < 0 ? 0.0 : square[place(j, k)] - g);
    }
  }
  return fits;
}

}  // namespace

StreamingInverse::StreamingInverse(const phase_space::ZAxis& z, double h,
                                   const std::vector<double>& speeds, int components)
    : row_(static_cast<Index>(speeds.size()) * components), last_(z.cells() - 1) {
  const auto slower = [](double a, double b) { return std::abs(a) < std::abs(b); };
  const WavesOfDirection fastest(z.derivative(),
                                 h * *std::max_element(speeds.begin(), speeds.end(), slower));
  while (reach_ < max_reach && fastest.error(fastest.fit(reach_)) > largest_error) ++reach_;
  if (!z.periodic() && reach_ > 0) near_ends_ = z.closure() + reach_;
  const Index planes = 2 * reach_ + 1;
  for (auto* weights : {&weights_, &changes_})
    weights->resize(static_cast<std::size_t>((1 + 2 * near_ends_) * planes * row_));
  for (std::size_t k = 0; k < speeds.size(); ++k) {
    const auto write = [&](Index row, const Fit& fit, bool mirrored) {
      for (Index m = 0; m < planes; ++m) {
        const Index from = mirrored ? planes - 1 - m : m;
        const Index to = (row * planes + m) * row_ + static_cast<Index>(k) * components;
        std::fill_n(weights_.begin() + to, components, fit.inverse[from]);
        std::fill_n(changes_.begin() + to, components, fit.change[from]);
      }
    };
    const double h_v = h * speeds[k];
    write(0, WavesOfDirection(z.derivative(), std::abs(h_v)).fit(reach_), h_v < 0.0);
    if (near_ends_ == 0) continue;
    const auto first = fits_near_end(z, h_v, near_ends_, reach_);
    const auto last = fits_near_end(z, -h_v, near_ends_, reach_);
    for (Index j = 0; j < near_ends_; ++j) {
      write(1 + j, first[j], false);
      write(1 + near_ends_ + j, last[j], true);
    }
  }
}

}  // namespace nuvlasov::time
