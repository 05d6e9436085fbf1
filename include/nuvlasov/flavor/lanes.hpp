/// \file
/// The algebra of density_matrix.hpp on many nodes at once, one register for each component.
///
/// In the state the components of a node stand together. Arithmetic on whole registers without
/// shuffles wants the same component of neighbouring nodes together: a Block.
#pragma once

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "nuvlasov/flavor/density_matrix.hpp"

namespace nuvlasov::flavor {

/// Numbers in a register of the processor that is compiled for.
#if defined(__AVX512F__)
inline constexpr int lanes = 8;
#elif defined(__AVX__)
inline constexpr int lanes = 4;
#else
inline constexpr int lanes = 2;
#endif

/// The same component at `lanes` neighbouring nodes.
using Lanes [[gnu::vector_size(lanes * sizeof(double))]] = double;

/// Which of `lanes` neighbouring nodes a lane of a Block holds, and, the other way around, in which
/// lane a node is: eight are transposed by the cheapest shuffles if the second and the third of
/// four change places.
constexpr int lane_order(int n) { return lanes == 8 ? n / 4 * 4 + n % 2 * 2 + n / 2 % 2 : n; }

/// Matrices at `lanes` neighbouring nodes, component by component, in the order of lane_order().
template <int flavors>
struct Block {
  Lanes component[components(flavors)];
  Lanes& operator[](std::ptrdiff_t c) { return component[c]; }
  const Lanes& operator[](std::ptrdiff_t c) const { return component[c]; }
};

/// Calls body(std::integral_constant<int, n>) for n = 0 .. count - 1: a loop that is written out,
/// lest the compiler keep its registers in memory.
template <int count, class Body>
[[gnu::always_inline]] inline void unrolled(Body&& body) {
  const auto call = [&]<int... n>(std::integer_sequence<int, n...>) __attribute__((always_inline)) {
    (body(std::integral_constant<int, n>{}), ...);
  };
  call(std::make_integer_sequence<int, count>{});
}

/// Numbers in a Block.
template <int flavors>
inline constexpr int block_size = components(flavors) * lanes;

inline Lanes load_lanes(const double* source) {
  Lanes values;
  std::memcpy(&values, source, sizeof values);
  return values;
}
inline void store_lanes(double* target, Lanes values) {
  std::memcpy(target, &values, sizeof values);
}

/// The same, which the compiler takes for something new. What is loaded stays in its register,
/// where it would be read again; a product that another one is added to is rounded, and the other
/// is not.
template <class Register>
[[gnu::always_inline]] inline Register settled(Register values) {
#if defined(__SSE2__)
  if constexpr (sizeof values <= sizeof(Lanes)) asm("" : "+v"(values));
#endif
  return values;
}

/// Whether whole registers from here on can be written past the caches.
inline bool aligned(const double* target) {
  return reinterpret_cast<std::uintptr_t>(target) % sizeof(Lanes) == 0;
}
/// Writes to an aligned place past the caches, which do not read it before. Other processes see it
/// after finish_streams().
inline void stream_lanes(double* target, Lanes values) {
#if defined(__AVX512F__)
  _mm512_stream_pd(target, reinterpret_cast<__m512d>(values));
#elif defined(__AVX__)
  _mm256_stream_pd(target, reinterpret_cast<__m256d>(values));
#elif defined(__SSE2__)
  _mm_stream_pd(target, reinterpret_cast<__m128d>(values));
#else
  store_lanes(target, values);
#endif
}
inline void finish_streams() {
#if defined(__SSE2__)
  _mm_sfence();
#endif
}

/// block_size numbers as they stand in memory.
template <int flavors>
Block<flavors> load_block(const double* source) {
  Block<flavors> block{};
  for (std::ptrdiff_t c = 0; c < components(flavors); ++c)
    block[c] = load_lanes(source + c * lanes);
  return block;
}
template <int flavors>
void store_block(double* target, const Block<flavors>& block) {
  for (std::ptrdiff_t c = 0; c < components(flavors); ++c)
    store_lanes(target + c * lanes, block[c]);
}
template <int flavors>
void stream_block(double* target, const Block<flavors>& block) {
  for (std::ptrdiff_t c = 0; c < components(flavors); ++c)
    stream_lanes(target + c * lanes, block[c]);
}

namespace detail {

/// a0 b0 a2 b2 ..., or a1 b1 a3 b3 ...
template <int odd, int... n>
inline Lanes unpacked(Lanes a, Lanes b, std::integer_sequence<int, n...> /*lane*/) {
  return __builtin_shufflevector(a, b, (n / 2 * 2 + odd + n % 2 * lanes)...);
}
/// Every other of the numbers, or pairs of numbers, of a and b.
template <int of, int odd, int... n>
inline Lanes every_other(Lanes a, Lanes b, std::integer_sequence<int, n...> /*lane*/) {
  return __builtin_shufflevector(a, b, ((2 * (n / of) + odd) * of + n % of)...);
}
/// Pairs of a and b in turn, of the first half of each or of the second.
template <int half, int... n>
inline Lanes pairs_in_turn(Lanes a, Lanes b, std::integer_sequence<int, n...> /*lane*/) {
  return __builtin_shufflevector(a, b,
                                 (half * lanes / 2 + n / 4 * 2 + n % 2 + n / 2 % 2 * lanes)...);
}
template <int... n>
inline Lanes reversed(Lanes a, std::integer_sequence<int, n...> /*lane*/) {
  return __builtin_shufflevector(a, a, (lanes - 1 - n)...);
}
constexpr int lane_of_shifted(int node) {
  return node < 0 || node >= lanes ? lanes : lane_order(node);
}
template <int by, int... n>
inline Lanes shifted(Lanes a, Lanes end, std::integer_sequence<int, n...> /*lane*/) {
  return __builtin_shufflevector(a, end, lane_of_shifted(lane_order(n) + by)...);
}
template <int distance, int... n>
inline Lanes exchanged(Lanes a, std::integer_sequence<int, n...> /*lane*/) {
  return __builtin_shufflevector(a, a, lane_order(lane_order(n) ^ distance)...);
}
using EachLane = std::make_integer_sequence<int, lanes>;

}  // namespace detail

/// Nodes in the reverse order.
inline Lanes reversed(Lanes values) { return detail::reversed(values, detail::EachLane{}); }

/// Node n + by in the place of node n; `end` where there is none.
template <int by>
Lanes shifted(Lanes values, double end) {
  // Less zero: a sum with zero is no copy of -0, so that the compiler would add it.
  return detail::shifted<by>(values, end - Lanes{}, detail::EachLane{});
}

/// Nodes n and n ^ distance in each other's place.
template <int distance>
Lanes exchanged(Lanes values) {
  return detail::exchanged<distance>(values, detail::EachLane{});
}

/// The sum over lanes of each of several registers, `count` a multiple of `lanes`.
template <int count>
class Sums {
 public:
  static_assert(count % lanes == 0);
  Lanes& operator[](int n) { return values_[n]; }
  /// To be called before total().
  void add_lanes() {
    // Neighbours in a register are added, two registers giving one, until a lane is left of each.
    for (int left = count / 2; left * lanes >= count; left /= 2)
      for (int n = 0; n < left; ++n)
        values_[n] =
            detail::every_other<1, 0>(values_[2 * n], values_[2 * n + 1], detail::EachLane{}) +
            detail::every_other<1, 1>(values_[2 * n], values_[2 * n + 1], detail::EachLane{});
    std::memcpy(totals_.data(), values_, sizeof totals_);
  }
  double total(int n) const { return totals_[static_cast<std::size_t>(n)]; }

 private:
  Lanes values_[count]{};
  std::array<double, count> totals_{};
};

/// Component by component what stands node by node.
inline Block<2> by_component(const Block<2>& nodes) {
  using detail::EachLane, detail::every_other, detail::unpacked;
  constexpr EachLane each{};
  if constexpr (lanes == 2)
    return {{unpacked<0>(nodes[0], nodes[2], each), unpacked<1>(nodes[0], nodes[2], each),
             unpacked<0>(nodes[1], nodes[3], each), unpacked<1>(nodes[1], nodes[3], each)}};
  const Lanes first[] = {unpacked<0>(nodes[0], nodes[1], each),
                         unpacked<1>(nodes[0], nodes[1], each)};
  const Lanes last[] = {unpacked<0>(nodes[2], nodes[3], each),
                        unpacked<1>(nodes[2], nodes[3], each)};
  return {{every_other<2, 0>(first[0], last[0], each), every_other<2, 0>(first[1], last[1], each),
           every_other<2, 1>(first[0], last[0], each), every_other<2, 1>(first[1], last[1], each)}};
}

/// The reverse of by_component().
inline Block<2> by_node(const Block<2>& block) {
  using detail::EachLane, detail::pairs_in_turn, detail::unpacked;
  constexpr EachLane each{};
  if constexpr (lanes == 2)
    return {{unpacked<0>(block[0], block[1], each), unpacked<0>(block[2], block[3], each),
             unpacked<1>(block[0], block[1], each), unpacked<1>(block[2], block[3], each)}};
  const Lanes even[] = {pairs_in_turn<0>(block[0], block[2], each),
                        pairs_in_turn<1>(block[0], block[2], each)};
  const Lanes odd[] = {pairs_in_turn<0>(block[1], block[3], each),
                       pairs_in_turn<1>(block[1], block[3], each)};
  return {{unpacked<0>(even[0], odd[0], each), unpacked<1>(even[0], odd[0], each),
           unpacked<0>(even[1], odd[1], each), unpacked<1>(even[1], odd[1], each)}};
}

// Nine components are not a power of 2: through memory.
inline Block<3> by_component(const Block<3>& nodes) {
  alignas(Lanes) double from[block_size<3>], to[block_size<3>];
  store_block(from, nodes);
  for (int c = 0; c < components(3); ++c)
    for (int n = 0; n < lanes; ++n) to[c * lanes + lane_order(n)] = from[n * components(3) + c];
  return load_block<3>(to);
}
inline Block<3> by_node(const Block<3>& block) {
  alignas(Lanes) double from[block_size<3>], to[block_size<3>];
  store_block(from, block);
  for (int n = 0; n < lanes; ++n)
    for (int c = 0; c < components(3); ++c)
      to[n * components(3) + c] = from[c * lanes + lane_order(n)];
  return load_block<3>(to);
}

/// Whole nodes of two flavors as they stand in the state: what a register holds, one at least.
inline constexpr int nodes_width = lanes < components(2) ? components(2) : lanes;
using Nodes [[gnu::vector_size(nodes_width * sizeof(double))]] = double;

inline Nodes load_nodes(const double* source) {
  Nodes values;
  std::memcpy(&values, source, sizeof values);
  return values;
}
inline void store_nodes(double* target, Nodes values) {
  std::memcpy(target, &values, sizeof values);
}
/// The matrix of each node where a register holds one or two.
template <class Register = Nodes>
Register on_nodes(const double* first, const double* last) {
  if constexpr (std::is_same_v<Register, Matrix<2>>)
    return load<2>(first);
  else
    return __builtin_shufflevector(load<2>(first), load<2>(last), 0, 1, 2, 3, 4, 5, 6, 7);
}
/// As stream_lanes().
inline void stream_nodes(double* target, Nodes values) {
  Lanes part;
  for (std::size_t at = 0; at < nodes_width; at += lanes) {
    std::memcpy(&part, reinterpret_cast<const char*>(&values) + at * sizeof(double), sizeof part);
    stream_lanes(target + at, part);
  }
}

namespace detail {

template <int... n>
inline Nodes rotated(Nodes a, std::integer_sequence<int, n...> /*number*/) {
  return __builtin_shufflevector(a, a, (n % 4 == 0 ? n : n / 4 * 4 + n % 4 % 3 + 1)...);
}
template <int... n>
inline Nodes without_trace(Nodes a, std::integer_sequence<int, n...> /*number*/) {
  return __builtin_shufflevector(a, Nodes{}, (n % 4 == 0 ? nodes_width + n : n)...);
}
using EachNumber = std::make_integer_sequence<int, nodes_width>;

}  // namespace detail

/// (P0, P2, P3, P1) of each node.
inline Nodes rotated(Nodes values) { return detail::rotated(values, detail::EachNumber{}); }
/// (0, P1, P2, P3) of each node.
inline Nodes without_trace(Nodes values) {
  return detail::without_trace(values, detail::EachNumber{});
}

/// The axis of a precession, ready for many nodes.
struct NodesAxis {
  Nodes axis{}, rotated_axis{};
  NodesAxis() = default;
  explicit NodesAxis(Nodes omega) : axis(without_trace(omega)), rotated_axis(rotated(axis)) {}
  /// The axis of `axes[0]` + v `axes[1]`.
  NodesAxis(const std::array<NodesAxis, 2>& axes, Nodes v)
      : axis(axes[0].axis + v * axes[1].axis),
        rotated_axis(axes[0].rotated_axis + v * axes[1].rotated_axis) {}
};
/// (0, axis x P), Eq. (6b); the trace of what it is made of is not read.
inline Nodes precession(const NodesAxis& axis, Nodes rho) {
  return rotated(settled(axis.axis * rotated(rho)) - axis.rotated_axis * rho);
}

/// Adds a o b, given a/2, a Block or one Matrix for all nodes.
template <class Matrices>
void add_jordan_product(const Matrices& half_a, const Block<2>& b, Block<2>& sum) {
  sum[0] += half_a[0] * b[0];
  for (int c = 1; c < components(2); ++c) {
    sum[0] += half_a[c] * b[c];
    sum[c] += half_a[0] * b[c];
    sum[c] += half_a[c] * b[0];
  }
}
template <class Matrices>
void add_jordan_product(const Matrices& half_a, const Block<3>& b, Block<3>& sum) {
  const auto by_a0 = 2.0 / 3.0 * half_a[0];
  const Lanes by_b0 = 2.0 / 3.0 * b[0];
  sum[0] += by_a0 * b[0];
  for (int c = 1; c < components(3); ++c) {
    sum[0] += half_a[c] * b[c];
    sum[c] += by_a0 * b[c];
    sum[c] += half_a[c] * by_b0;
  }
  add_symmetric_product(half_a, b, sum);
}

/// One matrix that multiplies many Blocks: a/2 as it is for two flavors; for three the operator
/// b -> a o b, which takes 81 products where the structure constants take twice as many.
template <int flavors>
struct Multiplier;

template <>
struct Multiplier<2> {
  Matrix<2> half_a{};
  Multiplier() = default;
  explicit Multiplier(const Matrix<2>& half) : half_a(half) {}
};
inline void add_jordan_product(const Multiplier<2>& a, const Block<2>& b, Block<2>& sum) {
  add_jordan_product(a.half_a, b, sum);
}

template <>
struct Multiplier<3> {
  std::array<std::array<double, components(3)>, components(3)> element{};  ///< [b][c]
  Multiplier() = default;
  explicit Multiplier(const Matrix<3>& half_a) {
    element[0][0] = 2.0 / 3.0 * half_a[0];
    for (int c = 1; c < components(3); ++c) {
      element[c][c] = 2.0 / 3.0 * half_a[0];
      element[0][c] = 2.0 / 3.0 * half_a[c];
      element[c][0] = half_a[c];
    }
    add_symmetric_operator(half_a, element);
  }
};
[[gnu::always_inline]] inline void add_jordan_product(const Multiplier<3>& a, const Block<3>& b,
                                                      Block<3>& sum) {
  for (int from = 0; from < components(3); ++from)
    for (int to = 0; to < components(3); ++to) sum[to] += a.element[from][to] * b[from];
}

/// Adds (0, axis x P), Eq. (6b); the first component of `axis` is not read.
inline void add_precession(const Block<2>& axis, const Block<2>& rho, Block<2>& sum) {
  sum[1] += axis[2] * rho[3] - axis[3] * rho[2];
  sum[2] += axis[3] * rho[1] - axis[1] * rho[3];
  sum[3] += axis[1] * rho[2] - axis[2] * rho[1];
}
inline void add_precession(const Block<3>& axis, const Block<3>& rho, Block<3>& sum) {
  add_cross_product(axis, rho, sum);
}
/// The same alone.
inline Block<2> precession(const Block<2>& axis, const Block<2>& rho) {
  return {{Lanes{}, axis[2] * rho[3] - axis[3] * rho[2], axis[3] * rho[1] - axis[1] * rho[3],
           axis[1] * rho[2] - axis[2] * rho[1]}};
}
inline Block<3> precession(const Block<3>& axis, const Block<3>& rho) {
  Block<3> rate{};
  add_cross_product(axis, rho, rate);
  return rate;
}

}  // namespace nuvlasov::flavor
