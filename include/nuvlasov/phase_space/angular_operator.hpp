/// \file
/// S, the angular part of D_p: a skew-adjoint discretisation of (1 - v^2) d/dv - v.
#pragma once

#include <algorithm>
#include <vector>

#include "nuvlasov/phase_space/lines.hpp"

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
///
/// Neutrinos and antineutrinos are not coupled: one block each.
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
  /// \param lines  of the directions `seen`, of `of` in all
  /// \param below, above  coefficients of the neighbours of direction k; not asked for where
  ///                      there is none
  template <class Below, class Above>
  AngularNeighbours(const Lines& lines, Range seen, Index of, Below&& below, Above&& above) {
    std::vector<double> lower, upper;
    for (Index k = seen.begin; k < seen.end(); ++k) {
      lower.push_back(k > seen.begin ? below(k) : 0.0);
      upper.push_back(k + 1 < std::min(of, seen.end()) ? above(k) : 0.0);
    }
    below_ = lines.spread(lower);
    above_ = lines.spread(upper);
  }
  bool empty() const { return below_.empty(); }
  /// Coefficients, in the registers of a line.
  const Numbers& below() const { return below_; }
  const Numbers& above() const { return above_; }

 private:
  Numbers below_, above_;  ///< in the registers of a line
};

/// C = [S, v], the commutator with the direction: C f = S(v f) - v S f, the discrete (1 - v^2) f.
/// It is what is left of S when a product with A_0 - v A_1 passes through it.
///
/// `sn`: neighbours only. `spectral`: (1 - v^2) f, but for what multiplication by v takes beyond
/// the polynomials that the nodes resolve, the self-adjoint part of an outer product.
class AngularCommutator {
 public:
  /// \param lines  of the directions `seen`; spectral: all
  AngularCommutator(const MomentumGrid& grid, const Lines& lines, Range seen);

  /// Writes C f, both the numbers of a line, with the `spectral` operator.
  void write(const double* f, double* result) const;
  /// C of `sn`.
  const AngularNeighbours& neighbours() const { return neighbours_; }

 private:
  struct OuterProducts {
    Numbers left, right, adjoint_left, adjoint_right;
  };
  /// Of the first species, with the diagonal; those of another are added.
  template <int flavors>
  void write_outer_products(const OuterProducts& species, const double* f, double* result) const;

  int flavors_;
  AngularNeighbours neighbours_;  ///< sn
  /// spectral: the diagonal, and half of an outer product and of its adjoint for each species; in
  /// the registers of a line, zeros where the other species is.
  Numbers diagonal_;
  std::vector<OuterProducts> species_;
};

}  // namespace nuvlasov::phase_space
