/// \file
/// Initial states in which each direction carries one flavor polarization as a function of z,
/// spread over energies by a spectrum: rho(z, E, v_k) = f(E) beam(z, k).
#pragma once

#include <complex>
#include <memory>
#include <utility>
#include <vector>

#include "nuvlasov/flavor/density_matrix.hpp"
#include "nuvlasov/initial/seeds.hpp"
#include "nuvlasov/phase_space/momentum_grid.hpp"
#include "nuvlasov/phase_space/state_view.hpp"
#include "nuvlasov/phase_space/z_axis.hpp"

namespace nuvlasov::initial {

/// The energy-integrated density matrix of each direction.
class Beams {
 public:
  virtual ~Beams() = default;
  /// \param z  position (1/mu)
  /// \param k  direction
  virtual flavor::Components at(double z, Index k) const = 0;
};

/// Writes f_i beam(z_j, k) to `state`, [z][energy][angle][component] of the nodes in `box`.
void fill(const Beams& beams, const std::vector<double>& spectrum, const phase_space::ZAxis& z,
          const phase_space::Box& box, double* state);

/// Homogeneous beams, diagonal in flavor.
struct Background {
  int flavors = 2;
  std::vector<flavor::Components> beams;  ///< of each direction

  /// Of two flavors, or the first two of three. \param zeta  P^z of each direction
  /// \param occupation  P0 of each direction
  static Background of_two(int flavors, const std::vector<double>& zeta,
                           const std::vector<double>& occupation);
  /// rho_aa - rho_bb of each direction: P^z of two flavors.
  std::vector<double> difference(flavor::FlavorPair pair) const;
};

/// Coherence between two flavors, in directions that hold one of them.
struct PairSeeds {
  flavor::FlavorPair pair;
  std::unique_ptr<const Seeds> seeds;
};

/// Homogeneous beams with seeds: the experiment of Fig. 1.
class SeededBeams final : public Beams {
 public:
  /// \param pure  replace each density matrix by the pure state next to it
  SeededBeams(Background background, std::vector<PairSeeds> seeds, bool pure);
  /// Of two flavors. \param seeds  may be null
  SeededBeams(const std::vector<double>& zeta, const std::vector<double>& occupation,
              std::unique_ptr<const Seeds> seeds, bool pure);
  flavor::Components at(double z, Index k) const override;

 private:
  Background background_;
  std::vector<PairSeeds> seeds_;
  bool pure_;
};

/// A pulse: other beams times exp(-(z - center)^2/(2 width^2)).
class GaussianPulse final : public Beams {
 public:
  GaussianPulse(std::unique_ptr<const Beams> beams, double center, double width)
      : beams_(std::move(beams)), center_(center), width_(width) {}
  flavor::Components at(double z, Index k) const override;

 private:
  std::unique_ptr<const Beams> beams_;
  double center_, width_;
};

/// What of `beams` enters through the ends of an open axis: of the directions v > 0 what they are
/// at the lower end, of the others what they are at the upper end.
std::vector<flavor::Components> entering(const Beams& beams, const phase_space::ZAxis& z,
                                         const std::vector<double>& directions);

/// Linear theory of two opposite beams, Eq. (9) to (12). zeta_+- are the P^z of the beams with
/// v = +-1, times their weights.
struct TwoBeamMode {
  TwoBeamMode(double zeta_plus, double zeta_minus, double wave_number);

  double k;
  double lower, upper;               ///< k_1, k_2: unstable in between
  double omega0;                     ///< precession frequency
  std::complex<double> gamma;        ///< growth rate, imaginary for a stable mode
  std::complex<double> plus, minus;  ///< growing eigenvector of Eq. (10)

  /// Change of U_osc in a box of length L, transverse part (Eq. 12), with the decay of its start.
  double u_osc_transverse(double alpha, double length, double time) const;
  /// Change of the whole U_osc. Eq. (12) leaves out the change of the z components, which is of the
  /// same order: docs/decisions/two-beam-energy.md.
  double u_osc_change(double alpha, double length, double time) const;
};

}  // namespace nuvlasov::initial
