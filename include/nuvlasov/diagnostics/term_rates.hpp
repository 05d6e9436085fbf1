/// \file
/// What each term of the equation alone does to the quantities of the budget.
#pragma once

#include <vector>

#include "nuvlasov/diagnostics/external_energy.hpp"
#include "nuvlasov/diagnostics/plane.hpp"
#include "nuvlasov/diagnostics/record.hpp"
#include "nuvlasov/diagnostics/reduction.hpp"
#include "nuvlasov/diagnostics/refractive_energy.hpp"
#include "nuvlasov/physics/kinetic_equation.hpp"

namespace nuvlasov::diagnostics {

/// For each term T = d rho/dt of the equation, with the moments P_n, N_n of s rho and p_n, n_n of s
/// T (s = +1 for neutrinos, -1 for antineutrinos):
///
///     dN = <Tr T>,   d(K - E_ref N) = <(E - E_ref) Tr T>,
///     dU_osc = 1/2 int dz (P_0.p_0 - P_1.p_1),   dU_non = n int dz (N_0 n_0 - N_1 n_1),
///     d(purity) = <2 Tr(rho T)>,   dS = <Tr(s'(rho) T)>
///
/// with n of RefractiveEnergy, and U_matter and U_vacuum of T, where the equation has matter or
/// masses.
class TermRates {
 public:
  TermRates(const phase_space::MomentumGrid& momentum, const phase_space::Box& box,
            const physics::Terms& terms, const ExternalEnergy& external, Reduction& reduction);

  /// \param entropy_derivative  s'(rho) on the plane, [energy][angle][component]
  void add(const Plane& plane, const double* entropy_derivative);
  void report(Report& report) const;

 private:
  template <int flavors>
  void add(const Plane& plane, const double* entropy_derivative);

  struct Rates {
    explicit Rates(Reduction& r)
        : number(r),
          kinetic(r),
          u_osc(r),
          u_non(r),
          u_matter(r),
          u_vacuum(r),
          purity(r),
          entropy(r) {}
    Sum number, kinetic, u_osc, u_non, u_matter, u_vacuum, purity, entropy;
  };

  MomentumMeasure measure_;
  const physics::Terms& terms_;
  const ExternalEnergy& external_;
  std::vector<Rates> rates_;  ///< by term
  std::vector<double> rate_;  ///< of one term on one plane
};

}  // namespace nuvlasov::diagnostics
