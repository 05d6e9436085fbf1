/// \file
/// How much of phase space the rank with most of it has, and whether it can be counted: before
/// anything is laid out.
#pragma once

#include "nuvlasov/phase_space/communication.hpp"
#include "nuvlasov/phase_space/decomposition.hpp"

namespace nuvlasov::phase_space {

/// Nodes along each axis.
struct Extent {
  Index z = 0, energy = 0, angle = 0;
  /// A double: the whole of phase space may have more than any integer counts.
  double nodes() const {
    return static_cast<double>(z) * static_cast<double>(energy) * static_cast<double>(angle);
  }
};

Extent whole(const ZAxis& z, const MomentumGrid& momentum);

/// What the rank with most nodes owns.
Extent largest_share(const Extent& whole, const ProcessGrid& grid);

/// The same with the ghosts around it: on both sides in z, and towards the
/// neighbours there are in energy and angle.
Extent with_ghosts(const Extent& share, const ProcessGrid& grid, int ghosts);

/// Real numbers that a vector can have: what PetscInt counts, and 64 bits count in bytes.
double largest_vector();

/// \param components  real numbers of a density matrix
/// \param most        that a vector can have
/// \throws DecompositionError when the density matrices of the whole, or of a share with its
/// ghosts, are more, or the planes of z that ranks exchange more than MPI counts
void check_counts(const Extent& whole, const ProcessGrid& grid, int ghosts, int components,
                  double most = largest_vector());

}  // namespace nuvlasov::phase_space
