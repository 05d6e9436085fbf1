/// \file
/// Sums that do not depend on how the terms are dealt out over ranks.
#pragma once

#include <mpi.h>

namespace nuvlasov::diagnostics {

/// A sum of doubles carried in two doubles (about 106 bits): Knuth's two-sum at each addition.
/// Regrouping the terms changes the result by about 1e-32 of their size, far below the rounding of
/// value(), so that sums over z agree bit for bit on any number of ranks.
class CompensatedSum {
 public:
  void add(double term) {
    const double sum = high_ + term;
    const double shadow = sum - high_;
    low_ += (high_ - (sum - shadow)) + (term - shadow);
    high_ = sum;
  }
  void add(const CompensatedSum& other) {
    add(other.high_);
    add(other.low_);
  }
  double value() const { return high_ + low_; }

 private:
  double high_ = 0.0;
  double low_ = 0.0;
};

/// Adds up `sums` element by element over the ranks of `comm`; all ranks get the same bits.
/// Collective.
void sum_over_ranks(CompensatedSum* sums, int count, MPI_Comm comm);

}  // namespace nuvlasov::diagnostics
