/// \file
/// What tells ParaView where things are in snapshots.
#pragma once

#include <string>
#include <vector>

#include "nuvlasov/diagnostics/phase_space_fields.hpp"
#include "nuvlasov/phase_space/momentum_grid.hpp"
#include "nuvlasov/phase_space/z_axis.hpp"

namespace nuvlasov::io {

/// A file with fields over phase space.
struct XdmfSnapshot {
  double time = 0.0;
  std::string file;  ///< relative to that with the text
};

/// An Xdmf description: a mesh over v, E - E_ref and z at the times of the snapshots. With
/// antineutrinos there are two, `neutrinos` and `antineutrinos`, or, where the directions of one
/// are not evenly spaced among all, one over all. Directions that do not rise throughout are
/// counted, 0, 1, ..., in place of v: a mesh must not fold over itself.
std::string xdmf(const phase_space::ZAxis& z, const phase_space::MomentumGrid& momentum,
                 const std::vector<diagnostics::PhaseSpaceField>& fields,
                 const std::vector<XdmfSnapshot>& snapshots);

}  // namespace nuvlasov::io
