/// \file
/// Angular moments of the density matrix and the refraction that they make.
#pragma once

#include <mpi.h>

#include <vector>

#include "nuvlasov/flavor/density_matrix.hpp"
#include "nuvlasov/phase_space/momentum_grid.hpp"
#include "nuvlasov/phase_space/state_view.hpp"

namespace nuvlasov::physics {

/// sum_p v^n rho for n = 0, 1, 2 on one z plane: (P0_n, P_n) in the notation of Eq. (6b, 7).
struct PlaneMoments {
  flavor::Matrix zeroth{}, first{}, second{};
};

/// Sums over the momentum nodes that this rank owns.
class MomentumSum {
 public:
  MomentumSum(const phase_space::MomentumGrid& grid, const phase_space::Box& box);

  /// \param plane          [energy][angle][component]
  /// \param energy_stride  doubles from one energy to the next
  PlaneMoments operator()(const double* plane, Index energy_stride) const;

 private:
  std::vector<double> energy_weights_;
  std::vector<double> weights_;
  std::vector<double> directions_;
};

/// Moments at every z plane a rank sees, ghosts included, and Omega made of them.
class Moments {
 public:
  /// \param ghosts         planes seen on each side of the owned ones
  /// \param momentum_comm  ranks that share the planes; not used when it has one rank
  Moments(const phase_space::MomentumGrid& grid, const phase_space::Box& box, int ghosts,
          MPI_Comm momentum_comm);

  /// Recomputes everything from `rho`. Collective over the momentum communicator when that has
  /// more than one rank. The order of summation within a plane is fixed.
  void update(const phase_space::StateView& rho);

  /// Moments at plane j of the owned planes, -ghosts <= j < owned + ghosts.
  const PlaneMoments& at(Index j) const { return planes_[static_cast<std::size_t>(j + ghosts_)]; }
  /// Omega(z_j, v_k) = A_0 - v_k A_1 of Eq. (17), [owned angle][component].
  const double* refraction(Index j) const {
    return refraction_.data() + (j + ghosts_) * angles_ * flavor::components;
  }
  /// A_1 of Eq. (17) at z_j, which makes the gradient of Omega in direction.
  const double* current(Index j) const {
    return current_.data() + (j + ghosts_) * flavor::components;
  }
  Index planes() const { return owned_planes_; }
  Index angles() const { return angles_; }

 private:
  MomentumSum sum_;
  int ghosts_;
  Index owned_planes_;
  Index angles_;
  MPI_Comm momentum_comm_;
  bool shared_;
  std::vector<double> directions_;
  std::vector<PlaneMoments> planes_;
  std::vector<double> refraction_;
  std::vector<double> current_;
};

}  // namespace nuvlasov::physics
