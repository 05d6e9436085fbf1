/// \file
/// Who owns which part of phase space: a three-dimensional DMDA (angle, energy, z) with the four
/// components of rho as its degrees of freedom, angle fastest, z periodic.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "nuvlasov/phase_space/momentum_grid.hpp"
#include "nuvlasov/phase_space/petsc_handle.hpp"
#include "nuvlasov/phase_space/state_view.hpp"
#include "nuvlasov/phase_space/z_axis.hpp"
#include "nuvlasov/stopwatch.hpp"

namespace nuvlasov::phase_space {

/// Ranks along each axis.
struct ProcessGrid {
  int z = 1;
  int energy = 1;
  int angle = 1;
  int size() const { return z * energy * angle; }
};

/// What the user asks of the process grid; an absent number is chosen.
struct ProcessGridRequest {
  std::optional<int> z{}, energy{}, angle{};
};

/// A phase space that the given ranks cannot share.
class DecompositionError : public std::runtime_error {
 public:
  /// \param axis  whose requested ranks are at fault: "z", "energy" or "angle"; empty: none's
  DecompositionError(std::string axis, const std::string& message)
      : std::runtime_error(message), axis_(std::move(axis)) {}
  const std::string& axis() const { return axis_; }

 private:
  std::string axis_;
};

/// Model of the time that one right-hand side takes on the rank with most nodes: nodes, ghost
/// planes, halo bytes, messages, and the reduction of moments where momentum is split. For
/// comparing process grids; docs/decisions/process-grid.md.
double seconds_per_right_hand_side(const ProcessGrid& grid, const ZAxis& z,
                                   const MomentumGrid& momentum, int ghosts);

/// Ranks along each axis: of all that are possible the one with the least
/// seconds_per_right_hand_side(), but z alone unless another is clearly faster.
/// \param ghosts  ghost nodes on each side of a split axis; each rank needs at least as many nodes
/// \throws DecompositionError when `ranks` cannot be placed, naming the limit
ProcessGrid choose_process_grid(int ranks, const ZAxis& z, const MomentumGrid& momentum, int ghosts,
                                const ProcessGridRequest& request);

/// The distributed phase space. Collective over its communicator.
class Decomposition {
 public:
  Decomposition() = default;
  Decomposition(const Decomposition&) = delete;
  Decomposition& operator=(const Decomposition&) = delete;
  ~Decomposition();

  /// Lays the axes out over `comm`. `ghosts` is the reach of the widest difference operator.
  PetscErrorCode create(MPI_Comm comm, const ZAxis& z, const MomentumGrid& momentum, int ghosts,
                        const ProcessGrid& grid);

  MPI_Comm communicator() const { return comm_; }
  /// The ranks that share this rank's z planes; of size 1 while the momentum grid is whole.
  MPI_Comm momentum_communicator() const { return momentum_comm_; }
  bool splits_momentum() const { return grid_.energy * grid_.angle > 1; }
  /// True on one rank of each momentum communicator: counts what belongs to a z plane once.
  bool represents_plane() const { return represents_plane_; }
  const ProcessGrid& process_grid() const { return grid_; }
  const Box& box() const { return box_; }
  int ghosts() const { return ghosts_; }
  DM dm() const { return dm_; }
  /// Seconds this rank has spent on filling ghosts.
  double halo_time() const { return halo_time_.seconds(); }

  PetscErrorCode create_state(VecHandle& state) const;

  /// Fills the ghosts from `state` and calls body(StateView).
  template <class Body>
  PetscErrorCode with_ghosts(Vec state, Body&& body) const {
    PetscFunctionBeginUser;
    {
      const auto lap = halo_time_.lap();
      PetscCall(DMGlobalToLocalBegin(dm_, state, INSERT_VALUES, local_));
      PetscCall(DMGlobalToLocalEnd(dm_, state, INSERT_VALUES, local_));
    }
    const PetscScalar* memory = nullptr;
    PetscCall(VecGetArrayRead(local_, &memory));
    body(StateView(memory + first_owned_, energy_stride_, z_stride_, box_, energies_seen_,
                   angles_seen_));
    PetscCall(VecRestoreArrayRead(local_, &memory));
    PetscFunctionReturn(0);
  }

 private:
  MPI_Comm comm_ = MPI_COMM_NULL;
  MPI_Comm momentum_comm_ = MPI_COMM_NULL;
  bool represents_plane_ = false;
  ProcessGrid grid_;
  Box box_;
  int ghosts_ = 0;
  DmHandle dm_;
  mutable Stopwatch halo_time_;
  VecHandle local_;
  Index first_owned_ = 0;
  Index energy_stride_ = 0;
  Index z_stride_ = 0;
  Range energies_seen_, angles_seen_;
};

}  // namespace nuvlasov::phase_space
