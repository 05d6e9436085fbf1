#include "nuvlasov/physics/lane_refraction.hpp"

#include "nuvlasov/phase_space/lines.hpp"

namespace nuvlasov::physics {

LaneRefraction::LaneRefraction(const phase_space::MomentumGrid& momentum) {
  const Index angles = momentum.angles(), nodes = momentum.energies() * angles;
  // In spherical geometry each energy has registers of its own.
  const bool together =
      momentum.energies() == 1 || momentum.geometry() == phase_space::Geometry::beams;
  if (!together || flavor::lanes % nodes != 0) return;
  nodes_ = nodes;
  for (Index distance = 0; distance < nodes; ++distance)
    for (Index lane = 0; lane < flavor::lanes; ++lane) {
      const Index k = phase_space::Lines::in_order(lane) % nodes, l = k ^ distance;
      factors_[static_cast<std::size_t>(distance)][static_cast<std::size_t>(lane)] =
          (1.0 - momentum.direction(k % angles) * momentum.direction(l % angles)) *
          momentum.sign(l % angles) * momentum.weight(l / angles, l % angles);
    }
}

}  // namespace nuvlasov::physics
