/// \file
/// Masses and mixing. A neutrino has the energy E + M^2/2E, an antineutrino the same, with M^2 free
/// of trace (a common mass does nothing to flavor). They make polarizations precess, in opposite
/// senses for the two species,
///
///     d_t rho = s i [rho, M^2/2E],    dP/dt = s w B x P of two flavors,
///     w = delta m^2/2E,               B = (sin 2 theta, 0, -cos 2 theta),
///
/// and, in full mode, slow them down alike: with d = D_z rho the bracket J(M^2/2E, rho) of
/// weak_force.hpp and group_velocity.hpp, of which D_z M^2 = 0 leaves
///
///     d_t rho = 1/3 [ -2 (D_p M^2/2E) o d + (M^2/2E) o D_p d - D_p((M^2/2E) o d) ],
///
/// which is -(D_p M^2/2E) o d_z rho in the continuum. With it the energy of mixing,
/// U_vacuum = int dz sum_p Tr[(M^2/2E) rho] of both species, is part of the total energy that is
/// conserved. S acts on angles alone and passes through M^2/2E, so that the last two are a sum over
/// neighbours in energy.
#pragma once

#include "nuvlasov/flavor/masses.hpp"
#include "nuvlasov/phase_space/z_axis.hpp"
#include "nuvlasov/physics/term.hpp"

namespace nuvlasov::physics {

/// 1/2E_i of `energies` (1/mu).
std::vector<double> half_inverse_energies(const phase_space::MomentumGrid& momentum,
                                          phase_space::Range energies);

/// The discrete d(1/2E)/dE of `energies` (1/mu^2): D_p 1/2E is v times it. The function goes on
/// beyond the window, below it by its tangent.
std::vector<double> half_inverse_energy_slopes(const phase_space::MomentumGrid& momentum,
                                               phase_space::Range energies);

/// The precession.
class Vacuum final : public Term {
 public:
  /// \param box  what this rank owns
  Vacuum(const flavor::Masses& masses, const phase_space::MomentumGrid& momentum,
         const phase_space::Box& box);

  std::string name() const override { return "vacuum"; }
  std::string meaning() const override { return "masses, s i [rho, M^2/2E]"; }
  void add_rate(const Neighbourhood& here, double* rate) override;
  /// The frequency delta m^2/2E of the lowest energy.
  double spectral_radius(const Moments&) const override;
  double physical_rate(const Moments& moments) const override { return spectral_radius(moments); }

 private:
  int flavors_;
  flavor::Components mass_matrix_;
  std::vector<double> half_inverse_energy_;
};

/// The correction of the group velocity.
class VacuumVelocity final : public Term {
 public:
  VacuumVelocity(const flavor::Masses& masses, const phase_space::ZAxis& z,
                 const phase_space::MomentumGrid& momentum, const phase_space::Box& box);

  std::string name() const override { return "vacuum_velocity"; }
  std::string meaning() const override {
    return "group velocity of massive neutrinos, -{d_pz M^2/2E, d_z rho}/2";
  }
  void add_rate(const Neighbourhood& here, double* rate) override;
  double spectral_radius(const Moments&) const override { return spectral_radius_; }

 private:
  template <int flavors>
  void add_flavored_rate(const Neighbourhood& here, double* rate);

  int reach_;  ///< in energy
  flavor::Components mass_matrix_;
  std::vector<double> directions_;
  std::vector<double> stencil_;  ///< [owned energy][-reach .. reach], of v d
  phase_space::Numbers slope_;   ///< v d, [energy seen][angle][component]
  double spectral_radius_ = 0.0;
};

}  // namespace nuvlasov::physics
