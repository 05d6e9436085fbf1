/// \file
/// `nuvlasov run`.
#pragma once

#include <petscsys.h>

#include <optional>
#include <string>
#include <vector>

namespace nuvlasov {

struct RunOptions {
  std::string input;
  std::vector<std::string> overrides;  ///< --set
  std::optional<std::string> output;   ///< --output; absent: as configured
  std::string resume = "auto";
  bool overwrite = false;
  bool dry_run = false;
};

/// Runs a simulation from start to end and writes its directory. Collective.
/// \throws InputError, IoError, NumericalError
PetscErrorCode run(const RunOptions& options, MPI_Comm comm);

}  // namespace nuvlasov
