/// \file
/// The algebra of the two-flavor density matrix
///
///     rho = (P0 1 + P.sigma) / 2                                   (Eq. 4)
///
/// stored as the four reals (P0, Px, Py, Pz). Everything that knows about components is here;
/// the rest of the code only loads, adds, scales and multiplies matrices.
/// Equation numbers: Fiorillo, Raffelt and Sigl (2024).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace nuvlasov::flavor {

/// Real numbers per density matrix.
inline constexpr int components = 4;

/// Names of the components, in storage order.
inline constexpr std::array<const char*, components> component_names{"P0", "Px", "Py", "Pz"};

/// One Hermitian 2 x 2 matrix (P0, Px, Py, Pz); adds and scales element by element.
using Matrix [[gnu::vector_size(components * sizeof(double))]] = double;

/// Two matrices side by side: what a register of 512 bits holds.
using MatrixPair [[gnu::vector_size(2 * components * sizeof(double))]] = double;

template <class Matrices = Matrix>
Matrices load(const double* source) {
  Matrices matrices;
  std::memcpy(&matrices, source, sizeof matrices);
  return matrices;
}

template <class Matrices>
void store(double* target, Matrices matrices) {
  std::memcpy(target, &matrices, sizeof matrices);
}

template <class Matrices>
void add_to(double* target, Matrices matrices) {
  store(target, load<Matrices>(target) + matrices);
}

inline Matrix first_of_pair(MatrixPair both) {
  return __builtin_shufflevector(both, both, 0, 1, 2, 3);
}
inline Matrix second_of_pair(MatrixPair both) {
  return __builtin_shufflevector(both, both, 4, 5, 6, 7);
}

/// Tr rho = P0.
inline double trace(Matrix rho) { return rho[0]; }

/// Sum over all four components of a_c b_c = 2 Tr(a b).
inline double twice_trace_of_product(Matrix a, Matrix b) {
  const Matrix product = a * b;
  return (product[0] + product[1]) + (product[2] + product[3]);
}

/// Tr(a b).
inline double trace_of_product(Matrix a, Matrix b) { return 0.5 * twice_trace_of_product(a, b); }

/// Tr rho^2, the purity density.
inline double purity(Matrix rho) { return trace_of_product(rho, rho); }

/// The trace-free part (0, P).
inline Matrix polarization(Matrix rho) {
  rho[0] = 0.0;
  return rho;
}

/// P_a . P_b, the product of two polarization vectors.
inline double polarization_product(Matrix a, Matrix b) {
  return twice_trace_of_product(polarization(a), polarization(b));
}

/// Px_a Px_b + Py_a Py_b, the flavor-coherent part of polarization_product.
inline double transverse_product(Matrix a, Matrix b) { return a[1] * b[1] + a[2] * b[2]; }

/// What stands off the diagonal, the coherence of flavors.
inline Matrix off_diagonal(Matrix rho) {
  rho[0] = 0.0;
  rho[3] = 0.0;
  return rho;
}

/// rho + Tr(rho) 1, the source of refraction in Eq. (17).
inline Matrix with_trace(Matrix rho) {
  rho[0] *= 3.0;
  return rho;
}

/// i [rho, omega] as (0, omega x P), Eq. (6b): the rate of P0 is exactly zero.
inline Matrix precession(Matrix omega, Matrix rho) {
  return Matrix{0.0, omega[2] * rho[3] - omega[3] * rho[2], omega[3] * rho[1] - omega[1] * rho[3],
                omega[1] * rho[2] - omega[2] * rho[1]};
}

/// The Jordan product a o b = {a, b}/2: c0 = (a0 b0 + a.b)/2, c = (a0 b + b0 a)/2.
inline Matrix jordan_product(Matrix a, Matrix b) {
  Matrix product = 0.5 * (a[0] * b + b[0] * a);
  product[0] = trace_of_product(a, b);
  return product;
}

/// Sum of traces Tr(a b), with the horizontal sum left to value() too.
class TraceSum {
 public:
  void add(Matrix a, Matrix b) { sum_ += a * b; }
  double value() const { return 0.5 * ((sum_[0] + sum_[1]) + (sum_[2] + sum_[3])); }

 private:
  Matrix sum_{};
};

/// Number of flavors, and their names in the order of occupations().
inline constexpr int flavors = 2;
inline constexpr std::array<const char*, flavors> flavor_names{"nu_e", "nu_x"};

/// The diagonal of rho in the basis of flavors: (P0 + Pz)/2 and (P0 - Pz)/2.
inline std::array<double, flavors> occupations(Matrix rho) {
  return {0.5 * (rho[0] + rho[3]), 0.5 * (rho[0] - rho[3])};
}

/// |P|.
inline double polarization_length(Matrix rho) { return std::sqrt(polarization_product(rho, rho)); }

/// Spectral radius of rho -> a o rho.
inline double jordan_radius(Matrix a) { return 0.5 * (std::abs(a[0]) + polarization_length(a)); }

/// Both eigenvalues, (P0 -+ |P|)/2, the smaller first.
inline std::array<double, 2> eigenvalues(Matrix rho) {
  const double length = polarization_length(rho);
  return {0.5 * (rho[0] - length), 0.5 * (rho[0] + length)};
}

/// F(x) = -x log x - (1 - x) log(1 - x) of Eq. (S20) and F'(x) = log((1 - x)/x) of Eq. (S21). Zero
/// outside (0, 1), where a truncated Wigner function may stray: what strays is reported by the
/// positivity diagnostics, not clipped away.
struct MixingEntropy {
  double value = 0.0, slope = 0.0;
};

inline MixingEntropy mixing_entropy(double x) {
  if (!(x > 0.0 && x < 1.0)) return {};
  const double log_occupied = std::log(x);
  const double log_empty = std::log1p(-x);
  return {-x * log_occupied - (1.0 - x) * log_empty, log_empty - log_occupied};
}

/// artanh(r)/r - 1 for 0 <= r <= 0.1, to rounding.
inline double artanh_excess(double r) {
  const double square = r * r;
  double sum = 0.0;
  for (int n = 17; n >= 3; n -= 2) sum = square * (1.0 / n + sum);
  return sum;
}

/// The entropy matrix s(rho) of Eq. (S20), and how its trace changes.
struct Entropy {
  std::array<double, 2> eigenvalues;  ///< lambda_1 <= lambda_2 of rho
  Matrix value;                       ///< s(rho)
  Matrix derivative;                  ///< s'(rho): d Tr s(rho) = Tr[s'(rho) d rho]
  Matrix axis;                        ///< P/|P|, or zero
  /// (F'_1 + F'_2)/2 - (F_1 - F_2)/(lambda_1 - lambda_2), by which s'(rho) o d rho exceeds d s(rho)
  /// between different eigenvectors.
  double excess;
};

inline Entropy entropy(Matrix rho) {
  // The excess of -x log x is artanh(r)/r - 1 with r = |P|/P0, that of the empty states the same
  // with 2 - P0. For eigenvalues close to each other it is a difference of rounding errors, and
  // the series is taken.
  constexpr double close = 0.1;
  const double length = polarization_length(rho);
  Entropy entropy{eigenvalues(rho), Matrix{}, Matrix{}, Matrix{}, 0.0};
  const MixingEntropy low = mixing_entropy(entropy.eigenvalues[0]);
  const MixingEntropy high = mixing_entropy(entropy.eigenvalues[1]);
  entropy.value[0] = low.value + high.value;
  entropy.derivative[0] = low.slope + high.slope;
  if (length == 0.0) return entropy;
  entropy.axis = polarization(rho) / length;
  entropy.value += (high.value - low.value) * entropy.axis;
  entropy.derivative += (high.slope - low.slope) * entropy.axis;
  const double filled = rho[0], empty = 2.0 - rho[0];
  entropy.excess = length < close * std::min(filled, empty)
                       ? artanh_excess(length / filled) - artanh_excess(length / empty)
                       : 0.5 * (low.slope + high.slope) - (high.value - low.value) / length;
  return entropy;
}

/// Tr[s'(rho) (x o d)] - Tr[x d s(rho)] for a derivative d of rho: what the bracket of x and rho
/// adds to the entropy. Zero where x commutes with rho.
inline double entropy_remainder(const Entropy& entropy, Matrix x, Matrix d) {
  return 0.5 * entropy.excess *
         (polarization_product(x, d) -
          polarization_product(x, entropy.axis) * polarization_product(d, entropy.axis));
}

/// diag(1, 0), what electrons act on.
inline Matrix electron_projector() { return Matrix{1.0, 0.0, 0.0, 1.0}; }

/// Masses and mixing: nu_e = cos(theta) nu_1 + sin(theta) nu_2.
struct Masses {
  double delta_m2 = 0.0;      ///< m_2^2 - m_1^2 (mu^2); negative: inverted ordering
  double mixing_angle = 0.0;  ///< theta
  bool any() const { return delta_m2 != 0.0; }
};

/// M^2 - Tr(M^2)/2 in the basis of flavors: (delta m^2/2) (sin(2 theta) sigma_x - cos(2 theta)
/// sigma_z). A common mass does nothing to flavor.
inline Matrix mass_matrix(const Masses& masses) {
  return masses.delta_m2 * Matrix{0.0, std::sin(2.0 * masses.mixing_angle), 0.0,
                                  -std::cos(2.0 * masses.mixing_angle)};
}

/// Pz, the difference of the flavors' occupations.
inline double flavor_difference(Matrix rho) { return rho[3]; }

/// A matrix from its occupation (trace), its transverse part psi = Px + i Py and Pz.
inline Matrix from_polarization(double trace, double px, double py, double pz) {
  return Matrix{trace, px, py, pz};
}

/// Rescales the polarization to the length |P| = P0, a pure state; a zero polarization stays.
inline Matrix purified(Matrix rho) {
  const double length = polarization_length(rho);
  if (length == 0.0) return rho;
  Matrix scaled = rho * (rho[0] / length);
  scaled[0] = rho[0];
  return scaled;
}

}  // namespace nuvlasov::flavor
