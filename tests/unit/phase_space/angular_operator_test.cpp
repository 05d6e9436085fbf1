// The angular part of D_p and what the terms of the equation take from it.
#include "nuvlasov/phase_space/angular_operator.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace nuvlasov::phase_space {
namespace {

struct Directions {
  const char* name;
  AngularOperator angular_operator;
  DirectionRange range;
};

void PrintTo(const Directions& d, std::ostream* out) { *out << d.name; }

MomentumGrid grid_of(const Directions& d, Index angles) {
  return MomentumGrid::spherical(20.0, 10.0, 10, 6, angles, d.angular_operator, d.range);
}

/// S f at direction k.
template <class Function>
double applied(const MomentumGrid& grid, Index k, Function&& f) {
  const std::vector<double> s = angular_matrix(grid);
  double sum = 0.0;
  for (Index l = 0; l < grid.angles(); ++l)
    sum += s[static_cast<std::size_t>(k * grid.angles() + l)] * f(grid.direction(l));
  return sum;
}

/// C of direction l alone, 1 and 2 in two of the components: the numbers of a line.
Numbers column_of(const AngularCommutator& commutator, const Lines& lines, Index l) {
  Numbers unit(static_cast<std::size_t>(lines.numbers())), column(unit.size());
  const auto at = [&](int component, Index k) {
    return static_cast<std::size_t>(component * lines.component_step() + Lines::in_order(k));
  };
  unit[at(0, l)] = 1.0;
  unit[at(2, l)] = 2.0;
  const AngularNeighbours& neighbours = commutator.neighbours();
  if (neighbours.empty()) {
    commutator.write(unit.data(), column.data());
    return column;
  }
  for (const int component : {0, 2}) {
    const double value = unit[at(component, l)];
    if (l > 0) column[at(component, l - 1)] = value * neighbours.above()[at(0, l - 1)];
    if (l + 1 < lines.nodes())
      column[at(component, l + 1)] = value * neighbours.below()[at(0, l + 1)];
  }
  return column;
}

class Angular : public testing::TestWithParam<Directions> {};

TEST_P(Angular, CommutatorWithTheDirectionIsThatOfTheMatrix) {
  for (const Index n : {2, 5, 8, 33}) {
    const MomentumGrid grid = grid_of(GetParam(), n);
    const std::vector<double> s = angular_matrix(grid);
    double largest = 0.0;
    for (const double entry : s) largest = std::max(largest, std::abs(entry));
    const Lines lines(grid, {.z = {0, 1}, .energy = {0, 1}, .angle = {0, n}});
    const AngularCommutator commutator(grid, lines, {0, n});
    const Index step = lines.component_step();
    for (Index l = 0; l < n; ++l) {
      const Numbers column = column_of(commutator, lines, l);
      for (Index k = 0; k < n; ++k) {
        const Index lane = Lines::in_order(k);
        const double value = column[lane];
        const double expected =
            s[static_cast<std::size_t>(k * n + l)] * (grid.direction(l) - grid.direction(k));
        // Entries of S, of which C is made, are sums of n numbers of its size.
        EXPECT_NEAR(value, expected, 1e-15 * static_cast<double>(n) * largest) << k << ", " << l;
        EXPECT_EQ(column[2 * step + lane], 2.0 * value);
        EXPECT_EQ(column[step + lane], 0.0) << "components must not mix";
      }
    }
  }
}

TEST_P(Angular, CurvatureIsOneMinusVSquaredToTheOrderOfTheOperator) {
  const auto error = [](Index n) {
    const MomentumGrid grid = grid_of(GetParam(), n);
    const std::vector<double> kappa = angular_curvature(grid);
    double largest = 0.0;
    for (Index k = 0; k < n; ++k)
      largest = std::max(largest, std::abs(kappa[static_cast<std::size_t>(k)] - 1.0 +
                                           grid.direction(k) * grid.direction(k)));
    return largest;
  };
  if (GetParam().angular_operator == AngularOperator::spectral)
    EXPECT_LT(error(16), 1e-15);
  else
    EXPECT_NEAR(std::log2(error(32) / error(64)), 2.0, 0.2);
}

TEST_P(Angular, CurvatureIsWhatKeepsEnergyAndMomentumOnTheFullRange) {
  if (!GetParam().range.full()) GTEST_SKIP() << "on a limited range only while its edges are empty";
  const MomentumGrid grid = grid_of(GetParam(), 16);
  const std::vector<double> kappa = angular_curvature(grid);
  for (Index k = 0; k < 16; ++k) {
    const double v = grid.direction(k);
    EXPECT_NEAR(applied(grid, k, [](double x) { return x; }) + v * v,
                kappa[static_cast<std::size_t>(k)], 1e-13);
  }
}

TEST_P(Angular, OperatorIsTheDerivativeOfWhatVanishesAtTheEdgesOfTheRange) {
  // A polynomial with double zeros at the ends; on the full range the flux vanishes there by
  // itself.
  const DirectionRange range = GetParam().range;
  const auto bump = [&](double v) { return std::pow((v - range.from) * (range.to - v), 2.0); };
  const auto slope = [&](double v) {
    return 2.0 * (v - range.from) * (range.to - v) * (range.to + range.from - 2.0 * v);
  };
  const auto error = [&](Index n) {
    const MomentumGrid grid = grid_of(GetParam(), n);
    double largest = 0.0;
    for (Index k = 0; k < n; ++k) {
      const double v = grid.direction(k);
      largest = std::max(
          largest, std::abs(applied(grid, k, bump) - ((1.0 - v * v) * slope(v) - v * bump(v))));
    }
    return largest;
  };
  if (GetParam().angular_operator == AngularOperator::spectral)
    EXPECT_LT(error(12), 1e-12);
  else
    EXPECT_NEAR(std::log2(error(32) / error(64)), 2.0, 0.25);
}

TEST_P(Angular, OperatorIsSkewAdjointInTheWeightsAndGivesMinusVOfOneOnTheFullRange) {
  for (const Index n : {2, 5, 8, 33, 64}) {
    const MomentumGrid grid = grid_of(GetParam(), n);
    const std::vector<double> s = angular_matrix(grid);
    for (Index k = 0; k < n; ++k) {
      if (GetParam().range.full()) {
        EXPECT_NEAR(applied(grid, k, [](double) { return 1.0; }), -grid.direction(k),
                    1e-13 * static_cast<double>(n));
      }
      for (Index l = 0; l <= k; ++l)
        EXPECT_NEAR(grid.direction_weight(k) * s[static_cast<std::size_t>(k * n + l)],
                    -grid.direction_weight(l) * s[static_cast<std::size_t>(l * n + k)], 1e-14);
    }
  }
}

TEST(AngularMatrix, IsOddInTheDirectionToTheLastBitIfSpectral) {
  for (const Index n : {2, 5, 16, 33}) {
    const std::vector<double> s =
        angular_matrix(grid_of({"spectral", AngularOperator::spectral, {}}, n));
    for (std::size_t place = 0; place < s.size(); ++place)
      EXPECT_EQ(s[place], -s[s.size() - 1 - place]);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Directions, Angular,
    testing::Values(Directions{"spectral", AngularOperator::spectral, {}},
                    Directions{"S_N", AngularOperator::sn, {}},
                    Directions{"spectral, forward", AngularOperator::spectral, {0.0, 1.0}},
                    Directions{"S_N, forward", AngularOperator::sn, {0.0, 1.0}},
                    Directions{"spectral, a cone", AngularOperator::spectral, {-0.3, 0.8}},
                    Directions{"S_N, a cone", AngularOperator::sn, {-0.3, 0.8}}));

TEST(GaussLegendre, IntegratesPolynomialsExactlyOnAnyRange) {
  for (const DirectionRange range : {DirectionRange{}, {-0.25, 0.75}})
    for (const Index n : {1, 2, 7, 40}) {
      const GaussLegendre rule = gauss_legendre(n, range);
      for (int power = 0; power < 2 * n; ++power) {
        double sum = 0.0;
        for (std::size_t k = 0; k < rule.nodes.size(); ++k)
          sum += rule.weights[k] * std::pow(rule.nodes[k], power);
        const double exact =
            (std::pow(range.to, power + 1) - std::pow(range.from, power + 1)) / (power + 1);
        EXPECT_NEAR(sum, exact, 1e-13);
      }
    }
}

TEST(MomentumGrid, RefusesRangesBeyondTheSphere) {
  for (const DirectionRange range :
       {DirectionRange{-1.1, 1.0}, {0.0, 1.5}, {0.5, 0.5}, {1.0, -1.0}})
    EXPECT_THROW(MomentumGrid::spherical(20.0, 10.0, 10, 6, 4, AngularOperator::sn, range),
                 std::invalid_argument);
}

}  // namespace
}  // namespace nuvlasov::phase_space
