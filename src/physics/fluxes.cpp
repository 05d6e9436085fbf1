#include "nuvlasov/physics/fluxes.hpp"

namespace nuvlasov::physics {
namespace {

/// Writes s Omega o gradient(i, at), `at` being the position of an angle in a row.
template <int flavors, class Gradient>
void write_product(const Neighbourhood& here, Gradient&& gradient, double* product) {
  for (Index i = 0; i < here.energies; ++i)
    for (Index k = 0; k < here.angles; ++k) {
      const Index at = k * here.components;
      flavor::store(
          product + i * here.row() + at,
          here.sign(k) * flavor::jordan_product(here.refraction<flavors>(0, k), gradient(i, at)));
    }
}

}  // namespace

void write_flux(const Neighbourhood& here, double* flux) {
  flavor::with_flavors(here.flavors, [&](auto flavors) {
    write_product<flavors>(
        here,
        [&](Index i, Index at) {
          return flavor::load<flavors>(here.momentum_gradient() + i * here.row() + at);
        },
        flux);
  });
}

void write_force(const Neighbourhood& here, double* force) {
  flavor::with_flavors(here.flavors, [&](auto flavors) {
    write_product<flavors>(
        here,
        [&](Index i, Index at) {
          const Index node = i * here.density_stride + at;
          return here.d_z().apply(
              [&](int m) { return flavor::load<flavors>(here.density(m) + node); });
        },
        force);
  });
}

}  // namespace nuvlasov::physics
