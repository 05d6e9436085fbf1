/// \file
/// Integrals over time of what is known at the rows of the history.
#pragma once

#include <array>

namespace nuvlasov::diagnostics {

/// The integral since the first of a sequence of times, of a quantity known at each: the last
/// interval by the cubic through the last four points, and everything by one polynomial while there
/// are no more than four. Of fourth order in the spacing of the times, which need not be even.
/// A few numbers to copy, and all that has to be saved to go on.
class TimeIntegral {
 public:
  /// A time that is not after the last one is ignored.
  void add(double time, double value);
  double value() const { return integral_; }

 private:
  static constexpr int most_points = 4;
  double interpolated(double time) const;
  double between(double from, double to) const;
  void drop(int point);

  std::array<double, most_points> times_{}, values_{};  ///< the oldest first
  int points_ = 0;
  bool starting_ = true;  ///< the points reach back to the first time
  double integral_ = 0.0;
};

}  // namespace nuvlasov::diagnostics
