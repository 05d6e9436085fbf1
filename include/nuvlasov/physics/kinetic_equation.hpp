/// \file
/// The kinetic equation as the sum of its terms, swept over the z planes of a rank.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nuvlasov/phase_space/momentum_gradient.hpp"
#include "nuvlasov/phase_space/z_axis.hpp"
#include "nuvlasov/physics/dissipation.hpp"
#include "nuvlasov/physics/term.hpp"
#include "nuvlasov/stopwatch.hpp"

namespace nuvlasov::physics {

enum class Mode {
  standard,  ///< Eq. (1): streaming and refraction
  full,      ///< Eq. (16): the gradients of Omega too
};

/// What the equation consists of.
struct EquationSettings {
  Mode mode = Mode::full;
  std::vector<std::string> terms{};  ///< names of those of the mode to keep; empty: all
  DissipationStrength dissipation{};
};

using Terms = std::vector<std::unique_ptr<Term>>;

/// The terms of the equation: the one place where they are listed.
/// \throws std::invalid_argument for a name that the mode and the geometry do not have
Terms make_terms(const EquationSettings& settings, const phase_space::ZAxis& z,
                 const phase_space::MomentumGrid& momentum, const phase_space::Box& box);

/// d rho/dt on the planes of one rank.
class KineticEquation {
 public:
  /// \param ghosts         planes seen on each side, at least the reach of D_z
  /// \param momentum_comm  the ranks that share the planes of this one
  KineticEquation(const EquationSettings& settings, const phase_space::ZAxis& z,
                  const phase_space::MomentumGrid& momentum, const phase_space::Box& box,
                  int ghosts, MPI_Comm momentum_comm);

  const Terms& terms() const { return terms_; }
  const Moments& moments() const { return moments_; }

  /// Seconds this rank has spent on moments, and on the rest of rate().
  double moments_time() const { return moments_time_.seconds(); }
  double terms_time() const { return rate_time_.seconds() - moments_time_.seconds(); }

  /// Brings moments() up to date. Collective over the momentum communicator.
  void update_moments(const phase_space::StateView& rho);

  /// Writes the sum of all terms to `rate`, [z][energy][angle][component] of the owned nodes.
  /// Collective over the momentum communicator.
  void rate(const phase_space::StateView& rho, double* rate);

  /// Calls visit(j, Neighbourhood) for each owned plane j in order, with moments() up to date.
  /// Collective over the momentum communicator.
  template <class Visit>
  void sweep(const phase_space::StateView& rho, Visit&& visit) {
    begin_sweep(rho);
    for (Index j = 0; j < box_.z.size; ++j) visit(j, neighbourhood(rho, j));
  }

 private:
  void begin_sweep(const phase_space::StateView& rho);
  Neighbourhood neighbourhood(const phase_space::StateView& rho, Index j);
  double* gradient_plane(Index j);
  void update_gradient(const phase_space::StateView& rho, Index j);

  phase_space::Box box_;
  int reach_;
  Terms terms_;
  bool needs_momentum_gradient_;
  Moments moments_;
  phase_space::MomentumGradient momentum_gradient_;
  Stopwatch rate_time_, moments_time_;
  std::vector<double> gradient_planes_;  ///< D_p rho on the 2 reach + 1 planes around the sweep
};

}  // namespace nuvlasov::physics
