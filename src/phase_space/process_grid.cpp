#include "nuvlasov/phase_space/process_grid.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "nuvlasov/phase_space/communication.hpp"

namespace nuvlasov::phase_space {
namespace {

/// A split axis needs `least` nodes on each rank; a periodic one needs them even unsplit.
int most_ranks(Index nodes, Index least) {
  constexpr Index most = std::numeric_limits<int>::max();
  return static_cast<int>(std::clamp<Index>(nodes / std::max<Index>(least, 1), 1, most));
}

/// At an open end, a rank has all rows that are no central differences, and what those read.
Index least_planes(const ZAxis& z, int ghosts) { return std::max<Index>(ghosts, z.closure()); }

struct Axis {
  const char* name = nullptr;
  std::optional<int> requested;
  int limit = 1;
  Index nodes = 0;
  Index least = 0;  ///< nodes on each rank

  bool takes(int ranks) const { return requested ? ranks == *requested : ranks <= limit; }
};

/// For each axis of momentum that a grid splits it has to be faster by this much to be chosen: with
/// momentum whole, results are the same bits on any number of ranks.
constexpr double worth_of_a_whole_axis = 1.25;

/// \throws DecompositionError for a request that alone cannot be met
void check_requests(int ranks, int ghosts, const std::array<Axis, 3>& axes) {
  int remaining = ranks;
  for (const Axis& axis : axes) {
    if (!axis.requested) continue;
    const int requested = *axis.requested;
    if (requested > axis.limit)
      throw DecompositionError(
          axis.name,
          fmt::format(
              "{} ranks, but {} cells with {} can be split over at most {} ranks", requested,
              axis.nodes,
              axis.least > ghosts
                  ? fmt::format("{} of them at an open end that one rank has to own", axis.least)
                  : fmt::format("a stencil of {} on each side", ghosts),
              axis.limit));
    if (remaining % requested != 0)
      throw DecompositionError(
          axis.name,
          remaining == ranks
              ? fmt::format("{} does not divide the number of ranks, {}", requested, ranks)
              : fmt::format("{} does not divide the {} that the other axes leave of {} ranks",
                            requested, remaining, ranks));
    remaining /= requested;
  }
}

}  // namespace

std::vector<ProcessGrid> possible_process_grids(int ranks, const ZAxis& z,
                                                const MomentumGrid& momentum, int ghosts,
                                                const ProcessGridRequest& request) {
  const std::array<Axis, 3> axes{
      Axis{"z", request.z, most_ranks(z.cells(), least_planes(z, ghosts)), z.cells(),
           least_planes(z, ghosts)},
      Axis{"energy", request.energy, most_ranks(momentum.energies(), ghosts), momentum.energies(),
           ghosts},
      Axis{"angle", request.angle, most_ranks(momentum.angles(), ghosts), momentum.angles(),
           ghosts}};
  check_requests(ranks, ghosts, axes);

  std::vector<ProcessGrid> possible;
  for (int angle = 1; angle <= ranks; ++angle)
    for (int energy = 1; energy <= ranks / angle; ++energy) {
      if (ranks % (angle * energy) != 0) continue;
      const ProcessGrid grid{.z = ranks / (angle * energy), .energy = energy, .angle = angle};
      if (axes[0].takes(grid.z) && axes[1].takes(energy) && axes[2].takes(angle))
        possible.push_back(grid);
    }
  if (!possible.empty()) return possible;
  std::string limits;
  for (const Axis& axis : axes)
    limits += axis.requested ? fmt::format("; {} is to have {}", axis.name, *axis.requested)
                             : fmt::format("; {} ({} cells) takes at most {}", axis.name,
                                           axis.nodes, axis.limit);
  throw DecompositionError(
      "", fmt::format("{} ranks cannot share this grid with a stencil of {} on each side{}", ranks,
                      ghosts, limits));
}

ProcessGrid choose_process_grid(int ranks, const ZAxis& z, const MomentumGrid& momentum, int ghosts,
                                const ProcessGridRequest& request) {
  const auto cost = [&](const ProcessGrid& grid) {
    double seconds = seconds_per_right_hand_side(grid, z, momentum, ghosts);
    for (const int split : {grid.energy, grid.angle})
      if (split > 1) seconds *= worth_of_a_whole_axis;
    return seconds;
  };
  const auto possible = possible_process_grids(ranks, z, momentum, ghosts, request);
  return *std::min_element(possible.begin(), possible.end(),
                           [&](const auto& a, const auto& b) { return cost(a) < cost(b); });
}

}  // namespace nuvlasov::phase_space
