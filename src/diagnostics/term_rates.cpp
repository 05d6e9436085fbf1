#include "nuvlasov/diagnostics/term_rates.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nuvlasov::diagnostics {

TermRates::TermRates(const phase_space::MomentumGrid& momentum, const phase_space::Box& box,
                     const physics::Terms& terms, Reduction& reduction)
    : measure_(momentum, box), terms_(terms), rate_(static_cast<std::size_t>(box.plane())) {
  for (std::size_t t = 0; t < terms.size(); ++t) rates_.emplace_back(reduction);
}

void TermRates::add(const Plane& plane, const double* entropy_derivative) {
  const physics::Neighbourhood& here = plane.here;
  const physics::PlaneMoments& moments = plane.moments.at(plane.z);
  const Index row = here.angles * flavor::components;
  for (std::size_t t = 0; t < terms_.size(); ++t) {
    std::fill(rate_.begin(), rate_.end(), 0.0);
    terms_[t]->add_rate(here, rate_.data());
    const MomentumMoments rate = measure_.moments(rate_.data(), row);
    flavor::TraceSum purity, entropy;
    measure_.for_each_node([&](Index i, Index k, double weight) {
      const Index node = i * here.density_stride + k * flavor::components;
      const Index owned = i * row + k * flavor::components;
      const flavor::Matrix node_rate = weight * flavor::load(rate_.data() + owned);
      purity.add(flavor::load(here.density(0) + node), node_rate);
      entropy.add(flavor::load(entropy_derivative + owned), node_rate);
    });
    Rates& sums = rates_[t];
    sums.number.add(plane.weight * flavor::trace(rate.number));
    sums.kinetic.add(plane.weight * flavor::trace(rate.energy));
    sums.u_osc.add(0.5 * plane.weight *
                   (flavor::polarization_product(moments.zeroth, rate.number) -
                    flavor::polarization_product(moments.first, rate.flux)));
    sums.u_non.add(1.5 * plane.weight *
                   (flavor::trace(moments.zeroth) * flavor::trace(rate.number) -
                    flavor::trace(moments.first) * flavor::trace(rate.flux)));
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
    add("purity", units::of::states_rate, "purity", sums.purity);
    add("entropy", units::of::states_rate, "S", sums.entropy);
  }
}

}  // namespace nuvlasov::diagnostics
