/// \file
/// The rate of the terms of Eq. (1, 16), of all together or of some, on one z plane.
///
/// The formulas of streaming.hpp, refraction.hpp, weak_force.hpp and group_velocity.hpp in the
/// order that needs fewest products. With o the Jordan product, d = D_z rho, Q = Omega o rho, q =
/// A_1 o rho and the commutator C = [S, v] of angular_operator.hpp,
///
///     streaming       -v d
///     refraction      i [rho, Omega]
///     weak force      D_p W + (1/3E) C [D_z q - A_1 o d + 2 (D_z A_1) o rho],
///                     W = 1/3 [D_z Q - Omega o d + 2 (D_z Omega) o rho]
///     group velocity  (1/3E) { kappa [A_1 o d + D_z q] + C [A_1 o d - (D_z A_1) o rho] }
///
/// because Omega = A_0 - v A_1 does not depend on energy, so that D_p(Omega o f) = Omega o D_p f -
/// A_1 o C f/E for the discrete operators too. C and kappa are zero for frozen directions.
#pragma once

#include <optional>
#include <vector>

#include "nuvlasov/phase_space/aligned.hpp"
#include "nuvlasov/phase_space/angular_operator.hpp"
#include "nuvlasov/phase_space/decomposition.hpp"
#include "nuvlasov/phase_space/momentum_gradient.hpp"
#include "nuvlasov/physics/term.hpp"

namespace nuvlasov::physics {

class RateKernel {
 public:
  RateKernel(const phase_space::MomentumGrid& momentum,
             const phase_space::Decomposition& decomposition);

  /// Numbers that write_products() writes.
  Index products_size() const { return plane_ * (spherical_ ? 2 : 1); }

  /// Q, and in spherical geometry q, at one plane.
  /// \param rho         as Neighbourhood::density
  /// \param refraction  as Neighbourhood::refraction
  /// \param current     as Neighbourhood::current
  void write_products(const double* rho, const double* refraction, const double* current,
                      double* products);

  /// Writes the sum of `parts` to `rate`, [energy][angle][component] of the owned nodes.
  void write_rate(const Neighbourhood& here, const Parts& parts, double* rate);

  /// Upper estimate of |eigenvalue| of D_p.
  double momentum_radius() const { return momentum_gradient_.spectral_radius(); }
  /// Writes D_p rho of the plane, [energy][angle][component] of the owned nodes.
  void write_momentum_gradient(const Neighbourhood& here, double* gradient) const;

 private:
  /// What the terms multiply with at one angle, or two.
  template <class Matrices>
  struct Coefficients;
  void prepare(const Neighbourhood& here, const Parts& parts);
  template <int pairs, bool weak_force, bool spherical>
  void write_local_part(const Neighbourhood& here, const Parts& parts, double* rate);

  phase_space::MomentumGradient momentum_gradient_;
  bool spherical_;
  Index energies_, row_;            ///< owned: energies, numbers in a row of angles
  Index energies_seen_, row_seen_;  ///< seen
  Index first_energy_,
      first_angle_;                 ///< of the owned ones among those seen; position of the latter
  Index plane_;                     ///< numbers in a plane of what is seen
  std::vector<double> directions_;  ///< seen
  std::optional<phase_space::AngularCommutator> commutator_;  ///< in spherical geometry
  phase_space::Numbers curvature_;                            ///< kappa, [angle seen][component]
  std::vector<double> inverse_energy_;                        ///< 1/E of the energies seen

  /// Of the present plane, each [angle seen][component].
  phase_space::Numbers speed_, axis_, turned_axis_, omega_, omega_trace_, slope_, slope_trace_;
  phase_space::Numbers force_;     ///< W, [energy seen][angle seen][component]
  phase_space::Numbers exchange_;  ///< what C acts on, of the present rows
  phase_space::Numbers local_;     ///< the present rows of what is seen
};

}  // namespace nuvlasov::physics
