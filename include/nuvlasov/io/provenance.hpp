/// \file
/// Where a file comes from: written as root attributes into everything a run leaves behind.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nuvlasov/io/hdf5.hpp"

namespace nuvlasov::io {

/// "nuvlasov 0.1.0 (commit 0123abcd, modified)".
std::string version_text();

/// Names and versions of PETSc, HDF5 and MPI as loaded.
std::string library_text();

struct Provenance {
  std::string config;        ///< resolved configuration, TOML
  std::string process_grid;  ///< "2 (z) x 1 (energy) x 1 (angle)"
  int ranks = 1;
  std::optional<units::Scale> scale{};  ///< where the input gives one

  /// A dataset of such numbers, with its physical units where they are known.
  hdf5::Description describe(const units::Quantity& quantity, std::string long_name) const;
};

/// Writes the attributes that every file carries, and those of the scale. \param kind  "history",
/// "profiles", "snapshot", "checkpoint"
void write_provenance(hid_t file, const std::string& kind, const Provenance& provenance);

/// What a file written by nuvlasov is, as text for people. \param more  lines to put into it
/// \throws InputError when the file is missing or not one of ours
std::string file_info(const std::string& path, const std::string& more = "");

}  // namespace nuvlasov::io
