/// \file
/// The equation summed over energy, which refraction and streaming close.
#pragma once

#include <vector>

#include "nuvlasov/phase_space/plane_exchange.hpp"
#include "nuvlasov/physics/kinetic_equation.hpp"
#include "nuvlasov/time/streaming_inverse.hpp"

namespace nuvlasov::time {

/// m_k(z) = sum_i w_ik rho_ik(z), of every direction k. Summed over energy, Eq. (16) is Eq. (1) on
/// beams with empty edges of the window, and but for 1/E in spherical geometry: with omega of
/// Eq. (6b), a sum over directions of m,
///
///     d_t m = -v D_z m + omega(m) x m.
///
/// All directions are on every rank, whatever the process grid: the ranks of a momentum
/// communicator do the same.
template <int flavors>
class EnergySums {
 public:
  /// [z owned][direction][component]
  using Field = phase_space::Numbers;

  PetscErrorCode create(const phase_space::Decomposition& decomposition,
                        const physics::KineticEquation& equation);

  Field field() const { return Field(static_cast<std::size_t>(planes_ * row_)); }
  /// Numbers of a field on one plane.
  Index row() const { return row_; }
  /// Adds up plane j, [energy][angle][component] of the owned nodes, into its part of `sums`.
  void add_up(const double* plane, Index j, Field& sums) const;
  /// Completes sums of which each rank has its energies and angles. Collective over the momentum
  /// communicator.
  PetscErrorCode share(Field& sums) const;

  /// Writes omega(m) of each direction, Eq. (17), for a plane of sums.
  void refraction(const double* sums, double* axes) const;

  /// An approximate d with (1 + h v D_z) d - h [omega(m + d) x (m + d) - omega(m) x m] = defect.
  /// Collective.
  PetscErrorCode solve(const StreamingInverse& inverse, double h, const Field& m,
                       const Field& defect, Field& d);

 private:
  static constexpr Index components = flavor::components(flavors);

  MPI_Comm momentum_comm_ = MPI_COMM_NULL;
  bool shared_ = false, refracts_ = true, periodic_ = true;
  Index first_plane_ = 0, planes_ = 0, row_ = 0, first_angle_ = 0, own_row_ = 0;
  std::vector<double> directions_, weights_, signs_, energy_weights_;
  const phase_space::Decomposition* decomposition_ = nullptr;
  phase_space::PlaneExchange exchange_;
  Field source_, constant_;
};

}  // namespace nuvlasov::time
