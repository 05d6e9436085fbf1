/// \file
/// The inverse of an implicit step of streaming, (1 + h v D_z)^-1, as a sum over planes.
#pragma once

#include <vector>

#include "nuvlasov/phase_space/aligned.hpp"
#include "nuvlasov/phase_space/central_difference.hpp"

namespace nuvlasov::time {

/// On an axis without end (G f)_j = sum_m g_m f_{j+m} with -reach() <= m <= reach(), constants
/// being what they are to rounding. The g_m leave least of waves exp(i m theta): of 1 - (1 + i h v
/// k(theta)) sum_m g_m exp(i m theta), k being their modified wave number in D_z, the sum of
/// squares, in which long waves count most. |g_m| falls exponentially, the slower the larger h |v|
/// k is; G ends where nothing more is left of any wave than `largest_error`. H is fitted alike, to
/// G^2 - G. Each plane takes the same operations on any split.
class StreamingInverse {
 public:
  static constexpr double largest_error = 0.003;
  /// Planes on each side at most: enough for h |v| k up to 2.4. (At the explicit limit it is 1.4.)
  static constexpr Index max_reach = 24;

  StreamingInverse() = default;
  /// \param speeds      v of each direction
  /// \param components  of a density matrix
  StreamingInverse(const phase_space::CentralDifference& derivative, double h,
                   const std::vector<double>& speeds, int components);

  Index reach() const { return reach_; }
  /// g_m of each direction, -reach() <= m <= reach(), for each component: [direction][component].
  const double* weights(Index m) const { return weights_.data() + (reach_ + m) * row_; }
  /// The same of H.
  const double* changes(Index m) const { return changes_.data() + (reach_ + m) * row_; }

 private:
  Index reach_ = 0, row_ = 0;
  phase_space::Numbers weights_, changes_;
};

}  // namespace nuvlasov::time
