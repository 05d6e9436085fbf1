/// \file
/// From code units to physical ones.
///
/// The equation is solved with hbar = c = 1 and sqrt(2) G_F = 1, densities in units of a density n,
/// so that energies come in units of mu = sqrt(2) G_F n, times and lengths in 1/mu. Once n is
/// known,
///
///     mu = sqrt(2) G_F (hbar c)^3 n,    1/mu = hbar c/mu (length) = hbar/mu (time).
///
/// For a temperature T, n is the density of one species: one helicity state in thermal equilibrium
/// without a chemical potential, n = 3 zeta(3)/(4 pi^2) (T/hbar c)^3.
#pragma once

#include <string>

namespace nuvlasov::units {

/// Fermi's constant G_F/(hbar c)^3 (MeV^-2): S. Navas et al. (Particle Data Group), Phys. Rev. D
/// 110 (2024) 030001, table of physical constants.
inline constexpr double fermi_constant = 1.1663788e-11;
/// hbar (MeV s) and c (cm/s): CODATA 2018, E. Tiesinga et al., Rev. Mod. Phys. 93 (2021) 025010;
/// both exact, the former rounded.
inline constexpr double hbar = 6.582119569e-22;
inline constexpr double speed_of_light = 2.99792458e10;
/// hbar c (MeV cm).
inline constexpr double hbar_c = hbar * speed_of_light;

/// What the units of a run are.
struct Scale {
  double density;  ///< what is 1 (cm^-3)
  double mu;       ///< meV
  double length;   ///< 1/mu (cm)
  double time;     ///< 1/mu (ns)

  /// An energy in units of mu. \param energy  MeV
  double in_mu(double energy) const;
  /// An energy in MeV. \param energy  mu
  double in_mev(double energy) const;
};

/// \param density  of what is 1 in the input (cm^-3)
Scale scale_of_density(double density);

/// Density of one species (cm^-3). \param temperature  MeV
double thermal_density(double temperature);

/// What kind of number an output is: the unit it has in the files, and the powers of physical units
/// that make it.
struct Quantity {
  const char* code = "1";    ///< "mu", "1/mu", "1"
  int energy = 0;            ///< power of meV
  int length = 0;            ///< power of cm
  int time = 0;              ///< power of ns
  int density = 0;           ///< power of cm^-3
  bool has_physical = true;  ///< whether the density is all it takes
};

namespace of {

inline constexpr Quantity number{"1"};
inline constexpr Quantity energy{.code = "mu", .energy = 1};
inline constexpr Quantity length{.code = "1/mu", .length = 1};
inline constexpr Quantity time{.code = "1/mu", .time = 1};
inline constexpr Quantity wave_number{.code = "mu", .length = -1};
inline constexpr Quantity rate{.code = "mu", .time = -1};
inline constexpr Quantity density{.code = "1", .density = 1};
/// Occupation as density per energy: sums with the weights of the momentum grid are densities.
inline constexpr Quantity occupation{.code = "1", .energy = -1, .density = 1};
/// Occupation times energy over length.
inline constexpr Quantity force{.code = "mu^2", .length = -1, .density = 1};
/// Integrals over z, for each cm^2 across.
inline constexpr Quantity box_number{.code = "1", .length = 1, .density = 1};
inline constexpr Quantity box_number_rate{.code = "mu", .length = 1, .time = -1, .density = 1};
inline constexpr Quantity box_spectrum{.code = "1/mu", .energy = -1, .length = 1, .density = 1};
inline constexpr Quantity box_energy{.code = "mu", .energy = 1, .length = 1, .density = 1};
inline constexpr Quantity box_energy_rate{
    .code = "mu^2", .energy = 1, .length = 1, .time = -1, .density = 1};
/// What counts states, of which a density does not say how many a node stands for.
inline constexpr Quantity states{.code = "1", .has_physical = false};
inline constexpr Quantity states_rate{.code = "mu", .has_physical = false};
/// In units of an amplitude that is arbitrary.
inline constexpr Quantity amplitude{.code = "mu", .has_physical = false};

}  // namespace of

/// A number in code units times `factor` is one in `units`.
struct Physical {
  std::string units;  ///< "meV cm-2", for UDUNITS
  double factor = 1.0;
};
Physical physical(const Quantity& quantity, const Scale& scale);

}  // namespace nuvlasov::units
