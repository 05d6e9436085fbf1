#include "nuvlasov/initial/angular_spectrum.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace nuvlasov::initial {
namespace {

double shape_at(const AngularSpectrum& spectrum, double v) {
  const double x = (v - spectrum.center) / spectrum.width;
  switch (spectrum.shape) {
    case AngularShape::isotropic:
      return 1.0;
    case AngularShape::gaussian:
      return std::exp(-0.5 * x * x);
    case AngularShape::exponential:
      return std::exp(-std::abs(x));
    case AngularShape::linear:
      return 1.0 + 3.0 * spectrum.flux_factor * v;
    case AngularShape::table:
      return spectrum.table.value().at(v);
  }
  return 0.0;
}

}  // namespace

std::vector<double> angular_spectrum(const phase_space::MomentumGrid& grid,
                                     const AngularSpectrum& spectrum, double sign) {
  std::vector<double> values;
  double sum = 0.0;
  for (Index k = 0; k < grid.angles(); ++k) {
    values.push_back(grid.sign(k) == sign ? shape_at(spectrum, grid.direction(k)) : 0.0);
    sum += grid.direction_weight(k) * values.back();
  }
  if (spectrum.number == 0.0) {
    values.assign(values.size(), 0.0);
    return values;
  }
  if (*std::min_element(values.begin(), values.end()) < 0.0)
    throw std::invalid_argument("the angular spectrum is negative in some direction");
  if (!(sum > 0.0)) throw std::invalid_argument("the angular spectrum vanishes in all directions");
  for (double& value : values) value *= spectrum.number / sum;
  return values;
}

}  // namespace nuvlasov::initial
