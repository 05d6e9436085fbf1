#include "nuvlasov/physics/kinetic_equation.hpp"

#include <algorithm>

#include "nuvlasov/physics/group_velocity.hpp"
#include "nuvlasov/physics/refraction.hpp"
#include "nuvlasov/physics/streaming.hpp"
#include "nuvlasov/physics/weak_force.hpp"

namespace nuvlasov::physics {

Terms make_terms(Mode mode, const phase_space::ZAxis& z, const phase_space::MomentumGrid& momentum,
                 const phase_space::Box& box) {
  Terms terms;
  terms.push_back(std::make_unique<Streaming>(z, momentum, box.angle));
  terms.push_back(std::make_unique<Refraction>());
  if (mode == Mode::full) {
    terms.push_back(std::make_unique<WeakForce>(z, momentum, box));
    // Frozen directions: Omega does not depend on momentum.
    if (momentum.geometry() == phase_space::Geometry::spherical)
      terms.push_back(std::make_unique<GroupVelocity>(z, momentum, box));
  }
  return terms;
}

KineticEquation::KineticEquation(Mode mode, const phase_space::ZAxis& z,
                                 const phase_space::MomentumGrid& momentum,
                                 const phase_space::Box& box, int ghosts, MPI_Comm momentum_comm)
    : mode_(mode),
      box_(box),
      reach_(z.derivative().reach()),
      terms_(make_terms(mode, z, momentum, box)),
      needs_momentum_gradient_(
          std::any_of(terms_.begin(), terms_.end(),
                      [](const auto& term) { return term->reads_momentum_gradient(); })),
      moments_(momentum, box, ghosts, momentum_comm),
      momentum_gradient_(momentum, box.energy, box.angle) {
  if (needs_momentum_gradient_)
    gradient_planes_.resize(static_cast<std::size_t>((2 * reach_ + 1) * box_.plane()));
}

void KineticEquation::rate(const phase_space::StateView& rho, double* rate) {
  const auto lap = rate_time_.lap();
  const Index plane = box_.plane();
  sweep(rho, [&](Index j, const Neighbourhood& here) {
    double* plane_rate = rate + j * plane;
    std::fill_n(plane_rate, plane, 0.0);
    for (const auto& term : terms_) term->add_rate(here, plane_rate);
  });
}

void KineticEquation::update_gradient(const phase_space::StateView& rho, Index j) {
  momentum_gradient_.apply({rho.row(j, 0), rho.energy_stride(), rho.energies_seen()},
                           gradient_plane(j));
}

double* KineticEquation::gradient_plane(Index j) {
  return gradient_planes_.data() + ((j + reach_) % (2 * reach_ + 1)) * box_.plane();
}

void KineticEquation::begin_sweep(const phase_space::StateView& rho) {
  {
    const auto lap = moments_time_.lap();
    moments_.update(rho);
  }
  if (needs_momentum_gradient_)
    for (Index j = -reach_; j < reach_; ++j) update_gradient(rho, j);
}

Neighbourhood KineticEquation::neighbourhood(const phase_space::StateView& rho, Index j) {
  if (needs_momentum_gradient_) update_gradient(rho, j + reach_);
  Neighbourhood here;
  here.energies = box_.energy.size;
  here.angles = box_.angle.size;
  here.density_stride = rho.energy_stride();
  here.energies_seen = rho.energies_seen();
  here.angles_seen = rho.angles_seen();
  for (int m = -reach_; m <= reach_; ++m) {
    const std::size_t slot = Neighbourhood::slot(m);
    here.density_[slot] = rho.row(j + m, 0);
    here.refraction_[slot] = moments_.refraction(j + m);
    here.current_[slot] = moments_.current(j + m);
    if (needs_momentum_gradient_) here.gradient_[slot] = gradient_plane(j + m);
  }
  return here;
}

}  // namespace nuvlasov::physics
