/// \file
/// What the ranks send each other for a right-hand side, counted from the grid, and how long that
/// and the right-hand side itself should take. docs/scaling.md.
#pragma once

#include "nuvlasov/phase_space/momentum_grid.hpp"
#include "nuvlasov/phase_space/process_grid.hpp"
#include "nuvlasov/phase_space/z_axis.hpp"

namespace nuvlasov::phase_space {

/// What one rank owns along an axis, and on how many sides it has a neighbour: 2 where the split
/// axis is periodic or the rank is inside, else 1, and 0 where the axis is whole.
struct AxisShare {
  Index nodes = 1;
  int neighbours = 0;
  int own_ghosts = 0;  ///< sides on which ghosts are the rank's own nodes: of a periodic axis
};

/// What one rank owns.
struct Share {
  AxisShare z, energy, angle;
  double matrix_bytes = flavor::components(2) * sizeof(double);  ///< of a density matrix
  double nodes() const {
    return static_cast<double>(z.nodes) * static_cast<double>(energy.nodes) *
           static_cast<double>(angle.nodes);
  }
};

/// Of the rank that has most nodes and neighbours.
Share largest_share(const ProcessGrid& grid, const ZAxis& z, const MomentumGrid& momentum);

/// Messages that a rank sends, and the bytes in all of them.
struct Traffic {
  double messages = 0.0;
  double bytes = 0.0;
};

/// A sum of `bytes` over `ranks`, for all of them, by recursive doubling (Thakur, Rabenseifner and
/// Gropp 2005): in each of ceil(log2 ranks) rounds a rank sends all bytes once.
struct AllReduction {
  int ranks = 1;
  double bytes = 0.0;
  double rounds() const;
};

/// What one rank sends for one right-hand side: the ghosts of the ranks around it, corners
/// included; and its part of the moments of all planes that it sees, where ranks share planes.
struct Communication {
  Traffic halo;
  AllReduction moments;
};

/// \param ghosts  ghost nodes on each side of a split axis, and of z always where that is periodic
Communication communication(const Share& share, const ProcessGrid& grid, int ghosts);

/// Of the size usual on clusters with many ranks on a node.
struct Machine {
  double node_seconds = 5e-8;  ///< a right-hand side of one node of phase space
  double latency = 2e-6;       ///< seconds from sending a message to having it, at least
  double bandwidth = 4e9;      ///< bytes per second from one rank to another
};

double seconds(const Traffic& traffic, const Machine& machine);
double seconds(const AllReduction& reduction, const Machine& machine);

/// Nodes that take the time of the rank's own and of what is done on ghost planes.
double worked_nodes(const Share& share, int ghosts);

/// Time of one right-hand side on the rank with most nodes: computing, sending ghosts, adding up
/// moments, one after the other.
double seconds_per_right_hand_side(const ProcessGrid& grid, const ZAxis& z,
                                   const MomentumGrid& momentum, int ghosts,
                                   const Machine& machine = {});

}  // namespace nuvlasov::phase_space
