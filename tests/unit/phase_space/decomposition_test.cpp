// Who owns what.
#include "nuvlasov/phase_space/decomposition.hpp"

#include <gtest/gtest.h>

#include <tuple>

namespace nuvlasov::phase_space {
namespace {

struct Layout {
  int ranks;
  ProcessGridRequest request;
  ProcessGrid expected;
};

TEST(ProcessGrid, TakesZFirstAndWhatIsAskedFor) {
  const ZAxis z(10.0, 24, 6);
  const MomentumGrid momentum(50.0, 5.0, 20, 6, std::vector<double>(6, 0.5),
                              std::vector<double>(6, 1.0));
  const std::vector<Layout> layouts{{1, {}, {1, 1, 1}},           {4, {}, {4, 1, 1}},
                                    {16, {}, {8, 2, 1}},          {7, {}, {7, 1, 1}},
                                    {4, {.z = 2}, {2, 2, 1}},     {4, {.energy = 4}, {1, 4, 1}},
                                    {4, {.angle = 2}, {2, 1, 2}}, {96, {}, {8, 6, 2}}};
  for (const Layout& layout : layouts) {
    const ProcessGrid grid = choose_process_grid(layout.ranks, z, momentum, 3, layout.request);
    EXPECT_EQ(std::tie(grid.z, grid.energy, grid.angle),
              std::tie(layout.expected.z, layout.expected.energy, layout.expected.angle))
        << layout.ranks << " ranks";
  }
}

TEST(ProcessGrid, RefusesWhatCannotBePlaced) {
  const ZAxis z(10.0, 24, 6);
  const MomentumGrid momentum(50.0, 5.0, 20, 6, {-1.0, 1.0}, {1.0, 1.0});
  const std::vector<std::pair<int, ProcessGridRequest>> impossible{
      {11 * 13, {}}, {9 * 7, {}},       {4, {.z = 3}},
      {9, {.z = 9}}, {2, {.angle = 2}}, {4, {.z = 2, .energy = 1}}};
  for (const auto& [ranks, request] : impossible)
    EXPECT_THROW(choose_process_grid(ranks, z, momentum, 3, request), DecompositionError) << ranks;
}

}  // namespace
}  // namespace nuvlasov::phase_space
