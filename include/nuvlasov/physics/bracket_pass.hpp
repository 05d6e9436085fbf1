/// \file
/// All terms of Eq. (16), the passes of rate_kernel.hpp with products and D_p.
#pragma once

#include <optional>

#include "nuvlasov/phase_space/angular_operator.hpp"
#include "nuvlasov/phase_space/lines.hpp"
#include "nuvlasov/phase_space/momentum_gradient.hpp"
#include "nuvlasov/physics/strips.hpp"

namespace nuvlasov::physics {

template <int flavors>
class BracketPass {
 public:
  /// \param span  farthest plane that D_z reads
  BracketPass(const phase_space::MomentumGrid& momentum, const phase_space::Box& box,
              const phase_space::Box& seen, int span);

  Index planes_at_once() const { return planes_at_once_; }
  void write(Planes planes, const Parts& parts, RateSink& sink);

  /// Of RateKernel.
  double momentum_radius() const { return momentum_gradient_.spectral_radius(); }
  void write_momentum_gradient(const Neighbourhood& here, double* gradient);

 private:
  using Block = flavor::Block<flavors>;
  static constexpr int components = flavor::components(flavors);
  static constexpr Index block_size = flavor::block_size<flavors>;
  /// Registers of nodes in a strip: the ring of seven planes with rho and two products is in the
  /// innermost cache.
  static constexpr Index strip = std::max(1, 16 / components);
  struct Place;

  /// Calls visit(Place) for the registers [begin, end) of a line.
  template <class Visit>
  void for_each_block(Index line, Index begin, Index end, Visit&& visit) const;
  /// rho at a place, component by component.
  Block density(const double* plane, const Place& place) const;
  /// Writes value_of(lane, component) to the nodes of a line in a plane.
  template <class Value>
  void put_line(Value&& value_of, Index line, double* plane) const;
  /// rho that is soon to be read, or any.
  const double* coming_at(const Neighbourhood& here) const;
  /// Fetches a register of nodes that is needed soon.
  static void fetch(const double* coming);
  /// `row`, [angle][component], in Blocks of a period.
  void spread(const double* row, double* blocks);
  /// The ring's memory of plane p, which may be before or after those asked for.
  double* kept(Index p) { return ring_.data() + slots_[static_cast<std::size_t>(p + span_)]; }
  /// Calls keep(here, m, p) once for each plane p that is read, m planes from `here`, before
  /// make(p) reads it.
  template <class Keep, class Make>
  static void along_z(Planes planes, Keep&& keep, Make&& make);
  void prepare_motion(Planes planes, const Parts& parts);
  void prepare_beams(Planes planes);
  void prepare_spherical(Planes planes);
  template <int pairs>
  void write_beams(Planes planes, RateSink& sink);
  template <int pairs>
  void write_spherical(Planes planes, const Parts& parts, RateSink& sink);
  /// The rate on lines [begin, end) of plane p, whose neighbours in energy are made.
  void finish_lines(Index p, Index begin, Index end, const Parts& parts, RateSink& sink);

  phase_space::Lines lines_;
  OwnedNodes nodes_;
  phase_space::MomentumGradient momentum_gradient_;
  bool spherical_;
  int span_;
  Index planes_at_once_;
  phase_space::Numbers speeds_;  ///< v, in the registers of a period
  std::vector<double> signs_;    ///< s of the directions seen, [angle][component]
  std::optional<phase_space::AngularCommutator> commutator_;  ///< in spherical geometry
  phase_space::Numbers curvature_, sign_;                     ///< s kappa, s: in those of a line
  std::vector<double> inverse_energy_;                        ///< 1/E of the energies seen

  phase_space::Numbers ring_;  ///< [plane][register of a strip][rho, products][component][lane]
  std::vector<Index> slots_;   ///< where planes stand in it
  /// Of each plane, Blocks of a period: (-v, axis of precession).
  phase_space::Numbers motion_;
  /// Frozen directions: s Omega/6 of the planes around too, and s D_z Omega/3.
  phase_space::Numbers omega_, omega_slope_;
  /// Spherical geometry: A_n/6 of the planes around too; -A_0/6, D_z A_0/3 and D_z A_1/6.
  std::vector<flavor::Multiplier<flavors>> charge_, current_;
  std::vector<flavor::Multiplier<flavors>> minus_charge_, charge_slope_, current_slope_;
  phase_space::Numbers row_values_, repeated_;  ///< [angle][component]; as often as in a period
  /// Of each plane: W; what C acts on; what needs no neighbours in momentum.
  std::vector<phase_space::Fields> force_, exchange_, local_;
  phase_space::Numbers seen_gradient_;  ///< where momentum is split
  Pieces pieces_;
};

}  // namespace nuvlasov::physics
