/// \file
/// Precession of one matrix, or of two side by side, as they stand in the state.
///
/// Where a node takes many operations, lanes.hpp is faster; these take few.
#pragma once

#include "nuvlasov/flavor/density_matrix.hpp"

namespace nuvlasov::flavor {

/// A matrix with components (c0, c1, c2, c3) of `m`; of each matrix of a pair.
template <int c0, int c1, int c2, int c3, class Matrices>
Matrices permuted(Matrices m) {
  if constexpr (sizeof(Matrices) == sizeof(Matrix))
    return __builtin_shufflevector(m, m, c0, c1, c2, c3);
  else
    return __builtin_shufflevector(m, m, c0, c1, c2, c3, 4 + c0, 4 + c1, 4 + c2, 4 + c3);
}

/// The polarization turned round, (P0, Py, Pz, Px).
template <class Matrices>
Matrices turned(Matrices rho) {
  return permuted<0, 2, 3, 1>(rho);
}

/// (0, axis x P), Eq. (6b), of an axis without trace.
template <class Matrices>
Matrices precession_about(Matrices axis, Matrices turned_axis, Matrices rho) {
  return turned(axis * turned(rho) - turned_axis * rho);
}

/// The sum of all four components of a matrix, in all of them.
template <class Matrices>
Matrices spread_sum(Matrices a) {
  const Matrices pairs = a + permuted<1, 0, 3, 2>(a);
  return pairs + permuted<2, 3, 0, 1>(pairs);
}

/// (1, s, s, s) with s = 1/(1 + |axis|^2), for implicit_precession().
inline Matrix implicit_precession_scale(Matrix axis) {
  Matrix scale = 1.0 / (1.0 + spread_sum(axis * axis));
  scale[0] = 1.0;
  return scale;
}

/// (P0, Q) with Q - axis x Q = P: an implicit step of precession. The axis has no trace.
template <class Matrices>
Matrices implicit_precession(Matrices axis, Matrices turned_axis, Matrices scale, Matrices rho) {
  return scale * (rho + precession_about(axis, turned_axis, rho) + axis * spread_sum(axis * rho));
}

}  // namespace nuvlasov::flavor
