/// \file
/// The kinetic equation as the sum of its terms, swept over the z planes of a rank.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "nuvlasov/flavor/masses.hpp"
#include "nuvlasov/phase_space/aligned.hpp"
#include "nuvlasov/phase_space/decomposition.hpp"
#include "nuvlasov/physics/dissipation.hpp"
#include "nuvlasov/physics/inflow.hpp"
#include "nuvlasov/physics/plane_runs.hpp"
#include "nuvlasov/physics/rate_kernel.hpp"
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
  InflowState inflow{};  ///< through open ends
  flavor::Masses masses{};
  std::vector<double> matter{};  ///< lambda (mu) of each cell in z; empty: none
};

using Terms = std::vector<std::unique_ptr<Term>>;

/// The terms of the equation: the one place where they are listed.
/// \throws std::invalid_argument for a name that the mode and the geometry do not have
Terms make_terms(const EquationSettings& settings, const phase_space::ZAxis& z,
                 const phase_space::MomentumGrid& momentum, const phase_space::Box& box,
                 const std::shared_ptr<RateKernel>& kernel);

/// d rho/dt on the planes of one rank.
class KineticEquation {
 public:
  /// \param decomposition  with at least as many ghosts as D_z reaches; must outlive the equation
  KineticEquation(const EquationSettings& settings, const phase_space::ZAxis& z,
                  const phase_space::MomentumGrid& momentum,
                  const phase_space::Decomposition& decomposition);

  /// Adds a term of the caller's own, before a ledger or an integrator looks at the equation.
  /// \throws std::invalid_argument for one that is part of a RateKernel's sum
  void add_term(std::unique_ptr<Term> term);

  const phase_space::ZAxis& z() const { return z_; }
  const phase_space::MomentumGrid& momentum() const { return momentum_; }
  const EquationSettings& settings() const { return settings_; }
  const Terms& terms() const { return terms_; }
  bool has_term(const std::string& name) const;
  /// What all terms together have of a RateKernel's sum.
  const Parts& parts() const { return parts_; }
  /// As of the last update_moments() or sweep(). A rate may leave them as they were.
  const Moments& moments() const { return moments_; }

  /// The cell of the first owned plane in the profile of matter, for an equation on a part of the
  /// axis.
  void set_first_cell(Index cell) { moments_.set_matter(settings_.matter, cell); }

  /// Seconds this rank has spent on moments, and on terms.
  double moments_time() const { return moments_time_.seconds(); }
  double terms_time() const {
    return rate_time_.seconds() - moments_time_.seconds() - waiting_time_.seconds();
  }

  /// Brings moments() up to date. Collective over the momentum communicator.
  void update_moments(const phase_space::StateView& rho);

  /// Writes the sum of all terms to `rate`, [z][energy][angle][component] of the owned nodes.
  /// Collective over the momentum communicator.
  void rate(const phase_space::StateView& rho, double* rate) {
    this->rate(
        rho, [] {}, [&](Index at) { return rate + at; }, {rate},
        [](Index, Index, const double*) {});
  }

  /// The same in pieces, runs of numbers of `rate` each within a plane or of whole planes, while
  /// ghosts are on their way: calls await_ghosts() before it reads any, writes the numbers from
  /// `at` on to target(at), which is good for the rest of a plane, and calls done(at, count, rate).
  /// Where target(at) is null, they are kept until done() has returned. The pieces of a plane
  /// follow each other, with pieces of other planes between them. What all of these have written
  /// past the caches is in memory when it returns.
  /// \param touched  what target() and done() read and write, laid out as `rate`
  template <class AwaitGhosts, class Target, class Done>
  void rate(const phase_space::StateView& rho, AwaitGhosts&& await_ghosts, Target&& target,
            const Touched& touched, Done&& done) {
    const auto lap = rate_time_.lap();
    const auto wait = [&] {
      const auto waiting = waiting_time_.lap();
      await_ghosts();
    };
    Sink<Target, Done> sink(box_, target, touched, done);
    begin_sweep(true);
    for_each_range(rho, wait, [&](Index begin, Index end, Index readable) {
      for (phase_space::Range planes{begin, 0}; planes.begin < end; planes.begin = planes.end()) {
        sink.begin_at(planes.begin);
        if (runs_.at(planes.begin, end)) {
          planes.size = runs_.length();
          write_run(rho, planes, sink);
        } else {
          planes.size = planes_at_once(planes.begin, end);
          write_rates(rho, planes, readable, planes.begin > begin, sink);
        }
      }
    });
  }

  /// Calls visit(j, Neighbourhood) for each owned plane j, with moments() up to date, and in the
  /// full mode with the momentum gradient. Collective over the momentum communicator.
  template <class Visit>
  void sweep(const phase_space::StateView& rho, Visit&& visit) {
    begin_sweep(false);
    for_each_range(
        rho, [] {},
        [&](Index begin, Index end, Index readable) {
          for (Index j = begin; j < end; ++j) {
            Neighbourhood here;
            set_neighbourhood(rho, j, readable, here);
            add_momentum_gradient(here);
            visit(j, here);
          }
        });
  }

 private:
  /// Calls visit(begin, end, readable) for ranges of the owned planes, those that need no ghosts
  /// first.
  template <class AwaitGhosts, class Visit>
  void for_each_range(const phase_space::StateView& rho, AwaitGhosts&& await_ghosts,
                      Visit&& visit) {
    const Index planes = box_.z.size;
    // Moments that are summed up over ranks are so for all planes at once.
    const Index span = z_.span();
    const Index inside = moments_.shared() ? 0 : planes - 2 * span;
    const Index inner = inside >= fewest_passes * most_planes_ ? inside : 0;
    if (inner > 0) visit(span, span + inner, planes);
    await_ghosts();
    if (moments_.shared()) update_moments(rho);
    const Index last = std::min<Index>(planes + reach_, rho.planes_seen().end());
    if (inner > 0) {
      visit(span + inner, planes, last);
      visit(0, span, last);
    } else {
      visit(0, planes, last);
    }
  }
  /// The ends of a rank are passes of their own, which read as many planes again; with fewer passes
  /// between, that takes longer than to wait.
  static constexpr Index fewest_passes = 2;

  /// What a caller of rate() does with pieces.
  template <class Target, class Done>
  class Sink final : public RateSink {
   public:
    Sink(const phase_space::Box& box, Target& target, const Touched& touched, Done& done)
        : plane_(box.plane()),
          past_caches_(phase_space::past_caches(box.numbers())),
          target_(target),
          touched_(touched),
          done_(done) {}
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;
    ~Sink() override {
      if (past_caches_) flavor::finish_streams();
    }
    void begin_at(Index plane) { first_ = plane * plane_; }
    double* target(Index p, Index at) override { return target_(first_ + p * plane_ + at); }
    bool past_caches() const override { return past_caches_; }
    Touched touched(Index p) const override { return touched_.from(first_ + p * plane_); }
    void done(Index p, Index at, Index count, const double* rate) override {
      done_(first_ + p * plane_ + at, count, rate);
    }

   private:
    Index plane_, first_ = 0;
    bool past_caches_;
    Target& target_;
    Touched touched_;
    Done& done_;
  };

  /// \param potentials_only  whether no moments are needed but A_0 and A_1
  void begin_sweep(bool potentials_only);
  /// Planes from j on, before `end`, for one pass: with rows of D_z of one length, so that what is
  /// done on a plane does not depend on where ranks begin.
  Index planes_at_once(Index j, Index end) const;
  /// \param readable   planes before this one may be read
  /// \param continued  as for RateKernel
  void write_rates(const phase_space::StateView& rho, phase_space::Range planes, Index readable,
                   bool continued, RateSink& sink);
  /// On a run of planes.
  void write_run(const phase_space::StateView& rho, phase_space::Range planes, RateSink& sink);
  /// Whether there are terms that no RateKernel writes.
  bool has_own_terms() const;
  /// \param here  a new one
  void set_neighbourhood(const phase_space::StateView& rho, Index j, Index readable,
                         Neighbourhood& here);
  void add_momentum_gradient(Neighbourhood& here);
  /// Makes the moments of `planes`, and of some to come, unless that is done in this sweep.
  void prepare(const phase_space::StateView& rho, phase_space::Range planes, Index readable);

  phase_space::ZAxis z_;
  phase_space::MomentumGrid momentum_;
  EquationSettings settings_;
  phase_space::Box box_;
  int reach_;  ///< ghost planes that D_z reads
  std::shared_ptr<RateKernel> kernel_;
  Terms terms_;
  Parts parts_;  ///< of the terms that are written in one pass
  Moments moments_;
  PlaneRuns runs_;
  Stopwatch rate_time_, moments_time_, waiting_time_;
  std::vector<char> prepared_;                 ///< by plane seen
  bool potentials_only_ = false;               ///< that is what is prepared
  Index ahead_;                                ///< planes to prepare at once
  phase_space::Numbers gradient_;              ///< D_p rho
  Index most_planes_;                          ///< in one pass
  std::vector<Neighbourhood> neighbourhoods_;  ///< of planes that are done at once
  phase_space::Numbers rate_;  ///< of the same, where there are terms that no RateKernel writes
  std::vector<double> signs_;  ///< of the owned angles
};

}  // namespace nuvlasov::physics
