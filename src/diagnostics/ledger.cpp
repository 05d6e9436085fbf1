#include "nuvlasov/diagnostics/ledger.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "nuvlasov/diagnostics/compensated_sum.hpp"

namespace nuvlasov::diagnostics {
namespace {

struct StateSums {
  CompensatedSum number, kinetic_relative, flux, energy_flux_relative, purity, entropy,
      negative_part, lower_edge, upper_edge, u_osc, u_osc_transverse, u_non, eq7, eq22;
};

struct TermSums {
  CompensatedSum number, kinetic, u_osc, u_non, purity;
};

std::vector<Column> state_columns() {
  return {
      {"time", "1/mu", "time"},
      {"step", "1", "number of time steps taken"},
      {"dt", "1/mu", "last time step"},
      {"number", "1", "number of neutrinos N"},
      {"kinetic_energy", "mu", "kinetic energy K"},
      {"kinetic_energy_relative", "mu", "kinetic energy relative to the reference, K - E_ref N"},
      {"u_osc", "mu", "flavor-dependent refractive energy U_osc, Eq. (5)"},
      {"u_osc_transverse", "mu", "flavor-coherent (x, y) part of U_osc"},
      {"u_non", "mu", "flavor-independent refractive energy U_non"},
      {"total_energy", "mu", "total energy H = K + U_osc + U_non"},
      {"total_energy_relative", "mu", "total energy relative to the reference, H - E_ref N"},
      {"budget_residual", "1", "change of K + U_osc + U_non since the start over |U_osc(0)|"},
      {"momentum_z", "mu", "momentum along z"},
      {"purity", "1", "purity, sum of Tr rho^2"},
      {"entropy", "1", "entropy S, Eq. (S19)"},
      {"min_eigenvalue", "1", "most negative eigenvalue of rho"},
      {"negative_part", "1", "sum of the negative eigenvalues of rho over phase space"},
      {"edge_fraction", "1",
       "largest share of the neutrinos in an outermost cell of the energy window"},
      {"u_osc_rate_eq7", "mu^2", "right-hand side of Eq. (7), dU_osc/dt of the standard equation"},
      {"kinetic_energy_rate_eq22", "mu^2", "right-hand side of Eq. (22), dK/dt of the weak force"},
  };
}

void append_term_columns(const physics::Term& term, std::vector<Column>& columns) {
  const auto add = [&](const char* quantity, const char* units, const char* symbol) {
    columns.push_back({fmt::format("{}_rate_{}", quantity, term.name()), units,
                       fmt::format("d{}/dt by {}", symbol, term.meaning())});
  };
  add("number", "mu", "N");
  add("kinetic_energy", "mu^2", "(K - E_ref N)");
  add("u_osc", "mu^2", "U_osc");
  add("u_non", "mu^2", "U_non");
  add("purity", "mu", "purity");
}

/// int over one plane of P_0.d_z P_1 - P_1.d_z P_2, and the same of the occupation numbers.
struct GradientProducts {
  double polarization, number;
};

GradientProducts gradient_products(const physics::Moments& moments, Index j,
                                   const phase_space::CentralDifference& derivative) {
  flavor::Matrix d_first{}, d_second{};
  for (int m = 1; m <= derivative.reach(); ++m) {
    d_first += derivative.weight(m) * (moments.at(j + m).first - moments.at(j - m).first);
    d_second += derivative.weight(m) * (moments.at(j + m).second - moments.at(j - m).second);
  }
  const physics::PlaneMoments& here = moments.at(j);
  return {flavor::polarization_product(here.zeroth, d_first) -
              flavor::polarization_product(here.first, d_second),
          flavor::trace(here.zeroth) * flavor::trace(d_first) -
              flavor::trace(here.first) * flavor::trace(d_second)};
}

}  // namespace

struct Ledger::Sums {
  explicit Sums(std::size_t terms) : memory(state_count + terms * term_count) {}
  static constexpr std::size_t state_count = sizeof(StateSums) / sizeof(CompensatedSum);
  static constexpr std::size_t term_count = sizeof(TermSums) / sizeof(CompensatedSum);
  StateSums& state() { return *reinterpret_cast<StateSums*>(memory.data()); }
  TermSums& term(std::size_t t) {
    return *reinterpret_cast<TermSums*>(memory.data() + state_count + t * term_count);
  }
  std::vector<CompensatedSum> memory;
  double min_eigenvalue = std::numeric_limits<double>::infinity();
};

Ledger::Ledger(const phase_space::ZAxis& z, const phase_space::MomentumGrid& momentum,
               const phase_space::Decomposition& decomposition, physics::KineticEquation& equation)
    : z_(z),
      momentum_(momentum),
      decomposition_(decomposition),
      equation_(equation),
      momentum_sum_(momentum, decomposition.box()),
      columns_(state_columns()),
      rate_(static_cast<std::size_t>(decomposition.box().plane())) {
  for (const auto& term : equation.terms()) append_term_columns(*term, columns_);
}

void Ledger::add_plane(const phase_space::StateView& rho, Index j,
                       const physics::Neighbourhood& here, Sums& sums) {
  const phase_space::Box& box = rho.box();
  const double dz = z_.spacing();
  StateSums& total = sums.state();

  double number = 0, kinetic = 0, flux = 0, energy_flux = 0, purity = 0, entropy = 0, negative = 0;
  for (Index i = 0; i < box.energy.size; ++i) {
    const Index cell = box.energy.begin + i;
    const double offset = momentum_.energy_offset(cell);
    double row_number = 0, row_flux = 0;
    for (Index k = 0; k < box.angle.size; ++k) {
      const Index direction = box.angle.begin + k;
      const double weight = momentum_.weight(cell, direction);
      const flavor::Matrix node = flavor::load(rho.row(j, i) + k * flavor::components);
      const double occupation = weight * flavor::trace(node);
      row_number += occupation;
      row_flux += momentum_.direction(direction) * occupation;
      purity += weight * flavor::purity(node);
      const auto eigenvalues = flavor::eigenvalues(node);
      entropy += weight * flavor::entropy(eigenvalues);
      for (const double eigenvalue : eigenvalues) negative += weight * std::min(eigenvalue, 0.0);
      sums.min_eigenvalue = std::min(sums.min_eigenvalue, eigenvalues[0]);
    }
    number += row_number;
    kinetic += offset * row_number;
    flux += row_flux;
    energy_flux += offset * row_flux;
    if (momentum_.energies() > 1 && cell == 0) total.lower_edge.add(dz * std::abs(row_number));
    if (momentum_.energies() > 1 && cell == momentum_.energies() - 1)
      total.upper_edge.add(dz * std::abs(row_number));
  }
  total.number.add(dz * number);
  total.kinetic_relative.add(dz * kinetic);
  total.flux.add(dz * flux);
  total.energy_flux_relative.add(dz * energy_flux);
  total.purity.add(dz * purity);
  total.entropy.add(dz * entropy);
  total.negative_part.add(dz * negative);

  const physics::PlaneMoments& moments = equation_.moments().at(j);
  if (decomposition_.represents_plane()) {
    const auto quarter_difference = [&](auto product) {
      return 0.25 * dz *
             (product(moments.zeroth, moments.zeroth) - product(moments.first, moments.first));
    };
    total.u_osc.add(quarter_difference(flavor::polarization_product));
    total.u_osc_transverse.add(quarter_difference(flavor::transverse_product));
    total.u_non.add(3.0 * quarter_difference([](flavor::Matrix a, flavor::Matrix b) {
                      return flavor::trace(a) * flavor::trace(b);
                    }));
    const GradientProducts product = gradient_products(equation_.moments(), j, z_.derivative());
    total.eq7.add(-0.5 * dz * product.polarization);
    total.eq22.add(dz * (0.5 * product.polarization + 1.5 * product.number));
  }

  for (std::size_t t = 0; t < equation_.terms().size(); ++t) {
    std::fill(rate_.begin(), rate_.end(), 0.0);
    equation_.terms()[t]->add_rate(here, rate_.data());
    const physics::PlaneMoments rate = momentum_sum_(rate_.data(), box.row());
    double kinetic_rate = 0, purity_rate = 0;
    for (Index i = 0; i < box.energy.size; ++i) {
      double row_number = 0;
      for (Index k = 0; k < box.angle.size; ++k) {
        const double weight = momentum_.weight(box.energy.begin + i, box.angle.begin + k);
        const flavor::Matrix node_rate =
            flavor::load(rate_.data() + i * box.row() + k * flavor::components);
        row_number += weight * flavor::trace(node_rate);
        purity_rate +=
            weight * flavor::twice_trace_of_product(
                         flavor::load(rho.row(j, i) + k * flavor::components), node_rate);
      }
      kinetic_rate += momentum_.energy_offset(box.energy.begin + i) * row_number;
    }
    TermSums& term = sums.term(t);
    term.number.add(dz * flavor::trace(rate.zeroth));
    term.kinetic.add(dz * kinetic_rate);
    term.u_osc.add(0.5 * dz *
                   (flavor::polarization_product(moments.zeroth, rate.zeroth) -
                    flavor::polarization_product(moments.first, rate.first)));
    term.u_non.add(1.5 * dz *
                   (flavor::trace(moments.zeroth) * flavor::trace(rate.zeroth) -
                    flavor::trace(moments.first) * flavor::trace(rate.first)));
    term.purity.add(dz * purity_rate);
  }
}

Record Ledger::measure(const phase_space::StateView& rho, double time, Index step, double dt) {
  Sums sums(equation_.terms().size());
  equation_.sweep(
      rho, [&](Index j, const physics::Neighbourhood& here) { add_plane(rho, j, here, sums); });
  sum_over_ranks(sums.memory.data(), static_cast<int>(sums.memory.size()),
                 decomposition_.communicator());
  MPI_Allreduce(MPI_IN_PLACE, &sums.min_eigenvalue, 1, MPI_DOUBLE, MPI_MIN,
                decomposition_.communicator());

  const StateSums& total = sums.state();
  const double reference = momentum_.reference_energy();
  const double number = total.number.value();
  const double kinetic_relative = total.kinetic_relative.value();
  const double u_osc = total.u_osc.value();
  const double u_non = total.u_non.value();
  const double energy_relative = kinetic_relative + u_osc + u_non;
  if (!initial_energy_) {
    initial_energy_ = energy_relative;
    if (u_osc != 0.0) energy_scale_ = std::abs(u_osc);
  }
  const double edge = std::max(total.lower_edge.value(), total.upper_edge.value());

  Record record;
  record.values = {time,
                   static_cast<double>(step),
                   dt,
                   number,
                   reference * number + kinetic_relative,
                   kinetic_relative,
                   u_osc,
                   total.u_osc_transverse.value(),
                   u_non,
                   reference * number + energy_relative,
                   energy_relative,
                   (energy_relative - *initial_energy_) / energy_scale_,
                   reference * total.flux.value() + total.energy_flux_relative.value(),
                   total.purity.value(),
                   total.entropy.value(),
                   sums.min_eigenvalue,
                   total.negative_part.value(),
                   number != 0.0 ? edge / std::abs(number) : 0.0,
                   total.eq7.value(),
                   total.eq22.value()};
  for (std::size_t t = 0; t < equation_.terms().size(); ++t) {
    const TermSums& term = sums.term(t);
    for (const CompensatedSum* sum :
         {&term.number, &term.kinetic, &term.u_osc, &term.u_non, &term.purity})
      record.values.push_back(sum->value());
  }
  return record;
}

double Ledger::value(const Record& record, const std::string& name) const {
  for (std::size_t c = 0; c < columns_.size(); ++c)
    if (columns_[c].name == name) return record.values[c];
  throw std::out_of_range(fmt::format("no history column '{}'", name));
}

}  // namespace nuvlasov::diagnostics
