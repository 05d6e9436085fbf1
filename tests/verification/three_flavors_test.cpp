// Three flavors against two, against oscillations in vacuum, and against the linear theory.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <complex>
#include <numbers>

#include "nuvlasov/initial/beams.hpp"
#include "simulate.hpp"

namespace nuvlasov {
namespace {

using testing_support::Experiment;

// --- a third flavor that is not there ---

struct Box {
  const char* name;
  const char* mode;
  const char* grid;
  const char* initial;
  const char* method;
};

void PrintTo(const Box& box, std::ostream* out) { *out << box.name; }

class Decoupled : public testing::TestWithParam<Box> {};

Experiment box(const Box& with, int flavors, const char* only_two) {
  return Experiment(fmt::format(R"(
    equation = {{mode = "{}", flavors = {}, matter = {{profile = "cosine", lambda = 0.2, amplitude = 0.1}}}}
    grid.z = {{length = 12.0, cells = 48}}
    grid.momentum = {{{}, energy = {{reference = 60.0, half_width = 28.0, cells = 40}}}}
    initial = {{{}{}, energy_spectrum.width = 2.5, seeds = {{sigma = 1e-2, max_mode = 3}}}}
    diagnostics.negativity_limit = 0.2
    time = {{method = "{}", end = 4.0, step = 0.04}}
  )",
                                with.mode, flavors, with.grid, with.initial, only_two, with.method),
                    2.0, PETSC_COMM_SELF);
}

TEST_P(Decoupled, LeavesTheOthersAsTwoFlavors) {
  Experiment two = box(GetParam(), 2, ""), three = box(GetParam(), 3, R"(, pairs = ["e_mu"])");
  const std::vector<double>&a = two.run().state, &b = three.run().state;
  ASSERT_EQ(a.size() / 4, b.size() / 9);
  double largest = 0.0;
  for (const double number : a) largest = std::max(largest, std::abs(number));
  // Rounding in 1e2 steps, and what the instability makes of it, e^2 to e^3.
  const double tolerance = 1e-12 * largest;
  for (std::size_t n = 0; n < a.size() / 4; ++n) {
    for (std::size_t c = 0; c < 4; ++c) ASSERT_NEAR(b[9 * n + c], a[4 * n + c], tolerance);
    // Nothing of the third, neither occupied nor coherent.
    for (std::size_t c = 4; c < 8; ++c) ASSERT_EQ(b[9 * n + c], 0.0);
    ASSERT_NEAR(b[9 * n + 8], a[4 * n] / std::numbers::sqrt3, tolerance);
  }
  const auto last = [](const Experiment& of, const char* column) { return of.run().last(column); };
  for (const char* column : {"number", "kinetic_energy_relative", "total_energy_relative", "purity",
                             "entropy", "u_matter", "number_nu_e"})
    EXPECT_NEAR(last(three, column), last(two, column),
                1e-12 * std::max(1.0, std::abs(last(two, column))))
        << column;
  EXPECT_NEAR(last(three, "u_osc") + last(three, "u_non"), last(two, "u_osc") + last(two, "u_non"),
              1e-12 * std::abs(last(two, "u_non")));
  // It was not still.
  EXPECT_GT(two.run().drift("number_nu_x"), 1e-4);
}

constexpr const char* beams =
    R"(directions = [-1.0, 1.0, -0.4, 1.0], species = ["nu", "nu", "nubar", "nubar"])";
constexpr const char* spherical = R"(geometry = "spherical", angles = 6, antineutrinos = true)";
constexpr const char* two_beam = R"(type = "two_beam", zeta = [0.3, -0.5, 0.4, -0.2])";

INSTANTIATE_TEST_SUITE_P(Boxes, Decoupled,
                         testing::Values(Box{"standard", "standard", beams, two_beam, "rk4"},
                                         Box{"full", "full", beams, two_beam, "rk4"},
                                         Box{"full, midpoint", "full", beams, two_beam,
                                             "implicit_midpoint"}));

TEST(Decoupled, InSphericalGeometryToo) {
  const char* common =
      R"(type = "spectrum", nu_e.number = 0.6, antinu_e = {number = 0.5, shape = "gaussian", width = 0.8})";
  for (const char* operators : {"spectral", "sn"}) {
    const std::string grid = fmt::format("{}, angular_operator = \"{}\"", spherical, operators);
    const Box with{operators, "full", grid.c_str(), common, "rk4"};
    Experiment two = box(with, 2, ", nu_x.number = 0.3");
    Experiment three =
        box(with, 3, R"(, nu_mu.number = 0.3, nu_tau.number = 0.0, pairs = ["e_mu"])");
    const std::vector<double>&a = two.run().state, &b = three.run().state;
    double largest = 0.0;
    for (const double number : a) largest = std::max(largest, std::abs(number));
    for (std::size_t n = 0; n < a.size() / 4; ++n)
      for (std::size_t c = 0; c < 4; ++c) ASSERT_NEAR(b[9 * n + c], a[4 * n + c], 1e-12 * largest);
    EXPECT_GT(two.run().drift("number_nu_x"), 1e-6);
  }
}

// --- vacuum ---

struct Beam {
  const char* species;
  int flavor;  ///< at first: nu_e or nu_mu
  double delta_m2_31;
};

void PrintTo(const Beam& beam, std::ostream* out) {
  *out << beam.species << " of flavor " << beam.flavor << ", delta_m2_31 = " << beam.delta_m2_31;
}

class Vacuum : public testing::TestWithParam<Beam> {};

// P(a -> b) = |sum_i U_bi exp(-i m_i^2 t/2E) conj(U_ai)|^2, and with conj(U) for antineutrinos,
// which is the reverse of CP.
TEST_P(Vacuum, FlavorsAreConvertedAsTheMixingMatrixSays) {
  const Beam beam = GetParam();
  constexpr double m21 = 0.3, t12 = 0.58, t13 = 0.15, t23 = 0.8, delta = 1.2;
  constexpr double end = 20.0, step = 0.01;
  Experiment experiment(fmt::format(R"(
    equation = {{mode = "standard", flavors = 3, vacuum = {{delta_m2 = {}, mixing_angle = {}, delta_m2_31 = {}, theta_13 = {}, theta_23 = {}, delta_cp = {}}}}}
    grid.z = {{length = 1.0, cells = 8}}
    grid.momentum = {{directions = [1.0], species = ["{}"], energy = {{reference = 2.0, half_width = 1.0, cells = 5}}}}
    initial = {{type = "two_beam", zeta = [{}], seeds.type = "none"}}
    time = {{end = {}, step = {}}}
  )",
                                    m21, t12, beam.delta_m2_31, t13, t23, delta, beam.species,
                                    beam.flavor == 0 ? 0.5 : -0.5, end, step),
                        end, PETSC_COMM_SELF);
  using Complex = std::complex<double>;
  const bool anti = std::string(beam.species) == "nubar";
  const Complex phase = std::polar(1.0, anti ? -delta : delta);
  const double c12 = std::cos(t12), s12 = std::sin(t12), c13 = std::cos(t13), s13 = std::sin(t13);
  const double c23 = std::cos(t23), s23 = std::sin(t23);
  const Complex u[3][3] = {
      {c12 * c13, s12 * c13, s13 * std::conj(phase)},
      {-s12 * c23 - c12 * s23 * s13 * phase, c12 * c23 - s12 * s23 * s13 * phase, s23 * c13},
      {s12 * s23 - c12 * c23 * s13 * phase, -c12 * s23 - s12 * c23 * s13 * phase, c23 * c13}};
  const double squares[3] = {0.0, m21, beam.delta_m2_31};
  const auto& momentum = experiment.simulation().problem().momentum;
  for (Index i = 0; i < momentum.energies(); ++i) {
    const double* node = experiment.run().state.data() + i * 9;
    const auto found = flavor::occupations(flavor::load<3>(node));
    const double half_inverse = 0.5 / momentum.energy(i);
    for (std::size_t b = 0; b < 3; ++b) {
      Complex amplitude = 0.0;
      for (int m = 0; m < 3; ++m)
        amplitude += u[b][m] * std::polar(1.0, -squares[m] * half_inverse * end) *
                     std::conj(u[beam.flavor][m]);
      // RK4 is behind by (w h)^4/120 of the phase w t, with w of the largest difference.
      const double w = (std::abs(beam.delta_m2_31) + m21) * half_inverse;
      EXPECT_NEAR(found[b] / node[0], std::norm(amplitude),
                  1e-12 + std::pow(w * step, 4) / 120.0 * w * end)
          << "energy " << i << ", flavor " << b;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Beams, Vacuum,
                         testing::Values(Beam{"nu", 0, 6.0}, Beam{"nu", 1, 6.0},
                                         Beam{"nubar", 1, 6.0}, Beam{"nu", 1, -6.0}));

// --- linear theory ---

struct Growing {
  const char* pair;
  flavor::FlavorPair flavors;
  const char* mode;
};

void PrintTo(const Growing& g, std::ostream* out) { *out << g.pair << ", " << g.mode; }

class Growth : public testing::TestWithParam<Growing> {};

TEST_P(Growth, OfTheCoherenceOfTwoFlavorsIsThatOfTheirDifference) {
  // Between nu_e and either of the others the lepton number changes sign over direction.
  const std::string text = fmt::format(R"(
    equation = {{mode = "{}", flavors = 3}}
    grid.z = {{length = 20.0, cells = 64}}
    grid.momentum = {{directions = [-1.0, -0.5, 0.5, 1.0, 1.0, -1.0], species = ["nu", "nu", "nu", "nu", "nubar", "nubar"], energy = {{reference = 1000.0, half_width = 48.0, cells = 56}}}}
    initial = {{type = "eigenmode", mode_number = 3, amplitude = 1e-7, pairs = ["{}"], zeta = [0.5, 0.45, 0.4, 0.45, 0.9, 0.0], occupation = [0.5, 0.5, 0.5, 0.5, 0.9, 0.01], energy_spectrum.width = 5.0}}
    time = {{end = 8.0, step = 0.02}}
  )",
                                       GetParam().mode, GetParam().pair);
  const config::Configuration configuration(text, "test", {});
  const auto grid = make_momentum_grid(configuration.input());
  const auto stability = make_stability(
      configuration, grid,
      make_background(configuration, grid, PETSC_COMM_SELF).difference(GetParam().flavors));
  const auto omega = stability.fastest(2.0 * std::numbers::pi * 3 / 20.0);
  ASSERT_TRUE(omega.has_value());
  Experiment experiment(text, 4.0, PETSC_COMM_SELF);
  const auto& run = experiment.run();
  // The energy of coherences is quadratic: from t = 4 on the rounding of the start is small.
  const double rate =
      0.5 * std::log(run.at(2, "u_osc_transverse") / run.at(1, "u_osc_transverse")) / 4.0;
  // The mode is resolved by 21 cells, of order 6: (k dz)^6/140 of k.
  EXPECT_NEAR(rate, omega->imag(), 1e-4 * omega->imag());
  EXPECT_GT(rate, 0.1);
}

INSTANTIATE_TEST_SUITE_P(Pairs, Growth,
                         testing::Values(Growing{"e_mu", {0, 1}, "standard"},
                                         Growing{"e_tau", {0, 2}, "standard"},
                                         Growing{"e_mu", {0, 1}, "full"},
                                         Growing{"e_tau", {0, 2}, "full"}));

}  // namespace
}  // namespace nuvlasov
