#include "nuvlasov/time/integrator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "nuvlasov/time/fused_rk4.hpp"

namespace nuvlasov::time {
namespace {

struct MethodTraits {
  const char* name;
  /// Largest step times sum of spectral radii: the stability polynomial in the triangle between
  /// this far on the imaginary axis, where the eigenvalues of the equation lie, and as far on the
  /// negative real axis, where those of dissipation do (rk4 ends there at 2.785, on the imaginary
  /// axis at 2.828); for the implicit midpoint, where its fixed point contracts.
  double stability_limit;
  /// Fraction of that limit to take by default, and the largest default step times physical rate.
  /// For rk4 they keep the energy error of the two-beam experiment below 1e-6 of U_osc(0) to t = 30
  /// (3e-7 measured at 0.05, 5e-6 at 0.1).
  double default_safety, resolved_phase;
  /// Typical right-hand sides in a step, and vectors of the state's size.
  double evaluations_per_step, state_vectors;
};

const MethodTraits& traits(Method method) {
  static constexpr MethodTraits table[] = {
      {"rk4", 2.785, 0.4, 0.055, 4, 4},
      {"rk5dp", 1.0, 0.5, 0.055, 7, 16},
      {"ssp", 4.9215, 0.4, 0.11, 10, 4},
      {"implicit_midpoint", 2.0, 0.6, 0.055, 6, 11},
  };
  return table[static_cast<std::size_t>(method)];
}

constexpr double theta = 0.5;

PetscErrorCode evaluate_for_ts(TS, PetscReal, Vec state, Vec rate, void* self) {
  PetscFunctionBeginUser;
  PetscCall(static_cast<RightHandSide*>(self)->evaluate(state, rate));
  PetscFunctionReturn(0);
}

}  // namespace

MethodCost cost(Method method) {
  return {traits(method).evaluations_per_step, traits(method).state_vectors};
}

double automatic_step(const IntegratorSettings& settings, double spectral_radius,
                      double physical_rate) {
  const MethodTraits& method = traits(settings.method);
  const double safety = settings.safety.value_or(method.default_safety);
  return std::min(safety * method.stability_limit / spectral_radius,
                  safety / method.default_safety * method.resolved_phase / physical_rate);
}

PetscErrorCode Integrator::create(const phase_space::Decomposition& decomposition,
                                  physics::KineticEquation& equation,
                                  const IntegratorSettings& settings, Vec state) {
  PetscFunctionBeginUser;
  right_hand_side_.emplace(decomposition, equation);
  fixed_point_ = make_fixed_point(equation.momentum().flavors());
  settings_ = settings;
  state_ = state;
  PetscCall(register_fused_rk4());
  PetscCall(TSCreate(decomposition.communicator(), ts_.address()));
  PetscCall(TSSetProblemType(ts_, TS_NONLINEAR));
  PetscCall(TSSetRHSFunction(ts_, nullptr, evaluate_for_ts, &*right_hand_side_));
  PetscCall(TSSetSolution(ts_, state));
  PetscCall(TSSetTime(ts_, 0.0));
  PetscCall(TSSetMaxTime(ts_, settings.end));
  PetscCall(TSSetMaxSteps(ts_, PETSC_MAX_INT));
  PetscCall(TSSetExactFinalTime(ts_, TS_EXACTFINALTIME_MATCHSTEP));
  PetscCall(TSSetErrorIfStepFails(ts_, PETSC_FALSE));
  // A Jacobian by coloured differences, PETSc's choice for a Newton solve, takes for ever.
  SNES snes = nullptr;
  PetscCall(TSGetSNES(ts_, &snes));
  PetscCall(SNESSetUseMatrixFree(snes, PETSC_FALSE, PETSC_TRUE));
  const double initial_step = settings.step.value_or(1.0);
  PetscCall(TSSetTimeStep(ts_, initial_step));

  switch (settings.method) {
    case Method::rk4:
      PetscCall(TSSetType(ts_, fused_rk4_type));
      break;
    case Method::rk5dp:
      PetscCall(TSSetType(ts_, TSRK));
      PetscCall(TSRKSetType(ts_, TSRK5DP));
      break;
    case Method::ssp:
      PetscCall(TSSetType(ts_, TSSSP));
      PetscCall(TSSSPSetType(ts_, TSSSPRK104));
      PetscCall(TSSSPSetNumStages(ts_, 10));
      break;
    case Method::implicit_midpoint:
      PetscCall(TSSetType(ts_, TSTHETA));
      PetscCall(TSThetaSetTheta(ts_, theta));
      PetscCall(TSThetaSetEndpoint(ts_, PETSC_FALSE));
      PetscCall(fixed_point_->create(ts_, *right_hand_side_, theta, settings.solver_tolerance));
      break;
  }
  TSAdapt adapt = nullptr;
  PetscCall(TSGetAdapt(ts_, &adapt));
  const bool error_control = settings.method == Method::rk5dp && !settings.step;
  PetscCall(TSAdaptSetType(adapt, error_control ? TSADAPTBASIC : TSADAPTNONE));
  PetscReal largest = 0.0;
  PetscCall(VecNorm(state, NORM_INFINITY, &largest));
  settings_.largest = settings.largest.value_or(largest > 0.0 ? largest : 1.0);
  if (error_control)
    PetscCall(TSSetTolerances(ts_, settings.tolerance * *settings_.largest, nullptr,
                              settings.tolerance, nullptr));

  // The maximum norm does not depend on how the state is split over ranks; PETSc has no function to
  // choose it.
  PetscBool norm_given = PETSC_FALSE;
  PetscCall(PetscOptionsHasName(nullptr, nullptr, "-ts_adapt_wnormtype", &norm_given));
  if (error_control && !norm_given)
    PetscCall(PetscOptionsSetValue(nullptr, "-ts_adapt_wnormtype", "infinity"));
  PetscCall(TSSetFromOptions(ts_));
  if (error_control && !norm_given)
    PetscCall(PetscOptionsClearValue(nullptr, "-ts_adapt_wnormtype"));

  PetscCall(TSGetAdapt(ts_, &adapt));
  TSAdaptType adapt_type = nullptr;
  PetscCall(TSAdaptGetType(adapt, &adapt_type));
  adaptive_ = std::string_view(adapt_type) != TSADAPTNONE;
  PetscReal step = 0.0, end = 0.0;
  PetscCall(TSGetTimeStep(ts_, &step));
  PetscCall(TSGetMaxTime(ts_, &end));
  PetscCheck(step > 0.0, decomposition.communicator(), PETSC_ERR_ARG_OUTOFRANGE,
             "the time step must be positive, found %g", step);
  end_ = end;
  PetscInt max_steps = 0;
  PetscCall(TSGetMaxSteps(ts_, &max_steps));
  max_steps_ = max_steps;
  const bool step_from_options = step != initial_step;
  fixed_step_ = settings.step || step_from_options ? step : 0.0;
  automatic_ = !adaptive_ && fixed_step_ == 0.0;

  TSType type = nullptr;
  PetscCall(TSGetType(ts_, &type));
  runge_kutta_ = std::string_view(type) == TSRK;
  if (std::string_view(type) == TSTHETA) {
    PetscReal theta_chosen = 0.0;
    PetscBool endpoint = PETSC_FALSE;
    PetscCall(TSThetaGetTheta(ts_, &theta_chosen));
    PetscCall(TSThetaGetEndpoint(ts_, &endpoint));
    midpoint_ = theta_chosen == theta && endpoint == PETSC_FALSE;
  }
  description_ = fmt::format("{} (TS {})", traits(settings.method).name, type);
  if (adaptive_)
    description_ += fmt::format(", adaptive step, tolerance {:g}", settings.tolerance);
  else if (automatic_)
    description_ += ", step from the stability limits";
  else
    description_ += fmt::format(", step {:g}", fixed_step_);
  PetscCall(set_right_hand_side(ts_, *right_hand_side_));
  PetscCall(TSSetUp(ts_));
  PetscFunctionReturn(0);
}

PetscErrorCode Integrator::automatic_step(double* step) {
  PetscFunctionBeginUser;
  std::vector<double> rates;
  const physics::KineticEquation& equation = right_hand_side_->equation();
  for (const auto& term : equation.terms()) {
    rates.push_back(term->spectral_radius(equation.moments()));
    rates.push_back(term->physical_rate(equation.moments()));
  }
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, rates.data(), static_cast<int>(rates.size()), MPI_DOUBLE,
                             MPI_MAX, right_hand_side_->decomposition().communicator()));
  spectral_radii_.clear();
  double spectral_radius = 0.0, physical_rate = 0.0;
  for (std::size_t t = 0; t < rates.size(); t += 2) {
    spectral_radii_.push_back(rates[t]);
    spectral_radius += rates[t];
    physical_rate += rates[t + 1];
  }
  *step = time::automatic_step(settings_, spectral_radius, physical_rate);
  PetscFunctionReturn(0);
}

double Integrator::stability_limit() const { return traits(settings_.method).stability_limit; }

bool Integrator::halve_steps() {
  constexpr int most_halvings = 6;
  if (halvings_ == most_halvings) return false;
  ++halvings_;
  return true;
}

PetscErrorCode Integrator::advance(double step, double limit, StepOutcome* outcome) {
  PetscFunctionBeginUser;
  const double remaining = limit - time_;
  if (adaptive_) {
    PetscReal next = 0.0;
    PetscCall(TSGetTimeStep(ts_, &next));
    step = next;
  } else if (!automatic_) {
    step = fixed_step_;
  }
  step = std::ldexp(step, -halvings_);
  // Take the rest whole when it is a rounding error longer than the step.
  if (step > remaining * (1.0 - 1e-9)) step = remaining;
  PetscCall(TSSetTimeStep(ts_, step));
  PetscCall(TSSetConvergedReason(ts_, TS_CONVERGED_ITERATING));
  // The last stage of a first-same-as-last method is the new state but for rounding: a run that is
  // resumed has only the state, so that none takes its rate from there.
  if (runge_kutta_) PetscCall(TSRestartStep(ts_));
  PetscCall(TSStep(ts_));
  TSConvergedReason reason = TS_CONVERGED_ITERATING;
  PetscCall(TSGetConvergedReason(ts_, &reason));
  PetscReal reached = 0.0;
  PetscCall(TSGetTime(ts_, &reached));
  PetscInt steps = 0;
  PetscCall(TSGetStepNumber(ts_, &steps));
  if (reason == TS_DIVERGED_NONLINEAR_SOLVE || reason == TS_DIVERGED_STEP_REJECTED) {
    *outcome = reason == TS_DIVERGED_NONLINEAR_SOLVE ? StepOutcome::solve_failed
                                                     : StepOutcome::step_collapsed;
    last_step_ = step;
    PetscFunctionReturn(0);
  }
  last_step_ = reached - time_;
  whole_step_ = adaptive_ ? last_step_ : step;
  time_ = reached;
  steps_ = steps;
  *outcome = StepOutcome::done;
  PetscCall(TSMonitor(ts_, steps, reached, state_));
  PetscFunctionReturn(0);
}

PetscErrorCode Integrator::rejected_steps(Index* count) const {
  PetscFunctionBeginUser;
  PetscInt rejections = 0;
  PetscCall(TSGetStepRejections(ts_, &rejections));
  *count = rejected_before_ + rejections;
  PetscFunctionReturn(0);
}

PetscErrorCode Integrator::memory(IntegratorMemory* memory) const {
  PetscFunctionBeginUser;
  *memory = {.time = time_,
             .last_step = last_step_,
             .steps = steps_,
             .evaluations = evaluations(),
             .midpoints = fixed_point_->known(),
             .midpoint_step = fixed_point_->step(),
             .halvings = halvings_,
             .largest = settings_.largest.value_or(1.0)};
  PetscReal next = 0.0;
  PetscCall(TSGetTimeStep(ts_, &next));
  memory->next_step = next;
  PetscCall(rejected_steps(&memory->rejected_steps));
  PetscFunctionReturn(0);
}

std::vector<Vec> Integrator::remembered() const {
  std::vector<Vec> vectors;
  vectors.reserve(static_cast<std::size_t>(fixed_point_->known()));
  for (int n = 0; n < fixed_point_->known(); ++n) vectors.push_back(fixed_point_->midpoint(n));
  return vectors;
}

PetscErrorCode Integrator::restore(const IntegratorMemory& memory) {
  PetscFunctionBeginUser;
  time_ = memory.time;
  last_step_ = memory.last_step;
  steps_ = memory.steps;
  right_hand_side_->set_evaluations(memory.evaluations);
  rejected_before_ = memory.rejected_steps;
  halvings_ = static_cast<int>(memory.halvings);
  PetscCall(TSSetTime(ts_, memory.time));
  PetscCall(TSSetStepNumber(ts_, static_cast<PetscInt>(memory.steps)));
  if (adaptive_) PetscCall(TSSetTimeStep(ts_, memory.next_step));
  PetscCall(fixed_point_->recall(static_cast<int>(memory.midpoints), memory.midpoint_step, state_));
  PetscFunctionReturn(0);
}

}  // namespace nuvlasov::time
