/// \file
/// The initial distribution over the energy window.
#pragma once

#include <stdexcept>
#include <vector>

#include "nuvlasov/phase_space/momentum_grid.hpp"

namespace nuvlasov::initial {

enum class SpectrumShape {
  gaussian,  ///< exp(-(E - E_c)^2 / (2 width^2))
  cosine,    ///< 1 + cos(pi (E - E_c)/width) for |E - E_c| < width, zero beyond
};

/// f_i on the cells of the window with sum_i w_i f_i = 1, w_i the energy
/// part of the measure; a window of one cell holds everything.
/// \param width   (mu) standard deviation of the Gaussian, half of the cosine's support
/// \param center  E_c - E_ref (mu)
std::vector<double> energy_spectrum(const phase_space::MomentumGrid& grid, SpectrumShape shape,
                                    double width, double center);

/// Largest share of the spectrum in an outermost cell of the window; 0 for a single cell.
double edge_share(const phase_space::MomentumGrid& grid, const std::vector<double>& spectrum);

}  // namespace nuvlasov::initial
