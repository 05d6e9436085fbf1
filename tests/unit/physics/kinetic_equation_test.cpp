// The right-hand side against the reference implementation, and what it conserves.
#include <gtest/gtest.h>

#include "grid.hpp"
#include "parts.hpp"
#include "reference_equation.hpp"

namespace nuvlasov {
namespace {

using testing_support::Grid;
using testing_support::GridShape;
using testing_support::ReferenceEquation;

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = 0.0;
  for (std::size_t n = 0; n < a.size(); ++n) largest = std::max(largest, std::abs(a[n] - b[n]));
  return largest;
}

double largest(const std::vector<double>& a) {
  return largest_difference(a, std::vector<double>(a.size(), 0.0));
}

using physics::Mode;

struct Case {
  const char* name;
  physics::EquationSettings settings;
  GridShape shape;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name << ": " << testing_support::name_of(c.settings);
}

GridShape with_orders(int z_order, int energy_order) {
  GridShape shape;
  shape.z_order = z_order;
  shape.energy_order = energy_order;
  return shape;
}

GridShape with_beams(std::vector<double> directions, std::vector<double> weights) {
  GridShape shape;
  shape.directions = std::move(directions);
  shape.weights = std::move(weights);
  return shape;
}

GridShape single_energy(GridShape shape = {}) {
  shape.energies = 1;
  shape.half_width = 0.5;
  return shape;
}

GridShape spherical(Index angles, phase_space::AngularOperator angular_operator,
                    int energy_order = 6) {
  GridShape shape;
  shape.spherical_angles = angles;
  shape.angular_operator = angular_operator;
  shape.energy_order = energy_order;
  shape.reference = 9.0;
  return shape;
}

GridShape few_energies(GridShape shape) {
  shape.energies = 3;
  return shape;
}

GridShape forward_only(phase_space::AngularOperator angular_operator) {
  GridShape shape = spherical(9, angular_operator);
  shape.range = {.from = 0.0, .to = 1.0};
  return shape;
}

GridShape with_antineutrinos(GridShape shape) {
  if (shape.spherical_angles > 0) {
    shape.antineutrinos = true;
    return shape;
  }
  shape.directions = {-1.0, 1.0, 0.2, -1.0, 1.0};
  shape.weights = {0.5, 1.5, 1.0, 0.7, 0.3};
  shape.signs = {1.0, -1.0, -1.0, -1.0, 1.0};
  return shape;
}

GridShape three_flavors(GridShape shape = {}) {
  shape.flavors = 3;
  return shape;
}

/// Masses and matter on the cells of a GridShape.
physics::EquationSettings external(physics::EquationSettings settings = {}) {
  return testing_support::with_masses_and_matter(std::move(settings), GridShape().z);
}

const std::vector<Case> cases{
    {"standard", {Mode::standard}, {}},
    {"standard, one energy", {Mode::standard}, single_energy()},
    {"standard, one energy, matter",
     {.mode = Mode::standard,
      .matter = testing_support::with_masses_and_matter({}, GridShape().z).matter},
     single_energy()},
    {"standard, one energy, masses", external({Mode::standard}), single_energy()},
    {"standard, one energy, antineutrinos", {Mode::standard}, with_antineutrinos(single_energy())},
    {"standard, one energy, spherical",
     {Mode::standard},
     single_energy(spherical(5, phase_space::AngularOperator::spectral))},
    {"standard, order 2 in z", {Mode::standard}, with_orders(2, 4)},
    {"full", {}, {}},
    {"full, orders 2 and 8", {}, with_orders(2, 8)},
    {"full, orders 4 and 4", {}, with_orders(4, 4)},
    {"full, orders 8 and 6", {}, with_orders(8, 6)},
    {"full, five beams", {}, with_beams({-1.0, -0.4, 0.1, 0.7, 1.0}, {0.5, 1.5, 1.0, 0.7, 0.3})},
    {"full, one beam", {}, with_beams({1.0}, {1.0})},
    {"standard, spherical", {Mode::standard}, spherical(5, phase_space::AngularOperator::spectral)},
    {"full, spherical, spectral", {}, spherical(6, phase_space::AngularOperator::spectral)},
    {"full, spherical, S_N", {}, spherical(6, phase_space::AngularOperator::sn)},
    {"full, many directions, S_N", {}, spherical(70, phase_space::AngularOperator::sn)},
    {"full, spherical, order 8", {}, spherical(5, phase_space::AngularOperator::spectral, 8)},
    {"full, forward only, spectral", {}, forward_only(phase_space::AngularOperator::spectral)},
    {"full, forward only, S_N", {}, forward_only(phase_space::AngularOperator::sn)},
    {"standard, masses and matter", external({Mode::standard}), {}},
    {"standard, antineutrinos", external({Mode::standard}), with_antineutrinos({})},
    {"full, masses and matter", external(), {}},
    {"full, antineutrinos", {}, with_antineutrinos({})},
    {"full, antineutrinos, masses, matter", external(), with_antineutrinos(with_orders(4, 8))},
    {"spectral, antineutrinos, masses, matter", external(),
     with_antineutrinos(spherical(5, phase_space::AngularOperator::spectral))},
    {"S_N, antineutrinos, masses, matter", external(),
     with_antineutrinos(spherical(4, phase_space::AngularOperator::sn, 8))},
    {"S_N forward only, antineutrinos", external(),
     with_antineutrinos(forward_only(phase_space::AngularOperator::sn))},
    {"three flavors, standard", {Mode::standard}, three_flavors()},
    {"three flavors, one energy", external({Mode::standard}), three_flavors(single_energy())},
    {"three flavors, full", {}, three_flavors()},
    {"three flavors, antineutrinos, masses, matter", external(),
     three_flavors(with_antineutrinos(with_orders(4, 8)))},
    {"three flavors, spectral, antineutrinos, masses, matter", external(),
     three_flavors(with_antineutrinos(spherical(5, phase_space::AngularOperator::spectral)))},
    {"three flavors, by parity",
     {},
     three_flavors(spherical(16, phase_space::AngularOperator::spectral))},
    {"three flavors, S_N, antineutrinos, masses, matter", external(),
     three_flavors(with_antineutrinos(spherical(4, phase_space::AngularOperator::sn, 8)))},
};

/// Parts of the equation in every geometry, and dissipation of every order.
std::vector<Case> parts() {
  using phase_space::AngularOperator;
  using phase_space::Geometry;
  using testing_support::parts_of_the_equation;
  std::vector<Case> list;
  for (const auto& part : parts_of_the_equation(Geometry::beams))
    list.push_back({"beams", part, {}});
  for (const auto& part : parts_of_the_equation(Geometry::spherical)) {
    list.push_back({"spherical, spectral", part, spherical(5, AngularOperator::spectral)});
    list.push_back({"spherical, S_N", part, spherical(5, AngularOperator::sn)});
  }
  for (const int order : {4, 8}) {
    GridShape shape = spherical(3, AngularOperator::sn, order);
    shape.z_order = order;
    for (const GridShape& orders : {with_orders(order, order), shape})
      list.push_back({"dissipation", {.dissipation = {.z = 0.7, .energy = 2.0}}, orders});
  }
  list.push_back({"dissipation in z alone",
                  {.mode = Mode::standard, .dissipation = {.z = 1.5}},
                  with_orders(2, 4)});
  list.push_back({"dissipation in energy alone", {.dissipation = {.energy = 1.5}}, {}});
  for (const char* term : {"vacuum", "vacuum_velocity", "refraction", "weak_force"})
    for (const GridShape& shape : {GridShape(), spherical(4, AngularOperator::spectral)})
      for (const int flavors : {2, 3}) {
        GridShape with_flavors = with_antineutrinos(shape);
        with_flavors.flavors = flavors;
        list.push_back({"antineutrinos", external({.terms = {term}}), with_flavors});
      }
  list.push_back({"three flavors, dissipation",
                  {.dissipation = {.z = 0.7, .energy = 2.0}},
                  three_flavors(spherical(3, AngularOperator::sn))});
  return list;
}

/// Open ends, through which each beam brings something else.
std::vector<Case> open() {
  using phase_space::AngularOperator;
  std::vector<Case> list;
  const auto add = [&](const char* name, GridShape shape, Mode mode) {
    shape.boundaries = phase_space::Boundaries::open;
    physics::EquationSettings settings{.mode = mode};
    list.push_back({name, settings, shape});
    const Index angles = shape.spherical_angles > 0 ? shape.spherical_angles
                                                    : static_cast<Index>(shape.directions.size());
    for (Index i = 0; i < shape.energies; ++i)
      settings.inflow.spectrum.push_back(1.0 + 0.1 * static_cast<double>(i));
    for (Index k = 0; k < angles; ++k) {
      const auto x = static_cast<double>(k + 1);
      settings.inflow.beams.push_back({1.0, 0.3 * x, -0.2, 0.5 / x});
    }
    list.push_back({name, settings, shape});
  };
  for (const int order : {2, 4, 6}) {
    add("open, standard", with_orders(order, 4), Mode::standard);
    add("open, full", with_orders(order, 8), Mode::full);
    GridShape shape = spherical(5, AngularOperator::spectral);
    shape.z_order = order;
    shape.z = 17;
    add("open, spherical", shape, Mode::full);
  }
  add("open, spherical, S_N", spherical(4, AngularOperator::sn), Mode::full);
  add("open, three flavors", three_flavors(), Mode::full);
  return list;
}

class KineticEquation : public testing::TestWithParam<Case> {};

class EveryTerm : public testing::TestWithParam<Case> {};

TEST_P(EveryTerm, AgreesWithTheReferenceOnRandomStates) {
  Grid grid(GetParam().shape, GetParam().settings);
  const ReferenceEquation reference(grid.z, grid.momentum, GetParam().settings);
  for (unsigned seed = 1; seed <= 3; ++seed) {
    const auto state = grid.random_state(seed);
    grid.set(state);
    const auto expected = reference.rate(state);
    // Sums of some hundred terms of the size of the result.
    EXPECT_LT(largest_difference(grid.rate(), expected), 1e-13 * largest(expected));
  }
}

INSTANTIATE_TEST_SUITE_P(Together, EveryTerm, testing::ValuesIn(cases));
INSTANTIATE_TEST_SUITE_P(Parts, EveryTerm, testing::ValuesIn(parts()));
// All that D_E reads of some lines is less than a register of nodes, and ends on both sides.
INSTANTIATE_TEST_SUITE_P(
    FewEnergies, EveryTerm,
    testing::Values(
        Case{"S_N", {}, few_energies(spherical(3, phase_space::AngularOperator::sn))},
        Case{"spectral", {}, few_energies(spherical(3, phase_space::AngularOperator::spectral))},
        Case{"beams", {}, few_energies({})}));
INSTANTIATE_TEST_SUITE_P(OpenEnds, EveryTerm, testing::ValuesIn(open()));

TEST(Terms, OthersThanThoseOfTheEquationAreRefused) {
  const GridShape shape;
  for (const physics::EquationSettings& settings :
       {physics::EquationSettings{.terms = {"gravity"}},
        physics::EquationSettings{.mode = Mode::standard, .terms = {"streaming", "weak_force"}},
        physics::EquationSettings{.terms = {"group_velocity"}}})
    EXPECT_THROW(Grid(shape, settings), std::invalid_argument);
}

class Streaming : public testing::TestWithParam<int> {};

TEST_P(Streaming, IsASkewAdjointMatrix) {
  for (GridShape shape :
       {with_orders(GetParam(), 4), spherical(3, phase_space::AngularOperator::sn)}) {
    shape.z_order = GetParam();
    shape.energies = 2;
    shape.energy_order = 4;
    Grid grid(shape, {.mode = Mode::standard, .terms = {"streaming"}});
    std::vector<std::vector<double>> units, columns;
    const std::size_t size = grid.random_state(1).size();
    for (std::size_t c = 0; c < size; ++c) {
      units.emplace_back(size, 0.0)[c] = 1.0;
      grid.set(units.back());
      columns.push_back(grid.rate());
    }
    for (std::size_t r = 0; r < size; ++r)
      for (std::size_t c = 0; c < size; ++c)
        ASSERT_EQ(columns[c][r], -columns[r][c]) << "the measure does not depend on z";
    EXPECT_GT(largest(columns[0]), 0.0);
  }
}

INSTANTIATE_TEST_SUITE_P(Orders, Streaming, testing::Values(2, 4, 6, 8));

/// dH/d rho = E + M^2/2E + s Omega relative to the reference energy, as a field.
std::vector<double> energy_gradient(Grid& grid) {
  std::vector<double> gradient(
      static_cast<std::size_t>(grid.decomposition.box().nodes() * grid.momentum.components()));
  EXPECT_EQ(
      grid.decomposition.with_ghosts(
          grid.state,
          [&](const phase_space::StateView& rho) {
            grid.equation->sweep(rho, [&](Index j, const physics::Neighbourhood& here) {
              for (Index i = 0; i < here.energies; ++i)
                for (Index k = 0; k < here.angles; ++k) {
                  flavor::Components omega{};
                  flavor::with_flavors(here.flavors, [&](auto flavors) {
                    flavor::store(omega.data(), here.refraction<flavors>(0, k));
                  });
                  double* const h = gradient.data() +
                                    ((j * here.energies + i) * here.angles + k) * here.components;
                  const flavor::Components masses =
                      flavor::mass_matrix(grid.equation->settings().masses, here.flavors);
                  for (Index c = 0; c < here.components; ++c)
                    h[c] = here.sign(k) * omega[static_cast<std::size_t>(c)] +
                           0.5 / grid.momentum.energy(i) * masses[static_cast<std::size_t>(c)];
                  // The trace of E 1.
                  h[0] += here.flavors * grid.momentum.energy_offset(i);
                }
            });
          }),
      0);
  return gradient;
}

/// A random state that leaves the edges of the window, and of a limited range of directions, empty,
/// as conservation requires.
std::vector<double> state_with_empty_edges(const Grid& grid, unsigned seed) {
  auto state = grid.random_state(seed);
  const Index edge = 2 * grid.momentum.energy_derivative().reach();
  const Index angular_edge = grid.momentum.direction_range().from > -1.0 ? 2 : 0;
  grid.for_owned([&](Index local, Index) {
    const Index node = local / grid.momentum.components();
    const Index i = node / grid.momentum.angles() % grid.momentum.energies();
    if (i < edge || i >= grid.momentum.energies() - edge ||
        node % grid.momentum.angles_of_species() < angular_edge)
      state[static_cast<std::size_t>(local)] = 0.0;
  });
  return state;
}

/// A rate past the caches, and in pieces that are not written to memory.
class LargeRate : public testing::TestWithParam<Case> {};

TEST_P(LargeRate, IsTheSameInPieces) {
  GridShape shape = GetParam().shape;
  const Index plane = Grid(shape, GetParam().settings).decomposition.box().plane();
  shape.z = (Index{1} << 21) / plane + 1;
  Grid grid(shape, GetParam().settings);
  ASSERT_TRUE(phase_space::past_caches(grid.decomposition.box().numbers()));
  grid.set(grid.random_state(5));
  phase_space::Numbers whole(static_cast<std::size_t>(grid.decomposition.box().numbers()));
  phase_space::Numbers pieces(whole.size());
  const auto keep = [&](Index at, Index count, const double* rate) {
    std::copy_n(rate, count, pieces.data() + at);
  };
  ASSERT_EQ(grid.decomposition.with_ghosts(
                grid.state,
                [&](const phase_space::StateView& rho) {
                  grid.equation->rate(rho, whole.data());
                  grid.equation->rate(
                      rho, [] {}, [](Index) -> double* { return nullptr; }, {}, keep);
                }),
            0);
  EXPECT_TRUE(std::equal(whole.begin(), whole.end(), pieces.begin()));
}

INSTANTIATE_TEST_SUITE_P(
    Grids, LargeRate,
    testing::Values(Case{"beams", {.mode = Mode::standard}, {}}, Case{"beams", {}, {}},
                    Case{"one energy", {.mode = Mode::standard}, single_energy()},
                    Case{"three flavors", {.mode = Mode::standard}, three_flavors()},
                    Case{"spectral", {}, spherical(5, phase_space::AngularOperator::spectral)},
                    Case{"S_N", {}, spherical(8, phase_space::AngularOperator::sn)}));

TEST_P(KineticEquation, ConservesPurityExactly) {
  Grid grid(GetParam().shape, GetParam().settings);
  const auto state = grid.random_state(7);
  grid.set(state);
  const auto rate = grid.rate();
  const double scale = std::sqrt(grid.inner_product(state, state) * grid.inner_product(rate, rate));
  EXPECT_LT(std::abs(grid.inner_product(state, rate)), 1e-15 * scale);
}

TEST_P(KineticEquation, FullModeConservesTotalEnergyAndNumberAtTheSameInstant) {
  if (GetParam().settings.mode != Mode::full) GTEST_SKIP() << "the standard equation does not";
  GridShape shape = GetParam().shape;
  if (!shape.range.full() && shape.angular_operator == phase_space::AngularOperator::spectral)
    GTEST_SKIP() << "a polynomial sees the edge of the range from every direction";
  shape.energies = 24;
  Grid grid(shape, GetParam().settings);
  const auto state = state_with_empty_edges(grid, 3);
  grid.set(state);
  const auto rate = grid.rate();
  const auto gradient = energy_gradient(grid);
  const double scale =
      std::sqrt(grid.inner_product(gradient, gradient) * grid.inner_product(rate, rate));
  EXPECT_LT(std::abs(grid.inner_product(gradient, rate)), 1e-15 * scale);

  // The number of each species.
  for (const double species : {phase_space::neutrino, phase_space::antineutrino}) {
    std::vector<double> unit(state.size(), 0.0);
    const auto components = static_cast<std::size_t>(grid.momentum.components());
    for (std::size_t n = 0; n < unit.size(); n += components)
      if (grid.momentum.sign(static_cast<Index>(n / components) % grid.momentum.angles()) ==
          species)
        unit[n] = grid.momentum.flavors();
    EXPECT_LT(std::abs(grid.inner_product(unit, rate)), 1e-15 * scale);
  }
}

INSTANTIATE_TEST_SUITE_P(All, KineticEquation, testing::ValuesIn(cases));

struct Split {
  phase_space::ProcessGrid ranks;
  double tolerance;
};

GridShape splittable(phase_space::Boundaries boundaries = phase_space::Boundaries::periodic) {
  GridShape shape;
  shape.boundaries = boundaries;
  shape.z = 24;
  shape.energies = 16;
  return shape;
}

GridShape twelve_beams(phase_space::Boundaries boundaries = phase_space::Boundaries::periodic) {
  GridShape shape = splittable(boundaries);
  shape.directions = {-1.0, -0.8, -0.5, -0.2, 0.0, 0.1, 0.3, 0.5, 0.6, 0.8, 0.9, 1.0};
  shape.weights.assign(shape.directions.size(), 0.3);
  return shape;
}

/// Neutrinos and antineutrinos on different ranks, and on the same.
GridShape twelve_angles() {
  GridShape shape = splittable();
  shape.spherical_angles = 6;
  shape.angular_operator = phase_space::AngularOperator::sn;
  shape.antineutrinos = true;
  shape.reference = 9.0;
  return shape;
}

class Decomposition : public testing::TestWithParam<Case> {};

TEST_P(Decomposition, EverySplitGivesTheSameRate) {
  int size = 1;
  MPI_Comm_size(PETSC_COMM_WORLD, &size);
  const GridShape& shape = GetParam().shape;
  const physics::EquationSettings& settings = GetParam().settings;
  Grid whole(shape, settings);
  const auto state = whole.random_state(5);
  whole.set(state);
  const auto expected = whole.rate();

  for (int z = 1; z <= size; ++z)
    for (int energy = 1; energy <= size; ++energy) {
      if (size % (z * energy) != 0) continue;
      const phase_space::ProcessGrid ranks{.z = z, .energy = energy, .angle = size / (z * energy)};
      Grid part(shape, settings, PETSC_COMM_WORLD, ranks);
      part.set(state);
      const auto rate = part.rate();
      // Bitwise while the momentum grid is whole: all sums have a fixed order.
      const double tolerance = z == size ? 0.0 : 1e-13 * largest(expected);
      part.for_owned([&](Index local, Index global) {
        EXPECT_NEAR(rate[static_cast<std::size_t>(local)],
                    expected[static_cast<std::size_t>(global)], tolerance);
      });
    }
}

INSTANTIATE_TEST_SUITE_P(
    Grids, Decomposition,
    testing::Values(
        Case{"beams", {.dissipation = {.z = 0.5, .energy = 0.5}}, twelve_beams()},
        Case{"open beams",
             {.dissipation = {.energy = 0.5},
              .inflow = {.spectrum = std::vector<double>(16, 0.1),
                         .beams = std::vector(12, flavor::Components{1.0, 0.3, -0.2, 0.5})}},
             twelve_beams(phase_space::Boundaries::open)},
        Case{"S_N, antineutrinos, masses, matter",
             testing_support::with_masses_and_matter({.dissipation = {.z = 0.5, .energy = 0.5}},
                                                     splittable().z),
             twelve_angles()}));

/// A term with which all planes are taken one by one.
class Nothing final : public physics::Term {
 public:
  std::string name() const override { return "nothing"; }
  std::string meaning() const override { return "0"; }
  void add_rate(const physics::Neighbourhood& /*here*/, double* /*rate*/) override {}
  double spectral_radius(const physics::Moments& /*moments*/) const override { return 0.0; }
};

GridShape of_directions(std::vector<double> directions, GridShape shape) {
  shape.directions = std::move(directions);
  shape.weights.clear();
  shape.signs.clear();
  for (std::size_t k = 0; k < shape.directions.size(); ++k) {
    shape.weights.push_back(0.3 + 0.2 * static_cast<double>(k));
    shape.signs.push_back(k % 3 == 1 ? -1.0 : 1.0);
  }
  return shape;
}

/// Shapes whose planes divide a register of 512 bits.
std::vector<GridShape> register_shapes() {
  GridShape four_energies = splittable(), angles = single_energy(splittable());
  four_energies.energies = 4;
  angles.spherical_angles = 4;
  angles.antineutrinos = true;
  const GridShape four = of_directions({-1.0, -0.3, 0.2, 0.9}, single_energy(splittable()));
  return {of_directions({0.4}, single_energy(splittable())), four, three_flavors(four),
          of_directions({-0.7, 0.9}, four_energies), angles};
}

/// With matter, moments make Omega for each node.
TEST(LaneRefraction, IsThatOfTheMoments) {
  for (const GridShape& shape : register_shapes()) {
    Grid in_lanes(shape, {.mode = Mode::standard});
    Grid by_moments(shape, {.mode = Mode::standard,
                            .matter = std::vector(static_cast<std::size_t>(shape.z), 0.0)});
    const auto state = in_lanes.random_state(7);
    in_lanes.set(state);
    by_moments.set(state);
    const auto expected = by_moments.rate();
    EXPECT_LT(largest_difference(in_lanes.rate(), expected), 1e-14 * largest(expected));
  }
}

/// On more ranks other planes are in runs, and other planes alone.
TEST(PlaneRuns, GiveEachPlaneTheSameRateAsAloneToTheBit) {
  int size = 1;
  MPI_Comm_size(PETSC_COMM_WORLD, &size);
  GridShape few_energies = splittable(), many_angles = single_energy(splittable());
  few_energies.energies = 7;
  many_angles.spherical_angles = 11;
  std::vector<GridShape> shapes = register_shapes();
  shapes.insert(shapes.end(), {single_energy(splittable()), few_energies, many_angles,
                               with_antineutrinos(single_energy(splittable())),
                               three_flavors(single_energy(splittable()))});
  const std::vector<double> none, matter = testing_support::with_masses_and_matter({}, 64).matter;
  for (GridShape shape : shapes)
    for (const auto boundaries : {phase_space::Boundaries::periodic, phase_space::Boundaries::open})
      for (const auto& profile : {none, matter}) {
        shape.boundaries = boundaries;
        shape.z = 64;
        const physics::EquationSettings settings{.mode = Mode::standard, .matter = profile};
        Grid whole(shape, settings);
        Grid part(shape, settings, PETSC_COMM_WORLD, {.z = size});
        Grid plane_by_plane(shape, settings);
        plane_by_plane.equation->add_term(std::make_unique<Nothing>());
        const auto state = whole.random_state(6);
        for (Grid* grid : {&whole, &part, &plane_by_plane}) grid->set(state);
        const auto expected = plane_by_plane.rate();
        EXPECT_EQ(whole.rate(), expected);
        const auto rate = part.rate();
        part.for_owned([&](Index local, Index global) {
          EXPECT_EQ(rate[static_cast<std::size_t>(local)],
                    expected[static_cast<std::size_t>(global)]);
        });
      }
}

}  // namespace
}  // namespace nuvlasov
