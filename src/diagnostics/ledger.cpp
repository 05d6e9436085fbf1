#include "nuvlasov/diagnostics/ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <type_traits>

namespace nuvlasov::diagnostics {

static_assert(std::is_trivially_copyable_v<LedgerMemory>);

Ledger::Ledger(const phase_space::ZAxis& z, const phase_space::MomentumGrid& momentum,
               const phase_space::Decomposition& decomposition, physics::KineticEquation& equation)
    : z_(z),
      decomposition_(decomposition),
      equation_(equation),
      reference_energy_(momentum.reference_energy()),
      state_(momentum, decomposition.box(), reduction_),
      refraction_(reduction_),
      external_(momentum, decomposition.box(), equation.settings(), reduction_),
      entropy_(momentum, decomposition.box(), equation, reduction_),
      rates_(momentum, decomposition.box(), equation.terms(), external_, reduction_),
      boundary_(z, momentum, decomposition, equation),
      columns_(report(0.0, 0, 0.0).columns()) {}

Record Ledger::measure(const phase_space::StateView& rho, double time, Index step, double dt) {
  reduction_.clear();
  const Index first = decomposition_.box().z.begin;
  equation_.sweep(rho, [&](Index j, const physics::Neighbourhood& here) {
    const Plane plane{j, here, equation_.moments(), z_.weight(first + j),
                      decomposition_.represents_plane()};
    state_.add(plane);
    refraction_.add(plane);
    external_.add(plane);
    entropy_.add(plane);
    rates_.add(plane, entropy_.derivative());
  });
  reduction_.over_ranks(decomposition_.communicator());
  if (boundary_.open()) boundary_rates_ = boundary_.rates(rho);
  remember(time);
  return report(time, step, dt).record();
}

void Ledger::begin_step(const double* state, double time, bool middle) {
  if (middle)
    boundary_.keep(state);
  else if (!memory_.boundary.begun())
    memory_.boundary.add_point(time, boundary_.rates(state));
}

void Ledger::end_step(const double* state, double time, double step, bool middle) {
  if (middle)
    memory_.boundary.add_step(step, boundary_.rates_in_the_middle(state));
  else
    memory_.boundary.add_point(time, boundary_.rates(state));
}

double Ledger::energy_relative() const {
  return state_.kinetic_energy_relative() + refraction_.u_osc() + refraction_.u_non() +
         external_.u_matter() + external_.u_vacuum();
}

void Ledger::remember(double time) {
  if (!memory_.started) {
    memory_.started = true;
    memory_.energy_relative = energy_relative();
    if (refraction_.u_osc() != 0.0) memory_.energy_scale = std::abs(refraction_.u_osc());
    memory_.entropy = entropy_.entropy();
    memory_.number = state_.number();
  }
  memory_.entropy_remainder.add(time, entropy_.remainder_rate());
}

Report Ledger::report(double time, Index step, double dt) const {
  Report row;
  row.add("time", units::of::time, "time", time);
  row.add("step", units::of::number, "number of time steps taken", static_cast<double>(step));
  row.add("dt", units::of::time, "last time step", dt);
  state_.report(row);
  refraction_.report(row);
  external_.report(row);
  std::string sum = "K + U_osc + U_non";
  if (external_.has_matter()) sum += " + U_matter";
  if (external_.has_vacuum()) sum += " + U_vacuum";
  row.add("total_energy", units::of::box_energy, "total energy H = " + sum,
          reference_energy_ * state_.number() + energy_relative());
  row.add("total_energy_relative", units::of::box_energy,
          "total energy relative to the reference, H - E_ref N", energy_relative());
  row.add("budget_residual", units::of::number,
          "change of " + sum + " since the start" +
              (boundary_.open() ? ", less what came through the ends," : "") + " over |U_osc(0)|",
          (energy_relative() - memory_.energy_relative -
           memory_.boundary.value(BoundaryRates::total_energy)) /
              memory_.energy_scale);
  entropy_.report(row);
  const double remainder = memory_.entropy_remainder.value();
  row.add("entropy_remainder", units::of::states,
          "time integral of entropy_remainder_rate since the start", remainder);
  row.add("entropy_production", units::of::states,
          boundary_.open() ? "numerical entropy production, S - S(0) - entropy_remainder - "
                             "entropy_boundary"
                           : "numerical entropy production, S - S(0) - entropy_remainder",
          entropy_.entropy() - memory_.entropy - remainder -
              memory_.boundary.value(BoundaryRates::entropy));
  if (boundary_.open()) {
    row.add("number_residual", units::of::box_number, "N - N(0) - number_boundary",
            state_.number() - memory_.number - memory_.boundary.value(BoundaryRates::number));
    diagnostics::report(boundary_rates_, memory_.boundary, row);
  }
  rates_.report(row);
  return row;
}

bool Ledger::has(const std::string& name) const {
  return std::any_of(columns_.begin(), columns_.end(),
                     [&](const Column& column) { return column.name == name; });
}

double Ledger::value(const Record& record, const std::string& name) const {
  for (std::size_t c = 0; c < columns_.size(); ++c)
    if (columns_[c].name == name) return record.values[c];
  throw std::out_of_range(fmt::format("no history column '{}'", name));
}

}  // namespace nuvlasov::diagnostics
