#include "nuvlasov/physics/group_velocity.hpp"

#include <algorithm>

namespace nuvlasov::physics {

GroupVelocity::GroupVelocity(const phase_space::ZAxis& z, const phase_space::MomentumGrid& momentum,
                             const phase_space::Box& box)
    : derivative_(z.derivative()),
      commutator_(momentum, box.angle),
      curvature_(phase_space::owned(phase_space::angular_curvature(momentum), box.angle)),
      inverse_energy_(phase_space::inverse_energies(momentum, box.energy)),
      largest_ratio_(1.0 / momentum.energy(0)),
      slope_(static_cast<std::size_t>((box.angle.size + 2 * Index{commutator_.reach()}) *
                                      flavor::components)),
      commuted_(static_cast<std::size_t>(box.row())) {}

void GroupVelocity::add_rate(const Neighbourhood& here, double* rate) {
  const Index beside = commutator_.reach();
  const Index first = std::max(here.angles_seen.begin, -beside);
  const Index last = std::min(here.angles_seen.end(), here.angles + beside);
  phase_space::with_static_reach(derivative_.reach(), [&](auto static_reach) {
    constexpr int reach = static_reach;
    // Stencil of A_1 o D_z rho + D_z(A_1 o rho).
    std::array<flavor::Matrix, reach + 1> ahead{}, behind{};
    const flavor::Matrix current = flavor::load(here.current(0));
    const flavor::Matrix current_slope =
        derivative_.apply([&](int m) { return flavor::load(here.current(m)); });
    for (int m = 1; m <= reach; ++m) {
      ahead[m] = derivative_.weight(m) * (current + flavor::load(here.current(m)));
      behind[m] = -derivative_.weight(m) * (current + flavor::load(here.current(-m)));
    }
    for (Index i = 0; i < here.energies; ++i) {
      const Index row = i * here.density_stride;
      double* slope = slope_.data() + beside * flavor::components;
      for (Index k = first; k < last; ++k) {
        const Index from = row + k * flavor::components;
        flavor::Matrix sum{};
        for (int m = 1; m <= reach; ++m)
          sum += derivative_.weight(m) *
                 (flavor::load(here.density(m) + from) - flavor::load(here.density(-m) + from));
        flavor::store(slope + k * flavor::components, sum);
      }
      commutator_.apply(here.density(0) + row, [&](Index k, flavor::Matrix commuted) {
        flavor::store(commuted_.data() + k * flavor::components, commuted);
      });
      const double scale = inverse_energy_[static_cast<std::size_t>(i)] / 3.0;
      double* target = rate + i * here.angles * flavor::components;
      commutator_.apply(slope, [&](Index k, flavor::Matrix commuted) {
        const Index from = row + k * flavor::components;
        flavor::JordanSum drift;
        for (int m = 1; m <= reach; ++m) {
          drift.add(ahead[m], flavor::load(here.density(m) + from));
          drift.add(behind[m], flavor::load(here.density(-m) + from));
        }
        flavor::JordanSum exchange;
        exchange.add(current, commuted);
        exchange.add(-current_slope, flavor::load(commuted_.data() + k * flavor::components));
        flavor::add_to(
            target + k * flavor::components,
            scale * (curvature_[static_cast<std::size_t>(k)] * drift.value() + exchange.value()));
      });
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
