/// \file
/// Neutrino-neutrino refraction: d_t rho = i [rho, Omega], the right-hand side of Eq. (1, 16);
/// dP/dt = omega x P, Eq. (6b).
#pragma once

#include "nuvlasov/physics/kernel_term.hpp"

namespace nuvlasov::physics {

class Refraction final : public KernelTerm {
 public:
  using KernelTerm::KernelTerm;
  std::string name() const override { return "refraction"; }
  std::string meaning() const override { return "refraction, i [rho, Omega]"; }
  Parts parts() const override { return {.refraction = true}; }
  /// The largest precession frequency |omega|.
  double spectral_radius(const Moments& moments) const override;
  double physical_rate(const Moments& moments) const override { return spectral_radius(moments); }
};

}  // namespace nuvlasov::physics
