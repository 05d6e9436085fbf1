#include "nuvlasov/phase_space/lines.hpp"

#include <numeric>

namespace nuvlasov::phase_space {
namespace {

Index registers(Index numbers) { return (numbers + Lines::lanes - 1) / Lines::lanes; }

}  // namespace

Lines::Lines(const MomentumGrid& grid, const Box& seen)
    : node_by_node_(grid.geometry() == Geometry::beams),
      flavors_(grid.flavors()),
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
    if (node_by_node_ || lane < angles_)
      result[static_cast<std::size_t>(lane)] = values[static_cast<std::size_t>(lane % angles_)];
  return result;
}

Fields::Fields(const Lines& lines, int reach, Index kept)
    : node_by_node_(lines.node_by_node()), count_(lines.count()), step_(lines.energy_step()) {
  // A line that is all there is has the vacuum around it; many share one of their size, and
  // neighbours in direction are looked up one number too far.
  const Index first = node_by_node_ ? registers(reach * step_) * Lines::lanes : Lines::lanes;
  const Index here = node_by_node_ ? lines.blocks() * lines.block_size() : kept * step_;
  for (Index n = 0; n < count_; ++n) begins_.push_back(first + n % kept * step_);
  vacuum_ = first + here + Lines::lanes;
  values_.resize(static_cast<std::size_t>(vacuum_ + reach * step_), 0.0);
}

}  // namespace nuvlasov::phase_space
