/// \file
/// D_p, the z component of the momentum gradient, on one z plane.
#pragma once

#include <vector>

#include "nuvlasov/phase_space/angular_operator.hpp"
#include "nuvlasov/phase_space/lines.hpp"

namespace nuvlasov::phase_space {

/// Of f at the energy i + m in what D_p multiplies by v at the energy i: of D_E f, in spherical
/// geometry of the mean of D_E f and E^-2 D_E(E^2 f).
double energy_coefficient(const MomentumGrid& grid, Index i, int m);

/// Exactly skew-adjoint in the measure of the grid, with nothing beyond the edges of the energy
/// window.
///
///     beams:      D_p f = v D_E f
///     spherical:  D_p f = (v/2) [D_E f + E^-2 D_E(E^2 f)] + (1/E) S f,   so that D_p 1 = 0
///
/// with the angular operator S of angular_operator.hpp.
class MomentumGradient {
 public:
  /// \param lines  of the nodes `seen`; all directions where the grid couples_all_directions()
  MomentumGradient(const MomentumGrid& grid, const Lines& lines, const Box& seen);

  /// With frozen directions, writes the numbers [begin, end) of `before` + D_p f, `most` of them at
  /// the most, to `sum`, which may be `before`. They are right where the neighbours, reach()
  /// energies on each side, are among those seen, or beyond the window.
  void add_along_energy(const PlaneInVacuum& f, Index begin, Index end, const double* before,
                        double* sum) const;
  static constexpr Index most = 256;
  /// Writes S f, both the numbers of `lines` lines, with the `spectral` operator.
  void write_along_angle(const double* f, Index lines, double* result) const;

  /// What multiplies f at the energies around a line: [-reach .. reach], reach() on each side. In
  /// spherical geometry nothing does beyond the lines.
  const double* energy_row(Index line, int reach) const {
    return stencil_.data() + line * (2 * reach + 1) + reach;
  }
  const AngularNeighbours& neighbours() const { return neighbours_; }
  /// Neighbours in energy that add_along_energy() reads on each side.
  int reach() const { return derivative_.reach(); }
  /// Upper estimate of |eigenvalue|.
  double spectral_radius() const { return spectral_radius_; }

 private:
  void add_angular_matrix(const MomentumGrid& grid, Range angles);
  template <int reach>
  void add_energy_part(const PlaneInVacuum& f, Index begin, Index end, const double* before,
                       double* sum) const;
  /// The same of `count` components.
  template <int count>
  void write_spectral_part(const double* f, double* target) const;

  CentralDifference derivative_;
  Lines lines_;
  Numbers speeds_;               ///< v of the numbers of a row and of `most` after it
  std::vector<double> stencil_;  ///< [line][-reach .. reach]
  /// spectral: S transposed, rows of whole registers; or, where it is odd in v, what takes the even
  /// part of f to the odd part of S f, and the odd to the even, half as many products.
  Numbers dense_;
  bool by_parity_ = false;
  mutable Numbers work_;
  AngularNeighbours neighbours_;  ///< sn: S
  double spectral_radius_;
};

}  // namespace nuvlasov::phase_space
