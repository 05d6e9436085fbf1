#include "nuvlasov/phase_space/momentum_gradient.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>

namespace nuvlasov::phase_space {
namespace {

using flavor::load_lanes;
using flavor::store_lanes;

constexpr Index lanes = Lines::lanes;

/// Components that a matrix multiplies at once: the more, the fewer times it is read.
constexpr int most_together = 8;

/// result_rk = sum_l matrix_lk values_rl for several r at once, the values of each r `step` numbers
/// after those of the last, k running over `width` columns, whole registers of them. Writes [r][k].
template <int count>
void multiply(const double* matrix, Index rows, Index width, const double* values, Index step,
              double* result) {
  const auto write_columns = [&](Index first, auto together) {
    constexpr int registers = decltype(together)::value;
    struct {
      flavor::Lanes at[count * registers];
    } total{};
    for (Index l = 0; l < rows; ++l) {
      const double* const row = matrix + l * width + first;
      flavor::unrolled<registers>([&](auto k) {
        const flavor::Lanes column = load_lanes(row + k * lanes);
        flavor::unrolled<count>(
            [&](auto r) { total.at[r * registers + k] += values[r * step + l] * column; });
      });
    }
    flavor::unrolled<count>([&](auto r) {
      flavor::unrolled<registers>([&](auto k) {
        store_lanes(result + r * width + first + k * lanes, total.at[r * registers + k]);
      });
    });
  };
  // As many sums as there are registers for, beside what they are made of.
  constexpr int most = 16 / count < 4 ? 16 / count : 4;
  Index k = 0;
  for (; k + most * lanes <= width; k += most * lanes)
    write_columns(k, std::integral_constant<int, most>{});
  for (; k < width; k += lanes) write_columns(k, std::integral_constant<int, 1>{});
}

/// Whether S with the order of the directions reversed is -S, to the last bit.
bool is_odd(const std::vector<double>& matrix) {
  for (std::size_t n = 0; n < matrix.size(); ++n)
    if (matrix[n] != -matrix[matrix.size() - 1 - n]) return false;
  return true;
}

}  // namespace

double energy_coefficient(const MomentumGrid& grid, Index i, int m) {
  if (m == 0) return 0.0;
  const double weight = (m > 0 ? 1.0 : -1.0) * grid.energy_derivative().weight(std::abs(m));
  if (grid.geometry() == Geometry::beams) return weight;
  const double ratio = grid.energy(i + m) / grid.energy(i);
  return 0.5 * weight * (1.0 + ratio * ratio);
}

MomentumGradient::MomentumGradient(const MomentumGrid& grid, const Lines& lines, const Box& seen)
    : derivative_(grid.energy_derivative()),
      lines_(lines),
      spectral_radius_(grid.largest_speed() * derivative_.largest_wave_number()) {
  const bool spherical = grid.geometry() == Geometry::spherical;
  const std::vector<double> directions = owned(grid.directions(), seen.angle);
  while (!spherical && static_cast<Index>(speeds_.size()) < lines.energy_step() + most)
    for (const double v : directions)
      speeds_.insert(speeds_.end(), static_cast<std::size_t>(grid.components()), v);
  const int reach = derivative_.reach();
  for (Index line = 0; line < lines.count(); ++line)
    for (int m = -reach; m <= reach; ++m) {
      const bool beyond = spherical && (line + m < 0 || line + m >= lines.count());
      stencil_.push_back(beyond ? 0.0 : energy_coefficient(grid, seen.energy.begin + line, m));
    }
  if (!spherical) return;
  add_angular_matrix(grid, seen.angle);
}

void MomentumGradient::add_angular_matrix(const MomentumGrid& grid, Range angles) {
  const std::vector<double> matrix = angular_matrix(grid);
  const Index n = grid.angles();
  const auto coefficient = [&](Index k, Index l) {
    return matrix[static_cast<std::size_t>(k * n + l)];
  };
  double largest_row = 0.0;
  for (Index k = 0; k < n; ++k) {
    double sum = 0.0;
    for (Index l = 0; l < n; ++l) sum += std::abs(coefficient(k, l));
    largest_row = std::max(largest_row, sum);
  }
  spectral_radius_ += largest_row / grid.energy(0);
  if (grid.angular_operator() == AngularOperator::sn) {
    neighbours_ = AngularNeighbours(
        lines_, angles, n, [&](Index k) { return coefficient(k, k - 1); },
        [&](Index k) { return coefficient(k, k + 1); });
    return;
  }
  const Index half = n / 2, width = lines_.blocks() * lanes;
  by_parity_ = n % (2 * lanes) == 0 && is_odd(matrix);
  if (by_parity_) {
    // On the even and on the odd part of f, each given on the first half of the directions.
    for (const double sign : {1.0, -1.0})
      for (Index lane = 0; lane < half; ++lane)
        for (Index to = 0; to < half; ++to) {
          const Index l = Lines::in_order(lane), k = Lines::in_order(to);
          dense_.push_back(0.5 * (coefficient(k, l) + sign * coefficient(k, n - 1 - l)));
        }
  } else {
    dense_.resize(static_cast<std::size_t>(width * width), 0.0);
    for (Index l = 0; l < n; ++l)
      for (Index k = 0; k < n; ++k)
        dense_[static_cast<std::size_t>(Lines::in_order(l) * width + Lines::in_order(k))] =
            coefficient(k, l);
  }
  work_.resize(static_cast<std::size_t>(Index{2} * most_together * width));
}

void MomentumGradient::add_along_energy(const PlaneInVacuum& f, Index begin, Index end,
                                        const double* before, double* sum) const {
  with_static_reach(derivative_.reach(),
                    [&](auto reach) { add_energy_part<reach>(f, begin, end, before, sum); });
}

void MomentumGradient::write_along_angle(const double* f, Index lines, double* result) const {
  const Index step = lines_.component_step(), all = lines * lines_.components();
  Index c = 0;
  const auto write = [&](auto count) {
    for (; c + count <= all; c += count)
      write_spectral_part<count>(f + c * step, result + c * step);
  };
  write(std::integral_constant<int, most_together>{});
  write(std::integral_constant<int, 4>{});
  write(std::integral_constant<int, 1>{});
}

template <int reach>
void MomentumGradient::add_energy_part(const PlaneInVacuum& f, Index begin, Index end,
                                       const double* before, double* sum) const {
  const double* const row = energy_row(0, reach);
  std::array<const double*, reach> ahead{}, behind{};
  for (int m = 1; m <= reach; ++m) {
    ahead[m - 1] = f.numbers(m) + begin;
    behind[m - 1] = f.numbers(-m) + begin;
  }
  const double* const speeds = speeds_.data() + begin % lines_.energy_step();
  before += begin;
  sum += begin;
  const auto add_at = [&](Index at, auto load) {
    auto difference = row[1] * load(ahead[0] + at) + row[-1] * load(behind[0] + at);
    for (int m = 2; m <= reach; ++m)
      difference += row[m] * load(ahead[m - 1] + at) + row[-m] * load(behind[m - 1] + at);
    return load(before + at) + load(speeds + at) * difference;
  };
  const Index size = end - begin;
  Index at = 0;
  for (; at + lanes <= size; at += lanes) store_lanes(sum + at, add_at(at, load_lanes));
  for (; at < size; ++at) sum[at] = add_at(at, [](const double* number) { return *number; });
}

template <int count>
void MomentumGradient::write_spectral_part(const double* f, double* target) const {
  const Index n = lines_.nodes(), width = lines_.blocks() * lanes;
  if (!by_parity_) {
    multiply<count>(dense_.data(), width, width, f, width, target);
    return;
  }
  double* const result = work_.data() + count * width;
  const Index half = n / 2;
  double* const even = work_.data();  // [r][first half of the directions], and odd
  double* const odd = even + count * half;
  const double* const mirrored = f + n - lanes;
  for (Index at = 0; at < half; at += lanes)
    for (int r = 0; r < count; ++r) {
      const flavor::Lanes here = load_lanes(f + r * n + at);
      const flavor::Lanes there = flavor::reversed(load_lanes(mirrored + r * n - at));
      store_lanes(even + r * half + at, here + there);
      store_lanes(odd + r * half + at, here - there);
    }
  multiply<count>(dense_.data(), half, half, even, half, result);
  multiply<count>(dense_.data() + half * half, half, half, odd, half, result + count * half);
  for (Index at = 0; at < half; at += lanes)
    for (int r = 0; r < count; ++r) {
      const flavor::Lanes from_even = load_lanes(result + r * half + at);
      const flavor::Lanes from_odd = load_lanes(result + (count + r) * half + at);
      double* const first = target + r * n + at;
      double* const last = target + r * n + n - lanes - at;
      store_lanes(first, from_odd + from_even);
      store_lanes(last, flavor::reversed(from_odd - from_even));
    }
}

}  // namespace nuvlasov::phase_space
