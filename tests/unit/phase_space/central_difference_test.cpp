// The difference operators as matrices: skew-adjoint, exact on polynomials, of the stated order.
#include "nuvlasov/phase_space/central_difference.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "grid.hpp"

namespace nuvlasov::phase_space {
namespace {

class Difference : public testing::TestWithParam<int> {};

TEST_P(Difference, IsExactOnPolynomialsUpToItsOrder) {
  const double spacing = 0.7, x = 0.3;
  const CentralDifference d(GetParam(), spacing);
  for (int power = 0; power <= GetParam(); ++power) {
    double sum = 0.0;
    for (int m = 1; m <= d.reach(); ++m)
      sum += d.weight(m) * (std::pow(x + m * spacing, power) - std::pow(x - m * spacing, power));
    const double exact = power == 0 ? 0.0 : power * std::pow(x, power - 1);
    EXPECT_NEAR(sum, exact, 1e-12 * std::pow(4.0, power));
  }
}

TEST_P(Difference, ModifiedWaveNumberConvergesWithItsOrder) {
  const double k = 1.0;
  const auto error = [&](double spacing) {
    return std::abs(CentralDifference(GetParam(), spacing).modified_wave_number(k) - k);
  };
  EXPECT_NEAR(std::log2(error(0.4) / error(0.2)), GetParam(), 0.1);
}

TEST_P(Difference, LargestWaveNumberIsTheMaximumOfItsSymbol) {
  const CentralDifference d(GetParam(), 0.5);
  double largest = 0.0;
  for (int n = 0; n <= 100000; ++n)
    largest = std::max(largest, d.modified_wave_number(n * 1e-5 * 3.14159265358979 / 0.5));
  EXPECT_NEAR(d.largest_wave_number(), largest, 1e-8);
  EXPECT_GE(d.largest_wave_number(), largest * (1.0 - 1e-14));
}

INSTANTIATE_TEST_SUITE_P(Orders, Difference, testing::Values(2, 4, 6, 8));

TEST(DifferenceOrder, OthersAreRefused) {
  for (const int order : {0, 1, 3, 10})
    EXPECT_THROW(CentralDifference(order, 1.0), std::invalid_argument);
}

/// D_p as a matrix on one z plane.
class MomentumGradientMatrix : public testing::TestWithParam<int> {};

TEST_P(MomentumGradientMatrix, IsSkewAdjointInTheMeasureAndAnnihilatesWhatIsConstantInside) {
  testing_support::GridShape shape;
  shape.energies = 13;
  shape.energy_order = GetParam();
  shape.directions = {-1.0, 0.3, 0.9};
  shape.weights = {0.4, 1.1, 0.5};
  testing_support::Grid grid(shape, physics::Mode::full);
  const MomentumGradient gradient(grid.momentum, grid.decomposition.box().energy,
                                  grid.decomposition.box().angle);
  const auto plane = static_cast<std::size_t>(grid.decomposition.box().plane());

  std::vector<std::vector<double>> columns;
  for (std::size_t c = 0; c < plane; ++c) {
    std::vector<double> unit(static_cast<std::size_t>(grid.z.cells()) * plane, 0.0);
    unit[c] = 1.0;
    grid.set(unit);
    columns.emplace_back(plane);
    ASSERT_EQ(grid.decomposition.with_ghosts(grid.state,
                                             [&](const StateView& rho) {
                                               gradient.apply({rho.row(0, 0), rho.energy_stride(),
                                                               rho.energies_seen()},
                                                              columns.back().data());
                                             }),
              0);
  }
  const auto weight = [&](std::size_t n) {
    return shape.weights[n / flavor::components % shape.weights.size()];
  };
  for (std::size_t r = 0; r < plane; ++r)
    for (std::size_t c = 0; c < plane; ++c)
      EXPECT_EQ(weight(r) * columns[c][r], -weight(c) * columns[r][c]);

  const std::size_t row = shape.directions.size() * flavor::components;
  const std::size_t edge = static_cast<std::size_t>(GetParam()) / 2;
  for (std::size_t i = edge; i < 13 - edge; ++i)
    for (std::size_t a = 0; a < row; ++a) {
      double sum = 0.0;
      for (std::size_t c = a % row; c < plane; c += row) sum += columns[c][i * row + a];
      EXPECT_NEAR(sum, 0.0, 1e-15);
    }
}

INSTANTIATE_TEST_SUITE_P(Orders, MomentumGradientMatrix, testing::Values(4, 6, 8));

struct Layout {
  int ranks;
  ProcessGridRequest request;
  ProcessGrid expected;
};

TEST(ProcessGrid, TakesZFirstAndWhatIsAskedFor) {
  const ZAxis z(10.0, 24, 6);
  const MomentumGrid momentum(50.0, 5.0, 20, 6, std::vector<double>(6, 0.5),
                              std::vector<double>(6, 1.0));
  const std::vector<Layout> layouts{{1, {}, {1, 1, 1}},           {4, {}, {4, 1, 1}},
                                    {16, {}, {8, 2, 1}},          {7, {}, {7, 1, 1}},
                                    {4, {.z = 2}, {2, 2, 1}},     {4, {.energy = 4}, {1, 4, 1}},
                                    {4, {.angle = 2}, {2, 1, 2}}, {96, {}, {8, 6, 2}}};
  for (const Layout& layout : layouts) {
    const ProcessGrid grid = choose_process_grid(layout.ranks, z, momentum, 3, layout.request);
    EXPECT_EQ(std::tie(grid.z, grid.energy, grid.angle),
              std::tie(layout.expected.z, layout.expected.energy, layout.expected.angle))
        << layout.ranks << " ranks";
  }
}

TEST(ProcessGrid, RefusesWhatCannotBePlaced) {
  const ZAxis z(10.0, 24, 6);
  const MomentumGrid momentum(50.0, 5.0, 20, 6, {-1.0, 1.0}, {1.0, 1.0});
  const std::vector<std::pair<int, ProcessGridRequest>> impossible{
      {11 * 13, {}}, {9 * 7, {}},       {4, {.z = 3}},
      {9, {.z = 9}}, {2, {.angle = 2}}, {4, {.z = 2, .energy = 1}}};
  for (const auto& [ranks, request] : impossible)
    EXPECT_THROW(choose_process_grid(ranks, z, momentum, 3, request), DecompositionError) << ranks;
}

}  // namespace
}  // namespace nuvlasov::phase_space
