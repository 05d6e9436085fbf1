#include "nuvlasov/physics/group_velocity.hpp"

#include <algorithm>

#include "nuvlasov/phase_space/angular_operator.hpp"

namespace nuvlasov::physics {

GroupVelocity::GroupVelocity(const phase_space::ZAxis& z, const phase_space::MomentumGrid& momentum,
                             const phase_space::Box& box)
    : derivative_(z.derivative()),
      momentum_gradient_(momentum, box.energy, box.angle),
      curvature_(phase_space::angular_curvature(momentum)),
      largest_ratio_(*std::max_element(curvature_.begin(), curvature_.end()) / momentum.energy(0)) {
  for (Index i = box.energy.begin; i < box.energy.end(); ++i)
    inverse_energy_.push_back(1.0 / momentum.energy(i));
}

void GroupVelocity::add_rate(const Neighbourhood& here, double* rate) {
  const Index row = here.angles * flavor::components;
  const phase_space::Range seen = here.energies_seen;
  d_z_.resize(static_cast<std::size_t>(seen.size * row));
  product_.resize(d_z_.size());
  d_p_d_z_.resize(static_cast<std::size_t>(here.energies * row));
  d_p_product_.resize(d_p_d_z_.size());

  phase_space::with_static_reach(derivative_.reach(), [&](auto static_reach) {
    constexpr int reach = static_reach;
    for (Index i = seen.begin; i < seen.end(); ++i)
      for (Index at = 0; at < row; at += flavor::components) {
        const Index from = i * here.density_stride + at;
        flavor::Matrix slope{};
        for (int m = 1; m <= reach; ++m)
          slope += derivative_.weight(m) *
                   (flavor::load(here.density(m) + from) - flavor::load(here.density(-m) + from));
        const Index to = (i - seen.begin) * row + at;
        flavor::store(d_z_.data() + to, slope);
        flavor::store(product_.data() + to,
                      flavor::jordan_product(flavor::load(here.refraction(0) + at), slope));
      }
    momentum_gradient_.apply({d_z_.data() - seen.begin * row, row, seen}, d_p_d_z_.data());
    momentum_gradient_.apply({product_.data() - seen.begin * row, row, seen}, d_p_product_.data());

    // Stencil of A_1 o D_z rho + D_z(A_1 o rho).
    std::array<flavor::Matrix, reach + 1> ahead{}, behind{};
    const flavor::Matrix current = flavor::load(here.current(0));
    for (int m = 1; m <= reach; ++m) {
      ahead[m] = derivative_.weight(m) * (current + flavor::load(here.current(m)));
      behind[m] = -derivative_.weight(m) * (current + flavor::load(here.current(-m)));
    }
    for (Index i = 0; i < here.energies; ++i)
      for (Index k = 0; k < here.angles; ++k) {
        const Index at = k * flavor::components;
        const Index from = i * here.density_stride + at;
        flavor::JordanSum drift;
        for (int m = 1; m <= reach; ++m) {
          drift.add(ahead[m], flavor::load(here.density(m) + from));
          drift.add(behind[m], flavor::load(here.density(-m) + from));
        }
        const double ratio =
            curvature_[static_cast<std::size_t>(k)] * inverse_energy_[static_cast<std::size_t>(i)];
        const Index to = i * row + at;
        flavor::add_to(rate + to, (ratio * drift.value() - flavor::load(d_p_product_.data() + to) +
                                   flavor::jordan_product(flavor::load(here.refraction(0) + at),
                                                          flavor::load(d_p_d_z_.data() + to))) /
                                      3.0);
      }
  });
}

double GroupVelocity::spectral_radius(const Moments& moments) const {
  double current = 0.0;
  for (Index j = 0; j < moments.planes(); ++j)
    current = std::max(current, flavor::jordan_radius(flavor::load(moments.current(j))));
  return largest_ratio_ * current * derivative_.largest_wave_number();
}

}  // namespace nuvlasov::physics
