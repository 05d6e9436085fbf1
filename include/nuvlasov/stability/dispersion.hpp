/// \file
/// The growing modes of a background over wave number: where they are, and which fit into a box.
#pragma once

#include <complex>
#include <limits>
#include <vector>

#include "nuvlasov/stability/linear_stability.hpp"

namespace nuvlasov::stability {

struct Interval {
  double lower = 0.0, upper = 0.0;
};

inline constexpr Interval all_wave_numbers{-std::numeric_limits<double>::infinity(),
                                           std::numeric_limits<double>::infinity()};

/// All Omega of one wave number, the fastest-growing first.
struct Sample {
  double wave_number;
  std::vector<std::complex<double>> omega;
};

/// Growing wave numbers without a gap.
struct Band {
  Interval range;
  double wave_number;          ///< of the largest growth rate
  std::complex<double> omega;  ///< there
};

/// The fastest-growing mode of k = 2 pi n/L in a periodic box of length L.
struct BoxMode {
  Index number = 0;  ///< n
  double wave_number = 0.0;
  std::complex<double> omega;
};

/// Wave numbers that show all growing modes. Modes are looked for at |k| < 2 coupling(), which
/// holds all of two opposite beams, and further out for as long as they grow near an end; what
/// grows is then given a margin. If nothing does: |k| < 2 coupling().
Interval interval_of_growth(const LinearStability& stability);

/// `points` >= 2 evenly spaced wave numbers, the ends of the interval among them.
std::vector<Sample> sample(const LinearStability& stability, const Interval& interval,
                           Index points);

/// The bands that the samples see, from lower to higher wave number, their edges and their largest
/// growth rates refined. A band narrower than the spacing of the samples may be missed.
std::vector<Band> unstable_bands(const LinearStability& stability,
                                 const std::vector<Sample>& samples);

/// The modes of the box with |n| <= largest and k in the interval that grow, from lower to higher
/// n.
std::vector<BoxMode> growing_box_modes(const LinearStability& stability, const Interval& interval,
                                       double box_length, Index largest);

/// k = 2 pi n/L.
double box_wave_number(Index number, double box_length);

}  // namespace nuvlasov::stability
