/// \file
/// Streaming: d_t rho = - v D_z rho, the left-hand side of Eq. (1).
#pragma once

#include "nuvlasov/phase_space/z_axis.hpp"
#include "nuvlasov/physics/term.hpp"

namespace nuvlasov::physics {

class Streaming final : public Term {
 public:
  /// \param angles  the directions this rank owns
  Streaming(const phase_space::ZAxis& z, const phase_space::MomentumGrid& momentum,
            phase_space::Range angles);

  std::string name() const override { return "streaming"; }
  std::string meaning() const override { return "streaming, -v d_z rho"; }
  void add_rate(const Neighbourhood& here, double* rate) override;
  double spectral_radius(const Moments&) const override;

 private:
  phase_space::CentralDifference derivative_;
  std::vector<double> directions_;
  double largest_speed_;
};

}  // namespace nuvlasov::physics
