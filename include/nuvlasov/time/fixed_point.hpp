/// \file
/// The solve of an implicit midpoint step, x = x0 + theta dt f(x), by fixed-point iteration.
#pragma once

#include <array>
#include <vector>

#include "nuvlasov/phase_space/aligned.hpp"
#include "nuvlasov/phase_space/petsc_handle.hpp"
#include "nuvlasov/time/right_hand_side.hpp"

namespace nuvlasov::time {

/// A SNESSHELL for TSTHETA. The equation is not stiff and its eigenvalues are imaginary, so that
/// the iteration contracts by q = theta dt |eigenvalue|, and its Chebyshev form
///
///     x_{k+1} = w_k (x0 + theta dt f(x_k)) + (1 - w_k) x_{k-1},  w_{k+1} = 1/(1 + q^2 w_k/4),
///
/// by q/(1 + sqrt(1 + q^2)) where all |eigenvalues| are below q/(theta dt) (the generalised
/// conjugate gradient idea of Concus, Golub and Widlund for skew systems, without its inner
/// products). It starts from the polynomial through the last midpoints. All its decisions are made
/// on maximum norms: they do not depend on the number of ranks.
class FixedPoint {
 public:
  /// \param ts         the TSTHETA whose SNES this becomes; not owned
  /// \param right_hand_side  f; must outlive this
  /// \param theta      of the method
  /// \param tolerance  largest change of x in the last iteration over the largest |x|
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
  static PetscErrorCode solve(SNES snes, Vec x);
  PetscErrorCode guess(Vec start, double step, Vec x);
  PetscErrorCode remember(Vec x);

  TS ts_ = nullptr;
  double theta_ = 0.5;
  double tolerance_ = 0.0;
  double step_ = 0.0;
  int known_ = 0;                                          ///< midpoints remembered at step_
  std::array<phase_space::VecHandle, history> midpoints_;  ///< the latest first
  RightHandSide* right_hand_side_ = nullptr;
  phase_space::VecHandle previous_;
};

}  // namespace nuvlasov::time
