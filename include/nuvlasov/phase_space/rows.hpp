/// \file
/// Loops over the matrices of a plane [energy][angle][component], two at a time.
#pragma once

#include <algorithm>

#include "nuvlasov/flavor/density_matrix.hpp"
#include "nuvlasov/phase_space/central_difference.hpp"

namespace nuvlasov::phase_space {

/// Calls visit(at, flavor::MatrixPair{}) for every two matrices of a row, `at` being their
/// position, and visit(at, flavor::Matrix<2>{}) for one that is left over; of three flavors,
/// visit(at, flavor::Matrix<3>{}) for each. \param row  numbers in a row
template <int flavors, class Visit>
void for_each_in_row(Index row, Visit&& visit) {
  using Matrix = flavor::Matrix<flavors>;
  constexpr Index one = flavor::components(flavors);
  Index at = 0;
  if constexpr (flavors == 2)
    for (; at + 2 * one <= row; at += 2 * one) visit(at, flavor::MatrixPair{});
  for (; at < row; at += one) visit(at, Matrix{});
}

/// Calls visit(at, node, for_energies) for what stands at `at` in the rows of a plane, where
/// for_energies(begin, end, body) calls body(i) for the energies of a range: all at once where rows
/// are short, so that what belongs to the angles stays in registers; else row by row.
template <int flavors, class Visit>
void for_each_in_plane(Index row, Index energies, Visit&& visit) {
  constexpr Index short_row = Index{8} * flavor::components(flavors);
  if (row <= short_row) {
    for_each_in_row<flavors>(row, [&](Index at, auto node) {
      visit(at, node, [](Index begin, Index end, auto&& body) {
        for (Index i = begin; i < end; ++i) body(i);
      });
    });
    return;
  }
  for (Index i = 0; i < energies; ++i)
    for_each_in_row<flavors>(row, [&](Index at, auto node) {
      visit(at, node, [i](Index begin, Index end, auto&& body) {
        if (i >= begin && i < end) body(i);
      });
    });
}

}  // namespace nuvlasov::phase_space
