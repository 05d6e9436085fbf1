/// \file
/// Loops over the matrices of a plane [energy][angle][component], two at a time.
#pragma once

#include <algorithm>
#include <type_traits>

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
/// for_energies(body) calls body(i, std::integral_constant<int, count>) for `count` energies from i
/// on, `together` or one: of all rows where they are short, so that what belongs to the angles
/// stays in registers; else of the next ones.
template <int flavors, int together = 1, class Visit>
void for_each_in_plane(Index row, Index energies, Visit&& visit) {
  constexpr Index short_row = Index{8} * flavor::components(flavors);
  const auto for_range = [](Index begin, Index end, auto&& body) {
    Index i = begin;
    if constexpr (together > 1)
      for (; i + together <= end; i += together) body(i, std::integral_constant<int, together>{});
    for (; i < end; ++i) body(i, std::integral_constant<int, 1>{});
  };
  const Index rows = row <= short_row ? energies : together;
  for (Index begin = 0; begin < energies; begin += rows)
    for_each_in_row<flavors>(row, [&](Index at, auto node) {
      visit(at, node,
            [&](auto&& body) { for_range(begin, std::min(begin + rows, energies), body); });
    });
}

}  // namespace nuvlasov::phase_space
