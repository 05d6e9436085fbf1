/// \file
/// S, the angular part of D_p: a skew-adjoint discretisation of (1 - v^2) d/dv - v on [-1, 1].
#pragma once

#include <vector>

#include "nuvlasov/phase_space/momentum_grid.hpp"

namespace nuvlasov::phase_space {

/// A quadrature rule on [-1, 1].
struct GaussLegendre {
  std::vector<double> nodes;    ///< ascending
  std::vector<double> weights;  ///< sum 2
};

/// Nodes and weights by Newton's iteration on the Legendre polynomial, to rounding.
GaussLegendre gauss_legendre(Index nodes);

/// The matrix S, row by row, on the directions and weights of `grid`. Both choices are exactly
/// skew-adjoint with the weights w_k and give S 1 = -v.
///
/// `spectral`: M = diag(1 - v^2) D with the polynomial differentiation matrix D, S = (M - M*)/2
/// with M* = W^-1 M^T W; exact on polynomials that the nodes resolve. `sn`: S f = [a_{k+1/2}
/// f_{k+1} - a_{k-1/2} f_{k-1}]/(2 w_k), a_{1/2} = 0, a_{k+1/2} = a_{k-1/2} - 2 v_k w_k (Lewis and
/// Miller).
std::vector<double> angular_matrix(const MomentumGrid& grid);

/// kappa_k = (S v)_k + v_k^2, the discrete 1 - v^2: D_p Omega = -kappa_k A_1/E_i.
std::vector<double> angular_curvature(const MomentumGrid& grid);

}  // namespace nuvlasov::phase_space
