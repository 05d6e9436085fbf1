/// \file
/// How many ranks share each axis of phase space.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "nuvlasov/phase_space/momentum_grid.hpp"
#include "nuvlasov/phase_space/z_axis.hpp"

namespace nuvlasov::phase_space {

/// Ranks along each axis.
struct ProcessGrid {
  int z = 1;
  int energy = 1;
  int angle = 1;
  int size() const { return z * energy * angle; }
};

/// What the user asks of the process grid; an absent number is chosen.
struct ProcessGridRequest {
  std::optional<int> z{}, energy{}, angle{};
};

/// A phase space that the given ranks cannot share.
class DecompositionError : public std::runtime_error {
 public:
  /// \param axis  whose requested ranks are at fault: "z", "energy" or "angle"; empty: none's
  DecompositionError(std::string axis, const std::string& message)
      : std::runtime_error(message), axis_(std::move(axis)) {}
  const std::string& axis() const { return axis_; }

 private:
  std::string axis_;
};

/// All grids on which `ranks` can share the phase space as requested.
/// \param ghosts  ghost nodes on each side of a split axis; each rank needs at least as many nodes,
///                and along an open z as many as have rows of D_z of their own at an end
/// \throws DecompositionError when there is none, naming the limit
std::vector<ProcessGrid> possible_process_grids(int ranks, const ZAxis& z,
                                                const MomentumGrid& momentum, int ghosts,
                                                const ProcessGridRequest& request);

/// Of the possible grids the one with the least seconds_per_right_hand_side() of communication.hpp,
/// but z alone unless another is clearly faster; docs/decisions/process-grid.md.
/// \throws DecompositionError as possible_process_grids() does
ProcessGrid choose_process_grid(int ranks, const ZAxis& z, const MomentumGrid& momentum, int ghosts,
                                const ProcessGridRequest& request);

}  // namespace nuvlasov::phase_space
