/// \file
/// The right-hand side of the equation on distributed states, counted and timed.
#pragma once

#include "nuvlasov/phase_space/decomposition.hpp"
#include "nuvlasov/physics/kinetic_equation.hpp"
#include "nuvlasov/stopwatch.hpp"

namespace nuvlasov::time {

class RightHandSide {
 public:
  /// \param decomposition, equation  must outlive this
  RightHandSide(const phase_space::Decomposition& decomposition, physics::KineticEquation& equation)
      : decomposition_(decomposition), equation_(equation) {}

  const phase_space::Decomposition& decomposition() const { return decomposition_; }
  physics::KineticEquation& equation() { return equation_; }

  /// rate <- d rho/dt at `state`. Collective.
  PetscErrorCode evaluate(Vec state, Vec rate) {
    PetscFunctionBeginUser;
    PetscScalar* memory = nullptr;
    PetscCall(VecGetArrayWrite(rate, &memory));
    const Index plane = decomposition_.box().plane();
    PetscCall(for_each_run(
        state, [&](Index j) { return memory + j * plane; },
        [](phase_space::Range, const double*) {}));
    PetscCall(VecRestoreArrayWrite(rate, &memory));
    PetscFunctionReturn(0);
  }

  /// d rho/dt at `state` on some owned planes after others: calls done(planes, rate). Collective.
  template <class Done>
  PetscErrorCode for_each_run(Vec state, Done&& done) {
    PetscFunctionBeginUser;
    PetscCall(for_each_run(
        state, [](Index) -> double* { return nullptr; }, done));
    PetscFunctionReturn(0);
  }

  /// The same, written to target(j) where that is not null.
  template <class Target, class Done>
  PetscErrorCode for_each_run(Vec state, Target&& target, Done&& done) {
    PetscFunctionBeginUser;
    const auto lap = watch_.lap();
    PetscCall(decomposition_.with_ghosts_under_way(
        state, [&](const phase_space::StateView& rho, const auto& await_ghosts) {
          equation_.rate(rho, await_ghosts, target, done);
        }));
    ++evaluations_;
    PetscFunctionReturn(0);
  }

  /// Evaluations so far, those of a former run included, and the seconds they took on this rank.
  Index evaluations() const { return evaluations_; }
  void set_evaluations(Index count) { evaluations_ = count; }
  double seconds() const { return watch_.seconds(); }

 private:
  const phase_space::Decomposition& decomposition_;
  physics::KineticEquation& equation_;
  Index evaluations_ = 0;
  Stopwatch watch_;
};

}  // namespace nuvlasov::time
