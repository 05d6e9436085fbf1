#include "nuvlasov/phase_space/z_axis.hpp"

namespace nuvlasov::phase_space {
namespace {

double spacing_of(double length, Index nodes, Boundaries boundaries) {
  return length / static_cast<double>(boundaries == Boundaries::open ? nodes - 1 : nodes);
}

}  // namespace

ZAxis::ZAxis(double length, Index cells, int order, Boundaries boundaries)
    : length_(length),
      cells_(cells),
      boundaries_(boundaries),
      spacing_(spacing_of(length, cells, boundaries)),
      derivative_(order, spacing_),
      inner_row_(central_stencil(derivative_)),
      span_(derivative_.reach()) {
  if (periodic()) return;
  ends_ = summation_by_parts(derivative_, spacing_);
  for (const Stencil& row : ends_.rows) {
    upper_rows_.push_back(row.mirrored());
    span_ = std::max({span_, row.highest, -row.lowest});
  }
}

ZAxis ZAxis::with_cells(Index cells) const {
  const auto intervals = static_cast<double>(periodic() ? cells : cells - 1);
  return {spacing_ * intervals, cells, derivative_.order(), boundaries_};
}

}  // namespace nuvlasov::phase_space
