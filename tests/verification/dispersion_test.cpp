// The linear stability of any angular spectrum: against the analytic theory of two beams, against
// symmetries, and against the kinetic equation in time.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <random>

#include "nuvlasov/stability/dispersion.hpp"
#include "simulate.hpp"

namespace nuvlasov {
namespace {

using Complex = std::complex<double>;
using stability::LinearStability;
using testing_support::Experiment;

constexpr Complex i(0.0, 1.0);

LinearStability on_beams(const std::vector<double>& directions, const std::vector<double>& weights,
                         const std::vector<double>& polarization) {
  return {phase_space::MomentumGrid(100.0, 0.5, 1, 6, directions, weights), polarization};
}

// --- two opposite beams: Eq. (9) to (12) ---

struct Beams {
  double zeta_minus, zeta_plus, weight_minus, weight_plus;
};

void PrintTo(const Beams& b, std::ostream* out) {
  *out << "zeta = " << b.zeta_minus << ", " << b.zeta_plus << ", w = " << b.weight_minus << ", "
       << b.weight_plus;
}

class TwoBeams : public testing::TestWithParam<Beams> {
 protected:
  /// Wave number at a fraction of the half width of the unstable band from its middle.
  initial::TwoBeamMode theory(double fraction) const {
    const Beams b = GetParam();
    const double plus = b.weight_plus * b.zeta_plus, minus = b.weight_minus * b.zeta_minus;
    const initial::TwoBeamMode middle(plus, minus, 0.0);
    return {plus, minus,
            0.5 * (middle.lower + middle.upper) + 0.5 * fraction * (middle.upper - middle.lower)};
  }
  LinearStability tool(bool plus_first) const {
    const Beams b = GetParam();
    return plus_first
               ? on_beams({1.0, -1.0}, {b.weight_plus, b.weight_minus}, {b.zeta_plus, b.zeta_minus})
               : on_beams({-1.0, 1.0}, {b.weight_minus, b.weight_plus},
                          {b.zeta_minus, b.zeta_plus});
  }
};

// An eigenvalue moves by rounding, 1e-16, times its condition, |M|/gamma < 30 at the fractions
// here.
constexpr double rounding = 1e-12;

TEST_P(TwoBeams, GrowAndPrecessAsTheAnalyticFormulaSays) {
  for (const bool plus_first : {false, true})
    for (int n = -99; n <= 99; ++n) {
      const auto mode = theory(n / 100.0);
      const auto omega = tool(plus_first).fastest(mode.k);
      ASSERT_TRUE(omega) << mode.k;
      EXPECT_NEAR(omega->imag(), mode.gamma.real(), rounding) << mode.k;
      EXPECT_NEAR(omega->real(), mode.omega0, rounding) << mode.k;
    }
}

TEST_P(TwoBeams, OscillateOutsideTheBandAsTheAnalyticFormulaSays) {
  for (const double fraction : {-10.0, -2.0, -1.1, 1.1, 3.0, 20.0}) {
    const auto mode = theory(fraction);
    EXPECT_FALSE(tool(false).fastest(mode.k));
    const auto omega = tool(false).frequencies(mode.k);
    // psi ~ exp((+-gamma - i omega_0) t), gamma imaginary.
    EXPECT_NEAR(omega[0].real(), mode.omega0 - std::abs(mode.gamma), rounding * std::abs(fraction));
    EXPECT_NEAR(omega[1].real(), mode.omega0 + std::abs(mode.gamma), rounding * std::abs(fraction));
  }
}

TEST_P(TwoBeams, HaveTheEigenvectorOfEquation10) {
  const Beams b = GetParam();
  for (const double fraction : {-0.99, -0.5, 0.0, 0.3, 0.99}) {
    const auto mode = theory(fraction);
    const auto psi = tool(false).eigenvector(mode.k, Complex(mode.omega0, mode.gamma.real()));
    const double scale = std::abs(mode.plus) + std::abs(mode.minus);
    EXPECT_NEAR(std::abs(b.weight_minus * psi[0] - mode.minus), 0.0, rounding * scale);
    EXPECT_NEAR(std::abs(b.weight_plus * psi[1] - mode.plus), 0.0, rounding * scale);
  }
}

TEST_P(TwoBeams, HaveOneBandWithTheAnalyticEdgesAndMaximum) {
  const auto middle = theory(0.0);
  const LinearStability stability = tool(false);
  const auto interval = stability::interval_of_growth(stability);
  EXPECT_LT(interval.lower, middle.lower);
  EXPECT_GT(interval.upper, middle.upper);
  const auto bands =
      stability::unstable_bands(stability, stability::sample(stability, interval, 101));
  ASSERT_EQ(bands.size(), 1U);
  // The edge is where gamma ~ sqrt(distance) passes what rounding can tell, 1e-7 of the couplings,
  // found to 2^-30 of the samples' spacing.
  EXPECT_NEAR(bands[0].range.lower, middle.lower, 1e-9);
  EXPECT_NEAR(bands[0].range.upper, middle.upper, 1e-9);
  // A maximum is flat: k is known to the square root of rounding only.
  EXPECT_NEAR(bands[0].wave_number, middle.k, 1e-7);
  EXPECT_NEAR(bands[0].omega.imag(), middle.gamma.real(), rounding);
}

INSTANTIATE_TEST_SUITE_P(Asymmetries, TwoBeams,
                         testing::Values(Beams{-0.5, 0.5, 1, 1}, Beams{0.5, -0.5, 1, 1},
                                         Beams{-0.4, 0.6, 1, 1}, Beams{-0.2, 0.5, 1, 1},
                                         Beams{-0.05, 0.7, 1, 1}, Beams{-0.1, 0.2, 4, 3}));

// --- any directions: the eigenvalue problem and its symmetries ---

/// A background with random directions, weights and polarizations of both signs.
struct RandomBackground {
  explicit RandomBackground(unsigned seed) {
    std::mt19937 generator(seed);
    std::uniform_real_distribution<double> uniform(-1.0, 1.0);
    for (int n = 0; n < 9; ++n) {
      v.push_back(uniform(generator));
      w.push_back(1.1 + uniform(generator));
      pz.push_back(0.2 * uniform(generator));
    }
  }
  LinearStability stability() const { return on_beams(v, w, pz); }
  std::vector<double> v, w, pz;
};

/// Largest distance of a value in one list to the nearest in the other.
double distance(const std::vector<Complex>& a, const std::vector<Complex>& b) {
  double largest = 0.0;
  for (const Complex x : a) {
    double nearest = INFINITY;
    for (const Complex y : b) nearest = std::min(nearest, std::abs(x - y));
    largest = std::max(largest, nearest);
  }
  return largest;
}

class AnyDirections : public testing::TestWithParam<unsigned> {
 protected:
  const RandomBackground background{GetParam()};
  const std::vector<double> wave_numbers{-3.1, -0.7, 0.0, 0.2, 1.0, 4.5};
  // Rounding times the condition of an eigenvalue, which nearly double ones have worst.
  static constexpr double tolerance = 1e-10;
};

TEST_P(AnyDirections, TheGrowingEigenvectorSolvesTheEigenvalueProblemWithTheMomentsOfItsHeader) {
  const LinearStability stability = background.stability();
  int growing = 0;
  for (const double k : {-1.5, -1.0, -0.5, -0.2, 0.1, 0.4, 0.8, 1.2}) {
    const auto omega = stability.fastest(k);
    if (!omega) continue;
    ++growing;
    const auto psi = stability.eigenvector(k, *omega);
    const auto m = stability.matrix(k);
    double largest = 0.0;
    for (const Complex component : psi) largest = std::max(largest, std::abs(component));
    // Omega is off by a few roundings of M, and the denominators of psi are of the size of gamma.
    const double error = 1e-14 * largest * (1.0 + largest) / omega->imag();
    Complex density = 0.0, current = 0.0;
    double conserved = 0.0;
    for (std::size_t r = 0; r < psi.size(); ++r) {
      Complex product = 0.0;
      for (std::size_t l = 0; l < psi.size(); ++l) product += m[r * psi.size() + l] * psi[l];
      EXPECT_NEAR(std::abs(product - *omega * psi[r]), 0.0, error);
      density += background.w[r] * psi[r];
      current += background.w[r] * background.v[r] * psi[r];
      conserved += background.w[r] * std::norm(psi[r]) / background.pz[r];
    }
    EXPECT_NEAR(std::abs(density - 2.0 * k), 0.0, error);
    EXPECT_NEAR(std::abs(current - 2.0 * *omega), 0.0, error);
    // |P| is constant, so that sum w delta P^z = -1/2 sum w |psi|^2/P^z: flavor is conserved.
    EXPECT_NEAR(conserved, 0.0, error);
  }
  EXPECT_GT(growing, 0);
}

TEST_P(AnyDirections, FrequenciesAddUpToTheTrace) {
  for (const double k : wave_numbers) {
    Complex sum = 0.0;
    for (const Complex omega : background.stability().frequencies(k)) sum += omega;
    double trace = 0.0;
    for (std::size_t r = 0; r < background.v.size(); ++r) {
      const double v = background.v[r];
      trace += k * v + background.w[r] * background.pz[r] * (1.0 - v * v);
      for (std::size_t l = 0; l < background.v.size(); ++l)
        trace -= background.w[l] * background.pz[l] * (1.0 - v * background.v[l]);
    }
    EXPECT_NEAR(std::abs(sum - trace), 0.0, tolerance);
  }
}

TEST_P(AnyDirections, MirroredDirectionsMirrorTheWaveNumber) {
  RandomBackground mirrored = background;
  for (double& v : mirrored.v) v = -v;
  for (const double k : wave_numbers)
    EXPECT_LT(distance(background.stability().frequencies(k), mirrored.stability().frequencies(-k)),
              tolerance);
}

TEST_P(AnyDirections, ExchangedFlavorsReverseWaveNumberAndFrequency) {
  RandomBackground exchanged = background;
  for (double& pz : exchanged.pz) pz = -pz;
  for (const double k : wave_numbers) {
    auto omega = exchanged.stability().frequencies(-k);
    for (Complex& value : omega) value = -value;
    EXPECT_LT(distance(background.stability().frequencies(k), omega), tolerance);
  }
}

// Under a boost along z a beam's density w P^z transforms as its energy does, and (Omega, k) as a
// four-vector. Real frequencies have a real k in the other frame too.
TEST_P(AnyDirections, StableModesTransformAsFourVectorsUnderABoost) {
  const double beta = 0.6, gamma = 1.25;
  RandomBackground boosted = background;
  for (std::size_t r = 0; r < boosted.v.size(); ++r) {
    boosted.v[r] = (background.v[r] - beta) / (1.0 - beta * background.v[r]);
    boosted.pz[r] = background.pz[r] * gamma * (1.0 - beta * background.v[r]);
  }
  int stable = 0;
  for (const double k : wave_numbers)
    for (const Complex omega : background.stability().frequencies(k)) {
      if (omega.imag() != 0.0) continue;
      ++stable;
      const double there = gamma * (k - beta * omega.real());
      EXPECT_LT(
          distance({gamma * (omega.real() - beta * k)}, boosted.stability().frequencies(there)),
          tolerance);
    }
  EXPECT_GT(stable, 20);
}

INSTANTIATE_TEST_SUITE_P(Backgrounds, AnyDirections, testing::Values(1U, 2U, 3U, 4U));

TEST(LinearStability, OneFlavorAloneAndNeutrinosOfOneDirectionAreStable) {
  for (const auto& stability :
       {on_beams({-1.0, -0.2, 0.5, 1.0}, {1, 1, 1, 1}, {0.5, 0.1, 0.7, 0.2}),
        on_beams({1.0, 1.0}, {1, 1}, {0.5, -0.5}), on_beams({-1.0, 1.0}, {1, 1}, {0.0, 0.0})}) {
    for (int n = -40; n <= 40; ++n) EXPECT_FALSE(stability.fastest(0.1 * n)) << 0.1 * n;
    const auto interval = stability::interval_of_growth(stability);
    EXPECT_TRUE(
        stability::unstable_bands(stability, stability::sample(stability, interval, 51)).empty());
  }
}

TEST(LinearStability, FindsTheGrowthOfBeamsThatAreCloseFarBeyondTheCouplings) {
  // M = ((k v + a, a), (-a, -k v - a)) with a = (1 + v^2)/2: Omega^2 = k v (k v + 2 a).
  const double v = 0.1, edge = -(1.0 + v * v) / v;
  const auto stability = on_beams({-v, v}, {1, 1}, {-0.5, 0.5});
  const auto interval = stability::interval_of_growth(stability);
  EXPECT_LT(interval.lower, edge);
  const auto bands =
      stability::unstable_bands(stability, stability::sample(stability, interval, 201));
  ASSERT_EQ(bands.size(), 1U);
  EXPECT_NEAR(bands[0].range.lower, edge, 1e-8);
}

TEST(GrowingBoxModes, AreThoseInTheBandUpToTheLargest) {
  const auto stability = on_beams({-1.0, 1.0}, {1, 1}, {-0.5, 0.5});  // -2 < k < 0
  const double tenths = 20.0 * std::numbers::pi;                      // k = n/10
  const auto numbers = [&](stability::Interval interval, Index largest) {
    std::vector<Index> list;
    for (const auto& mode : stability::growing_box_modes(stability, interval, tenths, largest))
      list.push_back(mode.number);
    return list;
  };
  EXPECT_EQ(numbers({-0.42, 0.5}, 100), (std::vector<Index>{-4, -3, -2, -1}));
  EXPECT_EQ(numbers(stability::all_wave_numbers, 3), (std::vector<Index>{-3, -2, -1}));
  EXPECT_EQ(numbers(stability::all_wave_numbers, 100).size(), 19U);
  EXPECT_TRUE(numbers({5.0, 1e300}, 100).empty());
}

// --- the kinetic equation in time ---

constexpr double length = 40.0;
constexpr Index cells = 128;

/// An input in spherical geometry, one energy cell in standard mode.
/// \param grid  more of grid.momentum
std::string spherical(int angles, const std::string& spectra, const std::string& more,
                      const std::string& grid = "") {
  return fmt::format(R"(
    equation.mode = "standard"
    grid.z = {{length = {}, cells = {}, order = 8}}
    grid.momentum = {{geometry = "spherical", angles = {}{}}}
    {}
    {}
  )",
                     length, cells, angles, grid, spectra, more);
}

LinearStability stability_of(const std::string& toml) {
  const config::Configuration configuration(toml, "test", {});
  const auto grid = make_momentum_grid(configuration.input());
  return make_stability(configuration, grid,
                        make_background(configuration, grid, PETSC_COMM_SELF).difference({}));
}

/// psi of each energy and direction in mode n of the box. All nodes on one rank.
std::vector<stability::Eigenvector> fourier_mode_by_energy(const Simulation& simulation, Index n) {
  const auto& momentum = simulation.problem().momentum;
  const auto& z = simulation.problem().z;
  std::vector<stability::Eigenvector> psi(
      static_cast<std::size_t>(momentum.energies()),
      stability::Eigenvector(static_cast<std::size_t>(momentum.angles())));
  EXPECT_EQ(simulation.with_state([&](const double* rho) {
    for (Index j = 0; j < z.cells(); ++j) {
      const Complex wave = std::polar(1.0 / static_cast<double>(z.cells()),
                                      -stability::box_wave_number(n, z.length()) * z.position(j));
      for (auto& directions : psi)
        for (Complex& sum : directions) {
          sum += wave * Complex(rho[1], rho[2]);
          rho += flavor::components(2);
        }
    }
  }),
            0);
  return psi;
}

/// psi of each direction in mode n of the box, integrated over energy.
stability::Eigenvector fourier_mode(const Simulation& simulation, Index n) {
  const auto& momentum = simulation.problem().momentum;
  stability::Eigenvector integral(static_cast<std::size_t>(momentum.angles()));
  Index energy = 0;
  for (const auto& psi : fourier_mode_by_energy(simulation, n)) {
    const double weight = momentum.energy_weight(energy++);
    for (std::size_t r = 0; r < psi.size(); ++r) integral[r] += weight * psi[r];
  }
  return integral;
}

/// Omega of mode n from the change of its largest psi over a run.
Complex measured_omega(const std::string& toml, Index n, double interval) {
  std::vector<stability::Eigenvector> psi;
  const Experiment experiment(toml, interval, PETSC_COMM_SELF,
                              [&](Simulation& s) { psi.push_back(fourier_mode(s, n)); });
  const auto largest =
      std::max_element(psi[0].begin(), psi[0].end(),
                       [](Complex a, Complex b) { return std::abs(a) < std::abs(b); }) -
      psi[0].begin();
  Complex logarithm = 0.0;
  for (std::size_t r = 1; r < psi.size(); ++r)
    logarithm += std::log(psi[r][static_cast<std::size_t>(largest)] /
                          psi[r - 1][static_cast<std::size_t>(largest)]);
  return i * logarithm / (interval * static_cast<double>(psi.size() - 1));
}

struct Spectra {
  const char* name;
  const char* toml;
  const char* grid = "";
};

void PrintTo(const Spectra& s, std::ostream* out) { *out << s.name; }

const Spectra spectra[] = {
    {"GaussianBeam",
     "initial.nu_e = {number = 0.5, shape = 'isotropic'}\n"
     "initial.nu_x = {number = 0.5, shape = 'gaussian', center = 1.0, width = 0.6}"},
    {"ExponentialBeams",
     "initial.nu_e = {number = 0.45, shape = 'exponential', center = 1.0, width = 1.2}\n"
     "initial.nu_x = {number = 0.35, shape = 'exponential', center = 1.0, width = 0.5}"},
    {"OppositeFluxes",
     "initial.nu_e = {number = 0.6, shape = 'linear', flux_factor = 0.3}\n"
     "initial.nu_x = {number = 0.5, shape = 'linear', flux_factor = -0.3}"},
    {"OppositeBeams",
     "initial.nu_e = {number = 0.5, shape = 'gaussian', center = -0.8, width = 0.3}\n"
     "initial.nu_x = {number = 0.4, shape = 'gaussian', center = 0.9, width = 0.4}"},
    {"Antineutrinos",
     "initial.nu_e = {number = 0.5, shape = 'isotropic'}\n"
     "initial.nu_x = {number = 0.05, shape = 'linear', flux_factor = -0.2}\n"
     "initial.antinu_e = {number = 0.5, shape = 'gaussian', center = 1.0, width = 0.6}\n"
     "initial.antinu_x = {number = 0.1, shape = 'isotropic'}",
     ", antineutrinos = true"},
};

// The difference of order 8 changes k by k (k dz)^8/630 = 2e-8 at n = 5; RK4 changes Omega by
// |M|^5 dt^4/120 = 1e-9.
constexpr double tolerance = 1e-7;

class Angles : public testing::TestWithParam<std::tuple<Spectra, int>> {
 protected:
  std::string input(const std::string& more) const {
    const auto& [background, angles] = GetParam();
    return spherical(angles, background.toml, more, background.grid);
  }
};

TEST_P(Angles, SingleModesGrowAndPrecessInTimeAsTheEigenvaluesSay) {
  const LinearStability stability =
      stability_of(input("initial.type = 'spectrum'\ninitial.seeds.type = 'none'\ntime.end = 1.0"));
  auto modes = stability::growing_box_modes(stability, stability::all_wave_numbers, length, 5);
  ASSERT_GE(modes.size(), 3U);
  for (const auto& mode : modes) {
    const Complex measured = measured_omega(input(fmt::format("initial.type = 'eigenmode'\n"
                                                              "initial.mode_number = {}\n"
                                                              "initial.amplitude = 1e-8\n"
                                                              "time = {{end = 4.0, step = 0.02}}",
                                                              mode.number)),
                                            mode.number, 1.0);
    EXPECT_NEAR(measured.imag(), mode.omega.imag(), tolerance) << "n = " << mode.number;
    EXPECT_NEAR(measured.real(), mode.omega.real(), tolerance) << "n = " << mode.number;
  }
}

/// Change of U_osc by a growing mode over a time: the transverse part and what |P| = const makes of
/// P^z, to second order, with the dispersion relation put in. 2 L k^2 |alpha|^2 (e^{2 gamma t} - 1)
/// on two opposite beams.
double u_osc_change(const phase_space::MomentumGrid& grid, const LinearStability& stability,
                    const stability::BoxMode& mode, double alpha, double time) {
  const auto psi = stability.eigenvector(mode.wave_number, mode.omega);
  double sum = 0.0;
  for (Index k = 0; k < grid.angles(); ++k) {
    const auto r = static_cast<std::size_t>(k);
    sum += grid.sign(k) * grid.direction_weight(k) * grid.direction(k) * std::norm(alpha * psi[r]) /
           stability.polarization()[r];
  }
  return -0.25 * length * mode.wave_number * sum * std::expm1(2.0 * mode.omega.imag() * time);
}

TEST_P(Angles, RefractiveEnergyChangesAsASingleModeSays) {
  const LinearStability stability =
      stability_of(input("initial.type = 'spectrum'\ninitial.seeds.type = 'none'\ntime.end = 1.0"));
  const auto mode =
      stability::growing_box_modes(stability, stability::all_wave_numbers, length, 3).back();
  // Left out are the fourth order, 1e-8 of the second, and what tolerance says of k and Omega.
  const double alpha = 1e-4, end = 2.0;
  Experiment experiment(
      input(fmt::format("initial.type = 'eigenmode'\ninitial.mode_number = {}\n"
                        "initial.amplitude = {}\ntime = {{end = {}, step = 0.02}}",
                        mode.number, alpha, end)),
      end, PETSC_COMM_SELF);
  const double expected =
      u_osc_change(experiment.simulation().problem().momentum, stability, mode, alpha, end);
  EXPECT_NEAR(experiment.run().change("u_osc") / expected, 1.0, 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Spectra, Angles,
                         testing::Combine(testing::ValuesIn(spectra), testing::Values(16, 32, 64)),
                         [](const auto& test) {
                           return fmt::format("{}_{}", std::get<0>(test.param).name,
                                              std::get<1>(test.param));
                         });

// --- energies resolved ---

/// A single mode of the full equation.
std::string full(double reference, Index n, const std::string& background) {
  return fmt::format(R"(
    equation.mode = "full"
    grid.z = {{length = {}, cells = 64, order = 8}}
    grid.momentum.order = 8
    grid.momentum.energy = {{reference = {}, half_width = 24.0, cells = 32}}
    initial.type = "eigenmode"
    initial.mode_number = {}
    initial.amplitude = 1e-6
    initial.energy_spectrum.width = 3.0
    time = {{end = 2.0, step = 0.05}}
    {}
  )",
                     length, reference, n, background);
}

Complex difference_from_theory(const std::string& toml, Index n) {
  const auto omega = stability_of(toml).fastest(stability::box_wave_number(n, length));
  return measured_omega(toml, n, 1.0) - omega.value();
}

TEST(FullEquation, ChangesNoFrequencyOnFrozenDirectionsHoweverSmallTheEnergy) {
  const std::string toml = full(30.0, -2,
                                "grid.momentum.directions = [-0.9, -0.2, 0.3, 1.0]\n"
                                "initial.zeta = [-0.3, 0.2, 0.25, -0.1]");
  EXPECT_LT(std::abs(difference_from_theory(toml, -2)), tolerance);
}

TEST(FullEquation, ChangesFrequenciesByAFractionOfKOverEInSphericalGeometry) {
  const auto difference = [](double reference) {
    return std::abs(difference_from_theory(
        full(reference, 2,
             fmt::format("grid.momentum.geometry = 'spherical'\ngrid.momentum.angles = 16\n{}",
                         spectra[0].toml)),
        2));
  };
  const double k = stability::box_wave_number(2, length);
  const double at_1e3 = difference(1e3), at_1e4 = difference(1e4);
  EXPECT_LT(at_1e3, k / 1e3);
  EXPECT_LT(at_1e4, 1e-4);
  // The next order is k/E_ref again.
  EXPECT_NEAR(at_1e3 / at_1e4, 10.0, 0.05);
}

TEST(FullEquation, ShiftsTheModesOfPureBeamsAlongTheSpectrumByHalfTheWaveNumber) {
  // psi(E) = f(E) -+ (k v/2) f'(E) for P^z = +-P0, once all else has been outgrown.
  const double end = 9.0, width = 5.0, k = -1.0, growth = 1.0;
  const std::string toml = fmt::format(R"(
    equation.mode = "full"
    grid.z = {{length = {}, cells = 64, order = 8}}
    grid.momentum.order = 8
    grid.momentum.energy = {{reference = 1000.0, half_width = 40.0, cells = 80}}
    initial = {{type = "eigenmode", mode_number = -1, amplitude = 1e-8, energy_spectrum.width = {}}}
    time = {{end = {}, step = 0.05}}
  )",
                                       2.0 * std::numbers::pi, width, end);
  Experiment experiment(toml, end, PETSC_COMM_SELF);
  const Simulation& simulation = experiment.simulation();
  const auto& grid = simulation.problem().momentum;
  const auto total = fourier_mode(simulation, -1);
  const auto psi = fourier_mode_by_energy(simulation, -1);
  double worst = 0.0, largest = 0.0;
  for (Index beam = 0; beam < 2; ++beam) {
    const double sign = beam == 0 ? -1.0 : 1.0;  // of P^z
    for (Index e = 0; e < grid.energies(); ++e) {
      const Complex share = psi[static_cast<std::size_t>(e)][static_cast<std::size_t>(beam)] /
                            total[static_cast<std::size_t>(beam)];
      const double x = grid.energy_offset(e) / width;
      const double f = std::exp(-0.5 * x * x) / (width * std::sqrt(2.0 * std::numbers::pi));
      const double slope = -x / width * f;
      const double shift = -sign * 0.5 * k * grid.direction(beam);
      worst = std::max(worst, std::abs(share - (f + shift * slope)));
      largest = std::max(largest, std::abs(shift * slope));
    }
  }
  EXPECT_LT(worst, 2.0 * std::exp(-growth * end) * largest);
}

// --- seeds ---

TEST(EigenmodeSeeds, GrowFromTheBeginningAsTheirEigenvaluesSayAndStableModesAreLeftOut) {
  const double sigma = 1e-7, end = 2.0;
  const Index max_mode = 8;
  const std::string toml = fmt::format(R"(
    equation.mode = "standard"
    grid.z = {{length = {}, cells = 256, order = 8}}
    grid.momentum = {{geometry = "spherical", angles = 16}}
    initial.type = "spectrum"
    initial.seeds = {{type = "eigenmode", sigma = {}, max_mode = {}}}
    time = {{end = {}, step = 0.02}}
    {}
  )",
                                       length, sigma, max_mode, end, spectra[0].toml);
  const LinearStability stability = stability_of(toml);
  std::vector<std::vector<stability::Eigenvector>> psi(2 * max_mode + 1);
  const Experiment experiment(toml, end, PETSC_COMM_SELF, [&](Simulation& s) {
    for (Index n = -max_mode; n <= max_mode; ++n)
      psi[static_cast<std::size_t>(n + max_mode)].push_back(fourier_mode(s, n));
  });
  int growing = 0;
  for (Index n = -max_mode; n <= max_mode; ++n) {
    const auto& mode = psi[static_cast<std::size_t>(n + max_mode)];
    const auto omega = stability.fastest(stability::box_wave_number(n, length));
    if (!omega) {
      // Rounding at first; later the third order of the others, 7^2 ways to make up n of three.
      EXPECT_LT(stability.root_mean_square(mode[0]), 1e-14 * sigma) << n;
      EXPECT_LT(stability.root_mean_square(mode[1]), 1e3 * std::pow(sigma, 3)) << n;
      continue;
    }
    ++growing;
    const double size = stability.root_mean_square(mode[0]);
    EXPECT_GT(size, 0.01 * sigma) << n;
    for (std::size_t r = 0; r < mode[0].size(); ++r)
      EXPECT_NEAR(std::abs(mode[1][r] - mode[0][r] * std::exp(-i * *omega * end)), 0.0,
                  tolerance * end * size * std::exp(omega->imag() * end))
          << n;
  }
  EXPECT_EQ(growing, 7);
}

}  // namespace
}  // namespace nuvlasov
