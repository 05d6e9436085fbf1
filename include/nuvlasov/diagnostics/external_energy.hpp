/// \file
/// The energies that neutrinos have in matter and by their masses.
#pragma once

#include <vector>

#include "nuvlasov/diagnostics/plane.hpp"
#include "nuvlasov/diagnostics/record.hpp"
#include "nuvlasov/diagnostics/reduction.hpp"
#include "nuvlasov/physics/kinetic_equation.hpp"

namespace nuvlasov::diagnostics {

/// With the sign s of the species,
///
///     u_matter = int dz lambda sum_p s Tr[diag(1, 0) rho],   u_vacuum = int dz sum_p Tr[(M^2/2E)
///     rho].
///
/// Both are linear in rho, so that the rate of one is the same of d rho/dt. An equation without
/// matter, or masses, has no such energy.
class ExternalEnergy {
 public:
  ExternalEnergy(const phase_space::MomentumGrid& momentum, const phase_space::Box& box,
                 const physics::EquationSettings& settings, Reduction& reduction);

  bool has_matter() const { return has_matter_; }
  bool has_vacuum() const { return has_vacuum_; }

  void add(const Plane& plane);
  void report(Report& report) const;

  double u_matter() const { return u_matter_.value(); }
  double u_vacuum() const { return u_vacuum_.value(); }

  /// The part of one plane. \param net  sum_p s f on it
  template <int flavors>
  double matter(const Plane& plane, flavor::Matrix<flavors> net) const {
    return plane.weight * plane.moments.matter(plane.z) *
           flavor::trace_of_product(flavor::electron_projector<flavors>(), net);
  }
  /// The part of one plane. \param field  f, [energy][angle][component] with a stride
  template <int flavors>
  double vacuum(const Plane& plane, const double* field, Index stride) const {
    flavor::TraceSum<flavors> sum;
    const auto masses = flavor::load<flavors>(mass_matrix_.data());
    measure_.for_each_node([&](Index i, Index k, double weight) {
      sum.add(weight * half_inverse_energy_[static_cast<std::size_t>(i)] * masses,
              flavor::load<flavors>(field + i * stride + k * flavor::components(flavors)));
    });
    return plane.weight * sum.value();
  }

 private:
  MomentumMeasure measure_;
  bool has_matter_, has_vacuum_;
  flavor::Components mass_matrix_;
  std::vector<double> half_inverse_energy_;  ///< 1/2E of the owned energies
  Sum u_matter_, u_vacuum_;
};

}  // namespace nuvlasov::diagnostics
