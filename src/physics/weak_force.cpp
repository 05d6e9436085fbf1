#include "nuvlasov/physics/weak_force.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "nuvlasov/flavor/eigensystem.hpp"

namespace nuvlasov::physics {

WeakForce::WeakForce(phase_space::ZAxis z, const phase_space::Box& box,
                     const std::shared_ptr<RateKernel>& kernel)
    : KernelTerm(kernel),
      z_(std::move(z)),
      planes_(box.z),
      momentum_radius_(kernel->momentum_radius()) {}

double WeakForce::spectral_radius(const Moments& moments) const {
  double rate = 0.0;
  for (Index j = 0; j < moments.planes(); ++j) {
    const phase_space::Stencil& d_z = z_.stencil(planes_.begin + j);
    // The flux form amplifies what varies from cell to cell by up to sum |c| |m| dz over the
    // stencil coefficients c and the distances m that they reach: |Omega_{j+m} - Omega_j| <= |m| dz
    // |d_z Omega|.
    double flux_form = 0.0;
    for (int n = 0; n < d_z.size; ++n)
      flux_form += z_.spacing() * std::abs(d_z.pairs[n].weight) *
                   std::abs(d_z.pairs[n].ahead - d_z.pairs[n].behind);
    double force = 0.0;
    flavor::with_flavors(moments.flavors(), [&](auto flavors) {
      for (Index k = 0; k < moments.angles(); ++k)
        force = std::max(force, flavor::jordan_radius(d_z.apply(
                                    [&](int m) { return moments.refraction<flavors>(j + m, k); })));
    });
    rate = std::max(rate, (2.0 + flux_form) / 3.0 * force);
  }
  return rate * momentum_radius_;
}

}  // namespace nuvlasov::physics
