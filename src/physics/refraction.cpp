#include "nuvlasov/physics/refraction.hpp"

namespace nuvlasov::physics {

double Refraction::spectral_radius(const Moments& moments) const {
  double radius = 0.0;
  for (Index j = 0; j < moments.planes(); ++j)
    for (Index k = 0; k < moments.angles(); ++k)
      radius = std::max(radius, flavor::polarization_length(
                                    flavor::load(moments.refraction(j) + k * flavor::components)));
  return radius;
}

}  // namespace nuvlasov::physics
