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
  /// \param run         planes that each Neighbourhood is
  StreamingPass(const phase_space::MomentumGrid& momentum, const phase_space::Box& box,
                const phase_space::Box& seen, const LaneRefraction& refraction, Index run);

  Index planes_at_once() const { return most_planes; }
  void write(Planes planes, const Parts& parts, RateSink& sink);

 private:
  using Block = flavor::Block<flavors>;
  static constexpr int components = flavor::components(flavors);
  static constexpr Index block_size = flavor::block_size<flavors>;
  /// Few enough that the planes that D_z reads stay in the cache of a core.
  static constexpr Index most_planes = 4;
  /// Numbers of a plane that are made before those of the next one.
  static constexpr Index strip = 4 * block_size;

  /// What a plane is made of besides rho, and where its rate goes.
  struct Source {
    const double* coming = nullptr;                      ///< rho of a plane to come
    const double *charge = nullptr, *current = nullptr;  ///< A_0 and A_1, [plane of a run]
    const double* motion = nullptr;                      ///< Omega with -v, in Blocks
    Touched touched;
    double* rate = nullptr;
    bool stream = false;  ///< whether the rate is written past the caches

    /// Of a later plane of the run.
    Source on_plane(Index q, Index numbers) const;
    /// Of A_0 and A_1 for a register whose nodes are in these planes of the run.
    std::array<flavor::NodesAxis, 2> axes(Index first, Index last) const;
    /// What is needed soon comes too late without this. (A call would be left out as one of no
    /// effect.)
    [[gnu::always_inline]] void fetch(Index at) const { __builtin_prefetch(coming + at, 0, 2); }
  };

  /// Calls make(rows, sources, begin, end) for pieces, numbers [begin, end) of a segment.
  template <int pairs, class Make>
  void for_each_piece(Planes planes, const Parts& parts, RateSink& sink, Make&& make);
  /// Two flavors, node by node.
  template <int pairs>
  void write_nodes(Planes planes, const Parts& parts, RateSink& sink);
  /// The same for the register from number `at` on of the planes of `rows`.
  template <bool stream, class Rows, class AxisOf>
  static void make_one(const Rows& d_z, const Source* from, flavor::Nodes speed, Index at,
                       AxisOf&& axis_of);
  /// The same for numbers [at, end) of the planes of `rows`, whole registers.
  /// \param speeds  -v or zero, as speeds_
  template <bool stream, class Rows>
  void make_nodes(const Rows& rows, const Source* sources, const double* speeds, Index at,
                  Index end) const;
  /// The same for the planes of a run.
  template <bool stream, int pairs>
  void make_run(const DifferenceRow<pairs>& row, const Source& source, const double* speeds) const;
  /// Component by component.
  template <int pairs, bool in_lanes>
  void write_blocks(Planes planes, const Parts& parts, RateSink& sink);

  LaneRefraction refraction_;
  OwnedNodes nodes_;
  Index run_;                 ///< planes of a Neighbourhood
  Index segments_, segment_;  ///< runs of numbers without gaps in it; numbers of each
  Index piece_;               ///< numbers that are handed on together
  Index row_;                 ///< numbers in a row of angles
  Index period_;              ///< numbers after which the directions and the registers begin anew
  Index motion_period_;       ///< the same for what moves Blocks
  phase_space::Numbers speeds_, zeros_;  ///< -v; [angle][component] of a period
  phase_space::Numbers motion_;          ///< what moves Blocks, of each plane
  phase_space::Numbers kept_;            ///< pieces of each plane
};

}  // namespace nuvlasov::physics
