/// \file
/// Who owns which part of phase space: a three-dimensional DMDA (angle, energy, z) with the four
/// components of rho as its degrees of freedom, angle fastest.
#pragma once

#include <array>
#include <vector>

#include "nuvlasov/phase_space/aligned.hpp"
#include "nuvlasov/phase_space/momentum_grid.hpp"
#include "nuvlasov/phase_space/petsc_handle.hpp"
#include "nuvlasov/phase_space/process_grid.hpp"
#include "nuvlasov/phase_space/state_view.hpp"
#include "nuvlasov/phase_space/z_axis.hpp"
#include "nuvlasov/stopwatch.hpp"

namespace nuvlasov::phase_space {

/// The distributed phase space. Collective over its communicator.
class Decomposition {
 public:
  Decomposition() = default;
  Decomposition(const Decomposition&) = delete;
  Decomposition& operator=(const Decomposition&) = delete;
  ~Decomposition();

  /// Lays the axes out over `comm`. `ghosts` is the reach of the widest difference operator.
  /// \throws DecompositionError when there are more unknowns than PETSc can count: check_counts()
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
  /// What a rank sees: ghost planes included, and ghosts in momentum where that is split.
  const Box& seen() const { return seen_; }
  int ghosts() const { return ghosts_; }
  DM dm() const { return dm_; }
  /// Seconds this rank has spent on filling ghosts.
  double halo_time() const { return halo_time_.seconds(); }

  PetscErrorCode create_state(VecHandle& state) const;

  /// Fills the ghosts from `state` and calls body(StateView).
  template <class Body>
  PetscErrorCode with_ghosts(Vec state, Body&& body) const {
    PetscFunctionBeginUser;
    PetscCall(with_ghosts_under_way(state, [&](const StateView& rho, const auto& await_ghosts) {
      await_ghosts();
      body(rho);
    }));
    PetscFunctionReturn(0);
  }

  /// Calls body(StateView, await_ghosts) while ghosts are on their way: until it has called
  /// await_ghosts(), owned nodes alone may be read. Owned planes are read where they are; but where
  /// momentum is split, the whole state is copied to be among its ghosts, and they are there at
  /// once.
  template <class Body>
  PetscErrorCode with_ghosts_under_way(Vec state, Body&& body) const {
    PetscFunctionBeginUser;
    const PetscScalar* memory = nullptr;
    PetscCall(begin_exchange(state, &memory));
    PetscErrorCode failed = 0;
    body(StateView(planes_.data() + ghosts_, energy_stride_, box_, seen_),
         [&] { failed = end_exchange(); });
    PetscCall(failed);
    PetscCall(give_back(state, &memory));
    PetscFunctionReturn(0);
  }

 private:
  MPI_Comm comm_ = MPI_COMM_NULL;
  MPI_Comm momentum_comm_ = MPI_COMM_NULL;
  bool represents_plane_ = false;
  ProcessGrid grid_;
  PetscErrorCode begin_exchange(Vec state, const PetscScalar** memory) const;
  PetscErrorCode end_exchange() const;
  PetscErrorCode give_back(Vec state, const PetscScalar** memory) const;

  Box box_, seen_;
  int ghosts_ = 0;
  DmHandle dm_;
  mutable Stopwatch halo_time_;
  Index energy_stride_ = 0;
  mutable std::vector<const double*> planes_;  ///< of StateView
  /// Momentum whole: planes from the neighbours before and after, and who they are.
  mutable Numbers ghost_planes_;
  int before_ = 0, after_ = 0;
  bool periodic_ = true;  ///< in z
  mutable std::array<MPI_Request, 4> requests_{};
  /// Momentum split: the state among its ghosts.
  VecHandle local_;
};

}  // namespace nuvlasov::phase_space
