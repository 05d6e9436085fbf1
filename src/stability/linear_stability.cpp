#include "nuvlasov/stability/linear_stability.hpp"

#include <fmt/format.h>
#include <petscsys.h>

#include <petscblaslapack.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <type_traits>

#include "nuvlasov/errors.hpp"

namespace nuvlasov::stability {
namespace {

static_assert(std::is_same_v<PetscScalar, double>, "LAPACKgeev_ must be dgeev");

using Complex = std::complex<double>;

/// Rounding splits a double real eigenvalue into a complex pair whose imaginary part is about the
/// square root of epsilon, on the scale of the matrix.
const double resolution = 10.0 * std::sqrt(std::numeric_limits<double>::epsilon());

bool grows_faster(const Complex& a, const Complex& b) {
  return a.imag() != b.imag() ? a.imag() > b.imag() : a.real() < b.real();
}

}  // namespace

LinearStability::LinearStability(const phase_space::MomentumGrid& grid,
                                 std::vector<double> polarization)
    : v_(grid.directions()), w_(grid.weights()), polarization_(std::move(polarization)) {
  if (polarization_.size() != v_.size())
    throw std::invalid_argument("a background needs one polarization for each direction");
  for (std::size_t l = 0; l < v_.size(); ++l) net_.push_back(grid.signs()[l] * w_[l]);
  double density = 0.0;
  double current = 0.0;
  for (std::size_t l = 0; l < v_.size(); ++l) {
    density += net_[l] * polarization_[l];
    current += net_[l] * v_[l] * polarization_[l];
    coupling_ += w_[l] * std::abs(polarization_[l]);
  }
  if (!std::isfinite(coupling_))
    throw std::invalid_argument("the polarizations of the background are too large to be added");
  for (const double v : v_) precession_.push_back(density - v * current);
}

std::vector<double> LinearStability::matrix(double k) const {
  const std::size_t n = v_.size();
  std::vector<double> m;
  m.reserve(n * n);
  for (std::size_t r = 0; r < n; ++r)
    for (std::size_t l = 0; l < n; ++l)
      m.push_back((r == l ? k * v_[r] - precession_[r] : 0.0) +
                  polarization_[r] * net_[l] * (1.0 - v_[r] * v_[l]));
  return m;
}

std::vector<Complex> LinearStability::frequencies(double k) const {
  // LAPACK takes the rows for columns: the transpose has the same eigenvalues.
  std::vector<double> m = matrix(k);
  const auto n = static_cast<PetscBLASInt>(v_.size());
  const PetscBLASInt one = 1;
  PetscBLASInt work_size = -1;
  PetscBLASInt failed = 0;
  double best_work_size = 0.0;
  std::vector<double> real(v_.size()), imaginary(v_.size()), work;
  const auto solve = [&](double* workspace) {
    LAPACKgeev_("N", "N", &n, m.data(), &n, real.data(), imaginary.data(), nullptr, &one, nullptr,
                &one, workspace, &work_size, &failed);
  };
  solve(&best_work_size);
  work_size = static_cast<PetscBLASInt>(best_work_size);
  work.resize(static_cast<std::size_t>(work_size));
  solve(work.data());
  if (failed != 0)
    throw NumericalError(fmt::format("LAPACK finds no eigenvalues at wave number {:g}", k));
  std::vector<Complex> omega;
  for (std::size_t r = 0; r < v_.size(); ++r) omega.emplace_back(real[r], imaginary[r]);
  std::sort(omega.begin(), omega.end(), grows_faster);
  return omega;
}

bool LinearStability::grows(double k, Complex omega) const {
  return omega.imag() > resolution * (std::abs(k) + 2.0 * coupling_);
}

std::optional<Complex> LinearStability::fastest(double k) const {
  const Complex omega = frequencies(k).front();
  if (!grows(k, omega)) return std::nullopt;
  return omega;
}

Eigenvector LinearStability::eigenvector(double k, Complex omega) const {
  Eigenvector psi;
  for (std::size_t r = 0; r < v_.size(); ++r)
    psi.push_back(2.0 * polarization_[r] * (k - v_[r] * omega) /
                  (omega - k * v_[r] + precession_[r]));
  return psi;
}

double LinearStability::root_mean_square(const Eigenvector& psi) const {
  double squares = 0.0;
  double weights = 0.0;
  for (std::size_t r = 0; r < w_.size(); ++r) {
    squares += w_[r] * std::norm(psi[r]);
    weights += w_[r];
  }
  return std::sqrt(squares / weights);
}

}  // namespace nuvlasov::stability
