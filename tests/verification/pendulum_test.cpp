// A homogeneous angular spectrum with a crossing: the fast flavor pendulum of Johns et al.,
// Phys. Rev. D 101, 043009 (2020), and Padilla-Gay, Tamborra and Raffelt, Phys. Rev. Lett. 128,
// 121102 (2022). dP_v/dt = (P_0 - v P_1) x P_v keeps P_0, |P_1| and each |P_v|.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <complex>

#include "simulate.hpp"

namespace nuvlasov {
namespace {

using testing_support::Experiment;
using Complex = std::complex<double>;
using Vector = std::array<double, 3>;

double dot(const Vector& a, const Vector& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
double length(const Vector& a) { return std::sqrt(dot(a, a)); }

constexpr double step = 0.02, interval = 0.1;

/// Uniform seeds: all planes are the same.
std::string input(double seed, double end, const std::string& equation) {
  return fmt::format(R"(
    grid.z = {{length = 1.0, cells = 5, order = 2}}
    grid.momentum.geometry = "spherical"
    grid.momentum.order = 4
    initial.type = "spectrum"
    initial.nu_e.number = 5.0
    initial.nu_x = {{number = 3.0, shape = "gaussian", center = 1.0, width = 0.3}}
    initial.seeds = {{sigma = {}, max_mode = 0}}
    time = {{method = "implicit_midpoint", end = {}, step = {}}}
    {}
  )",
                     seed, end, step, equation);
}

const std::string standard = R"(
    equation.mode = "standard"
    grid.momentum.energy = {half_width = 10.0, cells = 1}
)";
const std::string full = R"(
    equation.mode = "full"
    grid.momentum.energy = {half_width = 40.0, cells = 16}
    initial.energy_spectrum.width = 5.0
)";

/// P_v of each direction on the first plane, summed over energies.
std::vector<Vector> polarizations(const Simulation& simulation) {
  const auto& p = simulation.problem().momentum;
  std::vector<Vector> sums(static_cast<std::size_t>(p.angles()), Vector{});
  EXPECT_EQ(simulation.with_state([&](const double* state) {
    for (Index i = 0; i < p.energies(); ++i)
      for (auto& sum : sums) {
        ++state;
        for (double& component : sum) component += p.energy_weight(i) * *state++;
      }
  }),
            0);
  return sums;
}

struct Moments {
  Vector zeroth, first;
};

Moments moments(const Simulation& simulation, const std::vector<Vector>& polarization) {
  const auto& p = simulation.problem().momentum;
  Moments sum{};
  for (Index k = 0; k < p.angles(); ++k)
    for (std::size_t c = 0; c < 3; ++c) {
      const double part = p.direction_weight(k) * polarization[static_cast<std::size_t>(k)][c];
      sum.zeroth[c] += part;
      sum.first[c] += p.direction(k) * part;
    }
  return sum;
}

/// The unstable normal mode exp(-i Omega t) of P_v along z in the frame that turns with P_0:
/// S_v (Omega - v P_1) = -v P_v sum_v' v' S_v', so that 1 + sum_v v^2 P_v/(Omega - v P_1) = 0.
Complex unstable_mode(const phase_space::MomentumGrid& p, const std::vector<Vector>& upright) {
  double current = 0.0;
  for (Index k = 0; k < p.angles(); ++k)
    current += p.direction_weight(k) * p.direction(k) * upright[static_cast<std::size_t>(k)][2];
  Complex found = 0.0;
  for (const double start : {-1.0, -0.5, 0.0, 0.5, 1.0}) {
    Complex omega(start * current, 0.5 * std::abs(current));
    for (int iteration = 0; iteration < 100; ++iteration) {
      Complex value = 1.0, slope = 0.0;
      for (Index k = 0; k < p.angles(); ++k) {
        const double v = p.direction(k);
        const Complex part = p.direction_weight(k) * v * v *
                             upright[static_cast<std::size_t>(k)][2] / (omega - v * current);
        value += part;
        slope -= part / (omega - v * current);
      }
      omega -= value / slope;
    }
    if (std::isfinite(omega.real()) && omega.imag() > found.imag()) found = omega;
  }
  return found;
}

struct Dip {
  double time, depth;  ///< of the smallest P_1^z/P_1^z(0)
};

class Pendulum {
 public:
  Pendulum(double seed, double end, const std::string& equation)
      : experiment_(input(seed, end, equation), interval, PETSC_COMM_SELF,
                    [this](Simulation& simulation) { observe(simulation); }) {}

  const testing_support::Rows& run() const { return experiment_.run(); }
  Complex unstable() const { return unstable_; }
  double p0() const { return start_sums_.zeroth[2]; }
  /// P_1^z/P_1^z(0) at each multiple of the interval.
  const std::vector<double>& swing() const { return swing_; }
  /// Largest change of P_0, |P_1| and any |P_v|, over the largest |P_v|.
  double drift() const { return drift_; }

  /// Minima of the swing, by the parabola through three samples.
  std::vector<Dip> dips() const {
    std::vector<Dip> list;
    for (std::size_t n = 1; n + 1 < swing_.size(); ++n) {
      const double left = swing_[n - 1], here = swing_[n], right = swing_[n + 1];
      if (here > 0.9 || here > left || here > right) continue;
      const double shift = 0.5 * (left - right) / (left - 2.0 * here + right);
      list.push_back(
          {(static_cast<double>(n) + shift) * interval, here - 0.25 * (left - right) * shift});
    }
    return list;
  }

 private:
  void observe(const Simulation& simulation) {
    const auto now = polarizations(simulation);
    const Moments sums = moments(simulation, now);
    if (swing_.empty()) {
      start_ = now;
      start_sums_ = sums;
      unstable_ = unstable_mode(simulation.problem().momentum, now);
    }
    swing_.push_back(sums.first[2] / start_sums_.first[2]);
    double size = 0.0, change = std::abs(length(sums.first) - length(start_sums_.first));
    for (std::size_t c = 0; c < 3; ++c)
      change = std::max(change, std::abs(sums.zeroth[c] - start_sums_.zeroth[c]));
    for (std::size_t k = 0; k < now.size(); ++k) {
      size = std::max(size, length(start_[k]));
      change = std::max(change, std::abs(length(now[k]) - length(start_[k])));
    }
    drift_ = std::max(drift_, change / size);
  }

  std::vector<Vector> start_;
  Moments start_sums_{};
  Complex unstable_;
  std::vector<double> swing_;
  double drift_ = 0.0;
  Experiment experiment_;
};

class FlavorPendulum : public testing::Test {
 protected:
  // Not smaller: at 1e-5 the last bits of the angular operator move the period by 1e-4.
  static constexpr double seed = 1e-4, smaller_seed = 3e-5;
  static void SetUpTestSuite() {
    pendulum_ = std::make_unique<Pendulum>(seed, 200.0, standard);
    smaller_ = std::make_unique<Pendulum>(smaller_seed, 200.0, standard);
  }
  static void TearDownTestSuite() {
    pendulum_.reset();
    smaller_.reset();
  }
  static inline std::unique_ptr<Pendulum> pendulum_, smaller_;
};

TEST_F(FlavorPendulum, KeepsTheLengthOfEachPolarizationTheirSumAndTheRefractiveEnergy) {
  const auto& run = pendulum_->run();
  // All quadratic: each step leaves the last change of its solve.
  const double solve = config::Input{}.time.solver_tolerance * run.last("step");
  EXPECT_LT(pendulum_->drift(), solve);
  EXPECT_LT(run.drift("u_osc"), solve * std::abs(run.first("u_osc")));
}

TEST_F(FlavorPendulum, FallsAsDeepAsItsNormalModeSays) {
  // cos(theta_min) = -1 + 2 w^2/(w^2 + gamma^2) for the unstable mode w + i gamma in the frame that
  // turns with P_0 (Padilla-Gay et al. 2022).
  for (const auto& [pendulum, size] :
       {std::pair{pendulum_.get(), seed}, std::pair{smaller_.get(), smaller_seed}}) {
    const Complex mode = pendulum->unstable();
    ASSERT_GT(mode.imag(), 0.3);
    const double expected = -1.0 + 2.0 * mode.real() * mode.real() / std::norm(mode);
    const auto dips = pendulum->dips();
    ASSERT_GE(dips.size(), 3U);
    for (const Dip& dip : dips) {
      std::printf("seed %g: dip at %.4f to %.8f, expected %.8f\n", size, dip.time, dip.depth,
                  expected);
      // Stable modes of the seeds' size, some of sixteen, swing along.
      EXPECT_NEAR(dip.depth, expected, 10.0 * size);
    }
  }
}

TEST_F(FlavorPendulum, SwingsPeriodicallyWithAPeriodThatGrowsAsTheLogarithmOfItsSeed) {
  std::vector<double> periods;
  for (const auto& [pendulum, size] :
       {std::pair{pendulum_.get(), seed}, std::pair{smaller_.get(), smaller_seed}}) {
    const auto dips = pendulum->dips();
    ASSERT_GE(dips.size(), 3U);
    periods.push_back(dips[1].time - dips[0].time);
    std::printf("seed %g: periods %.6f, %.6f\n", size, periods.back(), dips[2].time - dips[1].time);
    EXPECT_NEAR(dips[2].time - dips[1].time, periods.back(), 10.0 * size);
  }
  // It leaves the top as exp(gamma t) and comes back as exp(-gamma t). The implicit midpoint gives
  // lambda + lambda^3 h^2/12 for the rate lambda = gamma + i w at rest.
  const Complex rest(pendulum_->unstable().imag(), pendulum_->p0() - pendulum_->unstable().real());
  const double gamma = (rest + rest * rest * rest * (step * step / 12.0)).real();
  const double observed = (periods[1] - periods[0]) / std::log(seed / smaller_seed);
  std::printf("period per e-folding of the seed: %.6f, 2/gamma = %.6f\n", observed, 2.0 / gamma);
  // What the periods above differ by.
  EXPECT_NEAR(observed, 2.0 / gamma, 10.0 * seed);
}

TEST_F(FlavorPendulum, SwingsInTheFullEquationAsInTheStandardOne) {
  const Pendulum one(1e-3, 30.0, standard), other(1e-3, 30.0, full);
  ASSERT_EQ(one.dips().size(), 1U);
  // Without gradients the terms that only the full equation has vanish. What the two solves leave
  // grows like the seeds, which are 10^12 times as large.
  for (std::size_t n = 0; n < one.swing().size(); ++n)
    EXPECT_NEAR(other.swing()[n], one.swing()[n], 1e-9);
}

}  // namespace
}  // namespace nuvlasov
