// Initial states: seeds, spectra, modes.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <numeric>
#include <random>

#include "nuvlasov/flavor/eigensystem.hpp"
#include "nuvlasov/initial/angular_spectrum.hpp"
#include "nuvlasov/initial/beams.hpp"
#include "nuvlasov/initial/eigenmodes.hpp"
#include "nuvlasov/initial/energy_spectrum.hpp"

namespace nuvlasov::initial {
namespace {

constexpr double length = 100.0;

std::complex<double> fourier(const Seeds& seeds, Index beam, int n, bool imaginary) {
  constexpr int cells = 512;
  std::complex<double> sum = 0.0;
  for (int j = 0; j < cells; ++j) {
    const double z = length * j / cells;
    const std::complex<double> psi = seeds.at(z, beam);
    sum += (imaginary ? psi.imag() : psi.real()) *
           std::polar(1.0, -2.0 * std::numbers::pi * n * z / length);
  }
  return sum / static_cast<double>(cells);
}

TEST(FourierSeeds, HaveNormalAmplitudesOfTheGivenVarianceUpToTheirLargestMode) {
  double squares = 0.0, fourths = 0.0;
  int count = 0;
  for (std::uint64_t realization = 1; realization <= 40; ++realization) {
    const FourierSeeds seeds({.sigma = 1e-4, .max_mode = 30, .random_seed = realization}, length,
                             2);
    for (int n = 1; n <= 30; ++n) {
      const double c = std::abs(fourier(seeds, 1, n, true)) / 1e-4;
      squares += c * c;
      fourths += c * c * c * c;
      ++count;
    }
    for (const int beyond : {31, 60, 200})
      EXPECT_LT(std::abs(fourier(seeds, 1, beyond, true)), 1e-17);
  }
  // |c| of a normal variable: moments 1 and 3 with standard errors sqrt(2/1200), sqrt(96/1200).
  EXPECT_NEAR(squares / count, 1.0, 5 * std::sqrt(2.0 / count));
  EXPECT_NEAR(fourths / count, 3.0, 5 * std::sqrt(96.0 / count));
}

TEST(FourierSeeds, KeepTheirModesWhenMoreAreAddedAndDifferByBeamComponentAndRealization) {
  const FourierSeeds few({.max_mode = 5}, length, 2), many({.max_mode = 50}, length, 2),
      other({.max_mode = 5, .random_seed = 2}, length, 2);
  for (int n = 0; n <= 5; ++n)
    EXPECT_NEAR(std::abs(fourier(few, 0, n, false) - fourier(many, 0, n, false)), 0.0, 1e-18);
  EXPECT_GT(std::abs(fourier(few, 0, 3, false) - fourier(other, 0, 3, false)), 1e-8);
  EXPECT_GT(std::abs(fourier(few, 0, 3, false) - fourier(few, 1, 3, false)), 1e-8);
  EXPECT_GT(std::abs(fourier(few, 0, 3, false) - fourier(few, 0, 3, true)), 1e-8);
}

TEST(FourierSeeds, AreTheSameOnEveryPlatform) {
  // From the definition of mt19937_64 with seed_seq {1, 0, 0} and Box and Muller's formula.
  std::seed_seq sequence{1u, 0u, 0u};
  std::mt19937_64 generator(sequence);
  const auto uniform = [&] {
    return (static_cast<double>(generator() >> 11) + 1.0) / 9007199254740992.0;
  };
  const double u = uniform(), v = uniform();
  const double c0 = 1e-4 * std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v);
  EXPECT_NEAR(FourierSeeds({.max_mode = 0}, length, 1).at(17.0, 0).real(), c0, 1e-19);
}

/// Two opposite beams whose modes -19 <= n <= -1 grow in a box of this length.
const stability::LinearStability opposite_beams(phase_space::MomentumGrid(100.0, 0.5, 1, 6,
                                                                          {-1.0, 1.0}, {3.0, 2.0}),
                                                {-0.5 / 3.0, 0.5 / 2.0});
constexpr double tenths = 20.0 * std::numbers::pi;  // k = n/10

std::vector<stability::BoxMode> growing(Index largest) {
  return stability::growing_box_modes(opposite_beams, stability::all_wave_numbers, tenths, largest);
}

/// c_n of one mode: what random_eigenmodes puts in front of the eigenvector of size 1.
std::complex<double> amplitude(const stability::BoxMode& mode, std::uint64_t realization) {
  const PlaneWaves seeds =
      random_eigenmodes(opposite_beams, {mode}, {.sigma = 1e-4, .random_seed = realization});
  const auto psi = opposite_beams.eigenvector(mode.wave_number, mode.omega);
  return seeds.at(0.0, 1) / psi[1] * opposite_beams.root_mean_square(psi);
}

TEST(RandomEigenmodes, HaveNormalAmplitudesOfTheGivenVariance) {
  double squares = 0.0, fourths = 0.0;
  std::complex<double> products = 0.0;
  int count = 0;
  for (std::uint64_t realization = 1; realization <= 40; ++realization)
    for (const auto& mode : growing(100)) {
      const std::complex<double> c = amplitude(mode, realization) / 1e-4;
      squares += std::norm(c);
      fourths += std::norm(c) * std::norm(c);
      products += c * c;
      ++count;
    }
  // |c|^2 is exponential with mean 2: second moment 8, standard errors 2 and 8 sqrt(5) by sqrt(N).
  EXPECT_NEAR(squares / count, 2.0, 5 * 2.0 / std::sqrt(count));
  EXPECT_NEAR(fourths / count, 8.0, 5 * 8.0 * std::sqrt(5.0 / count));
  // All phases are equally likely.
  EXPECT_LT(std::abs(products) / count, 5 * std::sqrt(8.0 / count));
}

TEST(RandomEigenmodes, AddUpAndKeepTheirAmplitudesWhenMoreAreAdded) {
  const FourierSeeds::Settings settings{.sigma = 1e-4};
  const PlaneWaves few = random_eigenmodes(opposite_beams, growing(2), settings);
  const PlaneWaves many = random_eigenmodes(opposite_beams, growing(4), settings);
  for (const double z : {0.0, 3.0, 17.0}) {
    std::complex<double> added = 0.0;
    for (const auto& mode : growing(4)) {
      const auto psi = opposite_beams.eigenvector(mode.wave_number, mode.omega);
      if (mode.number < -2)
        added += amplitude(mode, 1) * psi[0] / opposite_beams.root_mean_square(psi) *
                 std::polar(1.0, mode.wave_number * z);
    }
    EXPECT_NEAR(std::abs(many.at(z, 0) - few.at(z, 0) - added), 0.0, 1e-17);
    EXPECT_GT(std::abs(added), 1e-6);
  }
}

TEST(Eigenmode, IsAPlaneWaveWithTheAmplitudeOfEquation10) {
  const stability::BoxMode mode = growing(100).front();
  const TwoBeamMode theory(0.5, -0.5, mode.wave_number);
  const PlaneWaves seeds({eigenmode(opposite_beams, mode, 1e-3)});
  for (const double z : {0.0, 5.0}) {
    const auto wave = std::polar(1e-3, theory.k * z);
    EXPECT_NEAR(std::abs(3.0 * seeds.at(z, 0) - wave * theory.minus), 0.0, 1e-15);
    EXPECT_NEAR(std::abs(2.0 * seeds.at(z, 1) - wave * theory.plus), 0.0, 1e-15);
  }
}

TEST(SeededBeams, CanBePure) {
  const SeededBeams beams(
      {-0.5, 0.5}, {0.5, 0.5},
      std::make_unique<FourierSeeds>(FourierSeeds::Settings{.sigma = 1e-2}, length, 2), true);
  for (int n = 0; n < 20; ++n)
    EXPECT_NEAR(flavor::polarization_length(flavor::load<2>(beams.at(5.0 * n, 1).data())), 0.5,
                1e-15);
}

class Points : public testing::TestWithParam<double> {};

TEST_P(Points, HaveTheFourierCoefficientsOfAPeriodicGaussian) {
  // Poisson's sum: c_n = sigma P^z sqrt(2 pi) w/L exp(-k^2 w^2/2 - i k z_c). The sampling's aliases
  // are smaller than exp(-100), and the images left out than exp(-40).
  const double width = GetParam();
  const PointSeeds seeds({.sigma = 1e-3, .positions = {0.0, 37.0}, .width = width}, length,
                         {0.4, -0.5});
  for (const int n : {0, 1, 2, 7}) {
    const double k = 2.0 * std::numbers::pi * n / length;
    const std::complex<double> expected = 1e-3 * -0.5 * std::sqrt(2.0 * std::numbers::pi) * width /
                                          length * std::exp(-0.5 * k * k * width * width) *
                                          (1.0 + std::polar(1.0, -k * 37.0));
    EXPECT_NEAR(std::abs(fourier(seeds, 1, n, false) - expected), 0.0, 1e-17);
    EXPECT_EQ(fourier(seeds, 1, n, true), 0.0);
  }
  EXPECT_NEAR(seeds.at(3.0, 0).real(), -0.8 * seeds.at(3.0, 1).real(), 1e-18);
}

INSTANTIATE_TEST_SUITE_P(Widths, Points, testing::Values(0.5, 5.0, 60.0, 100.0));

TEST(SeededBeams, OfPointsAreTiltedAtThePointsAndAlignedElsewhere) {
  const SeededBeams beams({-0.5, 0.3}, {0.5, 0.5},
                          std::make_unique<PointSeeds>(
                              PointSeeds::Settings{.sigma = 0.1, .positions = {99.0}, .width = 1.0},
                              length, std::vector{-0.5, 0.3}),
                          false);
  const auto at_point = beams.at(-1.0, 1);
  EXPECT_NEAR(at_point[1] / at_point[3], 0.1, 1e-15);
  EXPECT_EQ(at_point[2], 0.0);
  EXPECT_NEAR(beams.at(0.0, 0)[1] / -0.5, 0.1 * std::exp(-0.5), 1e-16);
  EXPECT_NEAR(beams.at(50.0, 0)[1], 0.0, 1e-300);
}

TEST(EnergySpectrum, IsNormalisedAndHasItsMoments) {
  const phase_space::MomentumGrid grid(100.0, 30.0, 120, 6, {1.0}, {1.0});
  struct Shape {
    SpectrumShape shape;
    double variance;  ///< for width 4
  };
  for (const Shape& s :
       {Shape{SpectrumShape::gaussian, 16.0},
        Shape{SpectrumShape::cosine, 16.0 * (1.0 / 3 - 2.0 / std::pow(std::numbers::pi, 2))}}) {
    const auto f = energy_spectrum(grid, {.shape = s.shape, .width = 4.0, .center = 2.5});
    double sum = 0, mean = 0, square = 0;
    for (Index i = 0; i < grid.energies(); ++i) {
      const double part = grid.energy_spacing() * f[static_cast<std::size_t>(i)];
      sum += part;
      mean += part * grid.energy_offset(i);
      square += part * std::pow(grid.energy_offset(i) - 2.5, 2);
    }
    EXPECT_NEAR(sum, 1.0, 1e-14);
    EXPECT_NEAR(mean, 2.5, 1e-10);
    EXPECT_NEAR(square, s.variance, 2e-3);
  }
}

TEST(EnergySpectrum, OneCellHoldsEverythingAndAMissedWindowIsRefused) {
  const phase_space::MomentumGrid one(100.0, 0.5, 1, 6, {1.0}, {1.0});
  EXPECT_EQ(energy_spectrum(one, {}), std::vector<double>{1.0});
  const phase_space::MomentumGrid grid(100.0, 30.0, 60, 6, {1.0}, {1.0});
  EXPECT_THROW(energy_spectrum(grid, {.shape = SpectrumShape::cosine, .center = 50.0}),
               std::invalid_argument);
}

TEST(AngularSpectra, HaveTheirNumberMeanDirectionAndShape) {
  const auto grid = phase_space::MomentumGrid::spherical(20.0, 10.0, 10, 6, 64,
                                                         phase_space::AngularOperator::spectral);
  const auto mean = [&](const std::vector<double>& n, auto of_v) {
    double sum = 0.0;
    for (Index k = 0; k < grid.angles(); ++k)
      sum += grid.direction_weight(k) * n[static_cast<std::size_t>(k)] * of_v(grid.direction(k));
    return sum;
  };
  const auto one = [](double) { return 1.0; };
  const auto v = [](double x) { return x; };
  const auto isotropic = angular_spectrum(grid, {.number = 0.7});
  EXPECT_NEAR(mean(isotropic, one), 0.7, 1e-14);
  EXPECT_NEAR(mean(isotropic, v), 0.0, 1e-14);
  const auto linear =
      angular_spectrum(grid, {.number = 2.0, .shape = AngularShape::linear, .flux_factor = 0.25});
  EXPECT_NEAR(mean(linear, v) / mean(linear, one), 0.25, 1e-13);
  const auto gaussian = angular_spectrum(
      grid, {.number = 1.0, .shape = AngularShape::gaussian, .center = 0.2, .width = 0.1});
  EXPECT_NEAR(mean(gaussian, one), 1.0, 1e-14);
  EXPECT_NEAR(mean(gaussian, [](double x) { return (x - 0.2) * (x - 0.2); }), 0.01, 1e-6);
  const auto exponential = angular_spectrum(
      grid, {.number = 1.0, .shape = AngularShape::exponential, .center = 1.0, .width = 0.5});
  EXPECT_NEAR(std::log(exponential[40] / exponential[20]),
              (grid.direction(40) - grid.direction(20)) / 0.5, 1e-12);
  EXPECT_THROW(
      angular_spectrum(grid, {.number = 1.0, .shape = AngularShape::linear, .flux_factor = 0.5}),
      std::invalid_argument);
}

TEST(TwoBeamMode, SolvesTheLinearisedEquations) {
  // Eq. (9): (d_t +- d_z) psi_+- = +-2 i (zeta_- psi_+ - zeta_+ psi_-), psi ~ exp((gamma - i
  // omega0) t + i k z).
  const std::complex<double> i(0.0, 1.0);
  for (const double k : {-1.9, -1.0, -0.3, 0.5})
    for (const auto& [plus, minus] : {std::pair{0.5, -0.5}, std::pair{0.6, -0.3}}) {
      const TwoBeamMode mode(plus, minus, k);
      const std::complex<double> rate = mode.gamma - i * mode.omega0;
      const std::complex<double> source = 2.0 * i * (minus * mode.plus - plus * mode.minus);
      EXPECT_NEAR(std::abs((rate + i * k) * mode.plus - source), 0.0, 1e-14);
      EXPECT_NEAR(std::abs((rate - i * k) * mode.minus + source), 0.0, 1e-14);
    }
}

}  // namespace
}  // namespace nuvlasov::initial
