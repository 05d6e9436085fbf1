#include "nuvlasov/physics/strips.hpp"

#include <gtest/gtest.h>

#include <random>

#include "nuvlasov/phase_space/z_axis.hpp"

namespace nuvlasov::physics {
namespace {

using flavor::Lanes;
using flavor::load_lanes;

constexpr Index cells = 24;

/// A register of random numbers on each node of an axis.
class RowsOfAxis {
 public:
  RowsOfAxis(int order, phase_space::Boundaries boundaries) : z_(7.3, cells, order, boundaries) {
    std::mt19937_64 random(42);
    std::uniform_real_distribution<double> number(-1.0, 1.0);
    values_.resize(static_cast<std::size_t>(cells * flavor::lanes));
    for (double& value : values_) value = number(random);
  }
  const double* at(Index j) const { return values_.data() + (j + cells) % cells * flavor::lanes; }
  template <int pairs>
  std::vector<DifferenceRow<pairs>> rows() const {
    std::vector<DifferenceRow<pairs>> rows;
    for (Index j = 0; j < cells; ++j)
      rows.emplace_back(z_.stencil(j), [&](int m) { return at(j + m); });
    return rows;
  }
  const phase_space::ZAxis& z() const { return z_; }

 private:
  phase_space::ZAxis z_;
  phase_space::Numbers values_;
};

struct Made {
  std::array<double, flavor::lanes> value{}, difference{};
  int together = 0;
  bool operator==(const Made& other) const {
    return value == other.value && difference == other.difference;
  }
};

/// What for_each_rows() makes of each plane.
template <int pairs, int together>
std::vector<Made> make_all(const std::vector<DifferenceRow<pairs>>& rows) {
  std::vector<Made> made;
  for_each_rows<together>(rows, [&](const auto& row, Index first) {
    EXPECT_EQ(first, static_cast<Index>(made.size()));
    row.apply(load_lanes, [&](auto /*p*/, Lanes value, Lanes difference) {
      Made& plane = made.emplace_back();
      flavor::store_lanes(plane.value.data(), value);
      flavor::store_lanes(plane.difference.data(), difference);
      plane.together = row.planes;
    });
  });
  return made;
}

template <int pairs>
void check(const RowsOfAxis& axis) {
  const auto rows = axis.rows<pairs>();
  const auto alone = make_all<pairs, 1>(rows);
  ASSERT_EQ(alone.size(), rows.size());
  for (Index j = 0; j < cells; ++j) {
    const Made& plane = alone[static_cast<std::size_t>(j)];
    for (std::size_t lane = 0; lane < flavor::lanes; ++lane) {
      EXPECT_EQ(plane.value[lane], axis.at(j)[lane]);
      const double expected =
          axis.z().stencil(j).apply([&](int m) { return axis.at(j + m)[lane]; });
      EXPECT_NEAR(plane.difference[lane], expected, 1e-14 / axis.z().spacing());
    }
  }
  EXPECT_EQ((make_all<pairs, 2>(rows)), alone);
  EXPECT_EQ((make_all<pairs, 4>(rows)), alone);
}

TEST(CentralRows, MakeTheBitsOfEachRowAlone) {
  for (const int order : {2, 4, 6, 8}) {
    const RowsOfAxis axis(order, phase_space::Boundaries::periodic);
    phase_space::with_static_reach(order / 2, [&](auto pairs) { check<pairs>(axis); });
  }
  for (const int order : {2, 4, 6})
    check<phase_space::Stencil::max_pairs>({order, phase_space::Boundaries::open});
}

TEST(CentralRows, AreNotTakenForTheRowsAtTheEndsOfAnOpenAxis) {
  // At order 2 the rows at the ends are as long as inside.
  const RowsOfAxis axis(2, phase_space::Boundaries::open);
  check<1>(axis);
  const auto made = make_all<1, 4>(axis.rows<1>());
  EXPECT_EQ(made.front().together, 1);
  EXPECT_EQ(made[1].together, 4);
  EXPECT_EQ(made.back().together, 1);
}

}  // namespace
}  // namespace nuvlasov::physics
