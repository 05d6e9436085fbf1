/// \file
/// The command line: nuvlasov run | check | dispersion | describe | info.

#include <fmt/format.h>
#include <petscsys.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "dispersion_command.hpp"
#include "nuvlasov/config/reader.hpp"
#include "nuvlasov/errors.hpp"
#include "nuvlasov/io/checkpoint.hpp"
#include "nuvlasov/io/collective.hpp"
#include "nuvlasov/io/provenance.hpp"
#include "petsc_options.hpp"
#include "run_command.hpp"
#include "simulation.hpp"

namespace {

using namespace nuvlasov;

struct Invocation {
  CLI::App app{"Phase-space evolution of mixed neutrinos with a closed energy budget", "nuvlasov"};
  RunOptions run;
  DispersionOptions dispersion;
  std::string key, file;
  bool markdown = false;

  Invocation() {
    app.require_subcommand(1);
    app.set_version_flag("--version", io::version_text());
    app.footer("PETSc options follow a --, or go into the [petsc] section of the input.");
    auto* run_command = app.add_subcommand("run", "run an input to its end");
    auto* check_command = app.add_subcommand("check", "check an input and print it resolved");
    auto* dispersion_command =
        app.add_subcommand("dispersion", "linear stability of an input's homogeneous part");
    const auto add_input = [](CLI::App* command, auto& options) {
      command->add_option("INPUT", options.input, "input file, TOML")->required();
      command->add_option("--set", options.overrides, "key=value, in place of the input's")
          ->type_name("KEY=VALUE")
          ->allow_extra_args(false);
    };
    add_input(run_command, run);
    add_input(check_command, run);
    add_input(dispersion_command, dispersion);
    run_command->add_option("--output", run.output, "directory of the run")->type_name("DIR");
    run_command->add_option("--resume", run.resume, "auto, never or a checkpoint")
        ->type_name("auto|never|PATH")
        ->capture_default_str();
    run_command->add_flag("--overwrite", run.overwrite, "replace a run in the directory");
    run_command->add_flag("--dry-run", run.dry_run, "say what the run would take, and stop");
    dispersion_command
        ->add_option("--output", dispersion.output,
                     "where dispersion.h5 and dispersion.csv go; as for run")
        ->type_name("DIR");
    for (auto [name, k] : {std::pair{"--k-min", &dispersion.k_min}, {"--k-max", &dispersion.k_max}})
      dispersion_command
          ->add_option(name, *k,
                       "end of the range of wave numbers (mu); absent: just beyond all that grow, "
                       "looked for at |k| < 2 sum w |P^z| and further out while they grow there")
          ->type_name("K");
    dispersion_command->add_option("--points", dispersion.points, "wave numbers, evenly spaced")
        ->type_name("N")
        ->capture_default_str();
    dispersion_command->add_flag("--overwrite", dispersion.overwrite,
                                 "replace the files in the directory");
    auto* describe_command = app.add_subcommand("describe", "explain the parameters of the input");
    describe_command->add_option("KEY", key, "parameter or section");
    describe_command->add_flag("--markdown", markdown, "all of them as a table");
    app.add_subcommand("info", "say what a file written by nuvlasov is")
        ->add_option("FILE", file, "HDF5 file")
        ->required();
  }
};

void say(int rank, const std::string& text) {
  if (rank == 0) fmt::print("{}", text);
}

int execute(const Invocation& call, MPI_Comm comm, int rank) {
  if (call.app.got_subcommand("run")) {
    // PETSc has said what went wrong; the other ranks may be waiting for this one.
    ExitCode code = exit_done;
    if (run(call.run, comm, &code) != 0) MPI_Abort(comm, exit_internal_error);
    return code;
  }
  if (call.app.got_subcommand("check")) {
    const config::Configuration configuration(io::read_text(call.run.input, comm), call.run.input,
                                              call.run.overrides);
    const Problem problem = make_problem(configuration, comm);
    PetscCallAbort(comm, check_initial_state(configuration, problem.z, problem.momentum,
                                             problem.initial, comm));
    say(rank, configuration.resolved());
  } else if (call.app.got_subcommand("dispersion")) {
    say(rank, dispersion(call.dispersion, comm));
  } else if (call.app.got_subcommand("describe")) {
    say(rank, call.markdown ? config::parameter_table() : config::describe(call.key));
  } else {
    std::string text;
    io::on_first_rank(comm, [&] {
      text =
          io::is_checkpoint(call.file) ? io::checkpoint_info(call.file) : io::file_info(call.file);
    });
    say(rank, text);
  }
  return exit_done;
}

/// What CLI11 found wrong, in one line, with the nearest command or option.
std::string usage_error(const Invocation& call, const CLI::ParseError& error) {
  std::vector<std::string> words;
  const auto add_options = [&](const CLI::App& app) {
    for (const CLI::Option* option : app.get_options())
      for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
  };
  add_options(call.app);
  for (const CLI::App* command : call.app.get_subcommands()) add_options(*command);
  const bool no_command = call.app.get_subcommands().empty();
  if (no_command)
    for (const CLI::App* command : call.app.get_subcommands({}))
      words.push_back(command->get_name());
  const std::vector<std::string> unknown = call.app.remaining(true);
  if (unknown.empty()) return fmt::format("{}; `nuvlasov --help` shows the commands", error.what());
  const std::string suggestion = config::nearest(unknown.front(), words);
  return fmt::format("{}: no such {}; {}", unknown.front(),
                     unknown.front().starts_with('-') ? "option"
                     : no_command                     ? "command"
                                                      : "argument",
                     suggestion.empty() ? "`nuvlasov --help` shows the commands"
                                        : "did you mean " + suggestion + "?");
}

/// Maps what went wrong to an exit code. Errors of the user's making are thrown alike on all ranks,
/// and the first speaks; anything else ends all ranks at once.
template <class Work>
int guarded(MPI_Comm comm, int rank, Work&& work) {
  const auto fail = [&](const char* what, ExitCode code) {
    if (rank == 0) fmt::print(stderr, "nuvlasov: {}\n", what);
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
    fmt::print(stderr, "nuvlasov: internal error on rank {}: {}\n", rank, error.what());
    MPI_Abort(comm, exit_internal_error);
  }
  return exit_internal_error;
}

}  // namespace

int main(int argc, char** argv) {
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
  if (PetscInitialize(&petsc_argc, &petsc_argv_data, nullptr, nullptr) != 0)
    return exit_internal_error;

  // A write beyond the limit on the size of files is an error like others.
  std::signal(SIGXFSZ, SIG_IGN);

  int rank = 0;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  const int code = guarded(PETSC_COMM_WORLD, rank, [&]() -> int {
    if (!petsc_error.empty()) throw InputError(petsc_error);
    Invocation call;
    try {
      std::vector<std::string> own(arguments.begin(), separator);
      std::reverse(own.begin(), own.end());
      call.app.parse(own);
    } catch (const CLI::ParseError& error) {
      if (error.get_exit_code() != 0) throw InputError(usage_error(call, error));
      if (rank == 0) call.app.exit(error);
      return exit_done;
    }
    return execute(call, PETSC_COMM_WORLD, rank);
  });
  return PetscFinalize() == 0 ? code : exit_internal_error;
}
