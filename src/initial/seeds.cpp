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
    std::mt19937_64 generator = random_stream(
        settings.random_seed, settings.first_stream + static_cast<std::uint32_t>(stream));
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

PointSeeds::PointSeeds(Settings settings, std::optional<double> period, std::vector<double> zeta)
    : settings_(std::move(settings)), period_(period), zeta_(std::move(zeta)) {}

std::complex<double> PointSeeds::at(double z, Index k) const {
  // In units of the width: what is farther away is below the rounding of the peak.
  constexpr double reach = 9.0;
  double sum = 0.0;
  const auto add = [&](double distance) {
    const double x = distance / settings_.width;
    sum += std::exp(-0.5 * x * x);
  };
  for (const double position : settings_.positions) {
    if (!period_) {
      add(z - position);
      continue;
    }
    const double images = std::ceil(reach * settings_.width / *period_);
    const double nearest = std::remainder(z - position, *period_);
    for (double m = -images; m <= images; m += 1.0) add(nearest + m * *period_);
  }
  return settings_.sigma * zeta_[static_cast<std::size_t>(k)] * sum;
}

}  // namespace nuvlasov::initial
