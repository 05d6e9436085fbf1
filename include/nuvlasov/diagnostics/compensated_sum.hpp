/// \file
/// Sums that do not depend on how the terms are dealt out over ranks.
#pragma once

#include <mpi.h>

#include <cstdint>

namespace nuvlasov::diagnostics {

/// A sum of doubles carried in three doubles (about 159 bits): Knuth's two-sum at each addition.
/// Regrouping the terms changes the result by about 1e-48 of their size, far below the rounding of
/// value() even where they cancel to rounding, so that sums over z agree bit for bit on any number
/// of ranks.
class CompensatedSum {
 public:
  /// \param term  rounded: compile with -ffp-contract=off where it is a product
  void add(double term) {
    term = take(high_, term);
    term = take(middle_, term);
    low_ += term;
  }
  void add(const CompensatedSum& other) {
    add(other.high_);
    add(other.middle_);
    add(other.low_);
  }
  double value() const {
    // Without overlap, so that the same sum in other parts rounds alike.
    double high = high_;
    double middle = take(high, middle_);
    const double low = take(middle, low_);
    middle = take(high, middle);
    return high + (middle + low);
  }

 private:
  /// sum <- sum + term; returns the rounding error of that.
  static double take(double& sum, double term) {
    const double result = sum + term;
    const double shadow = result - sum;
    const double error = (sum - (result - shadow)) + (term - shadow);
    sum = result;
    return error;
  }

  double high_ = 0.0, middle_ = 0.0, low_ = 0.0;
};

/// Adds up all `total` of the `sums` element by element over the ranks of `comm`; all ranks get the
/// same bits. Collective.
void sum_over_ranks(CompensatedSum* sums, std::int64_t total, MPI_Comm comm);

}  // namespace nuvlasov::diagnostics
