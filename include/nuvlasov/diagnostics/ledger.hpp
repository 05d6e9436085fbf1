/// \file
/// The global budget: every invariant of the equation, and what each of its terms does to them.
#pragma once

#include "nuvlasov/diagnostics/boundary_flux.hpp"
#include "nuvlasov/diagnostics/entropy.hpp"
#include "nuvlasov/diagnostics/external_energy.hpp"
#include "nuvlasov/diagnostics/record.hpp"
#include "nuvlasov/diagnostics/refractive_energy.hpp"
#include "nuvlasov/diagnostics/state_totals.hpp"
#include "nuvlasov/diagnostics/term_rates.hpp"
#include "nuvlasov/diagnostics/time_integral.hpp"
#include "nuvlasov/phase_space/decomposition.hpp"

namespace nuvlasov::diagnostics {

/// What a ledger carries from one row to the next: a few numbers to copy, which a restart has to
/// save.
struct LedgerMemory {
  bool started = false;
  double energy_relative = 0.0;  ///< H - E_ref N at the start
  double energy_scale = 1.0;     ///< |U_osc| at the start, or 1 where that is zero
  double entropy = 0.0;          ///< S at the start
  double number = 0.0;           ///< N at the start
  TimeIntegral entropy_remainder;
  BoundaryIntegral boundary;  ///< through open ends
};

/// Measures one history row from a state: the measures of which it consists, each in its own
/// header, and what needs several of them or the rows before. Sums over z are compensated, so that
/// rows do not depend on the number of ranks while the momentum grid is whole on each.
class Ledger {
 public:
  Ledger(const phase_space::ZAxis& z, const phase_space::MomentumGrid& momentum,
         const phase_space::Decomposition& decomposition, physics::KineticEquation& equation);

  const std::vector<Column>& columns() const { return columns_; }

  /// The row at `time`. The first call sets what changes are measured from. Collective; the same on
  /// all ranks.
  Record measure(const phase_space::StateView& rho, double time, Index step, double dt);

  /// Whether the box has open ends, so that steps have to be followed.
  bool follows_steps() const { return boundary_.open(); }
  /// To be called before each step with the state, owned nodes [z][energy][angle][component].
  /// \param middle  whether the step will add what the rate at the mean of the states before and
  ///                after says, as the implicit midpoint method does
  /// Collective.
  void begin_step(const double* state, double time, bool middle);
  /// To be called after it. Collective.
  void end_step(const double* state, double time, double step, bool middle);

  /// The unit of budget_residual (mu): |U_osc| of the first row, or 1 where that is zero.
  double energy_scale() const { return memory_.energy_scale; }

  /// Value of a column of `record`; the name must be one of columns().
  double value(const Record& record, const std::string& name) const;
  bool has(const std::string& name) const;

  /// Bytes of the sums and minima that a row takes over all ranks.
  double reduced_bytes() const { return reduction_.bytes(); }

  const LedgerMemory& memory() const { return memory_; }
  /// Goes on from the rows of another ledger.
  void restore(const LedgerMemory& memory) { memory_ = memory; }

 private:
  void remember(double time);
  double energy_relative() const;
  Report report(double time, Index step, double dt) const;

  phase_space::ZAxis z_;
  const phase_space::Decomposition& decomposition_;
  physics::KineticEquation& equation_;
  double reference_energy_;
  Reduction reduction_;
  StateTotals state_;
  RefractiveEnergy refraction_;
  ExternalEnergy external_;
  Entropy entropy_;
  TermRates rates_;
  BoundaryFlux boundary_;
  BoundaryRates boundary_rates_;
  LedgerMemory memory_;
  std::vector<Column> columns_;
};

}  // namespace nuvlasov::diagnostics
