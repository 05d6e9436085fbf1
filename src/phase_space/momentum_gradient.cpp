#include "nuvlasov/phase_space/momentum_gradient.hpp"

#include <array>

namespace nuvlasov::phase_space {

MomentumGradient::MomentumGradient(const MomentumGrid& grid, Range angles)
    : derivative_(grid.energy_derivative()),
      directions_(grid.directions().begin() + angles.begin,
                  grid.directions().begin() + angles.end()),
      vacuum_(static_cast<std::size_t>(angles.size * flavor::components), 0.0) {}

void MomentumGradient::apply(const StateView& rho, Index j, double* gradient) const {
  const Index energies = rho.box().energy.size;
  const auto angles = static_cast<Index>(directions_.size());
  with_static_reach(derivative_.reach(), [&](auto static_reach) {
    constexpr int reach = static_reach;
    const auto row = [&](Index i) {
      return rho.sees_energy(i) ? rho.row(j, i) : vacuum_.data();
    };
    std::array<double, reach + 1> weight{};
    for (int m = 1; m <= reach; ++m) weight[m] = derivative_.weight(m);
    std::array<const double*, 2 * reach + 1> rows{};
    for (int m = 0; m < 2 * reach; ++m) rows[m + 1] = row(m - reach);
    for (Index i = 0; i < energies; ++i) {
      for (int m = 0; m < 2 * reach; ++m) rows[m] = rows[m + 1];
      rows[2 * reach] = row(i + reach);
      for (Index k = 0; k < angles; ++k) {
        const Index at = k * flavor::components;
        flavor::Matrix sum{};
        for (int m = 1; m <= reach; ++m)
          sum += weight[m] * (flavor::load(rows[reach + m] + at) -
                              flavor::load(rows[reach - m] + at));
        flavor::store(gradient, directions_[static_cast<std::size_t>(k)] * sum);
        gradient += flavor::components;
      }
    }
  });
}

}  // namespace nuvlasov::phase_space
