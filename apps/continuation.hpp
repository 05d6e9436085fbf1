/// \file
/// What a run saves to go on from, and going on from it.
#pragma once

#include <string>
#include <vector>

#include "nuvlasov/io/checkpoint.hpp"
#include "simulation.hpp"

namespace nuvlasov {

/// What a run has written so far, and what only it remembers.
struct Progress {
  std::vector<diagnostics::Record> rows;  ///< of the history
  std::vector<double> snapshot_times;
  Index profile_records = 0;
  double dissipated = 0.0;  ///< energy that dissipation gave
};

/// A run that is to go on.
struct Continuation {
  std::string path;  ///< of the checkpoint
  double time = 0.0;
  Index step = 0;
  SimulationMemory simulation;
  Progress progress;
  std::string petsc_options;                ///< in effect when it was written
  std::vector<config::Difference> changes;  ///< of the configuration since
};

/// Writes a checkpoint. Collective. \throws IoError, NumericalError
PetscErrorCode save(io::CheckpointWriter& writer, const Simulation& simulation,
                    const Progress& progress);

/// Reads what a verified checkpoint holds besides fields. Collective.
/// \throws InputError for a parameter that a run cannot change when it goes on, by name
/// \throws IoError when it is not from this version of the program
Continuation read_continuation(const std::string& path, const config::Configuration& configuration,
                               MPI_Comm comm);

/// Fills a simulation that was created from the continuation's memory. Collective. \throws IoError
PetscErrorCode load(const Continuation& from, const io::FieldContext& context,
                    Simulation& simulation);

/// Whether a run that goes on may change a parameter: how long it runs, how it steps, what it
/// writes and on which ranks, but not what it solves.
bool may_change(const std::string& key);

}  // namespace nuvlasov
