/// \file
/// The axis in space.
#pragma once

#include <algorithm>
#include <vector>

#include "nuvlasov/phase_space/stencil.hpp"

namespace nuvlasov::phase_space {

/// What is at the ends of the axis.
enum class Boundaries {
  periodic,  ///< each other
  open,      ///< what flows in is prescribed, what flows out leaves
};

/// A uniform axis with the first derivative D_z on it.
///
/// Periodic: cells on [0, length) with nodes at their centres, and central differences. Open: nodes
/// from 0 to length, both included, and differences that sum by parts.
class ZAxis {
 public:
  /// \param length  box length L (1/mu), > 0
  /// \param cells   number of nodes, at least the order + 1; open: at least least_cells()
  /// \param order   order of D_z inside: 2, 4, 6 or, periodic, 8
  ZAxis(double length, Index cells, int order, Boundaries boundaries = Boundaries::periodic);

  double length() const { return length_; }
  Index cells() const { return cells_; }
  bool periodic() const { return boundaries_ == Boundaries::periodic; }
  double spacing() const { return spacing_; }
  double position(Index j) const {
    return (static_cast<double>(j) + (periodic() ? 0.5 : 0.0)) * spacing_;
  }
  /// Of node j in integrals over z, the norm in which D_z is skew-adjoint but for the ends.
  double weight(Index j) const {
    const Index end = from_end(j);
    return end < closure() ? spacing_ * ends_.weights[static_cast<std::size_t>(end)] : spacing_;
  }
  /// The row of D_z at node j.
  const Stencil& stencil(Index j) const {
    if (j < closure()) return ends_.rows[static_cast<std::size_t>(j)];
    if (cells_ - 1 - j < closure()) return upper_rows_[static_cast<std::size_t>(cells_ - 1 - j)];
    return inner_row_;
  }
  /// Rows at each end that are not central differences.
  Index closure() const { return static_cast<Index>(ends_.rows.size()); }
  /// Farthest neighbour in any row.
  int span() const { return span_; }
  /// What an axis needs so that the rows of its ends do not meet.
  Index least_cells() const { return std::max<Index>(derivative_.order() + 1, 2 * closure()); }
  /// The central difference inside.
  const CentralDifference& derivative() const { return derivative_; }
  /// An axis like this one, with the same spacing.
  ZAxis with_cells(Index cells) const;

 private:
  Index from_end(Index j) const { return std::min(j, cells_ - 1 - j); }

  double length_;
  Index cells_;
  Boundaries boundaries_;
  double spacing_;
  CentralDifference derivative_;
  Stencil inner_row_;
  SummationByParts ends_;            ///< empty where periodic
  std::vector<Stencil> upper_rows_;  ///< from the last node on
  int span_;
};

}  // namespace nuvlasov::phase_space
