// What keeps a state that is no good from being taken for one.
#include <gtest/gtest.h>

#include <limits>

#include "nuvlasov/errors.hpp"
#include "two_beams.hpp"

namespace nuvlasov {
namespace {

using testing_support::two_beams;

std::string complaint(Simulation& simulation) {
  try {
    EXPECT_EQ(simulation.step(), 0);
  } catch (const NumericalError& error) {
    return error.what();
  }
  return "";
}

TEST(Guards, StateThatIsNotFiniteIsNamedByItsPlaceInTheSameStep) {
  for (const double spoilt :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    const config::Configuration configuration(
        two_beams("time.end = 1.0\ninitial.seeds.max_mode = 8", "standard", 32), "test", {});
    Simulation simulation;
    ASSERT_EQ(simulation.create(configuration, PETSC_COMM_WORLD), 0);
    ASSERT_EQ(simulation.begin_interval(1.0), 0);
    EXPECT_EQ(complaint(simulation), "");
    PetscScalar* rho = nullptr;
    ASSERT_EQ(VecGetArray(simulation.state(), &rho), 0);
    // One node of the last rank. In standard mode it spoils its plane and those around.
    const auto& box = simulation.decomposition().box();
    if (box.z.end() == 32) rho[box.nodes() * flavor::components(2) - 1] = spoilt;
    ASSERT_EQ(VecRestoreArray(simulation.state(), &rho), 0);
    const std::string text = complaint(simulation);
    for (const char* part : {"no longer finite", "first at z = ", "E = ", "v = ", "streaming",
                             "refraction", "stable up to"})
      EXPECT_NE(text.find(part), std::string::npos) << part << ": " << text;
  }
}

TEST(Guards, SolveThatFailsIsTriedAgainWithSmallerSteps) {
  // The fixed point contracts up to a step of about 2 over the largest rate; these are 8 times
  // that.
  const config::Configuration configuration(
      two_beams(
          "time = {method = \"implicit_midpoint\", end = 20.0, step = 10.0}\ninitial.seeds.max_mode = 8",
          "standard", 64),
      "test", {});
  Simulation simulation;
  ASSERT_EQ(simulation.create(configuration, PETSC_COMM_WORLD), 0);
  ASSERT_EQ(simulation.begin_interval(20.0), 0);
  EXPECT_EQ(complaint(simulation), "");
  EXPECT_LT(simulation.integrator().last_step(), 10.0);
  EXPECT_GT(simulation.integrator().last_step(), 0.0);
}

}  // namespace
}  // namespace nuvlasov
