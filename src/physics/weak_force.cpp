#include "nuvlasov/physics/weak_force.hpp"

#include "nuvlasov/phase_space/momentum_gradient.hpp"

namespace nuvlasov::physics {

WeakForce::WeakForce(const phase_space::ZAxis& z, const phase_space::MomentumGrid& momentum,
                     const phase_space::Box& box)
    : derivative_(z.derivative()),
      spacing_(z.spacing()),
      momentum_radius_(
          phase_space::MomentumGradient(momentum, box.energy, box.angle).spectral_radius()) {}

void WeakForce::add_rate(const Neighbourhood& here, double* rate) {
  phase_space::with_static_reach(derivative_.reach(), [&](auto static_reach) {
    constexpr int reach = static_reach;
    constexpr int width = 2 * reach + 1;
    const Index row = here.angles * flavor::components;

    coupling_.resize(static_cast<std::size_t>(width * row));
    for (Index at = 0; at < row; at += flavor::components) {
      const auto omega = [&](int m) { return flavor::load(here.refraction(m) + at); };
      const auto coupling = [&](int m) { return coupling_.data() + (m + reach) * row + at; };
      // Advective form, and the Liouville form.
      flavor::store(coupling(0), 2.0 / 3.0 * derivative_.apply(omega));
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
      force = std::max(force, flavor::jordan_radius(derivative_.apply([&](int m) {
                         return flavor::load(moments.refraction(j + m) + at);
                       })));
  return (2.0 + flux_form) / 3.0 * force * momentum_radius_;
}

}  // namespace nuvlasov::physics
