#include "report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "nuvlasov/io/provenance.hpp"

namespace nuvlasov {

std::string duration_text(double seconds) {
  if (!std::isfinite(seconds)) return "-";
  const auto whole = static_cast<long long>(std::llround(seconds));
  if (whole < 60) return fmt::format("{:.0f}s", seconds);
  if (whole < 3600) return fmt::format("{}min{:02}s", whole / 60, whole % 60);
  if (whole < 360000) return fmt::format("{}h{:02}min", whole / 3600, whole % 3600 / 60);
  return fmt::format("{:.1f} days", seconds / 86400.0);
}

std::string bytes_text(double bytes) {
  for (const char* unit : {"B", "kB", "MB", "GB", "TB"}) {
    if (bytes < 999.5) return fmt::format("{:.3g} {}", bytes, unit);
    bytes /= 1000.0;
  }
  return fmt::format("{:.3g} PB", bytes);
}

std::vector<std::string> units_text(const config::Input& input) {
  const auto scale = input.units.scale();
  if (!scale) return {};
  const std::string origin = input.units.temperature ? fmt::format(", one species at T = {:g} MeV",
                                                                   *input.units.temperature)
                                                     : "";
  const double reference = input.grid.momentum.energy.reference;
  return {
      fmt::format("density 1 is {:.4g} cm^-3{}; mu = {:.4g} meV; 1/mu = {:.4g} cm = {:.4g} ns",
                  scale->density, origin, scale->mu, scale->length, scale->time),
      fmt::format("E_ref = {:.4g} MeV, r_mu = mu/E_ref = {:.3g}; L = {:.4g} cm; to t = {:.4g} ns",
                  scale->in_mev(reference), 1.0 / reference, input.grid.z.length * scale->length,
                  input.time.end * scale->time)};
}

void say_banner(io::Log& log, const config::Input& input, const Problem& problem,
                const Banner& banner) {
  const physics::EquationSettings& equation = problem.equation;
  log.line(io::version_text());
  log.line(io::library_text());
  log.line(fmt::format("input      {}, {} equation", banner.input, input.equation.mode));
  if (!equation.terms.empty())
    log.line(fmt::format("terms      {} alone", fmt::join(equation.terms, ", ")));
  if (equation.dissipation.z > 0.0 || equation.dissipation.energy > 0.0)
    log.line(fmt::format("           dissipation {:g} in z, {:g} mu in energy",
                         equation.dissipation.z, equation.dissipation.energy));
  log.line(
      fmt::format("grid       {} z x {} energies x {} directions ({}), order {} in z, {} in "
                  "energy; {:.3g} nodes",
                  problem.z.cells(), problem.momentum.energies(), problem.momentum.angles(),
                  input.grid.momentum.geometry, input.grid.z.order, input.grid.momentum.order,
                  problem.nodes()));
  if (!problem.z.periodic())
    log.line(fmt::format("ends       open in z, inflow {}", input.grid.z.inflow));
  if (equation.mode == physics::Mode::full &&
      problem.momentum.geometry() == phase_space::Geometry::spherical)
    log.line(fmt::format("angular    {}",
                         problem.momentum.angular_operator() == phase_space::AngularOperator::sn
                             ? "S_N angular redistribution, second order"
                             : "spectral, the polynomial through all directions"));
  std::string heading = "units";
  for (const std::string& line : units_text(input)) {
    log.line(fmt::format("{:<11}{}", heading, line));
    heading.clear();
  }
  log.line("ranks      " + banner.ranks);
  log.line(fmt::format("time       to t = {:g} by {}", banner.end, banner.integration));
}

void warn_of_short_waves(io::Log& log, double rate, double end) {
  if (rate * end > 1.0)
    log.warning(fmt::format(
        "strong coupling: waves as short as the grid may grow by a factor of up to exp({:.2g}), at "
        "a rate k mu/(10 E_ref) = {:.2g} until t = {:g}, and finer cells in z only let shorter "
        "waves grow faster; raise grid.momentum.energy.reference, use fewer grid.z.cells, or damp "
        "them with equation.dissipation.z",
        rate * end, rate, end));
}

}  // namespace nuvlasov
