/// \file
/// What the box gains through its open ends, from the two outermost planes alone.
#pragma once

#include <array>
#include <vector>

#include "nuvlasov/diagnostics/compensated_sum.hpp"
#include "nuvlasov/diagnostics/plane.hpp"
#include "nuvlasov/diagnostics/record.hpp"
#include "nuvlasov/diagnostics/time_integral.hpp"
#include "nuvlasov/phase_space/decomposition.hpp"
#include "nuvlasov/physics/kinetic_equation.hpp"

namespace nuvlasov::diagnostics {

/// Rates at which quantities of the box change through its ends.
struct BoundaryRates {
  static constexpr std::size_t quantities = 6;
  enum Name : std::size_t { number, kinetic_energy, momentum, total_energy, purity, entropy };
  std::array<double, quantities> values{};
};

/// The time integrals of BoundaryRates: a few numbers to copy, and all that has to be saved to go
/// on.
class BoundaryIntegral {
 public:
  /// Adds rates in the middle of a step: the sum of an implicit midpoint method, to rounding.
  void add_step(double step, const BoundaryRates& rates);
  /// Adds rates at a time: of fourth order in the steps.
  void add_point(double time, const BoundaryRates& rates);
  double value(BoundaryRates::Name name) const;
  /// Whether there is a point.
  bool begun() const { return begun_; }

 private:
  std::array<CompensatedSum, BoundaryRates::quantities> steps_;
  std::array<TimeIntegral, BoundaryRates::quantities> points_;
  bool begun_ = false;
};

/// D_z sums by parts, so that the terms of the equation leave differences between the ends: with
/// the outward normal s = -1 at z = 0 and s = 1 at z = L, the sums over the momenta of an end, I =
/// -|v| (rho - rho_in) where neutrinos enter and 0 where they leave, e = E - E_ref and u = D_p
/// Omega,
///
///     dN/dt           = -s sum Tr[(v + u) rho] + sum Tr I
///     d(K-E_ref N)/dt = -s sum e Tr[(v + u) rho] + sum e Tr I
///     dM/dt           = -s sum { E v Tr[(v + u) rho] + Tr(Omega rho)/2 } + sum E v Tr I
///     d(H-E_ref N)/dt = -s sum { Tr[(e v + v Omega + e u) rho] - [Tr((Omega o Omega) D_p rho)
///                       - Tr((Omega o u) rho)]/3 } + sum Tr[(e + Omega) I]
///     d(purity)/dt    = -s sum Tr[(v + u) rho^2] + 2 sum Tr(rho I)
///     dS/dt           = sum |v| Tr s(rho_in) where they enter, -|v| Tr s(rho) where they leave.
///
/// For antineutrinos Omega and u have the opposite sign. Matter is in Omega, but for the momentum,
/// which it does not keep; and masses, which the full equation does not have in an open box, add
/// v M^2/2E and M^2/2E to e v and e in the energy.
///
/// In standard mode u and the terms with Omega but v Omega are left out. What of this is exact is
/// in docs/numerics.md. Sums are the same on any number of ranks while the momentum grid is whole
/// on each.
class BoundaryFlux {
 public:
  BoundaryFlux(const phase_space::ZAxis& z, const phase_space::MomentumGrid& momentum,
               const phase_space::Decomposition& decomposition,
               const physics::KineticEquation& equation);

  /// Whether there are ends at all.
  bool open() const { return inflow_ != nullptr; }

  /// \param state  owned nodes [z][energy][angle][component]
  /// Collective.
  BoundaryRates rates(const double* state) const;
  BoundaryRates rates(const phase_space::StateView& state) const;

  /// Remembers the ends of a state.
  void keep(const double* state);
  /// The rates at the mean of the state kept and this one. Collective.
  BoundaryRates rates_in_the_middle(const double* state);

 private:
  template <int flavors>
  struct Sums;
  /// The two outermost planes; of those that the rank does not own, anything.
  struct Ends {
    std::array<const double*, 2> planes;
    Index stride;  ///< doubles from one energy to the next
  };
  Ends ends(const double* state) const;
  BoundaryRates rates(const Ends& ends) const;
  template <int flavors>
  BoundaryRates flavored_rates(const Ends& ends) const;
  template <int flavors>
  void add(int end, const Ends& ends, Sums<flavors>& sums) const;
  template <int flavors>
  void include(int end, const Sums<flavors>& sums, BoundaryRates& rates) const;

  const phase_space::Decomposition& decomposition_;
  const physics::Inflow* inflow_ = nullptr;
  bool gradients_ = false;  ///< whether the equation has those of Omega
  double reference_energy_;
  MomentumMeasure measure_;
  std::array<bool, 2> owns_{};
  int flavors_;
  flavor::Components mass_matrix_;
  std::array<double, 2> matter_{};                                          ///< lambda at the ends
  std::vector<double> directions_, signs_, offsets_, half_inverse_energy_;  ///< of the owned nodes
  /// 1/E by owned energy; spherical: E D_p v and E D_p v^2 by owned direction, else empty.
  std::vector<double> inverse_energy_, curvature_, second_curvature_;
  std::array<std::vector<double>, 2> kept_;
};

/// Adds the rates, and their integrals since the start.
void report(const BoundaryRates& rates, const BoundaryIntegral& integral, Report& report);

}  // namespace nuvlasov::diagnostics
