#include "nuvlasov/phase_space/decomposition.hpp"

#include <fmt/format.h>
#include <petscdmda.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace nuvlasov::phase_space {
namespace {

/// A split axis needs `ghosts` nodes on each rank; z is periodic, so it needs them even unsplit.
int most_ranks(Index nodes, int ghosts) {
  return static_cast<int>(std::max<Index>(1, nodes / std::max(ghosts, 1)));
}

struct Axis {
  const char* name = nullptr;
  std::optional<int> requested;
  int limit = 1;
  Index nodes = 0;
};

/// A process grid that splits momentum has to be faster by this much to be chosen: with momentum
/// whole, results are the same bits on any number of ranks.
constexpr double worth_of_whole_momentum = 1.25;

/// Nodes of the rank that has most.
Index largest_share(Index nodes, int ranks) { return (nodes + ranks - 1) / ranks; }

/// What an axis with these nodes per rank adds on both sides, where it is split.
Index halo(int ranks, int ghosts) { return ranks > 1 ? 2 * Index{ghosts} : 0; }

}  // namespace

double seconds_per_right_hand_side(const ProcessGrid& grid, const ZAxis& z,
                                   const MomentumGrid& momentum, int ghosts) {
  // Of the size usual on clusters; only their ratios matter to the choice of a grid.
  constexpr double node_seconds = 5e-8, bytes_per_second = 4e9, message_seconds = 2e-6;
  // D_p rho and the moments are made on ghost planes too.
  constexpr double share_on_ghost_planes = 0.3;

  const Index planes = largest_share(z.cells(), grid.z);
  const Index energies = largest_share(momentum.energies(), grid.energy);
  const Index angles = largest_share(momentum.angles(), grid.angle);
  const auto nodes = static_cast<double>(planes * energies * angles);
  const auto received =
      static_cast<double>((planes + halo(grid.z, ghosts)) * (energies + halo(grid.energy, ghosts)) *
                          (angles + halo(grid.angle, ghosts))) -
      nodes;
  double neighbours = 1.0;
  for (const int ranks : {grid.z, grid.energy, grid.angle}) neighbours *= std::min(ranks, 3);

  double seconds = node_seconds * nodes *
                   (1.0 + share_on_ghost_planes * 2.0 * ghosts / static_cast<double>(planes));
  seconds += received * flavor::components * sizeof(double) / bytes_per_second;
  seconds += (neighbours - 1.0) * message_seconds;
  if (const int sharing = grid.energy * grid.angle; sharing > 1) {
    constexpr int moments = 3;
    const double bytes =
        static_cast<double>((planes + 2 * Index{ghosts}) * Index{moments} * flavor::components) *
        sizeof(double);
    seconds += 2.0 * std::ceil(std::log2(sharing)) * (message_seconds + bytes / bytes_per_second);
  }
  return seconds;
}

ProcessGrid choose_process_grid(int ranks, const ZAxis& z, const MomentumGrid& momentum, int ghosts,
                                const ProcessGridRequest& request) {
  const std::array<Axis, 3> axes{
      Axis{"z", request.z, most_ranks(z.cells(), ghosts), z.cells()},
      Axis{"energy", request.energy, most_ranks(momentum.energies(), ghosts), momentum.energies()},
      Axis{"angle", request.angle, most_ranks(momentum.angles(), ghosts), momentum.angles()}};

  int remaining = ranks;
  for (const Axis& axis : axes) {
    if (!axis.requested) continue;
    const int requested = *axis.requested;
    if (requested > axis.limit)
      throw DecompositionError(
          axis.name,
          fmt::format("{} ranks, but {} cells with a stencil of {} on each side can be split over "
                      "at most {} ranks",
                      requested, axis.nodes, ghosts, axis.limit));
    if (remaining % requested != 0)
      throw DecompositionError(
          axis.name,
          remaining == ranks
              ? fmt::format("{} does not divide the number of ranks, {}", requested, ranks)
              : fmt::format("{} does not divide the {} that the other axes leave of {} ranks",
                            requested, remaining, ranks));
    remaining /= requested;
  }

  std::optional<ProcessGrid> best;
  double least = 0.0;
  const auto possible = [](const Axis& axis, int count) {
    return axis.requested ? count == *axis.requested : count <= axis.limit;
  };
  for (int angle = 1; angle <= ranks; ++angle)
    for (int energy = 1; energy <= ranks / angle; ++energy) {
      if (ranks % (angle * energy) != 0) continue;
      const ProcessGrid grid{.z = ranks / (angle * energy), .energy = energy, .angle = angle};
      if (!possible(axes[0], grid.z) || !possible(axes[1], energy) || !possible(axes[2], angle))
        continue;
      const double seconds = seconds_per_right_hand_side(grid, z, momentum, ghosts) *
                             (angle * energy > 1 ? worth_of_whole_momentum : 1.0);
      if (best && seconds >= least) continue;
      best = grid;
      least = seconds;
    }
  if (!best) {
    std::string limits;
    for (const Axis& axis : axes)
      limits += axis.requested ? fmt::format("; {} is to have {}", axis.name, *axis.requested)
                               : fmt::format("; {} ({} cells) takes at most {}", axis.name,
                                             axis.nodes, axis.limit);
    throw DecompositionError(
        "", fmt::format("{} ranks cannot share this grid with a stencil of {} on each side{}",
                        ranks, ghosts, limits));
  }
  return *best;
}

Decomposition::~Decomposition() {
  if (momentum_comm_ != MPI_COMM_NULL) MPI_Comm_free(&momentum_comm_);
}

PetscErrorCode Decomposition::create(MPI_Comm comm, const ZAxis& z, const MomentumGrid& momentum,
                                     int ghosts, const ProcessGrid& grid) {
  PetscFunctionBeginUser;
  comm_ = comm;
  grid_ = grid;
  ghosts_ = ghosts;
  PetscCall(DMDACreate3d(comm, DM_BOUNDARY_NONE, DM_BOUNDARY_NONE, DM_BOUNDARY_PERIODIC,
                         DMDA_STENCIL_BOX, static_cast<PetscInt>(momentum.angles()),
                         static_cast<PetscInt>(momentum.energies()),
                         static_cast<PetscInt>(z.cells()), grid.angle, grid.energy, grid.z,
                         flavor::components, ghosts, nullptr, nullptr, nullptr, dm_.address()));
  PetscCall(DMSetUp(dm_));

  std::array<PetscInt, 3> start{}, width{}, ghost_start{}, ghost_width{};
  PetscCall(DMDAGetCorners(dm_, &start[0], &start[1], &start[2], &width[0], &width[1], &width[2]));
  PetscCall(DMDAGetGhostCorners(dm_, &ghost_start[0], &ghost_start[1], &ghost_start[2],
                                &ghost_width[0], &ghost_width[1], &ghost_width[2]));
  box_ = {.z = {start[2], width[2]}, .energy = {start[1], width[1]}, .angle = {start[0], width[0]}};
  seen_ = {.z = {ghost_start[2], ghost_width[2]},
           .energy = {ghost_start[1], ghost_width[1]},
           .angle = {ghost_start[0], ghost_width[0]}};
  energy_stride_ = seen_.row();
  planes_.resize(static_cast<std::size_t>(seen_.z.size));

  int rank = 0;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  const int momentum_ranks = grid.energy * grid.angle;
  // DMDA numbers its ranks with angle fastest and z slowest.
  PetscCallMPI(MPI_Comm_split(comm, rank / momentum_ranks, rank, &momentum_comm_));
  represents_plane_ = rank % momentum_ranks == 0;
  if (splits_momentum()) {
    PetscCall(DMCreateLocalVector(dm_, local_.address()));
  } else if (grid.z > 1) {
    ghost_planes_.resize(static_cast<std::size_t>(2 * Index{ghosts} * box_.plane()));
    before_ = (rank + grid.z - 1) % grid.z;
    after_ = (rank + 1) % grid.z;
  }
  PetscFunctionReturn(0);
}

PetscErrorCode Decomposition::begin_exchange(Vec state, const PetscScalar** memory) const {
  PetscFunctionBeginUser;
  const auto lap = halo_time_.lap();
  const Index owned = box_.z.size;
  const Index plane = box_.plane();
  const auto set_plane = [&](Index j, const double* first) {
    planes_[static_cast<std::size_t>(j + ghosts_)] = first;
  };
  requests_.fill(MPI_REQUEST_NULL);
  if (splits_momentum()) {
    PetscCall(DMGlobalToLocalBegin(dm_, state, INSERT_VALUES, local_));
    PetscCall(DMGlobalToLocalEnd(dm_, state, INSERT_VALUES, local_));
    PetscCall(VecGetArrayRead(local_, memory));
    const double* first = *memory + (box_.energy.begin - seen_.energy.begin) * energy_stride_ +
                          (box_.angle.begin - seen_.angle.begin) * flavor::components;
    for (Index j = -ghosts_; j < owned + ghosts_; ++j)
      set_plane(j, first + (j + ghosts_) * seen_.plane());
    PetscFunctionReturn(0);
  }
  PetscCall(VecGetArrayRead(state, memory));
  for (Index j = 0; j < owned; ++j) set_plane(j, *memory + j * plane);
  if (grid_.z == 1) {
    for (Index m = 0; m < ghosts_; ++m) {
      set_plane(m - ghosts_, *memory + (owned - ghosts_ + m) * plane);
      set_plane(owned + m, *memory + m * plane);
    }
    PetscFunctionReturn(0);
  }
  for (Index m = 0; m < ghosts_; ++m) {
    set_plane(m - ghosts_, ghost_planes_.data() + m * plane);
    set_plane(owned + m, ghost_planes_.data() + (ghosts_ + m) * plane);
  }
  constexpr int upwards = 1, downwards = 2;
  const Index slab = ghosts_ * plane;
  const auto count = static_cast<PetscMPIInt>(slab);
  PetscCheck(Index{count} == slab, PETSC_COMM_SELF, PETSC_ERR_ARG_OUTOFRANGE,
             "more than 2^31 numbers in the ghost planes of a rank");
  PetscCallMPI(
      MPI_Irecv(ghost_planes_.data(), count, MPI_DOUBLE, before_, upwards, comm_, &requests_[0]));
  PetscCallMPI(MPI_Irecv(ghost_planes_.data() + slab, count, MPI_DOUBLE, after_, downwards, comm_,
                         &requests_[1]));
  PetscCallMPI(MPI_Isend(*memory + (owned - ghosts_) * plane, count, MPI_DOUBLE, after_, upwards,
                         comm_, &requests_[2]));
  PetscCallMPI(MPI_Isend(*memory, count, MPI_DOUBLE, before_, downwards, comm_, &requests_[3]));
  PetscFunctionReturn(0);
}

PetscErrorCode Decomposition::end_exchange() const {
  PetscFunctionBeginUser;
  const auto lap = halo_time_.lap();
  PetscCallMPI(
      MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE));
  PetscFunctionReturn(0);
}

PetscErrorCode Decomposition::give_back(Vec state, const PetscScalar** memory) const {
  PetscFunctionBeginUser;
  PetscCall(VecRestoreArrayRead(splits_momentum() ? static_cast<Vec>(local_) : state, memory));
  PetscFunctionReturn(0);
}

PetscErrorCode Decomposition::create_state(VecHandle& state) const {
  PetscFunctionBeginUser;
  PetscCall(DMCreateGlobalVector(dm_, state.address()));
  PetscFunctionReturn(0);
}

}  // namespace nuvlasov::phase_space
