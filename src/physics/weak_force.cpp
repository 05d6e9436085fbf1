#include "nuvlasov/physics/weak_force.hpp"

namespace nuvlasov::physics {

WeakForce::WeakForce(const phase_space::ZAxis& z, const phase_space::MomentumGrid& momentum,
                     const phase_space::Box& box)
    : derivative_(z.derivative()),
      spacing_(z.spacing()),
      momentum_gradient_(momentum, box.energy, box.angle),
      frozen_directions_(momentum.geometry() == phase_space::Geometry::beams) {}

template <class RefractionAt>
flavor::Matrix WeakForce::refraction_gradient(RefractionAt&& refraction_at) const {
  flavor::Matrix gradient{};
  for (int m = 1; m <= derivative_.reach(); ++m)
    gradient += derivative_.weight(m) * (refraction_at(m) - refraction_at(-m));
  return gradient;
}

void WeakForce::add_rate(const Neighbourhood& here, double* rate) {
  phase_space::with_static_reach(derivative_.reach(), [&](auto static_reach) {
    constexpr int reach = static_reach;
    constexpr int width = 2 * reach + 1;
    const Index row = here.angles * flavor::components;

    coupling_.resize(static_cast<std::size_t>(width * row));
    for (Index at = 0; at < row; at += flavor::components) {
      const auto omega = [&](int m) { return flavor::load(here.refraction(m) + at); };
      const auto coupling = [&](int m) { return coupling_.data() + (m + reach) * row + at; };
      // Advective form, and the Liouville form where it is the same.
      flavor::store(coupling(0),
                    (frozen_directions_ ? 2.0 : 1.0) / 3.0 * refraction_gradient(omega));
      for (int m = 1; m <= reach; ++m) {
        const double third = derivative_.weight(m) / 3.0;
        flavor::store(coupling(m), third * (omega(m) - omega(0)));
        flavor::store(coupling(-m), third * (omega(0) - omega(-m)));
      }
    }

    std::array<const double*, width> gradient{}, coupling{};
    for (int m = -reach; m <= reach; ++m) {
      gradient[m + reach] = here.momentum_gradient(m);
      coupling[m + reach] = coupling_.data() + (m + reach) * row;
    }
    for (Index i = 0; i < here.energies; ++i) {
      const Index from = i * row;
      for (Index at = 0; at < row; at += flavor::components) {
        flavor::JordanSum sum;
        for (int m = 0; m < width; ++m)
          sum.add(flavor::load(coupling[m] + at), flavor::load(gradient[m] + from + at));
        flavor::add_to(rate + from + at, sum.value());
      }
    }
  });
  if (!frozen_directions_) add_liouville_form(here, rate);
}

void WeakForce::add_liouville_form(const Neighbourhood& here, double* rate) {
  const Index row = here.angles * flavor::components;
  const phase_space::Range seen = here.energies_seen;
  product_.resize(static_cast<std::size_t>(seen.size * row));
  gradient_.resize(static_cast<std::size_t>(here.energies * row));
  for (Index at = 0; at < row; at += flavor::components) {
    const flavor::Matrix force =
        refraction_gradient([&](int m) { return flavor::load(here.refraction(m) + at); }) / 3.0;
    for (Index i = seen.begin; i < seen.end(); ++i)
      flavor::store(product_.data() + (i - seen.begin) * row + at,
                    flavor::jordan_product(
                        force, flavor::load(here.density(0) + i * here.density_stride + at)));
  }
  momentum_gradient_.apply({product_.data() - seen.begin * row, row, seen}, gradient_.data());
  for (Index at = 0; at < here.energies * row; at += flavor::components)
    flavor::add_to(rate + at, flavor::load(gradient_.data() + at));
}

double WeakForce::spectral_radius(const Moments& moments) const {
  // The flux form amplifies what varies from cell to cell by up to sum 2 m |c_m| dz, |c_m| being
  // the stencil coefficients: |Omega_{j+m} - Omega_j| <= m dz |d_z Omega|.
  double flux_form = 0.0;
  for (int m = 1; m <= derivative_.reach(); ++m)
    flux_form += 2.0 * m * spacing_ * std::abs(derivative_.weight(m));

  double force = 0.0;
  for (Index j = 0; j < moments.planes(); ++j)
    for (Index at = 0; at < moments.angles() * flavor::components; at += flavor::components)
      force = std::max(force, flavor::jordan_radius(refraction_gradient([&](int m) {
                         return flavor::load(moments.refraction(j + m) + at);
                       })));
  return (2.0 + flux_form) / 3.0 * force * momentum_gradient_.spectral_radius();
}

}  // namespace nuvlasov::physics
