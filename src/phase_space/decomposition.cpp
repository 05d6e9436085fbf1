#include "nuvlasov/phase_space/decomposition.hpp"

#include <petscdmda.h>

#include <array>

#include "nuvlasov/phase_space/shares.hpp"

namespace nuvlasov::phase_space {

Decomposition::~Decomposition() {
  if (momentum_comm_ != MPI_COMM_NULL) MPI_Comm_free(&momentum_comm_);
}

PetscErrorCode Decomposition::create(MPI_Comm comm, const ZAxis& z, const MomentumGrid& momentum,
                                     int ghosts, const ProcessGrid& grid) {
  PetscFunctionBeginUser;
  comm_ = comm;
  grid_ = grid;
  ghosts_ = ghosts;
  periodic_ = z.periodic();
  check_counts(whole(z, momentum), grid, ghosts, momentum.components());
  PetscCall(DMDACreate3d(comm, DM_BOUNDARY_NONE, DM_BOUNDARY_NONE,
                         periodic_ ? DM_BOUNDARY_PERIODIC : DM_BOUNDARY_NONE, DMDA_STENCIL_BOX,
                         static_cast<PetscInt>(momentum.angles()),
                         static_cast<PetscInt>(momentum.energies()),
                         static_cast<PetscInt>(z.cells()), grid.angle, grid.energy, grid.z,
                         momentum.components(), ghosts, nullptr, nullptr, nullptr, dm_.address()));
  PetscCall(DMSetUp(dm_));

  std::array<PetscInt, 3> start{}, width{}, ghost_start{}, ghost_width{};
  PetscCall(DMDAGetCorners(dm_, &start[0], &start[1], &start[2], &width[0], &width[1], &width[2]));
  PetscCall(DMDAGetGhostCorners(dm_, &ghost_start[0], &ghost_start[1], &ghost_start[2],
                                &ghost_width[0], &ghost_width[1], &ghost_width[2]));
  box_ = {.z = {start[2], width[2]},
          .energy = {start[1], width[1]},
          .angle = {start[0], width[0]},
          .components = momentum.components()};
  seen_ = {.z = {ghost_start[2], ghost_width[2]},
           .energy = {ghost_start[1], ghost_width[1]},
           .angle = {ghost_start[0], ghost_width[0]},
           .components = momentum.components()};
  energy_stride_ = seen_.row();
  planes_.resize(static_cast<std::size_t>(box_.z.size + 2 * Index{ghosts}));

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
    const auto neighbour = [&](bool there, int which) {
      return periodic_ || there ? (which + grid.z) % grid.z : MPI_PROC_NULL;
    };
    before_ = neighbour(rank > 0, rank - 1);
    after_ = neighbour(rank + 1 < grid.z, rank + 1);
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
                          (box_.angle.begin - seen_.angle.begin) * box_.components;
    for (Index n = 0; n < seen_.z.size; ++n)
      set_plane(n + seen_.z.begin - box_.z.begin, first + n * seen_.plane());
    PetscFunctionReturn(0);
  }
  PetscCall(VecGetArrayRead(state, memory));
  for (Index j = 0; j < owned; ++j) set_plane(j, *memory + j * plane);
  if (grid_.z == 1) {
    for (Index m = 0; periodic_ && m < ghosts_; ++m) {
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
