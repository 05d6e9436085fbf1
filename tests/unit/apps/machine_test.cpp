// What a compute node has, as Linux and Slurm say it.
#include "machine.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

namespace nuvlasov {
namespace {

namespace fs = std::filesystem;
using Texts = std::map<std::string, std::string>;

constexpr double mebi = 1024.0 * 1024.0;

/// A tree of files in place of /, and an environment.
class Machine {
 public:
  Machine(const Texts& files, const Texts& environment) : environment_(environment) {
    for (const auto& [name, text] : files) {
      const fs::path path = root() + name;
      fs::create_directories(path.parent_path());
      std::ofstream(path) << text;
    }
    for (const auto& [name, text] : environment_) ::setenv(name.c_str(), text.c_str(), 1);
  }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  ~Machine() {
    for (const auto& [name, text] : environment_) ::unsetenv(name.c_str());
    fs::remove_all(root());
  }
  std::string root() const { return (fs::temp_directory_path() / "nuvlasov_machine").string(); }

 private:
  Texts environment_;
};

const Texts meminfo{{"/proc/meminfo",
                     "MemTotal:       65536 kB\nMemFree:         1024 kB\n"
                     "MemAvailable:   32768 kB\n"}};

Texts with(Texts more) {
  more.merge(Texts(meminfo));
  return more;
}

TEST(AvailableMemory, IsTheLeastOfWhatLinuxAndSlurmAllow) {
  struct Case {
    Texts files, environment;
    double mebibytes;
    std::string source;
  };
  const std::string group = "the limit of the control group";
  const std::string v2 = "/sys/fs/cgroup";
  const std::string v1 = "/sys/fs/cgroup/memory";
  const std::vector<Case> cases{
      {meminfo, {}, 32, "MemAvailable in /proc/meminfo"},
      {with({{"/proc/self/cgroup", "0::/job/step\n"}, {v2 + "/job/step/memory.max", "16777216\n"}}),
       {},
       16,
       group},
      {with({{"/proc/self/cgroup", "0::/job/step\n"},
             {v2 + "/job/step/memory.max", "max\n"},
             {v2 + "/job/memory.max", "8388608\n"}}),
       {},
       8,
       group},
      {with({{"/proc/self/cgroup", "0::/\n"}, {v2 + "/memory.max", "max\n"}}),
       {},
       32,
       "MemAvailable in /proc/meminfo"},
      {with({{"/proc/self/cgroup", "5:cpu,cpuacct:/a\n4:memory:/box\n0::/\n"},
             {v1 + "/box/memory.limit_in_bytes", "4194304\n"}}),
       {},
       4,
       group},
      // In a container the group's own folder may not be seen.
      {with({{"/proc/self/cgroup", "4:memory:/box\n"},
             {v1 + "/memory.limit_in_bytes", "2097152\n"}}),
       {},
       2,
       group},
      {with({{"/proc/self/cgroup", "4:memory:/box\n"},
             {v1 + "/memory.limit_in_bytes", "9223372036854771712\n"}}),
       {},
       32,
       "MemAvailable in /proc/meminfo"},
      {meminfo, {{"SLURM_MEM_PER_NODE", "5"}}, 5, "SLURM_MEM_PER_NODE"},
      {meminfo, {{"SLURM_MEM_PER_NODE", "0"}}, 32, "MemAvailable in /proc/meminfo"},
      {meminfo,
       {{"SLURM_MEM_PER_CPU", "3"}, {"SLURM_CPUS_ON_NODE", "4"}},
       12,
       "SLURM_MEM_PER_CPU x SLURM_CPUS_ON_NODE"},
      {meminfo, {{"SLURM_MEM_PER_CPU", "3"}}, 32, "MemAvailable in /proc/meminfo"},
  };
  for (const Case& test : cases) {
    const Machine machine(test.files, test.environment);
    const Room room = available_memory(machine.root());
    EXPECT_EQ(room.bytes, test.mebibytes * mebi);
    EXPECT_EQ(room.source, test.source);
  }
}

TEST(InstalledMemory, IsAllThereIsUnlessSlurmGivesLess) {
  const Machine machine(meminfo, {});
  EXPECT_EQ(installed_memory(machine.root()).bytes, 64 * mebi);
  const Machine job(meminfo, {{"SLURM_MEM_PER_NODE", "7"}});
  EXPECT_EQ(installed_memory(job.root()).bytes, 7 * mebi);
}

TEST(ThisMachine, SaysWhatItHas) {
  EXPECT_GT(available_memory().bytes, resident_bytes());
  EXPECT_GE(installed_memory().bytes, available_memory().bytes);
  EXPECT_GE(processors(), 1);
  const double before = resident_bytes();
  const std::vector<double> taken(8 * static_cast<std::size_t>(mebi), 1.0);
  EXPECT_GT(resident_bytes(), before + 0.9 * static_cast<double>(taken.size() * sizeof(double)));
}

TEST(DiskRoom, IsThatOfTheNearestFolderThatExists) {
  const Room room = disk_room((fs::temp_directory_path() / "none/such").string());
  EXPECT_EQ(room.source, fs::temp_directory_path().string());
  EXPECT_GT(room.bytes, 0.0);
}

}  // namespace
}  // namespace nuvlasov
