/// \file
/// Angular moments of the density matrix and the refraction that they and matter make.
#pragma once

#include <mpi.h>

#include <array>
#include <utility>
#include <vector>

#include "nuvlasov/flavor/density_matrix.hpp"
#include "nuvlasov/phase_space/aligned.hpp"
#include "nuvlasov/phase_space/decomposition.hpp"

namespace nuvlasov::physics {

/// sum_p v^n s rho for n = 0, 1, 2 on one z plane, s = +1 for neutrinos and -1 for antineutrinos:
/// (P0_n, P_n) in the notation of Eq. (6b, 7).
template <int flavors>
struct PlaneMoments {
  flavor::Matrix<flavors> zeroth{}, first{}, second{};
};

/// Sums over the momentum nodes that this rank owns.
class MomentumSum {
 public:
  MomentumSum(const phase_space::MomentumGrid& grid, const phase_space::Box& box);

  /// \param plane          [energy][angle][component]
  /// \param energy_stride  doubles from one energy to the next
  template <int flavors>
  PlaneMoments<flavors> of(const double* plane, Index energy_stride) const;

 private:
  static constexpr std::size_t powers = 3;

  Index angles_;
  std::vector<double> energy_weights_;
  std::array<phase_space::Numbers, powers> weights_;  ///< s w v^n, [angle][component]
};

/// Moments at every z plane a rank sees, ghosts included, and Omega made of them and of matter,
///
///     Omega = A_0 - v A_1,   A_n = sum_p v^n s [rho + Tr rho 1],
///
/// A_0 with lambda(z) diag(1, 0), the refraction of electrons.
class Moments {
 public:
  /// \param matter  lambda (mu) of each cell in z; empty: none
  Moments(const phase_space::MomentumGrid& grid, const phase_space::Decomposition& decomposition,
          const std::vector<double>& matter = {});

  /// The same as of another first cell: for an equation on a part of the axis.
  void set_matter(const std::vector<double>& matter, Index first_cell);
  /// lambda at plane j (mu).
  double matter(Index j) const {
    return matter_.empty() ? 0.0 : matter_[static_cast<std::size_t>(j + ghosts_)];
  }

  /// Recomputes everything from `rho`. Collective over the momentum communicator when that has
  /// more than one rank. The order of summation within a plane is fixed.
  void update(const phase_space::StateView& rho);

  /// Recomputes plane j alone, when the momentum grid is whole on each rank.
  void update_plane(const phase_space::StateView& rho, Index j);

  /// Writes A_0 and A_1 of `planes` alone, [plane][component], and updates nothing; when the
  /// momentum grid is whole on each rank.
  void write_potentials(const phase_space::StateView& rho, phase_space::Range planes,
                        double* charge, double* current) const;

  /// Moments at plane j of the owned planes, -ghosts <= j < owned + ghosts where there are such.
  template <int flavors>
  PlaneMoments<flavors> at(Index j) const {
    const double* const plane = planes_.data() + (j + ghosts_) * 3 * components_;
    return {flavor::load<flavors>(plane), flavor::load<flavors>(plane + components_),
            flavor::load<flavors>(plane + 2 * components_)};
  }
  /// Omega(z_j, v_k) = A_0 - v_k A_1 of Eq. (17), [angle][component], from the first owned angle on
  /// and for all that this rank sees.
  const double* refraction(Index j) const {
    return refraction_.data() + (j + ghosts_) * refraction_stride() + first_owned_;
  }
  /// Doubles from there to the next plane.
  Index refraction_stride() const { return static_cast<Index>(speeds_.size()); }
  /// A_0 and A_1 of Eq. (17) at z_j, one plane after the other.
  const double* charge(Index j) const { return charge_.data() + (j + ghosts_) * components_; }
  const double* current(Index j) const { return current_.data() + (j + ghosts_) * components_; }
  /// Whether the planes are summed up over ranks.
  bool shared() const { return shared_; }
  int flavors() const { return flavors_; }
  /// Numbers of a density matrix.
  Index components() const { return components_; }
  Index planes() const { return owned_planes_; }
  Index angles() const { return angles_; }

 private:
  template <int flavors>
  void sum_up(const phase_space::StateView& rho, Index j);
  /// A_0 and A_1 at plane j.
  template <int number>
  std::pair<flavor::Matrix<number>, flavor::Matrix<number>> potentials(
      const PlaneMoments<number>& moments, Index j) const;
  template <int flavors>
  void update_refraction(Index j);

  MomentumSum sum_;
  int flavors_;
  Index components_;
  int ghosts_;
  Index owned_planes_;
  Index angles_;
  MPI_Comm momentum_comm_;
  bool shared_;
  std::vector<double> matter_;  ///< by plane seen; empty: none
  Index first_owned_;           ///< position of the first owned angle in a row of all that are seen
  phase_space::Numbers speeds_;  ///< v of the directions seen, [angle][component]
  phase_space::Numbers planes_;  ///< [plane seen][n][component]
  phase_space::Numbers refraction_;
  phase_space::Numbers charge_, current_;
};

}  // namespace nuvlasov::physics
