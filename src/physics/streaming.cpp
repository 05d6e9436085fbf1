#include "nuvlasov/physics/streaming.hpp"

namespace nuvlasov::physics {

Streaming::Streaming(const phase_space::ZAxis& z, const phase_space::MomentumGrid& momentum,
                     std::shared_ptr<RateKernel> kernel)
    : KernelTerm(std::move(kernel)),
      derivative_(z.derivative()),
      largest_speed_(momentum.largest_speed()) {}

double Streaming::spectral_radius(const Moments&) const {
  return largest_speed_ * derivative_.largest_wave_number();
}

}  // namespace nuvlasov::physics
