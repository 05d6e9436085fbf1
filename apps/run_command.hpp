/// \file
/// `nuvlasov run`.
#pragma once

#include <petscsys.h>

#include <optional>
#include <string>
#include <vector>

#include "nuvlasov/errors.hpp"
#include "plan.hpp"

namespace nuvlasov {

struct RunOptions {
  std::string input;
  std::vector<std::string> overrides;  ///< --set
  std::optional<std::string> output;   ///< --output; absent: as configured
  std::string resume = "auto";
  bool overwrite = false;
  bool dry_run = false;
  PlanOptions plan;  ///< of a dry run
};

/// Runs a simulation from its start or a checkpoint to its end, or until there is a reason to stop,
/// and writes its directory. Collective.
/// \param code  exit_done or exit_resubmit
/// \throws InputError, IoError, NumericalError
PetscErrorCode run(const RunOptions& options, MPI_Comm comm, ExitCode* code);

}  // namespace nuvlasov
