#include "nuvlasov/physics/bracket_pass.hpp"

#include <unistd.h>

namespace nuvlasov::physics {
namespace {

using flavor::Lanes;
using flavor::load_block;
using flavor::load_lanes;
using flavor::store_block;
using flavor::store_lanes;

constexpr Index lanes = flavor::lanes;

/// Planes at once: their numbers together, and how many at least and at most.
constexpr Index numbers_at_once = Index{3} << 16, least_planes = 16, most_planes = 32;

/// Numbers of a plane with frozen directions, and lines of spherical geometry, whose rates are
/// handed on together.
constexpr Index numbers_together = 1024, lines_together = 4;

/// Directions whose energies around, of all planes of a pass, stay in the second cache.
constexpr Index directions_together = 32;

/// Registers in a strip of two flavors: the ring of four, 33 kB, is for an innermost cache of 48.
Index registers_in_strip() {
#ifdef _SC_LEVEL1_DCACHE_SIZE
  if (sysconf(_SC_LEVEL1_DCACHE_SIZE) >= Index{48} << 10) return 4;
#endif
  return 2;
}

}  // namespace

template <int flavors>
BracketPass<flavors>::BracketPass(const phase_space::MomentumGrid& momentum,
                                  const phase_space::Box& box, const phase_space::Box& seen,
                                  int span)
    : lines_(momentum, seen),
      nodes_(box, seen),
      momentum_gradient_(momentum, lines_, seen),
      spherical_(momentum.geometry() == phase_space::Geometry::spherical),
      neighbours_only_(!momentum_gradient_.neighbours().empty()),
      span_(span),
      planes_at_once_(std::clamp(numbers_at_once / seen.plane(), least_planes, most_planes)),
      strip_size_(std::min(registers_in_strip(), longest_strip)),
      groups_(groups()),
      whole_plane_(whole_plane()),
      speeds_(lines_.spread(phase_space::owned(momentum.directions(), seen.angle))),
      signs_(lines_.spread(phase_space::owned(momentum.signs(), seen.angle))),
      streaming_speeds_(speeds_.size()),
      force_speeds_(speeds_.size()),
      inverse_energy_(phase_space::inverse_energies(momentum, seen.energy)),
      seen_gradient_(static_cast<std::size_t>(nodes_.all() ? 0 : nodes_.plane_seen())),
      pieces_(nodes_, planes_at_once_) {
  const auto planes = static_cast<std::size_t>(planes_at_once_);
  const auto around = planes + 2 * static_cast<std::size_t>(span_);
  const Index slots = 2 * Index{span_} + 2, slot = strip_size_ * fields_of(spherical_) * block_size;
  ring_.resize(static_cast<std::size_t>(slots * slot));
  Index largest = 0;
  for (const Group& group : groups_) largest = std::max(largest, group.end - group.begin);
  rates_.resize(planes * static_cast<std::size_t>(largest));
  planes_.resize(around);
  add_steps();
  phase_space::with_static_reach(momentum_gradient_.reach(), [&](auto reach) {
    if (spherical_)
      keep_ = neighbours_only_ ? &BracketPass::keep_spherical<reach, true>
                               : &BracketPass::keep_spherical<reach, false>;
    else if (nodes_.row_seen() == two_beams)
      keep_ = &BracketPass::keep_beams<reach, two_beams>;
    else
      keep_ = &BracketPass::keep_beams<reach, 0>;
  });
  const auto period = static_cast<std::size_t>(lines_.period() * block_size);
  if (!spherical_) {
    omega_.resize(around * period);
    omega_slope_.resize(around * period);
    return;
  }
  factors_.resize(around);
  curvature_ =
      lines_.spread(phase_space::owned(phase_space::angular_curvature(momentum), seen.angle));
  for (std::size_t n = 0; n < signs_.size(); ++n) curvature_[n] *= signs_[n];
  commutator_.emplace(momentum, lines_, seen.angle);
  tables_.resize(static_cast<std::size_t>(tables * strip_size_ * lanes));
  if (neighbours_only_) return;
  line_.resize(static_cast<std::size_t>(angular_step()));
  angular_.resize(around * static_cast<std::size_t>(2 * angular_step()));
  carried_.resize(static_cast<std::size_t>(4 * Index{span_} * lines_.count() * lines_.numbers()));
}

template <int flavors>
void BracketPass<flavors>::add_steps() {
  const int reach = momentum_gradient_.reach();
  for (Index line = 0; line < lines_.count(); ++line)
    for (int m = -reach; m <= reach; ++m) {
      const bool counts = momentum_gradient_.energy_row(line, reach)[m] != 0.0;
      energy_steps_.push_back(counts ? m * nodes_.row_seen() : 0);
    }
  for (Index m = -reach; m <= reach; ++m) steps_of_copies_.push_back(m * block_size);
  copies_.resize(steps_of_copies_.size() * static_cast<std::size_t>(block_size));
}

template <int flavors>
auto BracketPass<flavors>::place_at(Index line, Index register_in_line) const -> Place {
  const Index first = register_in_line * lanes, node = (line * lines_.nodes() + first) * components;
  // In spherical geometry energies beyond the ends count nothing, and are not read.
  const Index beyond = spherical_ ? 0 : momentum_gradient_.reach() * nodes_.row_seen();
  return {.node = node,
          .nodes = std::min(lanes, lines_.nodes() - first),
          .line = line,
          .lane = register_in_line % lines_.period() * lanes,
          .inside = node >= beyond && node + block_size + beyond <= nodes_.plane_seen()};
}

template <int flavors>
auto BracketPass<flavors>::groups() const -> std::vector<Group> {
  std::vector<Group> groups;
  const Index row = nodes_.row_seen();
  const Index first = nodes_.first() / row, last = first + nodes_.energies();
  if (spherical_) {
    for (Index begin = first; begin < last; begin += lines_together) {
      const Index end = std::min(begin + lines_together, last);
      groups.push_back({begin * row, end * row, {}});
      for (Index line = begin; line < end; line += strip_size_)
        for (Index n = 0; n < lines_.blocks(); ++n) {
          Strip& strip = groups.back().strips.emplace_back();
          for (Index l = line; l < std::min(line + strip_size_, end); ++l)
            strip.add(place_at(l, n));
        }
    }
    return groups;
  }
  const Index end = (last * row + block_size - 1) / block_size;
  constexpr Index registers = numbers_together / block_size;
  for (Index begin = first * row / block_size; begin < end; begin += registers) {
    const Index stop = std::min(begin + registers, end);
    groups.push_back({begin * block_size, std::min(stop * block_size, nodes_.plane_seen()), {}});
    for (Index at = begin; at < stop; at += strip_size_) {
      Strip& strip = groups.back().strips.emplace_back();
      for (Index n = at; n < std::min(at + strip_size_, stop); ++n) strip.add(place_at(0, n));
    }
  }
  return groups;
}

template <int flavors>
auto BracketPass<flavors>::whole_plane() const -> std::vector<Group> {
  Group all{.begin = groups_.front().begin, .end = groups_.back().end, .strips = {}};
  for (const Group& group : groups_)
    all.strips.insert(all.strips.end(), group.strips.begin(), group.strips.end());
  if (spherical_ && neighbours_only_)
    std::stable_sort(all.strips.begin(), all.strips.end(), [](const Strip& a, const Strip& b) {
      return a.begin()->lane / directions_together < b.begin()->lane / directions_together;
    });
  return {std::move(all)};
}

template <int flavors>
[[gnu::always_inline]] inline auto BracketPass<flavors>::around(const double* plane,
                                                                const Place& place) -> Around {
  if (place.inside) [[likely]]
    return {plane + place.node, energy_steps(place.line)};
  return copied(plane, place);
}

template <int flavors>
[[gnu::noinline]] auto BracketPass<flavors>::copied(const double* plane, const Place& place)
    -> Around {
  const Index end = nodes_.plane_seen(), reach = momentum_gradient_.reach();
  const auto copy = [&](Index from, Index size, double* to) {
    for (Index at = from; at < from + size; at += lanes, to += lanes)
      if (at >= 0 && at + lanes <= end)
        store_lanes(to, load_lanes(plane + at));
      else if (at + lanes <= 0 || at >= end)
        store_lanes(to, Lanes{});
      else
        for (Index n = 0; n < lanes; ++n) to[n] = at + n >= 0 && at + n < end ? plane[at + n] : 0.0;
  };
  // In one run, or with many directions in a run for each energy.
  const Index step = nodes_.row_seen(), beyond = reach * step;
  if (step <= block_size) {
    copy(place.node - beyond, 2 * beyond + block_size, copies_.data());
    return {copies_.data() + beyond, energy_steps(place.line)};
  }
  for (Index m = -reach; m <= reach; ++m)
    copy(place.node + m * step, block_size, copies_.data() + (reach + m) * block_size);
  return {copies_.data() + reach * block_size, steps_of_copies_.data() + reach};
}

template <int flavors>
template <bool spherical, int reach, Index step>
[[gnu::always_inline]] inline auto BracketPass<flavors>::energy_difference(const Around& rho,
                                                                           const Place& place) const
    -> Block {
  const double* const row = momentum_gradient_.energy_row(place.line, reach);
  Block sum;
  for (int c = 0; c < components; ++c) {
    const double* const here = rho.here + c * lanes;
    const auto at = [&](int m) __attribute__((always_inline)) {
      return load_lanes(here + (step > 0 ? m * step : rho.steps[m]));
    };
    if constexpr (spherical) {
      Lanes above = row[1] * at(1), below = row[-1] * at(-1);
      for (int m = 2; m <= reach; ++m) {
        above += row[m] * at(m);
        below += row[-m] * at(-m);
      }
      sum[c] = above + below;
    } else {
      sum[c] = row[1] * (at(1) - at(-1));
      for (int m = 2; m <= reach; ++m) sum[c] += row[m] * (at(m) - at(-m));
    }
  }
  return flavor::by_component(sum);
}

template <int flavors>
template <bool neighbours_only>
[[gnu::always_inline]] inline auto BracketPass<flavors>::angular_part(const Plane& plane,
                                                                      const Place& place,
                                                                      const Block& rho)
    -> std::array<Block, 2> {
  std::array<Block, 2> part{};
  if constexpr (!neighbours_only) {
    const Index step = lines_.component_step();
    const double* const by_s = plane.angular + angular_at(place) + place.lane;
    const double* const by_c = by_s + angular_step();
    const double by_energy = inverse_energy_[place.line];
    const double by_force = by_force_ * by_energy, by_velocity = by_velocity_ * by_energy;
    for (int c = 0; c < components; ++c) {
      part[0][c] = by_force * load_lanes(by_s + c * step);
      part[1][c] = by_velocity * load_lanes(by_c + c * step);
    }
    return part;
  }
  // What is beyond the ends of the line does not count.
  const double* const here = plane.rho + place.node;
  const double* const before = place.lane > 0 ? here - components : here;
  const double* const after = place.lane + lanes < lines_.nodes() ? here + block_size : here;
  const auto from = [&](Table which) __attribute__((always_inline)) {
    return load_lanes(table(place, which));
  };
  const Lanes of_s_below = from(s_below), of_s_above = from(s_above);
  const Lanes of_c_below = from(c_below), of_c_above = from(c_above);
  for (int c = 0; c < components; ++c) {
    const Lanes below = flavor::shifted<-1>(rho[c], before[c]);
    const Lanes above = flavor::shifted<1>(rho[c], after[c]);
    part[0][c] = of_s_below * below;
    part[0][c] += of_s_above * above;
    part[1][c] = of_c_below * below;
    part[1][c] += of_c_above * above;
  }
  return part;
}

template <int flavors>
void BracketPass<flavors>::write_angular_part(const double* plane, const Strip& strip, Index p) {
  const Index step = lines_.component_step();
  for (const Place& first : strip) {
    double* const to = line_.data() + angular_at(first);
    for (Index n = 0; n < lines_.blocks(); ++n) {
      const Place place = place_at(first.line, n);
      const Block rho = flavor::by_component(load_block<flavors>(around(plane, place).here));
      const Lanes sign = 1.0 / 6.0 * load_lanes(signs_.data() + place.lane);
      for (int c = 0; c < components; ++c) store_lanes(to + c * step + place.lane, sign * rho[c]);
    }
  }
  double* const parts = angular_of(p);
  momentum_gradient_.write_along_angle(line_.data(), strip.size, parts);
  for (const Place& place : strip)
    commutator_->write(line_.data() + angular_at(place),
                       parts + angular_step() + angular_at(place));
}

template <int flavors>
void BracketPass<flavors>::write_angular_parts(Planes planes, const Strip& strip) {
  const Index numbers = lines_.numbers(), most = 2 * Index{span_};
  // Copies what is carried from or to plane p, the n-th of those that are.
  const auto copy = [&](Index p, Index n, bool back) {
    for (const Place& place : strip)
      for (const Index part : {0, 1}) {
        double* const kept = angular_of(p) + part * angular_step() + angular_at(place);
        double* const carried = carried_.data() + ((place.line * most + n) * 2 + part) * numbers;
        std::copy_n(back ? carried : kept, numbers, back ? kept : carried);
      }
  };
  const Index lowest = planes[0].d_z().lowest;
  Index next = lowest;
  for (; carried_planes_.size > 0 && next < carried_planes_.end(); ++next)
    copy(next, next - carried_planes_.end() + most, true);
  along_z(
      planes, next,
      [&](const Neighbourhood& here, int m, Index p) {
        write_angular_part(here.density(m) - nodes_.first(), strip, p);
        next = p + 1;
      },
      [](const Neighbourhood&, Index) {});
  for (Index p = std::max(next - most, lowest); p < next; ++p) copy(p, p - next + most, false);
}

template <int flavors>
void BracketPass<flavors>::prepare_directions(bool streaming, double by_force, double by_velocity) {
  by_force_ = by_force;
  by_velocity_ = by_velocity;
  for (std::size_t n = 0; n < speeds_.size(); ++n) {
    streaming_speeds_[n] = streaming ? -speeds_[n] : 0.0;
    force_speeds_[n] = by_force / 6.0 * signs_[n] * speeds_[n];
  }
}

template <int flavors>
void BracketPass<flavors>::write_tables(const Place& place) {
  const double by_force = by_force_ * inverse_energy_[place.line] / 6.0;
  const double by_velocity = by_velocity_ * inverse_energy_[place.line] / 6.0;
  const auto write = [&](Table which, double factor, const phase_space::Numbers& values) {
    store_lanes(table(place, which), factor * load_lanes(values.data() + place.lane));
  };
  write(curved, by_velocity, curvature_);
  if (!neighbours_only_) return;
  const auto& s = momentum_gradient_.neighbours();
  const auto& c = commutator_->neighbours();
  write(s_below, by_force, s.below());
  write(s_above, by_force, s.above());
  write(c_below, by_velocity, c.below());
  write(c_above, by_velocity, c.above());
  const Lanes sign = load_lanes(signs_.data() + place.lane);
  for (const Table which : {s_below, s_above, c_below, c_above})
    store_lanes(table(place, which), sign * load_lanes(table(place, which)));
}

template <int flavors>
void BracketPass<flavors>::prepare_planes(Planes planes) {
  using flavor::load;
  const Index period = lines_.period() * block_size;
  const Index slots = 2 * Index{span_} + 2, slot = static_cast<Index>(ring_.size()) / slots;
  const auto count = static_cast<Index>(planes.size());
  const auto read = [&](const Neighbourhood& here, int m, Index p) {
    Plane& to = plane(p);
    to.rho = here.density(m) - nodes_.first();
    to.kept = ring_.data() + (p + span_) % slots * slot;
    to.asked = p >= 0 && p < count;
    const auto charge = load<flavors>(here.charge(m)), current = load<flavors>(here.current(m));
    if (!spherical_) {
      double* const omega = omega_.data() + (p + span_) * period;
      to.omega = omega;
      to.slope = omega_slope_.data() + (p + span_) * period;
      for (Index at = 0; at < lines_.period() * lanes; at += lanes)
        for (int c = 0; c < components; ++c)
          store_lanes(omega + at * components + c * lanes,
                      charge[c] - load_lanes(speeds_.data() + at) * current[c]);
      return;
    }
    if (!neighbours_only_) to.angular = angular_of(p);
    Factors& factors = factors_[static_cast<std::size_t>(p + span_)];
    to.factors = &factors;
    factors.charge = Multiplier(factors.charge_axis = charge);
    factors.current = Multiplier(factors.current_axis = current);
  };
  const auto take_slopes = [&](const Neighbourhood& here, Index p) {
    const auto& d_z = here.d_z();
    plane(p).coming = (here.coming() == nullptr ? here.density(0) : here.coming()) - nodes_.first();
    if (!spherical_) {
      double* const slope = omega_slope_.data() + (p + span_) * period;
      for (Index at = 0; at < period; at += lanes)
        store_lanes(slope + at, 2.0 * d_z.apply([&](int m) __attribute__((always_inline)) {
          return load_lanes(plane(p + m).omega + at);
        }));
      return;
    }
    Factors& factors = factors_[static_cast<std::size_t>(p + span_)];
    factors.charge_slope =
        Multiplier(2.0 * d_z.apply([&](int m) { return load<flavors>(here.charge(m)); }));
    factors.minus_current_slope =
        Multiplier(-1.0 * d_z.apply([&](int m) { return load<flavors>(here.current(m)); }));
  };
  along_z(planes, planes[0].d_z().lowest, read, take_slopes);
}

template <int flavors>
template <int reach, Index step>
void BracketPass<flavors>::keep_beams(const Plane& plane, const Strip& strip) {
  const double *const omegas = plane.omega, *const slopes = plane.slope;
  const double* const force_speeds = force_speeds_.data();
  const double* const streaming_speeds = streaming_speeds_.data();
  const bool asked = plane.asked;
  constexpr Index fields = fields_of(false);
  double* to = plane.kept;
  for (const Place& place : strip) {
    const Around rho_around = around(plane.rho, place);
    Block gradient = energy_difference<false, reach, step>(rho_around, place);
    const Block rho = flavor::by_component(load_block<flavors>(rho_around.here));
    const Lanes force_speed = load_lanes(force_speeds + place.lane);
    const Lanes streaming_speed = load_lanes(streaming_speeds + place.lane);
    const Block omega = load_block<flavors>(omegas + place.lane * components);
    Block moved;
    for (int c = 0; c < components; ++c) {
      gradient[c] *= force_speed;
      moved[c] = flavor::settled(streaming_speed * rho[c]);
    }
    store_block<flavors>(to + block_size, gradient);
    flavor::add_jordan_product(omega, gradient, moved);
    store_block<flavors>(to, moved);
    if (asked) {
      Block local{};
      if (by_refraction_) local = flavor::precession(omega, rho);
      flavor::add_jordan_product(load_block<flavors>(slopes + place.lane * components), gradient,
                                 local);
      store_block<flavors>(to + (fields - 1) * block_size, local);
    }
    to += fields * block_size;
  }
}

template <int flavors>
template <int reach, bool neighbours_only>
void BracketPass<flavors>::keep_spherical(const Plane& plane, const Strip& strip) {
  const Factors& factors = *plane.factors;
  const bool asked = plane.asked;
  constexpr Index fields = fields_of(true);
  double* to = plane.kept;
  for (const Place& place : strip) {
    const Around rho_around = around(plane.rho, place);
    Block gradient = energy_difference<true, reach>(rho_around, place);
    const Block rho = flavor::by_component(load_block<flavors>(rho_around.here));
    const auto [by_s, by_c] = angular_part<neighbours_only>(plane, place, rho);
    const Lanes speed = load_lanes(speeds_.data() + place.lane);
    const Lanes force_speed = load_lanes(force_speeds_.data() + place.lane);
    const Lanes streaming_speed = load_lanes(streaming_speeds_.data() + place.lane);
    const Lanes curvature = load_lanes(table(place, curved));
    Block moved, by_current, by_slope;
    for (int c = 0; c < components; ++c) {
      gradient[c] = force_speed * gradient[c] + by_s[c];
      const Lanes forced = speed * gradient[c], turned = curvature * rho[c];
      moved[c] = flavor::settled(streaming_speed * rho[c]);
      by_current[c] = turned - forced;
      by_slope[c] = (forced + forced) + by_c[c];
      store_lanes(to + 2 * block_size + c * lanes, (forced + turned) + by_c[c]);
    }
    store_block<flavors>(to + block_size, gradient);
    flavor::add_jordan_product(factors.charge, gradient, moved);
    flavor::add_jordan_product(factors.current, by_current, moved);
    store_block<flavors>(to, moved);
    if (asked) {
      Block local{};
      if (by_refraction_) {
        Block axis{};
        for (int c = 1; c < components; ++c)
          axis[c] = factors.charge_axis[c] - speed * factors.current_axis[c];
        local = flavor::precession(axis, rho);
      }
      flavor::add_jordan_product(factors.charge_slope, gradient, local);
      flavor::add_jordan_product(factors.minus_current_slope, by_slope, local);
      store_block<flavors>(to + (fields - 1) * block_size, local);
    }
    to += fields * block_size;
  }
}

template <int flavors>
template <bool spherical, bool stream, class Rows>
[[gnu::always_inline]] inline void BracketPass<flavors>::make(const Plane* planes, const Rows& rows,
                                                              const Strip& strip) {
  constexpr Index fields = fields_of(spherical);
  constexpr int count = Rows::planes;
  const Rows d_z = rows;
  std::array<Plane, count> from;
  std::copy_n(planes, count, from.begin());
  Index at = 0;
  for (const Place& place : strip) {
    const auto difference = [&](int field, int c, auto&& use) __attribute__((always_inline)) {
      d_z.apply(
          [&](const double* numbers) __attribute__((always_inline)) {
            return load_lanes(numbers + at + field * block_size + c * lanes);
          },
          [&](auto n, Lanes /*value*/, Lanes slope)
              __attribute__((always_inline)) { use(n, slope); });
    };
    std::array<Block, count> slope{}, sum{};
    flavor::unrolled<components>([&](auto c) __attribute__((always_inline)) {
      difference(
          0, c, [&](auto n, Lanes of_first) __attribute__((always_inline)) {
            const double* const local = from[n].kept + (fields - 1) * block_size + at;
            sum[n][c] = of_first + load_lanes(local + c * lanes);
          });
      difference(
          1, c, [&](auto n, Lanes of_second) __attribute__((always_inline)) {
            slope[n][c] = -of_second;
          });
    });
    if constexpr (spherical) {
      flavor::unrolled<count>([&](auto n) __attribute__((always_inline)) {
        flavor::add_jordan_product(from[n].factors->charge, slope[n], sum[n]);
      });
      flavor::unrolled<components>([&](auto c) __attribute__((always_inline)) {
        difference(
            2, c, [&](auto n, Lanes of_third) __attribute__((always_inline)) {
              slope[n][c] = of_third;
            });
      });
    }
    flavor::unrolled<count>([&](auto n) __attribute__((always_inline)) {
      const Plane& plane = from[n];
      if constexpr (spherical) {
        flavor::add_jordan_product(plane.factors->current, slope[n], sum[n]);
      } else {
        Block omega = load_block<flavors>(plane.omega + place.lane * components);
        flavor::unrolled<components>([&](auto c) __attribute__((always_inline)) {
          omega[c] = flavor::settled(omega[c]);
        });
        flavor::add_jordan_product(omega, slope[n], sum[n]);
      }
      for (int c = 0; c < components; ++c)
        __builtin_prefetch(plane.coming + place.node + c * lanes, 0, 2);
      put<stream>(sum[n], place, plane.rate);
    });
    at += fields * block_size;
  }
}

template <int flavors>
template <bool stream>
[[gnu::always_inline]] inline void BracketPass<flavors>::put(const Block& value, const Place& place,
                                                             double* plane) const {
  const Block nodes = flavor::by_node(value);
  double* const to = plane + place.node;
  if constexpr (stream) {
    flavor::stream_block<flavors>(to, nodes);
  } else if (place.nodes < lanes) {
    std::array<double, block_size> some{};
    store_block<flavors>(some.data(), nodes);
    std::copy_n(some.data(), place.nodes * components, to);
  } else {
    store_block<flavors>(to, nodes);
  }
}

template <int flavors>
template <bool spherical, int pairs>
void BracketPass<flavors>::write_strip(Planes planes, const std::vector<DifferenceRow<pairs>>& rows,
                                       const Strip& strip) {
  if (spherical) {
    for (const Place& place : strip) write_tables(place);
    if (!neighbours_only_ && strip.begin()->lane == 0) write_angular_parts(planes, strip);
  }
  Index next = planes[0].d_z().lowest;
  const auto keep = [&](Index last) __attribute__((always_inline)) {
    for (; next <= last; ++next) (this->*keep_)(plane(next), strip);
  };
  for_each_rows<flavors == 2 ? 2 : 1>(
      rows, [&](const auto& row, Index p) __attribute__((always_inline)) {
        const Index last = p + row.planes - 1;
        keep(last + planes[static_cast<std::size_t>(last)].d_z().highest);
        if (stream_ && strip.whole)
          make<spherical, true>(&plane(p), row, strip);
        else
          make<spherical, false>(&plane(p), row, strip);
      });
}

template <int flavors>
void BracketPass<flavors>::find_targets(Index planes, RateSink& sink) {
  direct_ = nodes_.all();
  stream_ = nodes_.row_seen() % lanes == 0 && sink.past_caches();
  for (Index p = 0; p < planes; ++p) {
    double* const target = direct_ ? sink.target(p, 0) : nullptr;
    direct_ = target != nullptr;
    stream_ = stream_ && flavor::aligned(target);
    plane(p).rate = target;
  }
  stream_ = stream_ && direct_;
}

template <int flavors>
void BracketPass<flavors>::end_group(const Group& group, Index planes, RateSink& sink) {
  for (Index p = 0; p < planes; ++p) {
    const double* const rate = plane(p).rate + group.begin;
    if (direct_)
      sink.done(p, group.begin, group.end - group.begin, rate);
    else
      pieces_.put(sink, p, group.begin, group.end - group.begin, rate);
  }
}

template <int flavors>
void BracketPass<flavors>::write(Planes planes, const Parts& parts, RateSink& sink,
                                 bool continued) {
  const auto count = static_cast<Index>(planes.size());
  if (!continued || planes[0].d_z().lowest < carried_planes_.begin) carried_planes_ = {};
  by_refraction_ = parts.refraction;
  prepare_directions(parts.streaming, parts.weak_force ? 1.0 : 0.0,
                     parts.group_velocity ? 1.0 : 0.0);
  prepare_planes(planes);
  find_targets(count, sink);
  const Index size = static_cast<Index>(rates_.size()) / planes_at_once_;
  with_static_pairs(planes, [&](auto pairs) {
    std::vector<DifferenceRow<pairs>> rows;
    for (Index p = 0; p < count; ++p)
      rows.emplace_back(planes[static_cast<std::size_t>(p)].d_z(),
                        [&](int m) { return plane(p + m).kept; });
    for (const Group& group : direct_ ? whole_plane_ : groups_) {
      if (!direct_)
        for (Index p = 0; p < count; ++p) plane(p).rate = rates_.data() + p * size - group.begin;
      for (const Strip& strip : group.strips)
        if (spherical_)
          write_strip<true, pairs>(planes, rows, strip);
        else
          write_strip<false, pairs>(planes, rows, strip);
      end_group(group, count, sink);
    }
  });
  pieces_.finish(sink, count);
  Index end = carried_planes_.size > 0 ? carried_planes_.end() : 0;
  for (Index p = 0; p < count; ++p)
    end = std::max(end, p + planes[static_cast<std::size_t>(p)].d_z().highest + 1);
  const Index begin = std::max(end - 2 * Index{span_}, Index{planes[0].d_z().lowest});
  carried_planes_ = {begin - count, end - begin};
}

template <int flavors>
void BracketPass<flavors>::write_momentum_gradient(const Neighbourhood& here, double* gradient) {
  Plane plane;
  plane.rho = here.density(0) - nodes_.first();
  plane.angular = angular_.data();
  prepare_directions(false, 6.0, 0.0);
  for (Index line = 0; line < lines_.count(); ++line) {
    if (spherical_ && !neighbours_only_) {
      Strip strip;
      strip.add(place_at(line, 0));
      write_angular_part(plane.rho, strip, -span_);
    }
    for (Index n = 0; n < lines_.blocks(); ++n) {
      const Place place = place_at(line, n);
      if (spherical_) write_tables(place);
      const Lanes sign = load_lanes(signs_.data() + place.lane);
      const Around rho_around = around(plane.rho, place);
      Block value;
      phase_space::with_static_reach(momentum_gradient_.reach(), [&](auto reach) {
        value = spherical_ ? energy_difference<true, reach>(rho_around, place)
                           : energy_difference<false, reach>(rho_around, place);
      });
      for (int c = 0; c < components; ++c)
        value[c] *= sign * load_lanes(force_speeds_.data() + place.lane);
      if (spherical_) {
        const Block rho = flavor::by_component(load_block<flavors>(rho_around.here));
        const Block by_s = (neighbours_only_ ? angular_part<true>(plane, place, rho)
                                             : angular_part<false>(plane, place, rho))[0];
        for (int c = 0; c < components; ++c) value[c] += sign * by_s[c];
      }
      put<false>(value, place, nodes_.all() ? gradient : seen_gradient_.data());
    }
  }
  if (!nodes_.all()) nodes_.copy(seen_gradient_.data(), gradient);
}

template class BracketPass<2>;
template class BracketPass<3>;

}  // namespace nuvlasov::physics
