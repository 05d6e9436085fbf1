/// \file
/// Refraction where a plane has so few nodes that a register of the processor holds whole planes.
#pragma once

#include <array>

#include "nuvlasov/flavor/lanes.hpp"
#include "nuvlasov/phase_space/momentum_grid.hpp"

namespace nuvlasov::physics {

/// Omega of neutrinos, Eq. (17), of the rho in the same register: on a node k
///
///     Omega_k = sum_l (1 - v_k v_l) s_l w_l (rho_l + Tr rho_l 1),
///
/// with a factor for each distance of k and l, in an order that depends on k alone: a plane has the
/// same Omega wherever it stands.
class LaneRefraction {
 public:
  /// None.
  LaneRefraction() = default;
  /// None either where the nodes of a plane, [energy][angle], do not divide a register.
  explicit LaneRefraction(const phase_space::MomentumGrid& momentum);

  bool any() const { return nodes_ > 0; }
  /// Adds Omega without its trace, which refracts nothing.
  template <int flavors>
  void add(const flavor::Block<flavors>& rho, flavor::Block<flavors>& omega) const {
    flavor::unrolled<flavor::lanes>([&](auto distance) {
      if (distance >= nodes_) return;
      const flavor::Lanes factor = flavor::load_lanes(factors_[distance].data());
      for (int c = 1; c < flavor::components(flavors); ++c)
        omega[c] += factor * flavor::exchanged<distance>(rho[c]);
    });
  }

 private:
  Index nodes_ = 0;  ///< of a plane
  /// Of k and k ^ distance, [distance][lane].
  std::array<std::array<double, flavor::lanes>, flavor::lanes> factors_{};
};

}  // namespace nuvlasov::physics
