/// \file
/// The momentum grid: a window of energies times a set of directions, and what a node holds.
#pragma once

#include <vector>

#include "nuvlasov/flavor/density_matrix.hpp"
#include "nuvlasov/phase_space/central_difference.hpp"

namespace nuvlasov::phase_space {

enum class Geometry {
  /// Frozen directions, one-dimensional momentum along each: measure dE w_k, grad_p.z = v d/dE.
  beams,
  /// Momentum space, axially symmetric around z: measure (E/E_ref)^2 dE w_k,
  /// grad_p.z = v d/dE + ((1 - v^2)/E) d/dv.
  spherical,
};

/// How d/dv is taken in spherical geometry.
enum class AngularOperator {
  spectral,  ///< the polynomial through all Gauss-Legendre nodes; needs them all on one rank
  sn,        ///< S_N angular redistribution (Lewis and Miller): neighbours only, second order
};

/// A range of directions v.
struct DirectionRange {
  double from = -1.0, to = 1.0;
  bool full() const { return from == -1.0 && to == 1.0; }
};

/// What moves in a direction: the factor of its density matrix in D, the net number of leptons.
inline constexpr double neutrino = 1.0, antineutrino = -1.0;

/// Energies are kept as offsets from the reference, exact at any E_ref/mu. Antineutrinos have
/// directions of their own: each direction k has, besides v_k and w_k, a sign s_k = +1 for
/// neutrinos and -1 for antineutrinos.
class MomentumGrid {
 public:
  /// Geometry `beams`.
  /// \param reference   E_ref (mu), the middle of the window
  /// \param half_width  W (mu), the window is [E_ref - W, E_ref + W], 0 < W <= E_ref
  /// \param energies    cells in the window, >= 1
  /// \param order       order of D_E: 4, 6 or 8
  /// \param directions  v_k in [-1, 1]
  /// \param weights     w_k > 0, one for each direction
  /// \param signs       s_k, one for each direction; empty: neutrinos alone
  MomentumGrid(double reference, double half_width, Index energies, int order,
               std::vector<double> directions, std::vector<double> weights,
               std::vector<double> signs = {});

  /// Geometry `spherical` on `angles` Gauss-Legendre nodes of `range`, whose weights add up to its
  /// length. Nothing is beyond a range that is not full, as beyond the energy window.
  /// \param antineutrinos  whether the same directions follow for antineutrinos
  static MomentumGrid spherical(double reference, double half_width, Index energies, int order,
                                Index angles, AngularOperator angular_operator,
                                DirectionRange range = {}, bool antineutrinos = false);

  /// The same with density matrices of 2 or 3 flavors; a new grid has two.
  MomentumGrid of_flavors(int flavors) const;
  /// The same with the directions of neutrinos alone; geometry `spherical`.
  MomentumGrid without_antineutrinos() const;

  int flavors() const { return flavors_; }
  /// Numbers of a density matrix.
  int components() const { return flavor::components(flavors_); }
  double matrix_bytes() const { return static_cast<double>(components()) * sizeof(double); }
  Geometry geometry() const { return geometry_; }
  AngularOperator angular_operator() const { return angular_operator_; }
  const DirectionRange& direction_range() const { return range_; }
  /// Whether D_p of a node needs directions beyond the next ones, hence all of them on one rank.
  bool couples_all_directions() const {
    return geometry_ == Geometry::spherical && angular_operator_ == AngularOperator::spectral;
  }
  Index energies() const { return energies_; }
  Index angles() const { return static_cast<Index>(directions_.size()); }
  double reference_energy() const { return reference_; }
  double half_width() const { return half_width_; }
  double energy_spacing() const { return 2.0 * half_width_ / static_cast<double>(energies_); }
  /// E_i - E_ref at the centre of cell i.
  double energy_offset(Index i) const {
    return (static_cast<double>(i) + 0.5) * energy_spacing() - half_width_;
  }
  double energy(Index i) const { return reference_ + energy_offset(i); }
  /// Part of the weight that depends on energy: dE, times (E_i/E_ref)^2 in spherical geometry.
  double energy_weight(Index i) const;
  /// v_k = p_z/p.
  double direction(Index k) const { return directions_[static_cast<std::size_t>(k)]; }
  double direction_weight(Index k) const { return weights_[static_cast<std::size_t>(k)]; }
  /// w_ik of sums over momentum.
  double weight(Index i, Index k) const { return energy_weight(i) * direction_weight(k); }
  const std::vector<double>& directions() const { return directions_; }
  const std::vector<double>& weights() const { return weights_; }
  /// s_k.
  double sign(Index k) const { return signs_[static_cast<std::size_t>(k)]; }
  const std::vector<double>& signs() const { return signs_; }
  bool has_antineutrinos() const;
  /// Directions of one species in spherical geometry, those that d/dv couples; all of beams.
  Index angles_of_species() const {
    return geometry_ == Geometry::spherical && has_antineutrinos() ? angles() / 2 : angles();
  }
  double largest_speed() const;
  /// D_E, with zeros beyond the window.
  const CentralDifference& energy_derivative() const { return energy_derivative_; }

 private:
  int flavors_ = 2;
  Geometry geometry_ = Geometry::beams;
  AngularOperator angular_operator_ = AngularOperator::spectral;
  DirectionRange range_;
  double reference_;
  double half_width_;
  Index energies_;
  std::vector<double> directions_;
  std::vector<double> weights_;
  std::vector<double> signs_;
  CentralDifference energy_derivative_;
};

}  // namespace nuvlasov::phase_space
