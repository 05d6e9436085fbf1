/// \file
/// How a user's own input scales: the same problem, or as much on each rank, on more and more of
/// the ranks of one job, beside the memory bandwidth and a model of what they send each other.

#include <fmt/format.h>
#include <petscsys.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <thread>

#include "nuvlasov/io/collective.hpp"
#include "program.hpp"
#include "scaling_report.hpp"
#include "stream.hpp"

namespace {

using namespace nuvlasov;
namespace fs = std::filesystem;

struct Options {
  std::string input;
  std::vector<std::string> overrides;
  std::vector<int> ranks;  ///< empty: powers of two
  std::string kind = "both";
  scaling::Settings settings;
  int repetitions = 3;
  std::string output = "scaling.h5";
  bool overwrite = false;
  std::optional<double> latency, bandwidth, node_time;
  std::vector<int> predict;
};

void declare(CLI::App& app, Options& options) {
  app.set_version_flag("--version", io::version_text());
  app.footer("mpirun -n NMAX nuvlasov-scaling INPUT. PETSc options follow a --.");
  app.add_option("INPUT", options.input, "input file, TOML; for weak scaling that of one rank")
      ->required();
  app.add_option("--set", options.overrides, "key=value, in place of the input's")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  app.add_option("--ranks", options.ranks, "numbers of ranks; absent: powers of two and all")
      ->delimiter(',')
      ->type_name("N,N,...");
  app.add_option("--scaling", options.kind, "strong, weak or both")
      ->check(CLI::IsMember({"strong", "weak", "both"}))
      ->capture_default_str();
  const auto count = [&](const char* name, int& value, const char* text, int least) {
    app.add_option(name, value, text)
        ->check(CLI::Range(least, 1'000'000))
        ->type_name("N")
        ->capture_default_str();
  };
  count("--steps", options.settings.steps, "time steps that are timed", 1);
  count("--warm-up", options.settings.warm_up, "time steps before those", 0);
  count("--repetitions", options.repetitions, "of all cases, in turn", 1);
  app.add_option("--triad-elements", options.settings.triad_elements,
                 "of each array of the STREAM triad: far beyond the caches")
      ->check(CLI::Range(1000.0, 1e10))
      ->capture_default_str();
  app.add_option("--output", options.output, "HDF5 file; the CSV file has the same name")
      ->type_name("FILE")
      ->capture_default_str();
  app.add_flag("--overwrite", options.overwrite, "replace those files");
  const auto seconds = [&](const char* name, std::optional<double>& value, const char* text) {
    app.add_option(name, value, text)->check(CLI::PositiveNumber);
  };
  seconds("--latency", options.latency, "of a message for the model, s; absent: measured");
  seconds("--bandwidth", options.bandwidth, "between two ranks, B/s; absent: measured");
  seconds("--node-time", options.node_time,
          "of a right-hand side of one node, s; absent: from the fewest ranks");
  app.add_option("--predict", options.predict,
                 "measure nothing; say what the model expects on these numbers of ranks")
      ->delimiter(',')
      ->type_name("N,N,...");
}

/// 1, 2, 4, ... and the largest.
std::vector<int> powers_of_two(int largest) {
  std::vector<int> ranks;
  for (int count = 1; count < largest; count *= 2) ranks.push_back(count);
  ranks.push_back(largest);
  return ranks;
}

void check(const std::string& option, const std::vector<int>& ranks, int largest,
           const std::string& why) {
  for (const int count : ranks)
    if (count < 1 || count > largest)
      throw InputError(fmt::format("{} {}: must be >= 1, <= {}, {}", option, count, largest, why));
}

std::vector<scaling::Case> cases_of(const Options& options, int largest) {
  std::vector<int> ranks = options.ranks.empty() ? powers_of_two(largest) : options.ranks;
  check("--ranks", ranks, largest, "the number of ranks that mpirun started");
  std::sort(ranks.begin(), ranks.end());
  ranks.erase(std::unique(ranks.begin(), ranks.end()), ranks.end());
  std::vector<scaling::Case> cases;
  for (const auto kind : {scaling::Kind::strong, scaling::Kind::weak}) {
    if (options.kind == (kind == scaling::Kind::strong ? "weak" : "strong")) continue;
    for (const int count : ranks) cases.push_back({kind, count});
  }
  return cases;
}

std::string table_path(const std::string& output) {
  return fs::path(output).replace_extension(".csv").string();
}

void check_output(const Options& options) {
  if (fs::path(options.output).extension() == ".csv" || fs::is_directory(options.output))
    throw InputError(fmt::format("--output {}: give the name of an HDF5 file, such as scaling.h5",
                                 options.output));
  for (const std::string& path : {options.output, table_path(options.output)})
    if (!options.overwrite && fs::exists(path))
      throw InputError(fmt::format(
          "--output {}: {} is there already, and nothing is written over; give another name, or "
          "--overwrite to replace it",
          options.output, path));
  std::error_code failed;
  const fs::path folder = fs::path(options.output).parent_path();
  if (!folder.empty()) fs::create_directories(folder, failed);
  if (failed)
    throw InputError(fmt::format("--output {}: cannot make the directory: {}", options.output,
                                 failed.message()));
}

config::Configuration configuration_of(const Options& options, const std::string& text,
                                       const config::Input& input, const scaling::Case& test) {
  std::vector<std::string> overrides = options.overrides;
  if (test.kind == scaling::Kind::weak) {
    overrides.push_back(fmt::format("grid.z.cells={}", input.grid.z.cells * test.ranks));
    overrides.push_back(fmt::format("grid.z.length={}", input.grid.z.length * test.ranks));
  }
  return {text, options.input, overrides};
}

/// Asleep until all ranks are here: a rank that waits in MPI keeps a core busy.
void wait_for_all(MPI_Comm comm) {
  constexpr std::chrono::milliseconds nap(2);
  MPI_Request arrival = MPI_REQUEST_NULL;
  MPI_Ibarrier(comm, &arrival);
  for (int all = 0; all == 0;) {
    MPI_Test(&arrival, &all, MPI_STATUS_IGNORE);
    if (all == 0) std::this_thread::sleep_for(nap);
  }
}

/// Calls work(communicator) on the first `ranks` ranks while the others sleep. What it throws on
/// all of them is thrown on all.
template <class Work>
void on_first_ranks(MPI_Comm comm, int ranks, Work&& work) {
  int rank = 0;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm first = MPI_COMM_NULL;
  MPI_Comm_split(comm, rank < ranks ? 0 : MPI_UNDEFINED, rank, &first);
  int code = exit_done;
  std::string message;
  const auto remember = [&](ExitCode kind, const std::exception& error) {
    code = kind;
    message = error.what();
  };
  if (first != MPI_COMM_NULL) {
    try {
      work(first);
    } catch (const InputError& error) {
      remember(exit_bad_input, error);
    } catch (const NumericalError& error) {
      remember(exit_numerical_failure, error);
    } catch (const IoError& error) {
      remember(exit_io_failure, error);
    }
    MPI_Comm_free(&first);
  }
  wait_for_all(comm);
  MPI_Bcast(&code, 1, MPI_INT, 0, comm);
  if (code == exit_done) return;
  message = io::broadcast(message, 0, comm);
  if (code == exit_bad_input) throw InputError(message);
  if (code == exit_numerical_failure) throw NumericalError(message);
  throw IoError(message);
}

/// All cases, again and again, so that what changes with time changes all of them.
std::vector<scaling::Series> measure_all(const Options& options,
                                         const std::vector<scaling::Case>& cases,
                                         const std::string& text, const config::Input& input,
                                         MPI_Comm comm) {
  scaling::Settings settings = options.settings;
  settings.beside = options.output;
  std::vector<scaling::Series> all;
  all.reserve(cases.size());
  for (const scaling::Case& test : cases) all.push_back({test, {}});
  for (int repetition = 1; repetition <= options.repetitions; ++repetition)
    for (scaling::Series& series : all)
      on_first_ranks(comm, series.test.ranks, [&](MPI_Comm first) {
        scaling::Measurement measurement;
        try {
          PetscCallAbort(
              first, scaling::measure(configuration_of(options, text, input, series.test), first,
                                      settings, &measurement));
        } catch (const InputError& error) {
          throw InputError(fmt::format("{}: {}", series.test.name(), error.what()));
        }
        series.repetitions.push_back(measurement);
        int rank = 0;
        MPI_Comm_rank(first, &rank);
        if (rank == 0) {
          fmt::print("{} of {}  {:<12}{:>10.4g} ms a step\n", repetition, options.repetitions,
                     series.test.name(), 1e3 * measurement.largest[scaling::step]);
          std::fflush(stdout);
        }
      });
  return all;
}

phase_space::Machine network_of(const Options& options, MPI_Comm comm) {
  phase_space::Machine machine;
  int ranks = 1;
  MPI_Comm_size(comm, &ranks);
  const bool given = options.latency && options.bandwidth;
  if (!given && options.predict.empty() && ranks > 1) {
    const PingPong measured = ping_pong(comm);
    machine.latency = measured.latency;
    machine.bandwidth = measured.bandwidth;
  }
  machine.latency = options.latency.value_or(machine.latency);
  machine.bandwidth = options.bandwidth.value_or(machine.bandwidth);
  machine.node_seconds = options.node_time.value_or(machine.node_seconds);
  return machine;
}

void say_prediction(const Options& options, const config::Configuration& configuration,
                    MPI_Comm comm) {
  constexpr int most_ranks = 10'000'000;
  check("--predict", options.predict, most_ranks, "and there are no larger machines");
  const Problem problem = make_problem(configuration, comm, false);
  const std::string text = scaling::predict(problem, options.predict, network_of(options, comm));
  io::on_first_rank(comm, [&] { fmt::print("{}", text); });
}

void run(const Options& options, MPI_Comm comm) {
  int ranks = 1;
  MPI_Comm_size(comm, &ranks);
  const std::string text = io::read_text(options.input, comm);
  const config::Configuration configuration(text, options.input, options.overrides);
  if (!options.predict.empty()) {
    say_prediction(options, configuration, comm);
    return;
  }
  const std::vector<scaling::Case> cases = cases_of(options, ranks);
  io::on_first_rank(comm, [&] { check_output(options); });
  scaling::Conditions conditions{.machine = network_of(options, comm),
                                 .steps = options.settings.steps,
                                 .warm_up = options.settings.warm_up};
  const auto all = measure_all(options, cases, text, configuration.input(), comm);
  io::on_first_rank(comm, [&] {
    if (!options.node_time)
      conditions.machine.node_seconds = scaling::calibrate(all, conditions.machine);
    const auto columns = scaling::tabulate(all, conditions.machine);
    const std::string partial = options.output + ".partial";
    scaling::write_hdf5(
        partial, all, columns, conditions,
        {.config = configuration.resolved(), .process_grid = "various", .ranks = ranks});
    fs::rename(partial, options.output);
    scaling::write_csv(table_path(options.output), all, columns);
    fmt::print("\n{}written: {}, {}\n", scaling::text_of(all, columns, conditions.machine),
               options.output, table_path(options.output));
  });
}

}  // namespace

int main(int argc, char** argv) {
  return run_program(
      "nuvlasov-scaling", argc, argv, [](const std::vector<std::string>& arguments) -> int {
        CLI::App app{"How an input scales with the number of ranks", "nuvlasov-scaling"};
        Options options;
        declare(app, options);
        if (parse(app, arguments, PETSC_COMM_WORLD)) run(options, PETSC_COMM_WORLD);
        return exit_done;
      });
}
