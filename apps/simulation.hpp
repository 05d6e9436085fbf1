/// \file
/// One simulation, assembled from a configuration: grid, equation, state, integrator, ledger.
#pragma once

#include <memory>
#include <vector>

#include "nuvlasov/config/reader.hpp"
#include "nuvlasov/diagnostics/ledger.hpp"
#include "nuvlasov/diagnostics/phase_space_fields.hpp"
#include "nuvlasov/initial/beams.hpp"
#include "nuvlasov/stopwatch.hpp"
#include "nuvlasov/time/integrator.hpp"

namespace nuvlasov {

/// What a configuration asks for, before any memory is taken.
struct Problem {
  physics::Mode mode;
  phase_space::ZAxis z;
  phase_space::MomentumGrid momentum;
  /// Absent for initial.type = "file".
  std::vector<double> spectrum;
  std::unique_ptr<initial::Beams> beams;
  time::IntegratorSettings time;
  phase_space::ProcessGridRequest process_grid;

  /// Ghost nodes on each side that the difference operators need.
  int ghosts() const;
  /// Density matrices in the whole phase space.
  double nodes() const;
};

/// \throws InputError for what only shows once the pieces are put together: a spectrum that touches
/// the window's edges, an initial file that does not fit. Collective.
Problem make_problem(const config::Configuration& configuration, MPI_Comm comm);

/// A running simulation. Collective over its communicator.
class Simulation {
 public:
  /// \throws InputError when the ranks cannot share the grid, an occupation exceeds 1, or a PETSc
  /// option is wrong or not used
  PetscErrorCode create(const config::Configuration& configuration, MPI_Comm comm);

  /// Steps to `target`, or past it by less than a step when the step is fixed or adaptive.
  /// \throws NumericalError when a step fails
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
  /// Largest eigenvalue of rho at the start.
  double largest_occupation() const { return largest_occupation_; }

 private:
  PetscErrorCode fill_initial_state(const config::Configuration& configuration);

  std::unique_ptr<Problem> problem_;
  phase_space::Decomposition decomposition_;
  std::unique_ptr<physics::KineticEquation> equation_;
  std::unique_ptr<diagnostics::Ledger> ledger_;
  phase_space::VecHandle state_;
  time::Integrator integrator_;
  double largest_occupation_ = 0.0;
};

/// "2 (z) x 1 (energy) x 1 (angle)".
std::string to_text(const phase_space::ProcessGrid& grid);

}  // namespace nuvlasov
