/// \file
/// S, the angular part of D_p: a skew-adjoint discretisation of (1 - v^2) d/dv - v.
#pragma once

#include <vector>

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
/// skew-adjoint with the weights w_k and, on the full range of directions, give S 1 = -v.
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

/// C = [S, v], the commutator with the direction: C f = S(v f) - v S f, the discrete (1 - v^2) f.
/// It is what is left of S when a product with A_0 - v A_1 passes through it.
///
/// `sn`: neighbours only. `spectral`: (1 - v^2) f, but for what multiplication by v takes beyond
/// the polynomials that the nodes resolve, the self-adjoint part of an outer product.
class AngularCommutator {
 public:
  /// \param angles  what this rank owns; spectral: all
  AngularCommutator(const MomentumGrid& grid, Range angles);

  /// Neighbours that apply() reads on each side, where there are any.
  int reach() const { return reach_; }

  /// Calls visit(k, (C f)_k) for each owned direction of a row f, [angle][component].
  template <class Visit>
  void apply(const double* f, Visit&& visit) const {
    flavor::Matrix first{}, second{};
    for (std::size_t k = 0; k < outer_.size(); ++k) {
      const flavor::Matrix node = flavor::load(f + static_cast<Index>(k) * flavor::components);
      first += outer_[k].right * node;
      second += outer_[k].adjoint_right * node;
    }
    for (std::size_t k = 0; k < band_.size(); ++k) {
      const double* node = f + static_cast<Index>(k) * flavor::components;
      const Band& band = band_[k];
      flavor::Matrix value = band.middle * flavor::load(node);
      if (reach_ > 0)
        value += band.below * flavor::load(node + band.to_below) +
                 band.above * flavor::load(node + band.to_above);
      else
        value -= outer_[k].left * first + outer_[k].adjoint_left * second;
      visit(static_cast<Index>(k), value);
    }
  }

 private:
  struct Band {
    double below = 0.0, middle = 0.0, above = 0.0;
    Index to_below = 0, to_above = 0;  ///< doubles from the node; 0 where there is no neighbour
  };
  int reach_ = 0;
  std::vector<Band> band_;
  /// Half of an outer product and half of its adjoint, by direction; empty for sn.
  struct Outer {
    double left, right, adjoint_left, adjoint_right;
  };
  std::vector<Outer> outer_;
};

}  // namespace nuvlasov::phase_space
