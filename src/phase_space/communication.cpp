#include "nuvlasov/phase_space/communication.hpp"

#include <algorithm>
#include <bit>

namespace nuvlasov::phase_space {
namespace {

/// Matrices that the moments of a plane consist of.
constexpr int moments_of_a_plane = 3;

/// Moments are made on ghost planes too: this part of the work on a plane.
constexpr double share_on_ghost_planes = 0.1;

AxisShare largest_axis_share(Index nodes, int ranks, bool periodic) {
  const int neighbours = periodic && ranks > 1 ? 2 : std::min(2, ranks - 1);
  return {.nodes = (nodes + ranks - 1) / ranks,
          .neighbours = neighbours,
          .own_ghosts = periodic ? 2 - neighbours : 0};
}

/// Nodes along the axis with ghosts on the sides where there are neighbours.
Index with_ghosts(const AxisShare& axis, int ghosts) {
  return axis.nodes + axis.neighbours * Index{ghosts};
}

/// Planes go to both neighbours in z, even where those are the same rank. Where momentum is split,
/// one message goes to each rank around, diagonal ones included.
double halo_messages(const Share& share, const ProcessGrid& grid) {
  if (grid.energy * grid.angle == 1) return share.z.neighbours;
  const int around_in_z = std::min(2, grid.z - 1);
  return (1 + around_in_z) * (1 + share.energy.neighbours) * (1 + share.angle.neighbours) - 1;
}

}  // namespace

double AllReduction::rounds() const { return std::bit_width(static_cast<unsigned>(ranks - 1)); }

Share largest_share(const ProcessGrid& grid, const ZAxis& z, const MomentumGrid& momentum) {
  return {.z = largest_axis_share(z.cells(), grid.z, z.periodic()),
          .energy = largest_axis_share(momentum.energies(), grid.energy, false),
          .angle = largest_axis_share(momentum.angles(), grid.angle, false),
          .matrix_bytes = momentum.matrix_bytes()};
}

Communication communication(const Share& share, const ProcessGrid& grid, int ghosts) {
  // Where a periodic z is whole, its ghosts are the rank's own.
  const Index own_planes = share.z.nodes + share.z.own_ghosts * Index{ghosts};
  const Index planes = own_planes + share.z.neighbours * Index{ghosts};
  const Index ghost_nodes =
      planes * with_ghosts(share.energy, ghosts) * with_ghosts(share.angle, ghosts) -
      own_planes * share.energy.nodes * share.angle.nodes;
  Communication all;
  all.halo = {.messages = halo_messages(share, grid),
              .bytes = static_cast<double>(ghost_nodes) * share.matrix_bytes};
  all.moments.ranks = grid.energy * grid.angle;
  if (all.moments.ranks > 1)
    all.moments.bytes = static_cast<double>(planes * moments_of_a_plane) * share.matrix_bytes;
  return all;
}

double seconds(const Traffic& traffic, const Machine& machine) {
  return traffic.messages * machine.latency + traffic.bytes / machine.bandwidth;
}

double seconds(const AllReduction& reduction, const Machine& machine) {
  return reduction.rounds() * (machine.latency + reduction.bytes / machine.bandwidth);
}

double worked_nodes(const Share& share, int ghosts) {
  return share.nodes() *
         (1.0 + share_on_ghost_planes * 2.0 * ghosts / static_cast<double>(share.z.nodes));
}

double seconds_per_right_hand_side(const ProcessGrid& grid, const ZAxis& z,
                                   const MomentumGrid& momentum, int ghosts,
                                   const Machine& machine) {
  const Share share = largest_share(grid, z, momentum);
  const Communication sent = communication(share, grid, ghosts);
  return machine.node_seconds * worked_nodes(share, ghosts) + seconds(sent.halo, machine) +
         seconds(sent.moments, machine);
}

}  // namespace nuvlasov::phase_space
