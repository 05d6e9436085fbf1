#include "nuvlasov/diagnostics/phase_space_fields.hpp"

#include "nuvlasov/physics/fluxes.hpp"

namespace nuvlasov::diagnostics {

std::vector<PhaseSpaceField> phase_space_fields() {
  const auto write_force_trace = [force = std::vector<double>()](const physics::Neighbourhood& here,
                                                                 double* plane) mutable {
    force.resize(static_cast<std::size_t>(here.energies * here.row()));
    physics::write_force(here, force.data());
    for (Index n = 0; n < here.energies * here.angles; ++n)
      plane[n] = force[static_cast<std::size_t>(n * here.components)];
  };
  return {{.name = density_matrix_name,
           .quantity = units::of::occupation,
           .long_name = "density matrix rho"},
          {.name = "flux",
           .quantity = units::of::occupation,
           .long_name = "flux along z of the gradient terms, Phi of Eq. (20)",
           .write = physics::write_flux},
          {.name = "force",
           .quantity = units::of::force,
           .long_name = "flux along p_z of the gradient terms, F of Eq. (20)",
           .write = physics::write_force},
          {.name = "force_trace",
           .quantity = units::of::force,
           .long_name = "Tr F of Eq. (21)",
           .matrix = false,
           .write = write_force_trace}};
}

std::vector<double> evaluate(const PhaseSpaceField& field, physics::KineticEquation& equation,
                             const phase_space::StateView& rho) {
  const phase_space::Box& box = rho.box();
  const Index width = field.width(box.components);
  std::vector<double> values(static_cast<std::size_t>(box.nodes() * width));
  const Index plane = box.energy.size * box.angle.size * width;
  equation.sweep(rho, [&](Index j, const physics::Neighbourhood& here) {
    field.write(here, values.data() + j * plane);
  });
  return values;
}

}  // namespace nuvlasov::diagnostics
