#include "nuvlasov/phase_space/momentum_gradient.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "nuvlasov/phase_space/angular_operator.hpp"
#include "nuvlasov/phase_space/rows.hpp"

namespace nuvlasov::phase_space {
namespace {

/// Rows of S that add_angular_part takes together, to load each node once for all of them.
constexpr Index together = 8;

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

void MomentumGradient::add(const PlaneView& f, double* sum) const {
  add_energy_part(f, sum);
  if (!angular_rows_.empty()) add_angular_part(f, sum);
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

void MomentumGradient::add_angular_part(const PlaneView& f, double* sum) const {
  const auto row = static_cast<Index>(speeds_.size());
  const Index angles = row / flavor::components;
  // `rows` rows of S from `first` on, which share their columns, for two energies or one.
  const auto add = [&](Index i, Index first, auto count, auto node) {
    using Matrices = decltype(node);
    constexpr Index rows = decltype(count)::value;
    constexpr bool two = sizeof(Matrices) == sizeof(flavor::MatrixPair);
    const Range columns = angular_rows_[first].columns;
    const double* nodes = f.first_owned + i * f.energy_stride + columns.begin * flavor::components;
    const double* coefficients = angular_.data() + angular_rows_[first].first_coefficient;
    std::array<Matrices, rows> total{};
    for (Index l = 0; l < columns.size; ++l, nodes += flavor::components) {
      Matrices here;
      if constexpr (two) {
        here = flavor::pair_of(flavor::load(nodes), flavor::load(nodes + f.energy_stride));
      } else {
        here = flavor::load(nodes);
      }
      for (Index r = 0; r < rows; ++r) total[r] += coefficients[r * columns.size + l] * here;
    }
    const auto energy = static_cast<std::size_t>(i);
    for (Index r = 0; r < rows; ++r) {
      double* target = sum + i * row + (first + r) * flavor::components;
      if constexpr (two) {
        flavor::add_to(target, inverse_energy_[energy] * flavor::first_of_pair(total[r]));
        flavor::add_to(target + row,
                       inverse_energy_[energy + 1] * flavor::second_of_pair(total[r]));
      } else {
        flavor::add_to(target, inverse_energy_[energy] * total[r]);
      }
    }
  };
  const bool dense = angular_rows_.front().columns.size == angles;
  const auto add_rows = [&](Index i, auto node) {
    Index k = 0;
    if (dense)
      for (; k + together <= angles; k += together)
        add(i, k, std::integral_constant<Index, together>{}, node);
    for (; k < angles; ++k) add(i, k, std::integral_constant<Index, 1>{}, node);
  };
  Index i = 0;
  for (; i + 2 <= energies_; i += 2) add_rows(i, flavor::MatrixPair{});
  for (; i < energies_; ++i) add_rows(i, flavor::Matrix{});
}

}  // namespace nuvlasov::phase_space
