// A term from outside the library: the equation, the step limit, the ledger and the history file
// find it without knowing it.
#include "decoherence.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "grid.hpp"
#include "nuvlasov/diagnostics/ledger.hpp"
#include "nuvlasov/io/history.hpp"
#include "nuvlasov/time/integrator.hpp"

namespace nuvlasov::examples {
namespace {

using testing_support::Grid;
using testing_support::GridShape;

constexpr double damping = 0.7;

/// Two beams whose coherence goes, and with it part of U_osc.
class Extended : public testing::Test {
 protected:
  explicit Extended(const physics::EquationSettings& settings = {})
      : grid_(shape(), settings, PETSC_COMM_WORLD, ranks()) {
    // docs: begin
    grid_.equation->add_term(
        std::make_unique<Decoherence>(damping, grid_.momentum, grid_.decomposition.box()));
    // docs: end
    ledger_ = std::make_unique<diagnostics::Ledger>(grid_.z, grid_.momentum, grid_.decomposition,
                                                    *grid_.equation);
  }

  static GridShape shape() {
    GridShape s;
    s.reference = 9.0;
    return s;
  }
  static phase_space::ProcessGrid ranks() {
    phase_space::ProcessGrid ranks;
    MPI_Comm_size(PETSC_COMM_WORLD, &ranks.z);
    return ranks;
  }

  diagnostics::Record measured(double time) {
    diagnostics::Record record;
    EXPECT_EQ(grid_.decomposition.with_ghosts(grid_.state,
                                              [&](const phase_space::StateView& rho) {
                                                record = ledger_->measure(rho, time, 0, 0.0);
                                              }),
              0);
    return record;
  }

  /// Rows at t = 0 and after each of so many steps.
  std::vector<diagnostics::Record> run(int steps, double step) {
    time::Integrator integrator;
    time::IntegratorSettings settings;
    settings.end = steps * step;
    settings.step = step;
    EXPECT_EQ(integrator.create(grid_.decomposition, *grid_.equation, settings, grid_.state), 0);
    std::vector<diagnostics::Record> rows{measured(0.0)};
    for (int n = 1; n <= steps; ++n) {
      time::StepOutcome outcome{};
      EXPECT_EQ(integrator.advance(step, settings.end, &outcome), 0);
      EXPECT_EQ(outcome, time::StepOutcome::done);
      rows.push_back(measured(integrator.time()));
    }
    return rows;
  }

  double at(const diagnostics::Record& record, const std::string& column) const {
    return ledger_->value(record, column);
  }

  Grid grid_;
  std::unique_ptr<diagnostics::Ledger> ledger_;
};

TEST_F(Extended, HasRowsOfItsOwnInTheBudget) {
  grid_.set(grid_.random_state(1));
  const diagnostics::Record record = measured(0.0);
  EXPECT_GT(std::abs(at(record, "u_osc_rate_decoherence")), 1e-3);
  // The flavors keep their occupations, to the bit.
  for (const char* column :
       {"number_rate_decoherence", "kinetic_energy_rate_decoherence", "u_non_rate_decoherence"})
    EXPECT_EQ(at(record, column), 0.0) << column;
  EXPECT_LT(at(record, "purity_rate_decoherence"), 0.0);
}

TEST_F(Extended, RatesOfAllTermsAddUpToTheChange) {
  std::vector<double> state = grid_.random_state(2);
  for (double& value : state) value *= 0.02;
  grid_.set(state);
  constexpr double h = 0.01;
  const std::vector<diagnostics::Record> rows = run(4, h);
  for (const std::string quantity : {"kinetic_energy", "u_osc", "u_non"}) {
    const auto value = [&](int n) {
      const bool relative = quantity == "kinetic_energy";
      return at(rows[static_cast<std::size_t>(n)], relative ? "kinetic_energy_relative" : quantity);
    };
    // Fourth order; its error is h^4/30 times the fifth derivative, of frequencies up to 10.
    const double slope = (8.0 * (value(3) - value(1)) - (value(4) - value(0))) / (12.0 * h);
    double sum = 0.0;
    double largest = 0.0;
    for (const auto& term : grid_.equation->terms()) {
      const double rate = at(rows[2], quantity + "_rate_" + term->name());
      sum += rate;
      largest = std::max(largest, std::abs(rate));
    }
    EXPECT_NEAR(slope, sum, 1e-4 * largest) << quantity;
    if (quantity == "u_osc") {
      EXPECT_GT(std::abs(at(rows[2], "u_osc_rate_decoherence")), 1e-2 * largest);
    }
  }
}

/// Without other terms.
class Alone : public Extended {
 protected:
  Alone() : Extended({.mode = physics::Mode::standard, .terms = {"streaming"}}) {}
};

TEST_F(Alone, DampsCoherenceAtTheRateOfEachEnergy) {
  std::vector<double> state;
  for (Index n = 0; n < grid_.z.cells() * grid_.momentum.energies() * grid_.momentum.angles(); ++n)
    state.insert(state.end(), {0.4, 0.1, -0.2, 0.3});
  grid_.set(state);
  constexpr int steps = 100;
  constexpr double step = 0.02;
  run(steps, step);
  const PetscScalar* memory = nullptr;
  ASSERT_EQ(VecGetArrayRead(grid_.state, &memory), 0);
  grid_.for_owned([&](Index local, Index global) {
    const Index component = local % flavor::components(2);
    const Index energy =
        global / (flavor::components(2) * grid_.momentum.angles()) % grid_.momentum.energies();
    const double ratio = grid_.momentum.energy(energy) / grid_.momentum.reference_energy();
    const double rate = component == 1 || component == 2 ? damping * ratio * ratio : 0.0;
    const double initial[] = {0.4, 0.1, -0.2, 0.3};
    // RK4 is off by (rate h)^4/120 of rate t, and rate is at most 1.5.
    EXPECT_NEAR(memory[local], initial[component] * std::exp(-rate * steps * step),
                1e-14 + std::pow(1.5 * step, 4) / 120.0 * 1.5 * steps * step);
  });
  EXPECT_EQ(VecRestoreArrayRead(grid_.state, &memory), 0);
}

TEST_F(Extended, LimitsTheStep) {
  const auto& term = *grid_.equation->terms().back();
  const phase_space::Range energies = grid_.decomposition.box().energy;
  const double highest = grid_.momentum.energy(energies.end() - 1) / 9.0;
  EXPECT_NEAR(term.spectral_radius(grid_.equation->moments()), damping * highest * highest, 1e-15);
}

TEST_F(Extended, IsInTheHistoryFile) {
  const std::string path = "decoherence_test.h5";
  grid_.set(grid_.random_state(3));
  const double expected = at(measured(0.0), "u_osc_rate_decoherence");
  io::History history(path, ledger_->columns(), {}, PETSC_COMM_WORLD, {measured(0.0)});
  history.flush();
  int rank = 0;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  if (rank == 0) {
    const io::hdf5::Handle file = io::hdf5::open_file(path, false);
    const io::hdf5::Handle dataset = io::hdf5::open_dataset(file, "u_osc_rate_decoherence");
    EXPECT_EQ(io::hdf5::read_text_attribute(dataset, "long_name"),
              "dU_osc/dt by collisions, -Gamma (rho - diag rho)");
    double found = 0.0;
    io::hdf5::read_block(dataset, {{0}, {1}}, &found, false);
    EXPECT_EQ(found, expected);
  }
  MPI_Barrier(PETSC_COMM_WORLD);
  if (rank == 0) std::filesystem::remove(path);
}

}  // namespace
}  // namespace nuvlasov::examples
