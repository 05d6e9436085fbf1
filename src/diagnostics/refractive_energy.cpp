#include "nuvlasov/diagnostics/refractive_energy.hpp"

namespace nuvlasov::diagnostics {

RefractiveEnergy::RefractiveEnergy(Reduction& reduction)
    : u_osc_(reduction),
      u_osc_transverse_(reduction),
      u_non_(reduction),
      eq7_(reduction),
      eq22_(reduction) {}

void RefractiveEnergy::add(const Plane& plane) {
  if (!plane.represented) return;
  flavor::with_flavors(plane.here.flavors, [&](auto flavors) { add<flavors>(plane); });
}

template <int flavors>
void RefractiveEnergy::add(const Plane& plane) {
  using Matrix = flavor::Matrix<flavors>;
  const auto here = plane.moments.at<flavors>(plane.z);
  const phase_space::Stencil& d_z = plane.here.d_z();
  const Matrix d_first =
      d_z.apply([&](int m) { return plane.moments.at<flavors>(plane.z + m).first; });
  const Matrix d_second =
      d_z.apply([&](int m) { return plane.moments.at<flavors>(plane.z + m).second; });
  const auto pairs = [&](auto product) {
    return product(here.zeroth, here.zeroth) - product(here.first, here.first);
  };
  const auto slope = [&](auto product) {
    return product(here.zeroth, d_first) - product(here.first, d_second);
  };
  const auto polarizations = flavor::polarization_product<Matrix>;
  const auto numbers = [](Matrix a, Matrix b) { return flavor::trace(a) * flavor::trace(b); };
  u_osc_.add(0.25 * plane.weight * pairs(polarizations));
  u_osc_transverse_.add(0.25 * plane.weight * pairs(flavor::transverse_product<Matrix>));
  u_non_.add(0.5 * number_factor(flavors) * plane.weight * pairs(numbers));
  eq7_.add(-0.5 * plane.weight * slope(polarizations));
  eq22_.add(plane.weight * (0.5 * slope(polarizations) + number_factor(flavors) * slope(numbers)));
}

void RefractiveEnergy::report(Report& report) const {
  report.add("u_osc", units::of::box_energy, "flavor-dependent refractive energy U_osc, Eq. (5)",
             u_osc());
  report.add("u_osc_transverse", units::of::box_energy, "flavor-coherent (x, y) part of U_osc",
             u_osc_transverse_.value());
  report.add("u_non", units::of::box_energy, "flavor-independent refractive energy U_non", u_non());
  report.add("u_osc_rate_eq7", units::of::box_energy_rate,
             "right-hand side of Eq. (7), dU_osc/dt of the standard equation", eq7_.value());
  report.add("kinetic_energy_rate_eq22", units::of::box_energy_rate,
             "right-hand side of Eq. (22), dK/dt of the weak force", eq22_.value());
}

}  // namespace nuvlasov::diagnostics
