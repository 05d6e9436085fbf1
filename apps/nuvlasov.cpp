/// \file
/// The command line: nuvlasov run | check | dispersion | describe | info.

#include <fmt/format.h>
#include <petscsys.h>

#include <CLI/CLI.hpp>

#include <string>
#include <utility>
#include <vector>

#include "dispersion_command.hpp"
#include "nuvlasov/config/reader.hpp"
#include "nuvlasov/errors.hpp"
#include "nuvlasov/io/checkpoint.hpp"
#include "nuvlasov/io/collective.hpp"
#include "nuvlasov/io/provenance.hpp"
#include "program.hpp"
#include "report.hpp"
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
    auto* dry_run =
        run_command->add_flag("--dry-run", run.dry_run, "say what the run would take, and stop");
    const auto add_plan = [&](const char* name, auto& value, const char* unit,
                              const char* meaning) {
      run_command->add_option(name, value, meaning)
          ->type_name(unit)
          ->check(CLI::PositiveNumber)
          ->needs(dry_run);
    };
    add_plan("--ranks", run.plan.ranks, "N", "plan for N ranks, whatever runs this");
    add_plan("--ranks-per-node", run.plan.ranks_per_node, "N",
             "ranks on each compute node; absent: as they are, or for --ranks as many as this "
             "machine has processors");
    add_plan("--memory-per-node", run.plan.memory_per_node, "GB",
             "memory of a compute node; absent: that of this one");
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
    dispersion_command
        ->add_option("--pair", dispersion.pair,
                     "of three flavors, the two whose coherence grows: e_mu, e_tau or mu_tau; the "
                     "first of initial.pairs")
        ->check(CLI::IsMember({"e_mu", "e_tau", "mu_tau"}));
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
    for (const std::string& line : units_text(configuration.input())) say(rank, "# " + line + "\n");
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

}  // namespace

int main(int argc, char** argv) {
  return run_program("nuvlasov", argc, argv, [](const std::vector<std::string>& arguments) -> int {
    Invocation call;
    if (!parse(call.app, arguments, PETSC_COMM_WORLD)) return exit_done;
    int rank = 0;
    MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
    return execute(call, PETSC_COMM_WORLD, rank);
  });
}
