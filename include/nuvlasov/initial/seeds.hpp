/// \file
/// Seeds: small flavor coherence on top of homogeneous beams, from which instabilities grow.
#pragma once

#include <complex>
#include <cstdint>
#include <optional>
#include <vector>

#include "nuvlasov/phase_space/central_difference.hpp"

namespace nuvlasov::initial {

/// The transverse polarization psi = Px + i Py of each direction, integrated over energy.
class Seeds {
 public:
  virtual ~Seeds() = default;
  /// \param z  position (1/mu)
  /// \param k  direction
  virtual std::complex<double> at(double z, Index k) const = 0;
};

/// The random seeds of Eq. (13),
///
///     P^{x,y} = sum_{n=-N}^{N} c_n exp(i phi_n + 2 pi i n z/L),  c_n = c_{-n}, phi_n = -phi_{-n},
///
/// c_n normal with standard deviation sigma, phi_n uniform. Each direction and component has a
/// random stream of its own, so that the seeds depend neither on the number of ranks nor, mode by
/// mode, on N.
class FourierSeeds final : public Seeds {
 public:
  struct Settings {
    double sigma = 1e-4;
    Index max_mode = 100;
    std::uint64_t random_seed = 1;
    std::uint32_t first_stream = 0;  ///< of random numbers
  };
  FourierSeeds(const Settings& settings, double box_length, Index directions);
  std::complex<double> at(double z, Index k) const override;

 private:
  struct Mode {
    double amplitude, phase;
  };
  double component(double z, Index stream) const;
  double wave_number_;
  std::vector<std::vector<Mode>> streams_;  ///< [2 direction + component][n]
};

/// Polarizations tilted around chosen positions z_c, as 1-D box studies perturb them,
///
///     psi_k = sigma P^z_k sum_c sum_m exp(-(z - z_c - m L)^2 / (2 w^2)),
///
/// the images m making it periodic where the box is.
class PointSeeds final : public Seeds {
 public:
  struct Settings {
    double sigma = 1e-4;            ///< tilt at a position
    std::vector<double> positions;  ///< z_c (1/mu)
    double width = 1.0;             ///< w (1/mu)
  };
  /// \param period  L; nothing where the box is open
  /// \param zeta    P^z of each direction
  PointSeeds(Settings settings, std::optional<double> period, std::vector<double> zeta);
  std::complex<double> at(double z, Index k) const override;

 private:
  Settings settings_;
  std::optional<double> period_;
  std::vector<double> zeta_;
};

}  // namespace nuvlasov::initial
