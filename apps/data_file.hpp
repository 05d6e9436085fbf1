/// \file
/// A netCDF-4 file of tables, written by one rank.
#pragma once

#include <string>
#include <vector>

#include "nuvlasov/io/hdf5.hpp"

namespace nuvlasov {

/// Coordinates first, then variables over them.
class DataFile {
 public:
  explicit DataFile(const std::string& path) : path_(path), file_(io::hdf5::create_file(path)) {}

  hid_t id() const { return file_; }
  void coordinate(const char* name, const std::vector<double>& values, bool unlimited,
                  const io::hdf5::Description& description) {
    io::hdf5::create_coordinate(file_, name, values, unlimited, description);
  }
  void variable(const char* name, const std::vector<std::string>& dimensions,
                const std::vector<double>& values, const io::hdf5::Description& description,
                const std::vector<hsize_t>& chunk = {}) {
    io::hdf5::create_variable(file_, name, dimensions, chunk, description);
    const io::hdf5::Handle dataset = io::hdf5::open_dataset(file_, name);
    const std::vector<hsize_t> count = io::hdf5::shape(dataset);
    io::hdf5::write_block(dataset, {std::vector<hsize_t>(count.size(), 0), count}, values.data(),
                          false);
  }
  void close() { file_.close("cannot close " + path_); }

 private:
  std::string path_;
  io::hdf5::Handle file_;
};

}  // namespace nuvlasov
