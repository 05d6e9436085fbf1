#include "nuvlasov/phase_space/momentum_gradient.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "nuvlasov/phase_space/angular_operator.hpp"

namespace nuvlasov::phase_space {
namespace {

/// Rows of S that add_angular_part takes together, to load each node once for all of them.
constexpr Index together = 4;

}  // namespace

MomentumGradient::MomentumGradient(const MomentumGrid& grid, Range energies, Range angles)
    : derivative_(grid.energy_derivative()),
      energies_(energies.size),
      directions_(owned(grid.directions(), angles)),
      vacuum_(static_cast<std::size_t>(angles.size * flavor::components), 0.0),
      spectral_radius_(grid.largest_speed() * derivative_.largest_wave_number()) {
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
  const Index n = grid.angles();
  double largest_row = 0.0;
  for (Index k = 0; k < n; ++k) {
    const double* row = matrix.data() + k * n;
    double sum = 0.0;
    for (Index l = 0; l < n; ++l) sum += std::abs(row[l]);
    largest_row = std::max(largest_row, sum);
    if (k < angles.begin || k >= angles.end()) continue;
    const bool dense = grid.angular_operator() == AngularOperator::spectral;
    const Index from = dense ? 0 : std::max<Index>(0, k - 1);
    const Index to = dense ? n : std::min(n, k + 2);
    angular_rows_.push_back(
        {{from - angles.begin, to - from}, static_cast<Index>(angular_.size())});
    angular_.insert(angular_.end(), row + from, row + to);
  }
  spectral_radius_ += largest_row / grid.energy(0);
}

void MomentumGradient::apply(const PlaneView& f, double* gradient) const {
  write_energy_part(f, gradient);
  if (!angular_rows_.empty()) add_angular_part(f, gradient);
}

void MomentumGradient::write_energy_part(const PlaneView& f, double* gradient) const {
  const auto angles = static_cast<Index>(directions_.size());
  with_static_reach(derivative_.reach(), [&](auto static_reach) {
    constexpr int reach = static_reach;
    constexpr int width = 2 * reach + 1;
    const auto row = [&](Index i) {
      const bool seen = i >= f.energies.begin && i < f.energies.end();
      return seen ? f.first_owned + i * f.energy_stride : vacuum_.data();
    };
    std::array<const double*, width> rows{};
    for (int m = 0; m < 2 * reach; ++m) rows[m + 1] = row(m - reach);
    for (Index i = 0; i < energies_; ++i) {
      for (int m = 0; m < 2 * reach; ++m) rows[m] = rows[m + 1];
      rows[2 * reach] = row(i + reach);
      std::array<double, width> weight{};
      std::copy_n(stencil_.data() + i * width, width, weight.begin());
      for (Index k = 0; k < angles; ++k) {
        const Index at = k * flavor::components;
        flavor::Matrix sum{};
        for (int m = 1; m <= reach; ++m)
          sum += weight[reach + m] * flavor::load(rows[reach + m] + at) +
                 weight[reach - m] * flavor::load(rows[reach - m] + at);
        flavor::store(gradient, directions_[static_cast<std::size_t>(k)] * sum);
        gradient += flavor::components;
      }
    }
  });
}

void MomentumGradient::add_angular_part(const PlaneView& f, double* gradient) const {
  const auto angles = static_cast<Index>(directions_.size());
  const auto add = [&](Index i, Index first, auto count) {
    constexpr Index rows = decltype(count)::value;
    const double* nodes = f.first_owned + i * f.energy_stride;
    const double* coefficients = angular_.data() + angular_rows_[first].first_coefficient;
    const Range columns = angular_rows_[first].columns;
    std::array<flavor::Matrix, rows> sum{};
    for (Index l = 0; l < columns.size; ++l) {
      const flavor::Matrix node = flavor::load(nodes + (columns.begin + l) * flavor::components);
      for (Index r = 0; r < rows; ++r) sum[r] += coefficients[r * columns.size + l] * node;
    }
    for (Index r = 0; r < rows; ++r)
      flavor::add_to(gradient + (i * angles + first + r) * flavor::components,
                     inverse_energy_[static_cast<std::size_t>(i)] * sum[r]);
  };
  for (Index i = 0; i < energies_; ++i) {
    Index k = 0;
    // Dense rows share their columns.
    if (angular_rows_.front().columns.size == angles)
      for (; k + together <= angles; k += together)
        add(i, k, std::integral_constant<Index, together>{});
    for (; k < angles; ++k) add(i, k, std::integral_constant<Index, 1>{});
  }
}

}  // namespace nuvlasov::phase_space
