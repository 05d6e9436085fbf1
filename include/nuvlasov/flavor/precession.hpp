/// \file
/// Precession and Jordan products of one matrix, or of two of two flavors side by side, as they
/// stand in the state.
///
/// Where a node takes many operations, lanes.hpp is faster; these take few.
#pragma once

#include <array>

#include "nuvlasov/flavor/eigensystem.hpp"

namespace nuvlasov::flavor {

/// A matrix with components (c0, c1, c2, c3) of `m`; of each matrix of a pair.
template <int c0, int c1, int c2, int c3, class Matrices>
Matrices permuted(Matrices m) {
  if constexpr (sizeof(Matrices) == sizeof(Matrix<2>))
    return __builtin_shufflevector(m, m, c0, c1, c2, c3);
  else
    return __builtin_shufflevector(m, m, c0, c1, c2, c3, 4 + c0, 4 + c1, 4 + c2, 4 + c3);
}

/// The polarization turned round, (P0, Py, Pz, Px).
template <class Matrices>
Matrices turned(Matrices rho) {
  return permuted<0, 2, 3, 1>(rho);
}

/// The sum of all four components of a matrix, in all of them.
template <class Matrices>
Matrices spread_sum(Matrices a) {
  const Matrices pairs = a + permuted<1, 0, 3, 2>(a);
  return pairs + permuted<2, 3, 0, 1>(pairs);
}

/// (0, axis x P), Eq. (6b), of one axis without trace and many matrices.
template <class Matrices>
class PrecessionRate {
 public:
  explicit PrecessionRate(const double* axis)
      : axis_(load<Matrices>(axis)), turned_axis_(turned(axis_)) {}
  Matrices axis() const { return axis_; }
  Matrices operator()(Matrices rho) const {
    return turned(axis_ * turned(rho) - turned_axis_ * rho);
  }

 private:
  Matrices axis_, turned_axis_;
};

template <>
class PrecessionRate<Matrix<3>> {
 public:
  explicit PrecessionRate(const double* axis) : axis_(load<3>(axis)) {}
  Matrix<3> operator()(const Matrix<3>& rho) const { return precession(axis_, rho); }

 private:
  Matrix<3> axis_;
};

/// Precession about the axes of several directions, forwards and as an implicit step, as it is
/// made for many matrices. The axes have no trace.
template <class Matrices>
class Precession {
 public:
  /// Numbers of a direction that write() writes, for each component.
  static constexpr int numbers_per_component = 1;

  /// Writes what a direction with `axis` needs besides it: (1, s, s, s) with s = 1/(1 + |axis|^2).
  static void write(Matrix<2> axis, double* numbers) {
    Matrix<2> scale = 1.0 / (1.0 + spread_sum(axis * axis));
    scale[0] = 1.0;
    store(numbers, scale);
  }

  /// \param axes, numbers  of all directions
  /// \param at             position of the first component
  Precession(const double* axes, const double* numbers, std::ptrdiff_t at)
      : turn_(axes + at), scale_(load<Matrices>(numbers + at)) {}

  /// (0, axis x P), Eq. (6b).
  Matrices rate(Matrices rho) const { return turn_(rho); }
  /// (P0, Q) with Q - axis x Q = P.
  Matrices implicit_step(Matrices rho) const {
    return scale_ * (rho + rate(rho) + turn_.axis() * spread_sum(turn_.axis() * rho));
  }

 private:
  PrecessionRate<Matrices> turn_;
  Matrices scale_;
};

template <>
class Precession<Matrix<3>> {
 public:
  static constexpr int numbers_per_component = components(3);

  static void write(const Matrix<3>& axis, double* numbers) {
    write_implicit_precession(axis, numbers);
  }
  Precession(const double* axes, const double* numbers, std::ptrdiff_t at)
      : axis_(load<3>(axes + at)), matrix_(numbers + at * numbers_per_component) {}

  Matrix<3> rate(const Matrix<3>& rho) const { return precession(axis_, rho); }
  Matrix<3> implicit_step(const Matrix<3>& rho) const {
    Matrix<3> result{};
    for (int row = 0; row < components(3); ++row)
      for (int c = 0; c < components(3); ++c)
        result[row] += matrix_[row * components(3) + c] * rho[c];
    return result;
  }

 private:
  Matrix<3> axis_;
  const double* matrix_;
};

/// The sum of Jordan products a_n o b_n, of `count` factors a_n that are the same for many b_n.
template <class Matrices, std::size_t count>
class JordanProducts {
 public:
  explicit JordanProducts(const std::array<Matrices, count>& factors) {
    for (std::size_t n = 0; n < count; ++n) {
      half_[n] = 0.5 * factors[n];
      polarization_[n] = without_trace_of(half_[n]);
      trace_[n] = without_trace_of(permuted<0, 0, 0, 0>(half_[n]));
    }
  }
  template <class MatrixAt>
  Matrices operator()(MatrixAt&& matrix_at) const {
    Matrices products{}, sum{};
    for (std::size_t n = 0; n < count; ++n) {
      const Matrices b = matrix_at(n);
      products += half_[n] * b;
      sum += trace_[n] * b + polarization_[n] * permuted<0, 0, 0, 0>(b);
    }
    return sum + trace_of(spread_sum(products));
  }

 private:
  static Matrices trace_of(Matrices m) {
    if constexpr (sizeof(Matrices) == sizeof(Matrix<2>))
      return __builtin_shufflevector(m, Matrices{}, 0, 4, 4, 4);
    else
      return __builtin_shufflevector(m, Matrices{}, 0, 8, 8, 8, 4, 8, 8, 8);
  }
  static Matrices without_trace_of(Matrices m) { return m - trace_of(m); }

  std::array<Matrices, count> half_{}, polarization_{}, trace_{};
};

template <std::size_t count>
class JordanProducts<Matrix<3>, count> {
 public:
  explicit JordanProducts(const std::array<Matrix<3>, count>& factors) : factors_(factors) {}
  template <class MatrixAt>
  Matrix<3> operator()(MatrixAt&& matrix_at) const {
    Matrix<3> sum{};
    for (std::size_t n = 0; n < count; ++n) sum += jordan_product(factors_[n], matrix_at(n));
    return sum;
  }

 private:
  std::array<Matrix<3>, count> factors_;
};

}  // namespace nuvlasov::flavor
