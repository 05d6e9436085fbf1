#include "nuvlasov/phase_space/angular_operator.hpp"

#include <array>
#include <cmath>
#include <numbers>

namespace nuvlasov::phase_space {
namespace {

struct Legendre {
  double value, derivative;
};

Legendre legendre(Index degree, double x) {
  double previous = 1.0;
  double value = x;
  for (Index n = 2; n <= degree; ++n) {
    const auto order = static_cast<double>(n);
    const double next = ((2.0 * order - 1.0) * x * value - (order - 1.0) * previous) / order;
    previous = value;
    value = next;
  }
  return {value, static_cast<double>(degree) * (x * value - previous) / (x * x - 1.0)};
}

/// Barycentric weights of the nodes, up to a common factor.
std::vector<double> barycentric_weights(const MomentumGrid& grid) {
  const DirectionRange range = grid.direction_range();
  std::vector<double> weights;
  for (Index k = 0; k < grid.angles(); ++k) {
    const double v = grid.direction(k);
    const double sign = k % 2 == 0 ? 1.0 : -1.0;
    weights.push_back(sign *
                      std::sqrt((v - range.from) * (range.to - v) * grid.direction_weight(k)));
  }
  return weights;
}

std::vector<double> spectral_matrix(const MomentumGrid& grid) {
  const std::vector<double>& v = grid.directions();
  const std::vector<double>& w = grid.weights();
  const std::vector<double> barycentric = barycentric_weights(grid);
  const std::size_t n = v.size();
  std::vector<double> m(n * n, 0.0);
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t l = 0; l < n; ++l) {
      if (l == k) continue;
      m[k * n + l] = barycentric[l] / barycentric[k] / (v[k] - v[l]);
      m[k * n + k] -= m[k * n + l];
    }
    for (std::size_t l = 0; l < n; ++l) m[k * n + l] *= 1.0 - v[k] * v[k];
  }
  std::vector<double> s(n * n);
  for (std::size_t k = 0; k < n; ++k)
    for (std::size_t l = 0; l < n; ++l)
      s[k * n + l] = 0.5 * (m[k * n + l] - m[l * n + k] * w[l] / w[k]);
  const DirectionRange range = grid.direction_range();
  if (range.from != -range.to) return s;
  // Odd in v, now also to the last bit.
  for (std::size_t first = 0; first < (n * n + 1) / 2; ++first) {
    const std::size_t last = n * n - 1 - first;
    s[first] = 0.5 * (s[first] - s[last]);
    s[last] = -s[first];
  }
  return s;
}

/// a_{k+1/2} of S_N, k = -1 .. n - 1: 1 - v^2 on the edges between the directions' cells. Exactly
/// zero at the ends of the full range.
std::vector<double> sn_edges(const MomentumGrid& grid) {
  const DirectionRange range = grid.direction_range();
  std::vector<double> edges{1.0 - range.from * range.from};
  for (Index k = 0; k + 1 < grid.angles(); ++k)
    edges.push_back(edges.back() - 2.0 * grid.direction(k) * grid.direction_weight(k));
  edges.push_back(1.0 - range.to * range.to);
  return edges;
}

std::vector<double> sn_matrix(const MomentumGrid& grid) {
  const std::vector<double>& w = grid.weights();
  const std::vector<double> edges = sn_edges(grid);
  const std::size_t n = w.size();
  std::vector<double> s(n * n, 0.0);
  for (std::size_t k = 0; k + 1 < n; ++k) {
    s[k * n + k + 1] = edges[k + 1] / (2.0 * w[k]);
    s[(k + 1) * n + k] = -edges[k + 1] / (2.0 * w[k + 1]);
  }
  return s;
}

}  // namespace

GaussLegendre gauss_legendre(Index nodes, DirectionRange range) {
  const double half = 0.5 * (range.to - range.from);
  const double middle = 0.5 * (range.to + range.from);
  const auto n = static_cast<std::size_t>(nodes);
  std::vector<double> x(n), w(n);
  for (std::size_t k = 0; k <= (n - 1) / 2; ++k) {
    // Tricomi's first guess, from -1 upwards.
    x[k] = -std::cos(std::numbers::pi * (static_cast<double>(k) + 0.75) /
                     (static_cast<double>(nodes) + 0.5));
    for (int iteration = 0; iteration < 10; ++iteration) {
      const Legendre p = legendre(nodes, x[k]);
      x[k] -= p.value / p.derivative;
    }
    if (2 * k + 1 == n) x[k] = 0.0;
    const double slope = legendre(nodes, x[k]).derivative;
    w[k] = 2.0 / ((1.0 - x[k] * x[k]) * slope * slope);
    // The other half mirrors this one, to the last bit.
    x[n - 1 - k] = -x[k];
    w[n - 1 - k] = w[k];
  }
  GaussLegendre rule;
  for (std::size_t k = 0; k < n; ++k) {
    rule.nodes.push_back(middle + half * x[k]);
    rule.weights.push_back(half * w[k]);
  }
  return rule;
}

std::vector<double> angular_matrix(const MomentumGrid& grid) {
  const MomentumGrid one = grid.without_antineutrinos();
  const std::vector<double> block =
      grid.angular_operator() == AngularOperator::spectral ? spectral_matrix(one) : sn_matrix(one);
  const auto n = static_cast<std::size_t>(one.angles());
  const auto all = static_cast<std::size_t>(grid.angles());
  std::vector<double> matrix(all * all, 0.0);
  for (std::size_t first = 0; first < all; first += n)
    for (std::size_t k = 0; k < n; ++k)
      for (std::size_t l = 0; l < n; ++l) matrix[(first + k) * all + first + l] = block[k * n + l];
  return matrix;
}

namespace {

std::vector<double> curvature_of_species(const MomentumGrid& grid) {
  const std::vector<double>& v = grid.directions();
  const std::size_t n = v.size();
  std::vector<double> kappa;
  if (grid.angular_operator() == AngularOperator::spectral) {
    for (const double direction : v) kappa.push_back(1.0 - direction * direction);
    return kappa;
  }
  const std::vector<double> edges = sn_edges(grid);
  for (std::size_t k = 0; k < n; ++k) {
    // No neighbour: no flux either on the full range; elsewhere what the continuum says.
    const bool first = k == 0, last = k + 1 == n;
    if ((first && edges.front() > 0.0) || (last && edges.back() > 0.0)) {
      kappa.push_back(1.0 - v[k] * v[k]);
      continue;
    }
    const double below = first ? 0.0 : edges[k] * (v[k] - v[k - 1]);
    const double above = last ? 0.0 : edges[k + 1] * (v[k + 1] - v[k]);
    kappa.push_back((below + above) / (2.0 * grid.weights()[k]));
  }
  return kappa;
}

}  // namespace

std::vector<double> angular_curvature(const MomentumGrid& grid) {
  const std::vector<double> once = curvature_of_species(grid.without_antineutrinos());
  std::vector<double> kappa;
  while (kappa.size() < grid.directions().size())
    kappa.insert(kappa.end(), once.begin(), once.end());
  return kappa;
}

std::vector<double> inverse_energies(const MomentumGrid& grid, Range energies) {
  std::vector<double> values;
  for (Index i = energies.begin; i < energies.end(); ++i) values.push_back(1.0 / grid.energy(i));
  return values;
}

AngularCommutator::AngularCommutator(const MomentumGrid& grid, const Lines& lines, Range seen)
    : flavors_(grid.flavors()) {
  const MomentumGrid one = grid.without_antineutrinos();
  const std::vector<double>& v = one.directions();
  const std::vector<double>& w = one.weights();
  if (grid.angular_operator() == AngularOperator::spectral) {
    // On a polynomial f of degree n - 1, D(v f) - v D f = f - c p', with c its leading coefficient
    // and p the polynomial that vanishes on the nodes: c = sum_l f_l/p'(v_l), and the barycentric
    // weights are 1/p'.
    const std::vector<double> barycentric = barycentric_weights(one);
    const auto row = [&](Index first, auto&& value) {
      std::vector<double> values(grid.directions().size(), 0.0);
      for (std::size_t k = 0; k < v.size(); ++k)
        values[static_cast<std::size_t>(first) + k] = value(k);
      return lines.spread(values);
    };
    const auto sphere = [&](std::size_t k) { return 1.0 - v[k] * v[k]; };
    std::vector<double> spheres;
    for (const double direction : grid.directions()) spheres.push_back(1.0 - direction * direction);
    diagonal_ = lines.spread(spheres);
    for (Index first = 0; first < grid.angles(); first += one.angles())
      species_.push_back(
          {.left = row(first, [&](std::size_t k) { return 0.5 * sphere(k) / barycentric[k]; }),
           .right = row(first, [&](std::size_t k) { return barycentric[k]; }),
           .adjoint_left = row(first, [&](std::size_t k) { return 0.5 * barycentric[k] / w[k]; }),
           .adjoint_right =
               row(first, [&](std::size_t k) { return w[k] * sphere(k) / barycentric[k]; })});
    return;
  }
  const std::vector<double> edges = sn_edges(one);
  // a_{k+1/2} (v_{k+1} - v_k)/2 between k and k + 1; nothing between species.
  const auto between = [&](Index k) {
    const auto at = static_cast<std::size_t>(k % one.angles());
    if (at + 1 == v.size()) return 0.0;
    return 0.5 * edges[at + 1] * (v[at + 1] - v[at]);
  };
  neighbours_ = AngularNeighbours(
      lines, seen, grid.angles(),
      [&](Index k) { return between(k - 1) / grid.direction_weight(k); },
      [&](Index k) { return between(k) / grid.direction_weight(k); });
}

void AngularCommutator::write(const double* f, double* result) const {
  flavor::with_flavors(flavors_, [&](auto flavors) {
    for (const OuterProducts& species : species_) write_outer_products<flavors>(species, f, result);
  });
}

template <int flavors>
void AngularCommutator::write_outer_products(const OuterProducts& species, const double* f,
                                             double* result) const {
  using flavor::Lanes;
  using flavor::load_lanes;
  constexpr int components = flavor::components(flavors);
  const auto width = static_cast<Index>(diagonal_.size());
  const bool first = &species == species_.data();
  flavor::Sums<(2 * components + flavor::lanes - 1) / flavor::lanes * flavor::lanes> sums;
  for (Index at = 0; at < width; at += Lines::lanes) {
    const Lanes right = load_lanes(species.right.data() + at);
    const Lanes adjoint = load_lanes(species.adjoint_right.data() + at);
    for (int c = 0; c < components; ++c) {
      const Lanes value = load_lanes(f + c * width + at);
      sums[2 * c] += right * value;
      sums[2 * c + 1] += adjoint * value;
    }
  }
  sums.add_lanes();
  for (Index at = 0; at < width; at += Lines::lanes) {
    const Lanes diagonal = load_lanes(diagonal_.data() + at);
    const Lanes left = -load_lanes(species.left.data() + at);
    const Lanes adjoint = -load_lanes(species.adjoint_left.data() + at);
    for (int c = 0; c < components; ++c) {
      double* const to = result + c * width + at;
      const Lanes before = first ? diagonal * load_lanes(f + c * width + at) : load_lanes(to);
      flavor::store_lanes(to, before + sums.total(2 * c) * left + sums.total(2 * c + 1) * adjoint);
    }
  }
}

}  // namespace nuvlasov::phase_space
