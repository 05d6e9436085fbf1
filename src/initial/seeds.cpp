#include "nuvlasov/initial/seeds.hpp"

#include <cmath>
#include <numbers>
#include <utility>

#include "nuvlasov/initial/random.hpp"

namespace nuvlasov::initial {
namespace {

constexpr double two_pi = 2.0 * std::numbers::pi;

}  // namespace

FourierSeeds::FourierSeeds(const Settings& settings, double box_length, Index directions)
    : wave_number_(two_pi / box_length) {
  for (Index stream = 0; stream < 2 * directions; ++stream) {
    std::mt19937_64 generator =
        random_stream(settings.random_seed, static_cast<std::uint32_t>(stream));
    std::vector<Mode>& modes = streams_.emplace_back();
    for (Index n = 0; n <= settings.max_mode; ++n) {
      const double amplitude = settings.sigma * normal(generator);
      const double phase = two_pi * uniform(generator);
      // n = 0 is real and stands alone; n and -n add up to a cosine.
      modes.push_back(n == 0 ? Mode{amplitude, 0.0} : Mode{2.0 * amplitude, phase});
    }
  }
}

double FourierSeeds::component(double z, Index stream) const {
  const std::vector<Mode>& modes = streams_[static_cast<std::size_t>(stream)];
  double sum = 0.0;
  for (std::size_t n = 0; n < modes.size(); ++n)
    sum +=
        modes[n].amplitude * std::cos(modes[n].phase + static_cast<double>(n) * wave_number_ * z);
  return sum;
}

std::complex<double> FourierSeeds::at(double z, Index k) const {
  return {component(z, 2 * k), component(z, 2 * k + 1)};
}

PointSeeds::PointSeeds(Settings settings, double box_length, std::vector<double> zeta)
    : settings_(std::move(settings)), length_(box_length), zeta_(std::move(zeta)) {}

std::complex<double> PointSeeds::at(double z, Index k) const {
  // In units of the width: what is farther away is below the rounding of the peak.
  constexpr double reach = 9.0;
  const double images = std::ceil(reach * settings_.width / length_);
  double sum = 0.0;
  for (const double position : settings_.positions) {
    const double nearest = std::remainder(z - position, length_);
    for (double m = -images; m <= images; m += 1.0) {
      const double x = (nearest + m * length_) / settings_.width;
      sum += std::exp(-0.5 * x * x);
    }
  }
  return settings_.sigma * zeta_[static_cast<std::size_t>(k)] * sum;
}

}  // namespace nuvlasov::initial
