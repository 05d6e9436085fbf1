#include "nuvlasov/physics/kinetic_equation.hpp"

#include <algorithm>
#include <stdexcept>

#include "nuvlasov/physics/group_velocity.hpp"
#include "nuvlasov/physics/refraction.hpp"
#include "nuvlasov/physics/streaming.hpp"
#include "nuvlasov/physics/vacuum.hpp"
#include "nuvlasov/physics/weak_force.hpp"

namespace nuvlasov::physics {

namespace {

/// Numbers of the planes whose moments are made at once: few that are large, many that are small.
constexpr Index prepared_together = 8192;

bool contains(const Terms& terms, const std::string& name) {
  return std::any_of(terms.begin(), terms.end(),
                     [&](const auto& term) { return term->name() == name; });
}

void keep(const std::vector<std::string>& names, Terms& terms) {
  for (const std::string& name : names)
    if (!contains(terms, name)) throw std::invalid_argument("the equation has no term " + name);
  std::erase_if(terms, [&](const auto& term) {
    return std::find(names.begin(), names.end(), term->name()) == names.end();
  });
}

/// Whether inside of the axis there is something that no RateKernel writes.
bool acts_by_itself(const Terms& terms) {
  return std::any_of(terms.begin(), terms.end(),
                     [](const auto& term) { return !term->parts().any() && term->acts_inside(); });
}

/// Where registers hold all there is to Omega.
LaneRefraction lane_refraction(const EquationSettings& settings,
                               const phase_space::MomentumGrid& momentum,
                               const phase_space::Decomposition& decomposition) {
  if (decomposition.splits_momentum() || !settings.matter.empty()) return {};
  return LaneRefraction(momentum);
}

}  // namespace

Terms make_terms(const EquationSettings& settings, const phase_space::ZAxis& z,
                 const phase_space::MomentumGrid& momentum, const phase_space::Box& box,
                 const std::shared_ptr<RateKernel>& kernel) {
  Terms terms;
  terms.push_back(std::make_unique<Streaming>(z, momentum, kernel));
  terms.push_back(std::make_unique<Refraction>(kernel));
  if (settings.mode == Mode::full) {
    terms.push_back(std::make_unique<WeakForce>(z, box, kernel));
    // Frozen directions: Omega does not depend on momentum.
    if (momentum.geometry() == phase_space::Geometry::spherical)
      terms.push_back(std::make_unique<GroupVelocity>(z, momentum, kernel));
  }
  if (settings.masses.any()) {
    terms.push_back(std::make_unique<Vacuum>(settings.masses, momentum, box));
    if (settings.mode == Mode::full)
      terms.push_back(std::make_unique<VacuumVelocity>(settings.masses, z, momentum, box));
  }
  if (!settings.terms.empty()) keep(settings.terms, terms);
  const bool streaming = std::any_of(terms.begin(), terms.end(),
                                     [](const auto& term) { return term->parts().streaming; });
  if (streaming && !z.periodic())
    terms.push_back(std::make_unique<Inflow>(settings.inflow, z, momentum, box));
  if (settings.dissipation.z > 0.0 || settings.dissipation.energy > 0.0)
    terms.push_back(std::make_unique<Dissipation>(settings.dissipation, z, momentum, box));
  return terms;
}

KineticEquation::KineticEquation(const EquationSettings& settings, const phase_space::ZAxis& z,
                                 const phase_space::MomentumGrid& momentum,
                                 const phase_space::Decomposition& decomposition)
    : z_(z),
      momentum_(momentum),
      settings_(settings),
      box_(decomposition.box()),
      reach_(z.derivative().reach()),
      kernel_(make_rate_kernel(momentum, decomposition.box(), decomposition.seen(), z.span(),
                               lane_refraction(settings, momentum, decomposition))),
      terms_(make_terms(settings, z, momentum, box_, kernel_)),
      moments_(momentum, decomposition, settings.matter),
      prepared_(static_cast<std::size_t>(box_.z.size + 2 * Index{reach_})),
      ahead_(std::max<Index>(1, prepared_together / box_.plane())),
      signs_(phase_space::owned(momentum.signs(), box_.angle)) {
  for (const auto& term : terms_) parts_ |= term->parts();
  if (!parts_.read_brackets() && !acts_by_itself(terms_))
    runs_ =
        PlaneRuns(z, momentum, decomposition, lane_refraction(settings, momentum, decomposition));
  most_planes_ = runs_.length() > 0 ? 1 : kernel_->planes_at_once(parts_);
  if (settings.mode == Mode::full) gradient_.resize(static_cast<std::size_t>(box_.plane()));
}

void KineticEquation::add_term(std::unique_ptr<Term> term) {
  if (term->parts().any())
    throw std::invalid_argument(term->name() + " is written by the kernel of the equation itself");
  terms_.push_back(std::move(term));
  if (acts_by_itself(terms_)) runs_ = {};
}

bool KineticEquation::has_term(const std::string& name) const { return contains(terms_, name); }

bool KineticEquation::has_own_terms() const {
  return std::any_of(terms_.begin(), terms_.end(),
                     [](const auto& term) { return !term->parts().any(); });
}

Index KineticEquation::planes_at_once(Index j, Index end) const {
  const auto length = [&](Index plane) { return z_.stencil(box_.z.begin + plane).size; };
  Index next = j + 1;
  while (next < std::min(end, j + most_planes_) && length(next) == length(j)) ++next;
  return next - j;
}

void KineticEquation::write_rates(const phase_space::StateView& rho, phase_space::Range planes,
                                  Index readable, bool continued, RateSink& sink) {
  neighbourhoods_.clear();
  for (Index j = planes.begin; j < planes.end(); ++j) {
    set_neighbourhood(rho, j, readable, neighbourhoods_.emplace_back());
    const Index coming = std::min(j + most_planes_ + z_.span() + ahead_, box_.z.size - 1);
    neighbourhoods_.back().coming_ = rho.row(coming, 0);
  }
  if (!has_own_terms()) {
    kernel_->write_rates(neighbourhoods_, parts_, sink, continued);
    return;
  }
  const Index plane = box_.plane();
  rate_.resize(static_cast<std::size_t>(planes.size * plane));
  KeptPlanes kept(plane, rate_.data());
  kernel_->write_rates(neighbourhoods_, parts_, kept, continued);
  for (Index p = 0; p < planes.size; ++p) {
    double* const rate = rate_.data() + p * plane;
    for (const auto& term : terms_)
      if (!term->parts().any()) term->add_rate(neighbourhoods_[static_cast<std::size_t>(p)], rate);
    if (double* const target = sink.target(p, 0)) std::copy_n(rate, plane, target);
    sink.done(p, 0, plane, rate);
  }
}

void KineticEquation::write_run(const phase_space::StateView& rho, phase_space::Range planes,
                                RateSink& sink) {
  if (double* const charge = runs_.charge()) {
    const auto lap = moments_time_.lap();
    moments_.write_potentials(rho, planes, charge, runs_.current());
  }
  runs_.write_rate(rho, planes.begin, parts_, sink);
}

void KineticEquation::update_moments(const phase_space::StateView& rho) {
  const auto lap = moments_time_.lap();
  moments_.update(rho);
}

void KineticEquation::begin_sweep(bool potentials_only) {
  std::fill(prepared_.begin(), prepared_.end(), char{0});
  potentials_only_ = potentials_only;
}

void KineticEquation::prepare(const phase_space::StateView& rho, phase_space::Range planes,
                              Index readable) {
  if (moments_.shared()) return;
  const auto done = [&](Index plane) -> char& {
    return prepared_[static_cast<std::size_t>(plane + reach_)];
  };
  for (Index j = planes.begin; j < planes.end(); ++j) {
    if (done(j)) continue;
    const auto lap = moments_time_.lap();
    phase_space::Range next{j, 0};
    for (; next.size < ahead_ && next.end() < readable && !done(next.end()); ++next.size)
      done(next.end()) = 1;
    if (potentials_only_)
      moments_.update_potentials(rho, next);
    else
      moments_.update_planes(rho, next);
  }
}

void KineticEquation::add_momentum_gradient(Neighbourhood& here) {
  if (gradient_.empty()) return;
  kernel_->write_momentum_gradient(here, gradient_.data());
  here.gradient_ = gradient_.data();
}

void KineticEquation::set_neighbourhood(const phase_space::StateView& rho, Index j, Index readable,
                                        Neighbourhood& here) {
  here.energies = box_.energy.size;
  here.angles = box_.angle.size;
  here.flavors = momentum_.flavors();
  here.components = box_.components;
  here.density_stride = rho.energy_stride();
  here.energies_seen = rho.energies_seen();
  here.angles_seen = rho.angles_seen();
  here.signs_ = signs_.data();
  here.directions_ = moments_.directions();
  here.z = box_.z.begin + j;
  here.d_z_ = &z_.stencil(here.z);
  here.charge_ = moments_.charge(j);
  here.current_ = moments_.current(j);
  here.planes_ = rho.planes(j);
  prepare(rho, {j + here.d_z_->lowest, here.d_z_->highest - here.d_z_->lowest + 1}, readable);
}

}  // namespace nuvlasov::physics
