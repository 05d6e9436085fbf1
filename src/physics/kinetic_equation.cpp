#include "nuvlasov/physics/kinetic_equation.hpp"

#include <algorithm>
#include <stdexcept>

#include "nuvlasov/physics/group_velocity.hpp"
#include "nuvlasov/physics/refraction.hpp"
#include "nuvlasov/physics/streaming.hpp"
#include "nuvlasov/physics/weak_force.hpp"

namespace nuvlasov::physics {

namespace {

void keep(const std::vector<std::string>& names, Terms& terms) {
  for (const std::string& name : names)
    if (std::none_of(terms.begin(), terms.end(),
                     [&](const auto& term) { return term->name() == name; }))
      throw std::invalid_argument("the equation has no term " + name);
  std::erase_if(terms, [&](const auto& term) {
    return std::find(names.begin(), names.end(), term->name()) == names.end();
  });
}

}  // namespace

Terms make_terms(const EquationSettings& settings, const phase_space::ZAxis& z,
                 const phase_space::MomentumGrid& momentum, const phase_space::Box& box) {
  Terms terms;
  terms.push_back(std::make_unique<Streaming>(z, momentum, box.angle));
  terms.push_back(std::make_unique<Refraction>());
  if (settings.mode == Mode::full) {
    terms.push_back(std::make_unique<WeakForce>(z, momentum, box));
    // Frozen directions: Omega does not depend on momentum.
    if (momentum.geometry() == phase_space::Geometry::spherical)
      terms.push_back(std::make_unique<GroupVelocity>(z, momentum, box));
  }
  if (!settings.terms.empty()) keep(settings.terms, terms);
  if (settings.dissipation.z > 0.0 || settings.dissipation.energy > 0.0)
    terms.push_back(std::make_unique<Dissipation>(settings.dissipation, z, momentum, box));
  return terms;
}

KineticEquation::KineticEquation(const EquationSettings& settings, const phase_space::ZAxis& z,
                                 const phase_space::MomentumGrid& momentum,
                                 const phase_space::Box& box, int ghosts, MPI_Comm momentum_comm)
    : box_(box),
      reach_(z.derivative().reach()),
      terms_(make_terms(settings, z, momentum, box)),
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

void KineticEquation::update_moments(const phase_space::StateView& rho) {
  const auto lap = moments_time_.lap();
  moments_.update(rho);
}

void KineticEquation::begin_sweep(const phase_space::StateView& rho) {
  update_moments(rho);
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
