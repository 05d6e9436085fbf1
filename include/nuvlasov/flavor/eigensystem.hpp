/// \file
/// Eigenvalues of density matrices, and what follows from them: radii, pure states, entropy.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>

#include "nuvlasov/flavor/density_matrix.hpp"

namespace nuvlasov::flavor {

/// |P|.
template <class M>
double polarization_length(M rho) {
  return std::sqrt(polarization_product(rho, rho));
}

/// All eigenvalues, the smallest first: (P0 -+ |P|)/2 of two flavors.
inline std::array<double, 2> eigenvalues(Matrix<2> rho) {
  const double length = polarization_length(rho);
  return {0.5 * (rho[0] - length), 0.5 * (rho[0] + length)};
}
std::array<double, 3> eigenvalues(const Matrix<3>& rho);

/// Largest frequency of rho -> i [rho, omega], the largest difference of eigenvalues: |P| of two
/// flavors.
inline double precession_frequency(Matrix<2> omega) { return polarization_length(omega); }
inline double precession_frequency(const Matrix<3>& omega) {
  const auto values = eigenvalues(omega);
  return values.back() - values.front();
}

/// Spectral radius of rho -> a o rho, the largest |eigenvalue| of a.
inline double jordan_radius(Matrix<2> a) { return 0.5 * (std::abs(a[0]) + polarization_length(a)); }
inline double jordan_radius(const Matrix<3>& a) {
  const auto values = eigenvalues(a);
  return std::max(std::abs(values.front()), std::abs(values.back()));
}

/// The pure state of the same trace nearest to rho: of two flavors, with |P| = P0. A matrix without
/// polarization stays.
Matrix<2> purified(Matrix<2> rho);
Matrix<3> purified(const Matrix<3>& rho);

/// F(x) = -x log x - (1 - x) log(1 - x) of Eq. (S20) and F'(x) = log((1 - x)/x) of Eq. (S21). Zero
/// outside (0, 1), where a truncated Wigner function may stray: what strays is reported by the
/// positivity diagnostics, not clipped away.
struct MixingEntropy {
  double value = 0.0, slope = 0.0;
};
MixingEntropy mixing_entropy(double x);

/// The entropy matrix s(rho) of Eq. (S20), F of the eigenvalues, and how its trace changes.
template <int flavors>
struct Entropy;

template <>
struct Entropy<2> {
  std::array<double, 2> eigenvalues{};  ///< lambda_1 <= lambda_2 of rho
  Matrix<2> value{};                    ///< s(rho)
  Matrix<2> derivative{};               ///< s'(rho): d Tr s(rho) = Tr[s'(rho) d rho]
  Matrix<2> axis{};                     ///< P/|P|, or zero
  /// (F'_1 + F'_2)/2 - (F_1 - F_2)/(lambda_1 - lambda_2), by which s'(rho) o d rho exceeds d s(rho)
  /// between different eigenvectors.
  double excess = 0.0;
};

template <>
struct Entropy<3> {
  std::array<double, 3> eigenvalues{};
  Matrix<3> value{}, derivative{};
  std::array<std::array<std::complex<double>, 3>, 3> eigenvectors{};  ///< [component][eigenvalue]
  std::array<std::array<double, 3>, 3> excess{};                      ///< of each two eigenvectors
};

Entropy<2> entropy(Matrix<2> rho);
Entropy<3> entropy(const Matrix<3>& rho);

/// Tr[s'(rho) (x o d)] - Tr[x d s(rho)] for a derivative d of rho: what the bracket of x and rho
/// adds to the entropy. Zero where x commutes with rho.
inline double entropy_remainder(const Entropy<2>& entropy, Matrix<2> x, Matrix<2> d) {
  return 0.5 * entropy.excess *
         (polarization_product(x, d) -
          polarization_product(x, entropy.axis) * polarization_product(d, entropy.axis));
}
double entropy_remainder(const Entropy<3>& entropy, const Matrix<3>& x, const Matrix<3>& d);

/// The matrix of P -> Q with Q - axis x Q = P, an implicit step of precession, row by row, with the
/// first component kept. The axis has no trace.
void write_implicit_precession(const Matrix<3>& axis, double* matrix);

}  // namespace nuvlasov::flavor
