#include "nuvlasov/phase_space/decomposition.hpp"

#include <fmt/format.h>
#include <petscdmda.h>

#include <array>
#include <limits>

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

}  // namespace

ProcessGrid choose_process_grid(int ranks, const ZAxis& z, const MomentumGrid& momentum, int ghosts,
                                const ProcessGridRequest& request) {
  const std::array<Axis, 3> axes{
      Axis{"z", request.z, most_ranks(z.cells(), ghosts), z.cells()},
      Axis{"energy", request.energy, most_ranks(momentum.energies(), ghosts), momentum.energies()},
      Axis{"angle", request.angle, most_ranks(momentum.angles(), ghosts), momentum.angles()}};

  std::array<int, 3> chosen{};
  int remaining = ranks;
  for (std::size_t a = 0; a < axes.size(); ++a) {
    if (!axes[a].requested) continue;
    chosen[a] = *axes[a].requested;
    if (chosen[a] > axes[a].limit)
      throw DecompositionError(
          axes[a].name,
          fmt::format("{} ranks, but {} cells with a stencil of {} on each side can be split over "
                      "at most {} ranks",
                      chosen[a], axes[a].nodes, ghosts, axes[a].limit));
    if (remaining % chosen[a] != 0)
      throw DecompositionError(
          axes[a].name,
          remaining == ranks
              ? fmt::format("{} does not divide the number of ranks, {}", chosen[a], ranks)
              : fmt::format("{} does not divide the {} that the other axes leave of {} ranks",
                            chosen[a], remaining, ranks));
    remaining /= chosen[a];
  }
  for (std::size_t a = 0; a < axes.size(); ++a) {
    if (chosen[a] > 0) continue;
    chosen[a] = std::min(axes[a].limit, remaining);
    while (remaining % chosen[a] != 0) --chosen[a];
    remaining /= chosen[a];
  }
  if (remaining != 1) {
    std::string limits;
    for (const Axis& axis : axes)
      limits +=
          axis.requested
              ? fmt::format("; parallel.ranks_{} asks for {}", axis.name, *axis.requested)
              : fmt::format("; {} ({} cells) takes at most {}", axis.name, axis.nodes, axis.limit);
    throw DecompositionError(
        "", fmt::format("{} ranks cannot share this grid with a stencil of {} on each side{}",
                        ranks, ghosts, limits));
  }
  return {.z = chosen[0], .energy = chosen[1], .angle = chosen[2]};
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
  PetscCall(DMCreateLocalVector(dm_, local_.address()));

  std::array<PetscInt, 3> start{}, width{}, ghost_start{}, ghost_width{};
  PetscCall(DMDAGetCorners(dm_, &start[0], &start[1], &start[2], &width[0], &width[1], &width[2]));
  PetscCall(DMDAGetGhostCorners(dm_, &ghost_start[0], &ghost_start[1], &ghost_start[2],
                                &ghost_width[0], &ghost_width[1], &ghost_width[2]));
  box_ = {.z = {start[2], width[2]}, .energy = {start[1], width[1]}, .angle = {start[0], width[0]}};
  energy_stride_ = Index{ghost_width[0]} * flavor::components;
  z_stride_ = Index{ghost_width[1]} * energy_stride_;
  energies_seen_ = {.begin = Index{ghost_start[1]} - start[1], .size = ghost_width[1]};
  angles_seen_ = {.begin = Index{ghost_start[0]} - start[0], .size = ghost_width[0]};
  first_owned_ = (Index{start[2]} - ghost_start[2]) * z_stride_ +
                 (Index{start[1]} - ghost_start[1]) * energy_stride_ +
                 (Index{start[0]} - ghost_start[0]) * flavor::components;

  int rank = 0;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  const int momentum_ranks = grid.energy * grid.angle;
  // DMDA numbers its ranks with angle fastest and z slowest.
  PetscCallMPI(MPI_Comm_split(comm, rank / momentum_ranks, rank, &momentum_comm_));
  represents_plane_ = rank % momentum_ranks == 0;
  PetscFunctionReturn(0);
}

PetscErrorCode Decomposition::create_state(VecHandle& state) const {
  PetscFunctionBeginUser;
  PetscCall(DMCreateGlobalVector(dm_, state.address()));
  PetscFunctionReturn(0);
}

}  // namespace nuvlasov::phase_space
