/// \file
/// The inverse of an implicit step of streaming, (1 + h v D_z)^-1, as a sum over planes.
#pragma once

#include <vector>

#include "nuvlasov/phase_space/aligned.hpp"
#include "nuvlasov/phase_space/z_axis.hpp"

namespace nuvlasov::time {

/// On an axis without end (G f)_j = sum_m g_m f_{j+m} with -reach() <= m <= reach(), constants
/// being what they are to rounding. The g_m leave least of waves exp(i m theta): of 1 - (1 + i h v
/// k(theta)) sum_m g_m exp(i m theta), k being their modified wave number in D_z, the sum of
/// squares, in which long waves count most. |g_m| falls exponentially, the slower the larger h |v|
/// k is; G ends where nothing more is left of any wave than `largest_error`. H is fitted alike, to
/// G^2 - G. Planes next to an open end have weights of their own, of the inverse with the rows of
/// D_z and the inflow there (inflow.hpp). Each plane takes the same operations on any split.
class StreamingInverse {
 public:
  static constexpr double largest_error = 0.003;
  /// Planes on each side at most: enough for h |v| k up to 2.6. (At the explicit limit it is 1.4.)
  static constexpr Index max_reach = 28;

  StreamingInverse() = default;
  /// \param speeds      v of each direction
  /// \param components  of a density matrix
  StreamingInverse(const phase_space::ZAxis& z, double h, const std::vector<double>& speeds,
                   int components);

  Index reach() const { return reach_; }
  /// g_m of each direction at plane j of the axis, -reach() <= m <= reach(), for each component:
  /// [direction][component].
  const double* weights(Index j, Index m) const { return weights_.data() + at(j, m); }
  /// The same of H.
  const double* changes(Index j, Index m) const { return changes_.data() + at(j, m); }

 private:
  /// Rows of weights: that of all planes inside, those from the first plane on, from the last one.
  Index at(Index j, Index m) const {
    const Index behind = last_ - j;
    const Index row = j < near_ends_ && j <= behind ? 1 + j
                      : behind < near_ends_         ? 1 + near_ends_ + behind
                                                    : 0;
    return (row * (2 * reach_ + 1) + reach_ + m) * row_;
  }

  Index reach_ = 0, row_ = 0;
  Index last_ = 0, near_ends_ = 0;  ///< plane; planes at each end with weights of their own
  phase_space::Numbers weights_, changes_;
};

}  // namespace nuvlasov::time
