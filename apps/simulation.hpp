/// \file
/// One simulation, assembled from a configuration: grid, equation, state, integrator, ledger.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "initial_state.hpp"
#include "nuvlasov/config/reader.hpp"
#include "nuvlasov/diagnostics/ledger.hpp"
#include "nuvlasov/diagnostics/phase_space_fields.hpp"
#include "nuvlasov/stopwatch.hpp"
#include "nuvlasov/time/integrator.hpp"

namespace nuvlasov {

/// What a configuration asks for, before any memory is taken.
struct Problem {
  physics::EquationSettings equation;
  phase_space::ZAxis z;
  phase_space::MomentumGrid momentum;
  InitialState initial;
  time::IntegratorSettings time;
  phase_space::ProcessGridRequest process_grid;

  /// Ghost nodes on each side that the difference operators need.
  int ghosts() const;
  /// Density matrices in the whole phase space.
  double nodes() const;
};

phase_space::ZAxis make_z_axis(const config::Input& input);
/// \param angular_operator  in place of "auto"
phase_space::MomentumGrid make_momentum_grid(
    const config::Input& input,
    phase_space::AngularOperator angular_operator = phase_space::AngularOperator::spectral);

/// \throws InputError for what only shows once the pieces are put together: a spectrum that touches
/// the window's edges, an initial file that does not fit, a mode that does not grow. Collective.
/// \param initial  whether an initial state is wanted: a run that goes on needs none
Problem make_problem(const config::Configuration& configuration, MPI_Comm comm,
                     bool initial = true);

/// The process grid of a problem. Where no grid leaves all directions on a rank, the angular
/// operator "auto" becomes S_N here.
/// \throws InputError when the ranks cannot share the grid
/// \param kept  the operator of a run that goes on, which does not change
phase_space::ProcessGrid place(const config::Configuration& configuration, Problem& problem,
                               int ranks, std::optional<phase_space::AngularOperator> kept = {});

/// Upper estimate of the rate at which waves at the scale of the grid can grow.
/// \param refraction  the largest eigenvalue of Omega
double short_wave_growth(const Problem& problem, const physics::Terms& terms, double refraction);

/// Steps up to a time at which something is due.
struct Interval {
  double begin = 0.0, target = 0.0;
  double step = 0.0;  ///< chosen for it, by an automatic integrator
  bool open = false;
};

/// What a simulation goes on from, besides its vectors(): a few numbers to copy.
struct SimulationMemory {
  time::IntegratorMemory integrator;
  diagnostics::LedgerMemory ledger;
  Interval interval;
  double largest_occupation = 0.0;
  phase_space::AngularOperator angular_operator = phase_space::AngularOperator::spectral;
};

/// A running simulation. Collective over its communicator.
class Simulation {
 public:
  /// At the initial state, or, given a memory, ready for the caller to fill in vectors().
  /// \throws InputError when the ranks cannot share the grid, or a compute node has too little
  /// memory for them, before any is taken; when an occupation exceeds 1, or a PETSc option is wrong
  /// or not used
  PetscErrorCode create(const config::Configuration& configuration, MPI_Comm comm,
                        const SimulationMemory* memory = nullptr);

  PetscErrorCode memory(SimulationMemory* memory) const;
  /// The state, and what the integrator remembers.
  std::vector<Vec> vectors() const;

  /// Chooses the steps to `target`, the end at most.
  PetscErrorCode begin_interval(double target);
  /// Whether there are steps left to take in the interval.
  bool in_interval() const { return interval_.open; }
  /// One step; the last of an interval may go past its target when the step is fixed or adaptive. A
  /// solve that fails is tried again with half the step, as is the rest of the interval.
  /// \throws NumericalError when a step fails, or the state is not finite after it, with the place
  PetscErrorCode step();
  /// All of an interval.
  PetscErrorCode advance_to(double target);

  /// The history row of the present state. \throws NumericalError when it is not finite
  PetscErrorCode measure(diagnostics::Record* record);

  /// Calls body(const double*) with the owned nodes [z][energy][angle][component].
  template <class Body>
  PetscErrorCode with_state(Body&& body) const {
    PetscFunctionBeginUser;
    const PetscScalar* memory = nullptr;
    PetscCall(VecGetArrayRead(state_, &memory));
    body(memory);
    PetscCall(VecRestoreArrayRead(state_, &memory));
    PetscFunctionReturn(0);
  }

  /// Calls body(const double*) with a field on the owned nodes, [z][energy][angle] and for a
  /// matrix [component].
  template <class Body>
  PetscErrorCode with_field(const diagnostics::PhaseSpaceField& field, Body&& body) const {
    PetscFunctionBeginUser;
    if (field.write) {
      std::vector<double> values;
      PetscCall(decomposition_.with_ghosts(state_, [&](const phase_space::StateView& rho) {
        values = diagnostics::evaluate(field, *equation_, rho);
      }));
      body(values.data());
    } else {
      PetscCall(with_state(body));
    }
    PetscFunctionReturn(0);
  }

  bool finished() const;
  const Problem& problem() const { return *problem_; }
  const phase_space::Decomposition& decomposition() const { return decomposition_; }
  const physics::KineticEquation& equation() const { return *equation_; }
  const diagnostics::Ledger& ledger() const { return *ledger_; }
  time::Integrator& integrator() { return integrator_; }
  const time::Integrator& integrator() const { return integrator_; }
  Vec state() const { return state_; }
  /// Upper estimate of the rate at which waves at the scale of the grid can grow in the state last
  /// measured. Collective.
  PetscErrorCode short_wave_growth(double* rate) const;
  /// Largest eigenvalue of rho at the start.
  double largest_occupation() const { return largest_occupation_; }

 private:
  PetscErrorCode fill_initial_state(const config::Configuration& configuration);
  PetscErrorCode check_finite() const;
  std::string step_advice() const;

  std::unique_ptr<Problem> problem_;
  phase_space::Decomposition decomposition_;
  std::unique_ptr<physics::KineticEquation> equation_;
  std::unique_ptr<diagnostics::Ledger> ledger_;
  phase_space::VecHandle state_;
  time::Integrator integrator_;
  Interval interval_;
  double largest_occupation_ = 0.0;
};

/// "2 (z) x 1 (energy) x 1 (angle)".
std::string to_text(const phase_space::ProcessGrid& grid);

}  // namespace nuvlasov
