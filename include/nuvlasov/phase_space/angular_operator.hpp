/// \file
/// S, the angular part of D_p: a skew-adjoint discretisation of (1 - v^2) d/dv - v.
#pragma once

#include <vector>

#include "nuvlasov/flavor/density_matrix.hpp"
#include "nuvlasov/phase_space/aligned.hpp"
#include "nuvlasov/phase_space/momentum_grid.hpp"
#include "nuvlasov/phase_space/state_view.hpp"

namespace nuvlasov::phase_space {

/// A quadrature rule.
struct GaussLegendre {
  std::vector<double> nodes;    ///< ascending
  std::vector<double> weights;  ///< sum: the length of the range
};

/// Nodes and weights by Newton's iteration on the Legendre polynomial, to rounding.
GaussLegendre gauss_legendre(Index nodes, DirectionRange range = {});

/// The matrix S, row by row, on the directions and weights of `grid`. Both choices are exactly
/// skew-adjoint with the weights w_k and, on the full range of directions, odd in v (`spectral`
/// to the last bit) with S 1 = -v.
///
/// `spectral`: M = diag(1 - v^2) D with the polynomial differentiation matrix D, S = (M - M*)/2
/// with M* = W^-1 M^T W; exact on polynomials that the nodes resolve. `sn`: S f = [a_{k+1/2}
/// f_{k+1} - a_{k-1/2} f_{k-1}]/(2 w_k), a_{1/2} = 1 - v^2 at the lower end of the range, a_{k+1/2}
/// = a_{k-1/2} - 2 v_k w_k (Lewis and Miller).
std::vector<double> angular_matrix(const MomentumGrid& grid);

/// kappa_k, the discrete 1 - v^2 of D_p Omega = -kappa_k A_1/E_i: (S v)_k + v_k^2 on the full
/// range.
std::vector<double> angular_curvature(const MomentumGrid& grid);

/// 1/E_i of `energies`.
std::vector<double> inverse_energies(const MomentumGrid& grid, Range energies);

/// A matrix that takes a direction's neighbours alone, as those of S_N.
class AngularNeighbours {
 public:
  AngularNeighbours() = default;
  /// \param angles  the owned directions, of `of`
  /// \param below, above  coefficients of the neighbours of direction k; not asked for where
  ///                      there is none
  template <class Below, class Above>
  AngularNeighbours(Range angles, Index of, Below&& below, Above&& above)
      : has_below_(angles.begin > 0), has_above_(angles.end() < of) {
    for (Index k = angles.begin; k < angles.end(); ++k) {
      below_.insert(below_.end(), flavor::components, k > 0 ? below(k) : 0.0);
      above_.insert(above_.end(), flavor::components, k + 1 < of ? above(k) : 0.0);
    }
  }
  bool empty() const { return below_.empty(); }
  /// As AngularCommutator::add.
  void add(const double* f, double scale, double* sum) const;

 private:
  Numbers below_, above_;                       ///< [owned angle][component]
  bool has_below_ = false, has_above_ = false;  ///< beyond the owned ones
};

/// C = [S, v], the commutator with the direction: C f = S(v f) - v S f, the discrete (1 - v^2) f.
/// It is what is left of S when a product with A_0 - v A_1 passes through it.
///
/// `sn`: neighbours only. `spectral`: (1 - v^2) f, but for what multiplication by v takes beyond
/// the polynomials that the nodes resolve, the self-adjoint part of an outer product.
class AngularCommutator {
 public:
  /// \param angles  what this rank owns; spectral: all
  AngularCommutator(const MomentumGrid& grid, Range angles);

  /// Adds scale C f to `sum`, rows of the owned directions, [angle][component]. `sn` reads the next
  /// direction on each side of f, where there is one.
  void add(const double* f, double scale, double* sum) const;

 private:
  void add_outer_products(const double* f, double scale, double* sum) const;

  AngularNeighbours neighbours_;  ///< sn
  /// spectral: the diagonal, and half of an outer product and of its adjoint; [angle][component].
  Numbers diagonal_, left_, right_, adjoint_left_, adjoint_right_;
};

}  // namespace nuvlasov::phase_space
