#include "nuvlasov/diagnostics/external_energy.hpp"

#include "nuvlasov/physics/vacuum.hpp"

namespace nuvlasov::diagnostics {

ExternalEnergy::ExternalEnergy(const phase_space::MomentumGrid& momentum,
                               const phase_space::Box& box,
                               const physics::EquationSettings& settings, Reduction& reduction)
    : measure_(momentum, box),
      has_matter_(!settings.matter.empty()),
      has_vacuum_(settings.masses.any()),
      mass_matrix_(flavor::mass_matrix(settings.masses, momentum.flavors())),
      half_inverse_energy_(physics::half_inverse_energies(momentum, box.energy)),
      u_matter_(reduction),
      u_vacuum_(reduction) {}

void ExternalEnergy::add(const Plane& plane) {
  flavor::with_flavors(plane.here.flavors, [&](auto flavors) {
    if (has_matter_ && plane.represented)
      u_matter_.add(matter<flavors>(plane, plane.moments.at<flavors>(plane.z).zeroth));
    if (has_vacuum_)
      u_vacuum_.add(vacuum<flavors>(plane, plane.here.density(0), plane.here.density_stride));
  });
}

void ExternalEnergy::report(Report& report) const {
  if (has_matter_)
    report.add("u_matter", units::of::box_energy, "energy of refraction by matter U_matter",
               u_matter());
  if (has_vacuum_)
    report.add("u_vacuum", units::of::box_energy, "energy of masses and mixing U_vacuum",
               u_vacuum());
}

}  // namespace nuvlasov::diagnostics
