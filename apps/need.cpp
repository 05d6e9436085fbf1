#include "need.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "nuvlasov/io/collective.hpp"
#include "report.hpp"

namespace nuvlasov {
namespace {

using phase_space::Extent;

/// What DMDA keeps of its layout, as measured: numbers for each node.
constexpr double petsc_ints_per_node = 8.0;

const char* name_of(time::Method method) {
  switch (method) {
    case time::Method::rk5dp:
      return "rk5dp";
    case time::Method::ssp:
      return "ssp";
    case time::Method::implicit_midpoint:
      return "implicit_midpoint";
    case time::Method::rk4:
      break;
  }
  return "rk4";
}

/// Of the history, as a run keeps them to write its checkpoints.
double history_rows(const config::Input& input) {
  return std::max(2.0, times_due(input.output.history_interval, input.time.end));
}

double checkpointed_vectors(const Problem& problem) {
  return problem.time.method == time::Method::implicit_midpoint ? 1.0 + time::FixedPoint::history
                                                                : 1.0;
}

/// Planes of others that the implicit solve takes in on each side, at its step or the longest that
/// streaming allows.
Index planes_of_the_solve(const Problem& problem) {
  if (problem.time.method != time::Method::implicit_midpoint) return 0;
  const double speed = problem.momentum.largest_speed();
  const double radius = speed * problem.z.derivative().largest_wave_number();
  const double longest = time::automatic_step(problem.time, radius, 0.0);
  const double h = 0.5 * problem.time.step.value_or(longest);
  return time::StreamingInverse(problem.z, h, {speed}, problem.momentum.components()).reach();
}

/// Nodes that a rank keeps besides its own: planes of its neighbours in z, or a copy of all that it
/// sees where momentum is split.
double ghost_nodes(const Problem& problem, const Extent& share,
                   const phase_space::ProcessGrid& grid) {
  const double plane = share.nodes() / static_cast<double>(share.z);
  const double of_solve =
      grid.z > 1 ? 2.0 * static_cast<double>(planes_of_the_solve(problem)) * plane : 0.0;
  if (grid.energy * grid.angle > 1)
    return of_solve + phase_space::with_ghosts(share, grid, problem.ghosts()).nodes();
  return of_solve + (grid.z > 1 ? 2.0 * problem.ghosts() * plane : 0.0);
}

/// Planes that a sweep keeps: W, D_p rho, rates, and the derivative of the entropy.
double sweep_bytes(const Problem& problem, const Extent& share,
                   const phase_space::ProcessGrid& grid) {
  constexpr double planes = 4.0;
  const Extent seen = phase_space::with_ghosts(share, grid, problem.ghosts());
  return planes * static_cast<double>(seen.energy) * static_cast<double>(seen.angle) *
         problem.momentum.matrix_bytes();
}

/// Moments, A_0, A_1, and Omega of each direction, of all planes with their ghosts.
double moment_bytes(const Problem& problem, const Extent& share) {
  constexpr double moments = 5.0;
  return static_cast<double>(share.z + 2 * Index{problem.ghosts()}) *
         (static_cast<double>(share.angle) + moments) * problem.momentum.matrix_bytes();
}

/// The largest field that is made for a snapshot; the state itself is written from where it is.
double field_bytes(const config::Input& input, const Problem& problem, const Extent& share) {
  if (input.output.snapshot_interval <= 0.0) return 0.0;
  double width = 0.0;
  for (const auto& field : snapshot_fields(input))
    if (field.write)
      width = std::max(width, static_cast<double>(field.width(problem.momentum.components())));
  return width * share.nodes() * sizeof(double);
}

double marginal_bytes(const config::Input& input, const Problem& problem, const Extent& share) {
  if (input.output.profile_interval <= 0.0) return 0.0;
  constexpr double compensated = 3.0;  // doubles in a sum, besides its value
  return (static_cast<double>(share.z) +
          (compensated + 1.0) * static_cast<double>(problem.momentum.energies())) *
         static_cast<double>(problem.momentum.angles()) * problem.momentum.matrix_bytes();
}

double seed_bytes(const config::Input& input, const Problem& problem) {
  const auto& initial = input.initial;
  if (initial.type == "file" || initial.type == "eigenmode" || initial.seeds.type != "fourier")
    return 0.0;
  constexpr double transverse = 2.0, amplitude_and_phase = 2.0;
  return transverse * static_cast<double>(flavor::flavor_pairs(problem.momentum.flavors()).size()) *
         static_cast<double>(problem.momentum.angles()) *
         static_cast<double>(initial.seeds.max_mode + 1) * amplitude_and_phase * sizeof(double);
}

/// The method that takes least memory, where that is not the one at hand.
std::string smaller_method(const Problem& problem) {
  const auto vectors = [](time::Method method) { return time::cost(method).state_vectors; };
  const auto methods = {time::Method::rk4, time::Method::rk5dp, time::Method::ssp,
                        time::Method::implicit_midpoint};
  const time::Method smallest =
      *std::min_element(methods.begin(), methods.end(),
                        [&](time::Method a, time::Method b) { return vectors(a) < vectors(b); });
  const time::Method now = problem.time.method;
  if (!(vectors(smallest) < vectors(now))) return "";
  return fmt::format(
      ", or time.method = \"{}\", which keeps {:g} vectors of the state where {} keeps {:g}",
      name_of(smallest), vectors(smallest), name_of(now), vectors(now));
}

}  // namespace

double times_due(double interval, double end) {
  constexpr double rounding = 1e-9;
  if (interval <= 0.0) return 0.0;
  const double whole = std::floor(end / interval + rounding);
  // The end is written whether due or not.
  return 1.0 + whole + (end > (whole + rounding) * interval ? 1.0 : 0.0);
}

io::Snapshots::Fields snapshot_fields(const config::Input& input) {
  const auto& names = input.output.snapshot_fields;
  auto fields = diagnostics::phase_space_fields();
  std::erase_if(fields, [&](const diagnostics::PhaseSpaceField& field) {
    return std::find(names.begin(), names.end(), field.name) == names.end();
  });
  return fields;
}

MemoryNeed memory_need(const config::Input& input, const Problem& problem,
                       const phase_space::ProcessGrid& grid) {
  const Extent share =
      phase_space::largest_share(phase_space::whole(problem.z, problem.momentum), grid);
  const double vectors = time::cost(problem.time.method).state_vectors;
  return {
      .vectors = (vectors * share.nodes() + ghost_nodes(problem, share, grid)) *
                 problem.momentum.matrix_bytes(),
      .indices = petsc_ints_per_node * sizeof(PetscInt) * share.nodes(),
      .work = sweep_bytes(problem, share, grid) + moment_bytes(problem, share) +
              std::max(field_bytes(input, problem, share), marginal_bytes(input, problem, share)) +
              seed_bytes(input, problem),
      .program = resident_bytes()};
}

DiskNeed disk_need(const config::Input& input, const Problem& problem, std::size_t columns) {
  const auto number = [](auto value) { return static_cast<double>(value); };
  const double z = number(problem.z.cells());
  const double energies = number(problem.momentum.energies());
  const double angles = number(problem.momentum.angles());
  const double row = number(columns) * sizeof(double);
  // Columns grow by 512 rows at a time.
  constexpr double rows_at_a_time = 512.0;
  DiskNeed need;
  need.history = std::ceil(history_rows(input) / rows_at_a_time) * rows_at_a_time * row;
  need.profiles = times_due(input.output.profile_interval, input.time.end) *
                  ((z + energies) * angles * problem.momentum.matrix_bytes() +
                   (energies + angles) * problem.momentum.flavors() * sizeof(double));
  need.snapshot = io::Snapshots::bytes(problem.z, problem.momentum, snapshot_fields(input));
  need.snapshots = times_due(input.output.snapshot_interval, input.time.end);
  need.checkpoint =
      problem.nodes() * problem.momentum.matrix_bytes() * checkpointed_vectors(problem) +
      history_rows(input) * row;
  // A new one is whole before an old one goes.
  need.checkpoints = number(input.checkpoint.keep) + 1.0;
  return need;
}

Placement placement(MPI_Comm comm) {
  MPI_Comm node = MPI_COMM_NULL;
  Placement placed;
  MPI_Comm_size(comm, &placed.ranks);
  MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
  MPI_Comm_size(node, &placed.ranks_per_node);
  MPI_Comm_free(&node);
  MPI_Allreduce(MPI_IN_PLACE, &placed.ranks_per_node, 1, MPI_INT, MPI_MAX, comm);
  return placed;
}

std::string memory_shortage(const Problem& problem, const MemoryNeed& need,
                            const Placement& placement, const Room& node) {
  const double wanted = need.total() * placement.ranks_per_node;
  if (wanted <= node.bytes) return "";
  const double fit = std::floor(node.bytes / need.total());
  const double in_all = wanted * placement.nodes();
  const std::string more =
      fit >= 1.0
          ? fmt::format(
                "at most {:g} of these ranks fit there: spread them over more compute nodes", fit)
          : "not even one of these ranks fits there: use more ranks, on more compute nodes";
  return fmt::format(
      "not enough memory: {} ranks on a compute node take {} each, {} together, but there are {} "
      "({}); {} (about {:g}, for {} in all), or use fewer grid.z.cells or "
      "grid.momentum.energy.cells{}",
      placement.ranks_per_node, bytes_text(need.total()), bytes_text(wanted),
      bytes_text(node.bytes), node.source, more, std::ceil(in_all / node.bytes), bytes_text(in_all),
      smaller_method(problem));
}

void require_memory(const config::Input& input, const Problem& problem,
                    const phase_space::ProcessGrid& grid, MPI_Comm comm) {
  const MemoryNeed need = memory_need(input, problem, grid);
  const Placement placed = placement(comm);
  int rank = 0;
  MPI_Comm_rank(comm, &rank);
  Room room = available_memory();
  struct {
    double bytes;
    int rank;
  } least{room.bytes, rank};
  MPI_Allreduce(MPI_IN_PLACE, &least, 1, MPI_DOUBLE_INT, MPI_MINLOC, comm);
  MPI_Bcast(&room.bytes, 1, MPI_DOUBLE, least.rank, comm);
  room.source = io::broadcast(room.source, least.rank, comm);
  std::string shortage = memory_shortage(problem, need, placed, room);
  shortage = io::broadcast(shortage, 0, comm);
  if (!shortage.empty()) throw InputError(shortage);
}

std::string disk_shortage(const DiskNeed& need, const Room& disk, double there) {
  const double free = disk.bytes + there;
  if (need.total() <= free) return "";
  return fmt::format(
      "not enough room on the disk: snapshots, profiles, history and up to {:g} checkpoints take {}, "
      "but {} are left in {}; give another directory with --output, or write less: a longer "
      "output.snapshot_interval, output.snapshot_fields = [\"force_trace\"], a smaller "
      "checkpoint.keep",
      need.checkpoints, bytes_text(need.total()), bytes_text(free), disk.source);
}

}  // namespace nuvlasov
