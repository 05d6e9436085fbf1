/// \file
/// What the passes of rate_kernel.hpp have in common: strips of nodes, along z.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "nuvlasov/flavor/lanes.hpp"
#include "nuvlasov/phase_space/aligned.hpp"
#include "nuvlasov/phase_space/stencil.hpp"
#include "nuvlasov/physics/rate_kernel.hpp"

namespace nuvlasov::physics {

/// A row of D_z on places in memory. Rows shorter than `pairs` end in zeros.
template <int pairs>
struct DifferenceRow {
  static constexpr int planes = 1;
  std::array<double, pairs> weight{};
  const double* here;
  std::array<const double*, pairs> ahead{}, behind{};
  bool central;

  /// \param place_of  where the plane m planes from here stands
  template <class PlaceOf>
  DifferenceRow(const phase_space::Stencil& row, PlaceOf&& place_of)
      : here(place_of(0)), central(row.central()) {
    for (int n = 0; n < pairs; ++n) {
      const auto& [w, next, last] = row.pairs[n];
      weight[n] = w;
      ahead[n] = place_of(next);
      behind[n] = place_of(last);
    }
  }
  /// Calls use(p, value, difference) for each plane p, with what `load` reads there.
  template <class Load, class Use>
  [[gnu::always_inline]] void apply(Load&& load, Use&& use) const {
    auto sum = flavor::settled(weight[0] * (load(ahead[0]) - load(behind[0])));
    for (int n = 1; n < pairs; ++n) sum += weight[n] * (load(ahead[n]) - load(behind[n]));
    use(std::integral_constant<int, 0>{}, load(here), sum);
  }
};

/// Central rows of planes that follow each other: what several of them read is loaded once.
template <int pairs, int count>
struct CentralRows {
  static constexpr int planes = count;
  std::array<double, pairs> weight;
  std::array<const double*, 2 * pairs + count> place{};

  /// \param rows  of each plane alone
  explicit CentralRows(const DifferenceRow<pairs>* rows) : weight(rows[0].weight) {
    for (int p = 0; p < count; ++p) {
      place[pairs + p] = rows[p].here;
      for (int n = 0; n < pairs; ++n) {
        place[pairs + p + n + 1] = rows[p].ahead[n];
        place[pairs + p - n - 1] = rows[p].behind[n];
      }
    }
  }
  /// \param first  of the first plane
  /// \param plane  numbers from a plane to the next
  /// \param q      of the planes here, the first
  CentralRows(const DifferenceRow<pairs>& first, Index plane, Index q) : weight(first.weight) {
    for (int m = 0; m < 2 * pairs + count; ++m) place[m] = first.here + (q + m - pairs) * plane;
  }
  /// The same to the bit as by each row alone.
  template <class Load, class Use>
  [[gnu::always_inline]] void apply(Load&& load, Use&& use) const {
    struct {
      decltype(load(place[0])) at[2 * pairs + count];
    } loaded{};
    flavor::unrolled<2 * pairs + count>([&](auto m) __attribute__((always_inline)) {
      loaded.at[m] = flavor::settled(load(place[m]));
    });
    flavor::unrolled<count>([&](auto p) __attribute__((always_inline)) {
      constexpr int here = pairs + p;
      auto sum = flavor::settled(weight[0] * (loaded.at[here + 1] - loaded.at[here - 1]));
      flavor::unrolled<pairs - 1>([&](auto n) __attribute__((always_inline)) {
        sum += weight[n + 1] * (loaded.at[here + n + 2] - loaded.at[here - n - 2]);
      });
      use(p, loaded.at[here], sum);
    });
  }
};

/// Calls make(Rows, p) for the planes p of `rows` one after the other: for as many as `together` at
/// once where their rows are central.
template <int together, int pairs, class Make>
[[gnu::always_inline]] inline void for_each_rows(const std::vector<DifferenceRow<pairs>>& rows,
                                                 Make&& make) {
  const auto size = static_cast<Index>(rows.size());
  for (Index p = 0; p < size;) {
    const DifferenceRow<pairs>* const here = rows.data() + p;
    if constexpr (together > 1 && pairs <= phase_space::CentralDifference::max_reach) {
      if (p + together <= size &&
          std::all_of(here, here + together, [](const auto& row) { return row.central; })) {
        make(CentralRows<pairs, together>(here), p);
        p += together;
        continue;
      }
    }
    make(*here, p);
    ++p;
  }
}

/// Calls body(std::integral_constant<int, pairs>) with as many pairs as the rows of D_z on the
/// planes have, all of one length, or more: rows as long as inside are unrolled as they are.
template <class Body>
void with_static_pairs(Planes planes, Body&& body) {
  const int pairs = planes[0].d_z().size;
  if (pairs <= phase_space::CentralDifference::max_reach)
    phase_space::with_static_reach(pairs, body);
  else
    body(std::integral_constant<int, phase_space::Stencil::max_pairs>{});
}

/// Calls read(here, m, p) once for each plane p that D_z reads, from `next` on, m planes from
/// `here`, and make(here, p) for each plane p asked for when all that it reads are read.
template <class Read, class Make>
[[gnu::always_inline]] inline void along_z(Planes planes, Index next, Read&& read, Make&& make) {
  const auto count = static_cast<Index>(planes.size());
  for (Index p = 0; p < count; ++p) {
    const Neighbourhood& here = planes[static_cast<std::size_t>(p)];
    for (; next <= p + here.d_z().highest; ++next) read(here, static_cast<int>(next - p), next);
    make(here, p);
  }
}

/// What a rank owns of the nodes in memory.
class OwnedNodes {
 public:
  OwnedNodes(const phase_space::Box& box, const phase_space::Box& seen)
      : energies_(box.energy.size),
        row_(box.row()),
        row_seen_(seen.row()),
        first_angle_((box.angle.begin - seen.angle.begin) * box.components),
        first_energy_(box.energy.begin - seen.energy.begin),
        plane_seen_(seen.plane()) {}

  /// Numbers in a row of angles, and in a plane.
  Index row() const { return row_; }
  Index plane() const { return energies_ * row_; }
  Index energies() const { return energies_; }
  /// The same of what is seen.
  Index row_seen() const { return row_seen_; }
  Index plane_seen() const { return plane_seen_; }
  /// Whether that is what is owned.
  bool all() const { return plane() == plane_seen_; }
  /// Numbers from what is seen first to what is owned first.
  Index first() const { return first_energy_ * row_seen_ + first_angle_; }
  void copy(const double* seen, double* owned) const {
    for (Index i = 0; i < energies_; ++i)
      std::copy_n(seen + first() + i * row_seen_, row_, owned + i * row_);
  }

 private:
  Index energies_, row_, row_seen_, first_angle_, first_energy_, plane_seen_;
};

/// Hands rates of all nodes seen to a sink, which takes those of the owned ones.
class Pieces {
 public:
  Pieces(const OwnedNodes& nodes, Index planes)
      : nodes_(nodes),
        seen_(static_cast<std::size_t>(nodes.all() ? 0 : planes * nodes.plane_seen())),
        owned_(static_cast<std::size_t>(nodes.all() ? 0 : nodes.plane())) {}

  /// Numbers [at, at + count) of the p-th plane seen.
  void put(RateSink& sink, Index p, Index at, Index count, const double* rate) {
    if (nodes_.all())
      give(sink, p, at, count, rate);
    else
      std::copy_n(rate, count, seen_.data() + p * nodes_.plane_seen() + at);
  }
  /// When all pieces of all planes are written.
  void finish(RateSink& sink, Index planes) {
    if (nodes_.all()) return;
    for (Index p = 0; p < planes; ++p) {
      nodes_.copy(seen_.data() + p * nodes_.plane_seen(), owned_.data());
      give(sink, p, 0, nodes_.plane(), owned_.data());
    }
  }

 private:
  static void give(RateSink& sink, Index p, Index at, Index count, const double* rate) {
    if (double* const target = sink.target(p, at)) {
      std::copy_n(rate, count, target);
      rate = target;
    }
    sink.done(p, at, count, rate);
  }

  OwnedNodes nodes_;
  phase_space::Numbers seen_, owned_;
};

}  // namespace nuvlasov::physics
