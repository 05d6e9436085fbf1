#include "nuvlasov/physics/fluxes.hpp"

namespace nuvlasov::physics {
namespace {

/// Writes s Omega o gradient(i, at), `at` being the position of an angle in a row.
template <class Gradient>
void write_product(const Neighbourhood& here, Gradient&& gradient, double* product) {
  const Index row = here.angles * flavor::components;
  for (Index i = 0; i < here.energies; ++i)
    for (Index k = 0; k < here.angles; ++k) {
      const Index at = k * flavor::components;
      flavor::store(product + i * row + at,
                    here.sign(k) * flavor::jordan_product(flavor::load(here.refraction(0) + at),
                                                          gradient(i, at)));
    }
}

}  // namespace

void write_flux(const Neighbourhood& here, double* flux) {
  const Index row = here.angles * flavor::components;
  write_product(
      here,
      [&](Index i, Index at) { return flavor::load(here.momentum_gradient() + i * row + at); },
      flux);
}

void write_force(const Neighbourhood& here, double* force) {
  write_product(
      here,
      [&](Index i, Index at) {
        const Index node = i * here.density_stride + at;
        return here.d_z().apply([&](int m) { return flavor::load(here.density(m) + node); });
      },
      force);
}

}  // namespace nuvlasov::physics
