#include "nuvlasov/phase_space/momentum_gradient.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "nuvlasov/phase_space/angular_operator.hpp"

namespace nuvlasov::phase_space {

MomentumGradient::MomentumGradient(const MomentumGrid& grid, Range energies, Range angles)
    : derivative_(grid.energy_derivative()),
      energies_(energies.size),
      directions_(grid.directions().begin() + angles.begin,
                  grid.directions().begin() + angles.end()),
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
  angular_ = angular_matrix(grid);
  const auto n = static_cast<std::size_t>(grid.angles());
  double largest_row = 0.0;
  for (std::size_t k = 0; k < n; ++k) {
    const auto row = angular_.begin() + static_cast<std::ptrdiff_t>(k * n);
    const auto occupied = [](double s) { return s != 0.0; };
    const auto first = std::find_if(row, row + static_cast<std::ptrdiff_t>(n), occupied) - row;
    auto last = static_cast<Index>(n);
    while (last > first && row[last - 1] == 0.0) --last;
    angular_band_.push_back({first, last - first});
    double sum = 0.0;
    for (std::size_t l = 0; l < n; ++l) sum += std::abs(row[static_cast<std::ptrdiff_t>(l)]);
    largest_row = std::max(largest_row, sum);
  }
  for (Index i = energies.begin; i < energies.end(); ++i)
    inverse_energy_.push_back(1.0 / grid.energy(i));
  spectral_radius_ += largest_row / grid.energy(0);
}

void MomentumGradient::apply(const PlaneView& f, double* gradient) const {
  add_energy_part(f, gradient);
  if (!angular_.empty()) add_angular_part(f, gradient);
}

void MomentumGradient::add_energy_part(const PlaneView& f, double* gradient) const {
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
  for (Index i = 0; i < energies_; ++i) {
    const double* row = f.first_owned + i * f.energy_stride;
    const double scale = inverse_energy_[static_cast<std::size_t>(i)];
    for (Index k = 0; k < angles; ++k) {
      const double* s = angular_.data() + k * angles;
      const Range band = angular_band_[static_cast<std::size_t>(k)];
      flavor::Matrix sum{};
      for (Index l = band.begin; l < band.end(); ++l)
        sum += s[l] * flavor::load(row + l * flavor::components);
      flavor::add_to(gradient, scale * sum);
      gradient += flavor::components;
    }
  }
}

}  // namespace nuvlasov::phase_space
