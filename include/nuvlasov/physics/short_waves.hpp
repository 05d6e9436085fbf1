/// \file
/// How fast waves at the scale of the grid may grow in spherical geometry.
///
/// With the gradients of Omega the equation is of the Vlasov kind with a local potential: in a
/// state that is not isotropic, waves much shorter than the flavor instability grow at a rate
/// proportional to k mu/E, so that the finest grid sees the fastest. For realistic energies that is
/// nothing.
#pragma once

#include "nuvlasov/phase_space/z_axis.hpp"
#include "nuvlasov/physics/dissipation.hpp"
#include "nuvlasov/physics/moments.hpp"

namespace nuvlasov::physics {

/// mu: the largest eigenvalue of Omega on the planes of this rank.
double largest_refraction(const Moments& moments);

/// An upper estimate of the rate (1/time), over all waves that the grid holds,
///
///     0.1 k mu/E_ref - (eps/dz) sin^2r(k dz/2),    k as D_z returns it.
///
/// The states measured grow by 0.07 k mu/E_ref at most (docs/physics.md).
double short_wave_growth(double refraction, const phase_space::ZAxis& z,
                         const phase_space::MomentumGrid& momentum,
                         const DissipationStrength& dissipation);

}  // namespace nuvlasov::physics
