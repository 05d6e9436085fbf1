#include "nuvlasov/phase_space/angular_operator.hpp"

#include <array>
#include <cmath>
#include <numbers>

#include "nuvlasov/phase_space/rows.hpp"

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
  GaussLegendre rule;
  for (Index k = 0; k < nodes; ++k) {
    // Tricomi's first guess, from -1 upwards.
    double x = -std::cos(std::numbers::pi * (static_cast<double>(k) + 0.75) /
                         (static_cast<double>(nodes) + 0.5));
    for (int iteration = 0; iteration < 10; ++iteration) {
      const Legendre p = legendre(nodes, x);
      x -= p.value / p.derivative;
    }
    const double slope = legendre(nodes, x).derivative;
    rule.nodes.push_back(middle + half * x);
    rule.weights.push_back(half * 2.0 / ((1.0 - x * x) * slope * slope));
  }
  return rule;
}

std::vector<double> angular_matrix(const MomentumGrid& grid) {
  return grid.angular_operator() == AngularOperator::spectral ? spectral_matrix(grid)
                                                              : sn_matrix(grid);
}

std::vector<double> angular_curvature(const MomentumGrid& grid) {
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

std::vector<double> inverse_energies(const MomentumGrid& grid, Range energies) {
  std::vector<double> values;
  for (Index i = energies.begin; i < energies.end(); ++i) values.push_back(1.0 / grid.energy(i));
  return values;
}

AngularCommutator::AngularCommutator(const MomentumGrid& grid, Range angles) {
  const std::vector<double>& v = grid.directions();
  const std::vector<double>& w = grid.weights();
  if (grid.angular_operator() == AngularOperator::spectral) {
    // On a polynomial f of degree n - 1, D(v f) - v D f = f - c p', with c its leading coefficient
    // and p the polynomial that vanishes on the nodes: c = sum_l f_l/p'(v_l), and the barycentric
    // weights are 1/p'.
    const std::vector<double> barycentric = barycentric_weights(grid);
    const auto append = [](Numbers& row, double value) {
      row.insert(row.end(), flavor::components, value);
    };
    for (std::size_t k = 0; k < v.size(); ++k) {
      const double sphere = 1.0 - v[k] * v[k];
      append(diagonal_, sphere);
      append(left_, 0.5 * sphere / barycentric[k]);
      append(right_, barycentric[k]);
      append(adjoint_left_, 0.5 * barycentric[k] / w[k]);
      append(adjoint_right_, w[k] * sphere / barycentric[k]);
    }
    return;
  }
  const std::vector<double> edges = sn_edges(grid);
  for (Index k = angles.begin; k < angles.end(); ++k) {
    const auto at = static_cast<std::size_t>(k);
    Neighbours row;
    if (k > 0) {
      row.below = edges[at] * (v[at] - v[at - 1]) / (2.0 * w[at]);
      row.to_below = -flavor::components;
    }
    if (k + 1 < grid.angles()) {
      row.above = edges[at + 1] * (v[at + 1] - v[at]) / (2.0 * w[at]);
      row.to_above = flavor::components;
    }
    neighbours_.push_back(row);
  }
}

void AngularCommutator::add(const double* f, double scale, double* sum) const {
  if (neighbours_.empty()) {
    add_outer_products(f, scale, sum);
    return;
  }
  for (const Neighbours& row : neighbours_) {
    flavor::add_to(sum, scale * (row.below * flavor::load(f + row.to_below) +
                                 row.above * flavor::load(f + row.to_above)));
    f += flavor::components;
    sum += flavor::components;
  }
}

void AngularCommutator::add_outer_products(const double* f, double scale, double* sum) const {
  const auto size = static_cast<Index>(diagonal_.size());
  // Two sums of each, so that none waits for itself.
  std::array<flavor::MatrixPair, 2> first{}, second{};
  flavor::Matrix first_left_over{}, second_left_over{};
  std::size_t turn = 0;
  for_each_in_row(size, [&](Index at, auto node) {
    using Matrices = decltype(node);
    const auto value = flavor::load<Matrices>(f + at);
    const auto by_right = flavor::load<Matrices>(right_.data() + at) * value;
    const auto by_adjoint = flavor::load<Matrices>(adjoint_right_.data() + at) * value;
    if constexpr (sizeof(Matrices) == sizeof(flavor::MatrixPair)) {
      first[turn] += by_right;
      second[turn] += by_adjoint;
      turn = 1 - turn;
    } else {
      first_left_over = by_right;
      second_left_over = by_adjoint;
    }
  });
  const flavor::Matrix of_right = flavor::sum_of_pair(first[0] + first[1]) + first_left_over;
  const flavor::Matrix of_adjoint = flavor::sum_of_pair(second[0] + second[1]) + second_left_over;
  for_each_in_row(size, [&](Index at, auto node) {
    using Matrices = decltype(node);
    const auto row = [at](const Numbers& values) {
      return flavor::load<Matrices>(values.data() + at);
    };
    flavor::add_to(sum + at, scale * (row(diagonal_) * flavor::load<Matrices>(f + at) -
                                      row(left_) * flavor::repeated<Matrices>(of_right) -
                                      row(adjoint_left_) * flavor::repeated<Matrices>(of_adjoint)));
  });
}

}  // namespace nuvlasov::phase_space
