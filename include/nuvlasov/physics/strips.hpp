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
  std::array<double, pairs> weight{};
  std::array<const double*, pairs> ahead{}, behind{};

  /// \param place_of  where the plane m planes from here stands
  template <class PlaceOf>
  DifferenceRow(const phase_space::Stencil& row, PlaceOf&& place_of) {
    for (int n = 0; n < pairs; ++n) {
      const auto& [w, next, last] = row.pairs[n];
      weight[n] = w;
      ahead[n] = place_of(next);
      behind[n] = place_of(last);
    }
  }
  /// Of the numbers that `load` reads at each place.
  template <class Load>
  [[gnu::always_inline]] auto apply(Load&& load) const {
    auto sum = weight[0] * (load(ahead[0]) - load(behind[0]));
    for (int n = 1; n < pairs; ++n) sum += weight[n] * (load(ahead[n]) - load(behind[n]));
    return sum;
  }
};

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
  /// Numbers from what is seen first to what is owned first, in a row of angles and in a plane.
  Index first_angle() const { return first_angle_; }
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
  /// \param largest  numbers of a piece, at the most
  Pieces(const OwnedNodes& nodes, Index planes, Index largest)
      : nodes_(nodes),
        kept_(static_cast<std::size_t>(nodes.all() ? largest : planes * nodes.plane_seen())),
        owned_(static_cast<std::size_t>(nodes.all() ? 0 : nodes.plane())) {}

  /// Where a piece of the p-th plane seen, from `at` on, is to be written.
  double* begin(RateSink& sink, Index p, Index at) {
    if (!nodes_.all()) return kept_.data() + p * nodes_.plane_seen() + at;
    double* const target = sink.target(p, at);
    return target == nullptr ? kept_.data() : target;
  }
  void end(RateSink& sink, Index p, Index at, Index count, const double* rate) const {
    if (nodes_.all()) sink.done(p, at, count, rate);
  }
  /// When all pieces of all planes are written.
  void finish(RateSink& sink, Index planes) {
    if (nodes_.all()) return;
    for (Index p = 0; p < planes; ++p) {
      double* const target = sink.target(p, 0);
      double* const rate = target == nullptr ? owned_.data() : target;
      nodes_.copy(kept_.data() + p * nodes_.plane_seen(), rate);
      sink.done(p, 0, nodes_.plane(), rate);
    }
  }

 private:
  OwnedNodes nodes_;
  phase_space::Numbers kept_, owned_;
};

}  // namespace nuvlasov::physics
