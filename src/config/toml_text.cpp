#include "nuvlasov/config/toml_text.hpp"

#include <fmt/format.h>

#include <sstream>

#include <toml++/toml.h>

namespace nuvlasov::config {
namespace {

std::string number(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

struct Writer {
  std::string operator()(const double* value) const { return number(*value); }
  std::string operator()(const Integer* value) const { return fmt::format("{}", *value); }
  std::string operator()(const bool* value) const { return *value ? "true" : "false"; }
  std::string operator()(const std::string* value) const { return toml_string(*value); }
  std::string operator()(const std::vector<double>* values) const {
    std::string text = "[";
    for (const double value : *values) text += (text.size() > 1 ? ", " : "") + number(value);
    return text + "]";
  }
  std::string operator()(const std::vector<std::string>* words) const {
    std::string text = "[";
    for (const std::string& word : *words)
      text += (text.size() > 1 ? ", " : "") + toml_string(word);
    return text + "]";
  }
  template <class T>
  std::string operator()(const std::optional<T>* value) const {
    return *value ? (*this)(&**value) : std::string();
  }
};

}  // namespace

std::string toml_string(const std::string& text) {
  std::ostringstream out;
  out << toml::toml_formatter(toml::value<std::string>(text), toml::format_flags::none);
  return out.str();
}

std::string toml_value(const Field& field) {
  return std::visit(
      [](auto* value) {
        return Writer{}(static_cast<const std::remove_pointer_t<decltype(value)>*>(value));
      },
      field);
}

}  // namespace nuvlasov::config
