#include "nuvlasov/physics/group_velocity.hpp"

#include <algorithm>

#include "nuvlasov/flavor/eigensystem.hpp"

namespace nuvlasov::physics {

GroupVelocity::GroupVelocity(const phase_space::ZAxis& z, const phase_space::MomentumGrid& momentum,
                             std::shared_ptr<RateKernel> kernel)
    : KernelTerm(std::move(kernel)),
      derivative_(z.derivative()),
      largest_ratio_(1.0 / momentum.energy(0)) {}

double GroupVelocity::spectral_radius(const Moments& moments) const {
  double current = 0.0;
  flavor::with_flavors(moments.flavors(), [&](auto flavors) {
    for (Index j = 0; j < moments.planes(); ++j)
      current = std::max(current, flavor::jordan_radius(flavor::load<flavors>(moments.current(j))));
  });
  return largest_ratio_ * current * derivative_.largest_wave_number();
}

}  // namespace nuvlasov::physics
