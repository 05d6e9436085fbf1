/// \file
/// Streaming and refraction of Eq. (1), the pass of rate_kernel.hpp that takes no D_p.
#pragma once

#include "nuvlasov/phase_space/momentum_grid.hpp"
#include "nuvlasov/physics/strips.hpp"

namespace nuvlasov::physics {

template <int flavors>
class StreamingPass {
 public:
  /// \param refraction  what makes Omega; none: Neighbourhood has it
  StreamingPass(const phase_space::MomentumGrid& momentum, const phase_space::Box& box,
                const phase_space::Box& seen, const LaneRefraction& refraction);

  Index planes_at_once() const { return most_planes; }
  void write(Planes planes, const Parts& parts, RateSink& sink);

 private:
  using Block = flavor::Block<flavors>;
  static constexpr int components = flavor::components(flavors);
  static constexpr Index block_size = flavor::block_size<flavors>;
  /// Few enough that the planes that D_z reads stay in the cache of a core.
  static constexpr Index most_planes = 4;
  /// Numbers of a plane that are made before those of the next one; and that are handed on.
  static constexpr Index strip = 4 * block_size, piece = 16 * strip;

  /// Calls make(rows, sources, begin, end) for strips, numbers [begin, end) of a segment.
  template <int pairs, class Make>
  void for_each_strip(Planes planes, RateSink& sink, Make&& make);
  /// Two flavors, node by node.
  template <int pairs>
  void write_nodes(Planes planes, const Parts& parts, RateSink& sink);
  /// Component by component.
  template <int pairs, bool in_lanes>
  void write_blocks(Planes planes, const Parts& parts, RateSink& sink);
  /// Writes `row`, [angle][component], as often as it is in a period.
  void repeat(const double* row, double* period) const;

  LaneRefraction refraction_;
  OwnedNodes nodes_;
  Index segments_, segment_;  ///< runs of numbers without gaps in a plane; numbers of each
  Index row_;                 ///< numbers in a row of angles
  Index period_;              ///< numbers after which the directions and the registers begin anew
  phase_space::Numbers speeds_, zeros_;  ///< -v; [angle][component] of a period
  phase_space::Numbers motion_;          ///< of each plane: Omega, or with -v in Blocks
  std::array<const double*, most_planes> motions_{};  ///< where that is
  phase_space::Numbers kept_;                         ///< pieces of each plane
};

}  // namespace nuvlasov::physics
