#include "nuvlasov/physics/vacuum.hpp"

#include <algorithm>
#include <cmath>

#include "nuvlasov/flavor/eigensystem.hpp"
#include "nuvlasov/phase_space/momentum_gradient.hpp"

namespace nuvlasov::physics {
namespace {

/// 1/2E; below the window, where E may be zero, its tangent at the lowest energy.
double half_inverse(const phase_space::MomentumGrid& momentum, Index i) {
  const double energy = momentum.energy(std::max<Index>(i, 0));
  const double below = i < 0 ? static_cast<double>(-i) * momentum.energy_spacing() / energy : 0.0;
  return 0.5 / energy * (1.0 + below);
}

}  // namespace

std::vector<double> half_inverse_energies(const phase_space::MomentumGrid& momentum,
                                          phase_space::Range energies) {
  std::vector<double> values;
  for (Index i = energies.begin; i < energies.end(); ++i)
    values.push_back(half_inverse(momentum, i));
  return values;
}

std::vector<double> half_inverse_energy_slopes(const phase_space::MomentumGrid& momentum,
                                               phase_space::Range energies) {
  const int reach = momentum.energy_derivative().reach();
  std::vector<double> slopes;
  for (Index i = energies.begin; i < energies.end(); ++i) {
    double slope = 0.0;
    for (int m = -reach; m <= reach; ++m)
      slope += phase_space::energy_coefficient(momentum, i, m) * half_inverse(momentum, i + m);
    // (1/E) S 1 = -v/E.
    if (momentum.geometry() == phase_space::Geometry::spherical)
      slope -= half_inverse(momentum, i) / momentum.energy(i);
    slopes.push_back(slope);
  }
  return slopes;
}

Vacuum::Vacuum(const flavor::Masses& masses, const phase_space::MomentumGrid& momentum,
               const phase_space::Box& box)
    : flavors_(momentum.flavors()),
      mass_matrix_(flavor::mass_matrix(masses, flavors_)),
      half_inverse_energy_(half_inverse_energies(momentum, box.energy)) {}

void Vacuum::add_rate(const Neighbourhood& here, double* rate) {
  flavor::with_flavors(here.flavors, [&](auto flavors) {
    for (Index i = 0; i < here.energies; ++i) {
      const auto energy = half_inverse_energy_[static_cast<std::size_t>(i)] *
                          flavor::load<flavors>(mass_matrix_.data());
      const double* rho = here.density(0) + i * here.density_stride;
      for (Index k = 0; k < here.angles; ++k) {
        const Index at = k * here.components;
        flavor::add_to(rate + i * here.row() + at,
                       here.sign(k) * flavor::precession(energy, flavor::load<flavors>(rho + at)));
      }
    }
  });
}

double Vacuum::spectral_radius(const Moments&) const {
  return half_inverse_energy_.front() * flavor::with_flavors(flavors_, [&](auto flavors) {
           return flavor::precession_frequency(flavor::load<flavors>(mass_matrix_.data()));
         });
}

VacuumVelocity::VacuumVelocity(const flavor::Masses& masses, const phase_space::ZAxis& z,
                               const phase_space::MomentumGrid& momentum,
                               const phase_space::Box& box)
    : reach_(momentum.energy_derivative().reach()),
      mass_matrix_(flavor::mass_matrix(masses, momentum.flavors())),
      directions_(phase_space::owned(momentum.directions(), box.angle)) {
  const std::vector<double> slopes = half_inverse_energy_slopes(momentum, box.energy);
  double largest_row = 0.0;
  for (Index i = box.energy.begin; i < box.energy.end(); ++i) {
    double row = 0.0;
    for (int m = -reach_; m <= reach_; ++m) {
      const double of_slope =
          m == 0 ? -2.0 * slopes[static_cast<std::size_t>(i - box.energy.begin)] : 0.0;
      const double difference = half_inverse(momentum, i) - half_inverse(momentum, i + m);
      stencil_.push_back((of_slope + phase_space::energy_coefficient(momentum, i, m) * difference) /
                         3.0);
      row += std::abs(stencil_.back());
    }
    largest_row = std::max(largest_row, row);
  }
  const double radius = flavor::with_flavors(momentum.flavors(), [&](auto flavors) {
    return flavor::jordan_radius(flavor::load<flavors>(mass_matrix_.data()));
  });
  spectral_radius_ =
      largest_row * momentum.largest_speed() * radius * z.derivative().largest_wave_number();
}

void VacuumVelocity::add_rate(const Neighbourhood& here, double* rate) {
  flavor::with_flavors(here.flavors, [&](auto flavors) { add_flavored_rate<flavors>(here, rate); });
}

template <int flavors>
void VacuumVelocity::add_flavored_rate(const Neighbourhood& here, double* rate) {
  const Index row = here.row();
  const Index first = std::max<Index>(-reach_, here.energies_seen.begin);
  const Index end = std::min<Index>(here.energies + reach_, here.energies_seen.end());
  slope_.resize(static_cast<std::size_t>((end - first) * row));
  for (Index i = first; i < end; ++i)
    for (Index k = 0; k < here.angles; ++k) {
      const Index at = k * here.components;
      const Index node = i * here.density_stride + at;
      flavor::store(slope_.data() + (i - first) * row + at,
                    directions_[static_cast<std::size_t>(k)] * here.d_z().apply([&](int m) {
                      return flavor::load<flavors>(here.density(m) + node);
                    }));
    }
  const auto masses = flavor::load<flavors>(mass_matrix_.data());
  const double* stencil = stencil_.data() + reach_;
  for (Index i = 0; i < here.energies; ++i, stencil += 2 * reach_ + 1)
    for (Index at = 0; at < row; at += here.components) {
      flavor::Matrix<flavors> sum{};
      // Beyond what is seen there is vacuum.
      for (Index l = std::max(first, i - reach_); l < std::min(end, i + reach_ + 1); ++l)
        sum += stencil[l - i] * flavor::load<flavors>(slope_.data() + (l - first) * row + at);
      flavor::add_to(rate + i * row + at, flavor::jordan_product(masses, sum));
    }
}

}  // namespace nuvlasov::physics
