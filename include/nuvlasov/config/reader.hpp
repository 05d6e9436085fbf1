/// \file
/// From TOML text to a checked Input, and back.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "nuvlasov/config/input.hpp"
#include "nuvlasov/errors.hpp"

namespace nuvlasov::config {

/// An Input and where each of its values came from.
class Configuration {
 public:
  /// Parses and checks one input. A key that has no effect is an error, except when the choice that
  /// takes its effect away is an override: then the key of the file falls away.
  /// \param text       TOML
  /// \param name       what to call it in messages: the path of the file
  /// \param overrides  "key=value", as after --set; the value in TOML, or a bare word
  /// \throws InputError naming file, line and key
  Configuration(std::string_view text, std::string name, const std::vector<std::string>& overrides);

  const Input& input() const { return input_; }

  /// "file:line: key" of a parameter, or what stands in for it when it was not given.
  std::string place(const std::string& key) const;

  /// An InputError at the place of `key`.
  [[noreturn]] void fail(const std::string& key, const std::string& message) const;

  /// The whole configuration as TOML, defaults included, a comment with unit and meaning on each
  /// line. Reading it gives the same Input.
  std::string resolved() const;

 private:
  void apply_units();
  void check_conditions();
  void check_together() const;
  void check_equation() const;
  void check_z() const;
  void check_matter() const;
  void check_species() const;
  bool overridden(const std::string& key) const;

  Input input_;
  std::string name_;
  std::map<std::string, std::string> places_;
};

/// A parameter that two configurations give different values.
struct Difference {
  std::string key;
  std::string before, now;  ///< as TOML; empty: absent
};

/// All of them, PETSc options included as "petsc.name".
std::vector<Difference> differences(const Input& before, const Input& now);

/// Text for `nuvlasov describe`: one parameter, all below a section, or all (empty key).
/// \throws InputError for an unknown key, with the nearest
std::string describe(const std::string& key);

/// All parameters as the page docs/parameters.md.
std::string parameter_table();

/// Seconds in "90", "45s", "30min", "2h" or "1d".
/// \throws InputError for anything else
double seconds(const std::string& text);

/// The candidate nearest to `word` in edits, or nothing when none is near.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace nuvlasov::config
