#include "nuvlasov/initial/eigenmodes.hpp"

#include <cmath>

#include "nuvlasov/initial/random.hpp"

namespace nuvlasov::initial {
namespace {

PlaneWave scaled(PlaneWave wave, std::complex<double> factor) {
  for (std::complex<double>& psi : wave.psi) psi *= factor;
  return wave;
}

}  // namespace

std::complex<double> PlaneWaves::at(double z, Index k) const {
  std::complex<double> sum = 0.0;
  for (const PlaneWave& wave : waves_)
    sum += wave.psi[static_cast<std::size_t>(k)] * std::polar(1.0, wave.wave_number * z);
  return sum;
}

PlaneWave eigenmode(const stability::LinearStability& stability, const stability::BoxMode& mode,
                    double alpha) {
  return scaled({mode.wave_number, stability.eigenvector(mode.wave_number, mode.omega)}, alpha);
}

PlaneWaves random_eigenmodes(const stability::LinearStability& stability,
                             const std::vector<stability::BoxMode>& modes,
                             const FourierSeeds::Settings& settings) {
  std::vector<PlaneWave> waves;
  for (const stability::BoxMode& mode : modes) {
    // 0, 1, -1, 2, -2, ... have the streams 0, 1, 2, 3, 4, ...
    const Index stream = mode.number > 0 ? 2 * mode.number - 1 : -2 * mode.number;
    std::mt19937_64 generator = random_stream(
        settings.random_seed, settings.first_stream + static_cast<std::uint32_t>(stream));
    const double real = normal(generator);
    const double imaginary = normal(generator);
    PlaneWave wave = eigenmode(stability, mode, 1.0);
    const double size = stability.root_mean_square(wave.psi);
    waves.push_back(scaled(std::move(wave), settings.sigma / size * std::complex(real, imaginary)));
  }
  return PlaneWaves(std::move(waves));
}

}  // namespace nuvlasov::initial
