// Tables: what is read, what is refused, and spectra made of them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "nuvlasov/initial/angular_spectrum.hpp"
#include "nuvlasov/initial/energy_spectrum.hpp"

namespace nuvlasov::initial {
namespace {

Table of_directions(const std::string& text) { return {text, "g.csv", Table::directions()}; }

TEST(Table, IsLinearBetweenItsPointsAndExactAtThem) {
  const Table table = of_directions("-1 0.1\n-0.3 0.7\n0.5 0.30000000000000004\n1 0\n");
  EXPECT_EQ(table.at(-1.0), 0.1);
  EXPECT_EQ(table.at(-0.3), 0.7);
  EXPECT_EQ(table.at(0.5), 0.30000000000000004);
  EXPECT_EQ(table.at(1.0), 0.0);
  for (const double t : {0.125, 0.5, 0.875}) {
    // Two roundings of numbers below 1 in the table's fraction, one in the result.
    EXPECT_NEAR(table.at(-1.0 + 0.7 * t), 0.1 + 0.6 * t, 4e-16);
    EXPECT_NEAR(table.at(-0.3 + 0.8 * t), 0.7 - 0.4 * t, 4e-16);
  }
}

class Notation : public testing::TestWithParam<const char*> {};

TEST_P(Notation, IsReadAlike) {
  const Table table = of_directions(GetParam());
  EXPECT_EQ(table.at(-0.5), 2.0);
  EXPECT_EQ(table.at(0.25), 1.5);
  EXPECT_EQ(table.at(1.0), 1.0);
}

INSTANTIATE_TEST_SUITE_P(
    Texts, Notation,
    testing::Values("-0.5 2\n1 1\n",                              // blanks
                    "-0.5,2\n1,1\n",                              // commas
                    "-0.5 , 2\n1\t,\t1",                          // both, no last newline
                    "-.5\t2.\r\n+1.0E+00\t1e0\r\n",               // tabs, lines of other systems
                    "v, g(v)\n-0.5, 2\n1, 1\n",                   // a header
                    "# v g\n\n  -0.5 2  # middle\n   # \n1 1\n",  // comments
                    "1 1\n-0.5 2\n",                              // falling
                    "-0.5 2\n-0.25 1.8333333333333333\n0.25 1.5\n1 1\n"));

struct Bad {
  const char* text;
  const char* message;
};

void PrintTo(const Bad& bad, std::ostream* out) { *out << bad.message; }

class BadTable : public testing::TestWithParam<Bad> {};

TEST_P(BadTable, IsRefusedAtItsLine) {
  try {
    of_directions(GetParam().text);
    ADD_FAILURE();
  } catch (const std::invalid_argument& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with(GetParam().message)) << error.what();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Texts, BadTable,
    testing::Values(Bad{"", "g.csv: a table needs two lines with numbers, found 0"},
                    Bad{"v g\n", "g.csv: a table needs two lines with numbers, found 0"},
                    Bad{"0 1\n", "g.csv: a table needs two lines with numbers, found 1"},
                    Bad{"v g\nmore words\n0 1\n1 1\n", "g.csv:2: expected two numbers"},
                    Bad{"0 1\nv g\n1 1\n", "g.csv:2: expected two numbers"},
                    Bad{"v 1\n0 1\n", "g.csv:1: expected two numbers"},
                    Bad{"0 1\n\n# three\n1\n", "g.csv:4: expected two numbers"},
                    Bad{"0 1\n1 1 1\n", "g.csv:2: expected two numbers"},
                    Bad{"0 1\n1,,1\n", "g.csv:2: expected two numbers"},
                    Bad{"0 1\n1,1,\n", "g.csv:2: expected two numbers"},
                    Bad{"0 1\n,1 1\n", "g.csv:2: expected two numbers"},
                    Bad{"0 1\n1 1x\n", "g.csv:2: expected two numbers"},
                    Bad{"0 1\n1 1.0d0\n", "g.csv:2: expected two numbers"},
                    Bad{"0 1\n1 1e999\n", "g.csv:2: expected two numbers"},
                    Bad{"0;1\n1;1\n", "g.csv:2: expected two numbers"},
                    Bad{"0 1\n1 nan\n", "g.csv:2: the value must be finite"},
                    Bad{"0 1\n1 inf\n", "g.csv:2: the value must be finite"},
                    Bad{"0 1\nnan 1\n", "g.csv:2: v must be between -1 and 1, found nan"},
                    Bad{"0 1\n1.0000000000000002 1\n", "g.csv:2: v must be between -1 and 1"},
                    Bad{"0 1\n1 -1e-9\n", "g.csv:2: the value must be finite and not negative"},
                    Bad{"0 1\n0 2\n", "g.csv:2: v must rise or fall"},
                    Bad{"0 1\n1 2\n0.5 1\n", "g.csv:3: v must rise or fall"},
                    Bad{"0.5 1\n0 2\n0.25 1\n", "g.csv:3: v must rise or fall"}));

TEST(Table, HasNoValueBeyondItsPoints) {
  const Table table = of_directions("-0.5 1\n0.5 1\n");
  EXPECT_EQ(table.at(-0.5), 1.0);
  EXPECT_THROW(table.at(-0.5000000000000001), std::invalid_argument);
  EXPECT_THROW(table.at(0.5000000000000001), std::invalid_argument);
}

TEST(Table, OfEnergiesTakesNoNegativeOnes) {
  EXPECT_EQ(Table("0 1\n2e9 0\n", "f", Table::energies()).at(1e9), 0.5);
  EXPECT_THROW(Table("-1 1\n1 0\n", "f", Table::energies()), std::invalid_argument);
}

const phase_space::MomentumGrid sphere = phase_space::MomentumGrid::spherical(
    100.0, 20.0, 80, 6, 12, phase_space::AngularOperator::spectral);

TEST(AngularSpectrum, FromATableOfItsOwnValuesIsTheSame) {
  for (const AngularSpectrum& analytic :
       {AngularSpectrum{.number = 0.7},
        AngularSpectrum{.number = 0.7, .shape = AngularShape::gaussian, .width = 0.3},
        AngularSpectrum{.number = 0.7, .shape = AngularShape::linear, .flux_factor = -0.3}}) {
    const auto expected = angular_spectrum(sphere, analytic);
    std::string text;
    for (Index k = 0; k < sphere.angles(); ++k)
      text +=
          fmt::format("{} {}\n", sphere.direction(k), 0.25 * expected[static_cast<std::size_t>(k)]);
    const auto found = angular_spectrum(
        sphere, {.number = 0.7, .shape = AngularShape::table, .table = of_directions(text)});
    for (std::size_t k = 0; k < expected.size(); ++k)
      // Normalised once more: roundings of twelve positive terms and sums, scale and product.
      EXPECT_NEAR(found[k], expected[k], 26 * 1.2e-16 * expected[k]);
  }
}

TEST(AngularSpectrum, NeedsATableThatCoversTheDirectionsAndDoesNotVanish) {
  const auto from = [](const std::string& text) {
    return angular_spectrum(
        sphere, {.number = 1.0, .shape = AngularShape::table, .table = of_directions(text)});
  };
  EXPECT_NO_THROW(from("-1 0\n1 1\n"));
  EXPECT_THROW(from("-0.9 0\n1 1\n"), std::invalid_argument);
  EXPECT_THROW(from("-1 0\n1 0\n"), std::invalid_argument);
}

TEST(EnergySpectrum, FromATableOfTheGaussianIsTheGaussian) {
  std::string text;
  for (Index i = 0; i < sphere.energies(); ++i)
    text += fmt::format("{} {}\n", sphere.energy(i),
                        7.0 * std::exp(-0.5 * std::pow((sphere.energy_offset(i) - 1.0) / 3.0, 2)));
  const auto expected = energy_spectrum(sphere, {.width = 3.0, .center = 1.0});
  const auto found = energy_spectrum(
      sphere, {.shape = SpectrumShape::table, .table = Table(text, "f", Table::energies())});
  for (std::size_t i = 0; i < expected.size(); ++i)
    // Roundings of the exponent (below 30), exp, the factor and both normalisations.
    EXPECT_NEAR(found[i], expected[i], 1e-14 * expected[i]);
  EXPECT_THROW(energy_spectrum(sphere, {.shape = SpectrumShape::table,
                                        .table = Table("90 0\n110 1\n", "f", Table::energies())}),
               std::invalid_argument);
}

/// Mean energy on a window from 0 to 200 in spherical geometry.
double mean_energy(double temperature, double chemical_potential) {
  const auto grid = phase_space::MomentumGrid::spherical(100.0, 100.0, 400, 6, 2,
                                                         phase_space::AngularOperator::spectral);
  const auto f = energy_spectrum(grid, {.shape = SpectrumShape::fermi_dirac,
                                        .temperature = temperature,
                                        .chemical_potential = chemical_potential});
  double mean = 0.0;
  for (Index i = 0; i < grid.energies(); ++i)
    mean += grid.energy_weight(i) * f[static_cast<std::size_t>(i)] * grid.energy(i);
  return mean;
}

TEST(EnergySpectrum, OfFermiAndDiracHasItsMeanEnergy) {
  // The midpoint rule errs by 7 h^4/5760 times the third derivative at E = 0: of E^3 f 6 f(0), of
  // E^2 f 6 f'(0). Tails are below exp(-40).
  // T F_3(0)/F_2(0) = T (7 pi^4/120)/(3 zeta(3)/2): relative errors 6e-8 and 1e-7 for h = T/10.
  constexpr double zeta3 = 1.2020569031595942;
  const double pi4 = std::pow(std::numbers::pi, 4);
  const double mean = 5.0 * (7.0 * pi4 / 120.0) / (1.5 * zeta3);
  EXPECT_NEAR(mean_energy(5.0, 0.0), mean, 2e-7 * mean);
  // Sommerfeld's series ends; relative error 1.8e-11 for h = mu/200.
  const double x = std::pow(std::numbers::pi / 40.0, 2);
  EXPECT_NEAR(mean_energy(2.5, 100.0), 75.0 * (1.0 + 2.0 * x + 7.0 * x * x / 15.0) / (1.0 + x),
              75.0 * 2e-11);
}

}  // namespace
}  // namespace nuvlasov::initial
