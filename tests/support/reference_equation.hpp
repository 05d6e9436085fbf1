/// \file
/// The kinetic equation written out as slowly and plainly as possible: complex matrices,
/// every derivative a sum over the whole axis, the weak force and the group velocity each as the
/// mean of its three forms for neutrinos and antineutrinos, matter, masses, dissipation as
/// differences of differences; and what the ledger and the fluxes say of it.
#pragma once

#include <cmath>
#include <complex>
#include <vector>

#include "dense.hpp"
#include "nuvlasov/flavor/density_matrix.hpp"
#include "nuvlasov/phase_space/angular_operator.hpp"
#include "nuvlasov/phase_space/momentum_grid.hpp"
#include "nuvlasov/phase_space/z_axis.hpp"
#include "nuvlasov/physics/kinetic_equation.hpp"

namespace nuvlasov::testing_support {

class ReferenceEquation {
 public:
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

  /// M^2 without its trace, from the masses of the mixed states: nu_a = sum_i U_ai nu_i with U a
  /// product of rotations, each in the plane of two flavors.
  Dense mass_matrix() const {
    const int n = p_.flavors();
    const auto rotation = [n](int a, int b, double angle, double phase) {
      Dense r = unit(n);
      r.m[a][a] = r.m[b][b] = std::cos(angle);
      r.m[a][b] = std::sin(angle) * std::polar(1.0, -phase);
      r.m[b][a] = -std::sin(angle) * std::polar(1.0, phase);
      return r;
    };
    Dense u = rotation(0, 1, masses_.mixing_angle, 0.0), squares, adjoint;
    squares.m[1][1] = masses_.delta_m2;
    if (n == 3) {
      u = rotation(1, 2, masses_.theta_23, 0.0) *
          rotation(0, 2, masses_.theta_13, masses_.delta_cp) * u;
      squares.m[2][2] = masses_.delta_m2_31;
    }
    for (int r = 0; r < n; ++r)
      for (int c = 0; c < n; ++c) adjoint.m[r][c] = std::conj(u.m[c][r]);
    return u * squares * adjoint - trace(squares) / Complex(n) * unit(n);
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
            const Eigenvectors s(rho[n], p_.flavors());
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
  /// Functions of a matrix through its eigenvectors.
  class Eigenvectors {
   public:
    Eigenvectors(const Dense& rho, int flavors) : flavors_(flavors), system_(rho, flavors) {
      for (int e = 0; e < flavors; ++e) {
        const double p = system_.value[e];
        const bool inside = p > 0 && p < 1;
        f_[e] = inside ? -p * std::log(p) - (1 - p) * std::log(1 - p) : 0.0;
        slope_[e] = inside ? std::log((1 - p) / p) : 0.0;
      }
    }
    /// sum_{i != j} X_ji [(F'_i + F'_j)/2 - (F_i - F_j)/(lambda_i - lambda_j)] D_ij.
    double remainder(const Dense& x, const Dense& d) const {
      double sum = 0.0;
      for (int i = 0; i < flavors_; ++i)
        for (int j = 0; j < flavors_; ++j)
          if (i != j)
            sum += (0.5 * (slope_[i] + slope_[j]) -
                    (f_[i] - f_[j]) / (system_.value[i] - system_.value[j])) *
                   (element(x, j, i) * element(d, i, j)).real();
      return sum;
    }
    /// Tr[x s(rho)].
    double entropy(const Dense& x) const {
      double sum = 0.0;
      for (int i = 0; i < flavors_; ++i) sum += f_[i] * element(x, i, i).real();
      return sum;
    }

   private:
    Complex element(const Dense& m, int i, int j) const {
      Complex sum = 0.0;
      for (int r = 0; r < flavors_; ++r)
        for (int c = 0; c < flavors_; ++c)
          sum += std::conj(system_.vectors.m[r][i]) * m.m[r][c] * system_.vectors.m[c][j];
      return sum;
    }
    int flavors_;
    Eigensystem system_;
    double f_[Dense::most]{}, slope_[Dense::most]{};
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
    std::vector<double> state(static_cast<std::size_t>(nodes() * p_.components()));
    if (!inflow_.beams.empty())
      for (Index i = 0; i < p_.energies(); ++i)
        for (Index k = 0; k < p_.angles(); ++k)
          for (int c = 0; c < p_.components(); ++c)
            state[static_cast<std::size_t>(node(0, i, k) * p_.components() + c)] =
                inflow_.spectrum[static_cast<std::size_t>(i)] *
                inflow_.beams[static_cast<std::size_t>(k)][static_cast<std::size_t>(c)];
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
          const Dense& other = rho[node(j, i, l)];
          const Dense source = other + trace(other) * unit(p_.flavors());
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
          const Dense& other = rho[node(j, n, l)];
          const Dense source = other + trace(other) * unit(p_.flavors());
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
      return testing_support::to_dense(state.data() + n * p_.components(), p_.flavors());
    });
  }
  std::vector<double> to_components(const Field& field) const {
    std::vector<double> state;
    for (const Dense& d : field) {
      const auto components = testing_support::to_components(d, p_.flavors());
      state.insert(state.end(), components.begin(), components.end());
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
