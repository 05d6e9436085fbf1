#include "nuvlasov/flavor/eigensystem.hpp"

// Matrices of this size gain nothing from it, and g++ 12 takes its registers for uninitialized.
#define EIGEN_DONT_VECTORIZE
#include <Eigen/Dense>

namespace nuvlasov::flavor {
namespace {

using Dense = Eigen::Matrix3cd;
using Solver = Eigen::SelfAdjointEigenSolver<Dense>;

Dense dense(const Matrix<3>& rho) {
  const auto diagonal = occupations(rho);
  Dense m;
  for (int a = 0; a < 3; ++a) m(a, a) = diagonal[static_cast<std::size_t>(a)];
  for (const FlavorPair pair : {FlavorPair{0, 1}, FlavorPair{0, 2}, FlavorPair{1, 2}}) {
    const int c = coherence(pair);
    m(pair.second, pair.first) = 0.5 * std::complex(rho[c], rho[c + 1]);
    m(pair.first, pair.second) = std::conj(m(pair.second, pair.first));
  }
  return m;
}

Matrix<3> matrix(const Dense& m) {
  Matrix<3> rho = diagonal<3>({m(0, 0).real(), m(1, 1).real(), m(2, 2).real()});
  for (const FlavorPair pair : {FlavorPair{0, 1}, FlavorPair{0, 2}, FlavorPair{1, 2}}) {
    rho[coherence(pair)] = 2.0 * m(pair.second, pair.first).real();
    rho[coherence(pair) + 1] = 2.0 * m(pair.second, pair.first).imag();
  }
  return rho;
}

std::array<double, 3> ascending(const Eigen::Vector3d& values) {
  return {values[0], values[1], values[2]};
}

/// artanh(r)/r - 1 for 0 <= r <= 0.1, to rounding.
double artanh_excess(double r) {
  const double square = r * r;
  double sum = 0.0;
  for (int n = 17; n >= 3; n -= 2) sum = square * (1.0 / n + sum);
  return sum;
}

/// (F'_1 + F'_2)/2 - (F_1 - F_2)/(lambda_1 - lambda_2).
/// \param filled  lambda_1 + lambda_2
/// \param length  lambda_2 - lambda_1 > 0
double entropy_excess(double filled, double length, const MixingEntropy& low,
                      const MixingEntropy& high) {
  // The excess of -x log x is artanh(r)/r - 1 with r = length/filled, that of the empty states the
  // same with 2 - filled. For eigenvalues close to each other it is a difference of rounding
  // errors, and the series is taken.
  constexpr double close = 0.1;
  const double empty = 2.0 - filled;
  return length < close * std::min(filled, empty)
             ? artanh_excess(length / filled) - artanh_excess(length / empty)
             : 0.5 * (low.slope + high.slope) - (high.value - low.value) / length;
}

}  // namespace

MixingEntropy mixing_entropy(double x) {
  if (!(x > 0.0 && x < 1.0)) return {};
  const double log_occupied = std::log(x);
  const double log_empty = std::log1p(-x);
  return {-x * log_occupied - (1.0 - x) * log_empty, log_empty - log_occupied};
}

std::array<double, 3> eigenvalues(const Matrix<3>& rho) {
  return ascending(Solver(dense(rho), Eigen::EigenvaluesOnly).eigenvalues());
}

Matrix<2> purified(Matrix<2> rho) {
  const double length = polarization_length(rho);
  if (length == 0.0) return rho;
  Matrix<2> scaled = rho * (rho[0] / length);
  scaled[0] = rho[0];
  return scaled;
}

Matrix<3> purified(const Matrix<3>& rho) {
  if (polarization_length(rho) == 0.0) return rho;
  const Eigen::Vector3cd largest = Solver(dense(rho)).eigenvectors().col(2);
  return trace(rho) * matrix(largest * largest.adjoint());
}

Entropy<2> entropy(Matrix<2> rho) {
  const double length = polarization_length(rho);
  Entropy<2> entropy;
  entropy.eigenvalues = eigenvalues(rho);
  const MixingEntropy low = mixing_entropy(entropy.eigenvalues[0]);
  const MixingEntropy high = mixing_entropy(entropy.eigenvalues[1]);
  entropy.value[0] = low.value + high.value;
  entropy.derivative[0] = low.slope + high.slope;
  if (length == 0.0) return entropy;
  entropy.axis = polarization(rho) / length;
  entropy.value += (high.value - low.value) * entropy.axis;
  entropy.derivative += (high.slope - low.slope) * entropy.axis;
  entropy.excess = entropy_excess(rho[0], length, low, high);
  return entropy;
}

Entropy<3> entropy(const Matrix<3>& rho) {
  const Solver solver(dense(rho));
  const Dense& vectors = solver.eigenvectors();
  Entropy<3> entropy;
  entropy.eigenvalues = ascending(solver.eigenvalues());
  std::array<MixingEntropy, 3> of{};
  Eigen::Vector3d values, slopes;
  for (std::size_t i = 0; i < 3; ++i) {
    of[i] = mixing_entropy(entropy.eigenvalues[i]);
    values[static_cast<Eigen::Index>(i)] = of[i].value;
    slopes[static_cast<Eigen::Index>(i)] = of[i].slope;
    for (std::size_t a = 0; a < 3; ++a)
      entropy.eigenvectors[a][i] =
          vectors(static_cast<Eigen::Index>(a), static_cast<Eigen::Index>(i));
  }
  entropy.value = matrix(vectors * values.asDiagonal() * vectors.adjoint());
  entropy.derivative = matrix(vectors * slopes.asDiagonal() * vectors.adjoint());
  for (std::size_t j = 0; j < 3; ++j)
    for (std::size_t i = 0; i < j; ++i) {
      const double low = entropy.eigenvalues[i], high = entropy.eigenvalues[j];
      if (high > low)
        entropy.excess[i][j] = entropy.excess[j][i] =
            entropy_excess(low + high, high - low, of[i], of[j]);
    }
  return entropy;
}

double entropy_remainder(const Entropy<3>& entropy, const Matrix<3>& x, const Matrix<3>& d) {
  Dense vectors;
  for (Eigen::Index a = 0; a < 3; ++a)
    for (Eigen::Index i = 0; i < 3; ++i)
      vectors(a, i) =
          entropy.eigenvectors[static_cast<std::size_t>(a)][static_cast<std::size_t>(i)];
  const Dense of_x = vectors.adjoint() * dense(x) * vectors;
  const Dense of_d = vectors.adjoint() * dense(d) * vectors;
  double sum = 0.0;
  for (Eigen::Index j = 0; j < 3; ++j)
    for (Eigen::Index i = 0; i < j; ++i)
      sum += 2.0 * entropy.excess[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)] *
             (of_x(j, i) * of_d(i, j)).real();
  return sum;
}

void write_implicit_precession(const Matrix<3>& axis, double* matrix) {
  constexpr int n = components(3);
  using Square = Eigen::Matrix<double, n, n, Eigen::RowMajor>;
  Square forward = Square::Identity();
  for (int c = 1; c < n; ++c) {
    Matrix<3> unit{};
    unit[c] = 1.0;
    const Matrix<3> turned = precession(axis, unit);
    for (int row = 1; row < n; ++row) forward(row, c) -= turned[row];
  }
  Eigen::Map<Square> target(matrix);
  target = forward.inverse();
}

}  // namespace nuvlasov::flavor
