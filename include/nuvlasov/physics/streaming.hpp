/// \file
/// Streaming: d_t rho = - v D_z rho, the left-hand side of Eq. (1).
#pragma once

#include "nuvlasov/phase_space/z_axis.hpp"
#include "nuvlasov/physics/kernel_term.hpp"

namespace nuvlasov::physics {

class Streaming final : public KernelTerm {
 public:
  Streaming(const phase_space::ZAxis& z, const phase_space::MomentumGrid& momentum,
            std::shared_ptr<RateKernel> kernel);

  std::string name() const override { return "streaming"; }
  std::string meaning() const override { return "streaming, -v d_z rho"; }
  Parts parts() const override { return {.streaming = true}; }
  double spectral_radius(const Moments&) const override;

 private:
  phase_space::CentralDifference derivative_;
  double largest_speed_;
};

}  // namespace nuvlasov::physics
