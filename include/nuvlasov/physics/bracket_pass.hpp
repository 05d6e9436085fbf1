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
  void write(Planes planes, const Parts& parts, RateSink& sink, bool continued);

  /// Of RateKernel.
  double momentum_radius() const { return momentum_gradient_.spectral_radius(); }
  void write_momentum_gradient(const Neighbourhood& here, double* gradient);

 private:
  using Block = flavor::Block<flavors>;
  using Matrix = flavor::Matrix<flavors>;
  using Multiplier = flavor::Multiplier<flavors>;
  static constexpr int components = flavor::components(flavors);
  static constexpr Index block_size = flavor::block_size<flavors>;
  /// Registers of nodes in a strip, at the most.
  static constexpr Index longest_strip = flavors == 2 ? 4 : 1;
  /// Numbers of an energy with two beams: told so, the compiler reads each energy around once.
  static constexpr Index two_beams = Index{2} * components;
  /// Blocks of a register of nodes in the ring: what is differenced along z, and what is not.
  static constexpr Index fields_of(bool spherical) { return spherical ? 4 : 3; }

  /// Where a register of nodes stands.
  struct Place {
    Index node = 0;   ///< number of its first component in the plane
    Index nodes = 0;  ///< that it holds
    Index line = 0;
    Index lane = 0;       ///< in tables of directions: in the line, with frozen ones in a period
    bool inside = false;  ///< whether nothing is read beyond the plane
    Index in_strip = 0;   ///< how many of its strip stand before it
  };
  /// Registers that are made before those of the next planes: with frozen directions one after the
  /// other, in spherical geometry of neighbouring energies, which read most of rho in common.
  struct Strip {
    std::array<Place, longest_strip> places{};
    Index size = 0;
    bool whole = true;  ///< all registers are filled
    void add(Place place) {
      place.in_strip = size;
      whole = whole && place.nodes == flavor::lanes;
      places[static_cast<std::size_t>(size++)] = place;
    }
    const Place* begin() const { return places.data(); }
    const Place* end() const { return places.data() + size; }
  };
  /// Strips whose rates, the numbers [begin, end) of a plane, are handed on together.
  struct Group {
    Index begin, end;
    std::vector<Strip> strips;
  };
  /// Where rho of a register of nodes stands, node by node, and how far from there that of the
  /// energies around: [-reach .. reach].
  struct Around {
    const double* here;
    const Index* steps;
  };
  /// What multiplies matrices in a plane in spherical geometry.
  struct Factors {
    Matrix charge_axis{}, current_axis{};              ///< A_n
    Multiplier charge{}, current{};                    ///< the same
    Multiplier charge_slope{}, minus_current_slope{};  ///< 2 D_z A_0, -D_z A_1
  };
  /// A plane that is read in a pass.
  struct Plane {
    const double* rho = nullptr;                      ///< of all nodes seen
    double* kept = nullptr;                           ///< in the ring
    const double *omega = nullptr, *slope = nullptr;  ///< frozen directions: omega_, omega_slope_
    const Factors* factors = nullptr;                 ///< spherical geometry
    const double* angular = nullptr;                  ///< angular_
    bool asked = false;                               ///< its rate is asked for:
    double* rate = nullptr;                           ///< where its first number would be
    const double* coming = nullptr;                   ///< rho that is soon to be read, or any
  };
  /// Of a register of nodes in spherical geometry: [table][lane].
  enum Table { curved, s_below, s_above, c_below, c_above, tables };

  void add_steps();
  Place place_at(Index line, Index register_in_line) const;
  std::vector<Group> groups() const;
  /// All strips as one group, in the order that reads the fewest planes again from outer caches.
  std::vector<Group> whole_plane() const;

  Around around(const double* plane, const Place& place);
  /// The same in copies: it is zero beyond the plane.
  Around copied(const double* plane, const Place& place);
  const Index* energy_steps(Index line) const {
    const Index reach = momentum_gradient_.reach();
    return energy_steps_.data() + line * (2 * reach + 1) + reach;
  }
  /// D_E rho, which D_p multiplies by v, component by component.
  /// \tparam step  how far the next energy is, where the compiler is told; 0: as `rho` says
  template <bool spherical, int reach, Index step = 0>
  Block energy_difference(const Around& rho, const Place& place) const;
  /// 1/(6E) s S rho and s C rho, of the parts asked for, given rho at a place.
  template <bool neighbours_only>
  std::array<Block, 2> angular_part(const Plane& plane, const Place& place, const Block& rho);
  /// s S rho/6 and s C rho/6 of the lines of a strip, where S and C take more than the neighbours,
  /// of plane p; of all that are read, but for those that the last pass has read too.
  void write_angular_part(const double* plane, const Strip& strip, Index p);
  void write_angular_parts(Planes planes, const Strip& strip);
  /// Where they stand: of a line among those of a plane, and how far C is from S; of plane p.
  Index angular_at(const Place& place) const { return place.in_strip * lines_.numbers(); }
  Index angular_step() const { return strip_size_ * lines_.numbers(); }
  double* angular_of(Index p) { return angular_.data() + (p + span_) * 2 * angular_step(); }
  double* table(const Place& place, Table which) {
    return tables_.data() + (place.in_strip * tables + which) * flavor::lanes;
  }
  void write_tables(const Place& place);
  /// What the parts make of the tables of directions.
  void prepare_directions(bool streaming, double by_force, double by_velocity);
  void prepare_planes(Planes planes);

  /// Plane p of those asked for, or before or after them.
  Plane& plane(Index p) { return planes_[static_cast<std::size_t>(p + span_)]; }
  /// Writes what is differenced along z, and what is not if the plane is asked for, to the ring.
  template <int reach, Index step>
  void keep_beams(const Plane& plane, const Strip& strip);
  template <int reach, bool neighbours_only>
  void keep_spherical(const Plane& plane, const Strip& strip);
  /// Writes the rates of as many planes as there are rows from the ring.
  /// \tparam stream  past the caches; nothing else is then looked at for each register
  template <bool spherical, bool stream, class Rows>
  void make(const Plane* planes, const Rows& rows, const Strip& strip);
  /// \param rows  of D_z, on the ring
  template <bool spherical, int pairs>
  void write_strip(Planes planes, const std::vector<DifferenceRow<pairs>>& rows,
                   const Strip& strip);
  /// Writes a register of nodes; past the caches one that is filled.
  template <bool stream>
  void put(const Block& value, const Place& place, double* plane) const;
  /// Whether rates are written to where they belong, and how.
  void find_targets(Index planes, RateSink& sink);
  void end_group(const Group& group, Index planes, RateSink& sink);

  phase_space::Lines lines_;
  OwnedNodes nodes_;
  phase_space::MomentumGradient momentum_gradient_;
  bool spherical_;
  bool neighbours_only_;  ///< S and C take no more
  int span_;
  Index planes_at_once_;
  Index strip_size_;  ///< registers of nodes in a strip: its ring is in the innermost cache
  std::vector<Group> groups_, whole_plane_;  ///< where rates are handed on, and where they are not
  void (BracketPass::*keep_)(const Plane&, const Strip&) = nullptr;

  /// Of directions, in the registers of a line or of a period: v, s, s kappa.
  phase_space::Numbers speeds_, signs_, curvature_;
  /// -v and s v/6, or zero where they are not asked for.
  phase_space::Numbers streaming_speeds_, force_speeds_;
  double by_force_ = 0.0, by_velocity_ = 0.0;  ///< 1, or 0
  bool by_refraction_ = false;
  std::vector<double> inverse_energy_;  ///< 1/E of the energies seen
  /// Of Around: of rho as it stands, [line][-reach .. reach], zero where nothing counts; in copies.
  std::vector<Index> energy_steps_, steps_of_copies_;

  std::optional<phase_space::AngularCommutator> commutator_;  ///< in spherical geometry
  phase_space::Numbers tables_;                               ///< of a strip
  /// Angular parts [plane][S, C][line of a strip][numbers of a line]; rho of the lines of a strip.
  phase_space::Numbers angular_, line_;
  /// The same of the last planes of a pass, [line][plane][S, C][numbers of a line], and which
  /// these are to the next.
  phase_space::Numbers carried_;
  phase_space::Range carried_planes_;

  /// Frozen directions: Omega and 2 D_z Omega of planes in Blocks of a period.
  phase_space::Numbers omega_, omega_slope_;
  std::vector<Plane> planes_;     ///< from the first one that D_z reads on
  std::vector<Factors> factors_;  ///< of the same

  phase_space::Numbers ring_;           ///< [plane][register of a strip][field][component][lane]
  phase_space::Numbers copies_;         ///< of rho around a place
  phase_space::Numbers rates_;          ///< [plane][numbers of a group]
  bool direct_ = false;                 ///< rates are written to where they belong,
  bool stream_ = false;                 ///< past the caches
  phase_space::Numbers seen_gradient_;  ///< where momentum is split
  Pieces pieces_;
};

}  // namespace nuvlasov::physics
