/// \file
/// Where a command writes, and whether it may.
#pragma once

#include <optional>
#include <string>

#include "nuvlasov/config/reader.hpp"

namespace nuvlasov {

class OutputDirectory {
 public:
  /// \param configuration  must outlive this
  /// \param input          the input file; its name is that of the directory below runs/ by default
  /// \param option         --output, in place of output.directory
  OutputDirectory(const config::Configuration& configuration, const std::string& input,
                  std::optional<std::string> option);

  const std::string& path() const { return path_; }
  /// The path of `name` in the directory.
  std::string path(const std::string& name) const { return path_ + "/" + name; }

  /// \throws InputError when it is not the name of a directory. Leaves the disk alone.
  void check() const;
  /// Makes the directory. \throws IoError
  void create() const;
  /// An InputError at the place that named the directory.
  [[noreturn]] void fail(const std::string& message) const;

 private:
  const config::Configuration& configuration_;
  std::optional<std::string> option_;
  std::string path_;
};

}  // namespace nuvlasov
