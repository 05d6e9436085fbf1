/// \file
/// Checkpoints: what a run needs to go on as if it had never stopped. docs/decisions/checkpoint.md.
///
///     checkpoints/NNNNNNNNN.h5          by number of the step
///     checkpoints/latest                a symbolic link to the one published last
///     checkpoints/NNNNNNNNN.h5.partial  one being written
///
/// A checkpoint is an HDF5 file behind a block of 512 bytes, its seal, with the size of the file
/// and a digest of all that follows: a file that verifies is, bit for bit, the one that was
/// written.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nuvlasov/io/fields.hpp"

namespace nuvlasov::io {

/// What a run remembers besides its fields, by name; every number exact to the bit. Names are
/// unique over all maps; texts hold no NUL.
struct CheckpointRecord {
  Index step = 0;
  double time = 0.0;
  std::map<std::string, double> reals;
  std::map<std::string, long long> integers;
  std::map<std::string, std::string> texts;
  std::map<std::string, std::vector<double>> lists;
};

/// A field of the size of the state.
struct CheckpointField {
  std::string name;                ///< of the dataset
  std::string long_name;           ///< what it is
  const double* values = nullptr;  ///< owned nodes [z][energy][angle][component]
};

/// The failpoints of CheckpointWriter::write, in order; all but "written", which is passed once for
/// each field, once.
inline constexpr std::array checkpoint_failpoints{
    "checkpoint.begun",      // nothing was done to the disk
    "checkpoint.created",    // partial file without fields
    "checkpoint.written",    // one more field
    "checkpoint.closed",     // by HDF5
    "checkpoint.verified",   // read back
    "checkpoint.sealed",     // with its seal
    "checkpoint.synced",     // on the disk
    "checkpoint.published",  // by its name
    "checkpoint.linked",     // as the latest
    "checkpoint.rotated",    // old ones removed
};

class CheckpointWriter {
 public:
  /// \param directory  of the run; must exist
  /// \param keep       checkpoints to keep, at least 1; there has to be room for one more
  CheckpointWriter(const FieldContext& context, std::string directory, int keep);

  /// Writes a checkpoint, reads it back, publishes it, and only then removes all but the `keep`
  /// newest, and those of later steps: they belong to a run that this one has left. Returns its
  /// path. Collective.
  /// \throws NumericalError when a field is not finite: nothing was written, the message names the
  ///         place
  /// \throws IoError with the earlier checkpoints and `latest` as they were, unless the new one was
  ///         published already
  std::string write(const CheckpointRecord& record, const std::vector<CheckpointField>& fields);

  /// Bytes of the fields of one checkpoint.
  double bytes(std::size_t fields) const;

 private:
  void create(const std::string& path, const CheckpointRecord& record,
              const std::vector<CheckpointField>& fields) const;
  void write_fields(const std::string& path, const std::vector<CheckpointField>& fields) const;
  void publish(const std::string& partial, const std::string& path) const;

  FieldContext context_;
  std::string directory_;  ///< of the checkpoints
  std::size_t keep_;
};

/// Whether a file claims to be a checkpoint, if a damaged one. By one rank alone.
bool is_checkpoint(const std::string& path);

/// Compares size and digests with the seal; HDF5 takes no part in it. Collective.
/// \throws IoError saying what is damaged
void verify_checkpoint(const std::string& path, MPI_Comm comm);

/// The newest checkpoint of a run that verifies. Collective.
/// \param directory  of the run
/// \param warn       called on all ranks with what is wrong with each newer one
std::optional<std::string> newest_good_checkpoint(
    const std::string& directory, MPI_Comm comm,
    const std::function<void(const std::string&)>& warn);

/// What a checkpoint holds besides the values of its fields.
struct CheckpointContents {
  CheckpointRecord record;
  std::string config;  ///< of the run that wrote it, resolved, TOML
};

/// Reads a verified checkpoint. Collective, on any number of ranks. \throws IoError
CheckpointContents read_checkpoint(const std::string& path, MPI_Comm comm);

/// Reads a field of a verified checkpoint into the owned nodes. Collective, on any number of ranks
/// and any process grid.
/// \throws IoError when it is missing, of another shape, or not what was in memory when written
void read_checkpoint_field(const std::string& path, const std::string& name,
                           const FieldContext& context, double* values);

/// What a checkpoint is, as text for people. By one rank alone. \throws IoError when it is damaged
std::string checkpoint_info(const std::string& path);

}  // namespace nuvlasov::io
