#include "nuvlasov/phase_space/central_difference.hpp"

#include <cmath>
#include <numbers>

namespace nuvlasov::phase_space {

CentralDifference::CentralDifference(int order, double spacing)
    : reach_(order / 2), spacing_(spacing) {
  switch (order) {
    case 2:
      weights_ = {1.0 / 2};
      break;
    case 4:
      weights_ = {2.0 / 3, -1.0 / 12};
      break;
    case 6:
      weights_ = {3.0 / 4, -3.0 / 20, 1.0 / 60};
      break;
    case 8:
      weights_ = {4.0 / 5, -1.0 / 5, 4.0 / 105, -1.0 / 280};
      break;
    default:
      throw std::invalid_argument("the order of a central difference is 2, 4, 6 or 8");
  }
  for (double& weight : weights_) weight /= spacing;

  // The symbol has a single maximum on (0, pi/spacing): bisect its derivative.
  double low = 0.0;
  double high = std::numbers::pi;
  for (int i = 0; i < 60; ++i) {
    const double middle = 0.5 * (low + high);
    double slope = 0.0;
    for (int m = 1; m <= reach_; ++m) slope += weight(m) * m * std::cos(m * middle);
    (slope > 0.0 ? low : high) = middle;
  }
  largest_wave_number_ = modified_wave_number(low / spacing_);
}

double CentralDifference::modified_wave_number(double k) const {
  double sum = 0.0;
  for (int m = 1; m <= reach_; ++m) sum += 2.0 * weight(m) * std::sin(m * k * spacing_);
  return sum;
}

}  // namespace nuvlasov::phase_space
