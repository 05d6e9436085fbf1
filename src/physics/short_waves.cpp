#include "nuvlasov/physics/short_waves.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "nuvlasov/flavor/eigensystem.hpp"

namespace nuvlasov::physics {

double largest_refraction(const Moments& moments) {
  return flavor::with_flavors(moments.flavors(), [&](auto flavors) {
    double largest = 0.0;
    for (Index j = 0; j < moments.planes(); ++j)
      for (Index k = 0; k < moments.angles(); ++k)
        largest = std::max(largest, flavor::eigenvalues(moments.refraction<flavors>(j, k)).back());
    return largest;
  });
}

double short_wave_growth(double refraction, const phase_space::ZAxis& z,
                         const phase_space::MomentumGrid& momentum,
                         const DissipationStrength& dissipation) {
  constexpr double share = 0.1;
  constexpr int waves = 200;
  double fastest = 0.0;
  for (int n = 1; n < waves; ++n) {
    const double phase = std::numbers::pi * n / waves;
    const double wave_number = z.derivative().modified_wave_number(phase / z.spacing());
    const double damping =
        dissipation.z / z.spacing() * std::pow(std::sin(0.5 * phase), z.derivative().order());
    fastest =
        std::max(fastest, share * wave_number * refraction / momentum.reference_energy() - damping);
  }
  return fastest;
}

}  // namespace nuvlasov::physics
