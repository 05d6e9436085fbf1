#include "nuvlasov/physics/dissipation.hpp"

#include <algorithm>
#include <cmath>

namespace nuvlasov::physics {
namespace {

/// Coefficients of delta^n: (-1)^(n-q) binomial(n, q), q = 0 .. n.
std::vector<double> difference(int n) {
  std::vector<double> row{1.0};
  for (int step = 0; step < n; ++step) {
    row.push_back(0.0);
    for (auto q = row.size() - 1; q > 0; --q) row[q] = row[q - 1] - row[q];
    row[0] = -row[0];
  }
  return row;
}

/// Weight of an energy in the measure, over that of the reference.
double measure(const phase_space::MomentumGrid& momentum, double energy) {
  const double ratio = momentum.geometry() == phase_space::Geometry::spherical
                           ? energy / momentum.reference_energy()
                           : 1.0;
  return ratio * ratio;
}

}  // namespace

Dissipation::Dissipation(const DissipationStrength& strength, const phase_space::ZAxis& z,
                         const phase_space::MomentumGrid& momentum, const phase_space::Box& box)
    : z_reach_(z.derivative().reach()),
      energy_reach_(momentum.energy_derivative().reach()),
      spectral_radius_(strength.z / z.spacing()) {
  if (strength.z > 0.0) {
    const std::vector<double> row = difference(2 * z_reach_);
    const double sign = z_reach_ % 2 == 0 ? 1.0 : -1.0;
    for (int m = 1; m <= z_reach_; ++m)
      z_weights_.push_back(-strength.z / z.spacing() * std::pow(0.25, z_reach_) * sign *
                           row[static_cast<std::size_t>(z_reach_ + m)]);
  }
  if (strength.energy == 0.0) return;

  const int reach = energy_reach_;
  const std::vector<double> row = difference(reach);
  double largest_row = 0.0;
  for (Index i = box.energy.begin; i < box.energy.end(); ++i) {
    std::vector<double> stencil(static_cast<std::size_t>(2 * reach + 1), 0.0);
    // delta^r on the nodes first .. first + r stands at their middle.
    for (Index first = i - reach; first <= i; ++first) {
      const double middle = 0.5 * (momentum.energy(first) + momentum.energy(first + reach));
      const double here = row[static_cast<std::size_t>(i - first)];
      for (Index q = 0; q <= reach; ++q)
        stencil[static_cast<std::size_t>(first + q - i + reach)] -=
            strength.energy * std::pow(0.25, reach) * here * measure(momentum, middle) *
            row[static_cast<std::size_t>(q)] / measure(momentum, momentum.energy(i));
    }
    double sum = 0.0;
    for (const double weight : stencil) sum += std::abs(weight);
    largest_row = std::max(largest_row, sum);
    energy_weights_.insert(energy_weights_.end(), stencil.begin(), stencil.end());
  }
  spectral_radius_ += largest_row;
}

void Dissipation::add_rate(const Neighbourhood& here, double* rate) {
  if (!z_weights_.empty()) add_z_part(here, rate);
  if (!energy_weights_.empty()) add_energy_part(here, rate);
}

void Dissipation::add_z_part(const Neighbourhood& here, double* rate) const {
  for (Index i = 0; i < here.energies; ++i) {
    const Index from = i * here.density_stride;
    const double* const middle = here.density(0) + from;
    double* const sum = rate + i * here.row();
    // Differences, so that what is uniform stays so to the bit.
    for (int m = 1; m <= z_reach_; ++m) {
      const double weight = z_weights_[static_cast<std::size_t>(m - 1)];
      const double* const ahead = here.density(m) + from;
      const double* const behind = here.density(-m) + from;
      for (Index at = 0; at < here.row(); ++at)
        sum[at] += weight * ((ahead[at] - middle[at]) + (behind[at] - middle[at]));
    }
  }
}

void Dissipation::add_energy_part(const Neighbourhood& here, double* rate) const {
  const Index row = here.row();
  const double* stencil = energy_weights_.data();
  for (Index i = 0; i < here.energies; ++i) {
    // Beyond what is seen there is vacuum.
    const Index first = std::max<Index>(i - energy_reach_, here.energies_seen.begin);
    const Index end = std::min<Index>(i + energy_reach_ + 1, here.energies_seen.end());
    for (Index l = first; l < end; ++l) {
      const double weight = stencil[l - i + energy_reach_];
      const double* rho = here.density(0) + l * here.density_stride;
      for (Index at = 0; at < row; ++at) rate[i * row + at] += weight * rho[at];
    }
    stencil += 2 * energy_reach_ + 1;
  }
}

}  // namespace nuvlasov::physics
