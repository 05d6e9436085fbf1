#include "nuvlasov/phase_space/communication.hpp"

#include <algorithm>
#include <bit>

#include "nuvlasov/flavor/density_matrix.hpp"

namespace nuvlasov::phase_space {
namespace {

constexpr double matrix_bytes = flavor::components * sizeof(double);

/// Matrices that the moments of a plane consist of.
constexpr int moments_of_a_plane = 3;

/// D_p rho and the moments are made on ghost planes too: this part of the work on a plane.
constexpr double share_on_ghost_planes = 0.3;

AxisShare largest_axis_share(Index nodes, int ranks, bool periodic) {
  const int neighbours = periodic && ranks > 1 ? 2 : std::min(2, ranks - 1);
  return {.nodes = (nodes + ranks - 1) / ranks, .neighbours = neighbours};
}

/// `layers` of nodes with this cross-section to each neighbour.
Traffic slabs(const AxisShare& axis, int layers, Index cross_section) {
  return {.messages = static_cast<double>(axis.neighbours),
          .bytes = static_cast<double>(axis.neighbours * layers * cross_section) * matrix_bytes};
}

}  // namespace

double AllReduction::rounds() const { return std::bit_width(static_cast<unsigned>(ranks - 1)); }

Share largest_share(const ProcessGrid& grid, const ZAxis& z, const MomentumGrid& momentum) {
  return {.z = largest_axis_share(z.cells(), grid.z, true),
          .energy = largest_axis_share(momentum.energies(), grid.energy, false),
          .angle = largest_axis_share(momentum.angles(), grid.angle, false)};
}

Communication communication(const Share& share, const ProcessGrid& grid, int ghosts) {
  const Index planes = share.z.nodes + 2 * Index{ghosts};
  const Index energies = share.energy.nodes + share.energy.neighbours * Index{ghosts};
  Communication all;
  all.z = slabs(share.z, ghosts, share.energy.nodes * share.angle.nodes);
  all.energy = slabs(share.energy, ghosts, planes * share.angle.nodes);
  all.angle = slabs(share.angle, ghosts, planes * energies);
  all.moments.ranks = grid.energy * grid.angle;
  if (all.moments.ranks > 1)
    all.moments.bytes = static_cast<double>(planes * moments_of_a_plane) * matrix_bytes;
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
  return machine.node_seconds * worked_nodes(share, ghosts) + seconds(sent.halo(), machine) +
         seconds(sent.moments, machine);
}

}  // namespace nuvlasov::phase_space
