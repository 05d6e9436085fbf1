/// \file
/// The experiment of Fig. 1 on grids that tests can afford.
#pragma once

#include <fmt/format.h>

#include <string>

#include "simulate.hpp"

namespace nuvlasov::testing_support {

/// The beams of Fig. 1 on a coarser grid.
inline std::string two_beams(const std::string& more, const char* mode = "full", int cells = 250,
                             int energies = 64) {
  const std::string energy =
      std::string(mode) == "full"
          ? fmt::format(
                "grid.momentum.energy = {{reference = 1000.0, half_width = 32.0, cells = {}}}\n"
                "initial.energy_spectrum.width = 4.0\n",
                energies)
          : "";
  return fmt::format("equation.mode = \"{}\"\ngrid.z = {{length = 100.0, cells = {}}}\n{}{}", mode,
                     cells, energy, more);
}

}  // namespace nuvlasov::testing_support
