#include "nuvlasov/physics/refraction.hpp"

#include "nuvlasov/flavor/eigensystem.hpp"

namespace nuvlasov::physics {

double Refraction::spectral_radius(const Moments& moments) const {
  return flavor::with_flavors(moments.flavors(), [&](auto flavors) {
    double radius = 0.0;
    for (Index j = 0; j < moments.planes(); ++j)
      for (Index k = 0; k < moments.angles(); ++k)
        radius = std::max(radius, flavor::precession_frequency(moments.refraction<flavors>(j, k)));
    return radius;
  });
}

}  // namespace nuvlasov::physics
