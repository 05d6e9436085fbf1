#include "machine.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>

namespace nuvlasov {
namespace {

namespace fs = std::filesystem;

constexpr double kibi = 1024.0, mebi = kibi * kibi;

void take_least(Room& least, std::optional<double> bytes, const std::string& source) {
  if (bytes && *bytes < least.bytes) least = {*bytes, source};
}

/// The first number of a file; none for another content, such as "max".
std::optional<double> number_in(const fs::path& path) {
  std::ifstream in(path);
  double number = 0.0;
  if (in >> number) return number;
  return std::nullopt;
}

std::optional<double> meminfo(const std::string& root, const std::string& name) {
  std::ifstream in(root + "/proc/meminfo");
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string key;
    double kibibytes = 0.0;
    if (words >> key >> kibibytes && key == name + ":") return kibibytes * kibi;
  }
  return std::nullopt;
}

/// A positive number of the environment. Slurm writes 0 for all the memory of a node.
std::optional<double> environment(const char* name) {
  // Before there is any other thread. NOLINTNEXTLINE(concurrency-mt-unsafe)
  const char* text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  if (end == text || *end != '\0' || !(value > 0.0)) return std::nullopt;
  return value;
}

void take_slurm(Room& least) {
  if (const auto mebibytes = environment("SLURM_MEM_PER_NODE"))
    take_least(least, *mebibytes * mebi, "SLURM_MEM_PER_NODE");
  const auto per_cpu = environment("SLURM_MEM_PER_CPU");
  const auto cpus = environment("SLURM_CPUS_ON_NODE");
  if (per_cpu && cpus)
    take_least(least, *per_cpu * *cpus * mebi, "SLURM_MEM_PER_CPU x SLURM_CPUS_ON_NODE");
}

/// The limits of a control group and of all above it.
void take_limits(Room& least, const fs::path& mount, fs::path group, const char* file) {
  for (group = group.relative_path();; group = group.parent_path()) {
    take_least(least, number_in(mount / group / file), "the limit of the control group");
    if (group.empty()) return;
  }
}

/// Lines "number:controllers:path"; those of version 2 name no controllers.
void take_control_groups(Room& least, const std::string& root) {
  std::ifstream in(root + "/proc/self/cgroup");
  const fs::path mount = root + "/sys/fs/cgroup";
  for (std::string line; std::getline(in, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = fmt::format(",{},", line.substr(first + 1, second - first - 1));
    const std::string group = line.substr(second + 1);
    if (controllers == ",,") take_limits(least, mount, group, "memory.max");
    if (controllers.find(",memory,") != std::string::npos)
      take_limits(least, mount / "memory", group, "memory.limit_in_bytes");
  }
}

}  // namespace

Room available_memory(const std::string& root) {
  Room least;
  take_least(least, meminfo(root, "MemAvailable"), "MemAvailable in /proc/meminfo");
  take_control_groups(least, root);
  take_slurm(least);
  return least;
}

Room installed_memory(const std::string& root) {
  Room least;
  take_least(least, meminfo(root, "MemTotal"), "as this machine has");
  take_slurm(least);
  return least;
}

int processors() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0 && CPU_COUNT(&allowed) > 0)
    return CPU_COUNT(&allowed);
  return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

double resident_bytes() {
  std::ifstream statistics("/proc/self/statm");
  double pages = 0.0, resident = 0.0;
  statistics >> pages >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

std::string process_text() {
  std::array<char, HOST_NAME_MAX + 1> computer{};
  gethostname(computer.data(), computer.size() - 1);
  std::string text = fmt::format("process {} on {}", getpid(), computer.data());
  for (const char* name : {"SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID"})
    // Before there is any other thread. NOLINTNEXTLINE(concurrency-mt-unsafe)
    if (const char* job = std::getenv(name)) text += fmt::format(", job {}", job);
  return text;
}

Room disk_room(const std::string& directory) {
  fs::path there = fs::absolute(directory);
  while (!fs::exists(there)) there = there.parent_path();
  struct statvfs status {};
  if (::statvfs(there.c_str(), &status) != 0) return {};
  return {static_cast<double>(status.f_bavail) * static_cast<double>(status.f_frsize),
          there.string()};
}

}  // namespace nuvlasov
