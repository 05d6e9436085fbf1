/// \file
/// `nuvlasov run --dry-run`: what a run takes, said without taking it.
#pragma once

#include <petscsys.h>

#include <optional>
#include <string>

#include "continuation.hpp"
#include "nuvlasov/config/reader.hpp"

namespace nuvlasov {

struct PlanOptions {
  std::optional<int> ranks;               ///< to plan for; absent: those of the communicator
  std::optional<int> ranks_per_node;      ///< absent: as placed, or a machine's processors
  std::optional<double> memory_per_node;  ///< GB; absent: of this machine
};

/// Where the run would go, and from where on.
struct PlanTarget {
  std::string directory;
  double bytes = 0.0;                  ///< of a run that is there, on the first rank
  std::string start;                   ///< in words
  const Continuation* from = nullptr;  ///< nothing: from t = 0
  std::string refusal;                 ///< why it would not run; empty when it would
};

/// Prints the process grid, memory, disk, step and time of a run. Takes little of either: the step
/// is found from the initial state plane by plane, summed over energy, and the time is that of a
/// few steps on a part of the grid with the same directions. Writes nothing. Collective, on any
/// number of ranks.
/// \throws InputError when the run is refused, or does not fit the compute nodes or the disk, once
/// all is said
PetscErrorCode plan(const std::string& input, const config::Configuration& configuration,
                    const PlanOptions& options, const PlanTarget& target, MPI_Comm comm);

}  // namespace nuvlasov
