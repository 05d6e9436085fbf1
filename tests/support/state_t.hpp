/// \file
/// State T of docs/numerics.md: smooth, in spherical momentum geometry, at strong coupling.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numbers>
#include <string>

#include "grid.hpp"
#include "nuvlasov/diagnostics/ledger.hpp"
#include "nuvlasov/time/integrator.hpp"

namespace nuvlasov::testing_support {

/// A history row by the names of its columns.
using Values = std::map<std::string, double>;

/// How finely state T is resolved.
struct Resolution {
  Index cells = 24, energies = 48, angles = 8;
  phase_space::AngularOperator angular_operator = phase_space::AngularOperator::spectral;
  int order = 6;  ///< in z and energy
};

/// L = 10, E_ref = 20, W = 10, a Gaussian in energy with gentle waves in z and v; and its
/// evolution.
class StateT {
 public:
  explicit StateT(const Resolution& resolution, const physics::EquationSettings& settings = {})
      : grid_(shape(resolution), settings),
        ledger_(grid_.z, grid_.momentum, grid_.decomposition, *grid_.equation) {
    std::vector<double> state = grid_.random_state(0);
    for (Index j = 0, n = 0; j < grid_.z.cells(); ++j)
      for (Index i = 0; i < grid_.momentum.energies(); ++i)
        for (Index k = 0; k < grid_.momentum.angles(); ++k) {
          const double offset = grid_.momentum.energy_offset(i);
          const double v = grid_.momentum.direction(k);
          const double f = std::exp(-offset * offset / (2 * 1.1 * 1.1)) / 40;
          const double th = 2 * std::numbers::pi * grid_.z.position(j) / 10;
          for (const double value :
               {f * (1 + 0.2 * std::sin(th) + 0.1 * v), 0.3 * f * std::sin(th + v),
                0.2 * f * std::cos(2 * th), f * (0.4 * v + 0.1 * std::cos(th))})
            state[static_cast<std::size_t>(n++)] = value;
        }
    grid_.set(state);
  }

  /// The history row of the present state.
  Values measured() {
    diagnostics::Record record;
    EXPECT_EQ(grid_.decomposition.with_ghosts(grid_.state,
                                              [&](const phase_space::StateView& rho) {
                                                record = ledger_.measure(rho, time_, 0, 0.0);
                                              }),
              0);
    Values values;
    for (const auto& column : ledger_.columns())
      values[column.name] = ledger_.value(record, column.name);
    return values;
  }

  /// Advances by so many equal steps, and returns the row before and those after each.
  std::vector<Values> run(time::Method method, int steps, double step) {
    time::Integrator integrator;
    time::IntegratorSettings settings;
    settings.method = method;
    settings.end = steps * step;
    settings.step = step;
    EXPECT_EQ(integrator.create(grid_.decomposition, *grid_.equation, settings, grid_.state), 0);
    std::vector<Values> rows{measured()};
    while (integrator.time() < integrator.end()) {
      time::StepOutcome outcome{};
      EXPECT_EQ(integrator.advance(step, integrator.end(), &outcome), 0);
      EXPECT_EQ(outcome, time::StepOutcome::done);
      if (outcome != time::StepOutcome::done) break;
      time_ = integrator.time();
      rows.push_back(measured());
    }
    return rows;
  }

  const physics::KineticEquation& equation() const { return *grid_.equation; }

 private:
  static GridShape shape(const Resolution& resolution) {
    GridShape s;
    s.z = resolution.cells;
    s.energies = resolution.energies;
    s.z_order = resolution.order;
    s.energy_order = resolution.order;
    s.half_width = 10.0;
    s.reference = 20.0;
    s.spherical_angles = resolution.angles;
    s.angular_operator = resolution.angular_operator;
    return s;
  }
  Grid grid_;
  diagnostics::Ledger ledger_;
  double time_ = 0.0;
};

}  // namespace nuvlasov::testing_support
