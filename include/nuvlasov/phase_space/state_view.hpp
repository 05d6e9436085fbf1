/// \file
/// What a rank can see of the state: its own nodes and the ghosts around them, as plain memory.
#pragma once

#include <vector>

#include "nuvlasov/flavor/density_matrix.hpp"
#include "nuvlasov/phase_space/central_difference.hpp"

namespace nuvlasov::phase_space {

/// First node and number of nodes along one axis, in global numbering.
struct Range {
  Index begin = 0;
  Index size = 0;
  Index end() const { return begin + size; }
};

/// The part of a list over a whole axis that belongs to `range`.
template <class T>
std::vector<T> owned(const std::vector<T>& all, Range range) {
  return {all.begin() + range.begin, all.begin() + range.end()};
}

/// The nodes that one rank owns: a box in (z, energy, angle).
struct Box {
  Range z, energy, angle;
  int components = flavor::components(2);  ///< of a density matrix
  Index nodes() const { return z.size * energy.size * angle.size; }
  /// Doubles in one (z, energy) row of all owned angles.
  Index row() const { return angle.size * components; }
  /// Doubles in one z plane of the box.
  Index plane() const { return energy.size * row(); }
  /// Of all.
  Index numbers() const { return z.size * plane(); }
};

/// Read-only density matrices around a Box, plane by plane [energy][angle][component]. Positions
/// are relative to the first owned node, so ghosts have negative ones.
class StateView {
 public:
  /// \param planes         the first owned energy and angle of each plane; of the first owned
  /// plane,
  ///                       with as many ghost planes before and after as there are
  /// \param energy_stride  doubles from one energy to the next
  /// \param seen           planes, energies and angles in memory, in global numbering; beyond the
  ///                       latter two: vacuum
  StateView(const double* const* planes, Index energy_stride, const Box& box, const Box& seen)
      : planes_(planes),
        energy_stride_(energy_stride),
        box_(box),
        planes_seen_{seen.z.begin - box.z.begin, seen.z.size},
        energies_seen_{seen.energy.begin - box.energy.begin, seen.energy.size},
        angles_seen_{seen.angle.begin - box.angle.begin, seen.angle.size} {}

  const Box& box() const { return box_; }
  Index energy_stride() const { return energy_stride_; }
  /// Planes in memory, relative to the first owned one.
  Range planes_seen() const { return planes_seen_; }
  /// Energies in memory, relative to the first owned one.
  Range energies_seen() const { return energies_seen_; }
  /// Angles in memory, relative to the first owned one.
  Range angles_seen() const { return angles_seen_; }
  /// All owned angles at one (z, energy), contiguous.
  const double* row(Index j, Index i) const { return planes_[j] + i * energy_stride_; }
  /// The first owned energy and angle of the planes around plane j.
  const double* const* planes(Index j) const { return planes_ + j; }

 private:
  const double* const* planes_;
  Index energy_stride_;
  Box box_;
  Range planes_seen_, energies_seen_, angles_seen_;
};

}  // namespace nuvlasov::phase_space
