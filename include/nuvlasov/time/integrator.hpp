/// \file
/// Time stepping by PETSc TS.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nuvlasov/time/fixed_point.hpp"
#include "nuvlasov/time/right_hand_side.hpp"

namespace nuvlasov::time {

enum class Method {
  rk4,                ///< classical Runge-Kutta of order 4
  rk5dp,              ///< Dormand-Prince 5(4), adaptive
  ssp,                ///< strong-stability-preserving Runge-Kutta of order 4, 10 stages
  implicit_midpoint,  ///< keeps every quadratic invariant to the tolerance of its solve
};

struct IntegratorSettings {
  Method method = Method::rk4;
  double end = 0.0;              ///< final time
  std::optional<double> step{};  ///< fixes the step
  std::optional<double>
      safety{};             ///< automatic step over the stability limit; absent: the method's
  double tolerance = 1e-8;  ///< local error of rk5dp, relative to the largest |rho|
  double solver_tolerance = 2e-16;  ///< error of the implicit solve, relative to |rho|
  std::optional<double> largest{};  ///< |rho| that the tolerance refers to; absent: of the state
};

/// What a method takes, typically.
struct MethodCost {
  double evaluations_per_step;  ///< right-hand sides
  double state_vectors;         ///< of the state's size
};
MethodCost cost(Method method);

/// The smaller of the stability limit over the sum of the terms' spectral radii, with the safety
/// factor, and what resolves their physical rates.
double automatic_step(const IntegratorSettings& settings, double spectral_radius,
                      double physical_rate);

/// How a step ended.
enum class StepOutcome { done, solve_failed, step_collapsed };

/// What the next step depends on besides the state, and what is counted: TS saves none of it.
struct IntegratorMemory {
  double time = 0.0;
  double last_step = 0.0;
  double next_step = 0.0;  ///< of an adaptive integrator
  Index steps = 0, evaluations = 0, rejected_steps = 0;
  Index midpoints = 0;         ///< vectors in Integrator::remembered()
  double midpoint_step = 0.0;  ///< step between them
  Index halvings = 0;          ///< of the step, after solves that failed
  double largest = 0.0;        ///< |rho| that the tolerance refers to
};

/// Owns the TS. Every choice made here can be overridden by PETSc options.
class Integrator {
 public:
  /// \param decomposition, equation  must outlive the integrator
  /// \param state  the vector to be stepped, filled with the initial state
  PetscErrorCode create(const phase_space::Decomposition& decomposition,
                        physics::KineticEquation& equation, const IntegratorSettings& settings,
                        Vec state);

  /// time::automatic_step() at the state that equation.moments() was last updated from. Collective.
  PetscErrorCode automatic_step(double* step);

  /// What automatic_step() last found: the spectral radius of each term, in their order, and the
  /// largest step times their sum at which the method is stable.
  const std::vector<double>& spectral_radii() const { return spectral_radii_; }
  double stability_limit() const;

  /// Halves all steps from now on, until use_whole_steps(). False when that was done too often.
  bool halve_steps();
  void use_whole_steps() { halvings_ = 0; }

  /// True when the caller has to choose the step: neither fixed nor adaptive.
  bool chooses_step_automatically() const { return automatic_; }

  /// True when the step follows an error estimate.
  bool adapts_step() const { return adaptive_; }

  /// One step, not beyond `limit`. \param step  the step to take, for an automatic integrator
  PetscErrorCode advance(double step, double limit, StepOutcome* outcome);

  /// rate <- d rho/dt at `state`. Collective.
  PetscErrorCode evaluate(Vec state, Vec rate) { return right_hand_side_->evaluate(state, rate); }

  PetscErrorCode rejected_steps(Index* count) const;

  /// With the state and remembered() all that is needed to go on as if nothing had happened, to the
  /// bit: for the methods of Method, not for another TS type given by PETSc options.
  PetscErrorCode memory(IntegratorMemory* memory) const;
  /// Vectors of the size of the state that the implicit solve starts from.
  std::vector<Vec> remembered() const;
  /// Continues from `memory`. The caller then fills the state and remembered().
  PetscErrorCode restore(const IntegratorMemory& memory);

  /// Right-hand sides evaluated so far, and the seconds they took on this rank.
  Index evaluations() const { return right_hand_side_->evaluations(); }
  double right_hand_side_time() const { return right_hand_side_->seconds(); }

  double time() const { return time_; }
  Index steps() const { return steps_; }
  double last_step() const { return last_step_; }
  /// The last step before it was added to the time, which rounds.
  double whole_step() const { return whole_step_; }
  /// Whether a step adds to the state what the rate at the mean of both its ends says.
  bool takes_rates_in_the_middle() const { return midpoint_; }
  double end() const { return end_; }
  Index max_steps() const { return max_steps_; }
  /// "rk4, step 0.05": for the banner.
  std::string description() const { return description_; }

 private:
  std::optional<RightHandSide> right_hand_side_;
  IntegratorSettings settings_;
  std::unique_ptr<FixedPoint> fixed_point_;
  phase_space::TsHandle ts_;
  Vec state_ = nullptr;
  bool automatic_ = true;
  bool adaptive_ = false;
  double time_ = 0.0;
  double last_step_ = 0.0;
  double whole_step_ = 0.0;
  double fixed_step_ = 0.0;
  double end_ = 0.0;
  Index steps_ = 0;
  Index max_steps_ = 0;
  Index rejected_before_ = 0;  ///< by former runs
  bool runge_kutta_ = false;
  bool midpoint_ = false;
  int halvings_ = 0;
  std::vector<double> spectral_radii_;
  std::string description_;
};

}  // namespace nuvlasov::time
