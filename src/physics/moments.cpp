#include "nuvlasov/physics/moments.hpp"

#include <algorithm>
#include <array>
#include <type_traits>

#include "nuvlasov/flavor/lanes.hpp"

namespace nuvlasov::physics {
namespace {

/// Energies from which on several sums are made side by side.
constexpr Index many_energies = 8;

/// One value for each direction, [angle][component].
phase_space::Numbers repeated(const std::vector<double>& values, Index components) {
  phase_space::Numbers numbers;
  for (const double value : values)
    numbers.insert(numbers.end(), static_cast<std::size_t>(components), value);
  return numbers;
}

}  // namespace

MomentumSum::MomentumSum(const phase_space::MomentumGrid& grid, const phase_space::Box& box)
    : angles_(box.angle.size) {
  for (Index i = box.energy.begin; i < box.energy.end(); ++i)
    energy_weights_.push_back(grid.energy_weight(i));
  std::vector<double> weights = phase_space::owned(grid.weights(), box.angle);
  for (Index k = 0; k < angles_; ++k)
    weights[static_cast<std::size_t>(k)] *= grid.sign(box.angle.begin + k);
  for (phase_space::Numbers& of_power : weights_) {
    of_power = repeated(weights, box.components);
    for (Index k = 0; k < angles_; ++k)
      weights[static_cast<std::size_t>(k)] *= grid.direction(box.angle.begin + k);
  }
}

// Written out where it is called: with few nodes in a plane it takes no longer than a call.
template <int flavors>
[[gnu::always_inline]] inline PlaneMoments<flavors> MomentumSum::of(const double* plane,
                                                                    Index energy_stride) const {
  constexpr Index components = flavor::components(flavors);
  const Index numbers = angles_ * components;
  const auto energies = static_cast<Index>(energy_weights_.size());
  const double* const energy_weights = energy_weights_.data();
  std::array<flavor::Matrix<flavors>, powers> moments{};
  // Several sums side by side, so that none waits for itself: of directions, whole cache lines of
  // them, and of energies where there are few directions.
  Index at = 0;
  if constexpr (flavors == 2) {
    using flavor::MatrixPair;
    constexpr Index pair = 2 * components;
    std::array<MatrixPair, powers> pairs{};
    const auto add_pairs = [&](auto count, auto chains) {
      constexpr Index width = decltype(count)::value, together = decltype(chains)::value;
      std::array<std::array<MatrixPair, width>, together> sum{};
      const double* row = plane + at;
      const auto add_row = [&](Index i, Index chain) {
        for (Index p = 0; p < width; ++p)
          sum[chain][p] += energy_weights[i] * flavor::load<MatrixPair>(row + p * pair);
        row += energy_stride;
      };
      Index i = 0;
      for (; i + together <= energies; i += together)
        for (Index chain = 0; chain < together; ++chain) add_row(i + chain, chain);
      for (; i < energies; ++i) add_row(i, 0);
      for (Index p = 0; p < width; ++p) {
        MatrixPair both = sum[0][p];
        for (Index chain = 1; chain < together; ++chain) both += sum[chain][p];
        for (std::size_t power = 0; power < powers; ++power)
          pairs[power] += flavor::load<MatrixPair>(weights_[power].data() + at + p * pair) * both;
      }
    };
    using std::integral_constant;
    if (energies == 1) {
      // Nothing is summed up before: the sums over directions are made side by side.
      constexpr int together = 4;
      struct {
        MatrixPair of[together][powers];
      } sums{};
      const MatrixPair energy_weight = MatrixPair{} + energy_weights[0];
      for (; at + together * pair <= numbers; at += together * pair)
        flavor::unrolled<together>([&](auto n) {
          const Index here = at + n * pair;
          const MatrixPair both = energy_weight * flavor::load<MatrixPair>(plane + here);
          flavor::unrolled<powers>([&](auto power) {
            sums.of[n][power] += flavor::load<MatrixPair>(weights_[power].data() + here) * both;
          });
        });
      for (std::size_t power = 0; power < powers; ++power)
        pairs[power] =
            (sums.of[0][power] + sums.of[1][power]) + (sums.of[2][power] + sums.of[3][power]);
    }
    for (; at + 16 * pair <= numbers; at += 16 * pair)
      add_pairs(integral_constant<Index, 16>{}, integral_constant<Index, 1>{});
    for (; at + 4 * pair <= numbers; at += 4 * pair)
      add_pairs(integral_constant<Index, 4>{}, integral_constant<Index, 1>{});
    for (; at + pair <= numbers; at += pair)
      if (energies < many_energies)
        add_pairs(integral_constant<Index, 1>{}, integral_constant<Index, 1>{});
      else
        add_pairs(integral_constant<Index, 1>{}, integral_constant<Index, 4>{});
    for (std::size_t power = 0; power < powers; ++power)
      moments[power] = flavor::first_of_pair(pairs[power]) + flavor::second_of_pair(pairs[power]);
  }
  for (; at < numbers; at += components) {
    flavor::Matrix<flavors> sum{};
    const double* node = plane + at;
    for (Index i = 0; i < energies; ++i, node += energy_stride)
      sum += energy_weights[i] * flavor::load<flavors>(node);
    for (std::size_t power = 0; power < powers; ++power)
      moments[power] += weights_[power][at] * sum;
  }
  return {moments[0], moments[1], moments[2]};
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
      first_owned_((decomposition.box().angle.begin - decomposition.seen().angle.begin) *
                   components_),
      speeds_(
          repeated(phase_space::owned(grid.directions(), decomposition.seen().angle), components_)),
      planes_(static_cast<std::size_t>((owned_planes_ + 2 * Index{ghosts_}) * 3 * components_)),
      refraction_(planes_.size() / (3 * static_cast<std::size_t>(components_)) * speeds_.size()),
      charge_(planes_.size() / 3),
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

template <int number>
[[gnu::always_inline]] inline std::pair<flavor::Matrix<number>, flavor::Matrix<number>>
Moments::potentials(const PlaneMoments<number>& moments, Index j) const {
  auto a0 = flavor::with_trace(moments.zeroth);
  if (!matter_.empty()) a0 += matter(j) * flavor::electron_projector<number>();
  return {a0, flavor::with_trace(moments.first)};
}

void Moments::write_potentials(const phase_space::StateView& rho, phase_space::Range planes,
                               double* charge, double* current) const {
  flavor::with_flavors(flavors_, [&](auto flavors) {
    for (Index j = planes.begin; j < planes.end(); ++j) {
      const auto [a0, a1] =
          potentials<flavors>(sum_.of<flavors>(rho.row(j, 0), rho.energy_stride()), j);
      flavor::store(charge + (j - planes.begin) * components_, a0);
      flavor::store(current + (j - planes.begin) * components_, a1);
    }
  });
}

template <int number>
void Moments::update_refraction(Index j) {
  constexpr Index components = flavor::components(number);
  const auto [a0, a1] = potentials<number>(at<number>(j), j);
  flavor::store(charge_.data() + (j + ghosts_) * components, a0);
  flavor::store(current_.data() + (j + ghosts_) * components, a1);
  const double* const speeds = speeds_.data();
  const Index numbers = refraction_stride();
  double* const omega = refraction_.data() + (j + ghosts_) * numbers;
  Index at = 0;
  if constexpr (number == 2) {
    using flavor::MatrixPair;
    const MatrixPair zeroth = flavor::paired(a0), first = flavor::paired(a1);
    for (; at + 2 * components <= numbers; at += 2 * components)
      flavor::store(omega + at, zeroth - flavor::load<MatrixPair>(speeds + at) * first);
  }
  for (; at < numbers; at += components) flavor::store(omega + at, a0 - speeds[at] * a1);
}

}  // namespace nuvlasov::physics
