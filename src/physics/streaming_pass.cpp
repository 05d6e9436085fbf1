#include "nuvlasov/physics/streaming_pass.hpp"

#include <numeric>

namespace nuvlasov::physics {
namespace {

using flavor::Lanes;
using flavor::load_lanes;
using flavor::load_nodes;
using flavor::Nodes;
using flavor::store_nodes;

/// Planes that D_z reads of few planes at once stay in the cache of a core.
constexpr Index numbers_at_once = Index{1} << 14, least_planes = 2;

/// What is needed soon comes too late without this.
template <class Source>
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
      planes_at_once_(std::clamp(numbers_at_once / nodes_.plane(), least_planes, planes_at_most)),
      zeros_(static_cast<std::size_t>(period_)),
      motion_(static_cast<std::size_t>(planes_at_most * period_)),
      kept_(static_cast<std::size_t>(planes_at_most * piece)) {
  for (const double v : phase_space::owned(momentum.directions(), box.angle))
    speeds_.insert(speeds_.end(), components, -v);
  speeds_.resize(static_cast<std::size_t>(period_));
  for (Index at = row_; at < period_; ++at) speeds_[at] = speeds_[at - row_];
}

template <int flavors>
void StreamingPass<flavors>::repeat(const double* row, double* period) const {
  for (Index at = 0; at < period_; at += row_) std::copy_n(row, row_, period + at);
}

/// What a plane is made of: rho there and around; rho of a plane to come.
template <int flavors>
template <int pairs>
struct StreamingPass<flavors>::Source {
  DifferenceRow<pairs> d_z;
  const double *here = nullptr, *coming = nullptr;
  Touched touched;
  bool stream = false;  ///< whether the rate is written past the caches
};

template <int flavors>
template <int pairs, class Make>
[[gnu::always_inline]] inline void StreamingPass<flavors>::for_each_strip(Planes planes,
                                                                          RateSink& sink,
                                                                          Make&& make) {
  const auto count = static_cast<Index>(planes.size());
  std::array<double*, planes_at_most> rates{};
  const bool past_caches = sink.past_caches();
  for (Index s = 0; s < segments_; ++s) {
    std::vector<Source<pairs>> sources;
    for (Index p = 0; p < count; ++p) {
      const Neighbourhood& here = planes[p];
      const auto place = [&, skip = s * here.density_stride](int m) {
        return here.density(m) + skip;
      };
      const double* const coming = here.coming() == nullptr ? place(0) : here.coming();
      constexpr Index touched_ahead = 256;
      sources.push_back({DifferenceRow<pairs>(here.d_z(), place), place(0), coming,
                         sink.touched(p).from(s * segment_ + touched_ahead)});
    }
    for (Index begin = 0; begin < segment_; begin += piece) {
      const Index end = std::min(begin + piece, segment_), in_plane = s * segment_ + begin;
      for (Index p = 0; p < count; ++p) {
        double* const target = sink.target(p, in_plane);
        rates[p] = target == nullptr ? kept_.data() + p * piece : target;
        sources[p].stream = past_caches && target != nullptr && flavor::aligned(target);
        if (sources[p].stream) sources[p].touched = {};
      }
      for (Index at = begin; at < end; at += strip)
        for (Index p = 0; p < count; ++p)
          make(p, sources[p], at, std::min(strip, end - at), rates[p] + (at - begin));
      for (Index p = 0; p < count; ++p) sink.done(p, in_plane, end - begin, rates[p]);
    }
  }
  if (past_caches) flavor::finish_streams();
}

template <int flavors>
template <int pairs>
void StreamingPass<flavors>::write_nodes(Planes planes, const Parts& parts, RateSink& sink) {
  constexpr Index width = flavor::nodes_width;
  const double* const speeds = parts.streaming ? speeds_.data() : zeros_.data();
  std::array<const double*, planes_at_most> omegas{};
  for (std::size_t p = 0; p < planes.size(); ++p) {
    omegas[p] = parts.refraction ? planes[p].refraction(0) : zeros_.data();
    if (!parts.refraction || row_ == period_) continue;
    repeat(omegas[p], motion_.data() + p * period_);
    omegas[p] = motion_.data() + p * period_;
  }
  // One piece of code for all: the same bits.
  const auto make = [&](const Source<pairs>& source, const double* omega, Index at, Index end,
                        double* rate) __attribute__((noinline)) {
    // A copy, which no rate can be thought to overwrite.
    const Source<pairs> from = source;
    const auto make_one = [&](Nodes speed, const flavor::NodesAxis& axis)
        __attribute__((always_inline)) {
      fetch(from, at);
      const Nodes slope =
          from.d_z.apply([&](const double* numbers) { return load_nodes(numbers + at); });
      const Nodes sum = flavor::precession(axis, load_nodes(from.here + at)) + speed * slope;
      if (from.stream)
        flavor::stream_nodes(rate + at, sum);
      else
        store_nodes(rate + at, sum);
    };
    if (period_ == width) {
      const flavor::NodesAxis axis(load_nodes(omega));
      const Nodes speed = load_nodes(speeds);
      for (; at < end; at += width) make_one(speed, axis);
      return;
    }
    for (Index turn = at % period_; at < end; at += width) {
      make_one(load_nodes(speeds + turn), flavor::NodesAxis(load_nodes(omega + turn)));
      turn += width;
      if (turn == period_) turn = 0;
    }
  };
  const auto make_strip = [&](Index p, const Source<pairs>& from, Index begin, Index count,
                              double* rate) __attribute__((always_inline)) {
    const Index stop = begin + count, at = begin + count / width * width;
    rate -= begin;
    make(from, omegas[p], begin, at, rate);
    if (at == stop) return;
    // A register that is not filled goes through copies.
    std::array<double, (2 * pairs + 2) * width> copies{};
    double* copy = copies.data();
    const auto take = [&](const double*& numbers) {
      std::copy_n(numbers + at, stop - at, copy);
      numbers = copy - at;
      copy += width;
    };
    Source<pairs> copied = from;
    take(copied.here);
    for (int n = 0; n < pairs; ++n) {
      take(copied.d_z.ahead[n]);
      take(copied.d_z.behind[n]);
    }
    copied.stream = false;
    make(copied, omegas[p], at, at + width, copy - at);
    std::copy_n(copy, stop - at, rate + at);
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
  const auto make_strip = [&](Index p, const Source<pairs>& from, Index begin, Index count,
                              double* rate) __attribute__((always_inline)) {
    const auto make = [&](Index n, Index turn, auto&& load) __attribute__((always_inline)) {
      const Block density = flavor::by_component(load(from.here + n));
      Block slope{};
      for (int pair = 0; pair < pairs; ++pair) {
        const Block ahead = load(from.d_z.ahead[pair] + n);
        const Block behind = load(from.d_z.behind[pair] + n);
        for (int c = 0; c < components; ++c)
          slope[c] += from.d_z.weight[pair] * (ahead[c] - behind[c]);
      }
      slope = flavor::by_component(slope);
      Block motion = load_block<flavors>(motion_.data() + p * period_ + turn);
      if constexpr (in_lanes) refraction.add<flavors>(density, motion);
      Block sum;
      for (int c = 0; c < components; ++c) sum[c] = motion[0] * slope[c];
      flavor::add_precession(motion, density, sum);
      return flavor::by_node(sum);
    };
    const Index end = begin + count / block_size * block_size;
    rate -= begin;
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
    if (const Index rest = begin + count - at; rest > 0) {
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
  for_each_strip<pairs>(planes, sink, make_strip);
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
