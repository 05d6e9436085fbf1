#include "nuvlasov/diagnostics/state_totals.hpp"

#include <fmt/format.h>

namespace nuvlasov::diagnostics {

StateTotals::StateTotals(const phase_space::MomentumGrid& momentum, const phase_space::Box& box,
                         Reduction& reduction)
    : reference_energy_(momentum.reference_energy()),
      measure_(momentum, box),
      lower_edge_(-box.energy.begin),
      upper_edge_(momentum.energies() - 1 - box.energy.begin),
      first_direction_(momentum.direction_range().from > -1.0 ? -box.angle.begin : -1),
      last_direction_(momentum.direction_range().to < 1.0 ? momentum.angles() - 1 - box.angle.begin
                                                          : -1),
      number_(reduction),
      flux_(reduction),
      pressure_(reduction),
      energy_(reduction),
      energy_flux_(reduction),
      purity_(reduction),
      at_lower_edge_(reduction),
      at_upper_edge_(reduction),
      at_first_direction_(reduction),
      at_last_direction_(reduction) {}

void StateTotals::add(const Plane& plane) {
  const double* rho = plane.here.density(0);
  const Index stride = plane.here.density_stride;
  const MomentumMoments moments = measure_.moments(rho, stride);
  flavor::TraceSum purity;
  double lower = 0.0, upper = 0.0, first = 0.0, last = 0.0;
  measure_.for_each_node([&](Index i, Index k, double weight) {
    const flavor::Matrix node = flavor::load(rho + i * stride + k * flavor::components);
    purity.add(node, weight * node);
    if (i == lower_edge_) lower += weight * flavor::trace(node);
    if (i == upper_edge_) upper += weight * flavor::trace(node);
    if (k == first_direction_) first += weight * flavor::trace(node);
    if (k == last_direction_) last += weight * flavor::trace(node);
  });
  number_.add(plane.weight * moments.number);
  flux_.add(plane.weight * moments.flux);
  pressure_.add(plane.weight * moments.pressure);
  energy_.add(plane.weight * moments.energy);
  energy_flux_.add(plane.weight * moments.energy_flux);
  purity_.add(plane.weight * purity.value());
  at_lower_edge_.add(plane.weight * std::abs(lower));
  at_upper_edge_.add(plane.weight * std::abs(upper));
  at_first_direction_.add(plane.weight * std::abs(first));
  at_last_direction_.add(plane.weight * std::abs(last));
}

void StateTotals::report(Report& report) const {
  report.add("number", units::of::box_number, "number of neutrinos N", number());
  report.add("kinetic_energy", units::of::box_energy, "kinetic energy K",
             reference_energy_ * number() + kinetic_energy_relative());
  report.add("kinetic_energy_relative", units::of::box_energy,
             "kinetic energy relative to the reference, K - E_ref N", kinetic_energy_relative());
  report.add(
      "momentum_z", units::of::box_energy, "momentum along z",
      reference_energy_ * flavor::trace(flux_.value()) + flavor::trace(energy_flux_.value()));
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
  report_flavors(report);
}

void StateTotals::report_flavors(Report& report) const {
  const auto of_flavors = [](const MatrixSum& sum) { return flavor::occupations(sum.value()); };
  const auto number = of_flavors(number_);
  const auto mean = [&](const MatrixSum& sum, std::size_t flavor) {
    return number[flavor] != 0.0 ? of_flavors(sum)[flavor] / number[flavor] : 0.0;
  };
  for (std::size_t a = 0; a < flavor::flavors; ++a) {
    const char* name = flavor::flavor_names[a];
    report.add(fmt::format("number_{}", name), units::of::box_number,
               fmt::format("number of {}", name), number[a]);
    report.add(fmt::format("mean_energy_relative_{}", name), units::of::energy,
               fmt::format("mean energy of {} relative to the reference, <E - E_ref>", name),
               mean(energy_, a));
    report.add(fmt::format("mean_direction_{}", name), units::of::number,
               fmt::format("mean direction <v> of {}", name), mean(flux_, a));
    report.add(fmt::format("mean_squared_direction_{}", name), units::of::number,
               fmt::format("mean squared direction <v^2> of {}", name), mean(pressure_, a));
  }
}

}  // namespace nuvlasov::diagnostics
