#include "nuvlasov/physics/inflow.hpp"

namespace nuvlasov::physics {

Inflow::Inflow(const InflowState& state, const phase_space::ZAxis& z,
               const phase_space::MomentumGrid& momentum, const phase_space::Box& box)
    : last_(z.cells() - 1),
      strength_(1.0 / z.weight(0)),
      directions_(phase_space::owned(momentum.directions(), box.angle)),
      inflow_(static_cast<std::size_t>(box.plane())) {
  if (state.beams.empty()) return;
  double* node = inflow_.data();
  for (Index i = box.energy.begin; i < box.energy.end(); ++i)
    for (Index k = box.angle.begin; k < box.angle.end(); ++k)
      for (int c = 0; c < box.components; ++c)
        *node++ = state.spectrum[static_cast<std::size_t>(i)] *
                  state.beams[static_cast<std::size_t>(k)][static_cast<std::size_t>(c)];
}

void Inflow::add_rate(const Neighbourhood& here, double* rate) {
  if (here.z != 0 && here.z != last_) return;
  const double inwards = here.z == 0 ? 1.0 : -1.0;
  for (Index k = 0; k < here.angles; ++k) {
    const double speed = inwards * directions_[static_cast<std::size_t>(k)];
    if (speed <= 0.0) continue;
    for (Index i = 0; i < here.energies; ++i) {
      const Index node = i * here.row() + k * here.components;
      const double* const rho = here.density(0) + i * here.density_stride + k * here.components;
      for (Index c = 0; c < here.components; ++c)
        rate[node + c] -=
            speed * strength_ * (rho[c] - inflow_[static_cast<std::size_t>(node + c)]);
    }
  }
}

}  // namespace nuvlasov::physics
