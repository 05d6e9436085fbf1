/// \file
/// The rate of the terms of Eq. (1, 16), of all together or of some, on one z plane.
///
/// The formulas of streaming.hpp, refraction.hpp, weak_force.hpp and group_velocity.hpp, reading
/// rho of each plane once and keeping nothing of other planes. With o the Jordan product, d = D_z
/// rho, s the sign of the species and the commutator C = [S, v] of angular_operator.hpp,
///
///     streaming       -v d
///     refraction      i [rho, Omega]
///     weak force      s { D_p W + (1/E) C Y_1 },  W = Y_0 - v Y_1
///     group velocity  s/E { kappa [Y_1 + 2 Z] + C Z }
///
///     Y_n = 1/3 [D_z(A_n o rho) - A_n o d + 2 (D_z A_n) o rho]
///     Z = 1/3 [A_1 o d - (D_z A_1) o rho]
///
/// because Omega = A_0 - v A_1 does not depend on energy, so that D_p(Omega o f) = Omega o D_p f -
/// A_1 o C f/E for the discrete operators too. C and kappa are zero for frozen directions. Of each
/// pair of planes a, b of D_z, w apart, Y_n has two products, both zero where all is uniform:
///
///     w/3 { [(A_a + A_b)/2 - A] o (rho_a - rho_b) + [(A_a - A_b)/2] o (rho_a + rho_b + 4 rho) }.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "nuvlasov/phase_space/angular_operator.hpp"
#include "nuvlasov/phase_space/decomposition.hpp"
#include "nuvlasov/phase_space/lines.hpp"
#include "nuvlasov/phase_space/momentum_gradient.hpp"
#include "nuvlasov/physics/lane_refraction.hpp"
#include "nuvlasov/physics/term.hpp"

namespace nuvlasov::physics {

class RateKernel {
 public:
  RateKernel() = default;
  RateKernel(const RateKernel&) = delete;
  RateKernel& operator=(const RateKernel&) = delete;
  virtual ~RateKernel() = default;

  /// Writes the sum of `parts` to `rate`, [energy][angle][component] of the owned nodes.
  virtual void write_rate(const Neighbourhood& here, const Parts& parts, double* rate) = 0;

  /// Upper estimate of |eigenvalue| of D_p.
  virtual double momentum_radius() const = 0;
  /// Writes D_p rho of the plane, [energy][angle][component] of the owned nodes.
  virtual void write_momentum_gradient(const Neighbourhood& here, double* gradient) = 0;
};

/// For the flavors of the grid.
/// \param box         owned energies and directions
/// \param seen        those in memory
/// \param refraction  what makes Omega for a kernel that takes no D_p; none: Neighbourhood has it
std::shared_ptr<RateKernel> make_rate_kernel(const phase_space::MomentumGrid& momentum,
                                             const phase_space::Box& box,
                                             const phase_space::Box& seen,
                                             const LaneRefraction& refraction = {});

template <int flavors>
class FlavoredRateKernel final : public RateKernel {
 public:
  FlavoredRateKernel(const phase_space::MomentumGrid& momentum, const phase_space::Box& box,
                     const phase_space::Box& seen, const LaneRefraction& refraction);

  void write_rate(const Neighbourhood& here, const Parts& parts, double* rate) override;
  double momentum_radius() const override { return momentum_gradient_.spectral_radius(); }
  void write_momentum_gradient(const Neighbourhood& here, double* gradient) override;

 private:
  using Block = flavor::Block<flavors>;
  static constexpr int components = flavor::components(flavors);
  static constexpr int block_size = flavor::block_size<flavors>;
  /// Registers of frozen directions that are finished at once, while they are in the innermost
  /// cache.
  static constexpr Index strip_of_beams = phase_space::MomentumGradient::most / block_size;
  /// Which products of the brackets a pass makes: none; those with Omega on frozen directions;
  /// those with A_0 and A_1 in spherical geometry.
  enum class Products { none, beams, spherical };
  struct Place;
  template <int pairs>
  struct Sources;

  bool makes_refraction(const Parts& parts) const {
    return refraction_.any() && parts.refraction && !parts.read_brackets();
  }
  void prepare(const Neighbourhood& here, const Parts& parts);
  void prepare_brackets(const Neighbourhood& here, int pairs);
  template <int pairs, Products products, bool refraction_in_lanes = false>
  void write(const Neighbourhood& here, const Parts& parts, double* rate);
  /// Calls visit(Place) for the registers [begin, end) of all.
  template <class Visit>
  void for_each_block(Index begin, Index end, Visit&& visit) const;
  /// Writes matrices to their nodes in a plane.
  static void put(const Block& value, const Place& place, double* plane);
  /// The same of the numbers of a line, whose first register is `first` among all.
  void put(const double* line, Index first, double* plane) const;
  /// Copies the owned nodes out of what is seen.
  void copy_owned(const double* seen, double* owned) const;
  /// `values`, [angle][component], in Blocks of a period.
  void spread(const double* values, double* blocks);

  phase_space::Lines lines_;
  LaneRefraction refraction_;
  phase_space::MomentumGradient momentum_gradient_;
  bool spherical_;
  Index energies_, row_;         ///< owned: energies, numbers in a row of angles
  Index row_seen_;               ///< numbers in a row of angles seen
  Index to_first_;               ///< numbers from what is seen first to what is owned first
  Index first_angle_;            ///< of the owned ones among those seen, position in a row
  bool whole_;                   ///< what is seen is what is owned
  phase_space::Numbers speeds_;  ///< v, in the registers of a period
  std::vector<double> signs_;    ///< s of the directions seen, [angle][component]
  std::optional<phase_space::AngularCommutator> commutator_;  ///< in spherical geometry
  phase_space::Numbers curvature_, sign_;                     ///< s kappa, s: in those of a line
  std::vector<double> inverse_energy_;                        ///< 1/E of the energies seen

  /// Of the present plane, Blocks of a period: (-v, axis of precession); and for frozen directions
  /// the factors of each pair of planes in W.
  phase_space::Numbers motion_, brackets_;
  phase_space::Numbers row_values_, repeated_;  ///< [angle][component]; as often as in a period
  phase_space::Fields force_;                   ///< W
  phase_space::Fields exchange_;                ///< what C acts on
  phase_space::Fields local_;                   ///< what needs no neighbours in momentum
  phase_space::Numbers seen_rate_;              ///< where momentum is split
};

}  // namespace nuvlasov::physics
