#include "nuvlasov/diagnostics/term_rates.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nuvlasov::diagnostics {

TermRates::TermRates(const phase_space::MomentumGrid& momentum, const phase_space::Box& box,
                     const physics::Terms& terms, const ExternalEnergy& external,
                     Reduction& reduction)
    : measure_(momentum, box),
      terms_(terms),
      external_(external),
      rate_(static_cast<std::size_t>(box.plane())) {
  for (std::size_t t = 0; t < terms.size(); ++t) rates_.emplace_back(reduction);
}

void TermRates::add(const Plane& plane, const double* entropy_derivative) {
  flavor::with_flavors(plane.here.flavors,
                       [&](auto flavors) { add<flavors>(plane, entropy_derivative); });
}

template <int flavors>
void TermRates::add(const Plane& plane, const double* entropy_derivative) {
  using Moments = MomentumMoments<flavors>;
  const physics::Neighbourhood& here = plane.here;
  const auto moments = plane.moments.at<flavors>(plane.z);
  const Index row = here.row();
  for (std::size_t t = 0; t < terms_.size(); ++t) {
    std::fill(rate_.begin(), rate_.end(), 0.0);
    terms_[t]->add_rate(here, rate_.data());
    const auto rate = measure_.moments<flavors>(rate_.data(), row);
    flavor::TraceSum<flavors> purity, entropy;
    measure_.for_each_node([&](Index i, Index k, double weight) {
      const Index node = i * here.density_stride + k * here.components;
      const Index owned = i * row + k * here.components;
      const auto node_rate = weight * flavor::load<flavors>(rate_.data() + owned);
      purity.add(flavor::load<flavors>(here.density(0) + node), node_rate);
      entropy.add(flavor::load<flavors>(entropy_derivative + owned), node_rate);
    });
    const auto net_number = rate.net(&Moments::number);
    const auto net_flux = rate.net(&Moments::flux);
    Rates& sums = rates_[t];
    sums.number.add(plane.weight * flavor::trace(rate.all(&Moments::number)));
    sums.kinetic.add(plane.weight * flavor::trace(rate.all(&Moments::energy)));
    sums.u_osc.add(0.5 * plane.weight *
                   (flavor::polarization_product(moments.zeroth, net_number) -
                    flavor::polarization_product(moments.first, net_flux)));
    sums.u_non.add(RefractiveEnergy::number_factor(flavors) * plane.weight *
                   (flavor::trace(moments.zeroth) * flavor::trace(net_number) -
                    flavor::trace(moments.first) * flavor::trace(net_flux)));
    if (external_.has_matter()) sums.u_matter.add(external_.matter<flavors>(plane, net_number));
    if (external_.has_vacuum())
      sums.u_vacuum.add(external_.vacuum<flavors>(plane, rate_.data(), row));
    sums.purity.add(2.0 * plane.weight * purity.value());
    sums.entropy.add(plane.weight * entropy.value());
  }
}

void TermRates::report(Report& report) const {
  for (std::size_t t = 0; t < terms_.size(); ++t) {
    const auto add = [&](const char* what, const units::Quantity& quantity, const char* symbol,
                         const Sum& sum) {
      report.add(fmt::format("{}_rate_{}", what, terms_[t]->name()), quantity,
                 fmt::format("d{}/dt by {}", symbol, terms_[t]->meaning()), sum.value());
    };
    const Rates& sums = rates_[t];
    add("number", units::of::box_number_rate, "N", sums.number);
    add("kinetic_energy", units::of::box_energy_rate, "(K - E_ref N)", sums.kinetic);
    add("u_osc", units::of::box_energy_rate, "U_osc", sums.u_osc);
    add("u_non", units::of::box_energy_rate, "U_non", sums.u_non);
    if (external_.has_matter())
      add("u_matter", units::of::box_energy_rate, "U_matter", sums.u_matter);
    if (external_.has_vacuum())
      add("u_vacuum", units::of::box_energy_rate, "U_vacuum", sums.u_vacuum);
    add("purity", units::of::states_rate, "purity", sums.purity);
    add("entropy", units::of::states_rate, "S", sums.entropy);
  }
}

}  // namespace nuvlasov::diagnostics
