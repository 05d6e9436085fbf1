/// \file
/// The solve of an implicit midpoint step, x = x0 + h f(x) with h = theta dt, by a preconditioned
/// fixed-point iteration.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "nuvlasov/phase_space/aligned.hpp"
#include "nuvlasov/phase_space/lines.hpp"
#include "nuvlasov/phase_space/momentum_gradient.hpp"
#include "nuvlasov/phase_space/petsc_handle.hpp"
#include "nuvlasov/phase_space/plane_exchange.hpp"
#include "nuvlasov/time/energy_sums.hpp"
#include "nuvlasov/time/right_hand_side.hpp"
#include "nuvlasov/time/streaming_inverse.hpp"

namespace nuvlasov::time {

/// A SNESSHELL for TSTHETA. Streaming and refraction make h f large; they are taken out:
///
///     x_{k+1} = x_k + d,   (1 + h v D_z - h omega' x) d = r + h (omega' - omega) x x_k + h F,
///     F = D_p [(D_z omega') o r + (D_z (omega' - omega)) o x_k],
///
/// with r = x0 + h f(x_k) - x_k, omega = omega(x_k), and omega' that of the solution, which follows
/// from EnergySums before d is known. The inverse on the left is taken as R (G + h omega' x H) R,
/// with G and H of StreamingInverse and R = (1 - (h/2) omega' x)^-1 at each node. F is what the
/// weak force on frozen directions makes of the correction to first order, where momentum is split
/// that on the owned nodes alone. What is left contracts by the square of h times the rate of the
/// force, and by the commutators of the three.
///
/// The guess is made alike: from x_k = sum_i c_i m_i, the polynomial through former midpoints m_i
/// of steps that started from s_i, with r = x0 - sum_i c_i [s_i + h omega_i x m_i] + h omega x x_k
/// and the like for the weak force, so that only what they leave is extrapolated. All decisions are
/// made on maximum norms: they do not depend on the number of ranks.
class FixedPoint {
 public:
  FixedPoint() = default;
  FixedPoint(const FixedPoint&) = delete;
  FixedPoint& operator=(const FixedPoint&) = delete;
  virtual ~FixedPoint() = default;

  /// \param ts         the TSTHETA whose SNES this becomes; not owned
  /// \param right_hand_side  f; must outlive this
  /// \param theta      of the method
  /// \param tolerance  largest error of x over the largest |x|
  virtual PetscErrorCode create(TS ts, RightHandSide& right_hand_side, double theta,
                                double tolerance) = 0;

  static constexpr int history = 4;

  /// Starts the guess of the next step anew.
  virtual void forget() = 0;

  /// Midpoints that the next guess is made from, the latest first, and the step between them.
  virtual int known() const = 0;
  virtual Vec midpoint(int n) const = 0;
  virtual double step() const = 0;

  /// Takes `count` midpoints as known; the caller fills them. \param like  a state
  virtual PetscErrorCode recall(int count, double step, Vec like) = 0;
};

/// \param flavors  2 or 3
std::unique_ptr<FixedPoint> make_fixed_point(int flavors);

template <int flavors>
class FlavoredFixedPoint final : public FixedPoint {
 public:
  PetscErrorCode create(TS ts, RightHandSide& right_hand_side, double theta,
                        double tolerance) override;
  void forget() override { known_ = 0; }
  int known() const override { return known_; }
  Vec midpoint(int n) const override { return midpoints_[static_cast<std::size_t>(n)]; }
  double step() const override { return step_; }
  PetscErrorCode recall(int count, double step, Vec like) override;

 private:
  using Matrix = flavor::Matrix<flavors>;
  using Field = typename EnergySums<flavors>::Field;
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
  /// slopes_ = s D_z omegas_, `count` fields. Collective.
  PetscErrorCode find_slopes(Index count);
  /// Adds D_p sum_n (slope_n o f_n) to plane j of a field, given plane j of each f_n.
  template <std::size_t count>
  void add_force(Index j, const std::array<const double*, count>& f, double* plane);

  TS ts_ = nullptr;
  double theta_ = 0.5;
  double tolerance_ = 0.0;
  double step_ = 0.0;
  double h_ = 0.0;
  float h_of_inverse_ = -1.0F;
  int known_ = 0;                                          ///< midpoints remembered at step_
  std::array<phase_space::VecHandle, history> midpoints_;  ///< the latest first
  std::array<Field, history> midpoint_sums_;
  bool added_up_ = true;  ///< whether midpoint_sums_ are those of midpoints_
  RightHandSide* right_hand_side_ = nullptr;
  StreamingInverse inverse_;
  EnergySums<flavors> energy_sums_;
  phase_space::PlaneExchange exchange_, slope_exchange_;
  phase_space::VecHandle defect_;
  Field sums_, defect_sums_, sums_change_;  ///< of x, defect_, and of what x becomes
  /// (h/2) omega' and h (omega' - omega), [z][angle][component], owned; and what Precession writes
  /// of the former.
  phase_space::Numbers axes_, axes_change_, rotations_;
  /// [z][field][direction][component]: h omega of some kind, and what force it makes.
  phase_space::Numbers omegas_, slopes_;
  phase_space::PlaneInVacuum force_;  ///< slope o f on a plane
  /// None where the weak force takes no part.
  std::optional<phase_space::MomentumGradient> momentum_gradient_;
};

}  // namespace nuvlasov::time
