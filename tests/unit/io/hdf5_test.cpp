// Transfers in parts, and counts that go in pieces.
#include "nuvlasov/io/hdf5.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <numeric>

#include "nuvlasov/io/collective.hpp"
#include "nuvlasov/mpi_counts.hpp"

namespace nuvlasov::io::hdf5 {
namespace {

hsize_t values_in(const Block& block) {
  return std::accumulate(block.count.begin(), block.count.end(), hsize_t{1}, std::multiplies<>());
}

TEST(Parts, FollowEachOtherAndStayBelowTheLimit) {
  const Block block{{7, 1, 0}, {5, 4, 3}};
  for (const hsize_t most : {1U, 2U, 3U, 5U, 12U, 13U, 24U, 59U, 60U, 1000U}) {
    hsize_t next = 0;
    for (const Block& part : in_parts(block, most)) {
      EXPECT_LE(values_in(part), most);
      const auto at = [&](std::size_t d) { return part.offset[d] - block.offset[d]; };
      EXPECT_EQ((at(0) * 4 + at(1)) * 3 + at(2), next);
      next += values_in(part);
    }
    EXPECT_EQ(next, values_in(block)) << most;
  }
}

TEST(Parts, OfABlockOfTerabytesAreBelowTheCountsOfMpi) {
  const Block block{{0, 0, 0, 0}, {1'000'000, 1000, 1000, 4}};
  const auto parts = in_parts(block, largest_transfer);
  double sum = 0.0;
  for (const Block& part : parts) {
    EXPECT_LE(values_in(part) * sizeof(double), hsize_t{1} << 30U);
    sum += static_cast<double>(values_in(part));
  }
  EXPECT_EQ(sum, 4e12);
}

TEST(Parts, OfNothingAreOneForACollectiveTransfer) {
  EXPECT_EQ(in_parts({{0, 0}, {0, 3}}, 1).size(), 1U);
  EXPECT_EQ(in_parts({{0, 0}, {3, 0}}, 1).size(), 1U);
}

TEST(Transfer, InPartsIsThatOfTheWholeOnRanksWithDifferentShares) {
  const MPI_Comm comm = MPI_COMM_WORLD;
  int rank = 0, ranks = 1;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &ranks);
  // The first rank has nothing, unless it is alone; each other one more row than the one before.
  const auto rows = [&](int r) { return static_cast<hsize_t>(ranks == 1 ? 3 : r); };
  hsize_t all = 0, first = 0;
  for (int r = 0; r < ranks; ++r) {
    if (r == rank) first = all;
    all += rows(r);
  }
  constexpr hsize_t width = 10;
  const std::string path =
      broadcast((std::filesystem::temp_directory_path() / "nuvlasov_parts.h5").string(), 0, comm);
  for (const hsize_t most : {3U, 10U, 25U}) {
    on_first_rank(comm, [&] {
      Handle file = create_file(path);
      create_coordinate(file, "row", std::vector<double>(all), false, {"1", "row"});
      create_coordinate(file, "column", std::vector<double>(width), false, {"1", "column"});
      create_variable(file, "values", {"row", "column"}, {}, {"1", "values"});
      file.close(path);
    });
    std::vector<double> mine(rows(rank) * width);
    std::iota(mine.begin(), mine.end(), static_cast<double>(first * width));
    {
      Handle file = open_file_parallel(path, true, comm);
      const Handle dataset = open_dataset(file, "values");
      const Block block{{first, 0}, {rows(rank), width}};
      write_block(dataset, block, mine.data(), true, most);
      std::vector<double> back(mine.size(), -1.0);
      read_block(dataset, block, back.data(), true, most);
      EXPECT_EQ(back, mine);
    }
    MPI_Barrier(comm);
    std::vector<double> whole(all * width), expected(all * width);
    std::iota(expected.begin(), expected.end(), 0.0);
    read_block(open_dataset(open_file(path, false), "values"), {{0, 0}, {all, width}}, whole.data(),
               false);
    EXPECT_EQ(whole, expected) << most;
    MPI_Barrier(comm);
  }
  on_first_rank(comm, [&] { std::filesystem::remove(path); });
}

TEST(Pieces, CoverEveryElementOnceBelowTheCountsOfMpi) {
  for (const std::int64_t total : {std::int64_t{0}, std::int64_t{7}, std::int64_t{1} << 33}) {
    std::int64_t next = 0;
    nuvlasov::in_pieces(total, [&](std::int64_t first, int count) {
      EXPECT_EQ(first, next);
      EXPECT_GT(count, 0);
      next += count;
    });
    EXPECT_EQ(next, total);
  }
}

}  // namespace
}  // namespace nuvlasov::io::hdf5
