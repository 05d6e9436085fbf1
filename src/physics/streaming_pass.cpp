#include "nuvlasov/physics/streaming_pass.hpp"

#include <numeric>

namespace nuvlasov::physics {
namespace {

using flavor::Lanes;
using flavor::load_lanes;
using flavor::load_nodes;
using flavor::Nodes;
using flavor::store_nodes;

/// What a plane is made of besides rho, and where its rate goes.
struct Source {
  const double* coming = nullptr;  ///< rho of a plane to come
  const double* motion = nullptr;  ///< Omega, or what write_blocks() makes of it
  Touched touched;
  double* rate = nullptr;
  bool stream = false;  ///< whether the rate is written past the caches
};

/// What is needed soon comes too late without this.
[[gnu::always_inline]] inline void fetch(const Source& source, Index at) {
  __builtin_prefetch(source.coming + at, 0, 2);
  source.touched.fetch(at);
}

}  // namespace

template <int flavors>
StreamingPass<flavors>::StreamingPass(const phase_space::MomentumGrid& momentum,
                                      const phase_space::Box& box, const phase_space::Box& seen,
                                      const LaneRefraction& refraction)
    : refraction_(refraction),
      nodes_(box, seen),
      segments_(nodes_.all() ? 1 : nodes_.energies()),
      segment_(nodes_.all() ? nodes_.plane() : nodes_.row()),
      row_(nodes_.row()),
      period_(std::lcm(
          row_, flavors == 2 && !refraction.any() ? Index{flavor::nodes_width} : block_size)),
      zeros_(static_cast<std::size_t>(period_)),
      motion_(static_cast<std::size_t>(most_planes * period_)),
      kept_(static_cast<std::size_t>(most_planes * piece)) {
  for (const double v : phase_space::owned(momentum.directions(), box.angle))
    speeds_.insert(speeds_.end(), components, -v);
  speeds_.resize(static_cast<std::size_t>(period_));
  for (Index at = row_; at < period_; ++at) speeds_[at] = speeds_[at - row_];
}

template <int flavors>
void StreamingPass<flavors>::repeat(const double* row, double* period) const {
  for (Index at = 0; at < period_; at += row_) std::copy_n(row, row_, period + at);
}

template <int flavors>
template <int pairs, class Make>
[[gnu::always_inline]] inline void StreamingPass<flavors>::for_each_strip(Planes planes,
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
      sources[p].coming = here.coming() == nullptr ? place(0) : here.coming();
      sources[p].motion = motions_[p];
    }
    for (Index begin = 0; begin < segment_; begin += piece) {
      const Index end = std::min(begin + piece, segment_), in_plane = s * segment_ + begin;
      for (Index p = 0; p < count; ++p) {
        Source& source = sources[p];
        double* const target = sink.target(p, in_plane);
        source.rate = (target == nullptr ? kept_.data() + p * piece : target) - begin;
        source.stream = past_caches && target != nullptr && flavor::aligned(target);
        constexpr Index touched_ahead = 256;
        source.touched = {};
        if (!source.stream) source.touched = sink.touched(p).from(s * segment_ + touched_ahead);
      }
      for (Index at = begin; at < end; at += strip)
        make(rows, sources.data(), at, std::min(at + strip, end));
      for (Index p = 0; p < count; ++p)
        sink.done(p, in_plane, end - begin, sources[p].rate + begin);
    }
  }
  if (past_caches) flavor::finish_streams();
}

template <int flavors>
template <int pairs>
void StreamingPass<flavors>::write_nodes(Planes planes, const Parts& parts, RateSink& sink) {
  constexpr Index width = flavor::nodes_width;
  const double* const speeds = parts.streaming ? speeds_.data() : zeros_.data();
  for (std::size_t p = 0; p < planes.size(); ++p) {
    motions_[p] = parts.refraction ? planes[p].refraction(0) : zeros_.data();
    if (!parts.refraction || row_ == period_) continue;
    repeat(motions_[p], motion_.data() + p * period_);
    motions_[p] = motion_.data() + p * period_;
  }
  const auto make = [&]<class Rows>(const Rows& rows, const Source* sources, Index at, Index end)
      __attribute__((noinline)) {
    // Copies, which no rate can be thought to overwrite.
    const Rows d_z = rows;
    std::array<Source, Rows::planes> from;
    std::copy_n(sources, Rows::planes, from.begin());
    const auto make_one = [&](Nodes speed, auto&& axis_of) __attribute__((always_inline)) {
      d_z.apply(
          [&](const double* numbers)
              __attribute__((always_inline)) { return load_nodes(numbers + at); },
          [&](auto p, Nodes density, Nodes slope) __attribute__((always_inline)) {
            fetch(from[p], at);
            const Nodes sum = flavor::precession(axis_of(p), density) + speed * slope;
            if (from[p].stream)
              flavor::stream_nodes(from[p].rate + at, sum);
            else
              store_nodes(from[p].rate + at, sum);
          });
    };
    if (period_ == width) {
      struct {
        flavor::NodesAxis of[Rows::planes];
      } axes{};
      flavor::unrolled<Rows::planes>(
          [&](auto p) { axes.of[p] = flavor::NodesAxis(load_nodes(from[p].motion)); });
      const Nodes speed = load_nodes(speeds);
      for (; at < end; at += width)
        make_one(
            speed, [&](auto p) __attribute__((always_inline)) { return axes.of[p]; });
      return;
    }
    for (Index turn = at % period_; at < end; at += width) {
      make_one(
          load_nodes(speeds + turn), [&](auto p) __attribute__((always_inline)) {
            return flavor::NodesAxis(load_nodes(from[p].motion + turn));
          });
      turn += width;
      if (turn == period_) turn = 0;
    }
  };
  const auto make_strip = [&](const std::vector<DifferenceRow<pairs>>& rows, const Source* sources,
                              Index begin, Index end) __attribute__((always_inline)) {
    const Index whole = begin + (end - begin) / width * width;
    const auto make_row = [&](const auto& row, Index p) __attribute__((always_inline)) {
      make(row, sources + p, begin, whole);
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
      make(row, &copied, whole, whole + width);
      std::copy_n(copy, end - whole, sources[p].rate + whole);
    }
  };
  for_each_strip<pairs>(planes, sink, make_strip);
}

template <int flavors>
template <int pairs, bool in_lanes>
void StreamingPass<flavors>::write_blocks(Planes planes, const Parts& parts, RateSink& sink) {
  using flavor::load_block;
  const double* const speeds = parts.streaming ? speeds_.data() : zeros_.data();
  for (std::size_t p = 0; p < planes.size(); ++p) {
    double* const motion = motion_.data() + p * period_;
    motions_[p] = motion;
    if (parts.refraction && !in_lanes)
      repeat(planes[p].refraction(0), motion);
    else
      std::fill_n(motion, period_, 0.0);
    for (Index at = 0; at < period_; at += block_size) {
      Block block = flavor::by_component(load_block<flavors>(motion + at));
      block[0] = flavor::by_component(load_block<flavors>(speeds + at))[0];
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
    Index at = begin, turn = begin % period_;
    for (; at < end; at += block_size) {
      for (Index c = 0; c < components; ++c) fetch(from, at + c * flavor::lanes);
      const Block sum = make(at, turn, load_block<flavors>);
      if (from.stream)
        flavor::stream_block<flavors>(rate + at, sum);
      else
        flavor::store_block<flavors>(rate + at, sum);
      turn += block_size;
      if (turn == period_) turn = 0;
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
  for_each_strip<pairs>(
      planes, sink,
      [&](const std::vector<DifferenceRow<pairs>>& rows, const Source* sources, Index begin,
          Index end) __attribute__((always_inline)) {
        for (std::size_t p = 0; p < rows.size(); ++p) make_plane(rows[p], sources[p], begin, end);
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
