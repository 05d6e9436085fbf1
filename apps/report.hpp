/// \file
/// What run and its --dry-run both say.
#pragma once

#include <string>
#include <vector>

#include "nuvlasov/io/log.hpp"
#include "simulation.hpp"

namespace nuvlasov {

/// "12s", "3min05s", "2h15min", "4.2 days".
std::string duration_text(double seconds);

/// "1.3 GB", in powers of 1000.
std::string bytes_text(double bytes);

/// What is solved, with what, on which ranks.
struct Banner {
  std::string input;        ///< file
  std::string ranks;        ///< how many, and how they share the grid
  std::string integration;  ///< Integrator::description()
  double end = 0.0;
};
void say_banner(io::Log& log, const config::Input& input, const Problem& problem,
                const Banner& banner);

/// What the units of the input are, a line each; none where it gives no density.
std::vector<std::string> units_text(const config::Input& input);

/// \param rate  short_wave_growth() of the initial state
void warn_of_short_waves(io::Log& log, double rate, double end);

}  // namespace nuvlasov
