#include "nuvlasov/time/fixed_point.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace nuvlasov::time {
namespace {

constexpr int max_iterations = 100;

/// Below this multiple of the tolerance an iteration that no longer contracts has met round-off.
constexpr double round_off_margin = 100.0;

/// q: half of what the default step allows the shortest waves. Of 0.1 to 0.6 the fewest iterations
/// in the two-beam experiment; a wrong q costs iterations, not convergence.
constexpr double contraction = 0.3;

struct Change {
  double largest_change, largest_value;
};

/// previous <- x, x <- weight (start + scale rate) + (1 - weight) previous; returns maximum norms
/// of the change and of x over all ranks.
PetscErrorCode update(Vec start, double scale, Vec rate, double weight, Vec previous, Vec x,
                      Change* change) {
  PetscFunctionBeginUser;
  const PetscScalar *x0 = nullptr, *f = nullptr;
  PetscScalar *old = nullptr, *now = nullptr;
  PetscInt size = 0;
  PetscCall(VecGetLocalSize(x, &size));
  PetscCall(VecGetArrayRead(start, &x0));
  PetscCall(VecGetArrayRead(rate, &f));
  PetscCall(VecGetArray(previous, &old));
  PetscCall(VecGetArray(x, &now));
  double largest_change = 0.0, largest_value = 0.0;
  double not_finite = 0.0;  // 0, or NaN once a value is: std::max passes over NaN
  for (PetscInt i = 0; i < size; ++i) {
    const double next = weight * (x0[i] + scale * f[i]) + (1.0 - weight) * old[i];
    largest_change = std::max(largest_change, std::abs(next - now[i]));
    largest_value = std::max(largest_value, std::abs(next));
    not_finite += next - next;
    old[i] = now[i];
    now[i] = next;
  }
  PetscCall(VecRestoreArray(x, &now));
  PetscCall(VecRestoreArray(previous, &old));
  PetscCall(VecRestoreArrayRead(rate, &f));
  PetscCall(VecRestoreArrayRead(start, &x0));
  if (not_finite != 0.0) largest_change = std::numeric_limits<double>::infinity();
  std::array<double, 2> norms{largest_change, largest_value};
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, norms.data(), 2, MPI_DOUBLE, MPI_MAX,
                             PetscObjectComm(reinterpret_cast<PetscObject>(x))));
  *change = {norms[0], norms[1]};
  PetscFunctionReturn(0);
}

}  // namespace

PetscErrorCode FixedPoint::create(TS ts, double theta, double tolerance) {
  PetscFunctionBeginUser;
  ts_ = ts;
  theta_ = theta;
  tolerance_ = tolerance;
  SNES snes = nullptr;
  PetscCall(TSGetSNES(ts, &snes));
  PetscCall(SNESSetType(snes, SNESSHELL));
  PetscCall(SNESShellSetSolve(snes, solve));
  PetscCall(SNESShellSetContext(snes, this));
  PetscFunctionReturn(0);
}

PetscErrorCode FixedPoint::guess(Vec start, double step, Vec x) {
  // Coefficients of the polynomial through equidistant midpoints, continued by one step.
  static constexpr double extrapolation[history][history] = {
      {1, 0, 0, 0}, {2, -1, 0, 0}, {3, -3, 1, 0}, {4, -6, 4, -1}};
  PetscFunctionBeginUser;
  if (step != step_) forget();
  step_ = step;
  if (known_ == 0) {
    PetscCall(VecCopy(start, x));
    PetscFunctionReturn(0);
  }
  std::array<Vec, history> known{};
  std::copy(midpoints_.begin(), midpoints_.end(), known.begin());
  PetscCall(VecZeroEntries(x));
  PetscCall(VecMAXPY(x, known_, extrapolation[known_ - 1], known.data()));
  PetscFunctionReturn(0);
}

PetscErrorCode FixedPoint::remember(Vec x) {
  PetscFunctionBeginUser;
  std::rotate(midpoints_.begin(), midpoints_.end() - 1, midpoints_.end());
  if (midpoints_.front() == nullptr) PetscCall(VecDuplicate(x, midpoints_.front().address()));
  PetscCall(VecCopy(x, midpoints_.front()));
  known_ = std::min(known_ + 1, history);
  PetscFunctionReturn(0);
}

PetscErrorCode FixedPoint::recall(int count, double step, Vec like) {
  PetscFunctionBeginUser;
  known_ = std::min(count, history);
  step_ = step;
  for (int n = 0; n < known_; ++n)
    PetscCall(VecDuplicate(like, midpoints_[static_cast<std::size_t>(n)].address()));
  PetscFunctionReturn(0);
}

PetscErrorCode FixedPoint::solve(SNES snes, Vec x) {
  PetscFunctionBeginUser;
  FixedPoint* self = nullptr;
  PetscCall(SNESShellGetContext(snes, &self));
  if (self->rate_ == nullptr) {
    PetscCall(VecDuplicate(x, self->rate_.address()));
    PetscCall(VecDuplicate(x, self->previous_.address()));
  }
  Vec start = nullptr;
  PetscReal time = 0.0, step = 0.0;
  PetscCall(TSGetSolution(self->ts_, &start));
  PetscCall(TSGetTime(self->ts_, &time));
  PetscCall(TSGetTimeStep(self->ts_, &step));
  const double scale = self->theta_ * step;

  PetscCall(self->guess(start, step, x));
  PetscCall(VecCopy(x, self->previous_));
  double weight = 1.0;
  double last_change = 0.0;
  SNESConvergedReason reason = SNES_DIVERGED_MAX_IT;
  int iteration = 0;
  while (reason == SNES_DIVERGED_MAX_IT && iteration < max_iterations) {
    PetscCall(TSComputeRHSFunction(self->ts_, time + scale, x, self->rate_));
    Change change{};
    PetscCall(update(start, scale, self->rate_, weight, self->previous_, x, &change));
    ++iteration;
    const double goal = self->tolerance_ * change.largest_value;
    if (!std::isfinite(change.largest_change)) {
      reason = SNES_DIVERGED_FNORM_NAN;
    } else if (change.largest_change <= goal ||
               (iteration > 1 && change.largest_change >= last_change &&
                change.largest_change <= round_off_margin * goal)) {
      reason = SNES_CONVERGED_SNORM_RELATIVE;
    }
    weight = iteration == 1 ? 1.0 / (1.0 + 0.5 * contraction * contraction)
                            : 1.0 / (1.0 + 0.25 * contraction * contraction * weight);
    last_change = change.largest_change;
  }
  if (reason > 0) PetscCall(self->remember(x));
  PetscCall(SNESSetIterationNumber(snes, iteration));
  PetscCall(SNESSetConvergedReason(snes, reason));
  PetscFunctionReturn(0);
}

}  // namespace nuvlasov::time
