#include "nuvlasov/physics/streaming.hpp"

namespace nuvlasov::physics {

Streaming::Streaming(const phase_space::ZAxis& z, const phase_space::MomentumGrid& momentum,
                     phase_space::Range angles)
    : derivative_(z.derivative()),
      directions_(phase_space::owned(momentum.directions(), angles)),
      largest_speed_(momentum.largest_speed()) {}

void Streaming::add_rate(const Neighbourhood& here, double* rate) {
  phase_space::with_static_reach(derivative_.reach(), [&](auto static_reach) {
    constexpr int reach = static_reach;
    std::array<double, reach + 1> weight{};
    std::array<const double*, reach + 1> ahead{}, behind{};
    for (int m = 1; m <= reach; ++m) {
      weight[m] = derivative_.weight(m);
      ahead[m] = here.density(m);
      behind[m] = here.density(-m);
    }
    for (Index i = 0; i < here.energies; ++i) {
      Index at = i * here.density_stride;
      for (Index k = 0; k < here.angles; ++k) {
        flavor::Matrix gradient{};
        for (int m = 1; m <= reach; ++m)
          gradient += weight[m] * (flavor::load(ahead[m] + at) - flavor::load(behind[m] + at));
        flavor::add_to(rate, -directions_[static_cast<std::size_t>(k)] * gradient);
        at += flavor::components;
        rate += flavor::components;
      }
    }
  });
}

double Streaming::spectral_radius(const Moments&) const {
  return largest_speed_ * derivative_.largest_wave_number();
}

}  // namespace nuvlasov::physics
