#include "nuvlasov/phase_space/momentum_grid.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "nuvlasov/phase_space/angular_operator.hpp"

namespace nuvlasov::phase_space {

MomentumGrid::MomentumGrid(double reference, double half_width, Index energies, int order,
                           std::vector<double> directions, std::vector<double> weights,
                           std::vector<double> signs)
    : reference_(reference),
      half_width_(half_width),
      energies_(energies),
      directions_(std::move(directions)),
      weights_(std::move(weights)),
      signs_(std::move(signs)),
      energy_derivative_(order, energy_spacing()) {
  if (directions_.empty() || directions_.size() != weights_.size())
    throw std::invalid_argument("a momentum grid needs one weight for each direction");
  if (signs_.empty()) signs_.assign(directions_.size(), neutrino);
  if (signs_.size() != directions_.size())
    throw std::invalid_argument("a momentum grid needs one species for each direction");
}

MomentumGrid MomentumGrid::spherical(double reference, double half_width, Index energies, int order,
                                     Index angles, AngularOperator angular_operator,
                                     DirectionRange range, bool antineutrinos) {
  if (!(-1.0 <= range.from && range.from < range.to && range.to <= 1.0))
    throw std::invalid_argument("a range of directions lies within [-1, 1]");
  GaussLegendre rule = gauss_legendre(angles, range);
  std::vector<double> signs(rule.nodes.size(), neutrino);
  if (antineutrinos) {
    signs.resize(2 * rule.nodes.size(), antineutrino);
    for (std::vector<double>* values : {&rule.nodes, &rule.weights}) {
      const std::vector<double> once = *values;
      values->insert(values->end(), once.begin(), once.end());
    }
  }
  MomentumGrid grid(reference, half_width, energies, order, rule.nodes, rule.weights, signs);
  grid.geometry_ = Geometry::spherical;
  grid.angular_operator_ = angular_operator;
  grid.range_ = range;
  return grid;
}

MomentumGrid MomentumGrid::of_flavors(int flavors) const {
  if (flavors < 2 || flavors > flavor::most_flavors)
    throw std::invalid_argument("a density matrix has two or three flavors");
  MomentumGrid grid = *this;
  grid.flavors_ = flavors;
  return grid;
}

MomentumGrid MomentumGrid::without_antineutrinos() const {
  MomentumGrid grid = *this;
  for (std::vector<double>* values : {&grid.directions_, &grid.weights_, &grid.signs_})
    values->resize(static_cast<std::size_t>(angles_of_species()));
  return grid;
}

bool MomentumGrid::has_antineutrinos() const {
  return std::find(signs_.begin(), signs_.end(), antineutrino) != signs_.end();
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
