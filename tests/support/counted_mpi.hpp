/// \file
/// Counts what a test gives to MPI. The functions of MPI that send, receive and sum are defined
/// once more in counted_mpi.cpp, where they count before they call MPI's own by its profiling
/// interface; calls from shared libraries come there too.
#pragma once

#include <mpi.h>

#include <map>

#include "nuvlasov/phase_space/communication.hpp"

namespace nuvlasov::testing_support {

struct Counted {
  phase_space::Traffic sent, received;
  std::map<MPI_Comm, phase_space::Traffic> summed;  ///< by MPI_Allreduce and MPI_Reduce
};

/// By this rank since the start, or since it was last set.
Counted& counted();

}  // namespace nuvlasov::testing_support
