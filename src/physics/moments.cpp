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
  if (energy_weights_.size() == 1) {
    for (double& weight : weights) weight *= energy_weights_[0];
    energy_weights_[0] = 1.0;
  }
  for (phase_space::Numbers& of_power : weights_) {
    of_power = repeated(weights, box.components);
    for (Index k = 0; k < angles_; ++k)
      weights[static_cast<std::size_t>(k)] *= grid.direction(box.angle.begin + k);
  }
}

// Written out where it is called: with few nodes in a plane it takes no longer than a call.
template <int flavors, std::size_t powers, std::size_t count>
[[gnu::always_inline]] inline auto MomentumSum::of(const std::array<const double*, count>& planes,
                                                   Index energy_stride) const
    -> std::array<Powers<flavors, powers>, count> {
  if constexpr (flavors == 2)
    if (energy_weights_.size() == 1 && angles_ % directions_at_once == 0)
      return over_directions<powers>(planes);
  std::array<Powers<flavors, powers>, count> moments{};
  for (std::size_t p = 0; p < count; ++p)
    moments[p] = of_plane<flavors, powers>(planes[p], energy_stride);
  return moments;
}

template <std::size_t powers, std::size_t count>
[[gnu::always_inline]] inline auto MomentumSum::over_directions(
    const std::array<const double*, count>& planes) const -> std::array<Powers<2, powers>, count> {
  using flavor::MatrixPair;
  constexpr Index components = flavor::components(2), pair = 2 * components;
  constexpr int together = directions_at_once / 2;
  struct {
    MatrixPair of[count][together][powers];
  } sums{};
  const Index numbers = angles_ * components;
  for (Index at = 0; at < numbers; at += together * pair)
    flavor::unrolled<together>([&](auto n) __attribute__((always_inline)) {
      struct {
        MatrixPair of[powers];
      } weights{};
      flavor::unrolled<powers>([&](auto power) __attribute__((always_inline)) {
        weights.of[power] =
            flavor::settled(flavor::load<MatrixPair>(weights_[power].data() + at + n * pair));
      });
      flavor::unrolled<count>([&](auto p) __attribute__((always_inline)) {
        const auto rho = flavor::settled(flavor::load<MatrixPair>(planes[p] + at + n * pair));
        flavor::unrolled<powers>([&](auto power) __attribute__((always_inline)) {
          sums.of[p][n][power] += weights.of[power] * rho;
        });
      });
    });
  std::array<Powers<2, powers>, count> moments{};
  flavor::unrolled<count>([&](auto p) __attribute__((always_inline)) {
    flavor::unrolled<powers>([&](auto power) __attribute__((always_inline)) {
      const MatrixPair both = sums.of[p][0][power] + sums.of[p][1][power];
      moments[p][power] = flavor::first_of_pair(both) + flavor::second_of_pair(both);
    });
  });
  return moments;
}

template <int flavors, std::size_t powers>
[[gnu::always_inline]] inline auto MomentumSum::of_plane(const double* plane,
                                                         Index energy_stride) const
    -> Powers<flavors, powers> {
  constexpr Index components = flavor::components(flavors);
  const Index numbers = angles_ * components;
  const auto energies = static_cast<Index>(energy_weights_.size());
  const double* const energy_weights = energy_weights_.data();
  Powers<flavors, powers> moments{};
  Index at = 0;
  // Several sums side by side, so that none waits for itself: of directions, whole cache lines of
  // them, and of energies where there are few directions.
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
      directions_(phase_space::owned(grid.directions(), decomposition.box().angle)),
      planes_(static_cast<std::size_t>((owned_planes_ + 2 * Index{ghosts_}) * 3 * components_)),
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
    for (Index j = seen.begin; j < seen.end(); ++j) make_potentials<flavors>(j);
  });
}

void Moments::update_planes(const phase_space::StateView& rho, phase_space::Range planes) {
  flavor::with_flavors(flavors_, [&](auto flavors) {
    for (Index j = planes.begin; j < planes.end(); ++j) {
      sum_up<flavors>(rho, j);
      make_potentials<flavors>(j);
    }
  });
}

void Moments::update_potentials(const phase_space::StateView& rho, phase_space::Range planes) {
  const Index at = (planes.begin + ghosts_) * components_;
  write_potentials(rho, planes, charge_.data() + at, current_.data() + at);
}

void Moments::write_potentials(const phase_space::StateView& rho, phase_space::Range planes,
                               double* charge, double* current) const {
  flavor::with_flavors(flavors_, [&](auto flavors) {
    Index j = planes.begin;
    const auto write = [&](auto count) {
      std::array<const double*, count> places{};
      std::copy_n(rho.planes(j), count, places.begin());
      const auto moments = sum_.of<flavors, 2>(places, rho.energy_stride());
      for (const auto& [zeroth, first] : moments) {
        store_potentials<flavors>(zeroth, first, j++, charge, current);
        charge += components_;
        current += components_;
      }
    };
    // The sums of four fit 32 registers of 512 bits; 16 shorter ones hold those of one.
    constexpr std::size_t together = flavor::lanes == 8 ? 4 : 1;
    while (j + static_cast<Index>(together) <= planes.end())
      write(std::integral_constant<std::size_t, together>{});
    while (j < planes.end()) write(std::integral_constant<std::size_t, 1>{});
  });
}

template <int flavors>
void Moments::sum_up(const phase_space::StateView& rho, Index j) {
  const std::array place{rho.row(j, 0)};
  double* plane = planes_.data() + (j + ghosts_) * 3 * components_;
  const auto moments = sum_.of<flavors, 3>(place, rho.energy_stride());
  for (const auto& moment : moments[0]) {
    flavor::store(plane, moment);
    plane += components_;
  }
}

template <int number>
void Moments::store_potentials(const flavor::Matrix<number>& zeroth,
                               const flavor::Matrix<number>& first, Index j, double* charge,
                               double* current) const {
  auto a0 = flavor::with_trace(zeroth);
  if (!matter_.empty()) a0 += matter(j) * flavor::electron_projector<number>();
  flavor::store(charge, a0);
  flavor::store(current, flavor::with_trace(first));
}

template <int flavors>
void Moments::make_potentials(Index j) {
  const auto moments = at<flavors>(j);
  const Index at = (j + ghosts_) * components_;
  store_potentials<flavors>(moments.zeroth, moments.first, j, charge_.data() + at,
                            current_.data() + at);
}

}  // namespace nuvlasov::physics
