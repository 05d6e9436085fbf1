/// \file
/// The global budget: every invariant of the equation, and what each of its terms does to them.
#pragma once

#include <optional>

#include "nuvlasov/diagnostics/record.hpp"
#include "nuvlasov/phase_space/decomposition.hpp"
#include "nuvlasov/physics/kinetic_equation.hpp"

namespace nuvlasov::diagnostics {

/// Measures one history row from a state. Sums over z are compensated, so that rows do not depend
/// on the number of ranks while the momentum grid is whole on each.
///
/// With <...> = sum over z, E, v with the measure dz dE w_k, and P_n the polarization moments:
///
///     number        N     = <P0>
///     kinetic       K     = <E P0>,  relative: <(E - E_ref) P0>, exact at any E_ref/mu
///     u_osc               = 1/4 int dz (|P_0|^2 - |P_1|^2)                  Eq. (5)
///     u_non               = 3/4 int dz (N_0^2 - N_1^2)
///     momentum_z          = <E v P0>,  purity = <Tr rho^2>,  entropy = <Tr s>  Eq. (S19)
///     eq7  = -1/2 int dz (P_0.d_z P_1 - P_1.d_z P_2)                        Eq. (7)
///     eq22 =  1/2 int dz (P_0.d_z P_1 - P_1.d_z P_2) + 3/2 int dz (N_0 d_z N_1 - N_1 d_z N_2)
///
/// and for each term T of the equation the rates dN/dt, dK/dt, dU_osc/dt, dU_non/dt and
/// d(purity)/dt that T alone would cause at this instant.
class Ledger {
 public:
  Ledger(const phase_space::ZAxis& z, const phase_space::MomentumGrid& momentum,
         const phase_space::Decomposition& decomposition, physics::KineticEquation& equation);

  const std::vector<Column>& columns() const { return columns_; }

  /// The row at `time`. The first call sets the reference of budget_residual. Collective; the
  /// same on all ranks.
  Record measure(const phase_space::StateView& rho, double time, Index step, double dt);

  /// The unit of budget_residual (mu): |U_osc| of the first row, or 1 where that is zero.
  double energy_scale() const { return energy_scale_; }

  /// Value of a column of `record`; the name must be one of columns().
  double value(const Record& record, const std::string& name) const;

 private:
  struct Sums;
  void add_plane(const phase_space::StateView& rho, Index j, const physics::Neighbourhood& here,
                 Sums& sums);

  const phase_space::ZAxis& z_;
  const phase_space::MomentumGrid& momentum_;
  const phase_space::Decomposition& decomposition_;
  physics::KineticEquation& equation_;
  physics::MomentumSum momentum_sum_;
  std::vector<Column> columns_;
  std::vector<double> rate_;  ///< one plane
  std::optional<double> initial_energy_;
  double energy_scale_ = 1.0;
};

}  // namespace nuvlasov::diagnostics
