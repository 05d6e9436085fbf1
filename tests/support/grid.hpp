/// \file
/// A small phase space on one rank or more, and the equation on it, without a configuration.
#pragma once

#include <gtest/gtest.h>

#include <random>

#include "nuvlasov/phase_space/decomposition.hpp"
#include "nuvlasov/physics/kinetic_equation.hpp"

namespace nuvlasov::testing_support {

struct GridShape {
  Index z = 12, energies = 11;
  int z_order = 6, energy_order = 6;
  std::vector<double> directions{-1.0, 1.0};
  std::vector<double> weights{1.0, 1.0};
  std::vector<double> signs{};  ///< of beams; empty: neutrinos alone
  double length = 10.0, half_width = 4.0;
  /// Spherical geometry with this many angles, instead of the directions.
  Index spherical_angles = 0;
  phase_space::AngularOperator angular_operator = phase_space::AngularOperator::spectral;
  phase_space::DirectionRange range{};
  bool antineutrinos = false;  ///< in spherical geometry: as many angles again
  double reference = 50.0;
  phase_space::Boundaries boundaries = phase_space::Boundaries::periodic;
  int flavors = 2;
};

/// A phase space, distributed over a communicator, with an equation and a state of random numbers.
class Grid {
 public:
  Grid(const GridShape& shape, physics::Mode mode, MPI_Comm comm = PETSC_COMM_SELF,
       phase_space::ProcessGrid ranks = {})
      : Grid(shape, physics::EquationSettings{.mode = mode}, comm, ranks) {}

  Grid(const GridShape& shape, const physics::EquationSettings& settings,
       MPI_Comm comm = PETSC_COMM_SELF, phase_space::ProcessGrid ranks = {})
      : z(shape.length, shape.z, shape.z_order, shape.boundaries),
        momentum((shape.spherical_angles > 0
                      ? phase_space::MomentumGrid::spherical(
                            shape.reference, shape.half_width, shape.energies, shape.energy_order,
                            shape.spherical_angles, shape.angular_operator, shape.range,
                            shape.antineutrinos)
                      : phase_space::MomentumGrid(shape.reference, shape.half_width, shape.energies,
                                                  shape.energy_order, shape.directions,
                                                  shape.weights, shape.signs))
                     .of_flavors(shape.flavors)) {
    const int ghosts = std::max(shape.z_order, shape.energy_order) / 2;
    EXPECT_EQ(decomposition.create(comm, z, momentum, ghosts, ranks), 0);
    equation = std::make_unique<physics::KineticEquation>(settings, z, momentum, decomposition);
    EXPECT_EQ(decomposition.create_state(state), 0);
  }

  /// The whole random state, the same on all ranks for one seed: [z][energy][angle][component].
  std::vector<double> random_state(unsigned seed) const {
    std::mt19937 generator(seed);
    std::uniform_real_distribution<double> uniform(-1.0, 1.0);
    std::vector<double> values(static_cast<std::size_t>(z.cells() * momentum.energies() *
                                                        momentum.angles() * momentum.components()));
    for (double& value : values) value = uniform(generator);
    return values;
  }

  /// Copies the owned part of a whole state into `state`.
  void set(const std::vector<double>& whole) {
    PetscScalar* memory = nullptr;
    EXPECT_EQ(VecGetArray(state, &memory), 0);
    for_owned([&](Index local, Index global) {
      memory[local] = whole[static_cast<std::size_t>(global)];
    });
    EXPECT_EQ(VecRestoreArray(state, &memory), 0);
  }

  /// d rho/dt on the owned nodes.
  std::vector<double> rate() {
    std::vector<double> values(
        static_cast<std::size_t>(decomposition.box().nodes() * momentum.components()));
    EXPECT_EQ(
        decomposition.with_ghosts(
            state, [&](const phase_space::StateView& rho) { equation->rate(rho, values.data()); }),
        0);
    return values;
  }

  /// Brings the moments of the equation up to date.
  void update_moments() {
    EXPECT_EQ(decomposition.with_ghosts(
                  state, [&](const phase_space::StateView& rho) { equation->update_moments(rho); }),
              0);
  }

  /// Calls visit(local, global) with the positions of each owned number.
  template <class Visit>
  void for_owned(Visit&& visit) const {
    const auto& box = decomposition.box();
    Index local = 0;
    for (Index j = 0; j < box.z.size; ++j)
      for (Index i = 0; i < box.energy.size; ++i)
        for (Index a = 0; a < box.row(); ++a)
          visit(local++, (((box.z.begin + j) * momentum.energies() + box.energy.begin + i) *
                              momentum.angles() +
                          box.angle.begin) *
                                 momentum.components() +
                             a);
  }

  /// <f, g> with the measure of the grid, of whole states.
  double inner_product(const std::vector<double>& f, const std::vector<double>& g) const {
    long double sum = 0.0L;
    for (std::size_t n = 0; n < f.size(); ++n) {
      const auto number = static_cast<Index>(n);
      const Index node = number / momentum.components();
      // Tr(a b) = a0 b0/N + a.b/2.
      const double trace = number % momentum.components() == 0 ? 2.0 / momentum.flavors() : 1.0;
      sum += static_cast<long double>(trace * f[n] * g[n]) *
             momentum.weight(node / momentum.angles() % momentum.energies(),
                             node % momentum.angles()) *
             z.weight(node / (momentum.angles() * momentum.energies()));
    }
    return static_cast<double>(0.5L * sum);
  }

  phase_space::ZAxis z;
  phase_space::MomentumGrid momentum;
  phase_space::Decomposition decomposition;
  std::unique_ptr<physics::KineticEquation> equation;
  phase_space::VecHandle state;
};

}  // namespace nuvlasov::testing_support
