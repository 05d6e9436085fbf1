/// \file
/// D_p, the z-component of grad_p, on one z plane.
#pragma once

#include <vector>

#include "nuvlasov/phase_space/momentum_grid.hpp"
#include "nuvlasov/phase_space/state_view.hpp"

namespace nuvlasov::phase_space {

/// `beams`: D_p f = v D_E f, with nothing beyond the edges of the energy window.
/// Exactly skew-adjoint in the measure dE w_k.
class MomentumGradient {
 public:
  /// \param angles  the directions this rank owns
  MomentumGradient(const MomentumGrid& grid, Range angles);

  /// Writes D_p rho at plane j, [owned energy][owned angle][component] without gaps.
  void apply(const StateView& rho, Index j, double* gradient) const;

 private:
  CentralDifference derivative_;
  std::vector<double> directions_;
  std::vector<double> vacuum_;
};

}  // namespace nuvlasov::phase_space
