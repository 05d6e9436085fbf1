/// \file
/// Fields over the whole of phase space, for snapshots.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "nuvlasov/physics/kinetic_equation.hpp"
#include "nuvlasov/units.hpp"

namespace nuvlasov::diagnostics {

/// Name of the density matrix itself.
inline constexpr const char* density_matrix_name = "rho";

/// One field, and how it follows from the density matrix.
struct PhaseSpaceField {
  std::string name;
  units::Quantity quantity;
  std::string long_name;
  bool matrix = true;  ///< a matrix at each node; else a number
  /// Writes one plane, [energy][angle] and for a matrix [component]. None: it is the state.
  std::function<void(const physics::Neighbourhood& here, double* plane)> write = nullptr;

  /// Doubles at each node. \param components  of a density matrix
  Index width(Index components) const { return matrix ? components : 1; }
};

/// All fields there are: rho, and flux, force and force_trace of Eq. (20, 21).
std::vector<PhaseSpaceField> phase_space_fields();

/// The field that follows from `rho` on the nodes of this rank, [z][energy][angle] and for a matrix
/// [component]. Collective over the momentum communicator.
std::vector<double> evaluate(const PhaseSpaceField& field, physics::KineticEquation& equation,
                             const phase_space::StateView& rho);

}  // namespace nuvlasov::diagnostics
