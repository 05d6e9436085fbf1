/// \file
/// Central differences on a uniform axis: exactly skew-adjoint, of order 2, 4, 6 or 8.
#pragma once

#include <array>
#include <cstdint>
#include <stdexcept>
#include <type_traits>

namespace nuvlasov {

/// Node numbers and counts; 64 bits whatever PetscInt is.
using Index = std::int64_t;

}  // namespace nuvlasov

namespace nuvlasov::phase_space {

/// (D f)_i = sum_{m=1}^{reach} weight(m) (f_{i+m} - f_{i-m}).
class CentralDifference {
 public:
  static constexpr int max_reach = 4;

  /// \param order    2, 4, 6 or 8
  /// \param spacing  distance of neighbouring nodes, > 0
  /// \throws std::invalid_argument for another order
  CentralDifference(int order, double spacing);

  int order() const { return 2 * reach_; }
  /// Neighbours used on each side.
  int reach() const { return reach_; }
  /// Coefficient of f_{i+m} - f_{i-m}, with the spacing divided out; m = 1 .. reach.
  double weight(int m) const { return weights_[static_cast<std::size_t>(m - 1)]; }
  /// (D f) at the node that value_at(m) counts from.
  template <class ValueAt>
  auto apply(ValueAt&& value_at) const {
    decltype(value_at(1) - value_at(-1)) sum{};
    for (int m = 1; m <= reach_; ++m) sum += weight(m) * (value_at(m) - value_at(-m));
    return sum;
  }
  /// Largest |eigenvalue| on a periodic axis: the largest wave number the difference can return.
  double largest_wave_number() const { return largest_wave_number_; }
  /// The wave number the difference returns for exp(i k x).
  double modified_wave_number(double k) const;

 private:
  int reach_;
  double spacing_;
  std::array<double, max_reach> weights_{};
  double largest_wave_number_;
};

/// Calls `body(std::integral_constant<int, reach>)`, so that loops over a stencil unroll.
template <class Body>
decltype(auto) with_static_reach(int reach, Body&& body) {
  switch (reach) {
    case 1:
      return body(std::integral_constant<int, 1>{});
    case 2:
      return body(std::integral_constant<int, 2>{});
    case 3:
      return body(std::integral_constant<int, 3>{});
    case 4:
      return body(std::integral_constant<int, 4>{});
    default:
      throw std::invalid_argument("a central difference reaches 1 to 4 nodes");
  }
}

}  // namespace nuvlasov::phase_space
