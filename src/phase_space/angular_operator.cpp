#include "nuvlasov/phase_space/angular_operator.hpp"

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

std::vector<double> spectral_matrix(const std::vector<double>& v, const std::vector<double>& w) {
  const std::size_t n = v.size();
  // Barycentric weights; on Gauss-Legendre nodes their size is sqrt((1 - v^2) w).
  std::vector<double> barycentric(n);
  for (std::size_t k = 0; k < n; ++k)
    barycentric[k] = (k % 2 == 0 ? 1.0 : -1.0) * std::sqrt((1.0 - v[k] * v[k]) * w[k]);
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

std::vector<double> sn_matrix(const std::vector<double>& v, const std::vector<double>& w) {
  const std::size_t n = v.size();
  std::vector<double> s(n * n, 0.0);
  double edge = 0.0;
  for (std::size_t k = 0; k + 1 < n; ++k) {
    edge -= 2.0 * v[k] * w[k];
    s[k * n + k + 1] = edge / (2.0 * w[k]);
    s[(k + 1) * n + k] = -edge / (2.0 * w[k + 1]);
  }
  return s;
}

}  // namespace

GaussLegendre gauss_legendre(Index nodes) {
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
    rule.nodes.push_back(x);
    rule.weights.push_back(2.0 / ((1.0 - x * x) * slope * slope));
  }
  return rule;
}

std::vector<double> angular_matrix(const MomentumGrid& grid) {
  return grid.angular_operator() == AngularOperator::spectral
             ? spectral_matrix(grid.directions(), grid.weights())
             : sn_matrix(grid.directions(), grid.weights());
}

std::vector<double> angular_curvature(const MomentumGrid& grid) {
  const std::vector<double> s = angular_matrix(grid);
  const std::vector<double>& v = grid.directions();
  std::vector<double> kappa;
  for (std::size_t k = 0; k < v.size(); ++k) {
    double sum = v[k] * v[k];
    for (std::size_t l = 0; l < v.size(); ++l) sum += s[k * v.size() + l] * v[l];
    kappa.push_back(sum);
  }
  return kappa;
}

}  // namespace nuvlasov::phase_space
