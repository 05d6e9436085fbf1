/// \file
/// The correction of the group velocity, the anticommutator of Eq. (16) with the gradient of Omega
/// in momentum,
///
///     d_t rho = -1/2 {d_pz Omega, d_z rho} = -(d_pz Omega) o d_z rho,
///
/// in the mean of the same three forms as the weak force, with what is left of its Liouville form:
///
///     -1/3 [ (D_p Omega) o D_z rho + D_z((D_p Omega) o rho) + D_p(Omega o D_z rho)
///            - Omega o D_p D_z rho - D_p((D_z Omega) o rho) + (D_z Omega) o D_p rho ],
///
/// D_p Omega = -kappa_k A_1/E_i, kappa the discrete 1 - v^2 of angular_operator.hpp. Omega does not
/// depend on energy and is linear in v, so that the last four are
/// -(A_1 o C D_z rho - (D_z A_1) o C rho)/E with the commutator C = [S, v], exactly so for the
/// discrete operators: no D_p is taken. Suppressed by mu/E; zero for frozen directions.
#pragma once

#include "nuvlasov/phase_space/z_axis.hpp"
#include "nuvlasov/physics/kernel_term.hpp"

namespace nuvlasov::physics {

class GroupVelocity final : public KernelTerm {
 public:
  /// \param momentum  spherical
  GroupVelocity(const phase_space::ZAxis& z, const phase_space::MomentumGrid& momentum,
                std::shared_ptr<RateKernel> kernel);

  std::string name() const override { return "group_velocity"; }
  std::string meaning() const override {
    return "group-velocity correction, -{d_pz Omega, d_z rho}/2";
  }
  Parts parts() const override { return {.group_velocity = true}; }
  double spectral_radius(const Moments& moments) const override;

 private:
  phase_space::CentralDifference derivative_;
  double largest_ratio_;  ///< of kappa_k/E_i
};

}  // namespace nuvlasov::physics
