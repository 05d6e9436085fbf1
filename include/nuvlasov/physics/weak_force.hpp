/// \file
/// The weak force, the anticommutator of Eq. (16) with the gradient of Omega in space,
///
///     d_t rho = 1/2 {d_z Omega, d_pz rho} = (d_z Omega) o d_pz rho,
///
/// in the mean of its advective, Liouville and flux forms (o is the Jordan product):
///
///     1/3 [ 2 (D_z Omega) o D_p rho + D_z(Omega o D_p rho) - Omega o D_z D_p rho ].
///
/// The Liouville form is D_p((D_z Omega) o rho): what of it is not advective, (D_p D_z Omega) o
/// rho, stands with the group-velocity correction, where it cancels a like product. The first two
/// forms conserve purity and number, the third energy; their mean, like Arakawa's, all of them,
/// because <f, J(g, h)> is totally antisymmetric (in spherical geometry together with the
/// group-velocity correction).
#pragma once

#include "nuvlasov/phase_space/z_axis.hpp"
#include "nuvlasov/physics/kernel_term.hpp"

namespace nuvlasov::physics {

class WeakForce final : public KernelTerm {
 public:
  /// \param box  what this rank owns
  WeakForce(phase_space::ZAxis z, const phase_space::Box& box,
            const std::shared_ptr<RateKernel>& kernel);

  std::string name() const override { return "weak_force"; }
  std::string meaning() const override { return "weak force, {d_z Omega, d_pz rho}/2"; }
  Parts parts() const override { return {.weak_force = true}; }
  double spectral_radius(const Moments& moments) const override;

 private:
  phase_space::ZAxis z_;
  phase_space::Range planes_;
  double momentum_radius_;  ///< largest |eigenvalue| of D_p
};

}  // namespace nuvlasov::physics
