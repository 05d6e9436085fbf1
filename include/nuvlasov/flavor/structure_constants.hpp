/// \file
/// How the Gell-Mann matrices multiply,
///
///     lambda_a lambda_b = (2/3) delta_ab + (d_abc + i f_abc) lambda_c.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <numbers>

namespace nuvlasov::flavor {

/// One constant, of the matrices numbered from 1.
struct StructureConstant {
  int a, b, c;
  double value;
};

namespace detail {

inline constexpr double root_third = std::numbers::inv_sqrt3;

}  // namespace detail

/// f_abc, a < b < c, those that are not zero; antisymmetric in all indices.
inline constexpr std::array antisymmetric_constants{
    StructureConstant{1, 2, 3, 1.0},
    StructureConstant{1, 4, 7, 0.5},
    StructureConstant{1, 5, 6, -0.5},
    StructureConstant{2, 4, 6, 0.5},
    StructureConstant{2, 5, 7, 0.5},
    StructureConstant{3, 4, 5, 0.5},
    StructureConstant{3, 6, 7, -0.5},
    StructureConstant{4, 5, 8, 0.5 * std::numbers::sqrt3},
    StructureConstant{6, 7, 8, 0.5 * std::numbers::sqrt3}};

/// d_abc, a <= b <= c, those that are not zero; symmetric in all indices.
inline constexpr std::array symmetric_constants{
    StructureConstant{1, 1, 8, detail::root_third},
    StructureConstant{2, 2, 8, detail::root_third},
    StructureConstant{3, 3, 8, detail::root_third},
    StructureConstant{4, 4, 8, -0.5 * detail::root_third},
    StructureConstant{5, 5, 8, -0.5 * detail::root_third},
    StructureConstant{6, 6, 8, -0.5 * detail::root_third},
    StructureConstant{7, 7, 8, -0.5 * detail::root_third},
    StructureConstant{8, 8, 8, -detail::root_third},
    StructureConstant{1, 4, 6, 0.5},
    StructureConstant{1, 5, 7, 0.5},
    StructureConstant{2, 4, 7, -0.5},
    StructureConstant{2, 5, 6, 0.5},
    StructureConstant{3, 4, 4, 0.5},
    StructureConstant{3, 5, 5, 0.5},
    StructureConstant{3, 6, 6, -0.5},
    StructureConstant{3, 7, 7, -0.5}};

/// Adds f_abc x_a y_b to each sum_c. \param x, y, sum  numbers or registers, by component
template <class X, class Y, class Sum>
inline void add_cross_product(const X& x, const Y& y, Sum& sum) {
  for (const auto& [a, b, c, f] : antisymmetric_constants) {
    sum[a] += f * (x[b] * y[c] - x[c] * y[b]);
    sum[b] += f * (x[c] * y[a] - x[a] * y[c]);
    sum[c] += f * (x[a] * y[b] - x[b] * y[a]);
  }
}

/// Adds d_abc x_a y_b to each sum_c.
template <class X, class Y, class Sum>
inline void add_symmetric_product(const X& x, const Y& y, Sum& sum) {
  for (const auto& [a, b, c, d] : symmetric_constants) {
    if (a == b && b == c) {
      sum[c] += d * (x[a] * y[a]);
    } else if (a == b) {
      sum[c] += d * (x[a] * y[a]);
      sum[a] += d * (x[a] * y[c] + x[c] * y[a]);
    } else if (b == c) {
      sum[a] += d * (x[b] * y[b]);
      sum[b] += d * (x[a] * y[b] + x[b] * y[a]);
    } else {
      sum[a] += d * (x[b] * y[c] + x[c] * y[b]);
      sum[b] += d * (x[c] * y[a] + x[a] * y[c]);
      sum[c] += d * (x[a] * y[b] + x[b] * y[a]);
    }
  }
}

/// d_abc of all a, b, c, not only of a <= b <= c.
inline constexpr auto all_symmetric_constants = [] {
  constexpr std::size_t orders_of_three = 6;
  struct {
    std::array<StructureConstant, orders_of_three * symmetric_constants.size()> constants{};
    std::size_t size = 0;
  } all;
  for (const auto& [a, b, c, d] : symmetric_constants) {
    std::array indices{a, b, c};
    do all.constants[all.size++] = {indices[0], indices[1], indices[2], d};
    while (std::next_permutation(indices.begin(), indices.end()));
  }
  return all;
}();

/// Adds d_abc x_a to each element [b][c] of an operator.
template <class X, class Operator>
inline void add_symmetric_operator(const X& x, Operator& sum) {
  for (std::size_t n = 0; n < all_symmetric_constants.size; ++n) {
    const auto& [a, b, c, d] = all_symmetric_constants.constants[n];
    sum[b][c] += d * x[a];
  }
}

}  // namespace nuvlasov::flavor
