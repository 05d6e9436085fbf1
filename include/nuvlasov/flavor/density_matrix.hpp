/// \file
/// The algebra of the density matrix of N = 2 or 3 flavors,
///
///     rho = P0 1/N + P.lambda/2                                    (Eq. 4)
///
/// with the Pauli matrices sigma_x, sigma_y, sigma_z of N = 2, or the Gell-Mann matrices lambda_1
/// to lambda_8 of N = 3, stored as the N^2 reals P0 = Tr rho, P_a = Tr(rho lambda_a). Everything
/// that knows about components is in this folder; the rest of the code only loads, adds, scales and
/// multiplies matrices. Equation numbers: Fiorillo, Raffelt and Sigl (2024).
#pragma once

#include <array>
#include <cmath>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "nuvlasov/flavor/structure_constants.hpp"

namespace nuvlasov::flavor {

/// Real numbers per density matrix.
constexpr int components(int flavors) { return flavors * flavors; }

inline constexpr int most_flavors = 3;

/// Calls body(std::integral_constant<int, flavors>): what depends on the number of flavors is
/// compiled for each.
/// \param flavors  2 or 3
template <class Body>
decltype(auto) with_flavors(int flavors, Body&& body) {
  if (flavors == 2) return body(std::integral_constant<int, 2>{});
  return body(std::integral_constant<int, 3>{});
}

namespace detail {

template <int flavors>
struct Storage {
  using Matrix [[gnu::vector_size(4 * sizeof(double))]] = double;
};
template <>
struct Storage<3> {
  // Vectors have powers of two; beyond the ninth number there is zero.
  using Matrix [[gnu::vector_size(16 * sizeof(double))]] = double;
};

}  // namespace detail

/// One Hermitian matrix (P0, P1, ...); adds and scales element by element.
template <int flavors>
using Matrix = typename detail::Storage<flavors>::Matrix;

/// Two matrices of two flavors side by side: what a register of 512 bits holds.
using MatrixPair [[gnu::vector_size(8 * sizeof(double))]] = double;

/// The number of flavors of a Matrix or MatrixPair.
template <class Matrices>
inline constexpr int flavors_of = std::is_same_v<Matrices, Matrix<3>> ? 3 : 2;

/// Numbers of a Matrix or MatrixPair in memory.
template <class Matrices>
inline constexpr int numbers_of = std::is_same_v<Matrices, Matrix<3>>
                                      ? components(3)
                                      : static_cast<int>(sizeof(Matrices) / sizeof(double));

template <class Matrices>
Matrices load(const double* source) {
  Matrices matrices{};
  std::memcpy(&matrices, source, numbers_of<Matrices> * sizeof(double));
  return matrices;
}

template <int flavors>
Matrix<flavors> load(const double* source) {
  return load<Matrix<flavors>>(source);
}

template <class Matrices>
void store(double* target, Matrices matrices) {
  std::memcpy(target, &matrices, numbers_of<Matrices> * sizeof(double));
}

template <class Matrices>
void add_to(double* target, Matrices matrices) {
  store(target, load<Matrices>(target) + matrices);
}

/// The numbers of a matrix of either number of flavors, those that it has first.
using Components = std::array<double, components(most_flavors)>;

template <class Matrices>
Components to_components(Matrices rho) {
  Components all{};
  store(all.data(), rho);
  return all;
}

inline Matrix<2> first_of_pair(MatrixPair both) {
  return __builtin_shufflevector(both, both, 0, 1, 2, 3);
}
inline Matrix<2> second_of_pair(MatrixPair both) {
  return __builtin_shufflevector(both, both, 4, 5, 6, 7);
}

namespace detail {

/// Sum of the components from `first` on.
inline double sum(Matrix<2> a) { return (a[0] + a[1]) + (a[2] + a[3]); }
inline double sum(Matrix<3> a) {
  return ((a[0] + a[1]) + (a[2] + a[3])) + ((a[4] + a[5]) + (a[6] + a[7])) + a[8];
}

}  // namespace detail

/// Tr rho = P0.
template <class M>
double trace(M rho) {
  return rho[0];
}

/// Tr(a b) = a0 b0/N + a.b/2.
template <class M>
double trace_of_product(M a, M b) {
  M product = a * b;
  product[0] *= 2.0 / flavors_of<M>;
  return 0.5 * detail::sum(product);
}

/// Tr rho^2, the purity density.
template <class M>
double purity(M rho) {
  return trace_of_product(rho, rho);
}

/// The trace-free part (0, P).
template <class M>
M polarization(M rho) {
  rho[0] = 0.0;
  return rho;
}

/// P_a . P_b, the product of two polarization vectors.
template <class M>
double polarization_product(M a, M b) {
  return detail::sum(polarization(a) * b);
}

/// What stands off the diagonal, the coherence of flavors.
inline Matrix<2> off_diagonal(Matrix<2> rho) { return Matrix<2>{0.0, rho[1], rho[2], 0.0}; }
inline Matrix<3> off_diagonal(Matrix<3> rho) {
  return Matrix<3>{0.0, rho[1], rho[2], 0.0, rho[4], rho[5], rho[6], rho[7], 0.0};
}

/// The flavor-coherent part of polarization_product, Px_a Px_b + Py_a Py_b for two flavors.
template <class M>
double transverse_product(M a, M b) {
  return detail::sum(off_diagonal(a) * b);
}

/// rho + Tr(rho) 1, the source of refraction in Eq. (17).
template <class M>
M with_trace(M rho) {
  rho[0] *= 1.0 + flavors_of<M>;
  return rho;
}

/// i [rho, omega] as (0, omega x P), Eq. (6b): the rate of P0 is exactly zero.
inline Matrix<2> precession(Matrix<2> omega, Matrix<2> rho) {
  return Matrix<2>{0.0, omega[2] * rho[3] - omega[3] * rho[2],
                   omega[3] * rho[1] - omega[1] * rho[3], omega[1] * rho[2] - omega[2] * rho[1]};
}
inline Matrix<3> precession(Matrix<3> omega, Matrix<3> rho) {
  Matrix<3> rate{};
  add_cross_product(omega, rho, rate);
  return rate;
}

/// The Jordan product a o b = {a, b}/2: c0 = Tr(a b), c = (a0 b + b0 a)/N + (d_abc a_a b_b)/2.
inline Matrix<2> jordan_product(Matrix<2> a, Matrix<2> b) {
  Matrix<2> product = 0.5 * (a[0] * b + b[0] * a);
  product[0] = trace_of_product(a, b);
  return product;
}
inline Matrix<3> jordan_product(Matrix<3> a, Matrix<3> b) {
  Matrix<3> product = 1.0 / 3.0 * (a[0] * b + b[0] * a);
  product[0] = trace_of_product(a, b);
  add_symmetric_product(0.5 * a, b, product);
  return product;
}

/// Sum of traces Tr(a b), with the horizontal sum left to value() too.
template <int flavors>
class TraceSum {
 public:
  void add(Matrix<flavors> a, Matrix<flavors> b) { sum_ += a * b; }
  double value() const {
    Matrix<flavors> sum = sum_;
    sum[0] *= 2.0 / flavors;
    return 0.5 * detail::sum(sum);
  }

 private:
  Matrix<flavors> sum_{};
};

/// Names of the components, in storage order.
std::vector<std::string> component_names(int flavors);

/// Names of the flavors, in the order of occupations().
std::vector<std::string> flavor_names(int flavors);

/// The diagonal of rho in the basis of flavors: (P0 + Pz)/2 and (P0 - Pz)/2 of two.
inline std::array<double, 2> occupations(Matrix<2> rho) {
  return {0.5 * (rho[0] + rho[3]), 0.5 * (rho[0] - rho[3])};
}
inline std::array<double, 3> occupations(Matrix<3> rho) {
  const double mean = rho[0] / 3.0, eighth = rho[8] / std::sqrt(3.0);
  return {mean + 0.5 * (eighth + rho[3]), mean + 0.5 * (eighth - rho[3]), mean - eighth};
}

/// Two flavors, by their numbers in the order of occupations(), first < second.
struct FlavorPair {
  int first = 0, second = 1;
};

/// All pairs there are: the first with each other, then the second.
std::vector<FlavorPair> flavor_pairs(int flavors);

/// The first of the two components P_c, P_c+1 that stand between two flavors a < b: P_c + i P_c+1 =
/// 2 rho_ba.
constexpr int coherence(FlavorPair pair) { return pair.second == 1 ? 1 : 2 * (pair.first + 2); }

/// rho_aa - rho_bb of a pair: Pz of two flavors.
double occupation_difference(const Components& rho, FlavorPair pair);

/// Whether one of a pair of flavors is there, but for rounding: else they cannot be coherent.
bool holds_any(int flavors, const Components& rho, FlavorPair pair);

/// Diagonal in flavor. \param n  occupation of each
template <int flavors>
Matrix<flavors> diagonal(const std::array<double, flavors>& n) {
  if constexpr (flavors == 2)
    return Matrix<2>{n[0] + n[1], 0.0, 0.0, n[0] - n[1]};
  else
    return Matrix<3>{n[0] + n[1] + n[2],
                     0.0,
                     0.0,
                     n[0] - n[1],
                     0.0,
                     0.0,
                     0.0,
                     0.0,
                     (n[0] + n[1] - 2.0 * n[2]) / std::sqrt(3.0)};
}

/// One of a flavor alone, by its number in the order of occupations().
Components unit_occupation(int flavors, std::size_t flavor);

/// diag(1, 0, ...), what electrons act on.
template <int flavors>
Matrix<flavors> electron_projector() {
  return diagonal<flavors>({1.0});
}

}  // namespace nuvlasov::flavor
