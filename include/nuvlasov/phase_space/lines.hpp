/// \file
/// How the momentum nodes of a z plane are laid out for arithmetic on whole registers.
#pragma once

#include <vector>

#include "nuvlasov/flavor/lanes.hpp"
#include "nuvlasov/phase_space/aligned.hpp"
#include "nuvlasov/phase_space/momentum_grid.hpp"
#include "nuvlasov/phase_space/state_view.hpp"

namespace nuvlasov::phase_space {

/// A line is a run of nodes that stand one after the other in the state and begin with a register
/// of their own: with frozen directions, which do not mix, all nodes of a plane; in spherical
/// geometry those of one energy. What is beyond the nodes in its last register is of no meaning
/// and reaches nothing else.
///
/// The numbers of a line: with frozen directions [node][component], as in the state; in spherical
/// geometry, where directions are multiplied by matrices, [component][direction], each component
/// beginning with a register of its own.
class Lines {
 public:
  static constexpr Index lanes = flavor::lanes;

  /// \param seen  energies and directions in memory
  Lines(const MomentumGrid& grid, const Box& seen);

  /// Whether the numbers of a line are [node][component].
  bool node_by_node() const { return node_by_node_; }
  int flavors() const { return flavors_; }
  /// Numbers of a node, and of a register of nodes.
  Index components() const { return components_; }
  Index block_size() const { return components_ * lanes; }
  Index count() const { return count_; }
  /// Nodes, and registers, of a line.
  Index nodes() const { return nodes_; }
  Index blocks() const { return blocks_; }
  /// Registers in all lines.
  Index all_blocks() const { return count_ * blocks_; }
  /// Registers in a line after which the directions begin anew.
  Index period() const { return period_; }
  /// Numbers of a line, from one component to the next and from one energy to the next.
  Index numbers() const { return node_by_node_ ? nodes_ * components_ : energy_step(); }
  Index component_step() const { return node_by_node_ ? 1 : blocks_ * lanes; }
  Index energy_step() const { return components_ * (node_by_node_ ? angles_ : component_step()); }

  /// One value for each direction, in the registers of a period; 0 where there is no node.
  Numbers spread(const std::vector<double>& values) const;

 private:
  bool node_by_node_;
  int flavors_;
  Index components_;
  Index count_, nodes_, blocks_, period_, angles_;
};

/// The numbers of the lines of a plane, or of as many of them as are needed at once: line n + kept
/// takes the place of line n. Beyond the energies seen there is vacuum, zeros.
class Fields {
 public:
  Fields() = default;
  /// \param reach  energies that are read beyond those seen
  /// \param kept   lines
  Fields(const Lines& lines, int reach, Index kept);

  double* line(Index n) { return values_.data() + begins_[static_cast<std::size_t>(n)]; }
  const double* line(Index n) const {
    return values_.data() + begins_[static_cast<std::size_t>(n)];
  }
  /// What is m energies from line(n).
  const double* line(Index n, int m) const {
    if (node_by_node_) return line(n) + m * step_;
    return n + m >= 0 && n + m < count_ ? line(n + m) : values_.data() + vacuum_;
  }

 private:
  bool node_by_node_ = false;
  Index count_ = 0, step_ = 0, vacuum_ = 0;
  std::vector<Index> begins_;  ///< of the lines in values_
  Numbers values_;
};

}  // namespace nuvlasov::phase_space
