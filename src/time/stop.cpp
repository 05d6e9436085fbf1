#include "nuvlasov/time/stop.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <sstream>

namespace nuvlasov::time {
namespace {

constexpr std::array watched_signals{SIGTERM, SIGUSR1, SIGINT};

// Signal numbers stand for themselves; these are above all of them.
constexpr int stop_file_there = 1000;
constexpr int out_of_time = 1001;

constexpr double seconds_between_looks = 1.0;

volatile std::sig_atomic_t received = 0;

void remember_signal(int signal) { received = signal; }

std::string name_of(int signal) {
  switch (signal) {
    case SIGTERM:
      return "SIGTERM";
    case SIGUSR1:
      return "SIGUSR1";
    case SIGINT:
      return "SIGINT";
    default:
      return fmt::format("signal {}", signal);
  }
}

/// First line that a command prints; empty when it fails.
std::string output_of(const std::string& command) {
  std::array<char, 128> line{};
  FILE* pipe = popen((command + " 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) return "";
  const bool any = std::fgets(line.data(), line.size(), pipe) != nullptr;
  pclose(pipe);
  std::string text = any ? line.data() : "";
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

// Before there is any other thread. NOLINTNEXTLINE(concurrency-mt-unsafe)
const char* environment(const char* name) { return std::getenv(name); }

std::optional<double> number(const char* text) {
  if (text == nullptr) return std::nullopt;
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  if (end == text || *end != '\0') return std::nullopt;
  return value;
}

}  // namespace

void remember_warning() { std::signal(SIGUSR1, remember_signal); }

StopWatcher::StopWatcher(MPI_Comm comm, std::string stop_file, std::optional<double> deadline)
    : comm_(comm), stop_file_(std::move(stop_file)), deadline_(deadline) {
  int rank = 0;
  MPI_Comm_rank(comm, &rank);
  first_rank_ = rank == 0;
  for (const int signal : watched_signals)
    former_.emplace_back(signal, std::signal(signal, remember_signal));
}

StopWatcher::~StopWatcher() {
  for (const auto& [signal, handler] : former_) std::signal(signal, handler);
  received = 0;
}

std::optional<double> StopWatcher::time_left() const {
  if (!deadline_) return std::nullopt;
  return *deadline_ - MPI_Wtime();
}

int StopWatcher::local_reason(double reserve) {
  if (received != 0) return received;
  if (!first_rank_) return 0;
  const double now = MPI_Wtime();
  if (!found_ && (!looked_ || now - *looked_ > seconds_between_looks)) {
    std::error_code ignored;
    found_ = std::filesystem::exists(stop_file_, ignored);
    looked_ = now;
  }
  if (found_) return stop_file_there;
  return deadline_ && now + reserve > *deadline_ ? out_of_time : 0;
}

std::string StopWatcher::reason(double reserve) {
  int reason = local_reason(reserve);
  MPI_Allreduce(MPI_IN_PLACE, &reason, 1, MPI_INT, MPI_MAX, comm_);
  if (reason == 0) return "";
  if (reason == stop_file_there) return "the file " + stop_file_ + " is there";
  if (reason == out_of_time) return "the wall-clock limit is near";
  return name_of(reason) + " received";
}

std::optional<double> batch_seconds_left() {
  if (const auto end = number(environment("SLURM_JOB_END_TIME"))) {
    const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
    return *end - now.count();
  }
  if (const char* job = environment("SLURM_JOB_ID"); number(job))
    return slurm_seconds(output_of(fmt::format("squeue -h -j {} -o %L", job)));
  return number(environment("PBS_WALLTIME"));
}

std::optional<double> slurm_seconds(const std::string& text) {
  double days = 0.0;
  std::string clock = text;
  if (const auto dash = text.find('-'); dash != std::string::npos) {
    const auto parsed = number(text.substr(0, dash).c_str());
    if (!parsed) return std::nullopt;
    days = *parsed;
    clock = text.substr(dash + 1);
  }
  double seconds = 0.0;
  std::istringstream parts(clock);
  std::string part;
  int count = 0;
  while (std::getline(parts, part, ':')) {
    const auto parsed = number(part.c_str());
    if (!parsed || *parsed < 0.0) return std::nullopt;
    seconds = 60.0 * seconds + *parsed;
    ++count;
  }
  constexpr double day = 86400.0;
  if (count == 0 || count > 3 || clock.back() == ':') return std::nullopt;
  return days * day + seconds;
}

}  // namespace nuvlasov::time
