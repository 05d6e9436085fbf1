#include "nuvlasov/flavor/masses.hpp"

#include <cmath>
#include <complex>

namespace nuvlasov::flavor {
namespace {

/// The columns of U, those of the masses 2 and 3.
std::array<std::array<std::complex<double>, 3>, 2> mixing(const Masses& masses) {
  const double c12 = std::cos(masses.mixing_angle), s12 = std::sin(masses.mixing_angle);
  const double c13 = std::cos(masses.theta_13), s13 = std::sin(masses.theta_13);
  const double c23 = std::cos(masses.theta_23), s23 = std::sin(masses.theta_23);
  const auto phase = std::polar(1.0, masses.delta_cp);
  return {{{s12 * c13, c12 * c23 - s12 * s23 * s13 * phase, -c12 * s23 - s12 * c23 * s13 * phase},
           {s13 * std::conj(phase), s23 * c13, c23 * c13}}};
}

}  // namespace

Components mass_matrix(const Masses& masses, int flavors) {
  if (flavors == 2)
    return to_components(masses.delta_m2 * Matrix<2>{0.0, std::sin(2.0 * masses.mixing_angle), 0.0,
                                                     -std::cos(2.0 * masses.mixing_angle)});
  const auto u = mixing(masses);
  const std::array squares{masses.delta_m2, masses.delta_m2_31};
  std::array<double, 3> occupied{};
  Matrix<3> off{};
  for (std::size_t i = 0; i < squares.size(); ++i) {
    for (std::size_t a = 0; a < 3; ++a) occupied[a] += squares[i] * std::norm(u[i][a]);
    for (const FlavorPair pair : flavor_pairs(3)) {
      const auto below = squares[i] * u[i][static_cast<std::size_t>(pair.second)] *
                         std::conj(u[i][static_cast<std::size_t>(pair.first)]);
      off[coherence(pair)] += 2.0 * below.real();
      off[coherence(pair) + 1] += 2.0 * below.imag();
    }
  }
  return to_components(polarization(diagonal<3>(occupied) + off));
}

}  // namespace nuvlasov::flavor
