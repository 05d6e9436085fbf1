#include "matter.hpp"

#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <numbers>
#include <stdexcept>

#include "initial_state.hpp"

namespace nuvlasov {
namespace {

/// lambda(z) of a table, the same at both ends of a periodic box.
std::function<double(double)> from_table(const config::Configuration& configuration,
                                         const phase_space::ZAxis& axis, MPI_Comm comm) {
  const double length = axis.length();
  const std::string key = "equation.matter.path";
  const auto& path = configuration.input().equation.matter.path;
  const initial::Table table =
      read_table(configuration, key, path, initial::Table::positions(), comm);
  try {
    const double first = table.at(0.0), last = table.at(length);
    if (axis.periodic() && first != last)
      configuration.fail(key, fmt::format("{}: lambda is {:g} at z = 0, but {:g} at z = {:g}: a "
                                          "periodic box needs the same at both ends",
                                          path, first, last, length));
  } catch (const std::invalid_argument& error) {
    configuration.fail(key, error.what());
  }
  return [table](double z) { return table.at(z); };
}

}  // namespace

std::vector<double> make_matter(const config::Configuration& configuration,
                                const phase_space::ZAxis& z, MPI_Comm comm) {
  const auto& matter = configuration.input().equation.matter;
  std::function<double(double)> lambda;
  if (matter.profile == "none") return {};
  if (matter.profile == "table")
    lambda = from_table(configuration, z, comm);
  else if (matter.profile == "cosine")
    lambda = [&, k = 2.0 * std::numbers::pi * static_cast<double>(matter.mode) / z.length()](
                 double x) { return matter.lambda + matter.amplitude * std::cos(k * x); };
  else
    lambda = [&](double x) { return matter.lambda + matter.slope * x; };
  std::vector<double> values;
  for (Index j = 0; j < z.cells(); ++j) values.push_back(lambda(z.position(j)));
  return values;
}

}  // namespace nuvlasov
