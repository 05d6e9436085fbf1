#include "nuvlasov/physics/rate_kernel.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

namespace nuvlasov::physics {
namespace {

using flavor::Lanes;
using flavor::load_lanes;
using flavor::store_lanes;

constexpr Index lanes = flavor::lanes;

/// A row of D_z, each plane being read at the same place. Rows shorter than `pairs` end in zeros.
template <int flavors, int pairs>
struct Difference {
  std::array<double, pairs> weight{};
  std::array<const double*, pairs> ahead{}, behind{};

  Difference() = default;
  template <class PlaneAt>
  Difference(const phase_space::Stencil& row, double scale, PlaneAt&& plane_at) {
    for (int n = 0; n < pairs; ++n) {
      weight[n] = scale * row.pairs[n].weight;
      ahead[n] = plane_at(row.pairs[n].ahead);
      behind[n] = plane_at(row.pairs[n].behind);
    }
  }
  flavor::Block<flavors> at(Index place) const {
    flavor::Block<flavors> sum{};
    for (int n = 0; n < pairs; ++n)
      for (int c = 0; c < flavor::components(flavors); ++c)
        sum[c] += weight[n] * (load_lanes(ahead[n] + place + c * lanes) -
                               load_lanes(behind[n] + place + c * lanes));
    return sum;
  }
};

/// Calls body(std::integral_constant<int, pairs>) with as many pairs as a row of D_z has, or more:
/// rows as long as inside are unrolled as they are.
template <class Body>
void with_static_pairs(int pairs, Body&& body) {
  if (pairs <= phase_space::CentralDifference::max_reach)
    phase_space::with_static_reach(pairs, body);
  else
    body(std::integral_constant<int, phase_space::Stencil::max_pairs>{});
}

}  // namespace

template <int flavors>
FlavoredRateKernel<flavors>::FlavoredRateKernel(const phase_space::MomentumGrid& momentum,
                                                const phase_space::Box& box,
                                                const phase_space::Box& seen)
    : lines_(momentum, seen),
      momentum_gradient_(momentum, lines_, seen),
      spherical_(momentum.geometry() == phase_space::Geometry::spherical),
      energies_(box.energy.size),
      row_(box.row()),
      row_seen_(seen.row()),
      first_angle_((box.angle.begin - seen.angle.begin) * components),
      whole_(box.plane() == seen.plane()),
      speeds_(lines_.spread(phase_space::owned(momentum.directions(), seen.angle))),
      inverse_energy_(phase_space::inverse_energies(momentum, seen.energy)),
      row_values_(static_cast<std::size_t>(row_seen_)) {
  for (const double sign : phase_space::owned(momentum.signs(), seen.angle))
    signs_.insert(signs_.end(), components, sign);
  to_first_ = (box.energy.begin - seen.energy.begin) * row_seen_ + first_angle_;
  const auto period = static_cast<std::size_t>(lines_.period() * block_size);
  const int reach = momentum_gradient_.reach();
  const auto kept = static_cast<Index>(std::bit_ceil(static_cast<unsigned>(2 * reach + 1)));
  for (phase_space::Numbers* blocks : {&motion_, &omega_, &slope_, &half_omega_, &repeated_})
    blocks->resize(period);
  for (phase_space::Fields* fields : {&force_, &exchange_, &local_})
    *fields = phase_space::Fields(lines_, reach, kept);
  if (!whole_) seen_rate_.resize(static_cast<std::size_t>(seen.plane()));
  if (!spherical_) return;
  commutator_.emplace(momentum, lines_, seen.angle);
  curvature_ =
      lines_.spread(phase_space::owned(phase_space::angular_curvature(momentum), seen.angle));
  sign_ = lines_.spread(phase_space::owned(momentum.signs(), seen.angle));
  for (std::size_t n = 0; n < sign_.size(); ++n) curvature_[n] *= sign_[n];
}

/// Where a register of the nodes stands.
template <int flavors>
struct FlavoredRateKernel<flavors>::Place {
  Index node;   ///< number of its first component in the state
  Index nodes;  ///< that it holds
  Index block;  ///< among all
  Index line;
  Index lane;  ///< in the line
  Index turn;  ///< number in the Blocks of a period
};

template <int flavors>
template <class Visit>
void FlavoredRateKernel<flavors>::for_each_block(Index begin, Index end, Visit&& visit) const {
  const Index in_line = lines_.blocks(), period = lines_.period() * block_size;
  while (begin < end) {
    const Index line = begin / in_line, first = begin - line * in_line;
    const Index line_end = std::min(end, (line + 1) * in_line);
    Place place{.node = (line * lines_.nodes() + first * lanes) * components,
                .nodes = lanes,
                .block = begin,
                .line = line,
                .lane = first * lanes,
                .turn = first * block_size % period};
    for (; place.block < line_end; ++place.block) {
      if (place.lane + lanes > lines_.nodes()) place.nodes = lines_.nodes() - place.lane;
      visit(std::as_const(place));
      place.node += block_size;
      place.lane += lanes;
      place.turn += block_size;
      if (place.turn == period) place.turn = 0;
    }
    begin = line_end;
  }
}

template <int flavors>
void FlavoredRateKernel<flavors>::spread(const double* values, double* blocks) {
  const Index period = lines_.period() * block_size;
  if (row_seen_ < period) {
    for (Index at = 0; at < period; at += row_seen_)
      std::copy_n(values, std::min(row_seen_, period - at), repeated_.data() + at);
    // Where a line has no node.
    if (spherical_) std::fill(repeated_.data() + row_seen_, repeated_.data() + period, 0.0);
    values = repeated_.data();
  }
  for (Index at = 0; at < period; at += block_size)
    flavor::store_block<flavors>(blocks + at,
                                 flavor::by_component(flavor::load_block<flavors>(values + at)));
}

template <int flavors>
void FlavoredRateKernel<flavors>::write_products(const double* rho, const double* refraction,
                                                 const double* current, double* products) {
  rho -= to_first_;
  for (Index n = 0; n < row_seen_; ++n)
    row_values_[n] = 0.5 * signs_[n] * refraction[n - first_angle_];
  spread(row_values_.data(), half_omega_.data());
  const auto half_a1 = 0.5 * flavor::load<flavors>(current);
  double* const of_current = products + lines_.all_blocks() * block_size;
  const auto write = [&, spherical = spherical_, half_omega = half_omega_.data() ](
      const double* nodes, const Place& place) __attribute__((always_inline)) {
    const Block density = flavor::by_component(flavor::load_block<flavors>(nodes));
    Block by_omega{};
    flavor::add_jordan_product(flavor::load_block<flavors>(half_omega + place.turn), density,
                               by_omega);
    flavor::store_block<flavors>(products + place.block * block_size, by_omega);
    if (!spherical) return;
    Block by_current{};
    flavor::add_jordan_product(half_a1, density, by_current);
    flavor::store_block<flavors>(of_current + place.block * block_size, by_current);
  };
  std::array<double, block_size> some{};
  for_each_block(0, lines_.all_blocks(), [&](const Place& place) {
    const double* from = rho + place.node;
    if (place.nodes < lanes) {
      std::copy_n(from, place.nodes * components, some.data());
      from = some.data();
    }
    write(from, place);
  });
}

template <int flavors>
void FlavoredRateKernel<flavors>::prepare(const Neighbourhood& here, const Parts& parts) {
  double* const row = row_values_.data();
  const double* const omega = here.refraction(0) - first_angle_;
  if (parts.refraction)
    spread(omega, motion_.data());
  else
    std::fill(motion_.begin(), motion_.end(), 0.0);
  for (Index block = 0; block < lines_.period(); ++block)
    store_lanes(motion_.data() + block * block_size,
                (parts.streaming ? -1.0 : 0.0) * load_lanes(speeds_.data() + block * lanes));
  if (!parts.weak_force) return;
  for (Index n = 0; n < row_seen_; ++n) row[n] = -1.0 / 6.0 * signs_[n] * omega[n];
  spread(row, omega_.data());
  std::fill_n(row, row_seen_, 0.0);
  const phase_space::Stencil& d_z = here.d_z();
  for (int pair = 0; pair < d_z.size; ++pair) {
    const double weight = 1.0 / 3.0 * d_z.pairs[pair].weight;
    const double* const ahead = here.refraction(d_z.pairs[pair].ahead) - first_angle_;
    const double* const behind = here.refraction(d_z.pairs[pair].behind) - first_angle_;
    for (Index n = 0; n < row_seen_; ++n) row[n] += weight * (ahead[n] - behind[n]);
  }
  for (Index n = 0; n < row_seen_; ++n) row[n] *= signs_[n];
  spread(row, slope_.data());
}

template <int flavors>
void FlavoredRateKernel<flavors>::put(const Block& value, const Place& place, double* plane) {
  const Block nodes = flavor::by_node(value);
  // A rate out of cache: without this its lines come too late (half the speed is left, instead of
  // 70 % of the triad).
  constexpr Index ahead = 4;
  for (Index c = 0; c < components; ++c)
    __builtin_prefetch(plane + place.node + ahead * block_size + c * lanes, 1);
  if (place.nodes == lanes) {
    flavor::store_block<flavors>(plane + place.node, nodes);
  } else {
    std::array<double, block_size> some{};
    flavor::store_block<flavors>(some.data(), nodes);
    std::copy_n(some.data(), place.nodes * components, plane + place.node);
  }
}

template <int flavors>
void FlavoredRateKernel<flavors>::put(const double* line, Index first, double* plane) const {
  const Index step = lines_.component_step();
  for_each_block(first, first + lines_.blocks(), [&](const Place& place) {
    Block value{};
    for (int c = 0; c < components; ++c) value[c] = load_lanes(line + c * step + place.lane);
    put(value, place, plane);
  });
}

template <int flavors>
void FlavoredRateKernel<flavors>::copy_owned(const double* seen, double* owned) const {
  for (Index i = 0; i < energies_; ++i)
    std::copy_n(seen + to_first_ + i * row_seen_, row_, owned + i * row_);
}

/// What a plane is made of.
template <int flavors>
template <int pairs>
struct FlavoredRateKernel<flavors>::Sources {
  const double* here = nullptr;
  Difference<flavors, pairs> d_rho, d_omega_rho, d_current_rho;
  flavor::Matrix<flavors> current{}, current_slope{};  ///< A_1/2, D_z A_1/2
};

template <int flavors>
template <int pairs, typename FlavoredRateKernel<flavors>::Products products>
void FlavoredRateKernel<flavors>::write(const Neighbourhood& here, const Parts& parts,
                                        double* rate) {
  constexpr bool spherical = products == Products::both || products == Products::either;
  const Index in_line = lines_.blocks(), current_products = lines_.all_blocks() * block_size;
  const Index component_step = lines_.component_step();
  double* const target = whole_ ? rate : seen_rate_.data();
  // Of what the commutator acts on: D_z q, A_1 o d, (D_z A_1) o rho.
  const double by_force = parts.weak_force ? 1.0 : 0.0;
  const double by_velocity = parts.group_velocity ? 1.0 : 0.0;

  const phase_space::Stencil& d_z = here.d_z();
  const auto plane_at = [&](int m) { return here.density(m) - to_first_; };
  Sources<pairs> planes{plane_at(0),
                        {d_z, 1.0, plane_at},
                        {d_z, 1.0 / 3.0, [&](int m) { return here.products(m); }},
                        {d_z, 1.0, [&](int m) { return here.products(m) + current_products; }},
                        {},
                        {}};
  if constexpr (spherical) {
    planes.current = 0.5 * flavor::load<flavors>(here.current(0));
    planes.current_slope =
        0.5 * d_z.apply([&](int m) { return flavor::load<flavors>(here.current(m)); });
  }

  const auto make = [&](const Sources<pairs>& from, Index node, const Place& place) {
    const auto set = [&](phase_space::Fields& fields, const Block& value) {
      double* const at = fields.line(place.line) + place.lane;
      for (int c = 0; c < components; ++c) store_lanes(at + c * component_step, value[c]);
    };
    const Block density = flavor::by_component(flavor::load_block<flavors>(from.here + node));
    const Block slope = flavor::by_component(from.d_rho.at(node));
    const Block motion = flavor::load_block<flavors>(motion_.data() + place.turn);
    Block sum{};
    for (int c = 0; c < components; ++c) sum[c] = motion[0] * slope[c];
    flavor::add_precession(motion, density, sum);
    if constexpr (products != Products::none) {
      Block force = from.d_omega_rho.at(place.block * block_size);
      flavor::add_jordan_product(flavor::load_block<flavors>(omega_.data() + place.turn), slope,
                                 force);
      flavor::add_jordan_product(flavor::load_block<flavors>(slope_.data() + place.turn), density,
                                 force);
      if constexpr (spherical)
        set(force_, force);
      else
        flavor::store_block<flavors>(force_.line(0) + place.node, flavor::by_node(force));
    }
    if constexpr (spherical) {
      const Block of_product = from.d_current_rho.at(place.block * block_size);
      Block with_slope{}, by_slope{};
      flavor::add_jordan_product(from.current, slope, with_slope);
      flavor::add_jordan_product(from.current_slope, density, by_slope);
      const Lanes curvature = by_velocity * inverse_energy_[place.line] / 3.0 *
                              load_lanes(curvature_.data() + place.lane);
      const Lanes sign = load_lanes(sign_.data() + place.lane);
      Block exchanged{};
      for (int c = 0; c < components; ++c) {
        sum[c] += curvature * (with_slope[c] + of_product[c]);
        exchanged[c] =
            sign * (products == Products::both
                        ? of_product[c] + by_slope[c]
                        : by_force * of_product[c] + (by_velocity - by_force) * with_slope[c] +
                              (2.0 * by_force - by_velocity) * by_slope[c]);
      }
      set(exchange_, exchanged);
      set(local_, sum);
    } else {
      put(sum, place, target);
    }
  };

  // Of a register that a line does not fill, so that no node is read that does not exist.
  alignas(phase_space::cache_line) std::array<double, std::size_t{2 * pairs + 1} * block_size>
      copies{};
  Sources<pairs> copied;
  const auto copy = [&](const Place& place) {
    double* some = copies.data();
    const auto take = [&](const double*& numbers) {
      std::copy_n(numbers + place.node, place.nodes * components, some);
      numbers = some;
      some += block_size;
    };
    copied = planes;
    take(copied.here);
    for (int n = 0; n < pairs; ++n) {
      take(copied.d_rho.ahead[n]);
      take(copied.d_rho.behind[n]);
    }
  };
  const auto make_all = [&](Index begin, Index end) {
    for_each_block(begin, end, [&](const Place& place) {
      const bool filled = place.nodes == lanes;
      if (!filled) copy(place);
      make(filled ? planes : copied, filled ? place.node : 0, place);
    });
  };

  const Index all = lines_.all_blocks();
  if constexpr (products == Products::none) {
    make_all(0, all);
  } else {
    const Index strip = spherical ? in_line : strip_of_beams;
    const Index lead =
        spherical ? momentum_gradient_.reach() * in_line
                  : (momentum_gradient_.reach() * lines_.energy_step() - 1) / block_size + 1;
    Index made = 0;
    for (Index begin = 0; begin < all; begin += strip) {
      const Index end = std::min(begin + strip, all);
      const Index until = std::min(end + lead, all);
      make_all(made, until);
      made = until;
      if constexpr (spherical) {
        const Index line = begin / in_line;
        double* const sum = local_.line(line);
        if (parts.weak_force) momentum_gradient_.add(force_, line, 0, lines_.numbers(), sum);
        commutator_->add(exchange_.line(line), inverse_energy_[line] / 3.0, sum);
        put(sum, begin, target);
      } else {
        momentum_gradient_.add(force_, 0, begin * block_size,
                               std::min(end * block_size, lines_.numbers()), target);
      }
    }
  }
  if (!whole_) copy_owned(target, rate);
}

template <int flavors>
void FlavoredRateKernel<flavors>::write_rate(const Neighbourhood& here, const Parts& parts,
                                             double* rate) {
  prepare(here, parts);
  with_static_pairs(here.d_z().size, [&](auto pairs) {
    if (!parts.read_products())
      write<pairs, Products::none>(here, parts, rate);
    else if (!spherical_)
      write<pairs, Products::force>(here, parts, rate);
    else if (parts.weak_force && parts.group_velocity)
      write<pairs, Products::both>(here, parts, rate);
    else
      write<pairs, Products::either>(here, parts, rate);
  });
}

template <int flavors>
void FlavoredRateKernel<flavors>::write_momentum_gradient(const Neighbourhood& here,
                                                          double* gradient) {
  const double* const rho = here.density(0) - to_first_;
  double* const target = whole_ ? gradient : seen_rate_.data();
  if (!spherical_) {
    std::copy_n(rho, lines_.numbers(), force_.line(0));
    std::fill_n(target, lines_.numbers(), 0.0);
    for (Index begin = 0; begin < lines_.numbers(); begin += phase_space::MomentumGradient::most)
      momentum_gradient_.add(
          force_, 0, begin, std::min(begin + phase_space::MomentumGradient::most, lines_.numbers()),
          target);
  }
  const Index in_line = lines_.blocks(), all = spherical_ ? lines_.all_blocks() : 0;
  const auto make = [&](const Place& place) {
    std::array<double, block_size> some{};
    std::copy_n(rho + place.node, place.nodes * components, some.data());
    const Block density = flavor::by_component(flavor::load_block<flavors>(some.data()));
    double* const at = force_.line(place.line) + place.lane;
    for (int c = 0; c < components; ++c) store_lanes(at + c * lines_.component_step(), density[c]);
  };
  Index made = 0;
  for (Index begin = 0; begin < all; begin += in_line) {
    const Index line = begin / in_line;
    const Index until = std::min(begin + (momentum_gradient_.reach() + 1) * in_line, all);
    for_each_block(made, until, make);
    made = until;
    double* const sum = local_.line(line);
    std::fill_n(sum, lines_.numbers(), 0.0);
    momentum_gradient_.add(force_, line, 0, lines_.numbers(), sum);
    put(sum, begin, target);
  }
  if (!whole_) copy_owned(target, gradient);
}

template class FlavoredRateKernel<2>;
template class FlavoredRateKernel<3>;

std::shared_ptr<RateKernel> make_rate_kernel(const phase_space::MomentumGrid& momentum,
                                             const phase_space::Box& box,
                                             const phase_space::Box& seen) {
  return flavor::with_flavors(momentum.flavors(), [&](auto flavors) -> std::shared_ptr<RateKernel> {
    return std::make_shared<FlavoredRateKernel<flavors>>(momentum, box, seen);
  });
}

}  // namespace nuvlasov::physics
