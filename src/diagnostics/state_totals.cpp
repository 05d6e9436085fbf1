#include "nuvlasov/diagnostics/state_totals.hpp"

#include <fmt/format.h>

namespace nuvlasov::diagnostics {

StateTotals::StateTotals(const phase_space::MomentumGrid& momentum, const phase_space::Box& box,
                         Reduction& reduction)
    : flavors_(momentum.flavors()),
      reference_energy_(momentum.reference_energy()),
      measure_(momentum, box),
      lower_edge_(-box.energy.begin),
      upper_edge_(momentum.energies() - 1 - box.energy.begin),
      neutrinos_(reduction, momentum.components()),
      purity_(reduction),
      at_lower_edge_(reduction),
      at_upper_edge_(reduction),
      at_first_direction_(reduction),
      at_last_direction_(reduction) {
  if (momentum.has_antineutrinos()) antineutrinos_.emplace(reduction, momentum.components());
  const phase_space::DirectionRange range = momentum.direction_range();
  const Index species = momentum.angles_of_species();
  for (Index k = box.angle.begin; k < box.angle.end(); ++k) {
    first_direction_.push_back(range.from > -1.0 && k % species == 0);
    last_direction_.push_back(range.to < 1.0 && k % species == species - 1);
  }
}

template <int flavors>
void StateTotals::SpeciesSums::add(double spacing, const MomentumMoments<flavors>& moments) {
  number.add(spacing * moments.number);
  flux.add(spacing * moments.flux);
  pressure.add(spacing * moments.pressure);
  energy.add(spacing * moments.energy);
  energy_flux.add(spacing * moments.energy_flux);
}

double StateTotals::trace(MatrixSum SpeciesSums::*sum) const {
  const double of_neutrinos = (neutrinos_.*sum).trace();
  return antineutrinos_ ? of_neutrinos + ((*antineutrinos_).*sum).trace() : of_neutrinos;
}

void StateTotals::add(const Plane& plane) {
  flavor::with_flavors(flavors_, [&](auto flavors) { add<flavors>(plane); });
}

template <int flavors>
void StateTotals::add(const Plane& plane) {
  const double* rho = plane.here.density(0);
  const Index stride = plane.here.density_stride;
  const auto moments = measure_.moments<flavors>(rho, stride);
  flavor::TraceSum<flavors> purity;
  double lower = 0.0, upper = 0.0, first = 0.0, last = 0.0;
  measure_.for_each_node([&](Index i, Index k, double weight) {
    const auto node = flavor::load<flavors>(rho + i * stride + k * flavor::components(flavors));
    purity.add(node, weight * node);
    // Of each node, so that it does not matter which of them a rank has.
    const double number = weight * std::abs(flavor::trace(node));
    if (i == lower_edge_) lower += number;
    if (i == upper_edge_) upper += number;
    if (first_direction_[static_cast<std::size_t>(k)]) first += number;
    if (last_direction_[static_cast<std::size_t>(k)]) last += number;
  });
  neutrinos_.add(plane.weight, moments.neutrinos);
  if (antineutrinos_) antineutrinos_->add(plane.weight, moments.antineutrinos);
  purity_.add(plane.weight * purity.value());
  at_lower_edge_.add(plane.weight * lower);
  at_upper_edge_.add(plane.weight * upper);
  at_first_direction_.add(plane.weight * first);
  at_last_direction_.add(plane.weight * last);
}

void StateTotals::report(Report& report) const {
  report.add("number", units::of::box_number,
             antineutrinos_ ? "number of neutrinos and antineutrinos N" : "number of neutrinos N",
             number());
  report.add("kinetic_energy", units::of::box_energy, "kinetic energy K",
             reference_energy_ * number() + kinetic_energy_relative());
  report.add("kinetic_energy_relative", units::of::box_energy,
             "kinetic energy relative to the reference, K - E_ref N", kinetic_energy_relative());
  report.add("momentum_z", units::of::box_energy, "momentum along z",
             reference_energy_ * trace(&SpeciesSums::flux) + trace(&SpeciesSums::energy_flux));
  report.add("purity", units::of::states, "purity, sum of Tr rho^2", purity_.value());
  const bool window = lower_edge_ < upper_edge_;
  const auto larger_share = [&](const Sum& one, const Sum& other) {
    return number() != 0.0 ? std::max(one.value(), other.value()) / std::abs(number()) : 0.0;
  };
  report.add("edge_fraction", units::of::number,
             "largest share of the neutrinos in an outermost cell of the energy window",
             window ? larger_share(at_lower_edge_, at_upper_edge_) : 0.0);
  report.add("direction_edge_fraction", units::of::number,
             "largest share of the neutrinos in a direction at the end of a limited range",
             larger_share(at_first_direction_, at_last_direction_));
  flavor::with_flavors(flavors_, [&](auto flavors) {
    report_flavors<flavors>("", neutrinos_, report);
    if (!antineutrinos_) return;
    report_flavors<flavors>("anti", *antineutrinos_, report);
    report_leptons<flavors>(report);
  });
}

template <int flavors>
void StateTotals::report_leptons(Report& report) const {
  const auto net = neutrinos_.number.value<flavors>() - antineutrinos_->number.value<flavors>();
  report.add("lepton_number", units::of::box_number, "lepton number, neutrinos less antineutrinos",
             flavor::trace(net));
  const auto of_flavors = flavor::occupations(net);
  const auto names = flavor::flavor_names(flavors);
  for (std::size_t a = 0; a < names.size(); ++a)
    report.add(fmt::format("lepton_number_{}", names[a]), units::of::box_number,
               fmt::format("number of {0} less that of anti{0}", names[a]), of_flavors[a]);
}

template <int flavors>
void StateTotals::report_flavors(const std::string& prefix, const SpeciesSums& sums,
                                 Report& report) const {
  const auto of_flavors = [](const MatrixSum& sum) {
    return flavor::occupations(sum.value<flavors>());
  };
  const auto number = of_flavors(sums.number);
  const auto mean = [&](const MatrixSum& sum, std::size_t flavor) {
    return number[flavor] != 0.0 ? of_flavors(sum)[flavor] / number[flavor] : 0.0;
  };
  const auto names = flavor::flavor_names(flavors);
  for (std::size_t a = 0; a < names.size(); ++a) {
    const std::string name = prefix + names[a];
    report.add(fmt::format("number_{}", name), units::of::box_number,
               fmt::format("number of {}", name), number[a]);
    report.add(fmt::format("mean_energy_relative_{}", name), units::of::energy,
               fmt::format("mean energy of {} relative to the reference, <E - E_ref>", name),
               mean(sums.energy, a));
    report.add(fmt::format("mean_direction_{}", name), units::of::number,
               fmt::format("mean direction <v> of {}", name), mean(sums.flux, a));
    report.add(fmt::format("mean_squared_direction_{}", name), units::of::number,
               fmt::format("mean squared direction <v^2> of {}", name), mean(sums.pressure, a));
  }
}

}  // namespace nuvlasov::diagnostics
