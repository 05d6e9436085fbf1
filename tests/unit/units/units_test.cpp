#include "nuvlasov/units.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace nuvlasov::units {
namespace {

// The paper, below Eq. (13): for T of about 5 MeV, n of about 1e33 cm^-3, mu = sqrt(2) G_F n of
// about 0.2 meV, and r_mu = mu/E of about 1e-11: one digit each, to half a unit of it.
TEST(Units, AreThoseOfThePaperInTheDecouplingRegion) {
  constexpr double temperature = 5.0;
  const double density = thermal_density(temperature);
  const Scale scale = scale_of_density(density);
  EXPECT_NEAR(density, 1e33, 0.5e33);
  EXPECT_NEAR(scale.mu, 0.2, 0.05);
  // <E> = 7 pi^4/(180 zeta(3)) T.
  EXPECT_NEAR(1.0 / scale.in_mu(3.1514 * temperature), 1e-11, 0.5e-11);
}

// By hand, in GeV and fm: sqrt(2) 1.1663788e-5/GeV^2 (0.1973269804 GeV fm)^3 1e-6/fm^3
// = 1.26740e-13 GeV, and n of 1e33/cm^3 is 1e-6/fm^3. Rounded to six digits.
TEST(Units, FollowFromTheDensity) {
  const Scale scale = scale_of_density(1e33);
  const double mu_gev = 1.4142135624 * 1.1663788e-5 * std::pow(0.1973269804, 3) * 1e-6;
  EXPECT_NEAR(mu_gev, 1.26740e-13, 1e-18);
  EXPECT_NEAR(scale.mu / (mu_gev * 1e12), 1.0, 1e-9);
  EXPECT_NEAR(scale.length / (0.1973269804e-13 / mu_gev), 1.0, 1e-9);
  // Light goes 29.9792458 cm in a ns.
  EXPECT_NEAR(scale.length / scale.time, 29.9792458, 1e-12 * 30);
  EXPECT_NEAR(scale.in_mev(scale.in_mu(15.0)), 15.0, 1e-14 * 15);
}

// J. Lesgourgues and S. Pastor, Phys. Rept. 429 (2006) 307: 56 cm^-3 of each species and helicity
// for T = 1.95 K = 1.680e-4 eV, three digits given.
TEST(Units, DensityOfRelicNeutrinosIsTheKnownOne) {
  EXPECT_NEAR(thermal_density(1.680e-10), 56.0, 0.5);
}

struct Case {
  Quantity quantity;
  std::string units;
  double factor;
};

TEST(Units, OfQuantitiesAreProductsOfTheirs) {
  const Scale scale{.density = 3.0, .mu = 5.0, .length = 7.0, .time = 11.0};
  for (const auto& [quantity, units, factor] : {
           Case{of::number, "1", 1.0},
           Case{of::energy, "meV", 5.0},
           Case{of::length, "cm", 7.0},
           Case{of::time, "ns", 11.0},
           Case{of::wave_number, "cm-1", 1.0 / 7.0},
           Case{of::rate, "ns-1", 1.0 / 11.0},
           Case{of::density, "cm-3", 3.0},
           Case{of::occupation, "meV-1 cm-3", 3.0 / 5.0},
           Case{of::force, "cm-4", 3.0 / 7.0},
           Case{of::box_number, "cm-2", 7.0 * 3.0},
           Case{of::box_number_rate, "cm-2 ns-1", 7.0 * 3.0 / 11.0},
           Case{of::box_spectrum, "meV-1 cm-2", 7.0 * 3.0 / 5.0},
           Case{of::box_energy, "meV cm-2", 5.0 * 7.0 * 3.0},
           Case{of::box_energy_rate, "meV cm-2 ns-1", 5.0 * 7.0 * 3.0 / 11.0},
       }) {
    const Physical found = physical(quantity, scale);
    EXPECT_EQ(found.units, units);
    EXPECT_NEAR(found.factor / factor, 1.0, 4e-16 * 4);  // a rounding for each of four powers
  }
}

}  // namespace
}  // namespace nuvlasov::units
