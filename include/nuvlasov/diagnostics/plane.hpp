/// \file
/// What the measures of the ledger see: one z plane at a time, and the measure of its momenta.
#pragma once

#include <vector>

#include "nuvlasov/phase_space/momentum_grid.hpp"
#include "nuvlasov/phase_space/state_view.hpp"
#include "nuvlasov/physics/term.hpp"

namespace nuvlasov::diagnostics {

/// One owned z plane of the state.
struct Plane {
  Index z;  ///< relative to the first owned one
  const physics::Neighbourhood& here;
  const physics::Moments& moments;
  double weight;  ///< in integrals over z
  /// Whether this rank is the one that counts what belongs to the plane as a whole.
  bool represented;
};

/// sum_p {1, v, v^2, e, e v} f over the momenta of one plane, with e = E - E_ref.
template <int flavors>
struct MomentumMoments {
  flavor::Matrix<flavors> number{}, flux{}, pressure{}, energy{}, energy_flux{};
};

/// The same of each species.
template <int flavors>
struct SpeciesMoments {
  using Matrix = flavor::Matrix<flavors>;
  using Moments = MomentumMoments<flavors>;
  Moments neutrinos, antineutrinos;

  /// Of both together, and of neutrinos less antineutrinos: `moment` is &MomentumMoments::number
  /// or another.
  Matrix all(Matrix Moments::*moment) const { return neutrinos.*moment + antineutrinos.*moment; }
  Matrix net(Matrix Moments::*moment) const { return neutrinos.*moment - antineutrinos.*moment; }
};

/// Sums over the momenta of one plane that this rank owns, with the measure w_ik, in a fixed order.
class MomentumMeasure {
 public:
  MomentumMeasure(const phase_space::MomentumGrid& grid, const phase_space::Box& box);

  /// \param plane   [energy][angle][component]
  /// \param stride  doubles from one energy to the next
  template <int flavors>
  SpeciesMoments<flavors> moments(const double* plane, Index stride) const;

  /// Calls visit(i, k, w_ik) for each owned node.
  template <class Visit>
  void for_each_node(Visit&& visit) const {
    for (std::size_t i = 0; i < energy_weights_.size(); ++i)
      for (std::size_t k = 0; k < weights_.size(); ++k)
        visit(static_cast<Index>(i), static_cast<Index>(k), energy_weights_[i] * weights_[k]);
  }

 private:
  template <int flavors>
  MomentumMoments<flavors> of_species(const double* plane, Index stride, double sign) const;

  std::vector<double> energy_weights_, offsets_;
  std::vector<double> weights_, directions_, signs_;
  bool antineutrinos_ = false;  ///< whether there are any among the owned directions
};

}  // namespace nuvlasov::diagnostics
