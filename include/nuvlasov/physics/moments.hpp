/// \file
/// Angular moments of the density matrix and the refraction that they and matter make.
#pragma once

#include <mpi.h>

#include <array>
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

  /// The n-th moments, 0 <= n < `powers`.
  template <int flavors, std::size_t powers>
  using Powers = std::array<flavor::Matrix<flavors>, powers>;

  /// Of each plane the same, to the bit, as of it alone.
  /// \param planes         each [energy][angle][component]
  /// \param energy_stride  doubles from one energy to the next
  template <int flavors, std::size_t powers, std::size_t count>
  std::array<Powers<flavors, powers>, count> of(const std::array<const double*, count>& planes,
                                                Index energy_stride) const;

 private:
  /// With one energy, of many directions: weights are loaded once for all planes.
  static constexpr int directions_at_once = 4;
  template <std::size_t powers, std::size_t count>
  std::array<Powers<2, powers>, count> over_directions(
      const std::array<const double*, count>& planes) const;
  template <int flavors, std::size_t powers>
  Powers<flavors, powers> of_plane(const double* plane, Index energy_stride) const;

  Index angles_;
  std::vector<double> energy_weights_;  ///< 1 where there is one energy, whose weight is in:
  std::array<phase_space::Numbers, 3> weights_;  ///< s w v^n, [angle][component]
};

/// Omega = A_0 - v A_1 of Eq. (17).
template <int flavors>
flavor::Matrix<flavors> refraction_at(const double* charge, const double* current, double v) {
  return flavor::load<flavors>(charge) - v * flavor::load<flavors>(current);
}

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

  /// The same at `planes` alone, when the momentum grid is whole on each rank.
  void update_planes(const phase_space::StateView& rho, phase_space::Range planes);
  /// Recomputes no more than A_0 and A_1 there, what a rate needs.
  void update_potentials(const phase_space::StateView& rho, phase_space::Range planes);

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
  /// Omega(z_j, v_k) of Eq. (17) at the k-th owned angle.
  template <int flavors>
  flavor::Matrix<flavors> refraction(Index j, Index k) const {
    return refraction_at<flavors>(charge(j), current(j), directions()[k]);
  }
  /// A_0 and A_1 of Eq. (17) at z_j, one plane after the other.
  const double* charge(Index j) const { return charge_.data() + (j + ghosts_) * components_; }
  const double* current(Index j) const { return current_.data() + (j + ghosts_) * components_; }
  /// Whether the planes are summed up over ranks.
  bool shared() const { return shared_; }
  int flavors() const { return flavors_; }
  /// Numbers of a density matrix.
  Index components() const { return components_; }
  Index planes() const { return owned_planes_; }
  /// v of each owned angle.
  const double* directions() const { return directions_.data(); }
  Index angles() const { return angles_; }

 private:
  template <int flavors>
  void sum_up(const phase_space::StateView& rho, Index j);
  /// A_0 and A_1 at plane j, of the moments that they are made of.
  template <int number>
  void store_potentials(const flavor::Matrix<number>& zeroth, const flavor::Matrix<number>& first,
                        Index j, double* charge, double* current) const;
  /// The same, of the moments at plane j.
  template <int flavors>
  void make_potentials(Index j);

  MomentumSum sum_;
  int flavors_;
  Index components_;
  int ghosts_;
  Index owned_planes_;
  Index angles_;
  MPI_Comm momentum_comm_;
  bool shared_;
  std::vector<double> matter_;      ///< by plane seen; empty: none
  std::vector<double> directions_;  ///< v of the owned angles
  phase_space::Numbers planes_;     ///< [plane seen][n][component]
  phase_space::Numbers charge_, current_;
};

}  // namespace nuvlasov::physics
