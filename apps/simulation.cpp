#include "simulation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "nuvlasov/errors.hpp"
#include "nuvlasov/initial/angular_spectrum.hpp"
#include "nuvlasov/initial/eigenmodes.hpp"
#include "nuvlasov/initial/energy_spectrum.hpp"
#include "nuvlasov/io/collective.hpp"
#include "nuvlasov/io/fields.hpp"
#include "petsc_options.hpp"

namespace nuvlasov {
namespace {

/// Rounding that an occupation of exactly 1 with seeds may bring.
constexpr double occupation_tolerance = 1e-3;

time::Method method_of(const std::string& name) {
  if (name == "rk5dp") return time::Method::rk5dp;
  if (name == "ssp") return time::Method::ssp;
  if (name == "implicit_midpoint") return time::Method::implicit_midpoint;
  return time::Method::rk4;
}

std::optional<int> to_ranks(const std::optional<config::Integer>& ranks) {
  if (!ranks) return std::nullopt;
  return static_cast<int>(*ranks);
}

std::vector<double> checked_spectrum(const config::Configuration& configuration,
                                     const phase_space::MomentumGrid& grid) {
  const auto& input = configuration.input();
  const auto& choice = input.initial.energy_spectrum;
  const auto shape =
      choice.shape == "cosine" ? initial::SpectrumShape::cosine : initial::SpectrumShape::gaussian;
  std::vector<double> spectrum;
  try {
    spectrum = initial::energy_spectrum(grid, shape, choice.width, choice.center);
  } catch (const std::invalid_argument& error) {
    configuration.fail("initial.energy_spectrum.width", error.what());
  }
  const double edge = initial::edge_share(grid, spectrum);
  if (input.equation.mode == "full" && edge > input.diagnostics.edge_limit)
    configuration.fail(
        "grid.momentum.energy.half_width",
        fmt::format("the energy window touches the spectrum: {:.1e} of the neutrinos are in an "
                    "outermost cell, more than diagnostics.edge_limit = {:.1e}; widen the window "
                    "or narrow the spectrum",
                    edge, input.diagnostics.edge_limit));
  return spectrum;
}

initial::AngularShape angular_shape_of(const std::string& name) {
  if (name == "gaussian") return initial::AngularShape::gaussian;
  if (name == "exponential") return initial::AngularShape::exponential;
  if (name == "linear") return initial::AngularShape::linear;
  return initial::AngularShape::isotropic;
}

std::vector<double> flavor_over_directions(const config::Configuration& configuration,
                                           const std::string& section,
                                           const config::Input::AngularSpectrum& choice,
                                           const phase_space::MomentumGrid& grid) {
  try {
    return initial::angular_spectrum(grid, {.number = choice.number,
                                            .shape = angular_shape_of(choice.shape),
                                            .center = choice.center,
                                            .width = choice.width,
                                            .flux_factor = choice.flux_factor});
  } catch (const std::invalid_argument& error) {
    configuration.fail(section + ".shape", error.what());
  }
}

/// Whether nu_e and nu_x over direction make the background, or zeta and occupation.
bool has_angular_spectra(const config::Input& input) {
  return input.initial.type == "spectrum" ||
         (input.initial.type == "eigenmode" && input.grid.momentum.geometry == "spherical");
}

/// What the first rank finds, on all of them: the modes decide on errors that all must share.
std::vector<stability::BoxMode> on_all_ranks(
    MPI_Comm comm, const std::function<std::vector<stability::BoxMode>()>& find) {
  std::vector<stability::BoxMode> modes;
  io::on_first_rank(comm, [&] { modes = find(); });
  auto count = static_cast<Index>(modes.size());
  MPI_Bcast(&count, 1, MPI_INT64_T, 0, comm);
  modes.resize(static_cast<std::size_t>(count));
  MPI_Bcast(modes.data(), static_cast<int>(count * sizeof(stability::BoxMode)), MPI_BYTE, 0, comm);
  return modes;
}

/// Which mode of the box one could take instead.
std::string fastest_box_mode(const stability::LinearStability& stability,
                             const phase_space::ZAxis& z) {
  const auto modes = stability::growing_box_modes(
      stability, stability::interval_of_growth(stability), z.length(), highest_box_mode(z));
  if (modes.empty())
    return "no mode of this box does; `nuvlasov dispersion` says for which length one would";
  const auto fastest = std::max_element(
      modes.begin(), modes.end(),
      [](const auto& a, const auto& b) { return a.omega.imag() < b.omega.imag(); });
  return fmt::format("the fastest-growing is {}, with rate {:.4g}", fastest->number,
                     fastest->omega.imag());
}

std::vector<stability::BoxMode> chosen_mode(const config::Configuration& configuration,
                                            const stability::LinearStability& stability,
                                            const phase_space::ZAxis& z) {
  const Index n = configuration.input().initial.mode_number;
  const double k = stability::box_wave_number(n, z.length());
  const auto omega = stability.fastest(k);
  if (!omega)
    configuration.fail("initial.mode_number",
                       fmt::format("mode {} does not grow; {}", n, fastest_box_mode(stability, z)));
  return {{n, k, *omega}};
}

std::vector<stability::BoxMode> seeded_modes(const config::Configuration& configuration,
                                             const stability::LinearStability& stability,
                                             const phase_space::ZAxis& z) {
  const Index largest = configuration.input().initial.seeds.max_mode;
  auto modes =
      stability::growing_box_modes(stability, stability::all_wave_numbers, z.length(), largest);
  if (modes.empty())
    configuration.fail("initial.seeds.type", fmt::format("no mode up to max_mode = {} grows; {}",
                                                         largest, fastest_box_mode(stability, z)));
  return modes;
}

std::unique_ptr<const initial::Seeds> make_seeds(const config::Configuration& configuration,
                                                 const phase_space::ZAxis& z,
                                                 const phase_space::MomentumGrid& grid,
                                                 const Background& background, MPI_Comm comm) {
  const auto& initial = configuration.input().initial;
  const initial::FourierSeeds::Settings settings{
      .sigma = initial.seeds.sigma,
      .max_mode = initial.seeds.max_mode,
      .random_seed = static_cast<std::uint64_t>(initial.seeds.random_seed)};
  if (initial.type == "eigenmode") {
    const auto stability = make_stability(configuration, grid, background.pz);
    const auto modes = on_all_ranks(comm, [&] { return chosen_mode(configuration, stability, z); });
    return std::make_unique<initial::PlaneWaves>(
        std::vector{initial::eigenmode(stability, modes.front(), initial.amplitude)});
  }
  if (initial.seeds.type == "eigenmode") {
    const auto stability = make_stability(configuration, grid, background.pz);
    const auto modes =
        on_all_ranks(comm, [&] { return seeded_modes(configuration, stability, z); });
    return std::make_unique<initial::PlaneWaves>(
        initial::random_eigenmodes(stability, modes, settings));
  }
  if (initial.seeds.type == "fourier")
    return std::make_unique<initial::FourierSeeds>(settings, z.length(), grid.angles());
  return nullptr;
}

std::unique_ptr<initial::Beams> make_beams(const config::Configuration& configuration,
                                           const phase_space::ZAxis& z,
                                           const phase_space::MomentumGrid& grid, MPI_Comm comm) {
  const auto& initial = configuration.input().initial;
  const Background background = make_background(configuration, grid);
  return std::make_unique<initial::SeededBeams>(
      background.pz, background.p0, make_seeds(configuration, z, grid, background, comm),
      initial.type != "eigenmode" && initial.seeds.pure);
}

}  // namespace

phase_space::ZAxis make_z_axis(const config::Input& input) {
  return {input.grid.z.length, input.grid.z.cells, static_cast<int>(input.grid.z.order)};
}

phase_space::MomentumGrid make_momentum_grid(const config::Input& input) {
  const auto& momentum = input.grid.momentum;
  const auto& energy = momentum.energy;
  const auto order = static_cast<int>(momentum.order);
  if (momentum.geometry == "spherical")
    return phase_space::MomentumGrid::spherical(
        energy.reference, energy.half_width, energy.cells, order, momentum.angles,
        momentum.angular_operator == "sn" ? phase_space::AngularOperator::sn
                                          : phase_space::AngularOperator::spectral);
  return {energy.reference,
          energy.half_width,
          energy.cells,
          order,
          momentum.directions,
          momentum.weights.value_or(std::vector<double>(momentum.directions.size(), 1.0))};
}

Background make_background(const config::Configuration& configuration,
                           const phase_space::MomentumGrid& grid) {
  const auto& initial = configuration.input().initial;
  Background background;
  if (has_angular_spectra(configuration.input())) {
    const auto nu_e = flavor_over_directions(configuration, "initial.nu_e", initial.nu_e, grid);
    const auto nu_x = flavor_over_directions(configuration, "initial.nu_x", initial.nu_x, grid);
    for (std::size_t k = 0; k < nu_e.size(); ++k) {
      background.p0.push_back(nu_e[k] + nu_x[k]);
      background.pz.push_back(nu_e[k] - nu_x[k]);
    }
    return background;
  }
  background.pz = initial.zeta;
  if (initial.occupation)
    background.p0 = *initial.occupation;
  else
    for (const double zeta : initial.zeta) background.p0.push_back(std::abs(zeta));
  return background;
}

stability::LinearStability make_stability(const config::Configuration& configuration,
                                          const phase_space::MomentumGrid& grid,
                                          std::vector<double> polarization) {
  try {
    return {grid, std::move(polarization)};
  } catch (const std::invalid_argument& error) {
    configuration.fail("initial.type", error.what());
  }
}

void check_initial_file(const config::Configuration& configuration, const phase_space::ZAxis& z,
                        const phase_space::MomentumGrid& grid, MPI_Comm comm) {
  const std::string& path = configuration.input().initial.path;
  try {
    io::on_first_rank(comm, [&] { io::check_density_matrix(path, z, grid); });
  } catch (const std::runtime_error& error) {
    configuration.fail("initial.path", error.what());
  }
}

Index highest_box_mode(const phase_space::ZAxis& z) { return (z.cells() - 1) / 2; }

std::string to_text(const phase_space::ProcessGrid& grid) {
  return fmt::format("{} (z) x {} (energy) x {} (angle)", grid.z, grid.energy, grid.angle);
}

int Problem::ghosts() const {
  const int z_reach = z.derivative().reach();
  return mode == physics::Mode::full ? std::max(z_reach, momentum.energy_derivative().reach())
                                     : z_reach;
}

double Problem::nodes() const {
  return static_cast<double>(z.cells()) * static_cast<double>(momentum.energies()) *
         static_cast<double>(momentum.angles());
}

Problem make_problem(const config::Configuration& configuration, MPI_Comm comm) {
  const auto& input = configuration.input();
  Problem problem{
      .mode = input.equation.mode == "full" ? physics::Mode::full : physics::Mode::standard,
      .z = make_z_axis(input),
      .momentum = make_momentum_grid(input),
      .spectrum = {},
      .beams = nullptr,
      .time = {.method = method_of(input.time.method),
               .end = input.time.end,
               .step = input.time.step,
               .safety = input.time.safety,
               .tolerance = input.time.tolerance,
               .solver_tolerance = input.time.solver_tolerance},
      .process_grid = {.z = to_ranks(input.parallel.ranks_z),
                       .energy = to_ranks(input.parallel.ranks_energy),
                       .angle = to_ranks(input.parallel.ranks_angle)}};
  // d/dv couples all directions.
  if (problem.mode == physics::Mode::full &&
      problem.momentum.geometry() == phase_space::Geometry::spherical)
    problem.process_grid.angle = 1;
  if (problem.nodes() * flavor::components > static_cast<double>(PETSC_MAX_INT))
    configuration.fail(
        "grid.z.cells",
        fmt::format("the grid has {:.3g} unknowns, but this PETSc counts to {:.3g}; "
                    "use one built with 64-bit indices",
                    problem.nodes() * flavor::components, static_cast<double>(PETSC_MAX_INT)));
  if (input.initial.type == "file") {
    check_initial_file(configuration, problem.z, problem.momentum, comm);
  } else {
    problem.spectrum = checked_spectrum(configuration, problem.momentum);
    problem.beams = make_beams(configuration, problem.z, problem.momentum, comm);
  }
  return problem;
}

PetscErrorCode Simulation::fill_initial_state(const config::Configuration& configuration) {
  PetscFunctionBeginUser;
  const auto& choice = configuration.input().initial;
  PetscScalar* memory = nullptr;
  PetscCall(VecGetArray(state_, &memory));
  if (problem_->beams)
    initial::fill(*problem_->beams, problem_->spectrum, problem_->z, decomposition_.box(), memory);
  else
    io::read_density_matrix(choice.path, decomposition_, memory);
  const Index values = decomposition_.box().nodes() * flavor::components;
  double finite = 1.0;
  double largest = 0.0;
  for (Index n = 0; n < values; n += flavor::components) {
    largest = std::max(largest, flavor::eigenvalues(flavor::load(memory + n))[1]);
    for (int c = 0; c < flavor::components; ++c)
      if (!std::isfinite(memory[n + c])) finite = 0.0;
  }
  PetscCall(VecRestoreArray(state_, &memory));
  PetscCallMPI(
      MPI_Allreduce(MPI_IN_PLACE, &largest, 1, MPI_DOUBLE, MPI_MAX, decomposition_.communicator()));
  PetscCallMPI(
      MPI_Allreduce(MPI_IN_PLACE, &finite, 1, MPI_DOUBLE, MPI_MIN, decomposition_.communicator()));
  largest_occupation_ = largest;
  const char* key = !problem_->beams                             ? "initial.path"
                    : has_angular_spectra(configuration.input()) ? "initial.nu_e.number"
                    : choice.occupation                          ? "initial.occupation"
                                                                 : "initial.zeta";
  if (finite == 0.0) configuration.fail(key, "the initial state holds values that are not finite");
  if (largest > 1.0 + occupation_tolerance)
    configuration.fail(
        key, fmt::format("the largest occupation number of the initial state is {:.4g}, but it "
                         "cannot exceed 1; widen the spectrum, or, with beams, raise "
                         "grid.momentum.weights, which count the states of a direction, and lower "
                         "zeta by as much",
                         largest));
  PetscFunctionReturn(0);
}

PetscErrorCode Simulation::create(const config::Configuration& configuration, MPI_Comm comm) {
  PetscFunctionBeginUser;
  problem_ = std::make_unique<Problem>(make_problem(configuration, comm));
  int ranks = 1;
  PetscCallMPI(MPI_Comm_size(comm, &ranks));
  phase_space::ProcessGrid grid;
  try {
    grid = phase_space::choose_process_grid(ranks, problem_->z, problem_->momentum,
                                            problem_->ghosts(), problem_->process_grid);
  } catch (const phase_space::DecompositionError& error) {
    if (error.axis().empty()) throw InputError(error.what());
    configuration.fail("parallel.ranks_" + error.axis(), error.what());
  }
  PetscCall(decomposition_.create(comm, problem_->z, problem_->momentum, problem_->ghosts(), grid));
  equation_ = std::make_unique<physics::KineticEquation>(
      problem_->mode, problem_->z, problem_->momentum, decomposition_.box(), problem_->ghosts(),
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
    step = span / std::ceil(span / limit * (1.0 - 1e-9));
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
