/// \file
/// The solve of an implicit midpoint step, x = x0 + h f(x) with h = theta dt, by a preconditioned
/// fixed-point iteration.
#pragma once

#include <array>
#include <vector>

#include "nuvlasov/phase_space/aligned.hpp"
#include "nuvlasov/phase_space/petsc_handle.hpp"
#include "nuvlasov/phase_space/plane_exchange.hpp"
#include "nuvlasov/time/energy_sums.hpp"
#include "nuvlasov/time/right_hand_side.hpp"
#include "nuvlasov/time/streaming_inverse.hpp"

namespace nuvlasov::time {

/// A SNESSHELL for TSTHETA. Streaming and refraction make h f large; they are taken out:
///
///     x_{k+1} = x_k + d,   (1 + h v D_z - h omega' x) d = r + h (omega' - omega) x x_k,
///
/// with r = x0 + h f(x_k) - x_k, omega = omega(x_k), and omega' that of the solution, which follows
/// from EnergySums before d is known. The inverse on the left is taken as R (G + h omega' x H) R,
/// with G and H of StreamingInverse and R = (1 - (h/2) omega' x)^-1 at each node. What is left
/// contracts by h times the rate of the weak force, and by the commutator of streaming and
/// precession.
///
/// The guess is made alike: from x_k = sum_i c_i m_i, the polynomial through former midpoints m_i
/// of steps that started from s_i, with r = x0 - sum_i c_i [s_i + h omega_i x m_i] + h omega x x_k,
/// so that only the other terms are extrapolated. All decisions are made on maximum norms: they do
/// not depend on the number of ranks.
class FixedPoint {
 public:
  /// \param ts         the TSTHETA whose SNES this becomes; not owned
  /// \param right_hand_side  f; must outlive this
  /// \param theta      of the method
  /// \param tolerance  largest error of x over the largest |x|
  PetscErrorCode create(TS ts, RightHandSide& right_hand_side, double theta, double tolerance);

  static constexpr int history = 4;

  /// Starts the guess of the next step anew.
  void forget() { known_ = 0; }

  /// Midpoints that the next guess is made from, the latest first, and the step between them.
  int known() const { return known_; }
  Vec midpoint(int n) const { return midpoints_[static_cast<std::size_t>(n)]; }
  double step() const { return step_; }

  /// Takes `count` midpoints as known; the caller fills them. \param like  a state
  PetscErrorCode recall(int count, double step, Vec like);

 private:
  /// Largest numbers over all ranks: of a correction, and of what was corrected.
  struct Change {
    double correction = 0.0, value = 0.0;
  };
  static PetscErrorCode solve(SNES snes, Vec x);
  PetscErrorCode iterate(Vec x, SNESConvergedReason* reason, int* iterations);
  PetscErrorCode use_step(double step);
  PetscErrorCode guess(Vec start, Vec x);
  PetscErrorCode add_up_midpoints();
  PetscErrorCode find_defect(Vec start, Vec x);
  /// axes_ and the others, from the energy sums.
  PetscErrorCode find_refraction();
  /// x <- x + d, of defect_ and the energy sums of both.
  PetscErrorCode correct(Vec x, Change* change);
  PetscErrorCode remember(Vec x);

  TS ts_ = nullptr;
  double theta_ = 0.5;
  double tolerance_ = 0.0;
  double step_ = 0.0;
  double h_ = 0.0;
  float h_of_inverse_ = -1.0F;
  int known_ = 0;                                          ///< midpoints remembered at step_
  std::array<phase_space::VecHandle, history> midpoints_;  ///< the latest first
  std::array<EnergySums::Field, history> midpoint_sums_;
  bool added_up_ = true;  ///< whether midpoint_sums_ are those of midpoints_
  RightHandSide* right_hand_side_ = nullptr;
  StreamingInverse inverse_;
  EnergySums energy_sums_;
  phase_space::PlaneExchange exchange_;
  phase_space::VecHandle defect_;
  EnergySums::Field sums_, defect_sums_, sums_change_;  ///< of x, defect_, and of what x becomes
  /// (h/2) omega', 1/(1 + |(h/2) omega'|^2), h (omega' - omega): [z][angle][component], owned.
  phase_space::Numbers axes_, scales_, axes_change_;
};

}  // namespace nuvlasov::time
