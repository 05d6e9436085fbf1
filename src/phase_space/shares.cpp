#include "nuvlasov/phase_space/shares.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace nuvlasov::phase_space {
namespace {

Index divided(Index nodes, int ranks) { return (nodes - 1) / ranks + 1; }

/// Neighbours along an axis with ends.
int neighbours(int ranks) { return std::min(ranks - 1, 2); }

std::string advice() {
  return sizeof(PetscInt) < sizeof(Index)
             ? "build nuvlasov with a PETSc that has 64-bit indices (cmake "
               "-DNUVLASOV_PETSC_DIR=..., with Debian's libpetsc64-real-dev: /usr/lib/petsc64)"
             : "64-bit indices do not reach farther";
}

}  // namespace

Extent whole(const ZAxis& z, const MomentumGrid& momentum) {
  return {z.cells(), momentum.energies(), momentum.angles()};
}

Extent largest_share(const Extent& whole, const ProcessGrid& grid) {
  return {divided(whole.z, grid.z), divided(whole.energy, grid.energy),
          divided(whole.angle, grid.angle)};
}

Extent with_ghosts(const Extent& share, const ProcessGrid& grid, int ghosts) {
  return {share.z + 2 * Index{ghosts}, share.energy + neighbours(grid.energy) * Index{ghosts},
          share.angle + neighbours(grid.angle) * Index{ghosts}};
}

double largest_vector() {
  constexpr auto bytes = static_cast<double>(std::numeric_limits<Index>::max());
  return std::min(static_cast<double>(PETSC_MAX_INT), bytes / sizeof(double));
}

void check_counts(const Extent& whole, const ProcessGrid& grid, int ghosts, int components,
                  double most) {
  const double unknowns = whole.nodes() * components;
  if (unknowns > most)
    throw DecompositionError(
        "", fmt::format("the grid has {:.4g} unknowns, z x energies x directions x {}, but this "
                        "PETSc counts to {:.4g}; {}, or use fewer cells",
                        unknowns, components, most, advice()));
  const Extent share = largest_share(whole, grid);
  const double slab = Extent{ghosts, share.energy, share.angle}.nodes() * components;
  constexpr double largest_message = std::numeric_limits<int>::max();
  if (grid.z > 1 && slab > largest_message)
    throw DecompositionError(
        "",
        fmt::format("the {} planes of z that ranks exchange hold {:.4g} numbers, but MPI counts "
                    "to {:.4g}; split energy or angle over more ranks",
                    ghosts, slab, largest_message));
  const double local = with_ghosts(share, grid, ghosts).nodes() * components;
  if (local > most)
    throw DecompositionError(
        "", fmt::format("a rank has {:.4g} unknowns with the ghosts around it, but this PETSc "
                        "counts to {:.4g}; use more ranks, or {}",
                        local, most, advice()));
}

}  // namespace nuvlasov::phase_space
