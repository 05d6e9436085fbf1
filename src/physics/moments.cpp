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

template <int flavors>
PlaneMoments<flavors> MomentumSum::of(const double* plane, Index energy_stride) const {
  using Matrix = flavor::Matrix<flavors>;
  constexpr Index components = flavor::components(flavors);
  PlaneMoments<flavors> moments;
  const auto add = [&](std::size_t k, Matrix beam) {
    beam *= weights_[k];
    moments.zeroth += beam;
    beam *= directions_[k];
    moments.first += beam;
    beam *= directions_[k];
    moments.second += beam;
  };
  // Several sums side by side, so that none waits for itself: of directions, whole cache lines of
  // them, and of energies where there are few directions.
  constexpr Index pair = 2 * components;
  std::size_t k = 0;
  if constexpr (flavors == 2) {
    const auto add_pairs = [&](auto count, auto chains) {
      constexpr Index pairs = decltype(count)::value, together = decltype(chains)::value;
      std::array<std::array<flavor::MatrixPair, pairs>, together> sum{};
      const double* row = plane + static_cast<Index>(k) * components;
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
  }
  for (; k < weights_.size(); ++k) {
    Matrix sum{};
    const double* node = plane + static_cast<Index>(k) * components;
    for (const double weight : energy_weights_) {
      sum += weight * flavor::load<flavors>(node);
      node += energy_stride;
    }
    add(k, sum);
  }
  return moments;
}

Moments::Moments(const phase_space::MomentumGrid& grid,
                 const phase_space::Decomposition& decomposition, const std::vector<double>& matter)
    : sum_(grid, decomposition.box()),
      flavors_(grid.flavors()),
      components_(grid.components()),
      ghosts_(decomposition.ghosts()),
      owned_planes_(decomposition.box().z.size),
      angles_(decomposition.box().angle.size),
      momentum_comm_(decomposition.momentum_communicator()),
      shared_(decomposition.splits_momentum()),
      directions_seen_(phase_space::owned(grid.directions(), decomposition.seen().angle)),
      first_owned_((decomposition.box().angle.begin - decomposition.seen().angle.begin) *
                   components_),
      planes_(static_cast<std::size_t>((owned_planes_ + 2 * Index{ghosts_}) * 3 * components_)),
      refraction_(planes_.size() / 3 * directions_seen_.size()),
      current_(planes_.size() / 3) {
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
  flavor::with_flavors(flavors_, [&](auto flavors) {
    for (Index j = seen.begin; j < seen.end(); ++j) sum_up<flavors>(rho, j);
    if (shared_)
      MPI_Allreduce(MPI_IN_PLACE, planes_.data(), static_cast<int>(planes_.size()), MPI_DOUBLE,
                    MPI_SUM, momentum_comm_);
    for (Index j = seen.begin; j < seen.end(); ++j) update_refraction<flavors>(j);
  });
}

void Moments::update_plane(const phase_space::StateView& rho, Index j) {
  flavor::with_flavors(flavors_, [&](auto flavors) {
    sum_up<flavors>(rho, j);
    update_refraction<flavors>(j);
  });
}

template <int flavors>
void Moments::sum_up(const phase_space::StateView& rho, Index j) {
  const auto moments = sum_.of<flavors>(rho.row(j, 0), rho.energy_stride());
  double* const plane = planes_.data() + (j + ghosts_) * 3 * components_;
  flavor::store(plane, moments.zeroth);
  flavor::store(plane + components_, moments.first);
  flavor::store(plane + 2 * components_, moments.second);
}

template <int flavors>
void Moments::update_refraction(Index j) {
  const auto moments = at<flavors>(j);
  auto a0 = flavor::with_trace(moments.zeroth);
  if (!matter_.empty()) a0 += matter(j) * flavor::electron_projector<flavors>();
  const auto a1 = flavor::with_trace(moments.first);
  flavor::store(current_.data() + (j + ghosts_) * components_, a1);
  double* omega = refraction_.data() + (j + ghosts_) * refraction_stride();
  for (const double v : directions_seen_) {
    flavor::store(omega, a0 - v * a1);
    omega += components_;
  }
}

}  // namespace nuvlasov::physics
