#include "nuvlasov/physics/bracket_pass.hpp"

namespace nuvlasov::physics {
namespace {

using flavor::Lanes;
using flavor::load_lanes;
using flavor::store_lanes;

constexpr Index lanes = flavor::lanes;

/// Planes at once: their numbers together, and how many at least and at most.
constexpr Index numbers_at_once = Index{1} << 17, least_planes = 8, most_planes = 16;

/// Lines of spherical geometry whose rates are finished together: what D_E reads of the lines
/// around is then in the innermost cache for most of them.
constexpr Index lines_together = 4;

/// The same of frozen directions, in numbers.
constexpr Index numbers_together = 1024;

}  // namespace

template <int flavors>
BracketPass<flavors>::BracketPass(const phase_space::MomentumGrid& momentum,
                                  const phase_space::Box& box, const phase_space::Box& seen,
                                  int span)
    : lines_(momentum, seen),
      nodes_(box, seen),
      momentum_gradient_(momentum, lines_, seen),
      spherical_(momentum.geometry() == phase_space::Geometry::spherical),
      span_(span),
      planes_at_once_(std::clamp(numbers_at_once / seen.plane(), least_planes, most_planes)),
      speeds_(lines_.spread(phase_space::owned(momentum.directions(), seen.angle))),
      inverse_energy_(phase_space::inverse_energies(momentum, seen.energy)),
      row_values_(static_cast<std::size_t>(nodes_.row_seen())),
      seen_gradient_(static_cast<std::size_t>(nodes_.all() ? 0 : nodes_.plane_seen())),
      pieces_(nodes_, planes_at_once_,
              spherical_ ? (lines_together + momentum_gradient_.reach()) * nodes_.row_seen()
                         : phase_space::MomentumGradient::most) {
  for (const double sign : phase_space::owned(momentum.signs(), seen.angle))
    signs_.insert(signs_.end(), components, sign);
  const auto planes = static_cast<std::size_t>(planes_at_once_);
  const auto around = planes + 2 * static_cast<std::size_t>(span_);
  const auto period = static_cast<std::size_t>(lines_.period() * block_size);
  const Index fields = spherical_ ? 3 : 2, slots = 2 * Index{span_} + 1;
  ring_.resize(static_cast<std::size_t>(slots * strip * fields * block_size));
  for (std::size_t p = 0; p < around; ++p)
    slots_.push_back(static_cast<Index>(p) % slots * strip * fields * block_size);
  repeated_.resize(period);
  motion_.resize(planes * period);
  const int reach = momentum_gradient_.reach();
  force_.assign(planes, phase_space::Fields(lines_, reach, lines_together + 2 * Index{reach}));
  local_.assign(planes, phase_space::Fields(lines_, reach, lines_together + Index{reach}));
  if (!spherical_) {
    omega_.resize(around * period);
    omega_slope_.resize(planes * period);
    return;
  }
  exchange_.assign(planes, phase_space::Fields(lines_, 0, 1));
  for (auto* of_planes : {&minus_charge_, &charge_slope_, &current_slope_})
    of_planes->resize(planes);
  for (auto* of_planes : {&charge_, &current_}) of_planes->resize(around);
  commutator_.emplace(momentum, lines_, seen.angle);
  curvature_ =
      lines_.spread(phase_space::owned(phase_space::angular_curvature(momentum), seen.angle));
  sign_ = lines_.spread(phase_space::owned(momentum.signs(), seen.angle));
  for (std::size_t n = 0; n < sign_.size(); ++n) curvature_[n] *= sign_[n];
}

/// Where a register of nodes stands.
template <int flavors>
struct BracketPass<flavors>::Place {
  Index node;   ///< number of its first component in the plane
  Index nodes;  ///< that it holds
  Index lane;   ///< in the line
  Index turn;   ///< number in the Blocks of a period
};

template <int flavors>
template <class Visit>
[[gnu::always_inline]] inline void BracketPass<flavors>::for_each_block(Index line, Index begin,
                                                                        Index end,
                                                                        Visit&& visit) const {
  const Index period = lines_.period() * block_size;
  Place place{.node = (line * lines_.nodes() + begin * lanes) * components,
              .nodes = lanes,
              .lane = begin * lanes,
              .turn = begin * block_size % period};
  for (Index block = begin; block < end; ++block) {
    place.nodes = std::min(lanes, lines_.nodes() - place.lane);
    visit(place);
    place.node += block_size;
    place.lane += lanes;
    place.turn += block_size;
    if (place.turn == period) place.turn = 0;
  }
}

template <int flavors>
[[gnu::always_inline]] inline flavor::Block<flavors> BracketPass<flavors>::density(
    const double* plane, const Place& place) const {
  if (place.nodes == lanes)
    return flavor::by_component(flavor::load_block<flavors>(plane + place.node));
  std::array<double, block_size> some{};
  std::copy_n(plane + place.node, place.nodes * components, some.data());
  return flavor::by_component(flavor::load_block<flavors>(some.data()));
}

template <int flavors>
template <class Value>
[[gnu::always_inline]] inline void BracketPass<flavors>::put_line(Value&& value_of, Index line,
                                                                  double* plane) const {
  for_each_block(
      line, 0, lines_.blocks(), [&](const Place& place) __attribute__((always_inline)) {
        Block value;
        for (int c = 0; c < components; ++c) value[c] = value_of(place.lane, c);
        const Block nodes = flavor::by_node(value);
        if (place.nodes == lanes) {
          flavor::store_block<flavors>(plane + place.node, nodes);
        } else {
          std::array<double, block_size> some{};
          flavor::store_block<flavors>(some.data(), nodes);
          std::copy_n(some.data(), place.nodes * components, plane + place.node);
        }
      });
}

template <int flavors>
void BracketPass<flavors>::spread(const double* row, double* blocks) {
  const Index period = lines_.period() * block_size, seen = nodes_.row_seen();
  if (seen < period) {
    for (Index at = 0; at < period; at += seen)
      std::copy_n(row, std::min(seen, period - at), repeated_.data() + at);
    // Where a line has no node.
    if (spherical_) std::fill(repeated_.data() + seen, repeated_.data() + period, 0.0);
    row = repeated_.data();
  }
  for (Index at = 0; at < period; at += block_size)
    flavor::store_block<flavors>(blocks + at,
                                 flavor::by_component(flavor::load_block<flavors>(row + at)));
}

template <int flavors>
template <class Keep, class Make>
[[gnu::always_inline]] inline void BracketPass<flavors>::along_z(Planes planes, Keep&& keep,
                                                                 Make&& make) {
  const auto count = static_cast<Index>(planes.size());
  Index next = planes[0].d_z().lowest;
  for (Index p = 0; p < count; ++p) {
    const Neighbourhood& here = planes[p];
    for (; next <= p + here.d_z().highest; ++next) keep(here, static_cast<int>(next - p), next);
    make(p);
  }
}

template <int flavors>
const double* BracketPass<flavors>::coming_at(const Neighbourhood& here) const {
  return (here.coming() == nullptr ? here.density(0) : here.coming()) - nodes_.first();
}

template <int flavors>
[[gnu::always_inline]] inline void BracketPass<flavors>::fetch(const double* coming) {
  for (int c = 0; c < components; ++c) __builtin_prefetch(coming + c * lanes, 0, 2);
}

template <int flavors>
void BracketPass<flavors>::prepare_motion(Planes planes, const Parts& parts) {
  const Index period = lines_.period();
  for (std::size_t p = 0; p < planes.size(); ++p) {
    double* const motion = motion_.data() + p * period * block_size;
    if (parts.refraction)
      spread(planes[p].refraction(0) - nodes_.first_angle(), motion);
    else
      std::fill_n(motion, period * block_size, 0.0);
    for (Index block = 0; block < period; ++block)
      store_lanes(motion + block * block_size,
                  (parts.streaming ? -1.0 : 0.0) * load_lanes(speeds_.data() + block * lanes));
  }
}

template <int flavors>
void BracketPass<flavors>::prepare_beams(Planes planes) {
  const Index period = lines_.period() * block_size;
  const auto set = [&](double factor, auto&& value_of, double* blocks) {
    for (Index n = 0; n < nodes_.row_seen(); ++n) row_values_[n] = factor * signs_[n] * value_of(n);
    spread(row_values_.data(), blocks);
  };
  const auto row_at = [&](const Neighbourhood& here, int m) {
    return here.refraction(m) - nodes_.first_angle();
  };
  along_z(
      planes,
      [&](const Neighbourhood& here, int m, Index p) {
        const double* const omega = row_at(here, m);
        set(
            1.0 / 6.0, [&](Index n) { return omega[n]; }, omega_.data() + (p + span_) * period);
      },
      [&](Index p) {
        const Neighbourhood& here = planes[p];
        const auto slope = [&](Index n) {
          return here.d_z().apply([&](int m) { return row_at(here, m)[n]; });
        };
        set(1.0 / 3.0, slope, omega_slope_.data() + p * period);
      });
}

template <int flavors>
void BracketPass<flavors>::prepare_spherical(Planes planes) {
  using flavor::load;
  using Multiplier = flavor::Multiplier<flavors>;
  along_z(
      planes,
      [&](const Neighbourhood& here, int m, Index p) {
        charge_[p + span_] = Multiplier(1.0 / 6.0 * load<flavors>(here.charge(m)));
        current_[p + span_] = Multiplier(1.0 / 6.0 * load<flavors>(here.current(m)));
      },
      [&](Index p) {
        const Neighbourhood& here = planes[p];
        const auto& d_z = here.d_z();
        minus_charge_[p] = Multiplier(-1.0 / 6.0 * load<flavors>(here.charge(0)));
        charge_slope_[p] =
            Multiplier(1.0 / 3.0 * d_z.apply([&](int m) { return load<flavors>(here.charge(m)); }));
        current_slope_[p] = Multiplier(
            1.0 / 6.0 * d_z.apply([&](int m) { return load<flavors>(here.current(m)); }));
      });
}

template <int flavors>
template <int pairs>
void BracketPass<flavors>::write_beams(Planes planes, RateSink& sink) {
  using flavor::load_block;
  constexpr Index kept_block = 2 * block_size;
  const Index all = lines_.blocks(), period = lines_.period() * block_size;
  const auto count = static_cast<Index>(planes.size());
  Index finished = 0;
  for (Index begin = 0; begin < all; begin += strip) {
    const Index end = std::min(begin + strip, all);
    const auto keep = [&](const Neighbourhood& here, int m, Index p) {
      const double* const plane = here.density(m) - nodes_.first();
      const double* const omega = omega_.data() + (p + span_) * period;
      double* to = kept(p);
      for_each_block(
          0, begin, end, [&](const Place& place) __attribute__((always_inline)) {
            const Block rho = density(plane, place);
            Block product{};
            flavor::add_jordan_product(load_block<flavors>(omega + place.turn), rho, product);
            flavor::store_block<flavors>(to, rho);
            flavor::store_block<flavors>(to + block_size, product);
            to += kept_block;
          });
    };
    const auto make = [&](Index p) {
      const DifferenceRow<pairs> d_z(planes[p].d_z(), [&](int m) { return kept(p + m); });
      const double* from = kept(p);
      const double* const motions = motion_.data() + p * period;
      const double* const omegas = omega_.data() + (p + span_) * period;
      const double* const slopes = omega_slope_.data() + p * period;
      double* const force_line = force_[p].line(0);
      double* const local_line = local_[p].line(0);
      Index at = 0;
      const double* const coming = coming_at(planes[p]);
      for_each_block(
          0, begin, end, [&](const Place& place) __attribute__((always_inline)) {
            fetch(coming + place.node);
            const auto difference = [&](Index n) __attribute__((always_inline)) {
              return d_z.apply([&](const double* numbers) { return load_lanes(numbers + at + n); });
            };
            const Block rho = load_block<flavors>(from + at);
            Block slope, force, sum;
            for (int c = 0; c < components; ++c) slope[c] = difference(c * lanes);
            const Block motion = load_block<flavors>(motions + place.turn);
            for (int c = 0; c < components; ++c) sum[c] = motion[0] * slope[c];
            flavor::add_precession(motion, rho, sum);
            for (int c = 0; c < components; ++c) {
              force[c] = difference(block_size + c * lanes);
              slope[c] = -slope[c];
            }
            flavor::add_jordan_product(load_block<flavors>(omegas + place.turn), slope, force);
            flavor::add_jordan_product(load_block<flavors>(slopes + place.turn), rho, force);
            flavor::store_block<flavors>(force_line + place.node, flavor::by_node(force));
            flavor::store_block<flavors>(local_line + place.node, flavor::by_node(sum));
            at += kept_block;
          });
    };
    along_z(planes, keep, make);

    const Index behind = momentum_gradient_.reach() * lines_.energy_step();
    const Index until = end == all
                            ? lines_.numbers()
                            : std::max(finished, (end * block_size - behind) / lanes * lanes);
    if (until - finished < numbers_together && end < all) continue;
    for (Index p = 0; p < count; ++p)
      for (Index at = finished; at < until; at += phase_space::MomentumGradient::most) {
        const Index stop = std::min(until, at + phase_space::MomentumGradient::most);
        double* const rate = pieces_.begin(sink, p, at);
        momentum_gradient_.add_along_energy(force_[p], 0, at, stop, local_[p].line(0), rate - at);
        pieces_.end(sink, p, at, stop - at, rate);
      }
    finished = until;
  }
}

template <int flavors>
template <int pairs>
void BracketPass<flavors>::write_spherical(Planes planes, const Parts& parts, RateSink& sink) {
  using flavor::load_block;
  constexpr Index kept_block = 3 * block_size;
  const Index in_line = lines_.blocks(), step = lines_.component_step();
  const double by_force = parts.weak_force ? 1.0 : 0.0;
  const double by_velocity = parts.group_velocity ? 1.0 : 0.0;
  const Index reach = momentum_gradient_.reach();
  const auto count = static_cast<Index>(planes.size());
  const Index row = nodes_.row_seen();
  Index finished = 0;
  for (Index line = 0; line < lines_.count(); ++line) {
    for (Index begin = 0; begin < in_line; begin += strip) {
      const Index end = std::min(begin + strip, in_line);
      const auto keep = [&](const Neighbourhood& here, int m, Index p) {
        const double* const plane = here.density(m) - nodes_.first();
        const auto charge = charge_[p + span_], current = current_[p + span_];
        double* to = kept(p);
        for_each_block(
            line, begin, end, [&](const Place& place) __attribute__((always_inline)) {
              for (int c = 0; c < components; ++c)
                __builtin_prefetch(plane + place.node + row + c * lanes);
              const Block rho = density(plane, place);
              Block by_charge{}, by_current{};
              flavor::add_jordan_product(charge, rho, by_charge);
              flavor::add_jordan_product(current, rho, by_current);
              flavor::store_block<flavors>(to, rho);
              flavor::store_block<flavors>(to + block_size, by_charge);
              flavor::store_block<flavors>(to + 2 * block_size, by_current);
              to += kept_block;
            });
      };
      const auto make = [&](Index p) {
        const DifferenceRow<pairs> d_z(planes[p].d_z(), [&](int m) { return kept(p + m); });
        const double* from = kept(p);
        const double* const motions = motion_.data() + p * in_line * block_size;
        double* const force_line = force_[p].line(line);
        double* const exchange_line = exchange_[p].line(line);
        double* const local_line = local_[p].line(line);
        const auto minus_charge = minus_charge_[p], current = current_[p + span_];
        const auto charge_slope = charge_slope_[p], current_slope = current_slope_[p];
        const double inverse_energy = by_velocity * inverse_energy_[line];
        Index at = 0;
        const double* const coming = coming_at(planes[p]);
        for_each_block(
            line, begin, end, [&](const Place& place) __attribute__((always_inline)) {
              fetch(coming + place.node);
              const auto difference = [&](Index n) __attribute__((always_inline)) {
                return d_z.apply(
                    [&](const double* numbers) { return load_lanes(numbers + at + n); });
              };
              const auto set = [&](double* numbers, int c, Lanes value)
                  __attribute__((always_inline)) {
                store_lanes(numbers + c * step + place.lane, value);
              };
              const Block rho = load_block<flavors>(from + at);
              Block slope, y0, sum, by_current{}, by_slope{};
              for (int c = 0; c < components; ++c) slope[c] = difference(c * lanes);
              const Block motion = load_block<flavors>(motions + place.turn);
              for (int c = 0; c < components; ++c) sum[c] = motion[0] * slope[c];
              flavor::add_precession(motion, rho, sum);
              for (int c = 0; c < components; ++c) y0[c] = difference(block_size + c * lanes);
              flavor::add_jordan_product(minus_charge, slope, y0);
              flavor::add_jordan_product(charge_slope, rho, y0);
              flavor::add_jordan_product(current, slope, by_current);
              flavor::add_jordan_product(current_slope, rho, by_slope);
              const Lanes speed = load_lanes(speeds_.data() + place.lane);
              const Lanes sign = load_lanes(sign_.data() + place.lane);
              const Lanes curvature = inverse_energy * load_lanes(curvature_.data() + place.lane);
              for (int c = 0; c < components; ++c) {
                const Lanes y1 =
                    difference(2 * block_size + c * lanes) - by_current[c] + 2.0 * by_slope[c];
                const Lanes z = by_current[c] - by_slope[c];
                set(local_line, c, sum[c] + curvature * (y1 + 2.0 * z));
                set(exchange_line, c, sign * (by_force * y1 + by_velocity * z));
                set(force_line, c, sign * (y0[c] - speed * y1));
              }
              at += kept_block;
            });
        if (end < in_line) return;
        if (parts.weak_force) momentum_gradient_.add_along_angle(force_line, line, local_line);
        commutator_->add(exchange_line, inverse_energy_[line], local_line);
      };
      along_z(planes, keep, make);
    }
    const bool last = line + 1 == lines_.count();
    const Index until = last ? lines_.count() : line + 1 - reach;
    if (until - finished < lines_together && !last) continue;
    for (Index p = 0; p < count; ++p) finish_lines(p, finished, until, parts, sink);
    finished = until;
  }
}

template <int flavors>
void BracketPass<flavors>::finish_lines(Index p, Index begin, Index end, const Parts& parts,
                                        RateSink& sink) {
  const Index at = begin * nodes_.row_seen(), numbers = (end - begin) * nodes_.row_seen();
  const Index step = lines_.component_step();
  double* const rate = pieces_.begin(sink, p, at);
  phase_space::with_static_reach(momentum_gradient_.reach(), [&](auto reach) {
    for (Index line = begin; line < end; ++line) {
      const auto difference = momentum_gradient_.energy_difference<reach>(force_[p], line);
      const double* const sum = local_[p].line(line);
      put_line(
          [&](Index lane, int c) __attribute__((always_inline)) {
            const Index number = c * step + lane;
            const Lanes value = load_lanes(sum + number);
            return parts.weak_force ? value + load_lanes(speeds_.data() + lane) *
                                                  difference.at(number, load_lanes)
                                    : value;
          },
          line, rate - at);
    }
  });
  pieces_.end(sink, p, at, numbers, rate);
}

template <int flavors>
void BracketPass<flavors>::write(Planes planes, const Parts& parts, RateSink& sink) {
  prepare_motion(planes, parts);
  if (spherical_)
    prepare_spherical(planes);
  else
    prepare_beams(planes);
  with_static_pairs(planes, [&](auto pairs) {
    if (spherical_)
      write_spherical<pairs>(planes, parts, sink);
    else
      write_beams<pairs>(planes, sink);
  });
  pieces_.finish(sink, static_cast<Index>(planes.size()));
}

template <int flavors>
void BracketPass<flavors>::write_momentum_gradient(const Neighbourhood& here, double* gradient) {
  const double* const rho = here.density(0) - nodes_.first();
  double* const target = nodes_.all() ? gradient : seen_gradient_.data();
  phase_space::Fields& field = force_[0];
  if (!spherical_) {
    constexpr Index most = phase_space::MomentumGradient::most;
    const Index numbers = lines_.numbers();
    std::copy_n(rho, numbers, field.line(0));
    std::fill_n(target, numbers, 0.0);
    for (Index begin = 0; begin < numbers; begin += most)
      momentum_gradient_.add_along_energy(field, 0, begin, std::min(begin + most, numbers), target,
                                          target);
  }
  const Index in_line = lines_.blocks(), step = lines_.component_step();
  Index made = 0;
  for (Index line = 0; line < (spherical_ ? lines_.count() : 0); ++line) {
    for (; made < std::min(line + momentum_gradient_.reach() + 1, lines_.count()); ++made)
      for_each_block(
          made, 0, in_line, [&](const Place& place) __attribute__((always_inline)) {
            const Block value = density(rho, place);
            for (int c = 0; c < components; ++c)
              store_lanes(field.line(made) + c * step + place.lane, value[c]);
          });
    double* const sum = local_[0].line(line);
    std::fill_n(sum, lines_.numbers(), 0.0);
    momentum_gradient_.add_along_energy(field, line, 0, lines_.numbers(), sum, sum);
    momentum_gradient_.add_along_angle(field.line(line), line, sum);
    put_line([&](Index lane, int c) { return load_lanes(sum + c * step + lane); }, line, target);
  }
  if (!nodes_.all()) nodes_.copy(target, gradient);
}

template class BracketPass<2>;
template class BracketPass<3>;

}  // namespace nuvlasov::physics
