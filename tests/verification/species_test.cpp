// Antineutrinos, matter and masses against analytic results: oscillations in vacuum and matter, the
// bipolar pendulum, and what is conserved when all of them act together.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <numbers>

#include "grid.hpp"
#include "simulate.hpp"

namespace nuvlasov {
namespace {

using testing_support::Experiment;
using testing_support::Grid;
using testing_support::GridShape;

// --- one beam: neutrinos of one direction do not see each other ---

struct Oscillation {
  const char* species;
  double delta_m2, mixing_angle, lambda;
};

void PrintTo(const Oscillation& o, std::ostream* out) {
  *out << o.species << ", delta_m2 = " << o.delta_m2 << ", theta = " << o.mixing_angle
       << ", lambda = " << o.lambda;
}

class ConstantMatter : public testing::TestWithParam<Oscillation> {};

TEST_P(ConstantMatter, PolarizationsPrecessWithTheFrequencyAndAmplitudeOfMixingInMatter) {
  const Oscillation o = GetParam();
  constexpr double end = 20.0, step = 0.01;
  Experiment experiment(fmt::format(R"(
    equation = {{mode = "standard", vacuum = {{delta_m2 = {}, mixing_angle = {}}}, matter = {{profile = "constant", lambda = {}}}}}
    grid.z = {{length = 1.0, cells = 8}}
    grid.momentum = {{directions = [1.0], species = ["{}"], energy = {{reference = 2.0, half_width = 1.0, cells = 5}}}}
    initial = {{type = "two_beam", zeta = [0.5], seeds.type = "none"}}
    time = {{end = {}, step = {}}}
  )",
                                    o.delta_m2, o.mixing_angle, o.lambda, o.species, end, step),
                        end, PETSC_COMM_SELF);
  const auto& momentum = experiment.simulation().problem().momentum;
  const double sign = momentum.sign(0);
  for (Index i = 0; i < momentum.energies(); ++i) {
    // sin^2 2 theta_m and w_m, matter counting with the sign of the species.
    const double w = o.delta_m2 / (2.0 * momentum.energy(i));
    const double across = w * std::sin(2.0 * o.mixing_angle);
    const double along = w * std::cos(2.0 * o.mixing_angle) - sign * o.lambda;
    const double in_matter = std::hypot(across, along);
    const double depth = std::pow(across / in_matter, 2);
    const double exact = 1.0 - 2.0 * depth * std::pow(std::sin(0.5 * in_matter * end), 2);
    const double* node = experiment.run().state.data() + i * flavor::components(2);
    // RK4 is behind by (w h)^4/120 of the phase w t.
    EXPECT_NEAR(node[3] / node[0], exact,
                1e-12 + std::pow(in_matter * step, 4) / 120.0 * in_matter * end)
        << "E = " << momentum.energy(i);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Mixings, ConstantMatter,
    testing::Values(Oscillation{"nu", 3.0, 0.3, 0.0}, Oscillation{"nu", -3.0, 0.3, 0.0},
                    Oscillation{"nubar", 3.0, 0.3, 0.0}, Oscillation{"nu", 3.0, 0.1, 0.735},
                    Oscillation{"nubar", 3.0, 0.1, 0.735}, Oscillation{"nu", -3.0, 0.1, 0.735},
                    Oscillation{"nubar", -3.0, 0.1, 0.735}, Oscillation{"nu", 1.0, 0.7, 4.0}));

/// P^z/P0 of a neutrino (sign 1) or antineutrino (-1) with w = 1 that passed lambda(z) from z = 0
/// to z: the equation of one polarization, by RK4 with steps so small that they do not matter.
double along_the_way(double sign, double mixing, double end,
                     const std::function<double(double)>& lambda) {
  using Vector = std::array<double, 3>;
  constexpr int steps = 100000;
  const double h = end / steps;
  const auto rate = [&](double z, const Vector& p) {
    const double x = sign * std::sin(2.0 * mixing);
    const double axis = -sign * std::cos(2.0 * mixing) + lambda(z);
    return Vector{-axis * p[1], axis * p[0] - x * p[2], x * p[1]};
  };
  const auto moved = [](Vector p, double by, const Vector& slope) {
    for (std::size_t c = 0; c < 3; ++c) p[c] += by * slope[c];
    return p;
  };
  Vector p{0.0, 0.0, 1.0};
  for (int n = 0; n < steps; ++n) {
    const double z = n * h;
    const Vector a = rate(z, p), b = rate(z + 0.5 * h, moved(p, 0.5 * h, a)),
                 c = rate(z + 0.5 * h, moved(p, 0.5 * h, b)), d = rate(z + h, moved(p, h, c));
    for (std::size_t q = 0; q < 3; ++q) p[q] += h / 6.0 * (a[q] + 2.0 * (b[q] + c[q]) + d[q]);
  }
  return p[2];
}

TEST(Resonance, BeamsThroughVaryingMatterAreWhereEachNeutrinoAloneWouldBe) {
  constexpr double mixing = 0.3, lambda = 1.0, amplitude = 1.0, length = 20.0, end = 10.0;
  constexpr int cells = 600;
  Experiment experiment(fmt::format(R"(
    equation = {{mode = "standard", vacuum = {{delta_m2 = 2.0, mixing_angle = {}}}, matter = {{profile = "cosine", lambda = {}, amplitude = {}}}}}
    grid.z = {{length = {}, cells = {}, order = 8}}
    grid.momentum = {{directions = [1.0, 1.0], species = ["nu", "nubar"], energy = {{reference = 1.0, half_width = 0.5}}}}
    initial = {{type = "two_beam", zeta = [0.5, 0.5], seeds.type = "none"}}
    time = {{end = {}, step = 0.005}}
  )",
                                    mixing, lambda, amplitude, length, cells, end),
                        end, PETSC_COMM_SELF);
  for (const Index k : {0, 1}) {
    // Between the cells on each side of z = 10, where those from z = 0 are.
    double sum = 0.0;
    for (const auto& [cell, weight] : {std::pair{298, -1.0}, {299, 9.0}, {300, 9.0}, {301, -1.0}}) {
      const double* node = experiment.run().state.data() + (2 * cell + k) * flavor::components(2);
      sum += weight / 16.0 * node[3] / node[0];
    }
    // The interpolation is off by (k dz)^4 3/128 with waves k up to about 3 from lambda, 1/30 of
    // 1e-4; D_z by less.
    EXPECT_NEAR(sum,
                along_the_way(k == 0 ? 1.0 : -1.0, mixing, end,
                              [](double z) {
                                return lambda +
                                       amplitude * std::cos(2.0 * std::numbers::pi * z / length);
                              }),
                1e-5);
  }
}

TEST(Resonance, BeamsThatEnterDenseMatterConvertAsEachNeutrinoAloneWould) {
  constexpr double mixing = 0.3, length = 10.0;
  constexpr int nodes = 801;
  Experiment experiment(fmt::format(R"(
    equation = {{mode = "standard", vacuum = {{delta_m2 = 2.0, mixing_angle = {}}}, matter = {{profile = "linear", lambda = 4.0, slope = -0.4}}}}
    grid.z = {{length = {}, cells = {}, boundaries = "open"}}
    grid.momentum = {{directions = [1.0, 1.0], species = ["nu", "nubar"], energy = {{reference = 1.0, half_width = 0.5}}}}
    initial = {{type = "two_beam", zeta = [0.5, 0.5], seeds.type = "none"}}
    time = {{end = 20.0, step = 0.01}}
  )",
                                    mixing, length, nodes),
                        20.0, PETSC_COMM_SELF);
  // Stationary after two passages. D_z is of order 3 at the ends, which makes the solution of order
  // 4: (k dz)^4 = 6e-6 with waves k up to 4, of an amplitude of 0.5.
  for (const int at : {200, 400, 600, nodes - 1})
    for (const Index k : {0, 1}) {
      const double* node = experiment.run().state.data() + (2 * at + k) * flavor::components(2);
      EXPECT_NEAR(node[3] / node[0],
                  along_the_way(k == 0 ? 1.0 : -1.0, mixing, length * at / (nodes - 1),
                                [](double z) { return 4.0 - 0.4 * z; }),
                  1e-5)
          << at << ", " << k;
    }
}

// --- as many antineutrinos as neutrinos: the pendulum of Hannestad, Raffelt, Sigl and Wong (2006)
// ---

class Bipolar : public testing::TestWithParam<double> {};

// Q = P + Pbar - w B has a constant length and obeys the equation of a pendulum,
// kappa^2 = |w| |Q|, with the density of either species 1. At first all are of electron flavor, and
// nothing moves: the pendulum is at its largest angle, and K(m)/kappa later at its lowest point.
TEST_P(Bipolar, PendulumIsAtItsLowestPointWhenEllipticIntegralsSay) {
  const double w = GetParam(), mixing = 0.05;
  const double c = std::cos(2.0 * mixing);
  const double length = std::sqrt(4.0 + w * w + 4.0 * w * c);
  const double downwards = std::copysign(1.0, w) * (2.0 * c + w) / length;
  const double kappa = std::sqrt(std::abs(w) * length);
  const double quarter = std::comp_ellint_1(std::sqrt(0.5 * (1.0 - downwards))) / kappa;
  Experiment experiment(fmt::format(R"(
    equation = {{mode = "standard", vacuum = {{delta_m2 = {}, mixing_angle = {}}}}}
    grid.z = {{length = 1.0, cells = 8}}
    grid.momentum = {{directions = [-1.0, 1.0, -1.0, 1.0], species = ["nu", "nu", "nubar", "nubar"], energy = {{reference = 1.0, half_width = 0.5}}}}
    initial = {{type = "two_beam", zeta = [0.5, 0.5, 0.5, 0.5], seeds.type = "none"}}
    time = {{end = {}, step = {}}}
  )",
                                    2.0 * w, mixing, 2.0 * quarter, quarter / 2000.0),
                        quarter, PETSC_COMM_SELF);
  const auto& run = experiment.run();
  // P^z + Pbar^z: the number in the box of length 1 is 2.
  const auto sum = [&](std::size_t record) {
    double value = 0.0;
    for (const char* species : {"nu", "antinu"})
      value += run.at(record, fmt::format("number_{}_e", species)) -
               run.at(record, fmt::format("number_{}_x", species));
    return value;
  };
  const double lowest = -(w - std::copysign(length, w)) * c;
  // RK4 with 2000 steps of at most 0.03 in units of 1/kappa; near the top errors grow by
  // exp(kappa t), below 1e3.
  constexpr double tolerance = 1e-7;
  EXPECT_NEAR(sum(0), 2.0, 1e-14);
  EXPECT_NEAR(sum(1), lowest, tolerance);
  // At rest on the other side, mirrored about B.
  EXPECT_NEAR(sum(2), 2.0 * std::cos(4.0 * mixing), tolerance);
  for (const char* conserved : {"number", "lepton_number", "lepton_number_nu_e"})
    EXPECT_NEAR(run.drift(conserved), 0.0, 1e-13) << conserved;
  // Energy goes from the masses to refraction and back.
  EXPECT_NEAR(run.change("u_osc") + run.change("u_vacuum"), 0.0, tolerance);
}

INSTANTIATE_TEST_SUITE_P(Orderings, Bipolar, testing::Values(-0.1, -0.5, 0.1, 1.5));

TEST(Bipolar, InvertedOrderingGrowsAtTheRateOfTheLinearTheory) {
  // psi' = -i [(w c + 1) psi - psibar], psibar' = i [(w c + 1) psibar - psi] without mixing:
  // gamma^2 = -2 w c - w^2 c^2.
  const double w = -0.3;
  const double gamma = std::sqrt(-2.0 * w - w * w);
  Experiment experiment(fmt::format(R"(
    equation = {{mode = "standard", vacuum.delta_m2 = {}}}
    grid.z = {{length = 1.0, cells = 8}}
    grid.momentum = {{directions = [-1.0, 1.0, -1.0, 1.0], species = ["nu", "nu", "nubar", "nubar"], energy = {{reference = 1.0, half_width = 0.5}}}}
    initial = {{type = "two_beam", zeta = [0.5, 0.5, 0.5, 0.5], seeds = {{type = "points", sigma = 1e-7, positions = [0.5], width = 1.0}}}}
    time = {{end = 20.0, step = 0.02}}
  )",
                                    2.0 * w),
                        5.0, PETSC_COMM_SELF);
  // What is nu_x grows by exp(2 gamma t); at t = 10 the decaying mode is e^-14 of the growing one,
  // and at 15 the tilt is 2.5e-7 e^11 = 1e-2, its square what the linear theory leaves out.
  const auto converted = [&](std::size_t record) {
    return experiment.run().at(record, "number_nu_x");
  };
  EXPECT_NEAR(0.5 * std::log(converted(3) / converted(2)) / 5.0, gamma, 1e-4);
}

// --- nu_x instead of antineutrinos ---

TEST(Antineutrinos, AreNeutrinosWithFlavorsExchangedInTheStandardEquation) {
  GridShape with, without;
  for (GridShape* shape : {&with, &without}) {
    shape->directions = {-1.0, 1.0, 0.3, 1.0};
    shape->weights = {0.5, 1.5, 1.0, 0.7};
  }
  with.signs = {1.0, -1.0, -1.0, 1.0};
  Grid antineutrinos(with, physics::Mode::standard), neutrinos(without, physics::Mode::standard);
  const auto exchanged = [&](std::vector<double> state) {
    for (std::size_t n = 0; n < state.size(); ++n)
      if (n % flavor::components(2) != 0 &&
          with.signs[n / flavor::components(2) % with.signs.size()] < 0.0)
        state[n] = -state[n];
    return state;
  };
  const auto state = antineutrinos.random_state(1);
  antineutrinos.set(state);
  neutrinos.set(exchanged(state));
  const auto found = antineutrinos.rate(), expected = exchanged(neutrinos.rate());
  for (std::size_t n = 0; n < found.size(); ++n) ASSERT_EQ(found[n], expected[n]);
}

// --- everything together ---

struct Whole {
  const char* name;
  const char* grid;
  const char* initial;
  const char* equation = "";
};

void PrintTo(const Whole& w, std::ostream* out) { *out << w.name; }

class FullEquation : public testing::TestWithParam<Whole> {};

TEST_P(FullEquation, ConservesEnergyNumberLeptonNumberAndPurityWithAllTerms) {
  Experiment experiment(fmt::format(R"(
    equation = {{mode = "full", {} delta_m2 = -40.0, mixing_angle = 0.3}}, matter = {{profile = "cosine", lambda = 1.0, amplitude = 0.7, mode = 2}}}}
    grid.z = {{length = 20.0, cells = 32}}
    grid.momentum = {{{}, energy = {{reference = 60.0, half_width = 28.0, cells = 40}}}}
    initial = {{{}, energy_spectrum.width = 2.5, seeds = {{sigma = 1e-2, max_mode = 3}}}}
    diagnostics.negativity_limit = 0.2
    time = {{method = "implicit_midpoint", end = 4.0, step = 0.1}}
  )",
                                    GetParam().equation, GetParam().grid, GetParam().initial),
                        1.0, PETSC_COMM_SELF);
  const auto& run = experiment.run();
  // Each energy changes by far more than what the sum may.
  for (const char* energy : {"kinetic_energy_relative", "u_osc", "u_matter", "u_vacuum"})
    EXPECT_GT(run.drift(energy), 1e-4) << energy;
  // Rounding of sums of 1e4 to 1e5 nodes in 40 steps, relative to the largest of them.
  EXPECT_LT(run.drift("total_energy_relative"), 2e-13 * run.first("kinetic_energy") / 60.0);
  EXPECT_LT(run.drift("number"), 1e-13 * run.first("number"));
  EXPECT_LT(run.drift("lepton_number"), 1e-13 * run.first("number"));
  EXPECT_LT(run.drift("purity"), 1e-13 * run.first("purity"));
}

constexpr const char* spectra =
    R"(type = "spectrum", nu_e.number = 0.6, nu_x.number = 0.1, antinu_e = {number = 0.5, shape = "gaussian", width = 0.8})";
constexpr const char* three_spectra =
    R"(type = "spectrum", nu_e.number = 0.6, nu_mu.number = 0.1, nu_tau = {number = 0.2, shape = "gaussian", width = 0.8}, antinu_e = {number = 0.5, shape = "gaussian", width = 0.8}, antinu_tau.number = 0.1)";
constexpr const char* three_masses =
    "flavors = 3, vacuum = {delta_m2_31 = 25.0, theta_13 = 0.15, theta_23 = 0.8, delta_cp = 1.0,";

INSTANTIATE_TEST_SUITE_P(
    Geometries, FullEquation,
    testing::Values(
        Whole{"beams",
              R"(directions = [-1.0, 1.0, -0.4, 1.0], species = ["nu", "nu", "nubar", "nubar"])",
              R"(type = "two_beam", zeta = [0.3, 0.5, 0.4, 0.2])", "vacuum = {"},
        Whole{"spherical", R"(geometry = "spherical", angles = 6, antineutrinos = true)", spectra,
              "vacuum = {"},
        Whole{
            "spherical, S_N",
            R"(geometry = "spherical", angles = 6, antineutrinos = true, angular_operator = "sn")",
            spectra, "vacuum = {"},
        Whole{"three flavors on beams",
              R"(directions = [-1.0, 1.0, -0.4, 1.0], species = ["nu", "nu", "nubar", "nubar"])",
              R"(type = "two_beam", zeta = [0.3, 0.5, 0.4, 0.2])", three_masses},
        Whole{"three flavors", R"(geometry = "spherical", angles = 6, antineutrinos = true)",
              three_spectra, three_masses}));

// --- open boxes ---

class OpenBox : public testing::TestWithParam<Whole> {};

TEST_P(OpenBox, BalancesNumberEnergyAndPurityWithWhatCrossesTheEnds) {
  Experiment experiment(fmt::format(R"(
    equation = {{mode = "full", matter = {{profile = "linear", lambda = 0.5, slope = 0.1}}}}
    grid.z = {{length = 16.0, cells = 49, boundaries = "open"}}
    grid.momentum = {{{}, energy = {{reference = 60.0, half_width = 26.0, cells = 52}}}}
    initial = {{{}, energy_spectrum.width = 1.8, seeds = {{sigma = 0.02, max_mode = 6}}}}
    time = {{end = 3.0, method = "implicit_midpoint", step = 0.05}}
    diagnostics.negativity_limit = 1.0
  )",
                                    GetParam().grid, GetParam().initial),
                        1.0, PETSC_COMM_SELF);
  const auto& run = experiment.run();
  EXPECT_GT(std::abs(run.last("total_energy_relative_boundary")), 1e-3);
  // 60 steps, each solved to 2e-15 of what then cancels; the edges of the window are empty.
  EXPECT_LT(run.imbalance("number"), 1e-13 * run.first("number"));
  EXPECT_LT(run.imbalance("total_energy_relative"), 1e-12 * run.first("number"));
}

INSTANTIATE_TEST_SUITE_P(
    Geometries, OpenBox,
    testing::Values(
        Whole{"beams", R"(directions = [-1.0, 1.0, 0.4], species = ["nu", "nu", "nubar"])",
              R"(type = "two_beam", zeta = [0.3, 0.5, 0.4])"},
        Whole{
            "spherical", R"(geometry = "spherical", angles = 6, antineutrinos = true)",
            R"(type = "spectrum", nu_e = {shape = "linear", flux_factor = 0.2}, nu_x.number = 0.2, antinu_e = {number = 0.3, shape = "linear", flux_factor = 0.3}, antinu_x.number = 0.1)"}));

TEST(OpenBox, KnowsWhatMassiveNeutrinosCarryInTheStandardEquation) {
  // Beams of one direction that leave matter of one density: nothing exchanges energy but masses
  // and matter.
  Experiment experiment(R"(
    equation = {mode = "standard", vacuum = {delta_m2 = 8.0, mixing_angle = 0.3}, matter = {profile = "constant", lambda = 0.7}}
    grid.z = {length = 10.0, cells = 81, boundaries = "open", inflow = "vacuum"}
    grid.momentum = {directions = [1.0, 1.0], species = ["nu", "nubar"], energy = {reference = 2.0, half_width = 1.0, cells = 5}}
    initial = {type = "two_beam", zeta = [0.5, 0.3], seeds.type = "none"}
    time = {end = 5.0, method = "implicit_midpoint", step = 0.05}
  )",
                        1.0, PETSC_COMM_SELF);
  const auto& run = experiment.run();
  EXPECT_GT(run.drift("u_vacuum"), 0.1);
  EXPECT_GT(std::abs(run.last("total_energy_relative_boundary")), 0.1);
  EXPECT_LT(run.imbalance("total_energy_relative"), 1e-13 * run.first("number"));
}

}  // namespace
}  // namespace nuvlasov
