/// \file
/// The energy of the neutrinos in each other's refraction, and how the paper says it changes.
#pragma once

#include "nuvlasov/diagnostics/plane.hpp"
#include "nuvlasov/diagnostics/record.hpp"
#include "nuvlasov/diagnostics/reduction.hpp"

namespace nuvlasov::diagnostics {

/// With the moments P_n and N_n of polarization and number on each plane, neutrinos less
/// antineutrinos:
///
///     u_osc =  1/4 int dz (|P_0|^2 - |P_1|^2)                                Eq. (5)
///     u_non =  n/2 int dz (N_0^2 - N_1^2)
///     eq7   = -1/2 int dz (P_0.d_z P_1 - P_1.d_z P_2)                        Eq. (7)
///     eq22  =  1/2 int dz (P_0.d_z P_1 - P_1.d_z P_2) + n int dz (N_0 d_z N_1 - N_1 d_z N_2)
///           =  int sum_p v Tr F                                              Eq. (22)
///
/// where n = 1 + 1/N is 3/2 of two flavors and 4/3 of three.
class RefractiveEnergy {
 public:
  explicit RefractiveEnergy(Reduction& reduction);

  void add(const Plane& plane);
  void report(Report& report) const;

  /// n of N flavors.
  static constexpr double number_factor(int flavors) { return 1.0 + 1.0 / flavors; }

  double u_osc() const { return u_osc_.value(); }
  double u_non() const { return u_non_.value(); }

 private:
  template <int flavors>
  void add(const Plane& plane);

  Sum u_osc_, u_osc_transverse_, u_non_, eq7_, eq22_;
};

}  // namespace nuvlasov::diagnostics
