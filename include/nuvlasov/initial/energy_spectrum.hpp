/// \file
/// The initial distribution over the energy window.
#pragma once

#include <optional>
#include <vector>

#include "nuvlasov/initial/table.hpp"
#include "nuvlasov/phase_space/momentum_grid.hpp"

namespace nuvlasov::initial {

enum class SpectrumShape {
  gaussian,     ///< exp(-(E - E_c)^2 / (2 width^2))
  cosine,       ///< 1 + cos(pi (E - E_c)/width) for |E - E_c| < width, zero beyond
  fermi_dirac,  ///< 1/(exp((E - chemical_potential)/temperature) + 1)
  table,        ///< as in `table`
};

/// Occupation over energy, up to a factor. Energies in mu.
struct EnergySpectrum {
  SpectrumShape shape = SpectrumShape::gaussian;
  double width = 1.0;   ///< standard deviation of the Gaussian, half of the cosine's support
  double center = 0.0;  ///< E_c - E_ref
  double temperature = 1.0;
  double chemical_potential = 0.0;
  std::optional<Table> table{};  ///< over E, not relative to E_ref
};

/// f_i on the cells of the window with sum_i w_i f_i = 1, w_i the energy
/// part of the measure; a window of one cell holds everything.
/// \throws std::invalid_argument when all f_i vanish or the table has no value
std::vector<double> energy_spectrum(const phase_space::MomentumGrid& grid,
                                    const EnergySpectrum& shape);

/// Largest share of the spectrum in an outermost cell of the window; 0 for a single cell.
double edge_share(const phase_space::MomentumGrid& grid, const std::vector<double>& spectrum);

}  // namespace nuvlasov::initial
