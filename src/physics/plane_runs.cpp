#include "nuvlasov/physics/plane_runs.hpp"

#include <numeric>

namespace nuvlasov::physics {
namespace {

/// Numbers in a run, for the innermost cache. Nodes of a plane up to which runs are faster with
/// several energies too; with one they always are.
constexpr Index numbers_of_run = 2048, few_nodes = 32;

/// Of the planes inside of a rank, all but the fewest in runs of one length, which fill registers.
Index length_of_runs(Index planes, Index nodes, Index components) {
  constexpr Index lanes = flavor::lanes;
  const Index step = lanes / std::gcd(lanes, nodes);
  const Index longest = std::min(numbers_of_run / (nodes * components), planes) / step * step;
  if (longest < 2) return 0;
  Index best = longest;
  for (Index length = longest; length > longest / 2; length -= step)
    if (planes % length < planes % best) best = length;
  return best;
}

}  // namespace

PlaneRuns::PlaneRuns(const phase_space::ZAxis& z, const phase_space::MomentumGrid& momentum,
                     const phase_space::Decomposition& decomposition,
                     const LaneRefraction& refraction)
    : d_z_(phase_space::central_stencil(z.derivative())) {
  const phase_space::Box& owned = decomposition.box();
  const Index nodes = owned.energy.size * owned.angle.size;
  if (decomposition.splits_momentum() || (owned.energy.size > 1 && nodes > few_nodes)) return;
  const Index begin = std::max<Index>(z.span(), z.closure() - owned.z.begin);
  const Index end =
      std::min<Index>(owned.z.size - z.span(), z.cells() - z.closure() - owned.z.begin);
  inside_ = {begin, std::max<Index>(0, end - begin)};
  length_ = length_of_runs(inside_.size, nodes, owned.components);
  if (length_ == 0) return;
  kernel_ = make_rate_kernel(momentum, owned, decomposition.seen(), z.span(), refraction, length_);
  if (refraction.any()) return;
  charge_.resize(static_cast<std::size_t>(length_ * owned.components));
  current_.resize(charge_.size());
}

void PlaneRuns::write_rate(const phase_space::StateView& rho, Index j, const Parts& parts,
                           RateSink& sink) {
  Neighbourhood here;
  here.d_z_ = &d_z_;
  here.coming_ = rho.row(std::min(j + length_ + d_z_.highest, rho.box().z.size - length_), 0);
  here.planes_ = rho.planes(j);
  here.charge_ = charge();
  here.current_ = current();
  kernel_->write_rates({&here, 1}, parts, sink, false);
}

}  // namespace nuvlasov::physics
