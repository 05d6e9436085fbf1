#include "nuvlasov/flavor/density_matrix.hpp"

#include <numbers>

namespace nuvlasov::flavor {

std::vector<std::string> component_names(int flavors) {
  if (flavors == 2) return {"P0", "Px", "Py", "Pz"};
  return {"P0", "P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8"};
}

std::vector<std::string> flavor_names(int flavors) {
  if (flavors == 2) return {"nu_e", "nu_x"};
  return {"nu_e", "nu_mu", "nu_tau"};
}

std::vector<FlavorPair> flavor_pairs(int flavors) {
  std::vector<FlavorPair> pairs;
  for (int a = 0; a < flavors; ++a)
    for (int b = a + 1; b < flavors; ++b) pairs.push_back({a, b});
  return pairs;
}

Components unit_occupation(int flavors, std::size_t flavor) {
  return with_flavors(flavors, [&](auto n) {
    std::array<double, n> occupied{};
    occupied[flavor] = 1.0;
    return to_components(diagonal<n>(occupied));
  });
}

double occupation_difference(const Components& rho, FlavorPair pair) {
  if (pair.second == 1) return rho[3];
  // rho_33 is the same in both, sqrt(3) P8 what the others exceed it by together.
  const double mean = 0.5 * std::numbers::sqrt3 * rho[8];
  return mean + (pair.first == 0 ? 0.5 : -0.5) * rho[3];
}

bool holds_any(int flavors, const Components& rho, FlavorPair pair) {
  constexpr double rounding = 1e-14;
  return with_flavors(flavors, [&](auto n) {
    const auto occupied = occupations(load<n>(rho.data()));
    return occupied[static_cast<std::size_t>(pair.first)] +
               occupied[static_cast<std::size_t>(pair.second)] >
           rounding * rho[0];
  });
}

}  // namespace nuvlasov::flavor
