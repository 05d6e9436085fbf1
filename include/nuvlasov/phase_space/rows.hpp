/// \file
/// Loops over the matrices of a plane [energy][angle][component], two at a time.
#pragma once

#include <algorithm>

#include "nuvlasov/flavor/density_matrix.hpp"
#include "nuvlasov/phase_space/central_difference.hpp"

namespace nuvlasov::phase_space {

/// Calls visit(at, flavor::MatrixPair{}) for every two matrices of a row, `at` being their
/// position, and visit(at, flavor::Matrix{}) for one that is left over. \param row  numbers in a
/// row
template <class Visit>
void for_each_in_row(Index row, Visit&& visit) {
  constexpr Index pair = Index{2} * flavor::components;
  Index at = 0;
  for (; at + pair <= row; at += pair) visit(at, flavor::MatrixPair{});
  if (at < row) visit(at, flavor::Matrix{});
}

/// Calls visit(at, node, for_energies) for what stands at `at` in the rows of a plane, where
/// for_energies(begin, end, body) calls body(i) for the energies of a range: all at once where rows
/// are short, so that what belongs to the angles stays in registers; else row by row.
template <class Visit>
void for_each_in_plane(Index row, Index energies, Visit&& visit) {
  constexpr Index short_row = Index{8} * flavor::components;
  if (row <= short_row) {
    for_each_in_row(row, [&](Index at, auto node) {
      visit(at, node, [](Index begin, Index end, auto&& body) {
        for (Index i = begin; i < end; ++i) body(i);
      });
    });
    return;
  }
  for (Index i = 0; i < energies; ++i)
    for_each_in_row(row, [&](Index at, auto node) {
      visit(at, node, [i](Index begin, Index end, auto&& body) {
        if (i >= begin && i < end) body(i);
      });
    });
}

}  // namespace nuvlasov::phase_space
