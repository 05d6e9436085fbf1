/// \file
/// What the eigenvalues of rho say: entropy and its analytic rate of change, and positivity.
#pragma once

#include <vector>

#include "nuvlasov/diagnostics/plane.hpp"
#include "nuvlasov/diagnostics/record.hpp"
#include "nuvlasov/diagnostics/reduction.hpp"
#include "nuvlasov/flavor/eigensystem.hpp"
#include "nuvlasov/physics/kinetic_equation.hpp"

namespace nuvlasov::diagnostics {

/// S = <Tr s(rho)>, Eq. (S19). The bracket of Omega and rho leaves the remainder
///
///     dS/dt = < Tr[s'(rho) (X o D)] - Tr[X s(rho)'] >,    d_pz Omega = -kappa A_1/E,
///             summed over (X, D) = (d_z Omega, d_pz rho) and (-d_pz Omega, d_z rho),
///
/// where s(rho)' is the derivative of s(rho) that goes with D; in the eigenvectors of rho, with F
/// the entropy of one eigenvalue,
///
///     sum_{i != j} X_ji [ (F'_i + F'_j)/2 - (F_i - F_j)/(lambda_i - lambda_j) ] D_ij.
///
/// For antineutrinos the bracket has the opposite sign, and so has the remainder. The group
/// velocity of masses leaves the second pair with M^2/2E in place of Omega, for both species alike.
/// The first pair is what the weak force leaves, the second the group-velocity correction; each
/// vanishes where its gradient of Omega commutes with rho. One of the terms without the other
/// leaves
/// -+ < Tr[(d_z d_pz Omega) s(rho)] > besides, which cancels between them.
class Entropy {
 public:
  Entropy(const phase_space::MomentumGrid& momentum, const phase_space::Box& box,
          const physics::KineticEquation& equation, Reduction& reduction);

  void add(const Plane& plane);
  void report(Report& report) const;

  double entropy() const { return entropy_.value(); }
  double remainder_rate() const { return remainder_rate_.value(); }
  /// s'(rho) on the plane last added, [energy][angle][component].
  const double* derivative() const { return derivative_.data(); }

 private:
  /// Of one plane.
  template <int flavors>
  struct Gradients {
    std::vector<flavor::Matrix<flavors>> force;          ///< d_z Omega by direction
    flavor::Matrix<flavors> current{}, current_slope{};  ///< A_1, d_z A_1
  };
  template <int flavors>
  void add(const Plane& plane);
  template <int flavors>
  double remainder(const physics::Neighbourhood& here, const Gradients<flavors>& gradients,
                   const flavor::Entropy<flavors>& s, Index i, Index k) const;

  MomentumMeasure measure_;
  /// Whether the equation has these terms.
  bool weak_force_, group_velocity_, vacuum_velocity_;
  flavor::Components mass_matrix_;
  std::vector<double> curvature_;       ///< kappa of the owned directions; empty for beams
  std::vector<double> inverse_energy_;  ///< 1/E of the owned energies
  std::vector<double> half_inverse_energy_slope_;  ///< d(1/2E)/dE of them
  std::vector<double> directions_;                 ///< v of the owned directions
  std::vector<double> derivative_;
  Sum entropy_, remainder_rate_, negative_part_;
  Minimum smallest_;
};

}  // namespace nuvlasov::diagnostics
