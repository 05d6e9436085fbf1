/// \file
/// Complex matrices of 2 or 3 flavors multiplied out, as plainly as possible.
#pragma once

#include <array>
#include <cmath>
#include <complex>
#include <vector>

namespace nuvlasov::testing_support {

using Complex = std::complex<double>;

/// Of n rows; the others are zero.
struct Dense {
  static constexpr int most = 3;
  Complex m[most][most]{};
  Dense& operator+=(const Dense& b) {
    for (int r = 0; r < most; ++r)
      for (int s = 0; s < most; ++s) m[r][s] += b.m[r][s];
    return *this;
  }
  friend Dense operator+(Dense a, const Dense& b) { return a += b; }
  friend Dense operator*(Complex c, Dense a) {
    for (auto& row : a.m)
      for (Complex& x : row) x *= c;
    return a;
  }
  friend Dense operator-(const Dense& a, const Dense& b) { return a + (-1.0) * b; }
  friend Dense operator*(const Dense& a, const Dense& b) {
    Dense c;
    for (int r = 0; r < most; ++r)
      for (int s = 0; s < most; ++s)
        for (int t = 0; t < most; ++t) c.m[r][s] += a.m[r][t] * b.m[t][s];
    return c;
  }
};

inline Complex trace(const Dense& a) { return a.m[0][0] + a.m[1][1] + a.m[2][2]; }

inline Dense unit(int n) {
  Dense one;
  for (int r = 0; r < n; ++r) one.m[r][r] = 1.0;
  return one;
}

/// The Pauli or Gell-Mann matrices, the first of which is lambda_1.
inline std::vector<Dense> generators(int n) {
  std::vector<Dense> all;
  const Complex i(0.0, 1.0);
  const auto between = [&](int a, int b) {
    Dense real, imaginary;
    real.m[a][b] = real.m[b][a] = 1.0;
    imaginary.m[a][b] = -i;
    imaginary.m[b][a] = i;
    all.insert(all.end(), {real, imaginary});
  };
  between(0, 1);
  Dense third;
  third.m[0][0] = 1.0;
  third.m[1][1] = -1.0;
  all.push_back(third);
  if (n == 2) return all;
  between(0, 2);
  between(1, 2);
  Dense eighth;
  eighth.m[0][0] = eighth.m[1][1] = 1.0 / std::sqrt(3.0);
  eighth.m[2][2] = -2.0 / std::sqrt(3.0);
  all.push_back(eighth);
  return all;
}

/// P0 1/n + P.lambda/2. \param p  (P0, P1, ...)
template <class Components>
Dense to_dense(const Components& p, int n) {
  static const std::array all{generators(2), generators(3)};
  Dense sum = Complex(p[0] / n) * unit(n);
  int c = 1;
  for (const Dense& lambda : all[static_cast<std::size_t>(n - 2)])
    sum += Complex(0.5 * p[c++]) * lambda;
  return sum;
}

/// (Tr a, Tr(a lambda_1), ...).
inline std::vector<double> to_components(const Dense& a, int n) {
  std::vector<double> p{trace(a).real()};
  for (const Dense& lambda : generators(n)) p.push_back(trace(a * lambda).real());
  return p;
}

/// Eigenvalues, and eigenvectors in columns, by Jacobi's rotations.
struct Eigensystem {
  double value[Dense::most]{};
  Dense vectors;

  Eigensystem(Dense a, int n) : vectors(unit(n)) {
    for (int sweep = 0; sweep < 50; ++sweep)
      for (int p = 0; p < n; ++p)
        for (int q = p + 1; q < n; ++q) {
          const double size = std::abs(a.m[p][q]);
          if (size == 0.0) continue;
          const Complex phase = a.m[p][q] / size;
          const double angle = 0.5 * std::atan2(2.0 * size, a.m[q][q].real() - a.m[p][p].real());
          Dense turn = unit(n), back = unit(n);
          turn.m[p][p] = turn.m[q][q] = std::cos(angle);
          turn.m[p][q] = std::sin(angle) * phase;
          turn.m[q][p] = -std::sin(angle) * std::conj(phase);
          for (int r = 0; r < n; ++r)
            for (int s = 0; s < n; ++s) back.m[r][s] = std::conj(turn.m[s][r]);
          a = back * a * turn;
          vectors = vectors * turn;
        }
    for (int e = 0; e < n; ++e) value[e] = a.m[e][e].real();
  }
};

}  // namespace nuvlasov::testing_support
