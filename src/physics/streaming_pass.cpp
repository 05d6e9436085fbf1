#include "nuvlasov/physics/streaming_pass.hpp"

#include <numeric>

namespace nuvlasov::physics {
namespace {

using flavor::load_nodes;
using flavor::Nodes;
using flavor::NodesAxis;
using flavor::store_nodes;

}  // namespace

template <int flavors>
auto StreamingPass<flavors>::Source::on_plane(Index q, Index numbers) const -> Source {
  Source plane = *this;
  plane.coming += q * numbers;
  plane.charge += q * components;
  plane.current += q * components;
  plane.touched = touched.from(q * numbers);
  plane.rate += q * numbers;
  return plane;
}

template <int flavors>
[[gnu::always_inline]] inline auto StreamingPass<flavors>::Source::axes(Index first,
                                                                        Index last) const
    -> std::array<NodesAxis, 2> {
  const auto axis = [&](const double* potential) __attribute__((always_inline)) {
    return NodesAxis(
        flavor::on_nodes(potential + first * components, potential + last * components));
  };
  return {axis(charge), axis(current)};
}

template <int flavors>
StreamingPass<flavors>::StreamingPass(const phase_space::MomentumGrid& momentum,
                                      const phase_space::Box& box, const phase_space::Box& seen,
                                      const LaneRefraction& refraction, Index run)
    : refraction_(refraction),
      nodes_(box, seen),
      run_(run),
      segments_(nodes_.all() ? 1 : nodes_.energies()),
      segment_(nodes_.all() ? run * nodes_.plane() : nodes_.row()),
      piece_(run > 1 ? segment_ : 16 * strip),
      row_(nodes_.row()),
      period_(std::lcm(
          row_, flavors == 2 && !refraction.any() ? Index{flavor::nodes_width} : block_size)),
      motion_period_(run > 1 && !refraction.any() ? segment_ : period_),
      zeros_(static_cast<std::size_t>(std::max(period_, run * components))),
      motion_(static_cast<std::size_t>(most_planes * motion_period_)),
      kept_(static_cast<std::size_t>(most_planes * piece_)) {
  for (const double v : phase_space::owned(momentum.directions(), box.angle))
    speeds_.insert(speeds_.end(), components, -v);
  speeds_.resize(static_cast<std::size_t>(period_));
  for (Index at = row_; at < period_; ++at) speeds_[at] = speeds_[at - row_];
}

template <int flavors>
template <int pairs, class Make>
[[gnu::always_inline]] inline void StreamingPass<flavors>::for_each_piece(Planes planes,
                                                                          const Parts& parts,
                                                                          RateSink& sink,
                                                                          Make&& make) {
  const auto count = static_cast<Index>(planes.size());
  std::array<Source, most_planes> sources{};
  const bool past_caches = sink.past_caches();
  for (Index s = 0; s < segments_; ++s) {
    std::vector<DifferenceRow<pairs>> rows;
    for (Index p = 0; p < count; ++p) {
      const Neighbourhood& here = planes[p];
      const auto place = [&, skip = s * here.density_stride](int m) {
        return here.density(m) + skip;
      };
      rows.emplace_back(here.d_z(), place);
      Source& source = sources[p];
      source.coming = here.coming() == nullptr ? place(0) : here.coming();
      source.charge = parts.refraction ? here.charge(0) : zeros_.data();
      source.current = parts.refraction ? here.current(0) : zeros_.data();
      source.motion = motion_.data() + p * motion_period_;
    }
    for (Index begin = 0; begin < segment_; begin += piece_) {
      const Index end = std::min(begin + piece_, segment_), in_plane = s * segment_ + begin;
      for (Index p = 0; p < count; ++p) {
        Source& source = sources[p];
        double* const target = sink.target(p, in_plane);
        source.rate = (target == nullptr ? kept_.data() + p * piece_ : target) - begin;
        source.stream = past_caches && target != nullptr && flavor::aligned(target);
        constexpr Index touched_ahead = 256;
        source.touched = {};
        if (!source.stream) source.touched = sink.touched(p).from(s * segment_ + touched_ahead);
      }
      make(rows, sources.data(), begin, end);
      for (Index p = 0; p < count; ++p)
        sink.done(p, in_plane, end - begin, sources[p].rate + begin);
    }
  }
}

template <int flavors>
template <bool stream, class Rows, class AxisOf>
[[gnu::always_inline]] inline void StreamingPass<flavors>::make_one(const Rows& d_z,
                                                                    const Source* from, Nodes speed,
                                                                    Index at, AxisOf&& axis_of) {
  d_z.apply(
      [&](const double* numbers)
          __attribute__((always_inline)) { return load_nodes(numbers + at); },
      [&](auto p, Nodes density, Nodes slope) __attribute__((always_inline)) {
        from[p].fetch(at);
        const Nodes sum = flavor::precession(axis_of(p), density) + speed * slope;
        if constexpr (stream) {
          flavor::stream_nodes(from[p].rate + at, sum);
        } else {
          from[p].touched.fetch(at);
          store_nodes(from[p].rate + at, sum);
        }
      });
}

template <int flavors>
template <bool stream, class Rows>
[[gnu::noinline]] void StreamingPass<flavors>::make_nodes(const Rows& rows, const Source* sources,
                                                          const double* speeds, Index at,
                                                          Index end) const {
  constexpr Index width = flavor::nodes_width;
  // Copies, which no rate can be thought to overwrite.
  const Rows d_z = rows;
  std::array<Source, Rows::planes> from;
  std::copy_n(sources, Rows::planes, from.begin());
  struct {
    std::array<NodesAxis, 2> of[Rows::planes];
  } axes{};
  flavor::unrolled<Rows::planes>([&](auto p) { axes.of[p] = from[p].axes(0, 0); });
  const double* const velocities = speeds_.data();
  const Index period = period_;
  if (period == width) {
    struct {
      NodesAxis of[Rows::planes];
    } axis{};
    flavor::unrolled<Rows::planes>(
        [&](auto p) { axis.of[p] = NodesAxis(axes.of[p], load_nodes(velocities)); });
    const Nodes speed = load_nodes(speeds);
    for (; at < end; at += width)
      make_one<stream>(
          d_z, from.data(), speed,
          at, [&](auto p) __attribute__((always_inline)) { return axis.of[p]; });
    return;
  }
  for (Index turn = at % period; at < end; at += width) {
    const Nodes velocity = load_nodes(velocities + turn);
    make_one<stream>(
        d_z, from.data(), load_nodes(speeds + turn),
        at, [&](auto p) __attribute__((always_inline)) { return NodesAxis(axes.of[p], velocity); });
    turn += width;
    if (turn == period) turn = 0;
  }
}

template <int flavors>
template <bool stream, int pairs>
void StreamingPass<flavors>::make_run(const DifferenceRow<pairs>& row, const Source& source,
                                      const double* speeds) const {
  constexpr Index width = flavor::nodes_width, together = 2;
  const Index plane = nodes_.plane();
  if (plane % width == 0) {
    Index q = 0;
    for (; q + together <= run_; q += together) {
      const std::array<Source, together> sources{source.on_plane(q, plane),
                                                 source.on_plane(q + 1, plane)};
      const CentralRows<pairs, together> rows(row, plane, q);
      make_nodes<stream>(rows, sources.data(), speeds, 0, plane);
    }
    if (q < run_) {
      const Source last = source.on_plane(q, plane);
      make_nodes<stream>(CentralRows<pairs, 1>(row, plane, q), &last, speeds, 0, plane);
    }
    return;
  }
  // A register that ends beyond a plane begins the next one.
  const CentralRows<pairs, 1> d_z(row, plane, 0);
  const Source from = source;
  for (Index at = 0, turn = 0; at < segment_; at += width) {
    const NodesAxis axis(from.axes(at / plane, (at + width - components) / plane),
                         load_nodes(speeds_.data() + turn));
    make_one<stream>(
        d_z, &from, load_nodes(speeds + turn),
        at, [&](auto /*p*/) __attribute__((always_inline)) { return axis; });
    turn += width;
    if (turn == period_) turn = 0;
  }
}

template <int flavors>
template <int pairs>
void StreamingPass<flavors>::write_nodes(Planes planes, const Parts& parts, RateSink& sink) {
  constexpr Index width = flavor::nodes_width;
  const double* const speeds = parts.streaming ? speeds_.data() : zeros_.data();
  const auto make_strip = [&](const std::vector<DifferenceRow<pairs>>& rows, const Source* sources,
                              Index begin, Index end) __attribute__((always_inline)) {
    const Index whole = begin + (end - begin) / width * width;
    const auto make_row = [&](const auto& row, Index p) __attribute__((always_inline)) {
      if (sources[p].stream)
        make_nodes<true>(row, sources + p, speeds, begin, whole);
      else
        make_nodes<false>(row, sources + p, speeds, begin, whole);
    };
    // The axes of four planes fit the registers if all nodes have the same few directions.
    if (period_ == width)
      for_each_rows<4>(rows, make_row);
    else
      for_each_rows<2>(rows, make_row);
    if (whole == end) return;
    // A register that is not filled goes through copies.
    for (std::size_t p = 0; p < rows.size(); ++p) {
      std::array<double, (2 * pairs + 2) * width> copies{};
      double* copy = copies.data();
      const auto take = [&](const double*& numbers) {
        std::copy_n(numbers + whole, end - whole, copy);
        numbers = copy - whole;
        copy += width;
      };
      DifferenceRow<pairs> row = rows[p];
      take(row.here);
      for (int n = 0; n < pairs; ++n) {
        take(row.ahead[n]);
        take(row.behind[n]);
      }
      Source copied = sources[p];
      copied.stream = false;
      copied.rate = copy - whole;
      make_nodes<false>(row, &copied, speeds, whole, whole + width);
      std::copy_n(copy, end - whole, sources[p].rate + whole);
    }
  };
  for_each_piece<pairs>(
      planes, parts, sink,
      [&](const std::vector<DifferenceRow<pairs>>& rows, const Source* sources, Index begin,
          Index end) __attribute__((always_inline)) {
        if constexpr (pairs <= phase_space::CentralDifference::max_reach)
          if (run_ > 1)
            return sources[0].stream ? make_run<true>(rows[0], sources[0], speeds)
                                     : make_run<false>(rows[0], sources[0], speeds);
        for (Index at = begin; at < end; at += strip)
          make_strip(rows, sources, at, std::min(at + strip, end));
      });
}

template <int flavors>
template <int pairs, bool in_lanes>
void StreamingPass<flavors>::write_blocks(Planes planes, const Parts& parts, RateSink& sink) {
  using flavor::load_block;
  const double* const speeds = parts.streaming ? speeds_.data() : zeros_.data();
  for (std::size_t p = 0; p < planes.size(); ++p) {
    double* const motion = motion_.data() + p * motion_period_;
    std::fill_n(motion, motion_period_, 0.0);
    if (parts.refraction && !in_lanes) {
      const double *const charges = planes[p].charge(0), *const currents = planes[p].current(0);
      for (Index at = 0; at < motion_period_; at += components) {
        const double velocity = speeds_[at % row_];
        const Index plane = run_ > 1 ? at / nodes_.plane() * components : 0;
        for (Index c = 0; c < components; ++c)
          motion[at + c] = charges[plane + c] + velocity * currents[plane + c];
      }
    }
    for (Index at = 0; at < motion_period_; at += block_size) {
      Block block = flavor::by_component(load_block<flavors>(motion + at));
      block[0] = flavor::by_component(load_block<flavors>(speeds + at % period_))[0];
      flavor::store_block<flavors>(motion + at, block);
    }
  }
  const LaneRefraction refraction = refraction_;
  const auto make_plane = [&](const DifferenceRow<pairs>& row, const Source& from, Index begin,
                              Index stop) __attribute__((always_inline)) {
    const auto make = [&](Index n, Index turn, auto&& load) __attribute__((always_inline)) {
      const Block density = flavor::by_component(load(row.here + n));
      Block slope{};
      for (int pair = 0; pair < pairs; ++pair) {
        const Block ahead = load(row.ahead[pair] + n);
        const Block behind = load(row.behind[pair] + n);
        for (int c = 0; c < components; ++c) slope[c] += row.weight[pair] * (ahead[c] - behind[c]);
      }
      slope = flavor::by_component(slope);
      Block motion = load_block<flavors>(from.motion + turn);
      if constexpr (in_lanes) refraction.add<flavors>(density, motion);
      Block sum;
      for (int c = 0; c < components; ++c) sum[c] = motion[0] * slope[c];
      flavor::add_precession(motion, density, sum);
      return flavor::by_node(sum);
    };
    const Index end = begin + (stop - begin) / block_size * block_size;
    double* const rate = from.rate;
    Index at = begin, turn = begin % motion_period_;
    for (; at < end; at += block_size) {
      for (Index c = 0; c < components; ++c) {
        from.fetch(at + c * flavor::lanes);
        from.touched.fetch(at + c * flavor::lanes);
      }
      const Block sum = make(at, turn, load_block<flavors>);
      if (from.stream)
        flavor::stream_block<flavors>(rate + at, sum);
      else
        flavor::store_block<flavors>(rate + at, sum);
      turn += block_size;
      if (turn == motion_period_) turn = 0;
    }
    if (const Index rest = stop - at; rest > 0) {
      const auto load_some = [&](const double* numbers) {
        std::array<double, block_size> some{};
        std::copy_n(numbers, rest, some.data());
        return load_block<flavors>(some.data());
      };
      std::array<double, block_size> some{};
      flavor::store_block<flavors>(some.data(), make(at, turn, load_some));
      std::copy_n(some.data(), rest, rate + at);
    }
  };
  for_each_piece<pairs>(
      planes, parts, sink,
      [&](const std::vector<DifferenceRow<pairs>>& rows, const Source* sources, Index begin,
          Index end) __attribute__((always_inline)) {
        for (Index at = begin; at < end; at += strip)
          for (std::size_t p = 0; p < rows.size(); ++p)
            make_plane(rows[p], sources[p], at, std::min(at + strip, end));
      });
}

template <int flavors>
void StreamingPass<flavors>::write(Planes planes, const Parts& parts, RateSink& sink) {
  with_static_pairs(planes, [&](auto pairs) {
    if (refraction_.any() && parts.refraction)
      write_blocks<pairs, true>(planes, parts, sink);
    else if constexpr (flavors == 2)
      write_nodes<pairs>(planes, parts, sink);
    else
      write_blocks<pairs, false>(planes, parts, sink);
  });
}

template class StreamingPass<2>;
template class StreamingPass<3>;

}  // namespace nuvlasov::physics
