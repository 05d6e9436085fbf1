#include "scaling_case.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <memory>

#include "continuation.hpp"
#include "nuvlasov/io/collective.hpp"
#include "simulation.hpp"
#include "stream.hpp"

namespace nuvlasov::scaling {
namespace {

namespace fs = std::filesystem;

/// A folder that goes when this does. Collective.
class TemporaryFolder {
 public:
  TemporaryFolder(const std::string& beside, MPI_Comm comm) : comm_(comm) {
    std::string path = beside + ".XXXXXX";
    io::on_first_rank(comm, [&] {
      if (mkdtemp(path.data()) == nullptr)
        throw IoError(fmt::format("cannot make a temporary folder beside {}", beside));
    });
    path_ = io::broadcast(path, 0, comm);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    int rank = 0;
    MPI_Barrier(comm_);
    MPI_Comm_rank(comm_, &rank);
    std::error_code ignored;
    if (rank == 0) fs::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  MPI_Comm comm_;
  std::string path_;
};

/// What the simulation has counted so far on this rank.
struct Counts {
  Seconds seconds{};
  double right_hand_sides = 0.0;
  double right_hand_side_time = 0.0;
};

Counts counts_of(const Simulation& simulation) {
  Counts counts;
  counts.seconds[terms] = simulation.equation().terms_time();
  counts.seconds[moments] = simulation.equation().moments_time();
  counts.seconds[halo] = simulation.decomposition().halo_time();
  counts.right_hand_sides = static_cast<double>(simulation.integrator().evaluations());
  counts.right_hand_side_time = simulation.integrator().right_hand_side_time();
  return counts;
}

PetscErrorCode take_steps(Simulation& simulation, int steps) {
  PetscFunctionBeginUser;
  for (int n = 0; n < steps; ++n) {
    if (!simulation.in_interval() || simulation.finished())
      throw InputError(fmt::format(
          "time.end comes after {} steps, before the measurement is over; raise it, or lower "
          "--steps or --warm-up",
          simulation.integrator().steps()));
    PetscCall(simulation.step());
  }
  PetscFunctionReturn(0);
}

/// Seconds of `work` on this rank, begun by all ranks together.
template <class Work>
PetscErrorCode timed(MPI_Comm comm, double* seconds, Work&& work) {
  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Barrier(comm));
  const double start = MPI_Wtime();
  PetscCall(work());
  *seconds = MPI_Wtime() - start;
  PetscFunctionReturn(0);
}

double reductions_per_step(const Simulation& simulation, double right_hand_sides) {
  constexpr double finite = 1.0;  // whether the new state is
  const time::IntegratorSettings& time = simulation.problem().time;
  constexpr double guess = 1.0;
  if (time.method == time::Method::implicit_midpoint) return finite + guess + right_hand_sides;
  const bool error_control = time.method == time::Method::rk5dp && !time.step;
  return error_control ? finite + 1.0 : finite;
}

}  // namespace

std::string Case::name() const {
  return fmt::format("{} {}", kind == Kind::strong ? "strong" : "weak", ranks);
}

PetscErrorCode measure(const config::Configuration& configuration, MPI_Comm comm,
                       const Settings& settings, Measurement* result) {
  PetscFunctionBeginUser;
  int ranks = 1;
  PetscCallMPI(MPI_Comm_size(comm, &ranks));
  Simulation simulation;
  PetscCall(simulation.create(configuration, comm));
  const Problem& problem = simulation.problem();
  const phase_space::Decomposition& decomposition = simulation.decomposition();
  const io::Provenance provenance{.config = configuration.resolved(),
                                  .process_grid = to_text(decomposition.process_grid()),
                                  .ranks = ranks};
  diagnostics::Record row;
  PetscCall(simulation.measure(&row));
  PetscCall(simulation.begin_interval(simulation.integrator().end()));
  PetscCall(take_steps(simulation, settings.warm_up));
  constexpr Batches short_batches{.seconds = 0.1, .count = 3};
  const double triad_before = triad_bytes_per_second(comm, settings.triad_elements, short_batches);

  Seconds spent{};
  const Counts before = counts_of(simulation);
  Counts after;
  PetscCall(timed(comm, &spent[whole], [&]() -> PetscErrorCode {
    PetscFunctionBeginUser;
    PetscCall(timed(comm, &spent[step], [&] { return take_steps(simulation, settings.steps); }));
    after = counts_of(simulation);
    PetscCall(timed(comm, &spent[diagnostics], [&] { return simulation.measure(&row); }));
    const TemporaryFolder folder(settings.beside, comm);
    io::CheckpointWriter checkpoints({problem.z, problem.momentum, decomposition, provenance},
                                     folder.path(), 1);
    PetscCall(timed(comm, &spent[output], [&] { return save(checkpoints, simulation, {}); }));
    PetscFunctionReturn(0);
  }));
  const double triad_after = triad_bytes_per_second(comm, settings.triad_elements, short_batches);

  for (const Phase phase : {terms, moments, halo})
    spent[phase] = after.seconds[phase] - before.seconds[phase];
  spent[time_stepping] = spent[step] - (after.right_hand_side_time - before.right_hand_side_time);
  for (const Phase phase : {terms, moments, halo, time_stepping, step})
    spent[phase] /= settings.steps;
  result->grid = decomposition.process_grid();
  result->share = phase_space::largest_share(result->grid, problem.z, problem.momentum);
  result->ghosts = decomposition.ghosts();
  result->nodes = problem.nodes();
  result->right_hand_sides = (after.right_hand_sides - before.right_hand_sides) / settings.steps;
  result->reductions = reductions_per_step(simulation, result->right_hand_sides);
  result->largest = result->mean = spent;
  PetscCallMPI(
      MPI_Allreduce(MPI_IN_PLACE, result->largest.data(), phases, MPI_DOUBLE, MPI_MAX, comm));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, result->mean.data(), phases, MPI_DOUBLE, MPI_SUM, comm));
  for (double& mean : result->mean) mean /= ranks;
  result->triad = 0.5 * (triad_before + triad_after);
  PetscFunctionReturn(0);
}

}  // namespace nuvlasov::scaling
