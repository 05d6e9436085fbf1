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
    PetscCall(for_each_piece(
        state, [&](Index at) { return memory + at; }, {memory},
        [](Index, Index, const double*) {}));
    PetscCall(VecRestoreArrayWrite(rate, &memory));
    PetscFunctionReturn(0);
  }

  /// d rho/dt at `state` in pieces: calls done(at, count, rate) as KineticEquation::rate does.
  /// Collective.
  template <class Done>
  PetscErrorCode for_each_piece(Vec state, physics::Touched touched, Done&& done) {
    PetscFunctionBeginUser;
    PetscCall(for_each_piece(
        state, [](Index) -> double* { return nullptr; }, touched, done));
    PetscFunctionReturn(0);
  }

  /// The same, written to target(at) where that is not null.
  template <class Target, class Done>
  PetscErrorCode for_each_piece(Vec state, Target&& target, physics::Touched touched, Done&& done) {
    PetscFunctionBeginUser;
    const auto lap = watch_.lap();
    PetscCall(decomposition_.with_ghosts_under_way(
        state, [&](const phase_space::StateView& rho, const auto& await_ghosts) {
          equation_.rate(rho, await_ghosts, target, touched, done);
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
