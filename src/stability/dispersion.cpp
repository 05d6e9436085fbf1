#include "nuvlasov/stability/dispersion.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace nuvlasov::stability {
namespace {

using Complex = std::complex<double>;

/// The edge of a band between a wave number that grows and one that does not.
double edge(const LinearStability& stability, double growing, double stable) {
  constexpr int halvings = 30;
  for (int n = 0; n < halvings; ++n) {
    const double middle = 0.5 * (growing + stable);
    (stability.fastest(middle) ? growing : stable) = middle;
  }
  return growing;
}

/// The wave number of the largest growth rate in an interval where it has one maximum, by golden
/// section.
double maximum(const LinearStability& stability, Interval interval) {
  constexpr int sections = 40;
  constexpr double golden = std::numbers::phi - 1.0;
  const auto growth = [&](double k) { return stability.frequencies(k).front().imag(); };
  double left = interval.upper - golden * (interval.upper - interval.lower);
  double right = interval.lower + golden * (interval.upper - interval.lower);
  double growth_left = growth(left);
  double growth_right = growth(right);
  for (int n = 0; n < sections; ++n) {
    if (growth_left > growth_right) {
      interval.upper = right;
      right = left;
      growth_right = growth_left;
      left = interval.upper - golden * (interval.upper - interval.lower);
      growth_left = growth(left);
    } else {
      interval.lower = left;
      left = right;
      growth_left = growth_right;
      right = interval.lower + golden * (interval.upper - interval.lower);
      growth_right = growth(right);
    }
  }
  return growth_left > growth_right ? left : right;
}

}  // namespace

Interval interval_of_growth(const LinearStability& stability) {
  constexpr int searches = 64;     // wave numbers in 2 coupling()
  constexpr int most_blocks = 64;  // of 2 coupling() on each side
  constexpr double margin = 0.15;  // on each side, as a fraction of what grows
  const double block = 2.0 * stability.coupling();
  if (block == 0.0) return {-1.0, 1.0};
  const double spacing = block / searches;
  double lowest = all_wave_numbers.upper;
  double highest = all_wave_numbers.lower;
  for (const double side : {-1.0, 1.0}) {
    double outermost = 0.0;
    // The next block is worth a look when something grows in the outer quarter of this one.
    for (int b = 0; b < most_blocks && (b == 0 || outermost > (b - 0.25) * block); ++b)
      for (int s = 0; s < searches; ++s) {
        const double distance = b * block + (s + 0.5) * spacing;
        if (!stability.fastest(side * distance)) continue;
        outermost = distance;
        lowest = std::min(lowest, side * distance);
        highest = std::max(highest, side * distance);
      }
  }
  if (lowest > highest) return {-block, block};
  const double width = margin * (highest - lowest) + spacing;
  return {lowest - width, highest + width};
}

std::vector<Sample> sample(const LinearStability& stability, const Interval& interval,
                           Index points) {
  std::vector<Sample> samples;
  for (Index p = 0; p < points; ++p) {
    const double fraction = static_cast<double>(p) / static_cast<double>(points - 1);
    const double k = (1.0 - fraction) * interval.lower + fraction * interval.upper;
    samples.push_back({k, stability.frequencies(k)});
  }
  return samples;
}

std::vector<Band> unstable_bands(const LinearStability& stability,
                                 const std::vector<Sample>& samples) {
  const auto grows = [&](std::size_t p) {
    return stability.grows(samples[p].wave_number, samples[p].omega.front());
  };
  std::vector<Band> bands;
  for (std::size_t first = 0; first < samples.size(); ++first) {
    if (!grows(first)) continue;
    std::size_t last = first;
    std::size_t best = first;
    for (std::size_t p = first; p < samples.size() && grows(p); ++p) {
      last = p;
      if (samples[p].omega.front().imag() > samples[best].omega.front().imag()) best = p;
    }
    const auto k = [&](std::size_t p) { return samples[p].wave_number; };
    const Interval range{
        first == 0 ? k(first) : edge(stability, k(first), k(first - 1)),
        last + 1 == samples.size() ? k(last) : edge(stability, k(last), k(last + 1))};
    const double fastest = maximum(stability, {best == first ? range.lower : k(best - 1),
                                               best == last ? range.upper : k(best + 1)});
    bands.push_back({range, fastest, stability.frequencies(fastest).front()});
    first = last;
  }
  return bands;
}

double box_wave_number(Index number, double box_length) {
  return 2.0 * std::numbers::pi * static_cast<double>(number) / box_length;
}

std::vector<BoxMode> growing_box_modes(const LinearStability& stability, const Interval& interval,
                                       double box_length, Index largest) {
  const double unit = box_wave_number(1, box_length);
  const auto limit = static_cast<double>(largest);
  const auto first =
      static_cast<Index>(std::clamp(std::ceil(interval.lower / unit), -limit, limit + 1.0));
  const auto last =
      static_cast<Index>(std::clamp(std::floor(interval.upper / unit), -limit - 1.0, limit));
  std::vector<BoxMode> modes;
  for (Index n = first; n <= last; ++n) {
    const double k = box_wave_number(n, box_length);
    if (const auto omega = stability.fastest(k)) modes.push_back({n, k, *omega});
  }
  return modes;
}

}  // namespace nuvlasov::stability
