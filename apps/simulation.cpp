#include "simulation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "nuvlasov/errors.hpp"
#include "nuvlasov/io/fields.hpp"
#include "nuvlasov/physics/short_waves.hpp"
#include "petsc_options.hpp"

namespace nuvlasov {
namespace {

time::Method method_of(const std::string& name) {
  if (name == "rk5dp") return time::Method::rk5dp;
  if (name == "ssp") return time::Method::ssp;
  if (name == "implicit_midpoint") return time::Method::implicit_midpoint;
  return time::Method::rk4;
}

physics::EquationSettings equation_of(const config::Input::Equation& input) {
  return {.mode = input.mode == "full" ? physics::Mode::full : physics::Mode::standard,
          .terms = input.terms,
          .dissipation = {.z = input.dissipation.z, .energy = input.dissipation.energy}};
}

std::optional<int> to_ranks(const std::optional<config::Integer>& ranks) {
  if (!ranks) return std::nullopt;
  return static_cast<int>(*ranks);
}

}  // namespace

phase_space::ZAxis make_z_axis(const config::Input& input) {
  return {input.grid.z.length, input.grid.z.cells, static_cast<int>(input.grid.z.order)};
}

phase_space::MomentumGrid make_momentum_grid(const config::Input& input,
                                             phase_space::AngularOperator angular_operator) {
  const auto& momentum = input.grid.momentum;
  if (momentum.angular_operator == "sn") angular_operator = phase_space::AngularOperator::sn;
  const auto& energy = momentum.energy;
  const auto order = static_cast<int>(momentum.order);
  if (momentum.geometry == "spherical")
    return phase_space::MomentumGrid::spherical(
        energy.reference, energy.half_width, energy.cells, order, momentum.angles, angular_operator,
        {.from = momentum.direction_range[0], .to = momentum.direction_range[1]});
  return {energy.reference,
          energy.half_width,
          energy.cells,
          order,
          momentum.directions,
          momentum.weights.value_or(std::vector<double>(momentum.directions.size(), 1.0))};
}

std::string to_text(const phase_space::ProcessGrid& grid) {
  return fmt::format("{} (z) x {} (energy) x {} (angle)", grid.z, grid.energy, grid.angle);
}

int Problem::ghosts() const {
  const int z_reach = z.derivative().reach();
  return equation.mode == physics::Mode::full
             ? std::max(z_reach, momentum.energy_derivative().reach())
             : z_reach;
}

double Problem::nodes() const {
  return static_cast<double>(z.cells()) * static_cast<double>(momentum.energies()) *
         static_cast<double>(momentum.angles());
}

Problem make_problem(const config::Configuration& configuration, MPI_Comm comm) {
  const auto& input = configuration.input();
  Problem problem{.equation = equation_of(input.equation),
                  .z = make_z_axis(input),
                  .momentum = make_momentum_grid(input),
                  .initial = {},
                  .time = {.method = method_of(input.time.method),
                           .end = input.time.end,
                           .step = input.time.step,
                           .safety = input.time.safety,
                           .tolerance = input.time.tolerance,
                           .solver_tolerance = input.time.solver_tolerance},
                  .process_grid = {.z = to_ranks(input.parallel.ranks_z),
                                   .energy = to_ranks(input.parallel.ranks_energy),
                                   .angle = to_ranks(input.parallel.ranks_angle)}};
  if (problem.nodes() * flavor::components > static_cast<double>(PETSC_MAX_INT))
    configuration.fail(
        "grid.z.cells",
        fmt::format("the grid has {:.3g} unknowns, but this PETSc counts to {:.3g}; "
                    "use one built with 64-bit indices",
                    problem.nodes() * flavor::components, static_cast<double>(PETSC_MAX_INT)));
  problem.initial = make_initial_state(configuration, problem.z, problem.momentum, comm);
  return problem;
}

PetscErrorCode Simulation::fill_initial_state(const config::Configuration& configuration) {
  PetscFunctionBeginUser;
  const InitialState& initial = problem_->initial;
  const phase_space::Box& box = decomposition_.box();
  PetscScalar* memory = nullptr;
  PetscCall(VecGetArray(state_, &memory));
  if (initial.beams)
    initial::fill(*initial.beams, initial.spectrum, problem_->z, box, memory);
  else
    io::read_density_matrix(configuration.input().initial.path, decomposition_, memory);
  OccupationRange range;
  range.include(memory, box.nodes());
  PetscCall(VecRestoreArray(state_, &memory));
  PetscCall(range.reduce(decomposition_.communicator()));
  largest_occupation_ = range.largest;
  check_occupation(configuration, range);
  PetscFunctionReturn(0);
}

phase_space::ProcessGrid place(const config::Configuration& configuration, Problem& problem,
                               int ranks) {
  const auto choose = [&] {
    phase_space::ProcessGridRequest request = problem.process_grid;
    if (problem.equation.mode == physics::Mode::full && problem.momentum.couples_all_directions())
      request.angle = 1;
    return phase_space::choose_process_grid(ranks, problem.z, problem.momentum, problem.ghosts(),
                                            request);
  };
  const auto take_sn = [&] {
    problem.momentum = make_momentum_grid(configuration.input(), phase_space::AngularOperator::sn);
  };
  const bool may_take_sn = problem.equation.mode == physics::Mode::full &&
                           configuration.input().grid.momentum.angular_operator == "auto" &&
                           problem.momentum.geometry() == phase_space::Geometry::spherical;
  if (may_take_sn && problem.process_grid.angle.value_or(1) > 1) take_sn();
  try {
    return choose();
  } catch (const phase_space::DecompositionError&) {
    if (!may_take_sn) throw;
  }
  take_sn();
  return choose();
}

PetscErrorCode Simulation::create(const config::Configuration& configuration, MPI_Comm comm) {
  PetscFunctionBeginUser;
  problem_ = std::make_unique<Problem>(make_problem(configuration, comm));
  int ranks = 1;
  PetscCallMPI(MPI_Comm_size(comm, &ranks));
  phase_space::ProcessGrid grid;
  try {
    grid = place(configuration, *problem_, ranks);
  } catch (const phase_space::DecompositionError& error) {
    if (error.axis().empty()) throw InputError(error.what());
    configuration.fail("parallel.ranks_" + error.axis(), error.what());
  }
  PetscCall(decomposition_.create(comm, problem_->z, problem_->momentum, problem_->ghosts(), grid));
  equation_ = std::make_unique<physics::KineticEquation>(
      problem_->equation, problem_->z, problem_->momentum, decomposition_.box(), problem_->ghosts(),
      decomposition_.momentum_communicator());
  ledger_ = std::make_unique<diagnostics::Ledger>(problem_->z, problem_->momentum, decomposition_,
                                                  *equation_);
  PetscCall(decomposition_.create_state(state_));
  PetscCall(fill_initial_state(configuration));
  apply_petsc_options(configuration, [&] {
    return integrator_.create(decomposition_, *equation_, problem_->time, state_);
  });
  PetscFunctionReturn(0);
}

bool Simulation::finished() const {
  return integrator_.time() >= integrator_.end() || integrator_.steps() >= integrator_.max_steps();
}

PetscErrorCode Simulation::advance_to(double target) {
  PetscFunctionBeginUser;
  target = std::min(target, integrator_.end());
  const double span = target - integrator_.time();
  double step = 0.0;
  if (integrator_.chooses_step_automatically()) {
    double limit = 0.0;
    PetscCall(integrator_.automatic_step(&limit));
    // A whole number of equal steps; the margin keeps rounding from adding one.
    step = span / std::max(1.0, std::ceil(span / limit * (1.0 - 1e-9)));
  }
  while (!finished() && integrator_.time() < target - 1e-9 * span) {
    time::StepOutcome outcome = time::StepOutcome::done;
    PetscCall(integrator_.advance(step, integrator_.end(), &outcome));
    if (outcome != time::StepOutcome::done)
      throw NumericalError(fmt::format(
          "{} at t = {:g} with a step of {:g}; the state before it is kept in the history. Choose a "
          "smaller time.step or time.safety",
          outcome == time::StepOutcome::solve_failed
              ? "the implicit solve of a time step did not converge"
              : "the time step collapsed",
          integrator_.time(), integrator_.last_step()));
  }
  PetscFunctionReturn(0);
}

PetscErrorCode Simulation::short_wave_growth(double* rate) const {
  PetscFunctionBeginUser;
  const auto& terms = equation_->terms();
  const bool has_gradients = std::any_of(terms.begin(), terms.end(), [](const auto& term) {
    return term->name() == "weak_force" || term->name() == "group_velocity";
  });
  double refraction = physics::largest_refraction(equation_->moments());
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &refraction, 1, MPI_DOUBLE, MPI_MAX,
                             decomposition_.communicator()));
  // Along frozen directions the force only shifts energies, on which Omega does not depend.
  *rate = has_gradients && problem_->momentum.geometry() == phase_space::Geometry::spherical
              ? physics::short_wave_growth(refraction, problem_->z, problem_->momentum,
                                           problem_->equation.dissipation)
              : 0.0;
  PetscFunctionReturn(0);
}

PetscErrorCode Simulation::measure(diagnostics::Record* record) {
  PetscFunctionBeginUser;
  PetscCall(decomposition_.with_ghosts(state_, [&](const phase_space::StateView& rho) {
    *record =
        ledger_->measure(rho, integrator_.time(), integrator_.steps(), integrator_.last_step());
  }));
  for (const double value : record->values)
    if (!std::isfinite(value))
      throw NumericalError(
          fmt::format("the state is no longer finite at t = {:g}, step {}; choose "
                      "a smaller time.step or time.safety",
                      integrator_.time(), integrator_.steps()));
  PetscFunctionReturn(0);
}

}  // namespace nuvlasov
