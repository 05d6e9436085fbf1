#include "nuvlasov/initial/energy_spectrum.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>

namespace nuvlasov::initial {
namespace {

double shape_at(const EnergySpectrum& spectrum, double offset, double energy) {
  const double x = (offset - spectrum.center) / spectrum.width;
  switch (spectrum.shape) {
    case SpectrumShape::gaussian:
      return std::exp(-0.5 * x * x);
    case SpectrumShape::cosine:
      return std::abs(x) < 1.0 ? 0.5 * (1.0 + std::cos(std::numbers::pi * x)) : 0.0;
    case SpectrumShape::fermi_dirac:
      return 1.0 / (std::exp((energy - spectrum.chemical_potential) / spectrum.temperature) + 1.0);
    case SpectrumShape::table:
      return spectrum.table.value().at(energy);
  }
  return 0.0;
}

}  // namespace

std::vector<double> energy_spectrum(const phase_space::MomentumGrid& grid,
                                    const EnergySpectrum& shape) {
  std::vector<double> spectrum(static_cast<std::size_t>(grid.energies()), 1.0);
  if (grid.energies() > 1)
    for (Index i = 0; i < grid.energies(); ++i)
      spectrum[static_cast<std::size_t>(i)] =
          shape_at(shape, grid.energy_offset(i), grid.energy(i));
  double sum = 0.0;
  for (Index i = 0; i < grid.energies(); ++i)
    sum += grid.energy_weight(i) * spectrum[static_cast<std::size_t>(i)];
  if (!(sum > 0.0))
    throw std::invalid_argument("the energy spectrum vanishes on every cell of the window");
  for (double& f : spectrum) f /= sum;
  return spectrum;
}

double edge_share(const phase_space::MomentumGrid& grid, const std::vector<double>& spectrum) {
  if (grid.energies() == 1) return 0.0;
  return std::max(spectrum.front() * grid.energy_weight(0),
                  spectrum.back() * grid.energy_weight(grid.energies() - 1));
}

}  // namespace nuvlasov::initial
