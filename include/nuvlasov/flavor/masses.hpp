/// \file
/// Masses and mixing of neutrinos.
#pragma once

#include "nuvlasov/flavor/density_matrix.hpp"

namespace nuvlasov::flavor {

/// Of two flavors nu_e = cos(theta) nu_1 + sin(theta) nu_2, theta being theta_12; of three nu_a =
/// sum_i U_ai nu_i with U = R_23(theta_23) R_13(theta_13, delta_cp) R_12(theta_12), as the Particle
/// Data Group writes it.
struct Masses {
  double delta_m2 = 0.0;      ///< m_2^2 - m_1^2 (mu^2); negative, of two flavors: inverted ordering
  double mixing_angle = 0.0;  ///< theta_12
  // Of three flavors.
  double delta_m2_31 = 0.0;  ///< m_3^2 - m_1^2 (mu^2); negative: inverted ordering
  double theta_13 = 0.0, theta_23 = 0.0, delta_cp = 0.0;
  bool any() const { return delta_m2 != 0.0 || delta_m2_31 != 0.0; }
};

/// M^2 = U diag(0, delta m^2_21, delta m^2_31) U^dagger less its mean, in the basis of flavors;
/// (delta m^2/2) (sin(2 theta) sigma_x - cos(2 theta) sigma_z) of two. A common mass does nothing
/// to flavor.
Components mass_matrix(const Masses& masses, int flavors);

}  // namespace nuvlasov::flavor
