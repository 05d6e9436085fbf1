// Marginals and spectra against sums written out, however phase space is split.
#include "nuvlasov/diagnostics/marginals.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "grid.hpp"

namespace nuvlasov::diagnostics {
namespace {

using testing_support::Grid;
using testing_support::GridShape;

constexpr Index cells = 12, energies = 11, angles = 4;

GridShape shape(bool spherical) {
  GridShape s;
  s.z = cells;
  s.energies = energies;
  s.directions = {-1.0, -0.3, 0.4, 1.0};
  s.weights = {0.7, 1.2, 0.4, 1.1};
  s.reference = 9.0;
  s.spherical_angles = spherical ? angles : 0;
  // Three nodes on each rank suffice, and one for the directions.
  s.z_order = 2;
  s.energy_order = 4;
  return s;
}

double sum_over(Index count, const std::function<double(Index)>& term) {
  double sum = 0.0;
  for (Index n = 0; n < count; ++n) sum += term(n);
  return sum;
}

class SplitMarginals : public testing::TestWithParam<bool> {};

TEST_P(SplitMarginals, AreTheSumsOfTheDensityMatrix) {
  int size = 1;
  MPI_Comm_size(PETSC_COMM_WORLD, &size);
  const Grid whole(shape(GetParam()), physics::Mode::standard);
  const auto state = whole.random_state(1);
  const auto& p = whole.momentum;
  const double dz = whole.z.spacing();
  const auto rho = [&](Index j, Index i, Index k, Index c) {
    return state[static_cast<std::size_t>(
        ((j * energies + i) * angles + k) * flavor::components(2) + c)];
  };
  const auto occupation = [&](Index j, Index i, Index k, Index a) {
    return 0.5 * (rho(j, i, k, 0) + (a == 0 ? 1.0 : -1.0) * rho(j, i, k, 3));
  };
  for (int energy = 1; energy <= size; ++energy) {
    if (size % energy != 0) continue;
    Grid grid(shape(GetParam()), physics::Mode::standard, PETSC_COMM_WORLD,
              {.z = size / energy, .energy = energy, .angle = 1});
    grid.set(state);
    Marginals marginals(grid.z, grid.momentum, grid.decomposition);
    const PetscScalar* memory = nullptr;
    ASSERT_EQ(VecGetArrayRead(grid.state, &memory), 0);
    marginals.measure(memory);
    ASSERT_EQ(VecRestoreArrayRead(grid.state, &memory), 0);

    // Sums of up to 132 numbers up to 1, in any order.
    constexpr double rounding = 1e-13;
    const phase_space::Range owned = grid.decomposition.box().z;
    ASSERT_EQ(static_cast<Index>(marginals.density().size()),
              owned.size * angles * flavor::components(2));
    std::size_t n = 0;
    for (Index j = owned.begin; j < owned.end(); ++j)
      for (Index k = 0; k < angles; ++k)
        for (Index c = 0; c < flavor::components(2); ++c, ++n)
          EXPECT_NEAR(
              marginals.density()[n],
              sum_over(energies, [&](Index i) { return p.energy_weight(i) * rho(j, i, k, c); }),
              rounding);
    n = 0;
    for (Index i = 0; i < energies; ++i)
      for (Index k = 0; k < angles; ++k)
        for (Index c = 0; c < flavor::components(2); ++c, ++n)
          EXPECT_NEAR(marginals.spectrum()[n],
                      sum_over(cells, [&](Index j) { return dz * rho(j, i, k, c); }), rounding);
    n = 0;
    for (Index i = 0; i < energies; ++i)
      for (Index a = 0; a < 2; ++a, ++n)
        EXPECT_NEAR(marginals.energy_spectrum()[n] * p.energy_spacing(),
                    sum_over(cells * angles,
                             [&](Index m) {
                               return dz * p.weight(i, m % angles) *
                                      occupation(m / angles, i, m % angles, a);
                             }),
                    rounding);
    n = 0;
    for (Index k = 0; k < angles; ++k)
      for (Index a = 0; a < 2; ++a, ++n)
        EXPECT_NEAR(marginals.angular_spectrum()[n] * p.direction_weight(k),
                    sum_over(cells * energies,
                             [&](Index m) {
                               return dz * p.weight(m % energies, k) *
                                      occupation(m / energies, m % energies, k, a);
                             }),
                    rounding);
  }
}

INSTANTIATE_TEST_SUITE_P(BeamsAndSpherical, SplitMarginals, testing::Bool());

}  // namespace
}  // namespace nuvlasov::diagnostics
