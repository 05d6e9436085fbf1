/// \file
/// What a run needs of memory and disk, worked out before it takes any.
#pragma once

#include "machine.hpp"
#include "nuvlasov/io/fields.hpp"
#include "nuvlasov/phase_space/shares.hpp"
#include "simulation.hpp"

namespace nuvlasov {

/// Bytes on the rank that has most nodes.
struct MemoryNeed {
  double vectors = 0.0;  ///< of the time method, ghosts included
  double indices = 0.0;  ///< of PETSc, for the nodes
  double work = 0.0;     ///< planes of the sweep, fields on their way to the disk, seeds, history
  double program = 0.0;  ///< the program and its libraries
  double total() const { return vectors + indices + work + program; }
};
MemoryNeed memory_need(const config::Input& input, const Problem& problem,
                       const phase_space::ProcessGrid& grid);

/// Bytes on the disk.
struct DiskNeed {
  double history = 0.0, profiles = 0.0;
  double snapshot = 0.0, snapshots = 0.0;      ///< one, and how many
  double checkpoint = 0.0, checkpoints = 0.0;  ///< one, and the most there are at a time
  double total() const {
    return history + profiles + snapshot * snapshots + checkpoint * checkpoints;
  }
};
/// \param columns  of the history
DiskNeed disk_need(const config::Input& input, const Problem& problem, std::size_t columns);

/// Rows, records or snapshots that come every `interval` from 0 to `end`; none for an interval
/// of 0.
double times_due(double interval, double end);

/// The fields that output.snapshot_fields names.
io::Snapshots::Fields snapshot_fields(const config::Input& input);

/// Ranks on compute nodes.
struct Placement {
  int ranks = 1;
  int ranks_per_node = 1;  ///< on the one that has most
  int nodes() const { return (ranks - 1) / ranks_per_node + 1; }
};

/// How the ranks of `comm` are placed. Collective.
Placement placement(MPI_Comm comm);

/// Why the ranks do not fit a compute node, and what to do; empty when they do.
std::string memory_shortage(const Problem& problem, const MemoryNeed& need,
                            const Placement& placement, const Room& node);

/// \throws InputError with memory_shortage() of the compute node of `comm` where there is most.
/// Collective.
void require_memory(const config::Input& input, const Problem& problem,
                    const phase_space::ProcessGrid& grid, MPI_Comm comm);

/// Why the output does not fit the disk, and what to do; empty when it does.
/// \param there  bytes of the run that is in the directory already
std::string disk_shortage(const DiskNeed& need, const Room& disk, double there);

}  // namespace nuvlasov
