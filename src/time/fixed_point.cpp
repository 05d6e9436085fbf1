#include "nuvlasov/time/fixed_point.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

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

/// previous <- weight (start + scale f(x)) + (1 - weight) previous; returns maximum norms over all
/// ranks of the new value and of what it differs from x.
PetscErrorCode iterate(RightHandSide& right_hand_side, Vec start, double scale, double weight,
                       Vec x, Vec previous, Change* change) {
  PetscFunctionBeginUser;
  const PetscScalar *x0 = nullptr, *now = nullptr;
  PetscScalar* next = nullptr;
  PetscCall(VecGetArrayRead(start, &x0));
  PetscCall(VecGetArrayRead(x, &now));
  PetscCall(VecGetArray(previous, &next));
  const Index plane = right_hand_side.decomposition().box().plane();
  double largest_change = 0.0, largest_value = 0.0;
  double not_finite = 0.0;  // 0, or NaN once a value is: the maximum passes over NaN
  const auto update = [&](Index j, const double* f) {
    const double *from = x0 + j * plane, *old = now + j * plane;
    double* target = next + j * plane;
#pragma GCC ivdep
    for (Index n = 0; n < plane; ++n) {
      const double value = weight * (from[n] + scale * f[n]) + (1.0 - weight) * target[n];
      const double by = std::abs(value - old[n]);
      const double size = std::abs(value);
      largest_change = by > largest_change ? by : largest_change;
      largest_value = size > largest_value ? size : largest_value;
      not_finite += value - value;
      target[n] = value;
    }
  };
  PetscCall(right_hand_side.for_each_plane(x, update));
  PetscCall(VecRestoreArray(previous, &next));
  PetscCall(VecRestoreArrayRead(x, &now));
  PetscCall(VecRestoreArrayRead(start, &x0));
  if (not_finite != 0.0) largest_change = std::numeric_limits<double>::infinity();
  std::array<double, 2> norms{largest_change, largest_value};
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, norms.data(), 2, MPI_DOUBLE, MPI_MAX,
                             PetscObjectComm(reinterpret_cast<PetscObject>(x))));
  *change = {norms[0], norms[1]};
  PetscFunctionReturn(0);
}

}  // namespace

PetscErrorCode FixedPoint::create(TS ts, RightHandSide& right_hand_side, double theta,
                                  double tolerance) {
  PetscFunctionBeginUser;
  ts_ = ts;
  right_hand_side_ = &right_hand_side;
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
  PetscFunctionBeginUser;
  if (step != step_) forget();
  step_ = step;
  if (known_ == 0) {
    PetscCall(VecCopy(start, x));
    PetscFunctionReturn(0);
  }
  std::array<Vec, history> known{};
  std::copy(midpoints_.begin(), midpoints_.end(), known.begin());
  // (-1)^n binomial(known, n + 1).
  std::array<double, history> weights{};
  double binomial = 1.0;
  for (int n = 0; n < known_; ++n) {
    binomial *= static_cast<double>(known_ - n) / (n + 1);
    weights[static_cast<std::size_t>(n)] = n % 2 == 0 ? binomial : -binomial;
  }
  PetscCall(VecZeroEntries(x));
  PetscCall(VecMAXPY(x, known_, weights.data(), known.data()));
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
  if (self->previous_ == nullptr) PetscCall(VecDuplicate(x, self->previous_.address()));
  Vec start = nullptr;
  PetscReal step = 0.0;
  PetscCall(TSGetSolution(self->ts_, &start));
  PetscCall(TSGetTimeStep(self->ts_, &step));
  const double scale = self->theta_ * step;

  PetscCall(self->guess(start, step, x));
  // The first iteration does not read what is previous, but 0 times NaN is NaN.
  PetscCall(VecZeroEntries(self->previous_));
  Vec latest = x;
  Vec previous = self->previous_;
  double weight = 1.0;
  double last_change = 0.0;
  SNESConvergedReason reason = SNES_DIVERGED_MAX_IT;
  int iteration = 0;
  while (reason == SNES_DIVERGED_MAX_IT && iteration < max_iterations) {
    Change change{};
    PetscCall(iterate(*self->right_hand_side_, start, scale, weight, latest, previous, &change));
    std::swap(latest, previous);
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
  if (latest != x) PetscCall(VecCopy(latest, x));
  if (reason > 0) PetscCall(self->remember(x));
  PetscCall(SNESSetIterationNumber(snes, iteration));
  PetscCall(SNESSetConvergedReason(snes, reason));
  PetscFunctionReturn(0);
}

}  // namespace nuvlasov::time
