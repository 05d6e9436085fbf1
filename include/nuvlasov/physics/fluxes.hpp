/// \file
/// The fluxes of the conservative form of the equation,
///
///     d_t rho + v d_z rho = i [rho, Omega] + d_z Phi - d_pz F               Eq. (19)
///     Phi = 1/2 sum_p' (1 - v v') [{rho', d_pz rho} + 2 Tr(rho') d_pz rho]  Eq. (20)
///         = Omega o d_pz rho,
///     F   = Omega o d_z rho
///
/// for neutrinos; for antineutrinos both have the opposite sign. The masses are not in them.
///
/// (z components; o is the Jordan product). Tr F = 1/2 sum_p' (1 - v v') [3 P0' d_z P0 + P'.d_z P]
/// is Eq. (21), and the weak force changes the kinetic energy by dK/dt = int dz sum_p v Tr F, Eq.
/// (22).
#pragma once

#include "nuvlasov/physics/term.hpp"

namespace nuvlasov::physics {

/// Phi on one z plane, written to [energy][angle][component]; reads
/// Neighbourhood::momentum_gradient.
void write_flux(const Neighbourhood& here, double* flux);

/// F on one z plane (mu^2), written to [energy][angle][component].
void write_force(const Neighbourhood& here, double* force);

}  // namespace nuvlasov::physics
