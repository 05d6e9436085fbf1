#include "nuvlasov/phase_space/momentum_grid.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "nuvlasov/phase_space/angular_operator.hpp"

namespace nuvlasov::phase_space {

MomentumGrid::MomentumGrid(double reference, double half_width, Index energies, int order,
                           std::vector<double> directions, std::vector<double> weights)
    : reference_(reference),
      half_width_(half_width),
      energies_(energies),
      directions_(std::move(directions)),
      weights_(std::move(weights)),
      energy_derivative_(order, energy_spacing()) {
  if (directions_.empty() || directions_.size() != weights_.size())
    throw std::invalid_argument("a momentum grid needs one weight for each direction");
}

MomentumGrid MomentumGrid::spherical(double reference, double half_width, Index energies, int order,
                                     Index angles, AngularOperator angular_operator,
                                     DirectionRange range) {
  if (!(-1.0 <= range.from && range.from < range.to && range.to <= 1.0))
    throw std::invalid_argument("a range of directions lies within [-1, 1]");
  const GaussLegendre rule = gauss_legendre(angles, range);
  MomentumGrid grid(reference, half_width, energies, order, rule.nodes, rule.weights);
  grid.geometry_ = Geometry::spherical;
  grid.angular_operator_ = angular_operator;
  grid.range_ = range;
  return grid;
}

double MomentumGrid::energy_weight(Index i) const {
  const double ratio = geometry_ == Geometry::spherical ? energy(i) / reference_ : 1.0;
  return ratio * ratio * energy_spacing();
}

double MomentumGrid::largest_speed() const {
  double speed = 0.0;
  for (const double v : directions_) speed = std::max(speed, std::abs(v));
  return speed;
}

}  // namespace nuvlasov::phase_space
