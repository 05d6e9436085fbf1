#include "nuvlasov/phase_space/stencil.hpp"

#include <algorithm>
#include <stdexcept>

namespace nuvlasov::phase_space {
namespace {

/// H and Q of the first nodes.
struct Closure {
  std::vector<double> weights;
  std::vector<double> above_diagonal;  ///< Q_{01}, Q_{02}, ..., Q_{12}, ..., row by row
};

Closure closure_of(int order) {
  switch (order) {
    case 2:
      return {{1.0 / 2}, {}};
    case 4:
      return {{17.0 / 48, 59.0 / 48, 43.0 / 48, 49.0 / 48},
              {59.0 / 96, -1.0 / 12, -1.0 / 32, 59.0 / 96, 0.0, 59.0 / 96}};
    case 6:
      return {{13649.0 / 43200, 12013.0 / 8640, 2711.0 / 4320, 5359.0 / 4320, 7877.0 / 8640,
               43801.0 / 43200},
              {10387.0 / 16200, -10271.0 / 259200, -2159.0 / 14400, 395.0 / 10368, 1333.0 / 129600,
               3341.0 / 8640, 19973.0 / 51840, -199.0 / 1728, -1351.0 / 86400, 4601.0 / 12960,
               191.0 / 17280, -821.0 / 43200, 16399.0 / 25920, -15287.0 / 259200, 7.0 / 10}};
    default:
      throw std::invalid_argument("the order of a summation-by-parts operator is 2, 4 or 6");
  }
}

}  // namespace

bool Stencil::central() const {
  for (int n = 0; n < size; ++n)
    if (pairs[n].ahead != n + 1 || pairs[n].behind != -(n + 1)) return false;
  return true;
}

void Stencil::add(double weight, int ahead, int behind) {
  pairs[static_cast<std::size_t>(size++)] = {weight, ahead, behind};
  lowest = std::min({lowest, ahead, behind});
  highest = std::max({highest, ahead, behind});
}

Stencil Stencil::mirrored() const {
  Stencil other;
  for (int n = 0; n < size; ++n) other.add(-pairs[n].weight, -pairs[n].ahead, -pairs[n].behind);
  return other;
}

Stencil central_stencil(const CentralDifference& derivative) {
  Stencil row;
  for (int m = 1; m <= derivative.reach(); ++m) row.add(derivative.weight(m), m, -m);
  return row;
}

SummationByParts summation_by_parts(const CentralDifference& interior, double spacing) {
  const Closure closure = closure_of(interior.order());
  const auto size = static_cast<int>(closure.weights.size());
  const auto at = [&](int row, int column) {
    return closure.above_diagonal[static_cast<std::size_t>(row * size - row * (row + 1) / 2 +
                                                           column - row - 1)];
  };
  SummationByParts result{.weights = closure.weights, .rows = {}};
  for (int row = 0; row < size; ++row) {
    const double scale = 1.0 / (closure.weights[static_cast<std::size_t>(row)] * spacing);
    Stencil stencil;
    const auto add = [&](int column, double q) {
      if (q != 0.0) stencil.add(scale * q, column - row, 0);
    };
    for (int column = 0; column < row; ++column) add(column, -at(column, row));
    for (int column = row + 1; column < size; ++column) add(column, at(row, column));
    for (int column = size; column <= row + interior.reach(); ++column)
      add(column, interior.weight(column - row) * spacing);
    result.rows.push_back(stencil);
  }
  return result;
}

}  // namespace nuvlasov::phase_space
