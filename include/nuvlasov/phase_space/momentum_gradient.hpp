/// \file
/// D_p, the z-component of grad_p, on one z plane.
#pragma once

#include <vector>

#include "nuvlasov/phase_space/aligned.hpp"
#include "nuvlasov/phase_space/angular_operator.hpp"
#include "nuvlasov/phase_space/momentum_grid.hpp"
#include "nuvlasov/phase_space/state_view.hpp"

namespace nuvlasov::phase_space {

/// A z plane of matrices [energy][angle][component] to take D_p of.
struct PlaneView {
  const double* first_owned = nullptr;  ///< first owned energy and angle
  Index energy_stride = 0;              ///< doubles from one energy to the next
  Range energies;  ///< in memory, relative to the first owned one; beyond: vacuum
};

/// Exactly skew-adjoint in the measure of the grid, with nothing beyond the edges of the energy
/// window.
///
///     beams:      D_p f = v D_E f
///     spherical:  D_p f = (v/2) [D_E f + E^-2 D_E(E^2 f)] + (1/E) S f,   so that D_p 1 = 0
///
/// with the angular operator S of angular_operator.hpp.
class MomentumGradient {
 public:
  /// \param energies, angles  what this rank owns; all angles where the grid
  ///                          couples_all_directions()
  MomentumGradient(const MomentumGrid& grid, Range energies, Range angles);

  /// Adds D_p f to `sum`, [owned energy][owned angle][component] without gaps. Reads the next
  /// angles on each side of the owned ones, where the grid has them, with the S_N operator.
  void add(const PlaneView& f, double* sum) const;

  /// Neighbours in energy that add() reads on each side.
  int reach() const { return derivative_.reach(); }
  /// Upper estimate of |eigenvalue|.
  double spectral_radius() const { return spectral_radius_; }

 private:
  void add_angular_matrix(const MomentumGrid& grid, Range angles);
  void add_energy_part(const PlaneView& f, double* sum) const;
  void add_spectral_part(const PlaneView& f, double* sum) const;

  CentralDifference derivative_;
  Index energies_;
  Numbers speeds_;               ///< v, [owned angle][component]
  std::vector<double> stencil_;  ///< [owned energy][-reach .. reach]
  /// spectral: S; or, where it is odd in v, what takes the even part of f to the odd part of S f,
  /// and the odd to the even, half as many products.
  std::vector<double> dense_;
  bool by_parity_ = false;
  mutable Numbers work_;
  AngularNeighbours neighbours_;  ///< sn: S
  std::vector<double> inverse_energy_;
  Numbers vacuum_;
  double spectral_radius_;
};

}  // namespace nuvlasov::phase_space
