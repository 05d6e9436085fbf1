/// \file
/// Streaming and refraction of many z planes at once, where a plane has so few nodes that what is
/// done once for each plane would outweigh them.
#pragma once

#include <algorithm>
#include <memory>

#include "nuvlasov/physics/rate_kernel.hpp"

namespace nuvlasov::physics {

/// Runs of planes with the same row of D_z.
class PlaneRuns {
 public:
  /// No runs.
  PlaneRuns() = default;
  /// None either where momentum is split, or a plane is large enough by itself.
  /// \param refraction  what makes Omega; none: charge() and current() are to be written
  PlaneRuns(const phase_space::ZAxis& z, const phase_space::MomentumGrid& momentum,
            const phase_space::Decomposition& decomposition, const LaneRefraction& refraction);

  /// Planes in a run.
  Index length() const { return length_; }
  /// Whether the owned planes from j on, before `end`, begin with a run: it reads no ghosts and is
  /// away from the ends of an open axis.
  bool at(Index j, Index end) const {
    return length_ > 0 && j >= inside_.begin && j + length_ <= std::min(end, inside_.end());
  }
  /// Where A_0 and A_1 belong, [plane][component] each; null where Omega is made of rho at once.
  double* charge() { return charge_.empty() ? nullptr : charge_.data(); }
  double* current() { return current_.empty() ? nullptr : current_.data(); }
  /// The sum of `parts`, which need no products, as of a plane [plane][energy][angle][component].
  /// \param j  the first plane
  void write_rate(const phase_space::StateView& rho, Index j, const Parts& parts, RateSink& sink);

 private:
  Index length_ = 0;
  phase_space::Range inside_;  ///< planes that runs may be made of
  phase_space::Stencil d_z_;
  std::shared_ptr<RateKernel> kernel_;
  phase_space::Numbers charge_, current_;
};

}  // namespace nuvlasov::physics
