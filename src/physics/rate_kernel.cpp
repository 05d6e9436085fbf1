#include "nuvlasov/physics/rate_kernel.hpp"

#include <functional>
#include <optional>

#include "nuvlasov/physics/bracket_pass.hpp"
#include "nuvlasov/physics/streaming_pass.hpp"

namespace nuvlasov::physics {
namespace {

template <int flavors>
class FlavoredRateKernel final : public RateKernel {
 public:
  FlavoredRateKernel(const phase_space::MomentumGrid& momentum, const phase_space::Box& box,
                     const phase_space::Box& seen, int span, const LaneRefraction& refraction,
                     Index run)
      : streaming_(momentum, box, seen, refraction, run),
        make_brackets_([=] { return BracketPass<flavors>(momentum, box, seen, span); }) {}

  Index planes_at_once(const Parts& parts) override {
    return parts.read_brackets() ? brackets().planes_at_once() : streaming_.planes_at_once();
  }
  void write_rates(Planes planes, const Parts& parts, RateSink& sink, bool continued) override {
    if (parts.read_brackets())
      brackets().write(planes, parts, sink, continued);
    else
      streaming_.write(planes, parts, sink);
  }
  double momentum_radius() override { return brackets().momentum_radius(); }
  void write_momentum_gradient(const Neighbourhood& here, double* gradient) override {
    brackets().write_momentum_gradient(here, gradient);
  }

 private:
  /// Made where it is needed: its memory is of many planes.
  BracketPass<flavors>& brackets() {
    if (!brackets_) brackets_.emplace(make_brackets_());
    return *brackets_;
  }

  StreamingPass<flavors> streaming_;
  std::function<BracketPass<flavors>()> make_brackets_;
  std::optional<BracketPass<flavors>> brackets_;
};

}  // namespace

void RateKernel::write_rate(const Neighbourhood& here, const Parts& parts, double* rate) {
  KeptPlanes sink(0, rate);
  write_rates({&here, 1}, parts, sink, false);
}

std::shared_ptr<RateKernel> make_rate_kernel(const phase_space::MomentumGrid& momentum,
                                             const phase_space::Box& box,
                                             const phase_space::Box& seen, int span,
                                             const LaneRefraction& refraction, Index run) {
  return flavor::with_flavors(momentum.flavors(), [&](auto flavors) -> std::shared_ptr<RateKernel> {
    return std::make_shared<FlavoredRateKernel<flavors>>(momentum, box, seen, span, refraction,
                                                         run);
  });
}

}  // namespace nuvlasov::physics
