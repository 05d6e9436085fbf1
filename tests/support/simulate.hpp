/// \file
/// Runs a simulation from TOML text inside a test and keeps its history.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "simulation.hpp"

namespace nuvlasov::testing_support {

/// The rows of a run, by column.
struct Rows {
  std::vector<diagnostics::Record> records;
  std::vector<double> state;  ///< owned nodes at the end
  const diagnostics::Ledger* ledger = nullptr;

  double at(std::size_t record, const std::string& column) const {
    return ledger->value(records[record], column);
  }
  double first(const std::string& column) const { return at(0, column); }
  double last(const std::string& column) const { return at(records.size() - 1, column); }
  double change(const std::string& column) const { return last(column) - first(column); }
  /// Largest |value - first value| over the run.
  double drift(const std::string& column) const {
    double largest = 0.0;
    for (std::size_t r = 0; r < records.size(); ++r)
      largest = std::max(largest, std::abs(at(r, column) - first(column)));
    return largest;
  }
  /// Largest difference over the run between what a quantity has changed by and what crossed the
  /// open ends.
  double imbalance(const std::string& column) const {
    double largest = 0.0;
    for (std::size_t r = 0; r < records.size(); ++r)
      largest =
          std::max(largest, std::abs(at(r, column) - first(column) - at(r, column + "_boundary")));
    return largest;
  }
};

/// Calls `observe(simulation)` at t = 0 and at each multiple of `interval`, to the end.
inline PetscErrorCode simulate(Simulation& simulation, double interval, Rows& run,
                               const std::function<void(Simulation&)>& observe = {}) {
  PetscFunctionBeginUser;
  run.ledger = &simulation.ledger();
  const auto record = [&]() -> PetscErrorCode {
    PetscFunctionBeginUser;
    PetscCall(simulation.measure(&run.records.emplace_back()));
    if (observe) observe(simulation);
    PetscFunctionReturn(0);
  };
  PetscCall(record());
  for (int n = 1; !simulation.finished(); ++n) {
    PetscCall(simulation.advance_to(n * interval));
    PetscCall(record());
  }
  PetscCall(simulation.with_state([&](const double* state) {
    run.state.assign(state, state + simulation.decomposition().box().nodes() *
                                        simulation.decomposition().box().components);
  }));
  PetscFunctionReturn(0);
}

/// A simulation from an input text, and its run.
class Experiment {
 public:
  explicit Experiment(const std::string& toml, double interval, MPI_Comm comm = PETSC_COMM_WORLD,
                      const std::function<void(Simulation&)>& observe = {})
      : configuration_(toml, "test", {}) {
    EXPECT_EQ(simulation_.create(configuration_, comm), 0);
    EXPECT_EQ(simulate(simulation_, interval, run_, observe), 0);
  }
  const Rows& run() const { return run_; }
  Simulation& simulation() { return simulation_; }

 private:
  config::Configuration configuration_;
  Simulation simulation_;
  Rows run_;
};

}  // namespace nuvlasov::testing_support
