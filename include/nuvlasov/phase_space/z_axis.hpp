/// \file
/// The periodic axis in space.
#pragma once

#include "nuvlasov/phase_space/central_difference.hpp"

namespace nuvlasov::phase_space {

/// Uniform cells on [0, length), periodic; nodes at cell centres.
class ZAxis {
 public:
  /// \param length  box length L (1/mu), > 0
  /// \param cells   number of cells, at least the order + 1
  /// \param order   order of D_z: 2, 4, 6 or 8
  ZAxis(double length, Index cells, int order)
      : length_(length), cells_(cells), derivative_(order, spacing()) {}

  double length() const { return length_; }
  Index cells() const { return cells_; }
  double spacing() const { return length_ / static_cast<double>(cells_); }
  double position(Index j) const { return (static_cast<double>(j) + 0.5) * spacing(); }
  const CentralDifference& derivative() const { return derivative_; }

 private:
  double length_;
  Index cells_;
  CentralDifference derivative_;
};

}  // namespace nuvlasov::phase_space
