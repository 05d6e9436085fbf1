/// \file
/// The rate of the terms of Eq. (1, 16), of all together or of some, on z planes that follow each
/// other.
///
/// The formulas of streaming.hpp, refraction.hpp, weak_force.hpp and group_velocity.hpp in one
/// pass. With o the Jordan product, Omega = A_0 - v A_1, s the sign of the species, and for a node
/// g = s D_p rho/3, b = s kappa rho/(3 E) and q = s C rho/(3 E) with the commutator C = [S, v] of
/// angular_operator.hpp,
///
///     streaming       -v D_z rho
///     refraction      i [rho, Omega]
///     weak force      D_z(Omega o g) - Omega o D_z g + 2 (D_z Omega) o g
///     group velocity  D_z(A_1 o b) + A_1 o D_z(b + q) - (D_z A_1) o q
///
/// kappa and C are zero for frozen directions. What is differenced along z is
///
///     h = -v rho + Omega o g + A_1 o b,   g,   v g + b + q,
///
/// and the sum is D_z h - A_0 o D_z g + A_1 o D_z(v g + b + q) and what takes no difference of rho.
///
/// A pass goes along z with a few nodes at a time, a strip: what D_z reads of the planes around is
/// in the innermost cache.
#pragma once

#include <algorithm>
#include <array>
#include <initializer_list>
#include <memory>
#include <span>

#include "nuvlasov/phase_space/decomposition.hpp"
#include "nuvlasov/phase_space/momentum_grid.hpp"
#include "nuvlasov/physics/lane_refraction.hpp"
#include "nuvlasov/physics/term.hpp"

namespace nuvlasov::physics {

/// Planes that follow each other, with rows of D_z of one length.
using Planes = std::span<const Neighbourhood>;

/// What is read and written together with rates, at the same numbers: worth fetching from memory
/// while they are made.
class Touched {
 public:
  Touched() = default;
  Touched(std::initializer_list<const double*> memory) : count_(memory.size()) {
    std::copy(memory.begin(), memory.end(), memory_.begin());
  }
  /// The same from number `at` on.
  Touched from(Index at) const {
    Touched rest = *this;
    for (std::size_t n = 0; n < count_; ++n) rest.memory_[n] += at;
    return rest;
  }
  /// Fetches the line of number `at`. (A call would be left out as one of no effect.)
  [[gnu::always_inline]] void fetch(Index at) const {
    for (std::size_t n = 0; n < count_; ++n) __builtin_prefetch(memory_[n] + at, 1);
  }

 private:
  std::size_t count_ = 0;
  std::array<const double*, 3> memory_{};
};

/// Where rates go, in pieces: runs of numbers of a plane, [energy][angle][component] of the owned
/// nodes, those of one plane one after the other.
class RateSink {
 public:
  RateSink() = default;
  RateSink(const RateSink&) = delete;
  RateSink& operator=(const RateSink&) = delete;
  virtual ~RateSink() = default;
  /// Where number `at` of the p-th plane and what follows in the plane belong; null: the kernel
  /// keeps a piece until done() has returned.
  virtual double* target(Index p, Index at) = 0;
  /// Whether what is written to target() is not read again before it has left the caches. Who says
  /// so calls finish_streams() when all is done: to wait for it piece by piece takes a tenth
  /// longer.
  virtual bool past_caches() const { return false; }
  /// From the first number of the p-th plane on.
  virtual Touched touched(Index /*p*/) const { return {}; }
  /// Numbers [at, at + count) of the p-th plane are written.
  virtual void done(Index p, Index at, Index count, const double* rate) = 0;
};

/// Keeps the rates of whole planes.
class KeptPlanes final : public RateSink {
 public:
  KeptPlanes(Index plane, double* rates) : plane_(plane), rates_(rates) {}
  double* target(Index p, Index at) override { return rates_ + p * plane_ + at; }
  void done(Index /*p*/, Index /*at*/, Index /*count*/, const double* /*rate*/) override {}

 private:
  Index plane_;
  double* rates_;
};

class RateKernel {
 public:
  RateKernel() = default;
  RateKernel(const RateKernel&) = delete;
  RateKernel& operator=(const RateKernel&) = delete;
  virtual ~RateKernel() = default;

  /// Planes that are best done at once, and at the most.
  virtual Index planes_at_once(const Parts& parts) = 0;
  /// The sum of `parts`.
  /// \param continued  whether the planes follow those of the last call, of the same rho
  virtual void write_rates(Planes planes, const Parts& parts, RateSink& sink, bool continued) = 0;
  /// The same on one plane, [energy][angle][component] of the owned nodes.
  void write_rate(const Neighbourhood& here, const Parts& parts, double* rate);

  /// Upper estimate of |eigenvalue| of D_p.
  virtual double momentum_radius() = 0;
  /// Writes D_p rho of the plane, [energy][angle][component] of the owned nodes.
  virtual void write_momentum_gradient(const Neighbourhood& here, double* gradient) = 0;
};

/// For the flavors and the geometry of the grid.
/// \param box         owned energies and directions
/// \param seen        those in memory
/// \param span        farthest plane that D_z reads
/// \param refraction  what makes Omega for a pass that takes no D_p; none: Neighbourhood has it
/// \param run         planes that each Neighbourhood is; more than one: all that is owned is in
///                    memory, and nothing takes D_p
std::shared_ptr<RateKernel> make_rate_kernel(const phase_space::MomentumGrid& momentum,
                                             const phase_space::Box& box,
                                             const phase_space::Box& seen, int span,
                                             const LaneRefraction& refraction = {}, Index run = 1);

}  // namespace nuvlasov::physics
