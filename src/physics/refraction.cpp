#include "nuvlasov/physics/refraction.hpp"

namespace nuvlasov::physics {

void Refraction::add_rate(const Neighbourhood& here, double* rate) {
  const double* omega = here.refraction(0);
  for (Index i = 0; i < here.energies; ++i) {
    const double* rho = here.density(0) + i * here.density_stride;
    for (Index at = 0; at < here.angles * flavor::components; at += flavor::components) {
      flavor::add_to(rate, flavor::precession(flavor::load(omega + at), flavor::load(rho + at)));
      rate += flavor::components;
    }
  }
}

double Refraction::spectral_radius(const Moments& moments) const {
  double radius = 0.0;
  for (Index j = 0; j < moments.planes(); ++j)
    for (Index k = 0; k < moments.angles(); ++k)
      radius = std::max(radius, flavor::polarization_length(
                                    flavor::load(moments.refraction(j) + k * flavor::components)));
  return radius;
}

}  // namespace nuvlasov::physics
