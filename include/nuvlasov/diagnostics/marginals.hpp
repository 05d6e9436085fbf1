/// \file
/// The density matrix summed over momentum or over space, and the spectra of each flavor.
#pragma once

#include <string>
#include <vector>

#include "nuvlasov/phase_space/decomposition.hpp"

namespace nuvlasov::diagnostics {

/// Sums over z are compensated, as in the ledger.
///
///     density[z, angle, component]       = sum_E dE rho, with the measure of the grid: this rank's
///     z spectrum[energy, angle, component] = int dz rho energy_spectrum[energy, flavor]    =
///     dN_a/dE, so that sum dE of it is the number of flavor a angular_spectrum[angle, flavor]    =
///     dN_a/dv, so that sum w_k of it is the number of flavor a
///
/// Antineutrinos, where the grid has them, are flavors of their own, after those of neutrinos.
class Marginals {
 public:
  Marginals(phase_space::ZAxis z, const phase_space::MomentumGrid& momentum,
            const phase_space::Decomposition& decomposition);

  /// Names of the flavors.
  static std::vector<std::string> flavor_names(const phase_space::MomentumGrid& momentum);

  /// \param state  owned nodes [z][energy][angle][component]
  /// Collective; all but the density is the same on all ranks.
  void measure(const double* state);

  const std::vector<double>& density() const { return density_; }
  const std::vector<double>& spectrum() const { return spectrum_; }
  const std::vector<double>& energy_spectrum() const { return energy_spectrum_; }
  const std::vector<double>& angular_spectrum() const { return angular_spectrum_; }

 private:
  void sum_flavors();

  phase_space::ZAxis z_;
  const phase_space::MomentumGrid& momentum_;
  const phase_space::Decomposition& decomposition_;
  std::vector<double> density_, spectrum_, energy_spectrum_, angular_spectrum_;
};

}  // namespace nuvlasov::diagnostics
