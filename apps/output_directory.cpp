#include "output_directory.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

namespace nuvlasov {

namespace fs = std::filesystem;

OutputDirectory::OutputDirectory(const config::Configuration& configuration,
                                 const std::string& input, std::optional<std::string> option)
    : configuration_(configuration),
      option_(std::move(option)),
      path_(option_.value_or(configuration.input().output.directory.value_or(
          "runs/" + fs::path(input).stem().string()))) {}

void OutputDirectory::check() const {
  if (path_.empty()) fail("must not be empty");
  fs::path there = path_;
  while (!there.empty() && !fs::exists(there)) there = there.parent_path();
  if (!there.empty() && !fs::is_directory(there))
    fail(fmt::format("{} is not a directory", there.string()));
}

void OutputDirectory::create() const {
  try {
    fs::create_directories(path_);
  } catch (const fs::filesystem_error& error) {
    throw IoError(
        fmt::format("cannot prepare the directory {}: {}", path_, error.code().message()));
  }
}

void OutputDirectory::fail(const std::string& message) const {
  if (option_) throw InputError(fmt::format("--output {}: {}", *option_, message));
  configuration_.fail("output.directory", message);
}

}  // namespace nuvlasov
