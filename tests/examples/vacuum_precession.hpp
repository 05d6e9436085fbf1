/// \file
/// The worked example of docs/developer-guide.md: a term that the library does not have. Masses
/// make polarizations precess about B = (sin 2 theta, 0, -cos 2 theta),
///
///     d_t rho = i [rho, H_vac(E)],    dP/dt = w(E) B x P,    w(E) = w_ref E_ref/E.
#pragma once

#include <cmath>
#include <string>

#include "nuvlasov/physics/term.hpp"

namespace nuvlasov::examples {

// docs: begin
class VacuumPrecession final : public physics::Term {
 public:
  /// \param frequency  w_ref at the reference energy (mu)
  /// \param mixing     theta
  VacuumPrecession(double frequency, double mixing, const phase_space::MomentumGrid& momentum,
                   const phase_space::Box& box)
      : axis_{0.0, std::sin(2.0 * mixing), 0.0, -std::cos(2.0 * mixing)} {
    for (Index i = box.energy.begin; i < box.energy.end(); ++i)
      frequency_.push_back(frequency * momentum.reference_energy() / momentum.energy(i));
  }

  std::string name() const override { return "vacuum"; }
  std::string meaning() const override { return "masses, i [rho, H_vac]"; }

  void add_rate(const physics::Neighbourhood& here, double* rate) override {
    const Index row = here.angles * flavor::components;
    for (Index i = 0; i < here.energies; ++i) {
      const flavor::Matrix hamiltonian = frequency_[static_cast<std::size_t>(i)] * axis_;
      const double* rho = here.density(0) + i * here.density_stride;
      for (Index at = 0; at < row; at += flavor::components)
        flavor::add_to(rate + i * row + at,
                       flavor::precession(hamiltonian, flavor::load(rho + at)));
    }
  }

  /// The eigenvalues of a precession are 0 and +- i w; the lowest energy is the fastest.
  double spectral_radius(const physics::Moments&) const override {
    return std::abs(frequency_.front());
  }
  double physical_rate(const physics::Moments& moments) const override {
    return spectral_radius(moments);
  }

 private:
  flavor::Matrix axis_;
  std::vector<double> frequency_;  ///< of the owned energies
};
// docs: end

}  // namespace nuvlasov::examples
