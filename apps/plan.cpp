#include "plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "need.hpp"
#include "nuvlasov/io/collective.hpp"
#include "nuvlasov/physics/short_waves.hpp"
#include "petsc_options.hpp"
#include "report.hpp"

namespace nuvlasov {
namespace {

using phase_space::Extent;
using phase_space::MomentumGrid;
using phase_space::ProcessGrid;
using phase_space::ZAxis;

/// The lowest energies of a grid. Largest rates of terms depend on the spacing of energies and on
/// the lowest of them, so that they are those of the whole grid.
MomentumGrid lowest_energies(const MomentumGrid& grid, Index energies) {
  const int order = grid.energy_derivative().order();
  const double half_width = 0.5 * static_cast<double>(energies) * grid.energy_spacing();
  const double reference = grid.reference_energy() - grid.half_width() + half_width;
  if (grid.geometry() == phase_space::Geometry::spherical)
    return MomentumGrid::spherical(reference, half_width, energies, order, grid.angles_of_species(),
                                   grid.angular_operator(), grid.direction_range(),
                                   grid.has_antineutrinos());
  return {reference, half_width, energies, order, grid.directions(), grid.weights(), grid.signs()};
}

std::vector<double> energy_weights(const MomentumGrid& grid) {
  std::vector<double> weights;
  for (Index i = 0; i < grid.energies(); ++i) weights.push_back(grid.energy_weight(i));
  return weights;
}

/// The initial state on single z planes, summed over energy: all that moments depend on.
class InitialPlanes {
 public:
  InitialPlanes(const config::Configuration& configuration, const Problem& problem)
      : path_(configuration.input().initial.path),
        problem_(problem),
        weights_(energy_weights(problem.momentum)) {
    const auto& spectrum = problem.initial.spectrum;
    if (!problem.initial.beams) return;
    sum_ = std::inner_product(spectrum.begin(), spectrum.end(), weights_.begin(), 0.0);
    peak_ = *std::max_element(spectrum.begin(), spectrum.end());
  }

  Index row() const { return problem_.momentum.angles() * problem_.momentum.components(); }

  /// Writes [angle][component] at plane j, counted periodically or no farther than to an open end,
  /// for a grid on which all energies are alike.
  void write(Index j, const MomentumGrid& grid, double* row) {
    const Index cells = problem_.z.cells();
    j = problem_.z.periodic() ? (j % cells + cells) % cells : std::clamp<Index>(j, 0, cells - 1);
    if (problem_.initial.beams)
      write_beams(j, row);
    else
      sum_file(j, row);
    const std::vector<double> weights = energy_weights(grid);
    const double share = 1.0 / std::accumulate(weights.begin(), weights.end(), 0.0);
    for (Index a = 0; a < this->row(); ++a) row[a] *= share;
  }

  /// What rho holds on the planes so far.
  OccupationRange& occupation() { return occupation_; }

 private:
  void write_beams(Index j, double* row) {
    const Index components = problem_.momentum.components();
    for (Index k = 0; k < problem_.momentum.angles(); ++k, row += components) {
      const flavor::Components beam = problem_.initial.beams->at(problem_.z.position(j), k);
      std::transform(beam.begin(), beam.begin() + components, row,
                     [&](double component) { return peak_ * component; });
      occupation_.include(row, 1, problem_.momentum.flavors());
      std::transform(beam.begin(), beam.begin() + components, row,
                     [&](double component) { return sum_ * component; });
    }
  }

  void sum_file(Index j, double* row) {
    plane_.resize(weights_.size() * static_cast<std::size_t>(this->row()));
    io::read_density_matrix_plane(path_, problem_.momentum, j, plane_.data());
    occupation_.include(plane_.data(),
                        static_cast<Index>(plane_.size()) / problem_.momentum.components(),
                        problem_.momentum.flavors());
    std::fill_n(row, this->row(), 0.0);
    const double* node = plane_.data();
    for (const double weight : weights_)
      for (Index a = 0; a < this->row(); ++a) row[a] += weight * *node++;
  }

  std::string path_;
  const Problem& problem_;
  std::vector<double> weights_;  ///< of energies
  double sum_ = 0.0, peak_ = 0.0;
  std::vector<double> plane_;
  OccupationRange occupation_;
};

/// What the initial state says of the first step.
struct FirstStep {
  double step = 0.0;         ///< automatic
  double short_waves = 0.0;  ///< short_wave_growth()
  Index planes = 0;          ///< that were looked at
};

/// A few neighbouring planes on this rank alone, with a few energies that are all alike.
class Block {
 public:
  static constexpr Index most_planes = 32;

  explicit Block(const Problem& problem)
      : planes_(std::min(most_planes, problem.z.cells())),
        ghosts_(problem.ghosts()),
        momentum_(lowest_energies(problem.momentum,
                                  std::min(most_energies, problem.momentum.energies()))),
        decomposition_(std::make_unique<phase_space::Decomposition>()) {
    const ZAxis z(problem.z.spacing() * static_cast<double>(planes_), planes_,
                  problem.z.derivative().order());
    PetscCallAbort(PETSC_COMM_SELF,
                   decomposition_->create(MPI_COMM_SELF, z, momentum_, ghosts_, {}));
    equation_ =
        std::make_unique<physics::KineticEquation>(problem.equation, z, momentum_, *decomposition_);
  }

  Index planes() const { return planes_; }
  /// With its moments up to date.
  const physics::KineticEquation& equation() const { return *equation_; }

  /// Takes the planes from the first one on.
  void read(InitialPlanes& initial, Index first) {
    const Index seen = planes_ + 2 * Index{ghosts_};
    state_.resize(static_cast<std::size_t>(seen * initial.row()));
    std::vector<const double*> planes;
    for (Index n = 0; n < seen; ++n) {
      double* plane = state_.data() + n * initial.row();
      initial.write(first - ghosts_ + n, momentum_, plane);
      planes.push_back(plane);
    }
    equation_->set_first_cell(first);
    constexpr Index all_energies_alike = 0;
    equation_->update_moments({planes.data() + ghosts_, all_energies_alike, decomposition_->box(),
                               decomposition_->seen()});
  }

 private:
  static constexpr Index most_energies = 32;  // beyond the reach of every stencil

  Index planes_;
  int ghosts_;
  MomentumGrid momentum_;
  std::unique_ptr<phase_space::Decomposition> decomposition_;
  std::unique_ptr<physics::KineticEquation> equation_;
  std::vector<double> state_;
};

/// Takes blocks of neighbouring planes, spread evenly over z, while there is time: all planes of
/// all but large problems.
FirstStep first_step(const Problem& problem, InitialPlanes& initial, MPI_Comm comm) {
  constexpr double most_seconds = 2.0;
  Block block(problem);
  const Index cells = problem.z.cells();
  const Index blocks = (cells - 1) / block.planes() + 1;
  // Steps through the blocks by the golden ratio: wherever it ends, what was seen is even.
  auto stride = static_cast<Index>(0.618 * static_cast<double>(blocks)) + 1;
  while (std::gcd(stride, blocks) != 1) ++stride;
  stride %= blocks;

  int rank = 0, ranks = 1;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &ranks);
  const physics::Terms& terms = block.equation().terms();
  const physics::Moments& moments = block.equation().moments();
  std::vector<double> rates(2 * terms.size() + 1, 0.0);  // and the refraction
  const auto include = [](double& largest, double value) { largest = std::max(largest, value); };
  Index seen = 0;
  io::on_every_rank(comm, [&] {
    const double began = MPI_Wtime();
    Index at = stride * rank % blocks;
    for (Index n = rank; n < blocks && (n == rank || MPI_Wtime() - began < most_seconds);
         n += ranks) {
      // The last block ends with the axis.
      block.read(initial, std::min(at * block.planes(), cells - block.planes()));
      at = (at + stride * ranks) % blocks;
      for (std::size_t t = 0; t < terms.size(); ++t) {
        include(rates[2 * t], terms[t]->spectral_radius(moments));
        include(rates[2 * t + 1], terms[t]->physical_rate(moments));
      }
      include(rates.back(), physics::largest_refraction(moments));
      ++seen;
    }
  });
  MPI_Allreduce(MPI_IN_PLACE, rates.data(), static_cast<int>(rates.size()), MPI_DOUBLE, MPI_MAX,
                comm);
  MPI_Allreduce(MPI_IN_PLACE, &seen, 1, MPI_INT64_T, MPI_SUM, comm);
  double spectral_radius = 0.0, physical_rate = 0.0;
  for (std::size_t t = 0; t < terms.size(); ++t) {
    spectral_radius += rates[2 * t];
    physical_rate += rates[2 * t + 1];
  }
  return {.step = time::automatic_step(problem.time, spectral_radius, physical_rate),
          .short_waves = short_wave_growth(problem, terms, rates.back()),
          .planes = seen == blocks ? cells : seen * block.planes()};
}

/// A part of the grid for the ranks there are, each of which gets as much as it has in the run, if
/// that is not more than memory shall hold for a probe.
struct Part {
  ProcessGrid grid;
  Extent share;  ///< of a rank
};

Part part_to_probe(const Problem& problem, const ProcessGrid& grid, int ranks) {
  // 8 MB in each vector of the state: beyond the caches with all vectors that a method has.
  constexpr double most_nodes = 2.5e5;
  constexpr Index good_planes = 32;
  const Extent share =
      phase_space::largest_share(phase_space::whole(problem.z, problem.momentum), grid);
  const auto bound = [&](Index least, double most, Index there) {
    return std::min(there, std::max(least, static_cast<Index>(most)));
  };
  const Index stencil = problem.ghosts() + 1;
  Part part{.grid = grid.size() == ranks ? grid : ProcessGrid{.z = ranks}, .share = share};
  const auto angles = static_cast<double>(share.angle);
  part.share.energy = bound(2 * stencil, most_nodes / (angles * good_planes), share.energy);
  part.share.z =
      bound(2 * stencil, most_nodes / (angles * static_cast<double>(part.share.energy)), share.z);
  return part;
}

/// What the probe found.
struct Speed {
  double evaluation = 0.0;  ///< seconds of a right-hand side in a step of the method
  double row = 0.0;         ///< seconds of a row of the history
  double fixed_step = 0.0;  ///< 0: automatic or adaptive
  bool adaptive = false;
  double end = 0.0;
  double max_steps = 0.0;
  std::string description;  ///< of the integration
  std::size_t columns = 0;  ///< of the history
};

/// Steps a part of the grid.
class Probe {
 public:
  Probe(const config::Configuration& configuration, const Problem& problem, const Part& part)
      : configuration_(configuration),
        problem_(problem),
        part_(part),
        z_(problem.z.with_cells(cells())),
        momentum_(lowest_energies(problem.momentum, std::min(part.share.energy * part.grid.energy,
                                                             problem.momentum.energies()))) {}

  PetscErrorCode run(double step, InitialPlanes& initial, MPI_Comm comm, Speed* speed) {
    PetscFunctionBeginUser;
    PetscCall(decomposition_.create(comm, z_, momentum_, problem_.ghosts(), part_.grid));
    // Nothing that has other energies than the part.
    physics::EquationSettings settings = problem_.equation;
    settings.inflow = {};
    physics::KineticEquation equation(settings, z_, momentum_, decomposition_);
    diagnostics::Ledger ledger(z_, momentum_, decomposition_, equation);
    phase_space::VecHandle state;
    PetscCall(decomposition_.create_state(state));
    PetscCall(fill(state, initial));
    time::Integrator integrator;
    apply_petsc_options(configuration_, [&] {
      return integrator.create(decomposition_, equation, problem_.time, state);
    });
    speed->columns = ledger.columns().size();
    speed->end = integrator.end();
    speed->max_steps = static_cast<double>(integrator.max_steps());
    speed->description = integrator.description();
    const double limit = std::numeric_limits<double>::max();
    time::StepOutcome outcome = time::StepOutcome::done;
    // The first step takes the memory and fills the caches.
    PetscCall(integrator.advance(step, limit, &outcome));
    speed->adaptive = integrator.adapts_step();
    if (!speed->adaptive && !integrator.chooses_step_automatically())
      speed->fixed_step = integrator.last_step();
    const Index before = integrator.evaluations();
    PetscCall(seconds_of(
        comm, [&] { return integrator.advance(step, limit, &outcome); }, &speed->evaluation));
    speed->evaluation *= static_cast<double>(calls_);
    speed->evaluation /= static_cast<double>(integrator.evaluations() - before);
    PetscCall(seconds_of(
        comm,
        [&] {
          return decomposition_.with_ghosts(
              state, [&](const phase_space::StateView& rho) { ledger.measure(rho, 0.0, 0, 0.0); });
        },
        &speed->row));
    PetscFunctionReturn(0);
  }

  /// How much longer the run takes on its grid for what the probe does on its own, in the model
  /// that chooses process grids.
  double scale(const ProcessGrid& grid) const {
    return phase_space::seconds_per_right_hand_side(grid, problem_.z, problem_.momentum,
                                                    problem_.ghosts()) /
           phase_space::seconds_per_right_hand_side(part_.grid, z_, momentum_, problem_.ghosts());
  }

 private:
  Index cells() const {
    return std::max<Index>(part_.share.z * part_.grid.z, problem_.z.least_cells());
  }

  /// The first planes of the initial state, with all energies alike, which few energies could not
  /// hold if they had to take all neutrinos.
  PetscErrorCode fill(Vec state, InitialPlanes& initial) const {
    PetscFunctionBeginUser;
    constexpr Index different_planes = 16;
    constexpr double occupied = 0.1;
    const phase_space::Box& box = decomposition_.box();
    const Index row = initial.row();
    std::vector<double> planes(static_cast<std::size_t>(different_planes * row));
    for (Index j = 0; j < different_planes; ++j)
      initial.write(j, momentum_, planes.data() + j * row);
    const double largest = *std::max_element(planes.begin(), planes.end());
    for (double& value : planes) value *= std::min(1.0, occupied / largest);
    PetscScalar* nodes = nullptr;
    PetscCall(VecGetArray(state, &nodes));
    double* node = nodes;
    for (Index j = 0; j < box.z.size; ++j)
      for (Index i = 0; i < box.energy.size; ++i)
        node = std::copy_n(
            planes.data() + j % different_planes * row + box.angle.begin * box.components,
            box.row(), node);
    PetscCall(VecRestoreArray(state, &nodes));
    PetscFunctionReturn(0);
  }

  /// Seconds of a call, on the slowest rank.
  template <class Work>
  PetscErrorCode seconds_of(MPI_Comm comm, Work&& work, double* seconds) {
    constexpr double enough_seconds = 0.3;
    constexpr int least_calls = 2, most_calls = 1000;
    PetscFunctionBeginUser;
    PetscCallMPI(MPI_Barrier(comm));
    const double began = MPI_Wtime();
    calls_ = 0;
    for (int enough = 0; enough == 0; ++calls_) {
      PetscCall(work());
      if (calls_ + 1 < least_calls) continue;
      enough = MPI_Wtime() - began > enough_seconds || calls_ + 1 == most_calls ? 1 : 0;
      PetscCallMPI(MPI_Bcast(&enough, 1, MPI_INT, 0, comm));
    }
    *seconds = (MPI_Wtime() - began) / calls_;
    PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, seconds, 1, MPI_DOUBLE, MPI_MAX, comm));
    PetscFunctionReturn(0);
  }

  const config::Configuration& configuration_;
  const Problem& problem_;
  Part part_;
  ZAxis z_;
  MomentumGrid momentum_;
  phase_space::Decomposition decomposition_;
  int calls_ = 0;
};

/// What the run has done before.
struct Past {
  double time = 0.0, steps = 0.0;
  double step = 0.0;  ///< the last one, where the next may be expected to be like it; else 0
};

Past past_of(const Continuation* from) {
  if (from == nullptr) return {};
  static constexpr std::array choices{"time.step", "time.safety", "time.tolerance"};
  const bool chosen_anew =
      std::any_of(from->changes.begin(), from->changes.end(), [](const auto& change) {
        return std::find(choices.begin(), choices.end(), change.key) != choices.end();
      });
  const time::IntegratorMemory& integrator = from->simulation.integrator;
  const double step = integrator.next_step > 0.0 ? integrator.next_step : integrator.last_step;
  return {from->time, static_cast<double>(from->step), chosen_anew ? 0.0 : step};
}

/// Steps that are left: an automatic one comes to what is due in whole numbers of equal steps.
double steps_of(const config::Input& input, const Speed& speed, const Past& past, double step) {
  const double left = std::max(0.0, speed.end - past.time);
  double steps = std::ceil(left / step * (1.0 - 1e-9));
  if (speed.fixed_step == 0.0 && !speed.adaptive) {
    double span = speed.end;
    for (const double interval : {input.output.history_interval, input.output.profile_interval,
                                  input.output.snapshot_interval})
      if (interval > 0.0) span = std::min(span, interval);
    const auto steps_in = [&](double time) {
      return time > 1e-9 * span ? std::ceil(time / step * (1.0 - 1e-9)) : 0.0;
    };
    const double begun = span > 0.0 ? std::ceil(past.time / span * (1.0 - 1e-9)) : 0.0;
    const double due = span > 0.0 ? std::floor(speed.end / span * (1.0 + 1e-9)) : 0.0;
    if (begun > due)
      steps = steps_in(left);
    else
      steps = steps_in(begun * span - past.time) + (due - begun) * steps_in(span) +
              steps_in(speed.end - due * span);
  }
  return std::min(steps, std::max(0.0, speed.max_steps - past.steps));
}

struct Plan {
  const config::Input& input;
  const Problem& problem;
  ProcessGrid grid;
  Placement placed;
  Room node;
  MemoryNeed memory;
  DiskNeed disk;
  Room directory;
  Past past;
};

void say_memory(io::Log& log, const Plan& plan) {
  const Extent share = phase_space::largest_share(
      phase_space::whole(plan.problem.z, plan.problem.momentum), plan.grid);
  log.line(fmt::format("share      {} z x {} energies x {} directions on the rank with most",
                       share.z, share.energy, share.angle));
  log.line(fmt::format(
      "memory     {} on each rank: {:g} vectors of {}, {} besides, {} of program",
      bytes_text(plan.memory.total()), time::cost(plan.problem.time.method).state_vectors,
      bytes_text(share.nodes() * plan.problem.momentum.matrix_bytes()),
      bytes_text(plan.memory.indices + plan.memory.work), bytes_text(plan.memory.program)));
  log.line(fmt::format("           {} on each compute node, which has {} ({})",
                       bytes_text(plan.memory.total() * plan.placed.ranks_per_node),
                       bytes_text(plan.node.bytes), plan.node.source));
}

void say_disk(io::Log& log, const Plan& plan) {
  const DiskNeed& disk = plan.disk;
  log.line(fmt::format("snapshot   {}, {:g} of them", bytes_text(disk.snapshot), disk.snapshots));
  log.line(fmt::format("checkpoint {}, up to {:g} of them while one is written",
                       bytes_text(disk.checkpoint), disk.checkpoints));
  log.line(fmt::format("disk       {} in all, {} of it history and profiles; {} are free in {}",
                       bytes_text(disk.total()), bytes_text(disk.history + disk.profiles),
                       bytes_text(plan.directory.bytes), plan.directory.source));
}

void say_time(io::Log& log, const Plan& plan, const FirstStep& first, const Part& part,
              const Speed& speed, double scale) {
  const Past& past = plan.past;
  const bool as_before = speed.fixed_step == 0.0 && past.step > 0.0;
  const double step = speed.fixed_step > 0.0 ? speed.fixed_step
                      : as_before            ? past.step
                                             : first.step;
  const double steps = steps_of(plan.input, speed, past, step);
  const double evaluations = time::cost(plan.problem.time.method).evaluations_per_step;
  const Index cells = plan.problem.z.cells();
  std::string source = speed.fixed_step > 0.0 ? "as given" : "at t = 0";
  if (as_before)
    source = fmt::format("as before t = {:g}", past.time);
  else if (speed.adaptive)
    source += ", as far as stability goes: the tolerance may want another";
  if (!as_before && first.planes < cells)
    source += fmt::format(", estimated from {} of {} z planes", first.planes, cells);
  log.line(fmt::format("step       {:.4g} {}; about {:.3g} steps of {:g} right-hand sides", step,
                       source, steps, evaluations));
  log.line(fmt::format(
      "throughput {:.3g} node right-hand sides per second and core, in steps on {} x {} "
      "x {} nodes on a rank",
      part.share.nodes() / speed.evaluation, part.share.z, part.share.energy, part.share.angle));
  const double stepping = steps * evaluations * speed.evaluation * scale;
  const double interval = plan.input.output.history_interval;
  const double rows_before = past.time > 0.0 ? times_due(interval, past.time) : 0.0;
  const double rows = std::max(0.0, times_due(interval, speed.end) - rows_before);
  const double measuring = rows * speed.row * scale;
  const double wall = stepping + measuring;
  log.line(fmt::format(
      "estimate   {}, {:.3g} node-hours, {:.3g} core-hours; {:.0f} % of it for the "
      "history, none for files",
      wall < 1.0 ? "less than 1s" : duration_text(wall), wall * plan.placed.nodes() / 3600.0,
      wall * plan.placed.ranks / 3600.0, wall > 0.0 ? 100.0 * measuring / wall : 0.0));
}

/// Where the ranks of the plan are.
Placement planned_placement(const PlanOptions& options, MPI_Comm comm) {
  Placement placed = placement(comm);
  if (options.ranks) placed = {*options.ranks, std::min(*options.ranks, processors())};
  if (options.ranks_per_node)
    placed.ranks_per_node = std::min(placed.ranks, *options.ranks_per_node);
  return placed;
}

Room planned_memory(const PlanOptions& options) {
  constexpr double giga = 1e9;
  if (options.memory_per_node) return {*options.memory_per_node * giga, "--memory-per-node"};
  return options.ranks ? installed_memory() : available_memory();
}

}  // namespace

PetscErrorCode plan(const std::string& input, const config::Configuration& configuration,
                    const PlanOptions& options, const PlanTarget& target, MPI_Comm comm) {
  PetscFunctionBeginUser;
  io::Log log(comm);
  int ranks = 1;
  PetscCallMPI(MPI_Comm_size(comm, &ranks));
  Problem problem = make_problem(configuration, comm, false);
  const Placement placed = planned_placement(options, comm);
  const ProcessGrid grid =
      place(configuration, problem, placed.ranks,
            target.from ? std::optional(target.from->simulation.angular_operator) : std::nullopt);
  const MemoryNeed memory = memory_need(configuration.input(), problem, grid);
  problem.initial = make_initial_state(configuration, problem.z, problem.momentum, comm);

  InitialPlanes initial(configuration, problem);
  const FirstStep first = first_step(problem, initial, comm);
  PetscCall(initial.occupation().reduce(comm));
  check_occupation(configuration, initial.occupation());

  const Part part = part_to_probe(problem, grid, ranks);
  Probe probe(configuration, problem, part);
  Speed speed;
  PetscCall(probe.run(first.step, initial, comm, &speed));

  const Plan plan{.input = configuration.input(),
                  .problem = problem,
                  .grid = grid,
                  .placed = placed,
                  .node = planned_memory(options),
                  .memory = memory,
                  .disk = disk_need(configuration.input(), problem, speed.columns),
                  .directory = disk_room(target.directory),
                  .past = past_of(target.from)};
  say_banner(
      log, plan.input, problem,
      {.input = input,
       .ranks = fmt::format("{}: {}; {} compute node{} with {}", placed.ranks, to_text(grid),
                            placed.nodes(), placed.nodes() == 1 ? "" : "s", placed.ranks_per_node),
       .integration = speed.description,
       .end = speed.end});
  log.line(fmt::format("start      {}", target.start));
  if (target.from == nullptr) warn_of_short_waves(log, first.short_waves, speed.end);
  log.line("");
  say_memory(log, plan);
  say_disk(log, plan);
  say_time(log, plan, first, part, speed, probe.scale(grid));
  io::on_first_rank(comm, [&] {
    std::string reasons;
    for (const std::string& reason :
         {target.refusal, memory_shortage(problem, memory, placed, plan.node),
          disk_shortage(plan.disk, plan.directory, target.bytes)})
      if (!reason.empty()) reasons += (reasons.empty() ? "" : "; ") + reason;
    if (!reasons.empty()) throw InputError(reasons);
  });
  log.line("dry run: it fits, and nothing was written");
  PetscFunctionReturn(0);
}

}  // namespace nuvlasov
