#include "nuvlasov/physics/rate_kernel.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace nuvlasov::physics {
namespace {

using flavor::Lanes;
using flavor::load_lanes;
using flavor::store_lanes;

constexpr Index lanes = flavor::lanes;

/// What a pair of planes multiplies in Y_n, rate_kernel.hpp, halved for add_jordan_product().
template <class A>
struct BracketFactors {
  A difference{}, sum{};
  BracketFactors() = default;
  BracketFactors(double w, const A& a, const A& b, const A& here)
      : difference(w / 6.0 * (0.5 * (a + b) - here)), sum(w / 12.0 * (a - b)) {}
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
                                                const phase_space::Box& seen,
                                                const LaneRefraction& refraction)
    : lines_(momentum, seen),
      refraction_(refraction),
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
  for (phase_space::Numbers* blocks : {&motion_, &repeated_}) blocks->resize(period);
  if (!spherical_) brackets_.resize(2 * std::size_t{phase_space::Stencil::max_pairs} * period);
  force_ = phase_space::Fields(lines_, reach, 2 * reach + 1);
  local_ = phase_space::Fields(lines_, 0, reach + 1);
  exchange_ = phase_space::Fields(lines_, 0, 1);
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
void FlavoredRateKernel<flavors>::prepare(const Neighbourhood& here, const Parts& parts) {
  if (parts.refraction && !makes_refraction(parts))
    spread(here.refraction(0) - first_angle_, motion_.data());
  else
    std::fill(motion_.begin(), motion_.end(), 0.0);
  for (Index block = 0; block < lines_.period(); ++block)
    store_lanes(motion_.data() + block * block_size,
                (parts.streaming ? -1.0 : 0.0) * load_lanes(speeds_.data() + block * lanes));
}

template <int flavors>
void FlavoredRateKernel<flavors>::prepare_brackets(const Neighbourhood& here, int pairs) {
  const auto row_at = [&](int m) { return here.refraction(m) - first_angle_; };
  const double* const omega = row_at(0);
  double* blocks = brackets_.data();
  const auto add = [&](auto&& factor_of) {
    for (Index n = 0; n < row_seen_; ++n) row_values_[n] = factor_of(n);
    spread(row_values_.data(), blocks);
    blocks += motion_.size();
  };
  for (int pair = 0; pair < pairs; ++pair) {
    const auto& [weight, ahead, behind] = here.d_z().pairs[pair];
    const auto factors = [&, w = weight, a = row_at(ahead), b = row_at(behind)](Index n) {
      return BracketFactors<double>(signs_[n] * w, a[n], b[n], omega[n]);
    };
    add([&](Index n) { return factors(n).difference; });
    add([&](Index n) { return factors(n).sum; });
  }
}

template <int flavors>
void FlavoredRateKernel<flavors>::put(const Block& value, const Place& place, double* plane) {
  const Block nodes = flavor::by_node(value);
  // A rate out of cache: without this its lines come too late (half the speed is left, instead of
  // 70 % of the triad).
  constexpr Index ahead = 8;
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

/// What a plane is made of. Rows of D_z shorter than `pairs` end in zeros.
template <int flavors>
template <int pairs>
struct FlavoredRateKernel<flavors>::Sources {
  using Multiplier = flavor::Multiplier<flavors>;
  struct Bracket {
    Multiplier difference, sum;
  };
  const double* here = nullptr;
  std::array<double, pairs> weight{};
  std::array<const double*, pairs> ahead{}, behind{};
  std::array<Bracket, pairs> charge, current;  ///< of Y_0, Y_1
  Multiplier a1, a1_slope;                     ///< of Z
};

template <int flavors>
template <int pairs, typename FlavoredRateKernel<flavors>::Products products,
          bool refraction_in_lanes>
void FlavoredRateKernel<flavors>::write(const Neighbourhood& here, const Parts& parts,
                                        double* rate) {
  constexpr bool spherical = products == Products::spherical;
  const Index in_line = lines_.blocks(), period = lines_.period() * block_size;
  const Index component_step = lines_.component_step();
  double* const target = whole_ ? rate : seen_rate_.data();
  const double by_force = parts.weak_force ? 1.0 : 0.0;
  const double by_velocity = parts.group_velocity ? 1.0 : 0.0;

  if constexpr (products == Products::beams) prepare_brackets(here, pairs);
  [[maybe_unused]] const LaneRefraction refraction = refraction_;
  const phase_space::Stencil& d_z = here.d_z();
  Sources<pairs> planes;
  planes.here = here.density(0) - to_first_;
  for (int n = 0; n < pairs; ++n) {
    const auto& [weight, ahead, behind] = d_z.pairs[n];
    planes.weight[n] = weight;
    planes.ahead[n] = here.density(ahead) - to_first_;
    planes.behind[n] = here.density(behind) - to_first_;
    if constexpr (spherical) {
      const auto factors = [&, w = weight](const double* a, const double* b, const double* at) {
        using flavor::load;
        using Multiplier = flavor::Multiplier<flavors>;
        const BracketFactors half(w, load<flavors>(a), load<flavors>(b), load<flavors>(at));
        return typename Sources<pairs>::Bracket{Multiplier(half.difference), Multiplier(half.sum)};
      };
      planes.charge[n] = factors(here.charge(ahead), here.charge(behind), here.charge(0));
      planes.current[n] = factors(here.current(ahead), here.current(behind), here.current(0));
    }
  }
  if constexpr (spherical) {
    using flavor::load;
    using Multiplier = flavor::Multiplier<flavors>;
    planes.a1 = Multiplier(1.0 / 6.0 * load<flavors>(here.current(0)));
    planes.a1_slope =
        Multiplier(-1.0 / 6.0 * d_z.apply([&](int m) { return load<flavors>(here.current(m)); }));
  }

  const auto make = [&](const Sources<pairs>& from, Index node, const Place& place) {
    const auto set = [&](phase_space::Fields& fields, const Block& value) {
      double* const at = fields.line(place.line) + place.lane;
      for (int c = 0; c < components; ++c) store_lanes(at + c * component_step, value[c]);
    };
    using flavor::load_block;
    const Block density = flavor::by_component(load_block<flavors>(from.here + node));
    Block slope{};
    [[maybe_unused]] Block force{}, by_current{};
    for (int n = 0; n < pairs; ++n) {
      const Block ahead = load_block<flavors>(from.ahead[n] + node);
      const Block behind = load_block<flavors>(from.behind[n] + node);
      if constexpr (products == Products::none) {
        for (int c = 0; c < components; ++c) slope[c] += from.weight[n] * (ahead[c] - behind[c]);
      } else {
        Block difference, sum;
        for (int c = 0; c < components; ++c) {
          difference[c] = ahead[c] - behind[c];
          sum[c] = ahead[c] + behind[c];
        }
        difference = flavor::by_component(difference);
        sum = flavor::by_component(sum);
        for (int c = 0; c < components; ++c) {
          slope[c] += from.weight[n] * difference[c];
          sum[c] += 4.0 * density[c];
        }
        if constexpr (spherical) {
          flavor::add_jordan_product(from.charge[n].difference, difference, force);
          flavor::add_jordan_product(from.charge[n].sum, sum, force);
          flavor::add_jordan_product(from.current[n].difference, difference, by_current);
          flavor::add_jordan_product(from.current[n].sum, sum, by_current);
        } else {
          const double* const factors = brackets_.data() + period * 2 * n + place.turn;
          flavor::add_jordan_product(load_block<flavors>(factors), difference, force);
          flavor::add_jordan_product(load_block<flavors>(factors + period), sum, force);
        }
      }
    }
    if constexpr (products == Products::none) slope = flavor::by_component(slope);
    Block motion = load_block<flavors>(motion_.data() + place.turn);
    if constexpr (refraction_in_lanes) refraction.add<flavors>(density, motion);
    Block sum{};
    for (int c = 0; c < components; ++c) sum[c] = motion[0] * slope[c];
    flavor::add_precession(motion, density, sum);
    if constexpr (spherical) {
      const Lanes speed = load_lanes(speeds_.data() + place.lane);
      const Lanes sign = load_lanes(sign_.data() + place.lane);
      const Lanes curvature =
          by_velocity * inverse_energy_[place.line] * load_lanes(curvature_.data() + place.lane);
      Block by_slope{};
      flavor::add_jordan_product(from.a1, slope, by_slope);
      flavor::add_jordan_product(from.a1_slope, density, by_slope);
      Block exchanged{};
      for (int c = 0; c < components; ++c) {
        sum[c] += curvature * (by_current[c] + 2.0 * by_slope[c]);
        exchanged[c] = sign * (by_force * by_current[c] + by_velocity * by_slope[c]);
        force[c] = sign * (force[c] - speed * by_current[c]);
      }
      set(force_, force);
      set(exchange_, exchanged);
      set(local_, sum);
    } else {
      if constexpr (products == Products::beams)
        flavor::store_block<flavors>(force_.line(0) + place.node, flavor::by_node(force));
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
      take(copied.ahead[n]);
      take(copied.behind[n]);
    }
  };
  const double* const coming = here.coming() == nullptr ? nullptr : here.coming() - to_first_;
  const auto make_all = [&](Index begin, Index end) {
    for_each_block(begin, end, [&](const Place& place) {
      for (int c = 0; c < components && coming != nullptr; ++c)
        __builtin_prefetch(coming + place.node + c * lanes, 0, 2);
      const bool filled = place.nodes == lanes;
      if (!filled) copy(place);
      make(filled ? planes : copied, filled ? place.node : 0, place);
    });
  };

  const Index all = lines_.all_blocks();
  if constexpr (products == Products::none) {
    make_all(0, all);
  } else if constexpr (spherical) {
    const Index reach = momentum_gradient_.reach();
    for (Index line = 0; line < lines_.count() + reach; ++line) {
      if (line < lines_.count()) {
        make_all(line * in_line, (line + 1) * in_line);
        double* const sum = local_.line(line);
        if (parts.weak_force) momentum_gradient_.add_along_angle(force_.line(line), line, sum);
        commutator_->add(exchange_.line(line), inverse_energy_[line], sum);
      }
      if (const Index done = line - reach; done >= 0) {
        double* const sum = local_.line(done);
        if (parts.weak_force)
          momentum_gradient_.add_along_energy(force_, done, 0, lines_.numbers(), sum);
        put(sum, done * in_line, target);
      }
    }
  } else {
    const Index lead = (momentum_gradient_.reach() * lines_.energy_step() - 1) / block_size + 1;
    Index made = 0;
    for (Index begin = 0; begin < all; begin += strip_of_beams) {
      const Index end = std::min(begin + strip_of_beams, all);
      const Index until = std::min(end + lead, all);
      make_all(made, until);
      made = until;
      momentum_gradient_.add_along_energy(force_, 0, begin * block_size,
                                          std::min(end * block_size, lines_.numbers()), target);
    }
  }
  if (!whole_) copy_owned(target, rate);
}

template <int flavors>
void FlavoredRateKernel<flavors>::write_rate(const Neighbourhood& here, const Parts& parts,
                                             double* rate) {
  prepare(here, parts);
  with_static_pairs(here.d_z().size, [&](auto pairs) {
    if (makes_refraction(parts))
      write<pairs, Products::none, true>(here, parts, rate);
    else if (!parts.read_brackets())
      write<pairs, Products::none>(here, parts, rate);
    else if (spherical_)
      write<pairs, Products::spherical>(here, parts, rate);
    else
      write<pairs, Products::beams>(here, parts, rate);
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
      momentum_gradient_.add_along_energy(
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
    momentum_gradient_.add_along_energy(force_, line, 0, lines_.numbers(), sum);
    momentum_gradient_.add_along_angle(force_.line(line), line, sum);
    put(sum, begin, target);
  }
  if (!whole_) copy_owned(target, gradient);
}

template class FlavoredRateKernel<2>;
template class FlavoredRateKernel<3>;

std::shared_ptr<RateKernel> make_rate_kernel(const phase_space::MomentumGrid& momentum,
                                             const phase_space::Box& box,
                                             const phase_space::Box& seen,
                                             const LaneRefraction& refraction) {
  return flavor::with_flavors(momentum.flavors(), [&](auto flavors) -> std::shared_ptr<RateKernel> {
    return std::make_shared<FlavoredRateKernel<flavors>>(momentum, box, seen, refraction);
  });
}

}  // namespace nuvlasov::physics
