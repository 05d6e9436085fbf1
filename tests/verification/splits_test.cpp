// Every process grid gives the same run.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "simulate.hpp"

namespace nuvlasov {
namespace {

using testing_support::Experiment;

/// Room for 8 ranks along each axis: three nodes for each, as a stencil of order 6 needs.
constexpr int nodes = 24;

/// \param initial  more of initial
std::string input(const std::string& momentum, const std::string& initial = "",
                  const char* other = "nu_x") {
  return fmt::format(R"(
    equation.mode = "full"
    grid.z = {{length = 20.0, cells = {0}}}
    grid.momentum = {{energy = {{reference = 40.0, half_width = 16.0, cells = {0}}}, {1}}}
    initial = {{type = "spectrum", {3}.shape = "gaussian", energy_spectrum.width = 2.0, seeds = {{sigma = 1e-3, max_mode = 8}}{2}}}
    time = {{end = 1.0, step = 0.1}}
  )",
                     nodes, momentum, initial, other);
}

std::string beams() {
  std::string directions = "directions = [";
  for (int k = 0; k < nodes; ++k) directions += fmt::format("{}, ", (2.0 * k + 1.0) / nodes - 1.0);
  return input(directions + "]");
}

std::string spherical() {
  return input(
      fmt::format("geometry = \"spherical\", angular_operator = \"sn\", angles = {}", nodes));
}

/// Half of them antineutrinos, in matter and with masses.
std::string species() {
  return input(fmt::format("geometry = \"spherical\", angular_operator = \"sn\", angles = {}, "
                           "antineutrinos = true",
                           nodes / 2),
               ", antinu_e = {number = 0.4, shape = \"gaussian\"}, antinu_x.number = 0.3") +
         "equation.vacuum = {delta_m2 = -20.0, mixing_angle = 0.3}\n"
         "equation.matter = {profile = \"cosine\", lambda = 1.0, amplitude = 0.5}\n";
}

std::string three_flavors() {
  return input(
             fmt::format("geometry = \"spherical\", angular_operator = \"sn\", angles = {}", nodes),
             "", "nu_mu") +
         "equation.flavors = 3\n";
}

struct Case {
  const char* name;
  std::string (*input)();
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class EverySplit : public testing::TestWithParam<Case> {};

TEST_P(EverySplit, OfUpToEightRanksGivesTheSameRun) {
  int size = 1, rank = 0;
  MPI_Comm_size(PETSC_COMM_WORLD, &size);
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  const std::string text = GetParam().input();
  Experiment alone(text, 0.5, PETSC_COMM_SELF);
  int splits = 0;
  for (int ranks = 1; ranks <= size; ++ranks) {
    MPI_Comm some = MPI_COMM_NULL;
    MPI_Comm_split(PETSC_COMM_WORLD, rank < ranks ? 0 : MPI_UNDEFINED, rank, &some);
    for (int z = 1; z <= ranks; ++z)
      for (int energy = 1; energy <= ranks / z; ++energy) {
        if (ranks % (z * energy) != 0) continue;
        ++splits;
        if (some == MPI_COMM_NULL) continue;
        const int angle = ranks / (z * energy);
        const std::string split = fmt::format(
            "parallel = {{ranks_z = {}, ranks_energy = {}, ranks_angle = {}}}\n", z, energy, angle);
        SCOPED_TRACE(split);
        Experiment together(text + split, 0.5, some);
        // Momentum whole: the same bits. Otherwise moments are sums in another order.
        const bool whole = energy * angle == 1;
        const auto& box = together.simulation().decomposition().box();
        std::size_t n = 0;
        double largest = 0.0;
        for (Index j = box.z.begin; j < box.z.end(); ++j)
          for (Index i = box.energy.begin; i < box.energy.end(); ++i)
            for (Index a = 0; a < box.row(); ++a, ++n) {
              const Index at = ((j * nodes + i) * nodes + box.angle.begin) * box.components + a;
              largest =
                  std::max(largest, std::abs(together.run().state[n] -
                                             alone.run().state[static_cast<std::size_t>(at)]));
            }
        EXPECT_LE(largest, whole ? 0.0 : 1e-12);
        for (std::size_t r = 0; r < alone.run().records.size(); ++r)
          for (const auto& column : alone.simulation().ledger().columns()) {
            const double expected = alone.run().at(r, column.name);
            EXPECT_NEAR(together.run().at(r, column.name), expected,
                        whole ? 0.0 : 1e-12 * std::max(1.0, std::abs(expected)))
                << column.name;
          }
      }
    if (some != MPI_COMM_NULL) MPI_Comm_free(&some);
  }
  EXPECT_EQ(size, 8);
  EXPECT_EQ(splits, 38);
}

INSTANTIATE_TEST_SUITE_P(Geometries, EverySplit,
                         testing::Values(Case{"beams", beams}, Case{"spherical", spherical},
                                         Case{"antineutrinos, matter, masses", species},
                                         Case{"three flavors", three_flavors}));

}  // namespace
}  // namespace nuvlasov
