/// \file
/// Linear theory of small transverse polarizations on a homogeneous background.
///
/// The background is diagonal in flavor: P^z_k in direction v_k, integrated over energy, with the
/// weights w_k of sums over directions, and the signs s_k = +1 of neutrinos and -1 of
/// antineutrinos: sums are over w_k s_k, here written w_k, and s_k w_k P^z_k is what the spectrum
/// of the lepton number is made of. For psi_k = Px + i Py ~ exp(i(k z - Omega t)), Eq. (6)
/// linearised is the eigenvalue problem M psi = Omega psi of the real matrix
///
///     M_kl = (k v_k - omega_z(v_k)) delta_kl + P^z_k w_l (1 - v_k v_l),
///     omega_z(v) = sum_l w_l (1 - v v_l) P^z_l.
///
/// Re Omega is the frequency and Im Omega the growth rate. Lengths and times are in 1/mu.
///
/// With energies resolved, psi_k is the integral over them. The standard equation does not couple
/// energies: the eigenmode is f(E) psi_k for a spectrum f. In full mode the weak force adds
/// (v_k/2) P0_k f'(E) d_z omega to it. On frozen directions that has no integral over energy, so
/// that Omega and the integrated psi_k are the same; only the shape in energy changes, for
/// |P^z| = P0 to f(E) -+ (k v_k/2) f'(E). In spherical geometry the terms with 1/E change Omega by
/// a fraction of about k/E.
#pragma once

#include <complex>
#include <optional>
#include <vector>

#include "nuvlasov/phase_space/momentum_grid.hpp"

namespace nuvlasov::stability {

/// psi_k of all directions.
using Eigenvector = std::vector<std::complex<double>>;

class LinearStability {
 public:
  /// \param grid          directions and their weights
  /// \param polarization  P^z_k, integrated over energy
  /// \throws std::invalid_argument when the couplings are not finite, or not one for each direction
  LinearStability(const phase_space::MomentumGrid& grid, std::vector<double> polarization);

  Index directions() const { return static_cast<Index>(v_.size()); }
  const std::vector<double>& polarization() const { return polarization_; }
  /// sum_k |w_k P^z_k|, the scale of all rates (mu).
  double coupling() const { return coupling_; }

  /// M of wave number k, row after row.
  std::vector<double> matrix(double k) const;

  /// All Omega of wave number k, the fastest-growing first, at equal growth the lowest frequency
  /// first. \throws NumericalError when LAPACK finds no eigenvalues
  std::vector<std::complex<double>> frequencies(double k) const;

  /// Whether Im Omega is more than rounding makes of a double real eigenvalue,
  /// 10 sqrt(epsilon) (|k| + 2 coupling()).
  bool grows(double k, std::complex<double> omega) const;

  /// Omega of the fastest-growing mode of wave number k, if any grows.
  std::optional<std::complex<double>> fastest(double k) const;

  /// The eigenvector of a growing mode, Im Omega > 0. Its moments are
  ///
  ///     sum_k w_k psi_k = 2 k,   sum_k w_k v_k psi_k = 2 Omega,
  ///
  /// which fixes size and phase, and is Eq. (10) with alpha_k = 1 on two opposite beams. (All modes
  /// have Omega sum_k w_k psi_k = k sum_k w_k v_k psi_k, by conservation of flavor.) In closed form
  ///
  ///     psi_k = 2 P^z_k (k - v_k Omega)/(Omega - k v_k + omega_z(v_k)).
  Eigenvector eigenvector(double k, std::complex<double> omega) const;

  /// (sum_k w_k |psi_k|^2 / sum_k w_k)^(1/2).
  double root_mean_square(const Eigenvector& psi) const;

 private:
  std::vector<double> v_, w_, polarization_;
  std::vector<double> net_;         ///< s_k w_k
  std::vector<double> precession_;  ///< omega_z of each direction
  double coupling_ = 0.0;
};

}  // namespace nuvlasov::stability
