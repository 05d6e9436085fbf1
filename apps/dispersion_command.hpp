/// \file
/// `nuvlasov dispersion`.
#pragma once

#include <mpi.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nuvlasov {

struct DispersionOptions {
  std::string input;
  std::vector<std::string> overrides;  ///< --set
  std::optional<std::string> output;   ///< --output; absent: as configured
  std::optional<double> k_min, k_max;  ///< absent: where something grows, and a margin
  std::int64_t points = 401;
  std::optional<std::string> pair;  ///< of three flavors; absent: the first of initial.pairs
  bool overwrite = false;
};

/// Linear stability of an input's homogeneous part: writes dispersion.h5 and dispersion.csv, and
/// returns what to say about them. The first rank does the work. Collective.
/// \throws InputError, IoError
std::string dispersion(const DispersionOptions& options, MPI_Comm comm);

}  // namespace nuvlasov
