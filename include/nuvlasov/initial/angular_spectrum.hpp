/// \file
/// Initial distributions over directions, as the 1-D studies of fast conversions use them.
#pragma once

#include <optional>
#include <vector>

#include "nuvlasov/initial/table.hpp"
#include "nuvlasov/phase_space/momentum_grid.hpp"

namespace nuvlasov::initial {

enum class AngularShape {
  isotropic,    ///< constant
  gaussian,     ///< exp(-(v - center)^2 / (2 width^2))
  exponential,  ///< exp(-|v - center| / width): of maximum entropy with center = +-1
  linear,       ///< 1 + 3 flux_factor v, whose mean v is flux_factor
  table,        ///< as in `table`
};

/// One flavor's neutrinos, or antineutrinos, over direction.
struct AngularSpectrum {
  double number = 0.0;  ///< density, sum_k w_k n_k
  AngularShape shape = AngularShape::isotropic;
  double center = 1.0;
  double width = 0.5;
  double flux_factor = 0.0;
  std::optional<Table> table{};  ///< over v
};

/// n_k on the directions of one species, with sum_k w_k n_k = number, and zero on the others.
/// \param sign  of the species, as MomentumGrid has it
/// \throws std::invalid_argument when a value is negative, all vanish, or the table has no value
std::vector<double> angular_spectrum(const phase_space::MomentumGrid& grid,
                                     const AngularSpectrum& spectrum,
                                     double sign = phase_space::neutrino);

}  // namespace nuvlasov::initial
