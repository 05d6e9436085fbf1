#include "nuvlasov/physics/weak_force.hpp"

#include <algorithm>
#include <cmath>

namespace nuvlasov::physics {

WeakForce::WeakForce(const phase_space::ZAxis& z, const std::shared_ptr<RateKernel>& kernel)
    : KernelTerm(kernel),
      derivative_(z.derivative()),
      spacing_(z.spacing()),
      momentum_radius_(kernel->momentum_radius()) {}

double WeakForce::spectral_radius(const Moments& moments) const {
  // The flux form amplifies what varies from cell to cell by up to sum 2 m |c_m| dz, |c_m| being
  // the stencil coefficients: |Omega_{j+m} - Omega_j| <= m dz |d_z Omega|.
  double flux_form = 0.0;
  for (int m = 1; m <= derivative_.reach(); ++m)
    flux_form += 2.0 * m * spacing_ * std::abs(derivative_.weight(m));

  double force = 0.0;
  for (Index j = 0; j < moments.planes(); ++j)
    for (Index at = 0; at < moments.angles() * flavor::components; at += flavor::components)
      force = std::max(force, flavor::jordan_radius(derivative_.apply([&](int m) {
                         return flavor::load(moments.refraction(j + m) + at);
                       })));
  return (2.0 + flux_form) / 3.0 * force * momentum_radius_;
}

}  // namespace nuvlasov::physics
