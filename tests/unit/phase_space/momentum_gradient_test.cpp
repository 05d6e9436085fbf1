// D_p as a matrix, and its order of accuracy along energy and along direction.
#include "nuvlasov/phase_space/momentum_gradient.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "nuvlasov/physics/rate_kernel.hpp"

namespace nuvlasov::phase_space {
namespace {

MomentumGrid beams(Index energies, int order) {
  return {50.0, 8.0, energies, order, {-1.0, 0.3, 0.9}, {0.4, 1.1, 0.5}};
}

/// D_p f, [energy][angle] of one component.
std::vector<double> gradient(const MomentumGrid& grid, const std::vector<double>& f) {
  const Box all{.z = {0, 1}, .energy = {0, grid.energies()}, .angle = {0, grid.angles()}};
  const auto kernel = physics::make_rate_kernel(grid, all, all, 1);
  constexpr Index components = flavor::components(2), component = 2;
  Numbers plane(f.size() * components), result(plane.size());
  for (std::size_t n = 0; n < f.size(); ++n) plane[n * components + component] = f[n];
  physics::Neighbourhood here;
  const double* const numbers = plane.data();
  here.planes_ = &numbers;
  kernel->write_momentum_gradient(here, result.data());
  std::vector<double> values;
  for (std::size_t n = 0; n < f.size(); ++n) values.push_back(result[n * components + component]);
  return values;
}

template <class F>
std::vector<double> on_nodes(const MomentumGrid& grid, F&& f) {
  std::vector<double> values;
  for (Index i = 0; i < grid.energies(); ++i)
    for (Index k = 0; k < grid.angles(); ++k)
      values.push_back(f(grid.energy_offset(i), grid.direction(k)));
  return values;
}

struct Case {
  MomentumGrid grid;
};

void PrintTo(const Case& c, std::ostream* out) {
  const bool spectral = c.grid.angular_operator() == AngularOperator::spectral;
  *out << (c.grid.geometry() == Geometry::beams ? "beams"
           : spectral                           ? "spectral"
                                                : "S_N")
       << ", " << c.grid.angles() << " angles, order " << c.grid.energy_derivative().order()
       << ", E_ref " << c.grid.reference_energy();
}

class MomentumGradientMatrix : public testing::TestWithParam<Case> {};

TEST_P(MomentumGradientMatrix, IsSkewAdjointInTheMeasure) {
  const MomentumGrid& grid = GetParam().grid;
  const auto size = static_cast<std::size_t>(grid.energies() * grid.angles());
  const auto weight = [&](std::size_t n) {
    const auto node = static_cast<Index>(n);
    return grid.weight(node / grid.angles(), node % grid.angles());
  };
  std::vector<std::vector<double>> columns;
  double largest = 0.0;
  for (std::size_t c = 0; c < size; ++c) {
    std::vector<double> unit(size, 0.0);
    unit[c] = 1.0;
    columns.push_back(gradient(grid, unit));
    for (std::size_t r = 0; r < size; ++r)
      largest = std::max(largest, std::abs(weight(r) * columns[c][r]));
  }
  for (std::size_t r = 0; r < size; ++r)
    for (std::size_t c = 0; c < size; ++c)
      // A few roundings; the barycentric weights of many angles bring some dozen.
      ASSERT_NEAR(weight(r) * columns[c][r], -weight(c) * columns[r][c], 1e-14 * largest)
          << r << ", " << c;
}

TEST_P(MomentumGradientMatrix, AnnihilatesWhatIsConstantAwayFromTheEdgesOfTheWindow) {
  const MomentumGrid& grid = GetParam().grid;
  const auto result = gradient(grid, on_nodes(grid, [](double, double) { return 1.0; }));
  const Index edge = grid.energy_derivative().reach();
  // Sums of the stencil's coefficients, some 1/dE, and of rows of S over E, some angles/E.
  const double size = 1.0 / grid.energy_spacing() +
                      static_cast<double>(grid.angles() * grid.angles()) / grid.energy(0);
  for (Index i = edge; i < grid.energies() - edge; ++i)
    for (Index k = 0; k < grid.angles(); ++k)
      EXPECT_NEAR(result[static_cast<std::size_t>(i * grid.angles() + k)], 0.0, 1e-14 * size);
}

std::vector<Case> cases() {
  std::vector<Case> list;
  for (const int order : {4, 6, 8}) {
    list.push_back({beams(13, order)});
    for (const auto angular_operator : {AngularOperator::spectral, AngularOperator::sn})
      for (const Index angles : {2, 5, 16})
        // The lowest energy of a window that begins at zero is half a cell.
        for (const double reference : {8.0, 50.0})
          list.push_back(
              {MomentumGrid::spherical(reference, 8.0, 13, order, angles, angular_operator)});
  }
  return list;
}

INSTANTIATE_TEST_SUITE_P(Grids, MomentumGradientMatrix, testing::ValuesIn(cases()));

TEST(MomentumGradient, OfFrozenDirectionsIsTheSameInPieces) {
  const MomentumGrid grid = beams(61, 6);
  const Box all{.z = {0, 1}, .energy = {0, grid.energies()}, .angle = {0, grid.angles()}};
  const Lines lines(grid, all);
  const MomentumGradient operation(grid, lines, all);
  const auto f = on_nodes(grid, [](double x, double v) { return std::sin(1.0 + 3.0 * x + v); });
  constexpr Index components = flavor::components(2), component = 2;
  PlaneInVacuum plane(lines, operation.reach());
  for (std::size_t n = 0; n < f.size(); ++n) plane.numbers()[n * components + component] = f[n];
  Numbers sum(f.size() * components, 1.0);
  const auto size = static_cast<Index>(sum.size());
  for (Index begin = 0; begin < size; begin += MomentumGradient::most)
    operation.add_along_energy(plane, begin, std::min(begin + MomentumGradient::most, size),
                               sum.data(), sum.data());
  const auto expected = gradient(grid, f);
  for (std::size_t n = 0; n < f.size(); ++n)
    EXPECT_NEAR(sum[n * components + component], 1.0 + expected[n], 1e-14);
}

/// Error on exp(-x^2/2) sin(1 + x/2 + v), x the offset in energy: v d/dE + ((1 - v^2)/E) d/dv.
double error(const MomentumGrid& grid) {
  const auto f = [](double x, double v) {
    return std::exp(-0.5 * x * x) * std::sin(1.0 + 0.5 * x + v);
  };
  const auto exact = on_nodes(grid, [&](double x, double v) {
    const double wave = std::exp(-0.5 * x * x) * std::cos(1.0 + 0.5 * x + v);
    const double bend = grid.geometry() == Geometry::spherical
                            ? (1.0 - v * v) / (grid.reference_energy() + x)
                            : 0.0;
    return v * (0.5 * wave - x * f(x, v)) + bend * wave;
  });
  const auto found = gradient(grid, on_nodes(grid, f));
  double largest = 0.0;
  for (std::size_t n = 0; n < found.size(); ++n)
    largest = std::max(largest, std::abs(found[n] - exact[n]));
  return largest;
}

class MomentumGradientOrder : public testing::TestWithParam<int> {};

TEST_P(MomentumGradientOrder, IsThatOfTheDifferenceInEnergy) {
  const int order = GetParam();
  // 5 to 13 nodes in a width of the Gaussian.
  const Index energies = order == 8 ? 100 : 200;
  EXPECT_NEAR(std::log2(error(beams(energies, order)) / error(beams(2 * energies, order))), order,
              0.2);
  const auto spherical = [&](Index cells) {
    return MomentumGrid::spherical(12.0, 10.0, cells, order, 16, AngularOperator::spectral);
  };
  EXPECT_NEAR(std::log2(error(spherical(energies)) / error(spherical(2 * energies))), order, 0.2);
}

INSTANTIATE_TEST_SUITE_P(Orders, MomentumGradientOrder, testing::Values(4, 6, 8));

TEST(MomentumGradient, IsOfSecondOrderInAngleWithSnAndExponentialWithAllAngles) {
  // The energies leave 2e-9.
  const auto error_with = [](Index angles, AngularOperator angular_operator) {
    return error(MomentumGrid::spherical(12.0, 10.0, 400, 8, angles, angular_operator));
  };
  EXPECT_NEAR(std::log2(error_with(32, AngularOperator::sn) / error_with(64, AngularOperator::sn)),
              2.0, 0.2);
  EXPECT_LT(error_with(6, AngularOperator::spectral),
            0.05 * error_with(4, AngularOperator::spectral));
  EXPECT_LT(error_with(8, AngularOperator::spectral),
            0.01 * error_with(6, AngularOperator::spectral));
}

}  // namespace
}  // namespace nuvlasov::phase_space
