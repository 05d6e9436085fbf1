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
/// geometry, where directions are multiplied by matrices, [component][lane], each component
/// beginning with a register of its own, directions in lanes as in a flavor::Block.
class Lines {
 public:
  static constexpr Index lanes = flavor::lanes;

  /// \param seen  energies and directions in memory
  Lines(const MomentumGrid& grid, const Box& seen);

  /// Numbers of a node, and of a register of nodes.
  Index components() const { return components_; }
  Index block_size() const { return components_ * lanes; }
  Index count() const { return count_; }
  /// Nodes, and registers, of a line.
  Index nodes() const { return nodes_; }
  Index blocks() const { return blocks_; }
  /// Registers in a line after which the directions begin anew.
  Index period() const { return period_; }
  /// Numbers of a line, from one component to the next and from one energy to the next.
  Index numbers() const { return node_by_node_ ? nodes_ * components_ : energy_step(); }
  Index component_step() const { return node_by_node_ ? 1 : blocks_ * lanes; }
  Index energy_step() const { return components_ * (node_by_node_ ? angles_ : component_step()); }

  /// Which node the n-th lane of a line's registers holds; in which lane the n-th node is.
  static Index in_order(Index n) {
    return n / lanes * lanes + flavor::lane_order(static_cast<int>(n % lanes));
  }
  /// One value for each direction, in the registers of a period; 0 where there is no node.
  Numbers spread(const std::vector<double>& values) const;

 private:
  bool node_by_node_;
  Index components_;
  Index count_, nodes_, blocks_, period_, angles_;
};

/// The numbers of a plane with frozen directions. Beyond the energies seen there is vacuum, zeros.
class PlaneInVacuum {
 public:
  PlaneInVacuum() = default;
  /// \param reach  energies that are read beyond those seen
  PlaneInVacuum(const Lines& lines, int reach);

  double* numbers() { return values_.data() + first_; }
  /// What is m energies from there.
  const double* numbers(int m) const { return values_.data() + first_ + m * step_; }

 private:
  Index step_ = 0, first_ = 0;
  Numbers values_;
};

}  // namespace nuvlasov::phase_space
