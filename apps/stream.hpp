/// \file
/// How fast the memory and the network of this machine are, to hold measured times against.
#pragma once

#include <mpi.h>

#include <cstddef>
#include <functional>

namespace nuvlasov {

/// Seconds that this process has computed: while others have its core, they stand still.
double processor_seconds();

/// How long and how often to measure, in seconds of which clock.
struct Batches {
  double seconds = 0.15;  ///< of one batch, about
  int count = 7;
  double (*clock)() = MPI_Wtime;
};

/// Seconds of one call of `work`, on the slowest rank: the median of the batches. Collective.
double seconds_per_call(const std::function<void()>& work, MPI_Comm comm,
                        const Batches& batches = {});

/// Bytes that an element of the triad moves: two reads, one write with write-allocate.
inline constexpr double triad_bytes_per_element = 4.0 * sizeof(double);

/// STREAM's triad a = b + s c (McCalpin 1995) by all ranks of `comm` at once: bytes per second of
/// each. Takes three arrays for the time of the call. Collective.
/// \param elements  of each array; far beyond the caches by default
double triad_bytes_per_second(MPI_Comm comm, std::size_t elements = 16'000'000,
                              const Batches& batches = {});

/// Time of a message and bytes per second of long ones, one way.
struct PingPong {
  double latency, bandwidth;
};

/// Between the first and the last rank of `comm`, which needs two at least; the others wait.
/// Collective; the same on all ranks.
PingPong ping_pong(MPI_Comm comm);

}  // namespace nuvlasov
