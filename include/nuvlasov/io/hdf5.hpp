/// \file
/// The HDF5 that nuvlasov needs: checked calls, handles that close themselves, and files that
/// netCDF-4 readers understand (dimension scales, units, long_name).
#pragma once

#include <hdf5.h>
#include <mpi.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "nuvlasov/errors.hpp"
#include "nuvlasov/units.hpp"

namespace nuvlasov::io::hdf5 {

/// Starts HDF5, silent, and chooses OpenMPI's way to files. To be called before MPI starts:
/// otherwise HDF5 hooks its clean-up into the end of MPI, where it crashes on a file that it could
/// not close, as on a full disk; and OpenMPI, by default, waits for ever for a semaphore that a
/// killed run has left in /dev/shm (docs/decisions/checkpoint.md).
void start();

/// Returns `result`, or throws IoError with `what` and the reason HDF5 gives when it is negative.
hid_t check(hid_t result, const std::string& what);

/// Owns one HDF5 identifier.
class Handle {
 public:
  using Close = herr_t (*)(hid_t);
  Handle(hid_t id, Close closer) : id_(id), close_(closer) {}
  Handle(Handle&& other) noexcept;
  Handle(const Handle&) = delete;
  Handle& operator=(Handle&&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle();
  operator hid_t() const { return id_; }  // NOLINT(google-explicit-constructor)
  /// Closes now. \throws IoError when that fails: only then is what was written safe.
  void close(const std::string& what);

 private:
  hid_t id_;
  Close close_;
};

/// What a dataset is, for netCDF readers and people.
struct Description {
  std::string units;
  std::string long_name;
  /// Attributes physical_units and physical_factor, where known.
  std::optional<units::Physical> physical{};
};

/// Where things are in a new file.
struct FileLayout {
  hsize_t user_block =
      0;  ///< bytes at the start, left to the caller: 0, or a power of 2 from 512 on
  hsize_t alignment = 1;  ///< what all addresses are multiples of
};

/// A new file written by one rank, with link order tracked as netCDF-4 wants it, and checksums in
/// its metadata.
Handle create_file(const std::string& path, const FileLayout& layout = {});
/// An existing file, opened by one rank.
Handle open_file(const std::string& path, bool writable);
/// An existing file, opened by all ranks of `comm`. Collective.
Handle open_file_parallel(const std::string& path, bool writable, MPI_Comm comm);
Handle open_dataset(hid_t file, const std::string& name);
Handle create_group(hid_t file, const std::string& name);
Handle open_group(hid_t file, const std::string& name);
bool has_dataset(hid_t file, const std::string& name);

void write_attribute(hid_t object, const std::string& name, const std::string& value);
void write_attribute(hid_t object, const std::string& name, double value);
void write_attribute(hid_t object, const std::string& name, long long value);
void write_attribute(hid_t object, const std::string& name, const std::vector<double>& values);
/// The text of a string attribute, or empty when there is none.
std::string read_text_attribute(hid_t object, const std::string& name);

/// What attributes can be.
using AttributeValue = std::variant<double, long long, std::string, std::vector<double>>;
/// All attributes of a group or dataset. \throws IoError also for one of another type
std::map<std::string, AttributeValue> read_attributes(hid_t object);

/// A coordinate: a dataset of its values that is the scale of the dimension of the same name.
/// `values` may be empty for an unlimited dimension that grows later.
void create_coordinate(hid_t file, const std::string& name, const std::vector<double>& values,
                       bool unlimited, const Description& description);
void create_label_coordinate(hid_t file, const std::string& name,
                             const std::vector<std::string>& labels, const std::string& long_name);

/// A dataset of doubles over dimensions that have coordinates already; the first one may be
/// unlimited, and then has no entries yet. `chunk` empty: stored contiguously.
void create_variable(hid_t file, const std::string& name,
                     const std::vector<std::string>& dimensions, const std::vector<hsize_t>& chunk,
                     const Description& description);

/// A block of a dataset.
struct Block {
  std::vector<hsize_t> offset, count;
};

std::vector<hsize_t> shape(hid_t dataset);
/// Where the values of a contiguous dataset begin in the file.
std::uint64_t offset(hid_t dataset);
/// Lengthens the first dimension to `length`.
void extend(hid_t dataset, hsize_t length);
/// `block` in parts that follow each other in memory, each of at most `values` numbers.
std::vector<Block> in_parts(const Block& block, hsize_t values);

/// MPI-IO counts the bytes of a transfer in int: a block goes in parts below that.
inline constexpr hsize_t largest_transfer = hsize_t{1} << 27U;  // numbers

/// Writes or reads one block of doubles. `collective`: all ranks of a parallel file take part,
/// those with `count` zero too.
/// \param most  numbers to transfer at once
void write_block(hid_t dataset, const Block& block, const double* values, bool collective,
                 hsize_t most = largest_transfer);
void read_block(hid_t dataset, const Block& block, double* values, bool collective,
                hsize_t most = largest_transfer);

}  // namespace nuvlasov::io::hdf5
