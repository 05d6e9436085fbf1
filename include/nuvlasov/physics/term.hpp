/// \file
/// What a term of the kinetic equation reads, and what it must provide. A new term is one class
/// derived from Term, added to the list in kinetic_equation.cpp: the step limit, the budget and the
/// history file find it there.
#pragma once

#include <string>

#include "nuvlasov/phase_space/stencil.hpp"
#include "nuvlasov/physics/moments.hpp"

namespace nuvlasov::physics {

/// One z plane of the state and the planes around it; or a run of planes that follow each other in
/// memory, with the same row of D_z, where a RateKernel is made for runs.
struct Neighbourhood {
  Index z = 0;         ///< of the plane, in global numbering
  Index energies = 0;  ///< owned energies
  Index angles = 0;    ///< owned angles
  int flavors = 2;
  Index components = flavor::components(2);  ///< of a density matrix
  Index density_stride = 0;                  ///< doubles from one energy to the next in density(m)
  /// In density(m), relative to the first owned ones; beyond: vacuum.
  phase_space::Range energies_seen, angles_seen;

  /// The row of D_z at this plane. What follows is there for the planes z + m that it reads.
  const phase_space::Stencil& d_z() const { return *d_z_; }
  /// rho at plane z + m, [energy][angle][component] with density_stride.
  const double* density(int m) const { return planes_[m]; }
  /// rho of a plane that is soon to be read, worth fetching, as density(m); or null.
  const double* coming() const { return coming_; }
  /// D_p rho at plane z, [energy][angle][component] without gaps; in a sweep() of the full mode.
  const double* momentum_gradient() const { return gradient_; }
  /// Omega at plane z + m, at the k-th owned angle.
  template <int number>
  flavor::Matrix<number> refraction(int m, Index k) const {
    return refraction_at<number>(charge(m), current(m), directions_[k]);
  }

  /// Numbers in a row of the owned angles.
  Index row() const { return angles * components; }

  /// s of each owned angle: +1 for neutrinos, -1 for antineutrinos.
  double sign(Index k) const { return signs_[k]; }

  /// A_0 and A_1 of Eq. (17) at plane z + m; of a run, at each of its planes, [plane][component].
  const double* charge(int m) const { return charge_ + m * components; }
  const double* current(int m) const { return current_ + m * components; }

  const double* const* planes_ = nullptr;
  const double *charge_ = nullptr, *current_ = nullptr;
  const double *gradient_ = nullptr, *coming_ = nullptr;
  const phase_space::Stencil* d_z_ = nullptr;
  const double *signs_ = nullptr, *directions_ = nullptr;
};

/// What of a RateKernel's sum a term is, or several are.
struct Parts {
  bool streaming = false, refraction = false, weak_force = false, group_velocity = false;
  bool any() const { return streaming || refraction || read_brackets(); }
  bool read_brackets() const { return weak_force || group_velocity; }
  Parts& operator|=(const Parts& other) {
    streaming |= other.streaming;
    refraction |= other.refraction;
    weak_force |= other.weak_force;
    group_velocity |= other.group_velocity;
    return *this;
  }
};

/// One term of the kinetic equation.
class Term {
 public:
  virtual ~Term() = default;

  /// As it appears in the history columns: "streaming".
  virtual std::string name() const = 0;
  /// In words and symbols, for the long_name of those columns.
  virtual std::string meaning() const = 0;
  /// What of a RateKernel's sum this term is: such terms are written together, in one pass.
  /// Nothing: add_rate() is called.
  virtual Parts parts() const { return {}; }

  /// Whether it acts on other planes than the ends of an open axis.
  virtual bool acts_inside() const { return true; }

  /// Adds this term's d rho/dt at one z plane to `rate`, [energy][angle][component].
  virtual void add_rate(const Neighbourhood& here, double* rate) = 0;

  /// Upper estimate, on this rank's planes, of |eigenvalue| of the term linearised at the present
  /// state (1/time): the explicit step limit is the integrator's reach divided by the sum of these.
  virtual double spectral_radius(const Moments& moments) const = 0;

  /// The part of that rate which the solution itself follows, whatever the grid, on this rank's
  /// planes: a step has to resolve it for accuracy, not only to stay stable.
  virtual double physical_rate(const Moments&) const { return 0.0; }
};

}  // namespace nuvlasov::physics
