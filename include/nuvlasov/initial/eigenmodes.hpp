/// \file
/// Growing eigenmodes of the linear theory as the transverse part of an initial state.
#pragma once

#include <complex>
#include <vector>

#include "nuvlasov/initial/seeds.hpp"
#include "nuvlasov/stability/dispersion.hpp"

namespace nuvlasov::initial {

/// psi_k exp(i q z) of all directions k, for wave number q.
struct PlaneWave {
  double wave_number;
  stability::Eigenvector psi;
};

/// A sum of plane waves.
class PlaneWaves final : public Seeds {
 public:
  explicit PlaneWaves(std::vector<PlaneWave> waves) : waves_(std::move(waves)) {}
  std::complex<double> at(double z, Index k) const override;

 private:
  std::vector<PlaneWave> waves_;
};

/// A growing mode with amplitude alpha (1/mu): sum_k w_k psi_k = 2 alpha q and
/// sum_k w_k v_k psi_k = 2 alpha Omega, which is alpha_k of Eq. (10) on two opposite beams.
PlaneWave eigenmode(const stability::LinearStability& stability, const stability::BoxMode& mode,
                    double alpha);

/// The growing modes of a box with random amplitudes: psi_k = c_n e_k, with e_k the eigenvector of
/// root mean square 1 over directions, and c_n complex normal, real and imaginary part with
/// standard deviation `sigma`. Then each mode has the mean square of a FourierSeeds mode. c_n
/// depends neither on the background nor on `max_mode`. \param modes  |n| <= max_mode each
PlaneWaves random_eigenmodes(const stability::LinearStability& stability,
                             const std::vector<stability::BoxMode>& modes,
                             const FourierSeeds::Settings& settings);

}  // namespace nuvlasov::initial
