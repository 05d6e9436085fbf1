/// \file
/// The time that the phases of a simulation take on so many ranks.
#pragma once

#include <petscsys.h>

#include <array>
#include <cstddef>
#include <string>

#include "nuvlasov/config/reader.hpp"
#include "nuvlasov/phase_space/communication.hpp"

namespace nuvlasov::scaling {

enum class Kind {
  strong,  ///< the same problem on all numbers of ranks
  weak,    ///< a z axis as many times as long as there are ranks
};

struct Case {
  Kind kind = Kind::strong;
  int ranks = 1;

  /// "strong 4".
  std::string name() const;
};

/// What is timed; the first four add up to the fifth, on each rank, but for reading the clock.
enum Phase : std::size_t {
  terms,
  moments,
  halo,
  time_stepping,
  step,
  diagnostics,
  output,
  whole,
  phases
};

struct PhaseText {
  const char* name;
  const char* meaning;
};

inline constexpr std::array<PhaseText, phases> phase_texts{{
    {"terms", "terms of the equation, in a step"},
    {"moments", "moments and refraction, in a step"},
    {"halo", "filling ghosts, in a step"},
    {"time_stepping", "the rest of a step"},
    {"step", "a step"},
    {"diagnostics", "a history row"},
    {"output", "a checkpoint, written and verified"},
    {"whole", "all steps of the measurement, a history row and a checkpoint"},
}};

using Seconds = std::array<double, phases>;

struct Settings {
  int steps = 10;
  int warm_up = 2;  ///< steps before
  std::size_t triad_elements = 16'000'000;
  std::string beside;  ///< path beside which checkpoints are written
};

struct Measurement {
  phase_space::ProcessGrid grid;
  phase_space::Share share;  ///< of the rank with most nodes
  int ghosts = 0;
  double nodes = 0.0;             ///< of the whole phase space
  double right_hand_sides = 0.0;  ///< in a step
  double reductions = 0.0;        ///< small ones over all ranks in a step
  Seconds largest{}, mean{};      ///< over the ranks
  double triad = 0.0;             ///< bytes per second and rank, all ranks at once
};

/// Builds the simulation, takes steps, a history row and a checkpoint, which it removes again.
/// Collective over `comm`.
/// \throws InputError, IoError, NumericalError
PetscErrorCode measure(const config::Configuration& configuration, MPI_Comm comm,
                       const Settings& settings, Measurement* result);

}  // namespace nuvlasov::scaling
