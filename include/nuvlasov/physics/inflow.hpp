/// \file
/// What flows in at the ends of an open box.
///
/// At an end, the density matrices of the directions that enter, v > 0 at z = 0 and v < 0 at z = L,
/// are drawn to the prescribed rho_in (a simultaneous approximation term, Carpenter, Gottlieb and
/// Abarbanel 1994):
///
///     d_t rho = -|v| (rho - rho_in)/(h_0 dz),
///
/// h_0 dz the weight of an end in integrals over z. With streaming, whose D_z sums by parts, the
/// number changes by exactly what flows through the ends,
///
///     dN/dt = sum_p |v| (Tr rho_in of what enters - Tr rho of what leaves),
///
/// and the purity by no more than sum_p |v| (Tr rho_in^2 - Tr rho^2): no wave can grow at an end,
/// and what leaves needs no condition.
#pragma once

#include <vector>

#include "nuvlasov/phase_space/z_axis.hpp"
#include "nuvlasov/physics/term.hpp"

namespace nuvlasov::physics {

/// rho_in of energy i and direction k, the same at all times: spectrum_i beam_k. Empty: vacuum.
struct InflowState {
  std::vector<double> spectrum;
  std::vector<flavor::Components> beams;
};

class Inflow final : public Term {
 public:
  /// \param z    open
  /// \param box  what this rank owns
  Inflow(const InflowState& state, const phase_space::ZAxis& z,
         const phase_space::MomentumGrid& momentum, const phase_space::Box& box);

  std::string name() const override { return "inflow"; }
  std::string meaning() const override {
    return "inflow at the ends, -|v| (rho - rho_in)/(h_0 dz)";
  }
  bool acts_inside() const override { return false; }
  void add_rate(const Neighbourhood& here, double* rate) override;
  /// rho_in of the owned nodes, [energy][angle][component].
  const double* state() const { return inflow_.data(); }
  /// Nothing beyond that of streaming: the two together have no |eigenvalue| above it.
  double spectral_radius(const Moments&) const override { return 0.0; }

 private:
  Index last_;                      ///< plane
  double strength_;                 ///< 1/(h_0 dz)
  std::vector<double> directions_;  ///< owned
  std::vector<double> inflow_;      ///< [energy][angle][component] of the owned nodes
};

}  // namespace nuvlasov::physics
