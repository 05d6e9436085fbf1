/// \file
/// The kinetic equation written out as slowly and plainly as possible: complex 2 x 2 matrices,
/// every derivative a sum over the whole axis, the weak force and the group velocity each as the
/// mean of its three forms for neutrinos and antineutrinos, matter, masses, dissipation as
/// differences of differences; and what the ledger and the fluxes say of it.
#pragma once

#include <cmath>
#include <complex>
#include <vector>

#include "nuvlasov/flavor/density_matrix.hpp"
#include "nuvlasov/phase_space/angular_operator.hpp"
#include "nuvlasov/phase_space/momentum_grid.hpp"
#include "nuvlasov/phase_space/z_axis.hpp"
#include "nuvlasov/physics/kinetic_equation.hpp"

namespace nuvlasov::testing_support {

class ReferenceEquation {
 public:
  using Complex = std::complex<double>;
  struct Dense {
    Complex m[2][2]{};
    Dense& operator+=(const Dense& b) {
      for (int r = 0; r < 2; ++r)
        for (int s = 0; s < 2; ++s) m[r][s] += b.m[r][s];
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
      for (int r = 0; r < 2; ++r)
        for (int s = 0; s < 2; ++s)
          for (int t = 0; t < 2; ++t) c.m[r][s] += a.m[r][t] * b.m[t][s];
      return c;
    }
  };
  using Field = std::vector<Dense>;  ///< [z][energy][angle]

  ReferenceEquation(const phase_space::ZAxis& z, const phase_space::MomentumGrid& momentum,
                    const physics::EquationSettings& settings)
      : z_(z),
        p_(momentum),
        terms_(settings.terms),
        dissipation_(settings.dissipation),
        inflow_(settings.inflow),
        masses_(settings.masses),
        matter_(settings.matter) {
    if (p_.geometry() == phase_space::Geometry::spherical)
      angular_ = phase_space::angular_matrix(p_);
    dense_d_z_ = dense_matrix(z);
    if (!terms_.empty()) return;
    terms_ = {"streaming", "refraction"};
    if (settings.masses.any()) terms_.emplace_back("vacuum");
    if (settings.mode == physics::Mode::full)
      terms_.insert(terms_.end(), {"weak_force", "group_velocity"});
    if (settings.mode == physics::Mode::full && settings.masses.any())
      terms_.emplace_back("vacuum_velocity");
  }

  /// d rho/dt of [z][energy][angle][component].
  std::vector<double> rate(const std::vector<double>& state) const {
    const Field rho = to_dense(state);
    Field rate(rho.size());
    for (const std::string& term : terms_) {
      if (term == "streaming") {
        add(-1.0, scaled_by_direction(d_z(rho)), rate);
        if (!z_.periodic()) add_inflow(rho, rate);
      }
      if (term == "refraction") add_refraction(rho, rate);
      if (term == "weak_force") add_weak_force(rho, rate);
      if (term == "group_velocity") add_group_velocity(rho, rate);
      if (term == "vacuum") add_vacuum(rho, rate);
      if (term == "vacuum_velocity") add_vacuum_velocity(rho, rate);
    }
    add_dissipation(rho, rate);
    return to_components(rate);
  }

  /// Phi_z, or with `of_z` F_z, of Eq. (20), [z][energy][angle][component]: sums over pairs of
  /// momenta.
  std::vector<double> flux(const std::vector<double>& state, bool of_z) const {
    const Field rho = to_dense(state);
    const Field gradient = of_z ? d_z(rho) : d_p(rho);
    return to_components(each_node([&](Index j, Index i, Index k) {
      const Dense& slope = gradient[node(j, i, k)];
      Dense sum;
      for (Index m = 0; m < p_.energies(); ++m)
        for (Index l = 0; l < p_.angles(); ++l) {
          const Dense& other = rho[node(j, m, l)];
          const Complex weight = 0.5 * p_.sign(k) * p_.sign(l) * p_.weight(m, l) *
                                 (1.0 - p_.direction(k) * p_.direction(l));
          sum += weight * (other * slope + slope * other + 2.0 * trace(other) * slope);
        }
      sum += Complex(0.5 * p_.sign(k)) * (matter(j) * slope + slope * matter(j));
      return sum;
    }));
  }

  /// dS/dt that the weak force and the group velocity leave, from sums over eigenvectors of rho.
  double entropy_remainder(const std::vector<double>& state) const {
    const Field rho = to_dense(state), velocity = d_p_of_refraction(rho);
    const Field force = d_z(refraction(rho)), d_p_rho = d_p(rho), d_z_rho = d_z(rho),
                d_z_velocity = d_z(velocity), mass_velocity = d_p_of_masses();
    double sum = 0.0;
    for (const std::string& term : terms_)
      for (Index j = 0; j < z_.cells(); ++j)
        for (Index i = 0; i < p_.energies(); ++i)
          for (Index k = 0; k < p_.angles(); ++k) {
            const auto n = static_cast<std::size_t>(node(j, i, k));
            const double weight = z_.weight(j) * p_.weight(i, k), net = p_.sign(k) * weight;
            const Eigenvectors s(rho[n]);
            if (term == "weak_force")
              sum += net * (s.remainder(force[n], d_p_rho[n]) - s.entropy(d_z_velocity[n]));
            if (term == "group_velocity")
              sum -= net * (s.remainder(velocity[n], d_z_rho[n]) - s.entropy(d_z_velocity[n]));
            if (term == "vacuum_velocity")
              sum -= weight * s.remainder(mass_velocity[n], d_z_rho[n]);
          }
    return sum;
  }

 private:
  static Complex trace(const Dense& a) { return a.m[0][0] + a.m[1][1]; }

  /// Functions of a matrix through its eigenvectors.
  class Eigenvectors {
   public:
    explicit Eigenvectors(const Dense& rho) {
      const double half = 0.5 * trace(rho).real();
      const double gap =
          std::sqrt(std::norm(0.5 * (rho.m[0][0] - rho.m[1][1])) + std::norm(rho.m[0][1]));
      for (int e = 0; e < 2; ++e) {
        const double p = lambda_[e] = half + (e == 0 ? -gap : gap);
        const bool inside = p > 0 && p < 1;
        f_[e] = inside ? -p * std::log(p) - (1 - p) * std::log(1 - p) : 0.0;
        slope_[e] = inside ? std::log((1 - p) / p) : 0.0;
        const Complex a = rho.m[0][1], b = p - rho.m[0][0];
        const double length = std::sqrt(std::norm(a) + std::norm(b));
        vector_[e][0] = a / length;
        vector_[e][1] = b / length;
      }
    }
    /// sum_{i != j} X_ji [(F'_i + F'_j)/2 - (F_i - F_j)/(lambda_i - lambda_j)] D_ij.
    double remainder(const Dense& x, const Dense& d) const {
      const double bracket =
          0.5 * (slope_[0] + slope_[1]) - (f_[0] - f_[1]) / (lambda_[0] - lambda_[1]);
      return bracket *
             (element(x, 1, 0) * element(d, 0, 1) + element(x, 0, 1) * element(d, 1, 0)).real();
    }
    /// Tr[x s(rho)].
    double entropy(const Dense& x) const {
      return f_[0] * element(x, 0, 0).real() + f_[1] * element(x, 1, 1).real();
    }

   private:
    Complex element(const Dense& m, int i, int j) const {
      Complex sum = 0.0;
      for (int r = 0; r < 2; ++r)
        for (int c = 0; c < 2; ++c) sum += std::conj(vector_[i][r]) * m.m[r][c] * vector_[j][c];
      return sum;
    }
    double lambda_[2]{}, f_[2]{}, slope_[2]{};
    Complex vector_[2][2]{};
  };

  Index nodes() const { return z_.cells() * p_.energies() * p_.angles(); }
  Index node(Index j, Index i, Index k) const { return (j * p_.energies() + i) * p_.angles() + k; }

  static void add(double factor, const Field& field, Field& sum) {
    for (std::size_t n = 0; n < sum.size(); ++n) sum[n] += Complex(factor) * field[n];
  }

  void add_refraction(const Field& rho, Field& rate) const {
    const Field omega = refraction(rho);
    add(1.0, each([&](Index n) { return Complex(0, 1) * (rho[n] * omega[n] - omega[n] * rho[n]); }),
        rate);
  }
  void add_weak_force(const Field& rho, Field& rate) const {
    const Field omega = refraction(rho), force = d_z(omega), d_p_rho = d_p(rho);
    Field bracket(rho.size());
    add(2.0 / 3.0, jordan(force, d_p_rho), bracket);
    add(1.0 / 3.0, d_z(jordan(omega, d_p_rho)), bracket);
    add(-1.0 / 3.0, jordan(omega, d_z(d_p_rho)), bracket);
    add(1.0, scaled_by_sign(bracket), rate);
  }
  void add_group_velocity(const Field& rho, Field& rate) const {
    const Field omega = refraction(rho), velocity = d_p_of_refraction(rho), d_z_rho = d_z(rho),
                force = d_z(omega);
    Field bracket(rho.size());
    add(-1.0 / 3.0, jordan(velocity, d_z_rho), bracket);
    add(-1.0 / 3.0, d_z(jordan(velocity, rho)), bracket);
    add(-1.0 / 3.0, d_p(jordan(omega, d_z_rho)), bracket);
    add(1.0 / 3.0, jordan(omega, d_p(d_z_rho)), bracket);
    add(1.0 / 3.0, d_p(jordan(force, rho)), bracket);
    add(-1.0 / 3.0, jordan(force, d_p(rho)), bracket);
    add(1.0, scaled_by_sign(bracket), rate);
  }
  void add_vacuum(const Field& rho, Field& rate) const {
    const Field energy = masses();
    add(1.0, scaled_by_sign(each([&](Index n) {
          return Complex(0, 1) * (rho[n] * energy[n] - energy[n] * rho[n]);
        })),
        rate);
  }
  void add_vacuum_velocity(const Field& rho, Field& rate) const {
    const Field energy = masses(), velocity = d_p_of_masses(), d_z_rho = d_z(rho);
    add(-1.0 / 3.0, jordan(velocity, d_z_rho), rate);
    add(-1.0 / 3.0, d_z(jordan(velocity, rho)), rate);
    add(1.0 / 3.0, d_z(jordan(energy, d_p(rho))), rate);
    add(-1.0 / 3.0, d_p(jordan(energy, d_z_rho)), rate);
  }
  /// M^2 without its trace, from the masses 0 and delta m^2 of the mixed states.
  Dense mass_matrix() const {
    const double c = std::cos(masses_.mixing_angle), s = std::sin(masses_.mixing_angle);
    const double half = 0.5 * masses_.delta_m2;
    Dense m;
    // nu_e = c nu_1 + s nu_2, nu_x = -s nu_1 + c nu_2: flavor components of nu_2 and nu_1.
    const double heavy[2] = {s, c}, light[2] = {c, -s};
    for (int a = 0; a < 2; ++a)
      for (int b = 0; b < 2; ++b) m.m[a][b] = half * (heavy[a] * heavy[b] - light[a] * light[b]);
    return m;
  }
  /// M^2/2E.
  Field masses() const {
    return each_node(
        [&](Index, Index i, Index) { return Complex(0.5 / p_.energy(i)) * mass_matrix(); });
  }
  /// D_p M^2/2E, beyond the window as in it, but for a tangent below it.
  Field d_p_of_masses() const {
    const auto inverse = [&](Index i) {
      const double lowest = p_.energy(0);
      return i < 0 ? 1.0 / lowest - (p_.energy(i) - lowest) / (lowest * lowest)
                   : 1.0 / p_.energy(i);
    };
    const bool spherical = p_.geometry() == phase_space::Geometry::spherical;
    const auto& d = p_.energy_derivative();
    return each_node([&](Index, Index i, Index k) {
      double slope = 0.0, squared = 0.0;
      for (int m = 1; m <= d.reach(); ++m) {
        slope += d.weight(m) * (inverse(i + m) - inverse(i - m));
        squared += d.weight(m) * (std::pow(p_.energy(i + m), 2) * inverse(i + m) -
                                  std::pow(p_.energy(i - m), 2) * inverse(i - m));
      }
      if (spherical)
        slope = 0.5 * (slope + squared / std::pow(p_.energy(i), 2)) - std::pow(p_.energy(i), -2);
      return Complex(0.5 * p_.direction(k) * slope) * mass_matrix();
    });
  }
  /// lambda diag(1, 0).
  Dense matter(Index j) const {
    Dense m;
    if (!matter_.empty()) m.m[0][0] = matter_[static_cast<std::size_t>(j)];
    return m;
  }
  /// What flows in at either end.
  void add_inflow(const Field& rho, Field& rate) const {
    const Field inflow = to_dense(whole_inflow());
    for (Index i = 0; i < p_.energies(); ++i)
      for (Index k = 0; k < p_.angles(); ++k) {
        const double v = p_.direction(k);
        const Index n = node(v > 0 ? 0 : z_.cells() - 1, i, k);
        rate[n] += Complex(-std::abs(v) / z_.weight(0)) * (rho[n] - inflow[node(0, i, k)]);
      }
  }
  std::vector<double> whole_inflow() const {
    std::vector<double> state(static_cast<std::size_t>(nodes() * flavor::components));
    if (!inflow_.beams.empty())
      for (Index i = 0; i < p_.energies(); ++i)
        for (Index k = 0; k < p_.angles(); ++k)
          flavor::store(state.data() + node(0, i, k) * flavor::components,
                        inflow_.spectrum[static_cast<std::size_t>(i)] *
                            inflow_.beams[static_cast<std::size_t>(k)]);
    return state;
  }
  /// D_z, column by column from its rows applied to unit vectors.
  static std::vector<double> dense_matrix(const phase_space::ZAxis& z) {
    std::vector<double> matrix;
    if (z.periodic()) return matrix;
    for (Index j = 0; j < z.cells(); ++j)
      for (Index l = 0; l < z.cells(); ++l)
        matrix.push_back(z.stencil(j).apply([&](int m) { return j + m == l ? 1.0 : 0.0; }));
    return matrix;
  }
  void add_dissipation(const Field& rho, Field& rate) const {
    const int z_reach = z_.derivative().reach(), reach = p_.energy_derivative().reach();
    const Index cells = z_.cells();
    Field second = rho;
    for (int n = 0; n < z_reach; ++n)
      second = each_node([&](Index j, Index i, Index k) {
        return Complex(0.25) *
               (second[node((j + 1) % cells, i, k)] + second[node((j + cells - 1) % cells, i, k)] -
                Complex(2.0) * second[node(j, i, k)]);
      });
    add(-dissipation_.z / z_.spacing() * std::pow(-1.0, z_reach), second, rate);

    // Cells -reach .. energies + reach - 1, vacuum beyond the window.
    add(-dissipation_.energy * std::pow(0.25, reach), each_node([&](Index j, Index i, Index k) {
      std::vector<Dense> f(static_cast<std::size_t>(p_.energies() + 2 * reach));
      for (Index l = 0; l < p_.energies(); ++l)
        f[static_cast<std::size_t>(l + reach)] = rho[node(j, l, k)];
      for (int n = 0; n < reach; ++n) {
        for (std::size_t l = 0; l + 1 < f.size(); ++l) f[l] = f[l + 1] - f[l];
        f.pop_back();
      }
      for (std::size_t l = 0; l < f.size(); ++l)
        f[l] = Complex(measure(static_cast<double>(l) - 0.5 * reach)) * f[l];
      for (int n = 0; n < reach; ++n) {
        for (std::size_t l = 0; l + 1 < f.size(); ++l) f[l] = f[l] - f[l + 1];
        f.pop_back();
      }
      return Complex(1.0 / measure(static_cast<double>(i))) * f[static_cast<std::size_t>(i)];
    }),
        rate);
  }
  /// Weight of the energy of cell i, over that of the reference.
  double measure(double i) const {
    if (p_.geometry() == phase_space::Geometry::beams) return 1.0;
    const double energy = p_.energy(0) + i * p_.energy_spacing();
    return std::pow(energy / p_.reference_energy(), 2);
  }

  Field jordan(const Field& a, const Field& b) const {
    return each([&](Index n) { return Complex(0.5) * (a[n] * b[n] + b[n] * a[n]); });
  }
  template <class F>
  Field each(F&& f) const {
    Field field;
    for (Index n = 0; n < nodes(); ++n) field.push_back(f(n));
    return field;
  }
  template <class F>
  Field each_node(F&& f) const {
    Field field;
    for (Index j = 0; j < z_.cells(); ++j)
      for (Index i = 0; i < p_.energies(); ++i)
        for (Index k = 0; k < p_.angles(); ++k) field.push_back(f(j, i, k));
    return field;
  }

  Field d_z(const Field& f) const {
    return each_node([&](Index j, Index i, Index k) {
      Dense sum;
      if (!z_.periodic()) {
        for (Index l = 0; l < z_.cells(); ++l)
          sum +=
              Complex(dense_d_z_[static_cast<std::size_t>(j * z_.cells() + l)]) * f[node(l, i, k)];
        return sum;
      }
      for (int m = 1; m <= z_.derivative().reach(); ++m) {
        const Index n = z_.cells();
        sum += Complex(z_.derivative().weight(m)) *
               (f[node((j + m) % n, i, k)] - f[node((j - m + n) % n, i, k)]);
      }
      return sum;
    });
  }
  Field d_p(const Field& f) const {
    const auto& d = p_.energy_derivative();
    return each_node([&](Index j, Index i, Index k) {
      Dense sum;
      for (int m = 1; m <= d.reach(); ++m) {
        if (i + m < p_.energies()) sum += Complex(d.weight(m)) * f[node(j, i + m, k)];
        if (i - m >= 0) sum += Complex(-d.weight(m)) * f[node(j, i - m, k)];
      }
      if (p_.geometry() == phase_space::Geometry::beams) return Complex(p_.direction(k)) * sum;
      // (v/2) [D_E f + E^-2 D_E(E^2 f)] + (1/E) S f
      Dense squared;
      for (int m = -d.reach(); m <= d.reach(); ++m)
        if (m != 0 && i + m >= 0 && i + m < p_.energies())
          squared +=
              Complex((m > 0 ? 1 : -1) * d.weight(std::abs(m)) * std::pow(p_.energy(i + m), 2)) *
              f[node(j, i + m, k)];
      Dense angular;
      for (Index l = 0; l < p_.angles(); ++l)
        angular +=
            Complex(angular_[static_cast<std::size_t>(k * p_.angles() + l)]) * f[node(j, i, l)];
      return Complex(0.5 * p_.direction(k)) *
                 (sum + Complex(std::pow(p_.energy(i), -2)) * squared) +
             Complex(1.0 / p_.energy(i)) * angular;
    });
  }
  Field scaled_by_direction(const Field& f) const {
    return each_node(
        [&](Index j, Index i, Index k) { return Complex(p_.direction(k)) * f[node(j, i, k)]; });
  }
  Field scaled_by_sign(const Field& f) const {
    return each_node(
        [&](Index j, Index i, Index k) { return Complex(p_.sign(k)) * f[node(j, i, k)]; });
  }
  Field refraction(const Field& rho) const {
    return each_node([&](Index j, Index, Index k) {
      Dense omega = matter(j);
      for (Index i = 0; i < p_.energies(); ++i)
        for (Index l = 0; l < p_.angles(); ++l) {
          Dense source = rho[node(j, i, l)];
          const Complex trace = source.m[0][0] + source.m[1][1];
          source.m[0][0] += trace;
          source.m[1][1] += trace;
          omega +=
              Complex(p_.sign(l) * p_.weight(i, l) * (1.0 - p_.direction(k) * p_.direction(l))) *
              source;
        }
      return omega;
    });
  }
  /// D_p Omega = -kappa_k A_1/E_i, and zero for frozen directions.
  Field d_p_of_refraction(const Field& rho) const {
    if (p_.geometry() == phase_space::Geometry::beams) return Field(rho.size());
    return each_node([&](Index j, Index i, Index k) {
      Dense current;
      for (Index n = 0; n < p_.energies(); ++n)
        for (Index l = 0; l < p_.angles(); ++l) {
          Dense source = rho[node(j, n, l)];
          const Complex trace = source.m[0][0] + source.m[1][1];
          source.m[0][0] += trace;
          source.m[1][1] += trace;
          current += Complex(p_.sign(l) * p_.weight(n, l) * p_.direction(l)) * source;
        }
      return Complex(-curvature(k) / p_.energy(i)) * current;
    });
  }
  double curvature(Index k) const {
    // S 1 = -v holds on the full range only.
    if (!p_.direction_range().full())
      return phase_space::angular_curvature(p_)[static_cast<std::size_t>(k)];
    double kappa = p_.direction(k) * p_.direction(k);
    for (Index l = 0; l < p_.angles(); ++l)
      kappa += angular_[static_cast<std::size_t>(k * p_.angles() + l)] * p_.direction(l);
    return kappa;
  }

  Field to_dense(const std::vector<double>& state) const {
    return each([&](Index n) {
      const double* p = state.data() + n * flavor::components;
      const Complex i(0, 1);
      return Dense{{{0.5 * (p[0] + p[3]), 0.5 * (p[1] - i * p[2])},
                    {0.5 * (p[1] + i * p[2]), 0.5 * (p[0] - p[3])}}};
    });
  }
  static std::vector<double> to_components(const Field& field) {
    std::vector<double> state;
    for (const Dense& d : field) {
      state.push_back((d.m[0][0] + d.m[1][1]).real());
      state.push_back((d.m[0][1] + d.m[1][0]).real());
      state.push_back((d.m[1][0] - d.m[0][1]).imag());
      state.push_back((d.m[0][0] - d.m[1][1]).real());
    }
    return state;
  }

  const phase_space::ZAxis& z_;
  const phase_space::MomentumGrid& p_;
  std::vector<std::string> terms_;
  physics::DissipationStrength dissipation_;
  physics::InflowState inflow_;
  std::vector<double> dense_d_z_;  ///< open ends: row by row
  flavor::Masses masses_;
  std::vector<double> matter_;
  std::vector<double> angular_;
};

}  // namespace nuvlasov::testing_support
