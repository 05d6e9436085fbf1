// Results against the number of ranks.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "two_beams.hpp"

namespace nuvlasov {
namespace {

using testing_support::Experiment;
using testing_support::two_beams;

/// Sixteen directions with a crossing, in spherical geometry.
std::string crossing(const std::string& more, const char* seeds) {
  return fmt::format(R"(
    equation.mode = "full"
    grid.z = {{length = 20.0, cells = 48}}
    grid.momentum = {{geometry = "spherical", angles = 8, energy = {{reference = 20.0, half_width = 14.0, cells = 32}}}}
    initial = {{type = "spectrum", nu_x.shape = "gaussian", energy_spectrum.width = 1.8, seeds = {{type = "{}", sigma = 1e-2, max_mode = 10}}}}
    {}
  )",
                     seeds, more);
}

std::string fourier(const std::string& more) { return crossing(more, "fourier"); }
std::string eigenmodes(const std::string& more) { return crossing(more, "eigenmode"); }

std::string beams(const std::string& more) {
  return two_beams("initial.seeds = {sigma = 1e-2, pure = true}\n" + more, "full", 200, 32);
}

/// Antineutrinos, matter and masses in either geometry.
std::string species(const std::string& grid, const std::string& initial, const std::string& more,
                    int flavors = 2) {
  return fmt::format(R"(
    equation = {{mode = "full", flavors = {}, vacuum = {{delta_m2 = -20.0, mixing_angle = 0.3}}, matter = {{profile = "cosine", lambda = 1.0, amplitude = 0.5}}}}
    grid.z = {{length = 20.0, cells = 48}}
    grid.momentum = {{{}, energy = {{reference = 20.0, half_width = 14.0, cells = 32}}}}
    initial = {{{}, energy_spectrum.width = 1.8, seeds = {{sigma = 1e-2, max_mode = 10}}}}
    {}
  )",
                     flavors, grid, initial, more);
}
std::string three_flavors(const std::string& more) {
  return species(R"(geometry = "spherical", angles = 4, antineutrinos = true)",
                 R"(type = "spectrum", nu_tau.number = 0.2, antinu_e.number = 0.4)",
                 "diagnostics.negativity_limit = 0.2\n" + more, 3);
}
std::string beams_of_species(const std::string& more) {
  return species(R"(directions = [-1.0, 1.0, 1.0], species = ["nu", "nu", "nubar"])",
                 R"(type = "two_beam", zeta = [0.3, 0.5, 0.4])", more);
}
std::string angles_of_species(const std::string& more) {
  return species(
      R"(geometry = "spherical", angles = 4, antineutrinos = true)",
      R"(type = "spectrum", antinu_e = {number = 0.4, shape = "gaussian"}, antinu_x.number = 0.3)",
      more);
}

struct Case {
  const char* name;
  std::string (*input)(const std::string&);
  const char* method;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name << ", " << c.method; }

class AnyNumberOfRanks : public testing::TestWithParam<Case> {};

TEST_P(AnyNumberOfRanks, StateAndHistoryAreBitwiseTheSameSplitInZ) {
  const std::string input =
      GetParam().input(fmt::format("time = {{method = \"{}\", end = 3.0}}", GetParam().method));
  Experiment alone(input, 0.5, PETSC_COMM_SELF);
  Experiment together(input, 0.5, PETSC_COMM_WORLD);
  const auto& box = together.simulation().decomposition().box();
  const auto offset = static_cast<std::size_t>(box.z.begin * box.plane());
  for (std::size_t n = 0; n < together.run().state.size(); ++n)
    ASSERT_EQ(together.run().state[n], alone.run().state[offset + n]);
  for (std::size_t r = 0; r < alone.run().records.size(); ++r)
    EXPECT_EQ(together.run().records[r].values, alone.run().records[r].values);
}

INSTANTIATE_TEST_SUITE_P(
    Methods, AnyNumberOfRanks,
    testing::Values(Case{"beams", beams, "rk4"}, Case{"beams", beams, "rk5dp"},
                    Case{"beams", beams, "ssp"}, Case{"beams", beams, "implicit_midpoint"},
                    Case{"spherical", fourier, "rk4"},
                    Case{"spherical", fourier, "implicit_midpoint"},
                    Case{"eigenmode seeds", eigenmodes, "rk4"},
                    Case{"beams of species", beams_of_species, "rk4"},
                    Case{"angles of species", angles_of_species, "implicit_midpoint"},
                    Case{"three flavors", three_flavors, "rk4"},
                    Case{"three flavors", three_flavors, "implicit_midpoint"}));

class SplitInEnergy : public testing::TestWithParam<Case> {};

TEST_P(SplitInEnergy, StateAgreesToRounding) {
  int ranks = 1;
  MPI_Comm_size(PETSC_COMM_WORLD, &ranks);
  const std::string input = GetParam().input(
      fmt::format("time = {{method = \"{}\", end = 3.0, step = 0.1}}", GetParam().method));
  Experiment alone(input, 0.5, PETSC_COMM_SELF);
  Experiment together(input + fmt::format("\nparallel = {{ranks_z = 1, ranks_energy = {}}}", ranks),
                      0.5);
  const auto& box = together.simulation().decomposition().box();
  const auto& whole = alone.simulation().decomposition().box();
  ASSERT_EQ(box.energy.size * ranks, whole.energy.size);
  std::size_t n = 0;
  for (Index j = 0; j < box.z.size; ++j)
    for (Index a = 0; a < box.plane(); ++a, ++n)
      ASSERT_NEAR(together.run().state[n],
                  alone.run().state[static_cast<std::size_t>(j * whole.plane() +
                                                             box.energy.begin * box.row() + a)],
                  1e-12);
}

INSTANTIATE_TEST_SUITE_P(Geometries, SplitInEnergy,
                         testing::Values(Case{"beams", beams, "rk4"},
                                         Case{"spherical", fourier, "rk4"},
                                         Case{"beams of species", beams_of_species, "rk4"},
                                         Case{"angles of species", angles_of_species, "rk4"},
                                         Case{"three flavors", three_flavors, "rk4"}));

}  // namespace
}  // namespace nuvlasov
