#include "simulation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "matter.hpp"
#include "need.hpp"
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
          .dissipation = {.z = input.dissipation.z, .energy = input.dissipation.energy},
          .masses = {.delta_m2 = input.vacuum.delta_m2,
                     .mixing_angle = input.vacuum.mixing_angle,
                     .delta_m2_31 = input.vacuum.delta_m2_31,
                     .theta_13 = input.vacuum.theta_13,
                     .theta_23 = input.vacuum.theta_23,
                     .delta_cp = input.vacuum.delta_cp},
          .matter = {}};
}

std::optional<int> to_ranks(const std::optional<config::Integer>& ranks) {
  if (!ranks) return std::nullopt;
  return static_cast<int>(*ranks);
}

}  // namespace

phase_space::ZAxis make_z_axis(const config::Input& input) {
  return {input.grid.z.length, input.grid.z.cells, static_cast<int>(input.grid.z.order),
          input.grid.z.boundaries == "open" ? phase_space::Boundaries::open
                                            : phase_space::Boundaries::periodic};
}

phase_space::MomentumGrid make_momentum_grid(const config::Input& input,
                                             phase_space::AngularOperator angular_operator) {
  const auto& momentum = input.grid.momentum;
  if (momentum.angular_operator == "sn") angular_operator = phase_space::AngularOperator::sn;
  const auto& energy = momentum.energy;
  const auto order = static_cast<int>(momentum.order);
  const auto flavors = static_cast<int>(input.equation.flavors);
  if (momentum.geometry == "spherical")
    return phase_space::MomentumGrid::spherical(
               energy.reference, energy.half_width, energy.cells, order, momentum.angles,
               angular_operator,
               {.from = momentum.direction_range[0], .to = momentum.direction_range[1]},
               momentum.antineutrinos)
        .of_flavors(flavors);
  std::vector<double> signs;
  for (const std::string& species : momentum.species)
    signs.push_back(species == "nubar" ? phase_space::antineutrino : phase_space::neutrino);
  return phase_space::MomentumGrid(
             energy.reference, energy.half_width, energy.cells, order, momentum.directions,
             momentum.weights.value_or(std::vector<double>(momentum.directions.size(), 1.0)), signs)
      .of_flavors(flavors);
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

Problem make_problem(const config::Configuration& configuration, MPI_Comm comm, bool initial) {
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
  try {
    phase_space::check_counts(phase_space::whole(problem.z, problem.momentum), {}, 0,
                              problem.momentum.components());
  } catch (const phase_space::DecompositionError& error) {
    configuration.fail("grid.z.cells", error.what());
  }
  problem.equation.inflow = make_inflow(configuration, problem.z, problem.momentum, comm);
  problem.equation.matter = make_matter(configuration, problem.z, comm);
  if (initial)
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
  range.include(memory, box.nodes(), problem_->momentum.flavors());
  PetscCall(VecRestoreArray(state_, &memory));
  PetscCall(range.reduce(decomposition_.communicator()));
  largest_occupation_ = range.largest;
  check_occupation(configuration, range);
  PetscFunctionReturn(0);
}

namespace {

/// \throws phase_space::DecompositionError
phase_space::ProcessGrid chosen_grid(const config::Configuration& configuration, Problem& problem,
                                     int ranks, std::optional<phase_space::AngularOperator> kept) {
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
  if (kept) {
    problem.momentum = make_momentum_grid(configuration.input(), *kept);
    return choose();
  }
  if (may_take_sn && problem.process_grid.angle.value_or(1) > 1) take_sn();
  try {
    return choose();
  } catch (const phase_space::DecompositionError&) {
    if (!may_take_sn) throw;
  }
  take_sn();
  return choose();
}

}  // namespace

phase_space::ProcessGrid place(const config::Configuration& configuration, Problem& problem,
                               int ranks, std::optional<phase_space::AngularOperator> kept) {
  try {
    const phase_space::ProcessGrid grid = chosen_grid(configuration, problem, ranks, kept);
    phase_space::check_counts(phase_space::whole(problem.z, problem.momentum), grid,
                              problem.ghosts(), problem.momentum.components());
    return grid;
  } catch (const phase_space::DecompositionError& error) {
    if (error.axis().empty()) throw InputError(error.what());
    configuration.fail("parallel.ranks_" + error.axis(), error.what());
  }
}

PetscErrorCode Simulation::create(const config::Configuration& configuration, MPI_Comm comm,
                                  const SimulationMemory* memory) {
  PetscFunctionBeginUser;
  problem_ = std::make_unique<Problem>(make_problem(configuration, comm, false));
  int ranks = 1;
  PetscCallMPI(MPI_Comm_size(comm, &ranks));
  const phase_space::ProcessGrid grid =
      place(configuration, *problem_, ranks,
            memory != nullptr ? std::optional(memory->angular_operator) : std::nullopt);
  require_memory(configuration.input(), *problem_, grid, comm);
  if (memory == nullptr)
    problem_->initial = make_initial_state(configuration, problem_->z, problem_->momentum, comm);
  PetscCall(decomposition_.create(comm, problem_->z, problem_->momentum, problem_->ghosts(), grid));
  equation_ = std::make_unique<physics::KineticEquation>(problem_->equation, problem_->z,
                                                         problem_->momentum, decomposition_);
  ledger_ = std::make_unique<diagnostics::Ledger>(problem_->z, problem_->momentum, decomposition_,
                                                  *equation_);
  PetscCall(decomposition_.create_state(state_));
  if (memory == nullptr)
    PetscCall(fill_initial_state(configuration));
  else
    problem_->time.largest = memory->integrator.largest;
  apply_petsc_options(configuration, [&] {
    return integrator_.create(decomposition_, *equation_, problem_->time, state_);
  });
  if (memory != nullptr) {
    PetscCall(integrator_.restore(memory->integrator));
    ledger_->restore(memory->ledger);
    interval_ = memory->interval;
    largest_occupation_ = memory->largest_occupation;
  }
  PetscFunctionReturn(0);
}

PetscErrorCode Simulation::memory(SimulationMemory* memory) const {
  PetscFunctionBeginUser;
  memory->ledger = ledger_->memory();
  memory->interval = interval_;
  memory->largest_occupation = largest_occupation_;
  memory->angular_operator = problem_->momentum.angular_operator();
  PetscCall(integrator_.memory(&memory->integrator));
  PetscFunctionReturn(0);
}

std::vector<Vec> Simulation::vectors() const {
  std::vector<Vec> all = integrator_.remembered();
  all.insert(all.begin(), state_);
  return all;
}

bool Simulation::finished() const {
  return integrator_.time() >= integrator_.end() || integrator_.steps() >= integrator_.max_steps();
}

PetscErrorCode Simulation::begin_interval(double target) {
  PetscFunctionBeginUser;
  interval_ = {.begin = integrator_.time(),
               .target = std::min(target, integrator_.end()),
               .step = 0.0,
               .open = true};
  integrator_.use_whole_steps();
  // From the state itself: a run that goes on has no other moments.
  PetscCall(decomposition_.with_ghosts(
      state_, [&](const phase_space::StateView& rho) { equation_->update_moments(rho); }));
  double limit = 0.0;
  PetscCall(integrator_.automatic_step(&limit));
  if (integrator_.chooses_step_automatically()) {
    const double span = interval_.target - interval_.begin;
    // A whole number of equal steps; the margin keeps rounding from adding one.
    interval_.step = span / std::max(1.0, std::ceil(span / limit * (1.0 - 1e-9)));
  }
  PetscFunctionReturn(0);
}

PetscErrorCode Simulation::step() {
  PetscFunctionBeginUser;
  time::StepOutcome outcome = time::StepOutcome::done;
  const bool follow = ledger_->follows_steps();
  const bool middle = integrator_.takes_rates_in_the_middle();
  if (follow)
    PetscCall(with_state(
        [&](const double* rho) { ledger_->begin_step(rho, integrator_.time(), middle); }));
  do PetscCall(integrator_.advance(interval_.step, integrator_.end(), &outcome));
  while (outcome == time::StepOutcome::solve_failed && integrator_.halve_steps());
  if (outcome != time::StepOutcome::done)
    throw NumericalError(fmt::format(
        "{} at t = {:g} with a step of {:g}; {}",
        outcome == time::StepOutcome::solve_failed
            ? "the implicit solve of a time step did not converge, not with smaller steps either,"
            : "the time step collapsed",
        integrator_.time(), integrator_.last_step(), step_advice()));
  PetscCall(check_finite());
  if (follow)
    PetscCall(with_state([&](const double* rho) {
      ledger_->end_step(rho, integrator_.time(), integrator_.whole_step(), middle);
    }));
  const double rounding = 1e-9 * (interval_.target - interval_.begin);
  if (finished() || integrator_.time() >= interval_.target - rounding) interval_.open = false;
  PetscFunctionReturn(0);
}

PetscErrorCode Simulation::advance_to(double target) {
  PetscFunctionBeginUser;
  PetscCall(begin_interval(target));
  while (in_interval() && !finished()) PetscCall(step());
  PetscFunctionReturn(0);
}

/// Which terms want which step, and what to do.
std::string Simulation::step_advice() const {
  const double dt = integrator_.last_step();
  std::string rates;
  for (std::size_t t = 0; t < integrator_.spectral_radii().size(); ++t)
    rates += fmt::format("{}{} {:.3g}", t == 0 ? "" : ", ", equation_->terms()[t]->name(),
                         dt * integrator_.spectral_radii()[t]);
  return fmt::format(
      "the step times the largest rate of each term was {}, and the method is stable up to a sum "
      "of {:.3g}; choose a smaller time.step or time.safety, and go on from the last checkpoint",
      rates, integrator_.stability_limit());
}

PetscErrorCode Simulation::check_finite() const {
  PetscFunctionBeginUser;
  const phase_space::Box& box = decomposition_.box();
  const Index count = box.nodes() * box.components;
  const phase_space::MomentumGrid& momentum = problem_->momentum;
  const Index none = std::numeric_limits<Index>::max();
  Index first = none;
  PetscCall(with_state([&](const double* rho) {
    double spoilt = 0.0;  // or NaN
    for (Index n = 0; n < count; ++n) spoilt += 0.0 * rho[n];
    if (spoilt == 0.0) return;
    const Index n =
        std::find_if(rho, rho + count, [](double x) { return !std::isfinite(x); }) - rho;
    const Index node = n / box.components;
    const Index k = box.angle.begin + node % box.angle.size;
    const Index i = box.energy.begin + node / box.angle.size % box.energy.size;
    const Index j = box.z.begin + node / (box.angle.size * box.energy.size);
    first = (j * momentum.energies() + i) * momentum.angles() + k;
  }));
  PetscCallMPI(
      MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_INT64_T, MPI_MIN, decomposition_.communicator()));
  if (first != none)
    throw NumericalError(fmt::format(
        "the state is no longer finite at t = {:g}, step {}, first at z = {:g}, E = {:g}, v = {:g}; "
        "{}",
        integrator_.time(), integrator_.steps(),
        problem_->z.position(first / (momentum.angles() * momentum.energies())),
        momentum.energy(first / momentum.angles() % momentum.energies()),
        momentum.direction(first % momentum.angles()), step_advice()));
  PetscFunctionReturn(0);
}

double short_wave_growth(const Problem& problem, const physics::Terms& terms, double refraction) {
  const bool has_gradients = std::any_of(terms.begin(), terms.end(), [](const auto& term) {
    return term->name() == "weak_force" || term->name() == "group_velocity";
  });
  // Along frozen directions the force only shifts energies, on which Omega does not depend.
  return has_gradients && problem.momentum.geometry() == phase_space::Geometry::spherical
             ? physics::short_wave_growth(refraction, problem.z, problem.momentum,
                                          problem.equation.dissipation)
             : 0.0;
}

PetscErrorCode Simulation::short_wave_growth(double* rate) const {
  PetscFunctionBeginUser;
  double refraction = physics::largest_refraction(equation_->moments());
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &refraction, 1, MPI_DOUBLE, MPI_MAX,
                             decomposition_.communicator()));
  *rate = nuvlasov::short_wave_growth(*problem_, equation_->terms(), refraction);
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
          fmt::format("a quantity of the history is no longer finite at t = {:g}, step {}; {}",
                      integrator_.time(), integrator_.steps(), step_advice()));
  PetscFunctionReturn(0);
}

}  // namespace nuvlasov
