#include "nuvlasov/units.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cmath>
#include <numbers>
#include <utility>
#include <vector>

namespace nuvlasov::units {
namespace {

constexpr double mev_per_milli_ev = 1e-9;
constexpr double ns_per_s = 1e9;
constexpr double zeta_3 = 1.2020569031595942;

}  // namespace

double Scale::in_mu(double energy) const { return energy / (mu * mev_per_milli_ev); }
double Scale::in_mev(double energy) const { return energy * mu * mev_per_milli_ev; }

Scale scale_of_density(double density) {
  const double mu = std::numbers::sqrt2 * fermi_constant * hbar_c * hbar_c * hbar_c * density;
  return {.density = density,
          .mu = mu / mev_per_milli_ev,
          .length = hbar_c / mu,
          .time = hbar / mu * ns_per_s};
}

double thermal_density(double temperature) {
  const double wave_number = temperature / hbar_c;
  return 3.0 * zeta_3 / (4.0 * std::numbers::pi * std::numbers::pi) * wave_number * wave_number *
         wave_number;
}

Physical physical(const Quantity& quantity, const Scale& scale) {
  std::vector<std::string> powers;
  for (const auto& [name, power] : std::array{
           std::pair{"meV", quantity.energy},
           std::pair{"cm", quantity.length - 3 * quantity.density}, std::pair{"ns", quantity.time}})
    if (power != 0) powers.push_back(power == 1 ? name : fmt::format("{}{}", name, power));
  return {.units = powers.empty() ? "1" : fmt::format("{}", fmt::join(powers, " ")),
          .factor = std::pow(scale.mu, quantity.energy) * std::pow(scale.length, quantity.length) *
                    std::pow(scale.time, quantity.time) *
                    std::pow(scale.density, quantity.density)};
}

}  // namespace nuvlasov::units
