#include "run_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "continuation.hpp"
#include "machine.hpp"
#include "need.hpp"
#include "nuvlasov/io/checkpoint.hpp"
#include "nuvlasov/io/collective.hpp"
#include "nuvlasov/io/durable_file.hpp"
#include "nuvlasov/io/fields.hpp"
#include "nuvlasov/io/file_lock.hpp"
#include "nuvlasov/io/history.hpp"
#include "nuvlasov/io/log.hpp"
#include "nuvlasov/time/stop.hpp"
#include "output_directory.hpp"
#include "petsc_options.hpp"
#include "report.hpp"

namespace nuvlasov {
namespace {

namespace fs = std::filesystem;

constexpr double history_flush_seconds = 5.0;

/// Multiples of an interval at which something is due; never for an interval of 0.
class Cadence {
 public:
  explicit Cadence(double interval) : interval_(interval) {}
  double next() const {
    return interval_ > 0.0 ? static_cast<double>(count_) * interval_
                           : std::numeric_limits<double>::infinity();
  }
  /// Goes on beyond `time`.
  void start_after(double time) { due(time); }
  /// Whether something is due at `time`; then moves on beyond it.
  bool due(double time) {
    constexpr double rounding = 1e-9;
    if (interval_ <= 0.0 || time < next() - rounding * interval_) return false;
    count_ = static_cast<long long>(std::floor(time / interval_ + rounding)) + 1;
    return true;
  }

 private:
  double interval_;
  long long count_ = 0;
};

/// Warns when a value passes a limit, and again at each further factor of ten.
class Alarm {
 public:
  explicit Alarm(double limit) : limit_(limit) {}
  bool rings(double value) {
    if (!(value > limit_)) return false;
    limit_ = 10.0 * value;
    return true;
  }

 private:
  double limit_;
};

/// Where a run goes, and whether it may.
class Target {
 public:
  Target(const RunOptions& options, const config::Configuration& configuration)
      : options_(options),
        configuration_(configuration),
        directory_(configuration, options.input, options.output),
        lock_(directory_.path("run.lock")) {}

  const std::string& directory() const { return directory_.path(); }

  /// \throws InputError when the run cannot go there. Leaves the disk alone.
  void check() const {
    directory_.check();
    for (const char* product : products) {
      if (!fs::exists(directory_.path(product))) continue;
      if (!options_.overwrite)
        directory_.fail(
            fmt::format("{} already holds a run ({}), and nothing is written over; give another "
                        "directory with --output, --overwrite to replace it, or --resume auto to "
                        "go on with it",
                        directory(), product));
      const auto& initial = configuration_.input().initial;
      if (initial.type == "file" && holds(directory_.path(product), initial.path))
        configuration_.fail(
            "initial.path",
            fmt::format("{} is part of the run that --overwrite would remove", initial.path));
    }
  }

  /// Whether the directory holds a run of this configuration, but for what may change. By one rank
  /// alone.
  bool holds_this_run() const {
    std::ifstream in(directory_.path("config.toml"));
    if (!in) return false;
    std::ostringstream text;
    text << in.rdbuf();
    try {
      const config::Configuration before(text.str(), "config.toml", {});
      const auto changes = config::differences(before.input(), configuration_.input());
      return std::all_of(changes.begin(), changes.end(),
                         [](const auto& change) { return may_change(change.key); });
    } catch (const InputError&) {
      return false;
    }
  }
  /// Whether its run is done, as far as it is to go now. By one rank alone.
  bool done() const {
    const std::string path = directory_.path("history.h5");
    try {
      if (!holds_this_run() || io::history_status(path) != io::status_done) return false;
      const io::hdf5::Handle file = io::hdf5::open_file(path, false);
      const io::hdf5::Handle time = io::hdf5::open_dataset(file, "time");
      const hsize_t rows = io::hdf5::shape(time).front();
      double last = 0.0;
      if (rows > 0) io::hdf5::read_block(time, {{rows - 1}, {1}}, &last, false);
      return last >= configuration_.input().time.end;
    } catch (const IoError&) {
      return false;  // a damaged history is made again from a checkpoint
    }
  }
  bool holds_checkpoints() const {
    const fs::path folder = directory_.path("checkpoints");
    return fs::is_directory(folder) &&
           std::any_of(fs::directory_iterator(folder), fs::directory_iterator(),
                       [](const auto& entry) { return entry.path().extension() == ".h5"; });
  }

  /// Bytes that a run here has written. By one rank alone.
  double bytes() const {
    double sum = 0.0;
    const auto add = [&](const fs::directory_entry& entry) {
      std::error_code gone;
      const auto size = entry.is_regular_file(gone) ? entry.file_size(gone) : 0;
      if (!gone) sum += static_cast<double>(size);
    };
    for (const char* product : products) {
      const fs::directory_entry entry(directory_.path(product));
      add(entry);
      if (entry.is_directory())
        for (const auto& inner : fs::directory_iterator(entry)) add(inner);
    }
    return sum;
  }

  /// Waits a little for the end of another run there: ranks that were killed may live on for a
  /// moment. Leaves the disk alone. By one rank alone.
  /// \throws InputError when it does not end
  void check_unused() {
    using namespace std::chrono_literals;
    constexpr int patience = 30;
    if (!fs::exists(lock_.path())) return;
    for (int n = 0; n < patience && lock_.take() == io::FileLock::Outcome::busy; ++n)
      std::this_thread::sleep_for(100ms);
    take_lock();
  }
  /// Who is writing there; empty: nobody. By one rank alone.
  std::string user() const {
    if (!fs::exists(lock_.path())) return "";
    io::FileLock lock(lock_.path());  // for no longer than it takes to see
    if (lock.take() != io::FileLock::Outcome::busy) return "";
    return owner();
  }
  /// Makes the directory and keeps other runs from it as long as this lives. By one rank alone.
  /// \returns whether the file system can
  /// \throws InputError when another run is writing there
  bool occupy() {
    directory_.create();
    const bool locked = take_lock();
    lock_.sign(process_text());
    return locked;
  }
  /// Removes a former run's files. \throws IoError
  void empty() const {
    for (const char* product : products) {
      std::error_code failed;
      fs::remove_all(directory_.path(product), failed);
      if (failed)
        throw IoError(
            fmt::format("cannot remove {}: {}", directory_.path(product), failed.message()));
    }
  }

 private:
  /// config.toml is the first to be written and the last to go: what it is the configuration of.
  static constexpr std::array products{"history.h5", "profiles.h5", "snapshots",  "snapshots.xdmf",
                                       "run.log",    "checkpoints", "config.toml"};

  std::string owner() const {
    const std::string name = lock_.owner();
    return name.empty() ? "it has only begun" : name;
  }
  /// \returns whether the file system can
  bool take_lock() {
    const io::FileLock::Outcome outcome = lock_.take();
    if (outcome != io::FileLock::Outcome::busy) return outcome == io::FileLock::Outcome::taken;
    directory_.fail(fmt::format(
        "another run is writing {} ({}): wait for its end, stop it with a file STOP there, or give "
        "another directory with --output; should it be gone together with its computer, remove {}",
        directory(), owner(), lock_.path()));
  }

  static bool holds(const fs::path& outer, const fs::path& inner) {
    const fs::path whole = fs::weakly_canonical(outer);
    const fs::path part = fs::weakly_canonical(inner);
    return std::mismatch(whole.begin(), whole.end(), part.begin(), part.end()).first == whole.end();
  }

  const RunOptions& options_;
  const config::Configuration& configuration_;
  OutputDirectory directory_;
  io::FileLock lock_;
};

/// Under another name first: a file that is there is whole.
void write_text(const std::string& path, const std::string& text) {
  const std::string partial = path + ".partial";
  std::ofstream out(partial);
  out << text;
  out.close();
  if (!out) throw IoError("cannot write " + path);
  fs::rename(partial, path);
}

/// The run in progress: outputs, cadences and what is said about them.
class Run {
 public:
  Run(const RunOptions& options, const config::Configuration& configuration, MPI_Comm comm)
      : options_(options),
        configuration_(configuration),
        comm_(comm),
        target_(options, configuration),
        directory_(target_.directory()),
        log_(comm),
        history_due_(input().output.history_interval),
        profile_due_(input().output.profile_interval),
        snapshot_due_(input().output.snapshot_interval),
        checkpoint_due_(input().checkpoint.interval_time),
        checkpoint_seconds_(config::seconds(input().checkpoint.interval_wall)),
        edge_alarm_(input().diagnostics.edge_limit),
        direction_alarm_(input().diagnostics.edge_limit),
        negativity_alarm_(input().diagnostics.negativity_limit) {
    MPI_Comm_size(comm, &ranks_);
  }

  PetscErrorCode execute();
  ExitCode exit_code() const { return stopped_.empty() ? exit_done : exit_resubmit; }

 private:
  std::optional<Continuation> find_start();
  bool done() const;
  std::string done_text() const;
  PetscErrorCode dry_run();
  void say_continuation(const Continuation& from);
  std::optional<double> deadline() const;
  PetscErrorCode steps(time::StopWatcher& watcher);
  PetscErrorCode save_checkpoint(bool stopping);
  bool checkpoint_is_due();
  double reserve() const;
  const config::Input& input() const { return configuration_.input(); }
  io::FieldContext field_context() const;
  void open_outputs(const Continuation* from);
  std::unique_ptr<io::Profiles> open_profiles(Index records);
  std::vector<double> existing_snapshots(std::vector<double> times);
  PetscErrorCode write_snapshot();
  void banner();
  void warn_of_small_disk();
  PetscErrorCode record();
  double dissipation_rate(const diagnostics::Record& record) const;
  void warn(const diagnostics::Record& record);
  PetscErrorCode warn_of_short_waves();
  void report(const diagnostics::Record& record, bool last);
  PetscErrorCode summary();
  std::string closure() const;
  const physics::EquationSettings& equation() const { return simulation_.problem().equation; }
  bool dissipates() const {
    return equation().dissipation.z > 0.0 || equation().dissipation.energy > 0.0;
  }
  double column(const diagnostics::Record& record, const char* name) const {
    return simulation_.ledger().value(record, name);
  }

  const RunOptions& options_;
  const config::Configuration& configuration_;
  MPI_Comm comm_;
  int ranks_ = 1;
  Target target_;
  std::string directory_;
  io::Log log_;
  Simulation simulation_;
  io::Provenance provenance_;
  std::unique_ptr<io::History> history_;
  std::unique_ptr<diagnostics::Marginals> marginals_;
  std::unique_ptr<io::Profiles> profiles_;
  std::unique_ptr<io::Snapshots> snapshots_;
  std::unique_ptr<io::CheckpointWriter> checkpoints_;
  Cadence history_due_, profile_due_, snapshot_due_, checkpoint_due_;
  double checkpoint_seconds_;     ///< wall-clock time between checkpoints; 0: any
  double last_checkpoint_ = 0.0;  ///< MPI_Wtime()
  Index last_checkpoint_step_ = 0;
  double longest_step_ = 0.0;        ///< seconds
  double longest_checkpoint_ = 0.0;  ///< seconds, at first a guess
  std::string stopped_;              ///< why, before the end
  Alarm edge_alarm_, direction_alarm_, negativity_alarm_;
  Stopwatch stepping_, diagnostics_, output_;
  double start_ = 0.0;
  double flushed_ = 0.0;
  double reported_ = 0.0;
  Index reported_evaluations_ = 0;
  double reported_stepping_ = 0.0;
  diagnostics::Record first_, last_;
  double dissipated_ = 0.0;  ///< energy that dissipation gave, by the trapezoidal rule over rows
};

/// Where to go on from, if anywhere. Throws what keeps the run from starting; leaves the disk
/// alone.
std::optional<Continuation> Run::find_start() {
  if (options_.resume != "auto" && options_.resume != "never") {
    io::on_first_rank(comm_, [&] {
      if (!fs::is_regular_file(options_.resume))
        throw InputError(
            fmt::format("--resume {}: no such file; name a checkpoint, or auto for "
                        "the newest in the directory of the run",
                        options_.resume));
    });
    io::verify_checkpoint(options_.resume, comm_);
    return read_continuation(options_.resume, configuration_, comm_);
  }
  if (options_.resume == "auto" && !options_.overwrite) {
    const auto newest = io::newest_good_checkpoint(
        directory_, comm_, [&](const std::string& text) { log_.warning(text); });
    if (newest) return read_continuation(*newest, configuration_, comm_);
    bool interrupted = false;
    io::on_first_rank(comm_, [&] {
      if (target_.holds_checkpoints())
        throw IoError(
            fmt::format("none of the checkpoints in {} is whole; --overwrite starts the run again",
                        directory_));
      interrupted = target_.holds_this_run();
    });
    int flag = interrupted ? 1 : 0;
    MPI_Bcast(&flag, 1, MPI_INT, 0, comm_);
    if (flag == 1) {
      log_.warning(fmt::format(
          "the run in {} was interrupted before its first checkpoint: starting again", directory_));
      return std::nullopt;
    }
  }
  io::on_first_rank(comm_, [&] { target_.check(); });
  return std::nullopt;
}

/// MPI_Wtime() at which the run has to be over, on the first rank.
std::optional<double> Run::deadline() const {
  int rank = 0;
  MPI_Comm_rank(comm_, &rank);
  if (rank != 0) return std::nullopt;
  const double limit = config::seconds(input().time.wall_limit);
  const std::optional<double> left =
      limit > 0.0 ? std::optional(limit) : time::batch_seconds_left();
  if (!left) return std::nullopt;
  return start_ + *left;
}

/// Whether there is nothing left to do. Collective.
bool Run::done() const {
  int done = 0;
  io::on_first_rank(comm_, [&] {
    done = options_.resume == "auto" && !options_.overwrite && target_.done() ? 1 : 0;
  });
  MPI_Bcast(&done, 1, MPI_INT, 0, comm_);
  return done == 1;
}

std::string Run::done_text() const {
  return fmt::format(
      "the run in {} is done; raise time.end to go on from a checkpoint, or --overwrite it",
      directory_);
}

/// Plans what a run would do here and now; all of one that would do nothing.
PetscErrorCode Run::dry_run() {
  PetscFunctionBeginUser;
  PlanTarget target;
  target.directory = directory_;
  target.start = "at t = 0";
  std::optional<Continuation> from;
  if (done()) {
    target.start = "not at all: " + done_text() + ". This is the plan of all of it";
  } else {
    try {
      from = find_start();
    } catch (const InputError& error) {
      target.refusal = error.what();
      target.start = "not at all: see the error below. This is the plan of a run from t = 0";
    }
  }
  if (from) {
    target.from = &*from;
    target.start = fmt::format("at t = {:g}, step {}, from {}", from->time, from->step, from->path);
  }
  std::string user;
  io::on_first_rank(comm_, [&] {
    target.bytes = target_.bytes();
    user = target_.user();
  });
  if (!user.empty())
    log_.warning(fmt::format("another run is writing {} ({}): before its end none can start there",
                             directory_, user));
  PetscCall(plan(options_.input, configuration_, options_.plan, target, comm_));
  PetscFunctionReturn(0);
}

PetscErrorCode Run::execute() {
  PetscFunctionBeginUser;
  start_ = MPI_Wtime();
  if (options_.dry_run) {
    PetscCall(dry_run());
    PetscFunctionReturn(0);
  }
  io::on_first_rank(comm_, [&] { target_.check_unused(); });
  if (done()) {
    log_.line(done_text());
    PetscFunctionReturn(0);
  }
  const std::optional<Continuation> from = find_start();
  // From here on SIGTERM and SIGINT, too, are reasons to stop on a checkpoint.
  time::StopWatcher watcher(comm_, directory_ + "/STOP", deadline());
  PetscCall(simulation_.create(configuration_, comm_, from ? &from->simulation : nullptr));
  provenance_ = {.config = configuration_.resolved(),
                 .process_grid = to_text(simulation_.decomposition().process_grid()),
                 .ranks = ranks_,
                 .scale = input().units.scale()};
  if (from) PetscCall(load(*from, field_context(), simulation_));
  open_outputs(from ? &*from : nullptr);
  banner();
  if (from) say_continuation(*from);
  warn_of_small_disk();
  try {
    if (!from) {
      PetscCall(record());
      PetscCall(warn_of_short_waves());
    }
    PetscCall(steps(watcher));
    history_->set_status(stopped_.empty() ? io::status_done : stopped_);
    history_->flush();
  } catch (const NumericalError&) {
    history_->set_status("failed");
    history_->flush();
    throw;
  }
  PetscCall(summary());
  PetscFunctionReturn(0);
}

PetscErrorCode Run::steps(time::StopWatcher& watcher) {
  PetscFunctionBeginUser;
  while (!simulation_.finished() && stopped_.empty()) {
    if (!simulation_.in_interval())
      PetscCall(simulation_.begin_interval(
          std::min({history_due_.next(), profile_due_.next(), snapshot_due_.next()})));
    const double began = MPI_Wtime();
    {
      const auto lap = stepping_.lap();
      PetscCall(simulation_.step());
    }
    longest_step_ = std::max(longest_step_, MPI_Wtime() - began);
    if (!simulation_.in_interval()) PetscCall(record());
    if (simulation_.finished()) break;
    stopped_ = watcher.reason(reserve());
    if (!stopped_.empty() || checkpoint_is_due()) PetscCall(save_checkpoint(!stopped_.empty()));
  }
  if (stopped_.empty() && input().checkpoint.at_end) PetscCall(save_checkpoint(true));
  PetscFunctionReturn(0);
}

/// Seconds that another step and a checkpoint may take.
double Run::reserve() const {
  constexpr double margin = 2.0, at_least = 2.0;
  return at_least + margin * (longest_step_ + longest_checkpoint_);
}

/// The same on all ranks: the first looks at the clock.
bool Run::checkpoint_is_due() {
  const time::Integrator& integrator = simulation_.integrator();
  const Index every = input().checkpoint.interval_steps;
  const bool by_step = every > 0 && integrator.steps() - last_checkpoint_step_ >= every;
  const bool by_time = checkpoint_due_.due(integrator.time());
  int by_wall = 0;
  if (checkpoint_seconds_ > 0.0) {
    by_wall = MPI_Wtime() - last_checkpoint_ >= checkpoint_seconds_ ? 1 : 0;
    MPI_Bcast(&by_wall, 1, MPI_INT, 0, comm_);
  }
  return by_step || by_time || by_wall == 1;
}

PetscErrorCode Run::save_checkpoint(bool stopping) {
  PetscFunctionBeginUser;
  const double began = MPI_Wtime();
  try {
    const auto lap = output_.lap();
    PetscCall(save(*checkpoints_, simulation_,
                   {.rows = history_->rows(),
                    .snapshot_times = snapshots_ ? snapshots_->times() : std::vector<double>{},
                    .profile_records = profiles_ ? static_cast<Index>(profiles_->records()) : 0,
                    .dissipated = dissipated_}));
  } catch (const IoError& error) {
    if (stopping || input().checkpoint.on_failure == "stop") throw;
    log_.warning(
        fmt::format("no checkpoint at step {}: {}; going on, as checkpoint.on_failure says",
                    simulation_.integrator().steps(), error.what()));
  }
  last_checkpoint_ = MPI_Wtime();
  last_checkpoint_step_ = simulation_.integrator().steps();
  longest_checkpoint_ = std::max(longest_checkpoint_, last_checkpoint_ - began);
  PetscFunctionReturn(0);
}

void Run::say_continuation(const Continuation& from) {
  log_.line(fmt::format("resumed    from {}, step {}, t = {:g}", from.path, from.step, from.time));
  for (const config::Difference& change : from.changes)
    log_.line(fmt::format("           {} = {}, was {}", change.key,
                          change.now.empty() ? "absent" : change.now,
                          change.before.empty() ? "absent" : change.before));
  const std::string petsc = petsc_options_text();
  if (petsc != from.petsc_options)
    log_.warning(
        fmt::format("PETSc options are now '{}', were '{}'; a step that an adaptive method "
                    "had chosen is kept whatever -ts_dt says",
                    petsc, from.petsc_options));
}

io::FieldContext Run::field_context() const {
  return {simulation_.problem().z, simulation_.problem().momentum, simulation_.decomposition(),
          provenance_};
}

void Run::open_outputs(const Continuation* from) {
  const auto lap = output_.lap();
  bool locked = true;
  io::on_first_rank(comm_, [&] {
    locked = target_.occupy();
    if (from == nullptr) target_.empty();
    write_text(directory_ + "/config.toml", configuration_.resolved());
  });
  log_.open_file(directory_ + "/run.log", from != nullptr);
  if (!locked)
    log_.warning(fmt::format(
        "the file system of {} has no locks: nothing keeps another run from writing there as well",
        directory_));
  const Progress before = from != nullptr ? from->progress : Progress{};
  io::on_first_rank(comm_, [&] {
    io::remove_unfinished(directory_);
    if (fs::exists(directory_ + "/snapshots")) io::remove_unfinished(directory_ + "/snapshots");
  });
  history_ = std::make_unique<io::History>(
      directory_ + "/history.h5", simulation_.ledger().columns(), provenance_, comm_, before.rows);
  if (from != nullptr) {
    for (Cadence* cadence : {&history_due_, &profile_due_, &snapshot_due_, &checkpoint_due_})
      cadence->start_after(from->time);
    first_ = before.rows.front();
    last_ = before.rows.back();
    dissipated_ = before.dissipated;
    last_checkpoint_step_ = from->step;
    reported_evaluations_ = simulation_.integrator().evaluations();
  } else {
    checkpoint_due_.start_after(0.0);
  }
  const io::FieldContext context = field_context();
  if (input().output.profile_interval > 0.0) {
    marginals_ = std::make_unique<diagnostics::Marginals>(context.z, context.momentum,
                                                          context.decomposition);
    profiles_ = open_profiles(before.profile_records);
  }
  if (input().output.snapshot_interval > 0.0)
    snapshots_ = std::make_unique<io::Snapshots>(context, directory_, snapshot_fields(input()),
                                                 existing_snapshots(before.snapshot_times));
  checkpoints_ = std::make_unique<io::CheckpointWriter>(context, directory_,
                                                        static_cast<int>(input().checkpoint.keep));
  last_checkpoint_ = MPI_Wtime();
  constexpr double slow_disk = 1e8;  // bytes per second
  longest_checkpoint_ = checkpoints_->bytes(simulation_.vectors().size()) / slow_disk;
}

/// A file of former records, or a new one where it cannot be gone on with.
std::unique_ptr<io::Profiles> Run::open_profiles(Index records) {
  const std::string path = directory_ + "/profiles.h5";
  try {
    return std::make_unique<io::Profiles>(field_context(), path, static_cast<hsize_t>(records));
  } catch (const IoError& error) {
    if (records == 0) throw;
    log_.warning(fmt::format("{}; profiles begin again at t = {:g}, the former file is kept as {}",
                             error.what(), simulation_.integrator().time(), path + ".former"));
  }
  io::on_first_rank(comm_, [&] {
    if (fs::exists(path)) fs::rename(path, path + ".former");
  });
  return std::make_unique<io::Profiles>(field_context(), path);
}

/// The leading ones of former snapshots that are in this directory.
std::vector<double> Run::existing_snapshots(std::vector<double> times) {
  auto count = static_cast<long long>(times.size());
  io::on_first_rank(comm_, [&] {
    for (std::size_t n = times.size(); n-- > 0;)
      if (!fs::exists(directory_ + "/snapshots/" + io::Snapshots::file_name(n)))
        count = static_cast<long long>(n);
  });
  MPI_Bcast(&count, 1, MPI_LONG_LONG, 0, comm_);
  if (count < static_cast<long long>(times.size()))
    log_.warning(
        fmt::format("{} holds only the first {} of the {} snapshots written before; "
                    "numbers go on from there",
                    directory_, count, times.size()));
  times.resize(static_cast<std::size_t>(count));
  return times;
}

PetscErrorCode Run::write_snapshot() {
  PetscFunctionBeginUser;
  snapshots_->begin(simulation_.integrator().time(), simulation_.integrator().steps());
  for (const auto& field : snapshots_->fields())
    PetscCall(simulation_.with_field(
        field, [&](const double* values) { snapshots_->write(field, values); }));
  snapshots_->publish();
  PetscFunctionReturn(0);
}

void Run::banner() {
  const time::Integrator& integrator = simulation_.integrator();
  say_banner(log_, input(), simulation_.problem(),
             {.input = options_.input,
              .ranks = fmt::format("{}: {}", ranks_, provenance_.process_grid),
              .integration = integrator.description(),
              .end = integrator.end()});
  log_.line(fmt::format("output     {}", directory_));
}

/// A disk that is too small is the user's choice: another program may yet make room.
void Run::warn_of_small_disk() {
  std::string shortage;
  io::on_first_rank(comm_, [&] {
    shortage = disk_shortage(
        disk_need(input(), simulation_.problem(), simulation_.ledger().columns().size()),
        disk_room(directory_), target_.bytes());
  });
  if (!shortage.empty()) log_.warning(shortage);
}

PetscErrorCode Run::record() {
  PetscFunctionBeginUser;
  const double time = simulation_.integrator().time();
  const bool last = simulation_.finished();
  if (history_due_.due(time) || last) {
    {
      const auto lap = diagnostics_.lap();
      const diagnostics::Record before = last_;
      PetscCall(simulation_.measure(&last_));
      if (dissipates() && !before.values.empty())
        dissipated_ += 0.5 * (column(last_, "time") - column(before, "time")) *
                       (dissipation_rate(before) + dissipation_rate(last_));
    }
    if (first_.values.empty()) first_ = last_;
    history_->append(last_);
    warn(last_);
    report(last_, last);
    int flush = MPI_Wtime() - flushed_ > history_flush_seconds ? 1 : 0;
    PetscCallMPI(MPI_Bcast(&flush, 1, MPI_INT, 0, comm_));
    if (flush == 1) {
      const auto lap = output_.lap();
      history_->flush();
      flushed_ = MPI_Wtime();
    }
  }
  const bool profile = profiles_ && (profile_due_.due(time) || last);
  const bool snapshot = snapshots_ && (snapshot_due_.due(time) || last);
  const auto lap = output_.lap();
  if (profile) {
    PetscCall(simulation_.with_state([&](const double* state) { marginals_->measure(state); }));
    profiles_->append(*marginals_, time);
  }
  if (snapshot) PetscCall(write_snapshot());
  PetscFunctionReturn(0);
}

/// Of K + U_osc + U_non.
double Run::dissipation_rate(const diagnostics::Record& record) const {
  return column(record, "kinetic_energy_rate_dissipation") +
         column(record, "u_osc_rate_dissipation") + column(record, "u_non_rate_dissipation");
}

void Run::warn(const diagnostics::Record& record) {
  const double time = column(record, "time");
  const double edge = column(record, "edge_fraction");
  if (simulation_.problem().equation.mode == physics::Mode::full && edge_alarm_.rings(edge))
    log_.warning(fmt::format(
        "t = {:g}: {:.1e} of the neutrinos have reached an outermost cell of the energy window; "
        "the budget closes only as well as the edges are empty: widen grid.momentum.energy.half_width",
        time, edge));
  const double at_the_end = column(record, "direction_edge_fraction");
  if (simulation_.problem().equation.mode == physics::Mode::full &&
      direction_alarm_.rings(at_the_end))
    log_.warning(fmt::format(
        "t = {:g}: {:.1e} of the neutrinos are in a direction at the end of "
        "grid.momentum.direction_range; what the weak force drives beyond is lost, about mu/E of "
        "it per unit of time, and the budget closes no better",
        time, at_the_end));
  const double negative = -column(record, "min_eigenvalue") / simulation_.largest_occupation();
  if (negativity_alarm_.rings(negative))
    log_.warning(fmt::format(
        "t = {:g}: an eigenvalue of rho is negative by {:.1e} of the largest occupation; the "
        "gradient expansion needs a spectrum wider than the wave numbers that appear: raise "
        "initial.energy_spectrum.width",
        time, negative));
}

PetscErrorCode Run::warn_of_short_waves() {
  PetscFunctionBeginUser;
  double rate = 0.0;
  PetscCall(simulation_.short_wave_growth(&rate));
  nuvlasov::warn_of_short_waves(log_, rate, simulation_.integrator().end());
  PetscFunctionReturn(0);
}

void Run::report(const diagnostics::Record& record, bool last) {
  const double now = MPI_Wtime();
  const time::Integrator& integrator = simulation_.integrator();
  const double fraction = integrator.end() > 0.0 ? integrator.time() / integrator.end() : 1.0;
  const double elapsed = now - start_;
  const double eta = fraction > 0.0 ? elapsed * (1.0 - fraction) / fraction : INFINITY;
  log_.progress(fraction, fmt::format("t = {:.4g}, ETA {}", integrator.time(), duration_text(eta)));
  const bool first = integrator.steps() == 0;
  if (!first && !last && now - reported_ < input().output.report_interval) return;
  const double busy = stepping_.seconds() - reported_stepping_;
  const double throughput =
      busy > 0.0 ? simulation_.problem().nodes() *
                       static_cast<double>(integrator.evaluations() - reported_evaluations_) /
                       (busy * ranks_)
                 : 0.0;
  const double number = column(first_, "number");
  log_.line(fmt::format(
      "step {:>7}  t {:>9.4f}  dt {:.4f}  {:.2e} nodes/s/core  dH/|U_osc(0)| {:+.2e}  dN/N {:+.1e}  "
      "min eigenvalue {:+.1e}  ETA {}",
      integrator.steps(), integrator.time(), integrator.last_step(), throughput,
      column(record, "budget_residual"),
      number > 0.0 ? column(record, "number") / number - 1.0 : 0.0,
      column(record, "min_eigenvalue"), duration_text(eta)));
  reported_ = now;
  reported_evaluations_ = integrator.evaluations();
  reported_stepping_ = stepping_.seconds();
}

PetscErrorCode Run::summary() {
  PetscFunctionBeginUser;
  const physics::KineticEquation& equation = simulation_.equation();
  const time::Integrator& integrator = simulation_.integrator();
  const double terms = equation.terms_time();
  const double moments = equation.moments_time();
  const double halo = simulation_.decomposition().halo_time();
  struct Phase {
    const char* name;
    double seconds;
  };
  const std::vector<Phase> phases{
      {"terms", terms},
      {"moments", moments},
      {"halo", halo},
      {"time stepping", stepping_.seconds() - integrator.right_hand_side_time()},
      {"diagnostics", diagnostics_.seconds()},
      {"output", output_.seconds()},
      {"all", MPI_Wtime() - start_}};
  std::vector<double> largest, mean;
  for (const Phase& phase : phases) largest.push_back(phase.seconds);
  mean = largest;
  const auto count = static_cast<int>(phases.size());
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, largest.data(), count, MPI_DOUBLE, MPI_MAX, comm_));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, mean.data(), count, MPI_DOUBLE, MPI_SUM, comm_));
  log_.line("");
  log_.line("seconds              max      mean over ranks");
  for (std::size_t p = 0; p < phases.size(); ++p)
    log_.line(
        fmt::format("  {:<14}{:>9.2f} {:>9.2f}", phases[p].name, largest[p], mean[p] / ranks_));

  Index rejected = 0;
  PetscCall(integrator.rejected_steps(&rejected));
  log_.line(fmt::format("{} steps, {} right-hand sides, {} rejected steps", integrator.steps(),
                        integrator.evaluations(), rejected));
  log_.line("");
  const auto change = [&](const char* name) { return column(last_, name) - column(first_, name); };
  std::string others;
  for (const auto& [name, label] : {std::pair{"u_matter", "U_matter"}, {"u_vacuum", "U_vacuum"}})
    if (simulation_.ledger().has(name)) others += fmt::format("   {} {:+.6f}", label, change(name));
  log_.line(fmt::format("budget     K {:+.6f}   U_osc {:+.6f}   U_non {:+.6f}{}   sum {:+.2e} mu",
                        change("kinetic_energy_relative"), change("u_osc"), change("u_non"), others,
                        change("total_energy_relative")));
  if (simulation_.ledger().follows_steps())
    log_.line(fmt::format("           through the ends {:+.6f} mu, and {:+.6f} neutrinos",
                          column(last_, "total_energy_relative_boundary"),
                          column(last_, "number_boundary")));
  const double number = column(first_, "number");
  if (provenance_.scale && number > 0.0) {
    const double each = change("kinetic_energy_relative") / number;
    log_.line(fmt::format("           K {:+.3g} mu = {:+.3g} meV for each neutrino", each,
                          each * provenance_.scale->mu));
  }
  if (dissipates())
    log_.line(fmt::format(
        "           dissipation {:+.2e} mu, by its rates in the history; purity {:+.2e}",
        dissipated_, column(last_, "purity") / column(first_, "purity") - 1.0));
  log_.line("           " + closure());
  log_.line(fmt::format("results    {}", directory_));
  if (!stopped_.empty())
    log_.line(fmt::format(
        "stopped    {}, at step {}, t = {:g}, on a checkpoint; run it again to go on "
        "(exit code {})",
        stopped_, integrator.steps(), integrator.time(), static_cast<int>(exit_resubmit)));
  PetscFunctionReturn(0);
}

/// Whether the budget closes, dissipation included, or why it need not.
std::string Run::closure() const {
  const double residual =
      column(last_, "budget_residual") - dissipated_ / simulation_.ledger().energy_scale();
  // What the residual is relative to.
  const std::string scale = column(first_, "u_osc") != 0.0 ? "of |U_osc(0)|" : "mu";
  if (!equation().terms.empty())
    return fmt::format("not the whole equation: the sum changes by {:+.4f} {}", residual, scale);
  if (equation().mode == physics::Mode::standard)
    return fmt::format("standard equation: {:+.4f} {} is missing; full mode finds it in K",
                       residual, scale);
  return fmt::format("closed to {:.2e} {}", std::abs(residual), scale);
}

}  // namespace

PetscErrorCode run(const RunOptions& options, MPI_Comm comm, ExitCode* code) {
  PetscFunctionBeginUser;
  const config::Configuration configuration(io::read_text(options.input, comm), options.input,
                                            options.overrides);
  Run run(options, configuration, comm);
  PetscCall(run.execute());
  *code = run.exit_code();
  PetscFunctionReturn(0);
}

}  // namespace nuvlasov
