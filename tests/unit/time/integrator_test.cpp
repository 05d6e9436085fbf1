// Steps, their automatic choice, and the solve of the implicit midpoint.
#include "nuvlasov/time/integrator.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "grid.hpp"
#include "nuvlasov/phase_space/aligned.hpp"

namespace nuvlasov::time {
namespace {

using testing_support::Grid;
using testing_support::GridShape;

/// A smooth, full-mode state with empty edges, and an integrator on it.
class Stepper {
 public:
  Stepper(Method method, double end, std::optional<double> step,
          const physics::EquationSettings& equation = {}, std::optional<double> safety = {},
          Index tens_of_length = 1)
      : grid_({.z = 32 * tens_of_length,
               .energies = 40,
               .length = 10.0 * static_cast<double>(tens_of_length),
               .half_width = 16.0},
              equation) {
    std::vector<double> state = grid_.random_state(1);
    grid_.for_owned([&](Index local, Index) {
      const Index component = local % flavor::components(2);
      const Index k = local / flavor::components(2) % 2;
      const Index i = local / (flavor::components(2) * 2) % 40;
      const Index j = local / (flavor::components(2) * 2 * 40);
      const double e = grid_.momentum.energy_offset(i) / 2.0;
      const double phase = 0.2 * 3.141592653589793 * grid_.z.position(j) + static_cast<double>(k);
      const double values[] = {1.0, 0.3 * std::sin(phase), 0.3 * std::cos(phase),
                               k == 0 ? -0.8 : 0.8};
      state[static_cast<std::size_t>(local)] = 0.2 * std::exp(-0.5 * e * e) * values[component];
    });
    grid_.set(state);
    IntegratorSettings settings;
    settings.method = method;
    settings.end = end;
    settings.step = step;
    settings.safety = safety;
    EXPECT_EQ(integrator_.create(grid_.decomposition, *grid_.equation, settings, grid_.state), 0);
    grid_.update_moments();
  }

  std::vector<double> run_to_end() {
    double step = 0.0;
    EXPECT_EQ(integrator_.automatic_step(&step), 0);
    while (integrator_.time() < integrator_.end()) {
      StepOutcome outcome{};
      EXPECT_EQ(integrator_.advance(step, integrator_.end(), &outcome), 0);
      EXPECT_EQ(outcome, StepOutcome::done);
      if (outcome != StepOutcome::done) break;
    }
    const PetscScalar* memory = nullptr;
    EXPECT_EQ(VecGetArrayRead(grid_.state, &memory), 0);
    std::vector<double> values(memory,
                               memory + grid_.decomposition.box().nodes() * flavor::components(2));
    EXPECT_EQ(VecRestoreArrayRead(grid_.state, &memory), 0);
    return values;
  }

  Integrator& integrator() { return integrator_; }
  Grid& grid() { return grid_; }

 private:
  Grid grid_;
  Integrator integrator_;
};

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = 0.0;
  for (std::size_t n = 0; n < a.size(); ++n) largest = std::max(largest, std::abs(a[n] - b[n]));
  return largest;
}

struct Order {
  Method method;
  double order, slack;
};

class Convergence : public testing::TestWithParam<Order> {};

TEST_P(Convergence, StateConvergesWithTheOrderOfTheMethod) {
  const auto exact = Stepper(Method::rk5dp, 1.0, 0.005).run_to_end();
  const double coarse = distance(Stepper(GetParam().method, 1.0, 0.05).run_to_end(), exact);
  const double fine = distance(Stepper(GetParam().method, 1.0, 0.025).run_to_end(), exact);
  EXPECT_NEAR(std::log2(coarse / fine), GetParam().order, GetParam().slack)
      << coarse << ", " << fine;
}

INSTANTIATE_TEST_SUITE_P(
    Methods, Convergence,
    testing::Values(Order{Method::rk4, 4, 0.2}, Order{Method::ssp, 4, 0.2},
                    // Not yet asymptotic at these steps: PETSc's 5f and 5bs show 5.0 here, and 5dp
                    // does on a smooth system of three equations.
                    Order{Method::rk5dp, 5, 0.8}, Order{Method::implicit_midpoint, 2, 0.2}));

/// The length of the box, in tens: in the caches, and past them.
class FusedRk4 : public testing::TestWithParam<Index> {};

TEST_P(FusedRk4, IsTheRk4OfPetscButForRounding) {
  constexpr int steps = 10;
  const auto stepper = [] { return Stepper(Method::rk4, 0.05 * steps, 0.05, {}, {}, GetParam()); };
  const auto fused = stepper().run_to_end();
  ASSERT_EQ(PetscOptionsInsertString(nullptr, "-ts_type rk -ts_rk_type 4"), 0);
  Stepper petsc = stepper();
  for (const char* option : {"-ts_type", "-ts_rk_type"})
    ASSERT_EQ(PetscOptionsClearValue(nullptr, option), 0);
  EXPECT_NE(petsc.integrator().description().find("(TS rk)"), std::string::npos);
  // |rho| is at most 0.2, and a step adds up a few numbers of that size.
  EXPECT_LT(distance(fused, petsc.run_to_end()), 4.0 * steps * 0.2 * 2.2e-16);
  const auto numbers = static_cast<std::int64_t>(fused.size());
  EXPECT_EQ(phase_space::past_caches(numbers), GetParam() > 1);
}

INSTANTIATE_TEST_SUITE_P(Lengths, FusedRk4, testing::Values(Index{1}, Index{206}));

class EveryMethod : public testing::TestWithParam<Method> {};

TEST_P(EveryMethod, EndsExactlyAtTheEnd) {
  for (const std::optional<double> step : {std::optional<double>(), std::optional(0.07)}) {
    Stepper stepper(GetParam(), 0.5, step);
    stepper.run_to_end();
    EXPECT_DOUBLE_EQ(stepper.integrator().time(), 0.5);
  }
}

TEST_P(EveryMethod, IsStableAtTheAutomaticStep) {
  Stepper stepper(GetParam(), 20.0, std::nullopt);
  for (const double value : stepper.run_to_end()) ASSERT_LT(std::abs(value), 1.0);
}

TEST_P(EveryMethod, GoesOnFromItsMemoryToTheSameBits) {
  constexpr double middle = 1.0, end = 2.0, step = 0.1;
  // Adaptive where the method is; the others at a step that the automatic one would not take.
  const auto fixed = GetParam() == Method::rk5dp ? std::nullopt : std::optional(step);
  Stepper whole(GetParam(), end, fixed);
  Stepper resumed(GetParam(), end, fixed);
  while (whole.integrator().time() < middle) {
    StepOutcome outcome{};
    ASSERT_EQ(whole.integrator().advance(step, end, &outcome), 0);
  }
  IntegratorMemory memory;
  ASSERT_EQ(whole.integrator().memory(&memory), 0);
  ASSERT_EQ(resumed.integrator().restore(memory), 0);
  ASSERT_EQ(VecCopy(whole.grid().state, resumed.grid().state), 0);
  const auto from = whole.integrator().remembered();
  const auto to = resumed.integrator().remembered();
  ASSERT_EQ(from.size(), to.size());
  EXPECT_EQ(from.empty(), GetParam() != Method::implicit_midpoint);
  for (std::size_t n = 0; n < from.size(); ++n) ASSERT_EQ(VecCopy(from[n], to[n]), 0);
  EXPECT_EQ(whole.run_to_end(), resumed.run_to_end());
  EXPECT_EQ(whole.integrator().steps(), resumed.integrator().steps());
  EXPECT_EQ(whole.integrator().evaluations(), resumed.integrator().evaluations());
}

TEST_P(EveryMethod, IsStableAtTheAutomaticStepWhateverTheDissipation) {
  // From eigenvalues on both axes to real ones only. A step 1 % beyond the limit of rk4 multiplies
  // the shortest waves by 1.04: by 10^3 in 180 steps.
  for (const double epsilon : {1.0, 10.0, 1e3}) {
    const double rate = epsilon / (10.0 / 32.0);
    const double end =
        (GetParam() == Method::rk4 || GetParam() == Method::ssp ? 500.0 : 5.0) / rate;
    Stepper stepper(GetParam(), end, std::nullopt, {.dissipation = {.z = epsilon, .energy = rate}},
                    GetParam() == Method::implicit_midpoint ? 0.6 : 1.0);
    auto state = stepper.grid().random_state(2);
    for (double& value : state) value *= 1e-3;
    stepper.grid().set(state);
    stepper.grid().update_moments();
    const double before = stepper.grid().inner_product(state, state);
    const auto after = stepper.run_to_end();
    EXPECT_LT(stepper.grid().inner_product(after, after), before) << epsilon;
  }
}

INSTANTIATE_TEST_SUITE_P(Methods, EveryMethod,
                         testing::Values(Method::rk4, Method::rk5dp, Method::ssp,
                                         Method::implicit_midpoint));

TEST(AutomaticStep, StaysBelowTheStreamingLimitOfRk4) {
  Stepper stepper(Method::rk4, 1.0, std::nullopt);
  double step = 0.0;
  ASSERT_EQ(stepper.integrator().automatic_step(&step), 0);
  EXPECT_GT(step, 0.0);
  // Order 6 and RK4: |v| dt < 1.78 dz.
  EXPECT_LT(step, 1.78 * stepper.grid().z.spacing());
}

TEST(ImplicitMidpoint, SolvesItsEquationToRoundOff) {
  const double step = 0.1;
  Stepper stepper(Method::implicit_midpoint, step, step);
  Grid& grid = stepper.grid();
  phase_space::VecHandle start;
  ASSERT_EQ(VecDuplicate(grid.state, start.address()), 0);
  ASSERT_EQ(VecCopy(grid.state, start), 0);
  const auto after = stepper.run_to_end();
  // u_1 - u_0 = h f((u_0 + u_1)/2)
  const PetscScalar* before = nullptr;
  ASSERT_EQ(VecGetArrayRead(start, &before), 0);
  std::vector<double> middle(after.size()), difference(after.size());
  double size = 0.0;
  for (std::size_t n = 0; n < after.size(); ++n) {
    middle[n] = 0.5 * (before[n] + after[n]);
    difference[n] = after[n] - before[n];
    size = std::max(size, std::abs(after[n]));
  }
  ASSERT_EQ(VecRestoreArrayRead(start, &before), 0);
  grid.set(middle);
  auto rate = grid.rate();
  for (double& value : rate) value *= step;
  EXPECT_LT(distance(rate, difference), 1e-14 * size);
}

TEST(ImplicitMidpoint, NeedsFewRightHandSidesPerStep) {
  Stepper stepper(Method::implicit_midpoint, 4.0, std::nullopt);
  stepper.run_to_end();
  const double per_step = static_cast<double>(stepper.integrator().evaluations()) /
                          static_cast<double>(stepper.integrator().steps());
  RecordProperty("right_hand_sides_per_step", std::to_string(per_step));
  EXPECT_LT(per_step, 8.0);
}

TEST(ImplicitMidpoint, SaysWhenItsSolveFails) {
  for (const double step : {10.0, 50.0, 1e3, 1e8, 1e200}) {
    Stepper stepper(Method::implicit_midpoint, 2.0 * step, step);
    StepOutcome outcome = StepOutcome::done;
    ASSERT_EQ(stepper.integrator().advance(step, 2.0 * step, &outcome), 0);
    EXPECT_EQ(outcome, StepOutcome::solve_failed) << step;
  }
}

TEST(ImplicitMidpoint, DoesNotTakeAStateOfNanForASolution) {
  Stepper stepper(Method::implicit_midpoint, 1.0, 0.1);
  ASSERT_EQ(VecSet(stepper.grid().state, std::nan("")), 0);
  StepOutcome outcome = StepOutcome::done;
  ASSERT_EQ(stepper.integrator().advance(0.1, 1.0, &outcome), 0);
  EXPECT_EQ(outcome, StepOutcome::solve_failed);
}

}  // namespace
}  // namespace nuvlasov::time
