// The ledger against sums written out over pairs of momenta, and its rates against differences.
#include "nuvlasov/diagnostics/ledger.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "grid.hpp"
#include "nuvlasov/diagnostics/compensated_sum.hpp"
#include "parts.hpp"
#include "reference_equation.hpp"

namespace nuvlasov::diagnostics {
namespace {

using testing_support::Grid;
using testing_support::GridShape;
using Values = std::map<std::string, double>;

struct Case {
  const char* name;
  physics::EquationSettings settings;
  GridShape shape;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

GridShape beams() {
  GridShape s;
  s.directions = {-1.0, -0.3, 0.4, 1.0};
  s.weights = {0.7, 1.2, 0.4, 1.1};
  return s;
}

GridShape spherical(phase_space::AngularOperator angular_operator) {
  GridShape s;
  s.spherical_angles = 5;
  s.angular_operator = angular_operator;
  s.reference = 9.0;
  return s;
}

GridShape cone() {
  GridShape s = spherical(phase_space::AngularOperator::sn);
  s.range = {.from = -0.2, .to = 0.9};
  return s;
}

GridShape with_antineutrinos(GridShape s) {
  s.antineutrinos = s.spherical_angles > 0;
  if (!s.antineutrinos) s.signs = {1.0, -1.0, 1.0, -1.0};
  return s;
}

GridShape three_flavors(GridShape s) {
  s.flavors = 3;
  return s;
}

physics::EquationSettings external(physics::EquationSettings settings = {}) {
  return testing_support::with_masses_and_matter(std::move(settings), GridShape().z);
}

const std::vector<Case> cases{
    {"beams, standard", {physics::Mode::standard}, beams()},
    {"beams, full", {}, beams()},
    {"spectral, full", {}, spherical(phase_space::AngularOperator::spectral)},
    {"S_N, full", {}, spherical(phase_space::AngularOperator::sn)},
    {"a cone, full", {}, cone()},
    {"beams, antineutrinos", {}, with_antineutrinos(beams())},
    {"beams, antineutrinos, masses, matter", external(), with_antineutrinos(beams())},
    {"spectral, antineutrinos, masses, matter", external(),
     with_antineutrinos(spherical(phase_space::AngularOperator::spectral))},
    {"a cone, antineutrinos, masses, matter", external(), with_antineutrinos(cone())},
    {"three flavors, full", {}, three_flavors(beams())},
    {"three flavors, antineutrinos, masses, matter", external(),
     three_flavors(with_antineutrinos(spherical(phase_space::AngularOperator::spectral)))}};

class OfEachGeometry : public testing::TestWithParam<Case> {};

INSTANTIATE_TEST_SUITE_P(Ledger, OfEachGeometry, testing::ValuesIn(cases));

Values measured(Grid& grid, const std::vector<double>& state) {
  Ledger ledger(grid.z, grid.momentum, grid.decomposition, *grid.equation);
  grid.set(state);
  Record record;
  EXPECT_EQ(grid.decomposition.with_ghosts(grid.state,
                                           [&](const phase_space::StateView& rho) {
                                             record = ledger.measure(rho, 1.0, 2, 0.5);
                                           }),
            0);
  Values values;
  for (const Column& column : ledger.columns())
    values[column.name] = ledger.value(record, column.name);
  return values;
}

/// The definitions of physics section 3, with sums over pairs of momenta.
Values written_out(const Grid& grid, const std::vector<double>& state) {
  const physics::EquationSettings& settings = grid.equation->settings();
  const testing_support::ReferenceEquation reference(grid.z, grid.momentum, settings);
  // Eq. (22) is about the neutrinos' own refraction.
  const testing_support::ReferenceEquation alone(grid.z, grid.momentum, {});
  const auto force = alone.flux(state, true);
  Values q;
  const auto& p = grid.momentum;
  const int n = p.flavors();
  const std::vector<std::string> flavors =
      n == 2 ? std::vector<std::string>{"nu_e", "nu_x"}
             : std::vector<std::string>{"nu_e", "nu_mu", "nu_tau"};
  const double dz = grid.z.spacing();
  const auto node = [&](Index j, Index i, Index k) {
    return state.data() + ((j * p.energies() + i) * p.angles() + k) * p.components();
  };
  const auto weight = [&](Index i, Index k) { return p.weight(i, k); };
  double smallest = INFINITY, lower = 0.0, upper = 0.0;
  for (Index j = 0; j < grid.z.cells(); ++j)
    for (Index i = 0; i < p.energies(); ++i)
      for (Index k = 0; k < p.angles(); ++k) {
        const double* a = node(j, i, k);
        const double w = dz * weight(i, k);
        const testing_support::Dense rho = testing_support::to_dense(a, n);
        const testing_support::Eigensystem eigen(rho, n);
        const double energy = p.reference_energy() + p.energy_offset(i);
        q["number"] += w * a[0];
        q["kinetic_energy"] += w * energy * a[0];
        q["kinetic_energy_relative"] += w * p.energy_offset(i) * a[0];
        q["momentum_z"] += w * energy * p.direction(k) * a[0];
        q["purity"] += w * trace(rho * rho).real();
        for (int e = 0; e < n; ++e) {
          const double x = eigen.value[e];
          if (x > 0.0 && x < 1.0) q["entropy"] -= w * (x * std::log(x) + (1 - x) * std::log(1 - x));
          q["negative_part"] += w * std::min(x, 0.0);
          smallest = std::min(smallest, x);
        }
        const double v = p.direction(k);
        const double s = p.sign(k);
        for (int f = 0; f < n; ++f) {
          const std::string& flavor = flavors[static_cast<std::size_t>(f)];
          const double number = w * rho.m[f][f].real();
          const std::string of = (s > 0.0 ? "_" : "_anti") + flavor;
          if (p.has_antineutrinos()) {
            q["lepton_number"] += s * number;
            q["lepton_number_" + flavor] += s * number;
          }
          q["number" + of] += number;
          q["mean_energy_relative" + of] += p.energy_offset(i) * number;
          q["mean_direction" + of] += v * number;
          q["mean_squared_direction" + of] += v * v * number;
        }
        if (!settings.matter.empty())
          q["u_matter"] +=
              w * s * settings.matter[static_cast<std::size_t>(j)] * rho.m[0][0].real();
        if (settings.masses.any())
          q["u_vacuum"] += w / (2.0 * energy) * trace(reference.mass_matrix() * rho).real();
        // Eq. (22).
        q["kinetic_energy_rate_eq22"] += w * v * force[static_cast<std::size_t>(a - state.data())];
        for (Index l = 0; l < p.angles(); ++l)
          for (Index m = 0; m < p.energies(); ++m) {
            const double* b = node(j, m, l);
            const double pair =
                s * p.sign(l) * w * weight(m, l) * (1.0 - p.direction(k) * p.direction(l));
            // 1/2 pair of Tr(a b) + Tr a Tr b, the products of traces apart.
            double product = 0.0, transverse = 0.0;
            for (int c = 1; c < p.components(); ++c) {
              product += a[c] * b[c];
              if (c != 3 && c != 8) transverse += a[c] * b[c];
            }
            q["u_osc"] += 0.25 * pair * product;
            q["u_osc_transverse"] += 0.25 * pair * transverse;
            q["u_non"] += 0.5 * (1.0 + 1.0 / n) * pair * a[0] * b[0];
          }
      }
  for (Index j = 0; j < grid.z.cells(); ++j) {
    double low = 0.0, high = 0.0;
    for (Index k = 0; k < p.angles(); ++k) {
      low += dz * weight(0, k) * std::abs(node(j, 0, k)[0]);
      high += dz * weight(p.energies() - 1, k) * std::abs(node(j, p.energies() - 1, k)[0]);
    }
    lower += low;
    upper += high;
  }
  q["min_eigenvalue"] = smallest;
  q["edge_fraction"] = std::max(lower, upper) / std::abs(q["number"]);
  q["direction_edge_fraction"] = 0.0;
  const phase_space::DirectionRange range = p.direction_range();
  const Index species = p.angles_of_species();
  for (const Index end : {Index{0}, species - 1}) {
    if (end == 0 ? range.from == -1.0 : range.to == 1.0) continue;
    double share = 0.0;
    for (Index j = 0; j < grid.z.cells(); ++j)
      for (Index i = 0; i < p.energies(); ++i)
        for (Index k = end; k < p.angles(); k += species)
          share += dz * weight(i, k) * std::abs(node(j, i, k)[0]);
    q["direction_edge_fraction"] =
        std::max(q["direction_edge_fraction"], share / std::abs(q["number"]));
  }
  double potential = q["u_osc"] + q["u_non"];
  for (const char* name : {"u_matter", "u_vacuum"})
    if (q.contains(name)) potential += q[name];
  q["total_energy"] = q["kinetic_energy"] + potential;
  q["total_energy_relative"] = q["kinetic_energy_relative"] + potential;
  std::vector<std::string> species_names = flavors;
  if (p.has_antineutrinos())
    for (const std::string& flavor : flavors) species_names.push_back("anti" + flavor);
  for (const std::string& flavor : species_names)
    for (const char* mean : {"mean_energy_relative_", "mean_direction_", "mean_squared_direction_"})
      q[mean + flavor] /= q["number_" + flavor];
  // Streaming and refraction leave none.
  q["entropy_remainder_rate"] = reference.entropy_remainder(state);
  q["entropy_remainder"] = 0.0;
  q["entropy_production"] = 0.0;
  q["time"] = 1.0;
  q["step"] = 2.0;
  q["dt"] = 0.5;
  q["budget_residual"] = 0.0;
  return q;
}

/// Random numbers with traces that make most eigenvalues an occupation.
std::vector<double> occupied_state(const Grid& grid) {
  auto state = grid.random_state(4);
  const auto components = static_cast<std::size_t>(grid.momentum.components());
  for (std::size_t n = 0; n < state.size(); ++n)
    state[n] = n % components == 0 ? 0.5 + 0.4 * state[n] : 0.2 * state[n];
  return state;
}

/// The same with all eigenvalues well between 0 and 1.
std::vector<double> mixed_state(const Grid& grid) {
  auto state = grid.random_state(5);
  const auto components = static_cast<std::size_t>(grid.momentum.components());
  const double size = 0.5 * grid.momentum.flavors();
  for (std::size_t n = 0; n < state.size(); ++n)
    state[n] = n % components == 0 ? size + 0.1 * state[n] : 0.25 / size * state[n];
  return state;
}

TEST_P(OfEachGeometry, EveryQuantityIsItsDefinition) {
  Grid grid(GetParam().shape, GetParam().settings);
  const auto state = occupied_state(grid);
  Values found = measured(grid, state);
  const Values expected = written_out(grid, state);
  for (const auto& [name, value] : expected)
    EXPECT_NEAR(found.at(name), value, 1e-13 * std::max(1.0, std::abs(value))) << name;
  for (const auto& [name, value] : found) {
    const bool rate = name.find("_rate_") != std::string::npos;
    EXPECT_TRUE(rate || expected.contains(name)) << name << " is not compared";
  }
}

struct Part {
  GridShape shape;
  physics::EquationSettings settings;
};

void PrintTo(const Part& part, std::ostream* out) {
  *out << (part.shape.spherical_angles > 0 ? "spherical: " : "beams: ")
       << testing_support::name_of(part.settings);
}

std::vector<Part> parts() {
  std::vector<Part> list{{beams(), {}}, {beams(), {physics::Mode::standard}}};
  for (const auto& part : testing_support::parts_of_the_equation(phase_space::Geometry::beams))
    list.push_back({beams(), part});
  for (const auto angular_operator :
       {phase_space::AngularOperator::spectral, phase_space::AngularOperator::sn}) {
    GridShape spherical;
    spherical.spherical_angles = 4;
    spherical.angular_operator = angular_operator;
    spherical.reference = 9.0;
    list.push_back({spherical, {}});
    for (const auto& part :
         testing_support::parts_of_the_equation(phase_space::Geometry::spherical))
      list.push_back({spherical, part});
    list.push_back({with_antineutrinos(spherical), external()});
    list.push_back({three_flavors(with_antineutrinos(spherical)), external()});
  }
  list.push_back({beams(), external()});
  list.push_back({with_antineutrinos(beams()), external()});
  list.push_back({three_flavors(beams()), {}});
  list.push_back({three_flavors(with_antineutrinos(beams())), external()});
  for (const char* term : {"refraction", "weak_force", "vacuum", "vacuum_velocity"})
    list.push_back({with_antineutrinos(beams()), external({.terms = {term}})});
  return list;
}

class EveryPart : public testing::TestWithParam<Part> {};

TEST_P(EveryPart, HasRatesThatAddUpToTheRateOfEachQuantity) {
  Grid grid(GetParam().shape, GetParam().settings);
  const auto state = mixed_state(grid);
  Values found = measured(grid, state);
  const auto rate =
      testing_support::ReferenceEquation(grid.z, grid.momentum, GetParam().settings).rate(state);
  const auto after = [&](double h) {
    auto moved = state;
    for (std::size_t n = 0; n < state.size(); ++n) moved[n] += h * rate[n];
    return written_out(grid, moved);
  };
  const auto expect_sum = [&](const std::string& prefix, double slope, double rounding) {
    double sum = 0.0, size = 0.0;
    for (const auto& term : grid.equation->terms()) {
      const double part = found.at(prefix + "_rate_" + term->name());
      sum += part;
      size += std::abs(part);
    }
    EXPECT_NEAR(sum, slope, rounding + 1e-12 * size) << prefix;
  };

  // Linear or quadratic: the central difference is exact with any step. This one makes both of its
  // parts equally large, and rounding below 1e-10 of each rate that does not vanish.
  const double h = std::sqrt(grid.inner_product(state, state) / grid.inner_product(rate, rate));
  Values ahead = after(h), behind = after(-h);
  // Offsets of energy of both signs, up to the half width of the window.
  const double cancelling = grid.momentum.half_width() * found.at("number");
  for (const auto& [prefix, quantity] : {std::pair<std::string, std::string>{"number", "number"},
                                         {"kinetic_energy", "kinetic_energy_relative"},
                                         {"u_osc", "u_osc"},
                                         {"u_non", "u_non"},
                                         {"purity", "purity"},
                                         {"u_matter", "u_matter"},
                                         {"u_vacuum", "u_vacuum"}}) {
    if (!found.contains(quantity)) continue;
    expect_sum(prefix, (ahead[quantity] - behind[quantity]) / (2.0 * h),
               1e-14 * std::max(std::abs(ahead[quantity]), cancelling) / h);
  }

  // The entropy varies with eigenvalues over 0.3. Of this difference of fourth order that makes an
  // error of (small rate/0.3)^4 = 1e-10 of its rate.
  const double largest = std::abs(*std::max_element(
      rate.begin(), rate.end(), [](double a, double b) { return std::abs(a) < std::abs(b); }));
  const double small = 1e-3 / largest;
  const auto entropy = [&](double step) { return after(step)["entropy"]; };
  const double slope =
      (8.0 * (entropy(small) - entropy(-small)) - (entropy(2.0 * small) - entropy(-2.0 * small))) /
      (12.0 * small);
  expect_sum("entropy", slope, 1e-14 * ahead["entropy"] / small + 1e-10 * std::abs(slope));
}

TEST_P(EveryPart, LeavesItsEntropyRemainder) {
  Grid grid(GetParam().shape, GetParam().settings);
  const auto state = mixed_state(grid);
  const double expected =
      testing_support::ReferenceEquation(grid.z, grid.momentum, GetParam().settings)
          .entropy_remainder(state);
  EXPECT_NEAR(measured(grid, state).at("entropy_remainder_rate"), expected,
              1e-13 * std::max(1.0, std::abs(expected)));
}

TEST(Ledger, EverySplitGivesTheSameRow) {
  int size = 1;
  MPI_Comm_size(PETSC_COMM_WORLD, &size);
  GridShape shape;
  shape.z = 24;
  shape.energies = 16;
  shape.directions = {-1.0, -0.8, -0.5, -0.2, 0.0, 0.1, 0.3, 0.5, 0.6, 0.8, 0.9, 1.0};
  shape.weights.assign(shape.directions.size(), 0.3);
  shape.signs = {1, 1, 1, -1, 1, -1, 1, -1, -1, -1, -1, -1};
  const auto settings = testing_support::with_masses_and_matter({}, shape.z);
  Grid whole(shape, settings);
  const auto state = occupied_state(whole);
  const Values expected = measured(whole, state);
  for (int z = 1; z <= size; ++z)
    for (int energy = 1; energy <= size; ++energy) {
      if (size % (z * energy) != 0) continue;
      const phase_space::ProcessGrid ranks{.z = z, .energy = energy, .angle = size / (z * energy)};
      Grid part(shape, settings, PETSC_COMM_WORLD, ranks);
      const Values found = measured(part, state);
      for (const auto& [name, value] : expected) {
        // Bitwise while the momentum grid is whole; else the rounding of regrouped sums of up to
        // 1e3, some of which cancel.
        const double tolerance = z == size ? 0.0 : 1e-11 * std::max(1.0, std::abs(value));
        EXPECT_NEAR(found.at(name), value, tolerance) << name;
      }
    }
}

TEST(Ledger, GoesOnFromTheMemoryOfAnotherAsIfItWereTheSame) {
  Grid grid(beams(), physics::Mode::full);
  const auto row = [&](Ledger& ledger, double time) {
    auto state = mixed_state(grid);
    for (double& value : state) value *= 1.0 + 0.1 * std::sin(time);
    grid.set(state);
    Record record;
    EXPECT_EQ(grid.decomposition.with_ghosts(grid.state,
                                             [&](const phase_space::StateView& rho) {
                                               record = ledger.measure(rho, time, 0, 0.0);
                                             }),
              0);
    return record;
  };
  const auto make = [&] {
    return std::make_unique<Ledger>(grid.z, grid.momentum, grid.decomposition, *grid.equation);
  };
  const auto whole = make(), first = make(), second = make();
  for (const double time : {0.0, 0.3, 0.5, 1.0, 1.2}) {
    row(*whole, time);
    row(*first, time);
  }
  second->restore(first->memory());
  for (const double time : {1.7, 2.0}) {
    const Record expected = row(*whole, time), found = row(*second, time);
    EXPECT_EQ(found.values, expected.values);
    EXPECT_NE(whole->value(expected, "entropy_remainder"), 0.0);
  }
}

INSTANTIATE_TEST_SUITE_P(OfTheEquation, EveryPart, testing::ValuesIn(parts()));

TEST(CompensatedSum, DoesNotDependOnGrouping) {
  std::mt19937_64 generator(1);
  std::uniform_real_distribution<double> exponent(-12.0, 12.0);
  std::vector<double> terms;
  for (int n = 0; n < 10000; ++n)
    terms.push_back((n % 2 == 0 ? 1.0 : -1.0) * std::pow(10.0, exponent(generator)));
  CompensatedSum whole;
  for (const double term : terms) whole.add(term);
  for (const std::size_t parts : {2, 3, 7, 100}) {
    std::vector<CompensatedSum> part(parts);
    for (std::size_t n = 0; n < terms.size(); ++n) part[n * parts / terms.size()].add(terms[n]);
    CompensatedSum together;
    for (const CompensatedSum& p : part) together.add(p);
    EXPECT_EQ(together.value(), whole.value()) << parts << " parts";
  }
}

TEST(CompensatedSum, IsTheSameOnAllRanks) {
  int rank = 0, ranks = 1;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  MPI_Comm_size(PETSC_COMM_WORLD, &ranks);
  CompensatedSum sums[2];
  sums[0].add(0.1 * (rank + 1));
  sums[1].add(rank == 0 ? 1e16 : 1.0);
  sum_over_ranks(sums, 2, PETSC_COMM_WORLD);
  EXPECT_NEAR(sums[0].value(), 0.05 * ranks * (ranks + 1), 1e-15);
  EXPECT_EQ(sums[1].value(), 1e16 + (ranks - 1));
}

}  // namespace
}  // namespace nuvlasov::diagnostics
