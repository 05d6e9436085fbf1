/// \file
/// What the neutrinos have by themselves, without refraction: number, kinetic energy, momentum,
/// purity, and the moments of each flavor.
#pragma once

#include "nuvlasov/diagnostics/plane.hpp"
#include "nuvlasov/diagnostics/record.hpp"
#include "nuvlasov/diagnostics/reduction.hpp"

namespace nuvlasov::diagnostics {

/// Energies are summed as offsets e = E - E_ref, exact at any E_ref/mu. <...> is the sum over z, E
/// and v with the measure dz w_ik.
class StateTotals {
 public:
  StateTotals(const phase_space::MomentumGrid& momentum, const phase_space::Box& box,
              Reduction& reduction);

  void add(const Plane& plane);
  void report(Report& report) const;

  /// N.
  double number() const { return flavor::trace(number_.value()); }
  /// K - E_ref N.
  double kinetic_energy_relative() const { return flavor::trace(energy_.value()); }

 private:
  void report_flavors(Report& report) const;

  double reference_energy_;
  MomentumMeasure measure_;
  Index lower_edge_, upper_edge_;  ///< outermost energies, relative to the first owned one
  Index first_direction_,
      last_direction_;  ///< at the ends of a limited range, likewise; -1 where there is no end
  MatrixSum number_, flux_, pressure_, energy_, energy_flux_;  ///< <{1, v, v^2, e, e v} rho>
  Sum purity_;                                                 ///< <Tr rho^2>
  Sum at_lower_edge_, at_upper_edge_;  ///< |number| in the outermost cells of the window
  Sum at_first_direction_, at_last_direction_;
};

}  // namespace nuvlasov::diagnostics
