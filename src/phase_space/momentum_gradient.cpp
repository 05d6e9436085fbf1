#include "nuvlasov/phase_space/momentum_gradient.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "nuvlasov/phase_space/rows.hpp"

namespace nuvlasov::phase_space {
namespace {

using flavor::MatrixPair;

/// Writes result_r = sum_l matrix_rl values_l for a square matrix of `size` rows.
void multiply(const double* matrix, Index size, const double* values, double* result) {
  constexpr Index wide = Index{2} * flavor::components;
  // Several rows together, to load each value once for all of them.
  const auto multiply_rows = [&](Index first, auto count) {
    constexpr Index rows = decltype(count)::value;
    const double* coefficients = matrix + first * size;
    std::array<MatrixPair, rows> total{};
    for (Index l = 0; l < size; ++l) {
      const auto value = flavor::load<MatrixPair>(values + l * wide);
      for (Index r = 0; r < rows; ++r) total[r] += coefficients[r * size + l] * value;
    }
    for (Index r = 0; r < rows; ++r) flavor::store(result + (first + r) * wide, total[r]);
  };
  constexpr Index together = 8;
  Index k = 0;
  for (; k + together <= size; k += together)
    multiply_rows(k, std::integral_constant<Index, together>{});
  for (; k < size; ++k) multiply_rows(k, std::integral_constant<Index, 1>{});
}

/// Whether S with the order of the directions reversed is -S, to the last bit.
bool is_odd(const std::vector<double>& matrix) {
  for (std::size_t n = 0; n < matrix.size(); ++n)
    if (matrix[n] != -matrix[matrix.size() - 1 - n]) return false;
  return true;
}

}  // namespace

MomentumGradient::MomentumGradient(const MomentumGrid& grid, Range energies, Range angles)
    : derivative_(grid.energy_derivative()),
      energies_(energies.size),
      vacuum_(static_cast<std::size_t>(angles.size * flavor::components), 0.0),
      spectral_radius_(grid.largest_speed() * derivative_.largest_wave_number()) {
  for (const double v : owned(grid.directions(), angles))
    speeds_.insert(speeds_.end(), flavor::components, v);
  const bool spherical = grid.geometry() == Geometry::spherical;
  const int reach = derivative_.reach();
  for (Index i = energies.begin; i < energies.end(); ++i)
    for (int m = -reach; m <= reach; ++m) {
      const double weight = m == 0 ? 0.0 : (m > 0 ? 1.0 : -1.0) * derivative_.weight(std::abs(m));
      // The mean of D_E f and E^-2 D_E(E^2 f).
      const double ratio = spherical ? grid.energy(i + m) / grid.energy(i) : 1.0;
      stencil_.push_back(weight * 0.5 * (1.0 + ratio * ratio));
    }
  if (!spherical) return;
  add_angular_matrix(grid, angles);
  inverse_energy_ = inverse_energies(grid, energies);
}

void MomentumGradient::add_angular_matrix(const MomentumGrid& grid, Range angles) {
  const std::vector<double> matrix = angular_matrix(grid);
  const auto n = static_cast<std::size_t>(grid.angles());
  double largest_row = 0.0;
  for (std::size_t k = 0; k < n; ++k) {
    double sum = 0.0;
    for (std::size_t l = 0; l < n; ++l) sum += std::abs(matrix[k * n + l]);
    largest_row = std::max(largest_row, sum);
  }
  spectral_radius_ += largest_row / grid.energy(0);
  if (grid.angular_operator() == AngularOperator::sn) {
    const auto coefficient = [&](Index k, Index l) {
      return matrix[static_cast<std::size_t>(k) * n + static_cast<std::size_t>(l)];
    };
    neighbours_ = AngularNeighbours(
        angles, grid.angles(), [&](Index k) { return coefficient(k, k - 1); },
        [&](Index k) { return coefficient(k, k + 1); });
    return;
  }
  by_parity_ = n % 2 == 0 && is_odd(matrix);
  if (by_parity_) {
    // On the even and on the odd part of f, each given on the first half of the directions.
    for (const double sign : {1.0, -1.0})
      for (std::size_t k = 0; k < n / 2; ++k)
        for (std::size_t l = 0; l < n / 2; ++l)
          dense_.push_back(0.5 * (matrix[k * n + l] + sign * matrix[k * n + n - 1 - l]));
  } else {
    dense_ = matrix;
  }
  work_.resize(4 * n * flavor::components);
}

void MomentumGradient::add(const PlaneView& f, double* sum) const {
  add_energy_part(f, sum);
  if (!dense_.empty()) add_spectral_part(f, sum);
  if (neighbours_.empty()) return;
  const auto row = static_cast<Index>(speeds_.size());
  for (Index i = 0; i < energies_; ++i)
    neighbours_.add(f.first_owned + i * f.energy_stride,
                    inverse_energy_[static_cast<std::size_t>(i)], sum + i * row);
}

void MomentumGradient::add_energy_part(const PlaneView& f, double* sum) const {
  const auto row = static_cast<Index>(speeds_.size());
  const Index stride = f.energy_stride;
  const double* const first = f.first_owned;
  const double* const stencils = stencil_.data();
  const double* const speeds = speeds_.data();
  with_static_reach(derivative_.reach(), [&](auto static_reach) {
    constexpr int reach = static_reach;
    constexpr int width = 2 * reach + 1;
    const auto add_at = [&](Index i, Index at, auto speed, auto&& line) {
      using Matrices = decltype(speed);
      const double* stencil = stencils + i * width;
      Matrices slope{};
      for (int m = 1; m <= reach; ++m)
        slope += stencil[reach + m] * flavor::load<Matrices>(line(m) + at) +
                 stencil[reach - m] * flavor::load<Matrices>(line(-m) + at);
      flavor::add_to(sum + i * row + at, speed * slope);
    };
    // Energies whose neighbours are all in memory, and those beyond which there is vacuum.
    const Index inner_begin = std::clamp<Index>(f.energies.begin + reach, 0, energies_);
    const Index inner_end = std::clamp<Index>(f.energies.end() - reach, inner_begin, energies_);
    const auto add_edge = [&](Index i, Index at, auto speed) {
      add_at(i, at, speed, [&](int m) {
        const bool seen = i + m >= f.energies.begin && i + m < f.energies.end();
        return seen ? first + (i + m) * stride : vacuum_.data();
      });
    };
    const auto add_inner = [&](Index i, Index at, auto speed) {
      add_at(i, at, speed, [&](int m) { return first + (i + m) * stride; });
    };
    for_each_in_plane(row, energies_, [&](Index at, auto node, auto&& for_energies) {
      const auto speed = flavor::load<decltype(node)>(speeds + at);
      for_energies(0, inner_begin, [&](Index i) { add_edge(i, at, speed); });
      for_energies(inner_begin, inner_end, [&](Index i) { add_inner(i, at, speed); });
      for_energies(inner_end, energies_, [&](Index i) { add_edge(i, at, speed); });
    });
  });
}

void MomentumGradient::add_spectral_part(const PlaneView& f, double* sum) const {
  constexpr Index wide = Index{2} * flavor::components;
  const auto row = static_cast<Index>(speeds_.size());
  const Index angles = row / flavor::components, half = angles / 2;
  double* const values = work_.data();
  double* const result = values + 2 * row;
  const auto at = [](double* matrices, Index k) { return matrices + k * wide; };
  // Two energies at a time, side by side; the last one, if alone, beside itself.
  for (Index i = 0; i < energies_; i += 2) {
    const bool two = i + 1 < energies_;
    const double* const first = f.first_owned + i * f.energy_stride;
    const double* const second = two ? first + f.energy_stride : first;
    const auto node = [&](Index k) {
      return flavor::pair_of(flavor::load(first + k * flavor::components),
                             flavor::load(second + k * flavor::components));
    };
    const auto energy = static_cast<std::size_t>(i);
    const auto add = [&](Index k, MatrixPair value) {
      double* const target = sum + i * row + k * flavor::components;
      flavor::add_to(target, inverse_energy_[energy] * flavor::first_of_pair(value));
      if (two)
        flavor::add_to(target + row, inverse_energy_[energy + 1] * flavor::second_of_pair(value));
    };
    if (by_parity_) {
      for (Index k = 0; k < half; ++k) {
        const MatrixPair here = node(k), mirrored = node(angles - 1 - k);
        flavor::store(at(values, k), here + mirrored);
        flavor::store(at(values, half + k), here - mirrored);
      }
      multiply(dense_.data(), half, values, result);
      multiply(dense_.data() + half * half, half, at(values, half), at(result, half));
      for (Index k = 0; k < half; ++k) {
        const auto odd = flavor::load<MatrixPair>(at(result, k));
        const auto even = flavor::load<MatrixPair>(at(result, half + k));
        add(k, even + odd);
        add(angles - 1 - k, even - odd);
      }
    } else {
      for (Index k = 0; k < angles; ++k) flavor::store(at(values, k), node(k));
      multiply(dense_.data(), angles, values, result);
      for (Index k = 0; k < angles; ++k) add(k, flavor::load<MatrixPair>(at(result, k)));
    }
  }
}

}  // namespace nuvlasov::phase_space
