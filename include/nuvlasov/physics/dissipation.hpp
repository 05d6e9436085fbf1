/// \file
/// Kreiss-Oliger dissipation, off by default: it damps what the differences in z and in energy
/// cannot follow. With 2r the order of the difference along each axis, delta the difference of
/// neighbouring nodes, and w the weight of an energy in the measure,
///
///     d_t rho = -(eps/dz) 4^-r (-1)^r delta^2r rho - gamma 4^-r w^-1 delta*^r (w delta^r rho),
///
/// a wave exp(ikz) by the rate (eps/dz) sin^2r(k dz/2), and exp(i kappa E) by gamma
/// sin^2r(kappa dE/2), up to the change of w over a stencil. Both parts are self-adjoint and not
/// positive in the measure of the grid: <f, d_t f> = -4^-r gamma |delta^r f|^2 for the second. They
/// keep the number of neutrinos and K, since delta^r, r >= 2, of a constant and of E vanishes (in
/// energy as long as the edges of the window are empty). The part in energy keeps every moment too:
/// it takes from the purity alone; the part in z takes from U_osc and U_non as well.
#pragma once

#include "nuvlasov/phase_space/z_axis.hpp"
#include "nuvlasov/physics/term.hpp"

namespace nuvlasov::physics {

/// How strongly each axis is damped; 0: not at all.
struct DissipationStrength {
  double z = 0.0;       ///< eps (1)
  double energy = 0.0;  ///< gamma (mu)
};

class Dissipation final : public Term {
 public:
  /// \param box  what this rank owns
  Dissipation(const DissipationStrength& strength, const phase_space::ZAxis& z,
              const phase_space::MomentumGrid& momentum, const phase_space::Box& box);

  std::string name() const override { return "dissipation"; }
  std::string meaning() const override { return "Kreiss-Oliger dissipation"; }
  void add_rate(const Neighbourhood& here, double* rate) override;
  double spectral_radius(const Moments&) const override { return spectral_radius_; }

 private:
  void add_z_part(const Neighbourhood& here, double* rate) const;
  void add_energy_part(const Neighbourhood& here, double* rate) const;

  int z_reach_, energy_reach_;
  std::vector<double> z_weights_;       ///< of rho_{j+m} - 2 rho_j + rho_{j-m}, m = 1 .. reach
  std::vector<double> energy_weights_;  ///< [owned energy][-reach .. reach]; empty: not damped
  double spectral_radius_;
};

}  // namespace nuvlasov::physics
