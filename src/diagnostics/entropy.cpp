#include "nuvlasov/diagnostics/entropy.hpp"

#include <algorithm>
#include <limits>

#include "nuvlasov/phase_space/angular_operator.hpp"
#include "nuvlasov/physics/vacuum.hpp"

namespace nuvlasov::diagnostics {

Entropy::Entropy(const phase_space::MomentumGrid& momentum, const phase_space::Box& box,
                 const physics::KineticEquation& equation, Reduction& reduction)
    : measure_(momentum, box),
      weak_force_(equation.has_term("weak_force")),
      group_velocity_(equation.has_term("group_velocity")),
      vacuum_velocity_(equation.has_term("vacuum_velocity")),
      mass_matrix_(flavor::mass_matrix(equation.settings().masses, momentum.flavors())),
      inverse_energy_(phase_space::inverse_energies(momentum, box.energy)),
      half_inverse_energy_slope_(physics::half_inverse_energy_slopes(momentum, box.energy)),
      directions_(phase_space::owned(momentum.directions(), box.angle)),
      derivative_(static_cast<std::size_t>(box.plane())),
      entropy_(reduction),
      remainder_rate_(reduction),
      negative_part_(reduction),
      smallest_(reduction) {
  if (momentum.geometry() == phase_space::Geometry::spherical)
    curvature_ = phase_space::owned(phase_space::angular_curvature(momentum), box.angle);
}

template <int flavors>
double Entropy::remainder(const physics::Neighbourhood& here, const Gradients<flavors>& gradients,
                          const flavor::Entropy<flavors>& s, Index i, Index k) const {
  const Index at = k * here.components;
  const auto slope = [&] {
    return here.d_z().apply([&](int m) {
      return flavor::load<flavors>(here.density(m) + i * here.density_stride + at);
    });
  };
  double by_masses = 0.0;
  if (vacuum_velocity_)
    by_masses = -directions_[static_cast<std::size_t>(k)] *
                half_inverse_energy_slope_[static_cast<std::size_t>(i)] *
                flavor::entropy_remainder(s, flavor::load<flavors>(mass_matrix_.data()), slope());
  double by_force = 0.0;
  if (weak_force_)
    by_force = flavor::entropy_remainder(
        s, gradients.force[static_cast<std::size_t>(k)],
        flavor::load<flavors>(here.momentum_gradient() + i * here.row() + at));
  if (curvature_.empty()) return here.sign(k) * by_force + by_masses;
  double by_current = 0.0;
  if (group_velocity_) by_current = flavor::entropy_remainder(s, gradients.current, slope());
  if (weak_force_ != group_velocity_)
    by_current +=
        (weak_force_ ? 1.0 : -1.0) * flavor::trace_of_product(gradients.current_slope, s.value);
  return here.sign(k) * (by_force + curvature_[static_cast<std::size_t>(k)] *
                                        inverse_energy_[static_cast<std::size_t>(i)] * by_current) +
         by_masses;
}

void Entropy::add(const Plane& plane) {
  flavor::with_flavors(plane.here.flavors, [&](auto flavors) { add<flavors>(plane); });
}

template <int flavors>
void Entropy::add(const Plane& plane) {
  const physics::Neighbourhood& here = plane.here;
  Gradients<flavors> gradients;
  for (Index k = 0; k < here.angles; ++k)
    gradients.force.push_back(
        here.d_z().apply([&](int m) { return here.refraction<flavors>(m, k); }));
  gradients.current = flavor::load<flavors>(here.current(0));
  gradients.current_slope =
      here.d_z().apply([&](int m) { return flavor::load<flavors>(here.current(m)); });
  double total = 0.0, remainders = 0.0, negative = 0.0;
  double smallest = std::numeric_limits<double>::infinity();
  measure_.for_each_node([&](Index i, Index k, double weight) {
    const Index at = k * here.components;
    const flavor::Entropy<flavors> s =
        flavor::entropy(flavor::load<flavors>(here.density(0) + i * here.density_stride + at));
    flavor::store(derivative_.data() + i * here.row() + at, s.derivative);
    total += weight * flavor::trace(s.value);
    for (const double eigenvalue : s.eigenvalues) negative += weight * std::min(eigenvalue, 0.0);
    smallest = std::min(smallest, s.eigenvalues[0]);
    remainders += weight * remainder<flavors>(here, gradients, s, i, k);
  });
  entropy_.add(plane.weight * total);
  remainder_rate_.add(plane.weight * remainders);
  negative_part_.add(plane.weight * negative);
  smallest_.add(smallest);
}

void Entropy::report(Report& report) const {
  report.add("entropy", units::of::states, "entropy S, Eq. (S19)", entropy());
  report.add("entropy_remainder_rate", units::of::states_rate,
             "analytic dS/dt where the gradients of Omega do not commute with rho",
             remainder_rate());
  report.add("min_eigenvalue", units::of::occupation, "most negative eigenvalue of rho",
             smallest_.value());
  report.add("negative_part", units::of::box_number,
             "sum of the negative eigenvalues of rho over phase space", negative_part_.value());
}

}  // namespace nuvlasov::diagnostics
