/// \file
/// What the machine offers a run: memory of a compute node, and room on a disk.
#pragma once

#include <limits>
#include <string>

namespace nuvlasov {

/// How much there is of something, and who says so.
struct Room {
  double bytes = std::numeric_limits<double>::infinity();
  std::string source;
};

/// The memory that a job can have on this compute node: the least of what the system has available
/// (MemAvailable), the limits of the control groups of this process, version 1 or 2, and what Slurm
/// gives the job (SLURM_MEM_PER_NODE, SLURM_MEM_PER_CPU).
/// \param root  in front of /proc and /sys, for tests
Room available_memory(const std::string& root = "");

/// The memory of a compute node that is like this machine: all it has, or what Slurm gives the job.
Room installed_memory(const std::string& root = "");

/// Processors that this process may use.
int processors();

/// Memory that this process takes now.
double resident_bytes();

/// This process, for people: its number, computer and batch job.
std::string process_text();

/// What a user can still write into `directory`, or into the nearest folder above that exists.
/// Quotas are not seen.
Room disk_room(const std::string& directory);

}  // namespace nuvlasov
