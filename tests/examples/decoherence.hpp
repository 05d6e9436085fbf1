/// \file
/// The worked example of docs/developer-guide.md: a term that the library does not have. Collisions
/// that tell flavors apart damp the coherence between them,
///
///     d_t rho = -Gamma(E) (rho - diag rho),    Gamma(E) = Gamma_ref (E/E_ref)^2.
#pragma once

#include <string>

#include "nuvlasov/physics/term.hpp"

namespace nuvlasov::examples {

// docs: begin
class Decoherence final : public physics::Term {
 public:
  /// \param rate  Gamma_ref at the reference energy (mu)
  Decoherence(double rate, const phase_space::MomentumGrid& momentum, const phase_space::Box& box) {
    for (Index i = box.energy.begin; i < box.energy.end(); ++i) {
      const double ratio = momentum.energy(i) / momentum.reference_energy();
      damping_.push_back(rate * ratio * ratio);
    }
  }

  std::string name() const override { return "decoherence"; }
  std::string meaning() const override { return "collisions, -Gamma (rho - diag rho)"; }

  void add_rate(const physics::Neighbourhood& here, double* rate) override {
    flavor::with_flavors(here.flavors, [&](auto flavors) {
      for (Index i = 0; i < here.energies; ++i) {
        const double damping = damping_[static_cast<std::size_t>(i)];
        const double* rho = here.density(0) + i * here.density_stride;
        for (Index at = 0; at < here.row(); at += here.components)
          flavor::add_to(rate + i * here.row() + at,
                         -damping * flavor::off_diagonal(flavor::load<flavors>(rho + at)));
      }
    });
  }

  /// The eigenvalues are 0 and -Gamma; the highest energy is the fastest.
  double spectral_radius(const physics::Moments&) const override { return damping_.back(); }
  double physical_rate(const physics::Moments& moments) const override {
    return spectral_radius(moments);
  }

 private:
  std::vector<double> damping_;  ///< of the owned energies
};
// docs: end

}  // namespace nuvlasov::examples
