#include "nuvlasov/diagnostics/time_integral.hpp"

#include <algorithm>
#include <cmath>

namespace nuvlasov::diagnostics {

void TimeIntegral::add(double time, double value) {
  if (points_ > 0) {
    const double interval = time - times_[points_ - 1];
    if (!(interval > 0.0)) return;
    // A cubic through points much closer to each other than the interval is long would amplify
    // their rounding.
    constexpr double closest = 1e-2;
    for (int n = points_ - 2; n >= 0; --n)
      if (times_[n + 1] - times_[n] < closest * interval) drop(n);
    if (points_ == most_points) drop(0);
  }
  times_[points_] = time;
  values_[points_] = value;
  ++points_;
  if (starting_)
    integral_ = between(times_[0], time);
  else
    integral_ += between(times_[points_ - 2], time);
}

void TimeIntegral::drop(int point) {
  std::shift_left(times_.begin() + point, times_.begin() + points_, 1);
  std::shift_left(values_.begin() + point, values_.begin() + points_, 1);
  --points_;
  starting_ = false;
}

double TimeIntegral::interpolated(double time) const {
  double sum = 0.0;
  for (int n = 0; n < points_; ++n) {
    double term = values_[n];
    for (int m = 0; m < points_; ++m)
      if (m != n) term *= (time - times_[m]) / (times_[n] - times_[m]);
    sum += term;
  }
  return sum;
}

double TimeIntegral::between(double from, double to) const {
  // Gauss-Legendre with two nodes: exact for cubics.
  const double middle = 0.5 * (from + to), half = 0.5 * (to - from), node = half / std::sqrt(3.0);
  return half * (interpolated(middle - node) + interpolated(middle + node));
}

}  // namespace nuvlasov::diagnostics
