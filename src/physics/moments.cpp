#include "nuvlasov/physics/moments.hpp"

#include <array>
#include <type_traits>

namespace nuvlasov::physics {
MomentumSum::MomentumSum(const phase_space::MomentumGrid& grid, const phase_space::Box& box)
    : weights_(phase_space::owned(grid.weights(), box.angle)),
      directions_(phase_space::owned(grid.directions(), box.angle)) {
  for (Index i = box.energy.begin; i < box.energy.end(); ++i)
    energy_weights_.push_back(grid.energy_weight(i));
  for (Index k = 0; k < box.angle.size; ++k)
    weights_[static_cast<std::size_t>(k)] *= grid.sign(box.angle.begin + k);
}

PlaneMoments MomentumSum::operator()(const double* plane, Index energy_stride) const {
  PlaneMoments moments;
  const auto add = [&](std::size_t k, flavor::Matrix beam) {
    beam *= weights_[k];
    moments.zeroth += beam;
    beam *= directions_[k];
    moments.first += beam;
    beam *= directions_[k];
    moments.second += beam;
  };
  // Several sums side by side, so that none waits for itself: of directions, whole cache lines of
  // them, and of energies where there are few directions.
  constexpr Index pair = Index{2} * flavor::components;
  std::size_t k = 0;
  const auto add_pairs = [&](auto count, auto chains) {
    constexpr Index pairs = decltype(count)::value, together = decltype(chains)::value;
    std::array<std::array<flavor::MatrixPair, pairs>, together> sum{};
    const double* row = plane + static_cast<Index>(k) * flavor::components;
    const auto add_row = [&](std::size_t i, Index chain) {
      for (Index p = 0; p < pairs; ++p)
        sum[chain][p] += energy_weights_[i] * flavor::load<flavor::MatrixPair>(row + p * pair);
      row += energy_stride;
    };
    std::size_t i = 0;
    for (; i + together <= energy_weights_.size(); i += together)
      for (Index chain = 0; chain < together; ++chain)
        add_row(i + static_cast<std::size_t>(chain), chain);
    for (; i < energy_weights_.size(); ++i) add_row(i, 0);
    for (Index p = 0; p < pairs; ++p) {
      flavor::MatrixPair both = sum[0][p];
      for (Index chain = 1; chain < together; ++chain) both += sum[chain][p];
      add(k++, flavor::first_of_pair(both));
      add(k++, flavor::second_of_pair(both));
    }
  };
  using std::integral_constant;
  while (k + 32 <= weights_.size())
    add_pairs(integral_constant<Index, 16>{}, integral_constant<Index, 1>{});
  while (k + 8 <= weights_.size())
    add_pairs(integral_constant<Index, 4>{}, integral_constant<Index, 1>{});
  while (k + 2 <= weights_.size())
    add_pairs(integral_constant<Index, 1>{}, integral_constant<Index, 4>{});
  for (; k < weights_.size(); ++k) {
    flavor::Matrix sum{};
    const double* node = plane + static_cast<Index>(k) * flavor::components;
    for (const double weight : energy_weights_) {
      sum += weight * flavor::load(node);
      node += energy_stride;
    }
    add(k, sum);
  }
  return moments;
}

Moments::Moments(const phase_space::MomentumGrid& grid,
                 const phase_space::Decomposition& decomposition, const std::vector<double>& matter)
    : sum_(grid, decomposition.box()),
      ghosts_(decomposition.ghosts()),
      owned_planes_(decomposition.box().z.size),
      angles_(decomposition.box().angle.size),
      momentum_comm_(decomposition.momentum_communicator()),
      shared_(decomposition.splits_momentum()),
      directions_seen_(phase_space::owned(grid.directions(), decomposition.seen().angle)),
      first_owned_((decomposition.box().angle.begin - decomposition.seen().angle.begin) *
                   flavor::components),
      planes_(static_cast<std::size_t>(owned_planes_ + 2 * Index{ghosts_})),
      refraction_(planes_.size() * directions_seen_.size() * flavor::components),
      current_(planes_.size() * flavor::components) {
  set_matter(matter, decomposition.box().z.begin);
}

void Moments::set_matter(const std::vector<double>& matter, Index first_cell) {
  matter_.clear();
  if (matter.empty()) return;
  const auto cells = static_cast<Index>(matter.size());
  for (Index j = -ghosts_; j < owned_planes_ + ghosts_; ++j)
    matter_.push_back(matter[static_cast<std::size_t>((first_cell + j + cells) % cells)]);
}

void Moments::update(const phase_space::StateView& rho) {
  const phase_space::Range seen = rho.planes_seen();
  for (Index j = seen.begin; j < seen.end(); ++j)
    planes_[static_cast<std::size_t>(j + ghosts_)] = sum_(rho.row(j, 0), rho.energy_stride());
  if (shared_) {
    static_assert(sizeof(PlaneMoments) == 3 * sizeof(flavor::Matrix));
    MPI_Allreduce(MPI_IN_PLACE, planes_.data(),
                  static_cast<int>(planes_.size() * 3 * flavor::components), MPI_DOUBLE, MPI_SUM,
                  momentum_comm_);
  }
  for (Index j = seen.begin; j < seen.end(); ++j) update_refraction(j);
}

void Moments::update_plane(const phase_space::StateView& rho, Index j) {
  planes_[static_cast<std::size_t>(j + ghosts_)] = sum_(rho.row(j, 0), rho.energy_stride());
  update_refraction(j);
}

void Moments::update_refraction(Index j) {
  flavor::Matrix a0 = flavor::with_trace(at(j).zeroth);
  if (!matter_.empty()) a0 += matter(j) * flavor::electron_projector();
  const flavor::Matrix a1 = flavor::with_trace(at(j).first);
  flavor::store(current_.data() + (j + ghosts_) * flavor::components, a1);
  double* omega = refraction_.data() + (j + ghosts_) * refraction_stride();
  for (const double v : directions_seen_) {
    flavor::store(omega, a0 - v * a1);
    omega += flavor::components;
  }
}

}  // namespace nuvlasov::physics
