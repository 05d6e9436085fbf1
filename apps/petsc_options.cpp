#include "petsc_options.hpp"

#include <fmt/format.h>

#include <fstream>
#include <sstream>
#include <utility>

namespace nuvlasov {
namespace {

void insert(const config::Configuration& configuration) {
  for (const auto& [name, value] : configuration.input().petsc) {
    const std::string option = "-" + name;
    PetscBool given = PETSC_FALSE;
    // The command line comes before the input file.
    PetscCallAbort(PETSC_COMM_SELF, PetscOptionsHasName(nullptr, nullptr, option.c_str(), &given));
    if (given == PETSC_TRUE) continue;
    // An option without a value is one that is on; -ts_monitor and others do not take the word.
    PetscCallAbort(
        PETSC_COMM_SELF,
        PetscOptionsSetValue(nullptr, option.c_str(), value == "true" ? nullptr : value.c_str()));
  }
}

/// Keeps PETSc from printing a page for an option that the user got wrong.
class SilentPetscErrors {
 public:
  SilentPetscErrors() {
    PetscCallAbort(PETSC_COMM_SELF, PetscPushErrorHandler(PetscReturnErrorHandler, nullptr));
  }
  SilentPetscErrors(const SilentPetscErrors&) = delete;
  SilentPetscErrors& operator=(const SilentPetscErrors&) = delete;
  ~SilentPetscErrors() { PetscCallAbort(PETSC_COMM_SELF, PetscPopErrorHandler()); }
};

/// All PETSc options with their values, empty for those without one.
std::vector<std::pair<std::string, std::string>> petsc_options() {
  char* all = nullptr;
  PetscCallAbort(PETSC_COMM_SELF, PetscOptionsGetAll(nullptr, &all));
  std::istringstream words(all);
  PetscCallAbort(PETSC_COMM_SELF, PetscFree(all));
  std::vector<std::pair<std::string, std::string>> options;
  for (std::string word; words >> word;) {
    PetscBool is_name = PETSC_FALSE;
    PetscCallAbort(PETSC_COMM_SELF, PetscOptionsValidKey(word.c_str(), &is_name));
    if (is_name == PETSC_TRUE)
      options.emplace_back(word.substr(1), "");
    else if (!options.empty())
      options.back().second = word;
  }
  return options;
}

/// Blames `name`, in the input file or else on the command line.
[[noreturn]] void blame(const config::Configuration& configuration, const std::string& name,
                        const std::string& message) {
  if (configuration.input().petsc.contains(name)) configuration.fail("petsc." + name, message);
  throw InputError(fmt::format("PETSc option -{}: {}", name, message));
}

/// Says which option made PETSc fail with `code`: its message has the value, seldom the name.
[[noreturn]] void reject(const config::Configuration& configuration, PetscErrorCode code) {
  const char* general = nullptr;
  char* specific = nullptr;
  PetscCallAbort(PETSC_COMM_SELF, PetscErrorMessage(code, &general, &specific));
  std::string message = specific != nullptr && *specific != '\0' ? specific : general;
  message = message.substr(0, message.find('\n'));
  std::pair<std::string, std::string> culprit;
  for (const auto& option : petsc_options())
    if (option.second.size() > culprit.second.size() &&
        message.find(option.second) != std::string::npos)
      culprit = option;
  if (culprit.first.empty()) throw InputError("PETSc does not accept its options: " + message);
  blame(configuration, culprit.first, "PETSc does not accept its value: " + message);
}

void reject_unused(const config::Configuration& configuration) {
  PetscInt count = 0;
  char** names = nullptr;
  char** values = nullptr;
  PetscCallAbort(PETSC_COMM_SELF, PetscOptionsLeftGet(nullptr, &count, &names, &values));
  const std::string name = count > 0 ? names[0] : "";
  PetscCallAbort(PETSC_COMM_SELF, PetscOptionsLeftRestore(nullptr, &count, &names, &values));
  if (!name.empty())
    blame(configuration, name,
          "PETSc does not use it in this run; check its spelling, and whether the "
          "chosen time.method has it");
}

}  // namespace

std::string petsc_arguments_error(const std::vector<std::string>& arguments) {
  bool value_may_follow = false;
  for (std::size_t a = 0; a < arguments.size(); ++a) {
    PetscBool is_name = PETSC_FALSE;
    PetscCallAbort(PETSC_COMM_SELF, PetscOptionsValidKey(arguments[a].c_str(), &is_name));
    if (is_name == PETSC_FALSE && !value_may_follow)
      return fmt::format("{}: not a PETSc option: after -- come -name or -name value",
                         arguments[a]);
    value_may_follow = is_name == PETSC_TRUE;
    if (arguments[a] == "-options_file" &&
        (a + 1 == arguments.size() || !std::ifstream(arguments[a + 1])))
      return "-options_file: no such file";
  }
  return "";
}

std::string petsc_options_text() {
  std::string text;
  for (const auto& [name, value] : petsc_options())
    text +=
        fmt::format("{}-{}{}{}", text.empty() ? "" : " ", name, value.empty() ? "" : " ", value);
  return text;
}

void apply_petsc_options(const config::Configuration& configuration,
                         const std::function<PetscErrorCode()>& create) {
  insert(configuration);
  PetscErrorCode code = 0;
  {
    const SilentPetscErrors silent;
    code = create();
  }
  if (code != 0) reject(configuration, code);
  reject_unused(configuration);
}

}  // namespace nuvlasov
