#include "nuvlasov/phase_space/lines.hpp"

#include <numeric>

namespace nuvlasov::phase_space {
namespace {

Index registers(Index numbers) { return (numbers + Lines::lanes - 1) / Lines::lanes; }

}  // namespace

Lines::Lines(const MomentumGrid& grid, const Box& seen)
    : node_by_node_(grid.geometry() == Geometry::beams),
      components_(grid.components()),
      angles_(seen.angle.size) {
  const Index energies = seen.energy.size;
  if (!node_by_node_) {
    count_ = energies;
    nodes_ = angles_;
    period_ = blocks_ = registers(nodes_);
  } else {
    count_ = 1;
    nodes_ = energies * angles_;
    blocks_ = registers(nodes_);
    period_ = angles_ / std::gcd(angles_, lanes);
  }
}

Numbers Lines::spread(const std::vector<double>& values) const {
  Numbers result(static_cast<std::size_t>(period_ * lanes), 0.0);
  for (Index lane = 0; lane < period_ * lanes; ++lane)
    if (const Index node = in_order(lane); node_by_node_ || node < angles_)
      result[static_cast<std::size_t>(lane)] = values[static_cast<std::size_t>(node % angles_)];
  return result;
}

PlaneInVacuum::PlaneInVacuum(const Lines& lines, int reach)
    : step_(lines.energy_step()),
      first_(registers(reach * step_) * Lines::lanes),
      values_(
          static_cast<std::size_t>(first_ + lines.blocks() * lines.block_size() + reach * step_),
          0.0) {}

}  // namespace nuvlasov::phase_space
