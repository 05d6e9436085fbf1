#include "nuvlasov/time/streaming_inverse.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>

#include "nuvlasov/flavor/density_matrix.hpp"

namespace nuvlasov::time {
namespace {

/// Waves that the mean is taken over: g has long fallen to nothing at half as many planes.
constexpr int waves = 256;

constexpr Index max_reach = StreamingInverse::max_reach;

/// Numbers for the planes -max_reach <= m <= max_reach.
class Response {
 public:
  double& operator[](Index m) { return values_[static_cast<std::size_t>(max_reach + m)]; }
  double operator[](Index m) const { return values_[static_cast<std::size_t>(max_reach + m)]; }

 private:
  std::array<double, 2 * max_reach + 1> values_{};
};

struct Responses {
  Response inverse, change;  ///< g_m of G and of H
};

/// Of one direction. \param h_v  h v
Responses responses(const phase_space::CentralDifference& derivative, double h_v) {
  Responses g;
  for (int n = 0; n < waves; ++n) {
    const double theta = 2.0 * std::numbers::pi * n / waves;
    double slope = 0.0;
    for (int m = 1; m <= derivative.reach(); ++m)
      slope += 2.0 * derivative.weight(m) * std::sin(m * theta);
    const std::complex<double> inverse = 1.0 / std::complex<double>(1.0, h_v * slope);
    for (Index m = -max_reach; m <= max_reach; ++m) {
      const auto wave = std::polar(1.0 / waves, -static_cast<double>(m) * theta);
      g.inverse[m] += (wave * inverse).real();
      g.change[m] += (wave * inverse * (inverse - 1.0)).real();
    }
  }
  return g;
}

Index reach_of(const Response& g) {
  double beyond = 0.0;
  Index reach = max_reach;
  for (; reach > 0; --reach) {
    beyond += std::abs(g[reach]) + std::abs(g[-reach]);
    if (beyond > StreamingInverse::left_out) break;
  }
  return reach;
}

}  // namespace

StreamingInverse::StreamingInverse(const phase_space::CentralDifference& derivative, double h,
                                   const std::vector<double>& speeds, int components)
    : row_(static_cast<Index>(speeds.size()) * components) {
  std::vector<Responses> all;
  for (const double v : speeds) {
    all.push_back(responses(derivative, h * v));
    reach_ = std::max(reach_, reach_of(all.back().inverse));
  }
  for (auto* weights : {&weights_, &changes_})
    weights->resize(static_cast<std::size_t>((2 * reach_ + 1) * row_));
  for (std::size_t k = 0; k < all.size(); ++k) {
    double sum = 0.0;
    for (Index m = -reach_; m <= reach_; ++m) sum += all[k].inverse[m];
    for (Index m = -reach_; m <= reach_; ++m) {
      const Index at = (reach_ + m) * row_ + static_cast<Index>(k) * components;
      std::fill_n(weights_.begin() + at, components, all[k].inverse[m] / sum);
      std::fill_n(changes_.begin() + at, components, all[k].change[m]);
    }
  }
}

}  // namespace nuvlasov::time
