/// \file
/// Parts of the equation: what the choice of terms has to be right for.
#pragma once

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>
#include <vector>

#include "nuvlasov/physics/kinetic_equation.hpp"

namespace nuvlasov::testing_support {

/// Masses, and matter on so many cells.
inline physics::EquationSettings with_masses_and_matter(physics::EquationSettings settings,
                                                        Index cells) {
  settings.masses = {.delta_m2 = -7.0,
                     .mixing_angle = 0.3,
                     .delta_m2_31 = 4.0,
                     .theta_13 = 0.2,
                     .theta_23 = 0.9,
                     .delta_cp = 1.2};
  for (Index j = 0; j < cells; ++j)
    settings.matter.push_back(1.5 + std::cos(6.28 * static_cast<double>(j * j) / 7.0));
  return settings;
}

/// Each term of the full equation alone, each one missing, and all with dissipation.
inline std::vector<physics::EquationSettings> parts_of_the_equation(
    phase_space::Geometry geometry) {
  std::vector<std::string> terms{"streaming", "refraction", "weak_force"};
  if (geometry == phase_space::Geometry::spherical) terms.emplace_back("group_velocity");
  std::vector<physics::EquationSettings> parts;
  for (const std::string& term : terms) {
    parts.push_back({.terms = {term}});
    physics::EquationSettings& rest = parts.emplace_back();
    std::copy_if(terms.begin(), terms.end(), std::back_inserter(rest.terms),
                 [&](const std::string& other) { return other != term; });
  }
  parts.push_back({.dissipation = {.z = 0.7, .energy = 2.0}});
  return parts;
}

/// "streaming, refraction".
inline std::string name_of(const physics::EquationSettings& settings) {
  std::string name = settings.mode == physics::Mode::standard ? "standard" : "full";
  if (!settings.terms.empty()) name = settings.terms.front();
  for (std::size_t t = 1; t < settings.terms.size(); ++t) name += ", " + settings.terms[t];
  if (settings.masses.any()) name += ", masses";
  if (!settings.matter.empty()) name += ", matter";
  return settings.dissipation.z + settings.dissipation.energy > 0.0 ? name + ", dissipation" : name;
}

}  // namespace nuvlasov::testing_support
