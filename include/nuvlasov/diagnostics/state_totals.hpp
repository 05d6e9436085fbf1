/// \file
/// What the neutrinos and antineutrinos have by themselves, without refraction: number, kinetic
/// energy, momentum and purity of both together, the lepton number of neutrinos less antineutrinos,
/// and the moments of each flavor.
#pragma once

#include <optional>
#include <string>
#include <vector>

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
  double number() const { return trace(&SpeciesSums::number); }
  /// K - E_ref N.
  double kinetic_energy_relative() const { return trace(&SpeciesSums::energy); }

 private:
  /// <{1, v, v^2, e, e v} rho> of one species.
  struct SpeciesSums {
    SpeciesSums(Reduction& r, int components)
        : number(r, components),
          flux(r, components),
          pressure(r, components),
          energy(r, components),
          energy_flux(r, components) {}
    template <int flavors>
    void add(double spacing, const MomentumMoments<flavors>& moments);
    MatrixSum number, flux, pressure, energy, energy_flux;
  };

  template <int flavors>
  void add(const Plane& plane);
  /// Of both species together.
  double trace(MatrixSum SpeciesSums::*sum) const;
  template <int flavors>
  void report_flavors(const std::string& prefix, const SpeciesSums& sums, Report& report) const;
  template <int flavors>
  void report_leptons(Report& report) const;

  int flavors_;
  double reference_energy_;
  MomentumMeasure measure_;
  Index lower_edge_, upper_edge_;  ///< outermost energies, relative to the first owned one
  /// Whether an owned direction is the first, or the last, of a limited range.
  std::vector<bool> first_direction_, last_direction_;
  SpeciesSums neutrinos_;
  std::optional<SpeciesSums> antineutrinos_;  ///< where the grid has them
  Sum purity_;                                ///< <Tr rho^2>
  Sum at_lower_edge_, at_upper_edge_;         ///< sum of |P0| in the outermost cells of the window
  Sum at_first_direction_, at_last_direction_;
};

}  // namespace nuvlasov::diagnostics
