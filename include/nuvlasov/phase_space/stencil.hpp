/// \file
/// One row of a difference operator on a uniform axis.
#pragma once

#include <array>
#include <vector>

#include "nuvlasov/phase_space/central_difference.hpp"

namespace nuvlasov::phase_space {

/// (D f)_j = sum_n weight_n (f_{j + ahead_n} - f_{j + behind_n}): differences, so that what is
/// uniform has the derivative zero to the bit.
struct Stencil {
  /// Of the widest row: at the ends of a summation-by-parts operator of order 6.
  static constexpr int max_pairs = 8;

  struct Pair {
    double weight = 0.0;  ///< with the spacing divided out
    int ahead = 0, behind = 0;
  };

  int size = 0;
  std::array<Pair, max_pairs> pairs{};
  int lowest = 0, highest = 0;  ///< offsets that it reads

  /// (D f) at the node that value_at(m) counts from.
  template <class ValueAt>
  auto apply(ValueAt&& value_at) const {
    decltype(value_at(1) - value_at(-1)) sum{};
    for (int n = 0; n < size; ++n)
      sum += pairs[n].weight * (value_at(pairs[n].ahead) - value_at(pairs[n].behind));
    return sum;
  }
  /// Whether the pairs are 1, 2, ... nodes ahead and as many behind.
  bool central() const;
  void add(double weight, int ahead, int behind);
  /// The same from the other end of the axis.
  Stencil mirrored() const;
};

/// The row of a central difference.
Stencil central_stencil(const CentralDifference& derivative);

/// A first derivative D = H^-1 Q on nodes 0, 1, 2, ... that sums by parts: H diagonal and positive,
/// Q + Q^T = diag(-1, 0, ..., 0, 1), so that
///
///     <f, D g> + <D f, g> = f_N g_N - f_0 g_0,    <f, g> = sum_j h_j f_j g_j.
///
/// Central inside, of order 2p; the first rows, 2p or for p = 1 a single one, are exact on
/// polynomials of degree p, and so are the last, mirrored. Kreiss and Scherer (1974), Strand
/// (1994), Mattsson and Nordstrom (2004). H and Q are the only ones of this form, but for one
/// parameter of Q at order 6, Q_45 = 0.7: between those of least error and of least spectral
/// radius, so that with the inflow of inflow.hpp no |eigenvalue| is above the central difference's.
/// At order 8 (three parameters) none of the choices tried had less than twice that.
struct SummationByParts {
  std::vector<double> weights;  ///< h_j of the first nodes; 1 beyond
  std::vector<Stencil> rows;    ///< of those nodes, for the spacing asked for
};

/// \throws std::invalid_argument for another order than 2, 4 or 6
SummationByParts summation_by_parts(const CentralDifference& interior, double spacing);

}  // namespace nuvlasov::phase_space
