#include "program.hpp"

#include <fmt/format.h>
#include <petscsys.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>

#include "nuvlasov/config/reader.hpp"
#include "nuvlasov/errors.hpp"
#include "nuvlasov/io/hdf5.hpp"
#include "nuvlasov/phase_space/aligned.hpp"
#include "nuvlasov/time/stop.hpp"
#include "petsc_options.hpp"

namespace nuvlasov {
namespace {

/// What CLI11 found wrong, in one line, with the nearest command or option.
std::string usage_error(const CLI::App& app, const CLI::ParseError& error) {
  const auto commands = app.get_subcommands([](const CLI::App*) { return true; });
  const bool no_command = !commands.empty() && app.get_subcommands().empty();
  const std::string help = fmt::format("`{} --help` shows the {}", app.get_name(),
                                       commands.empty() ? "options" : "commands");
  std::vector<std::string> words;
  const auto add_options = [&](const CLI::App& from) {
    for (const CLI::Option* option : from.get_options())
      for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
  };
  add_options(app);
  for (const CLI::App* command : app.get_subcommands()) add_options(*command);
  if (no_command)
    for (const CLI::App* command : commands) words.push_back(command->get_name());
  const std::vector<std::string> unknown = app.remaining(true);
  if (unknown.empty()) return fmt::format("{}; {}", error.what(), help);
  const std::string suggestion = config::nearest(unknown.front(), words);
  return fmt::format("{}: no such {}; {}", unknown.front(),
                     unknown.front().starts_with('-') ? "option"
                     : no_command                     ? "command"
                                                      : "argument",
                     suggestion.empty() ? help : "did you mean " + suggestion + "?");
}

int rank_in(MPI_Comm comm) {
  int rank = 0;
  MPI_Comm_rank(comm, &rank);
  return rank;
}

template <class Work>
int guarded(const char* name, MPI_Comm comm, Work&& work) {
  const int rank = rank_in(comm);
  const auto fail = [&](const char* what, ExitCode code) {
    if (rank == 0) fmt::print(stderr, "{}: {}\n", name, what);
    return code;
  };
  try {
    return work();
  } catch (const InputError& error) {
    return fail(error.what(), exit_bad_input);
  } catch (const NumericalError& error) {
    return fail(error.what(), exit_numerical_failure);
  } catch (const IoError& error) {
    return fail(error.what(), exit_io_failure);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: internal error on rank {}: {}\n", name, rank, error.what());
    MPI_Abort(comm, exit_internal_error);
  }
  return exit_internal_error;
}

}  // namespace

bool parse(CLI::App& app, std::vector<std::string> arguments, MPI_Comm comm) {
  std::reverse(arguments.begin(), arguments.end());
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) throw InputError(usage_error(app, error));
    if (rank_in(comm) == 0) app.exit(error);
    return false;
  }
  return true;
}

int run_program(const char* name, int argc, char** argv,
                const std::function<int(const std::vector<std::string>& arguments)>& body) {
  time::remember_warning();
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const auto separator = std::find(arguments.begin(), arguments.end(), "--");
  const bool for_petsc = separator != arguments.end();
  std::vector<std::string> petsc_arguments(for_petsc ? separator + 1 : separator, arguments.end());
  const std::string petsc_error = petsc_arguments_error(petsc_arguments);
  std::vector<char*> petsc_argv{argv[0]};
  if (petsc_error.empty())
    for (std::string& argument : petsc_arguments) petsc_argv.push_back(argument.data());
  int petsc_argc = static_cast<int>(petsc_argv.size());
  petsc_argv.push_back(nullptr);
  char** petsc_argv_data = petsc_argv.data();
  io::hdf5::start();
  phase_space::align_petsc_memory();
  if (PetscInitialize(&petsc_argc, &petsc_argv_data, nullptr, nullptr) != 0)
    return exit_internal_error;

  // A write beyond the limit on the size of files is an error like others.
  std::signal(SIGXFSZ, SIG_IGN);

  const int code = guarded(name, PETSC_COMM_WORLD, [&] {
    if (!petsc_error.empty()) throw InputError(petsc_error);
    return body({arguments.begin(), separator});
  });
  return PetscFinalize() == 0 ? code : exit_internal_error;
}

}  // namespace nuvlasov
