/// \file
/// Values as TOML text.
#pragma once

#include <string>

#include "nuvlasov/config/input.hpp"

namespace nuvlasov::config {

/// The value a field points at, as TOML that reads back to the same bits; empty when absent.
std::string toml_value(const Field& field);

/// A TOML basic string.
std::string toml_string(const std::string& text);

}  // namespace nuvlasov::config
