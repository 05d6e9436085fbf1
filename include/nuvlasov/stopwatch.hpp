/// \file
/// Wall-clock time spent in a phase of the run.
#pragma once

#include <mpi.h>

namespace nuvlasov {

/// Adds up the time between construction and destruction of its Laps.
class Stopwatch {
 public:
  class Lap {
   public:
    explicit Lap(Stopwatch& watch) : watch_(watch), start_(MPI_Wtime()) {}
    ~Lap() { watch_.seconds_ += MPI_Wtime() - start_; }
    Lap(const Lap&) = delete;
    Lap& operator=(const Lap&) = delete;

   private:
    Stopwatch& watch_;
    double start_;
  };

  [[nodiscard]] Lap lap() { return Lap(*this); }
  double seconds() const { return seconds_; }

 private:
  double seconds_ = 0.0;
};

}  // namespace nuvlasov
