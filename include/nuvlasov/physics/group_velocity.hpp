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

#include "nuvlasov/phase_space/angular_operator.hpp"
#include "nuvlasov/phase_space/z_axis.hpp"
#include "nuvlasov/physics/term.hpp"

namespace nuvlasov::physics {

class GroupVelocity final : public Term {
 public:
  /// \param momentum  spherical
  /// \param box       what this rank owns
  GroupVelocity(const phase_space::ZAxis& z, const phase_space::MomentumGrid& momentum,
                const phase_space::Box& box);

  std::string name() const override { return "group_velocity"; }
  std::string meaning() const override {
    return "group-velocity correction, -{d_pz Omega, d_z rho}/2";
  }
  void add_rate(const Neighbourhood& here, double* rate) override;
  double spectral_radius(const Moments& moments) const override;

 private:
  phase_space::CentralDifference derivative_;
  phase_space::AngularCommutator commutator_;
  std::vector<double> curvature_;       ///< kappa_k of the owned directions
  std::vector<double> inverse_energy_;  ///< 1/E_i of the owned energies
  double largest_ratio_;                ///< of kappa_k/E_i
  std::vector<double> slope_;           ///< D_z rho of one row, [angle seen][component]
  std::vector<double> commuted_;        ///< C rho of one row, [angle][component]
};

}  // namespace nuvlasov::physics
