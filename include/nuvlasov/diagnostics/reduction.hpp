/// \file
/// Sums and minima that all ranks take together, named where they are used.
#pragma once

#include <limits>
#include <vector>

#include "nuvlasov/diagnostics/compensated_sum.hpp"
#include "nuvlasov/flavor/density_matrix.hpp"

namespace nuvlasov::diagnostics {

/// The sums and minima of one measurement, side by side, so that one message each goes over the
/// ranks. Handles such as Sum refer to it, so that it must not move.
class Reduction {
 public:
  Reduction() = default;
  Reduction(const Reduction&) = delete;
  Reduction& operator=(const Reduction&) = delete;
  ~Reduction() = default;

  void clear() {
    sums_.assign(sums_.size(), CompensatedSum());
    minima_.assign(minima_.size(), std::numeric_limits<double>::infinity());
  }
  /// Collective.
  void over_ranks(MPI_Comm comm);
  /// Of all that over_ranks() adds up and compares.
  double bytes() const {
    return static_cast<double>(sums_.size() * sizeof(CompensatedSum) +
                               minima_.size() * sizeof(double));
  }

 private:
  friend class Sum;
  friend class MatrixSum;
  friend class Minimum;
  std::vector<CompensatedSum> sums_;
  std::vector<double> minima_;
};

/// One compensated sum.
class Sum {
 public:
  explicit Sum(Reduction& all) : all_(&all), at_(all.sums_.size()) { all.sums_.emplace_back(); }
  void add(double term) { all_->sums_[at_].add(term); }
  double value() const { return all_->sums_[at_].value(); }

 private:
  Reduction* all_;
  std::size_t at_;
};

/// A compensated sum of matrices, component by component.
class MatrixSum {
 public:
  MatrixSum(Reduction& all, int components) : all_(&all), at_(all.sums_.size()) {
    all.sums_.resize(at_ + static_cast<std::size_t>(components));
  }
  template <class Matrix>
  void add(Matrix term) {
    for (int c = 0; c < flavor::numbers_of<Matrix>; ++c)
      all_->sums_[at_ + static_cast<std::size_t>(c)].add(term[c]);
  }
  template <int flavors>
  flavor::Matrix<flavors> value() const {
    flavor::Matrix<flavors> sum{};
    for (int c = 0; c < flavor::components(flavors); ++c)
      sum[c] = all_->sums_[at_ + static_cast<std::size_t>(c)].value();
    return sum;
  }
  double trace() const { return all_->sums_[at_].value(); }

 private:
  Reduction* all_;
  std::size_t at_;
};

/// The smallest of the numbers given to it.
class Minimum {
 public:
  explicit Minimum(Reduction& all) : all_(&all), at_(all.minima_.size()) {
    all.minima_.push_back(std::numeric_limits<double>::infinity());
  }
  void add(double number) { all_->minima_[at_] = std::min(all_->minima_[at_], number); }
  double value() const { return all_->minima_[at_]; }

 private:
  Reduction* all_;
  std::size_t at_;
};

}  // namespace nuvlasov::diagnostics
