// Checkpoints: what was written is what is read, on any ranks; damage is found; failures leave what
// was there.
#include "nuvlasov/io/checkpoint.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <bit>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>

#include "nuvlasov/io/collective.hpp"
#include "nuvlasov/io/failpoint.hpp"

namespace nuvlasov::io {
namespace {

namespace fs = std::filesystem;
using phase_space::Decomposition;
using phase_space::ProcessGrid;

const phase_space::ZAxis z_axis(10.0, 12, 2);
const phase_space::MomentumGrid momentum(50.0, 4.0, 5, 2, {-1.0, -0.3, 0.4, 1.0},
                                         {1.0, 1.0, 1.0, 1.0});
const Provenance provenance{"time.end = 3.0\n", "any", 1};

int rank_in(MPI_Comm comm) {
  int rank = 0;
  MPI_Comm_rank(comm, &rank);
  return rank;
}

int size_of(MPI_Comm comm) {
  int size = 1;
  MPI_Comm_size(comm, &size);
  return size;
}

/// The phase space on some ranks, with numbers that follow from a seed.
class Layout {
 public:
  Layout(MPI_Comm comm, const ProcessGrid& grid) {
    EXPECT_EQ(decomposition_.create(comm, z_axis, momentum, 1, grid), 0);
  }
  FieldContext context() const { return {z_axis, momentum, decomposition_, provenance}; }

  /// The owned part of a field of random numbers, with a few odd ones among them.
  std::vector<double> field(unsigned seed) const {
    std::mt19937_64 generator(seed);
    std::uniform_real_distribution<double> uniform(-1.0, 1.0);
    const auto& box = decomposition_.box();
    std::vector<double> owned;
    for (Index j = 0; j < z_axis.cells(); ++j)
      for (Index i = 0; i < momentum.energies(); ++i)
        for (Index a = 0; a < momentum.angles() * flavor::components(2); ++a) {
          double value = uniform(generator);
          if (j == 3 && i == 2) value = a % 2 == 0 ? -0.0 : std::ldexp(value, -1060);
          const auto in = [](Index n, phase_space::Range range) {
            return range.begin <= n && n < range.end();
          };
          if (in(j, box.z) && in(i, box.energy) && in(a / flavor::components(2), box.angle))
            owned.push_back(value);
        }
    return owned;
  }

 private:
  Decomposition decomposition_;
};

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](double x, double y) {
    return std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y);
  });
}

/// All ways to share the phase space among some ranks.
std::vector<ProcessGrid> grids(int ranks) {
  std::vector<ProcessGrid> all;
  for (int energy = 1; energy <= ranks; ++energy)
    for (int angle = 1; angle <= ranks / energy; ++angle)
      if (ranks % (energy * angle) == 0)
        all.push_back({.z = ranks / (energy * angle), .energy = energy, .angle = angle});
  return all;
}

CheckpointRecord some_record(Index step) {
  CheckpointRecord record;
  record.step = step;
  record.time = 0.1 * static_cast<double>(step);
  record.reals = {{"dt", 1.0 / 3.0},
                  {"minus zero", -0.0},
                  {"infinite", -std::numeric_limits<double>::infinity()},
                  {"undefined", std::bit_cast<double>(0x7ff8000000000123)},
                  {"least", std::numeric_limits<double>::denorm_min()}};
  record.integers = {{"lowest", std::numeric_limits<long long>::min()}, {"rejected", 3}};
  record.texts = {{"empty", ""}, {"method", "rk5dp\n\"ρ\"\t"}, {"long", std::string(100000, 'x')}};
  record.lists = {{"none", {}}, {"one", {2.0}}, {"many", std::vector<double>(10000, 0.1)}};
  return record;
}

/// A run directory of its own for each test, and one layout that writes into it.
class Checkpoints : public testing::Test {
 protected:
  Checkpoints() {
    std::string name = (fs::temp_directory_path() / "nuvlasov-XXXXXX").string();
    on_first_rank(comm, [&] {
      if (mkdtemp(name.data()) == nullptr) throw IoError("mkdtemp");
    });
    directory = broadcast(name, 0, comm);
  }
  ~Checkpoints() override {
    at_failpoints({});
    MPI_Barrier(comm);
    on_first_rank(comm, [&] { fs::remove_all(directory); });
  }

  std::string write(Index step) { return write(some_record(step)); }
  std::string write(const CheckpointRecord& record) {
    const std::vector<double> rho = layout.field(1), midpoint = layout.field(2);
    return CheckpointWriter(layout.context(), directory, 2)
        .write(record, {{"rho", "density matrix rho", rho.data()},
                        {"midpoint", "last midpoint", midpoint.data()}});
  }

  /// Names in the folder of the checkpoints, in order. Collective, so that no rank is ahead.
  std::vector<std::string> names() const {
    MPI_Barrier(comm);
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(directory + "/checkpoints"))
      found.push_back(entry.path().filename().string());
    std::sort(found.begin(), found.end());
    MPI_Barrier(comm);
    return found;
  }
  std::string latest() const {
    const std::string target = fs::read_symlink(directory + "/checkpoints/latest").string();
    MPI_Barrier(comm);
    return target;
  }

  /// A copy for this rank alone.
  std::string own_copy(const std::string& path) const {
    const std::string copy = fmt::format("{}/copy{}.h5", directory, rank_in(comm));
    fs::copy_file(path, copy, fs::copy_options::overwrite_existing);
    return copy;
  }

  MPI_Comm comm = PETSC_COMM_WORLD;
  std::string directory;
  Layout layout{comm, {.z = size_of(comm)}};
  Layout whole{MPI_COMM_SELF, {}};  ///< all on each rank
};

/// Flips one bit of a file.
void flip(const std::string& path, std::uint64_t byte, unsigned bit) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(byte));
  const int value = file.get();
  file.seekp(static_cast<std::streamoff>(byte));
  file.put(static_cast<char>(value ^ (1 << bit)));
}

/// Where a file holds the first number of a field: what to damage to change its data alone.
std::uint64_t place_of(const std::string& path, double value) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  const auto pattern = std::bit_cast<std::array<char, sizeof value>>(value);
  return bytes.find(std::string_view(pattern.data(), pattern.size()));
}

TEST_F(Checkpoints, ReadBackBitForBitOnAnyRanksAndProcessGrid) {
  for (const ProcessGrid& grid : grids(size_of(comm))) {
    const Layout writer(comm, grid);
    const std::vector<double> rho = writer.field(1), midpoint = writer.field(2);
    const CheckpointRecord record = some_record(7);
    const std::string path =
        CheckpointWriter(writer.context(), directory, 1)
            .write(record, {{"rho", "state", rho.data()}, {"midpoint", "m", midpoint.data()}});
    for (int ranks = 1; ranks <= size_of(comm); ++ranks) {
      MPI_Comm some = MPI_COMM_NULL;
      MPI_Comm_split(comm, rank_in(comm) < ranks ? 0 : MPI_UNDEFINED, 0, &some);
      if (some == MPI_COMM_NULL) continue;
      verify_checkpoint(path, some);
      const CheckpointContents contents = read_checkpoint(path, some);
      EXPECT_EQ(contents.config, provenance.config);
      EXPECT_EQ(contents.record.step, record.step);
      EXPECT_EQ(contents.record.time, record.time);
      EXPECT_EQ(contents.record.integers, record.integers);
      EXPECT_EQ(contents.record.texts, record.texts);
      EXPECT_EQ(contents.record.lists, record.lists);
      ASSERT_EQ(contents.record.reals.size(), record.reals.size());
      for (const auto& [name, value] : record.reals)
        EXPECT_TRUE(same_bits({contents.record.reals.at(name)}, {value})) << name;
      for (const ProcessGrid& other : grids(ranks)) {
        const Layout reader(some, other);
        for (const auto& [name, seed] : {std::pair{"rho", 1U}, {"midpoint", 2U}}) {
          std::vector<double> values = reader.field(0);
          read_checkpoint_field(path, name, reader.context(), values.data());
          EXPECT_TRUE(same_bits(values, reader.field(seed)));
        }
      }
      MPI_Comm_free(&some);
    }
  }
}

TEST_F(Checkpoints, EveryDamagedByteIsFound) {
  CheckpointRecord record;
  record.reals = {{"dt", 0.1}};
  record.texts = {{"method", "rk4"}};
  const std::string copy = own_copy(write(record));
  const auto size = fs::file_size(copy);
  ASSERT_GT(size, 300U);
  verify_checkpoint(copy, MPI_COMM_SELF);
  for (auto byte = static_cast<std::uint64_t>(rank_in(comm)); byte < size;
       byte += static_cast<std::uint64_t>(size_of(comm))) {
    const auto bit = static_cast<unsigned>(byte % 8);
    flip(copy, byte, bit);
    EXPECT_THROW(verify_checkpoint(copy, MPI_COMM_SELF), IoError) << "byte " << byte;
    EXPECT_TRUE(is_checkpoint(copy)) << "byte " << byte;
    flip(copy, byte, bit);
  }
  verify_checkpoint(copy, MPI_COMM_SELF);
}

TEST_F(Checkpoints, EveryTruncationIsFound) {
  CheckpointRecord record;
  const std::string copy = own_copy(write(record));
  const auto size = fs::file_size(copy);
  fs::resize_file(copy, size + 1);
  EXPECT_THROW(verify_checkpoint(copy, MPI_COMM_SELF), IoError);
  const auto ranks = static_cast<std::uint64_t>(size_of(comm));
  for (auto bytes = size - 1 - static_cast<std::uint64_t>(rank_in(comm)); bytes < size;
       bytes -= ranks) {
    fs::resize_file(copy, bytes);
    EXPECT_THROW(verify_checkpoint(copy, MPI_COMM_SELF), IoError) << bytes << " bytes";
  }
}

TEST_F(Checkpoints, TheNewestGoodOneIsTakenAndTheOthersAreNamed) {
  std::vector<std::string> warnings;
  const auto newest = [&] {
    warnings.clear();
    return newest_good_checkpoint(directory, comm,
                                  [&](const std::string& text) { warnings.push_back(text); });
  };
  EXPECT_EQ(newest(), std::nullopt);
  const std::string older = write(10), newer = write(20);
  const auto size = fs::file_size(older);
  EXPECT_EQ(newest(), newer);
  EXPECT_TRUE(warnings.empty());

  const std::uint64_t rho = place_of(newer, whole.field(1).front());
  const std::uint64_t midpoint = place_of(newer, whole.field(2).front());
  on_first_rank(comm, [&] { flip(newer, midpoint, 3); });
  EXPECT_EQ(newest(), older);
  EXPECT_EQ(warnings, std::vector{newer + " is damaged: wrong digest of midpoint"});
  on_first_rank(comm, [&] {
    flip(newer, rho, 0);
    flip(newer, 1500, 7);
  });
  EXPECT_EQ(newest(), older);
  EXPECT_EQ(warnings, std::vector{newer + " is damaged: wrong digest of metadata, rho, midpoint"});

  on_first_rank(comm, [&] { fs::resize_file(older, 4096); });
  EXPECT_EQ(newest(), std::nullopt);
  ASSERT_EQ(warnings.size(), 2U);
  EXPECT_EQ(warnings[1],
            fmt::format("{} is damaged: it has 4096 bytes instead of {}", older, size));

  on_first_rank(comm, [&] { std::ofstream(newer, std::ios::trunc); });
  EXPECT_EQ(newest(), std::nullopt);
  EXPECT_EQ(warnings[0], newer +
                             " is damaged: it does not begin as a checkpoint does, or was not "
                             "written to its end");
}

TEST_F(Checkpoints, OnlyTheNewestAreKeptAndTheOldGoLast) {
  write(10);
  write(20);
  std::vector<std::string> before_rotation;
  at_failpoints([&](const std::string& name) {
    if (name == "checkpoint.linked") before_rotation = names();
  });
  write(30);
  using Names = std::vector<std::string>;
  EXPECT_EQ(before_rotation, (Names{"000000010.h5", "000000020.h5", "000000030.h5", "latest"}));
  EXPECT_EQ(names(), (Names{"000000020.h5", "000000030.h5", "latest"}));
  EXPECT_EQ(latest(), "000000030.h5");

  // The run went back to step 20: what it had written later is no longer its future.
  on_first_rank(comm, [&] {
    std::ofstream(directory + "/checkpoints/000000030.h5.partial") << "killed";
    std::ofstream(directory + "/checkpoints/notes.h5") << "the user's";
  });
  write(25);
  EXPECT_EQ(names(), (Names{"000000020.h5", "000000025.h5", "latest", "notes.h5"}));
  EXPECT_EQ(latest(), "000000025.h5");
}

TEST_F(Checkpoints, PassTheirFailpointsInOrder) {
  std::vector<std::string> passed;
  at_failpoints([&](const std::string& name) {
    if (passed.empty() || passed.back() != name) passed.push_back(name);
  });
  write(10);
  EXPECT_EQ(passed,
            std::vector<std::string>(checkpoint_failpoints.begin(), checkpoint_failpoints.end()));
}

TEST_F(Checkpoints, FailureOnOneRankAtAnyStageFailsAllAndLeavesTheEarlierOnes) {
  write(10);
  const std::string older = write(20);
  const auto before = names();
  for (int failing = 0; failing < size_of(comm); ++failing)
    for (std::size_t stage = 0; checkpoint_failpoints[stage] != std::string("checkpoint.published");
         ++stage) {
      at_failpoints([&](const std::string& name) {
        if (name == checkpoint_failpoints[stage] && rank_in(comm) == failing)
          throw IoError("broken on " + std::to_string(failing));
      });
      try {
        write(30);
        ADD_FAILURE() << checkpoint_failpoints[stage];
      } catch (const IoError& error) {
        EXPECT_EQ(error.what(), "broken on " + std::to_string(failing));
      }
      EXPECT_EQ(names(), before) << checkpoint_failpoints[stage];
      EXPECT_EQ(latest(), "000000020.h5");
    }
  const auto unexpected = [](const std::string& text) { ADD_FAILURE() << text; };
  EXPECT_EQ(newest_good_checkpoint(directory, comm, unexpected), older);
}

TEST_F(Checkpoints, DataThatReachTheFileOtherwiseAreNoticedBeforeItIsPublished) {
  const std::string older = write(10);
  const double first = whole.field(1).front();
  const std::string path = directory + "/checkpoints/000000020.h5";
  const auto damage_at = [&](const std::string& stage) {
    at_failpoints([&, stage](const std::string& name) {
      const std::string partial = path + ".partial";
      if (name == stage && rank_in(comm) == 0) flip(partial, place_of(partial, first), 0);
    });
  };
  damage_at("checkpoint.closed");
  EXPECT_THROW(write(20), IoError);
  EXPECT_EQ(names(), (std::vector<std::string>{"000000010.h5", "latest"}));

  // After it was read back, the seal tells what was in memory.
  damage_at("checkpoint.verified");
  write(20);
  EXPECT_THROW(verify_checkpoint(path, comm), IoError);
  std::vector<double> values = layout.field(0);
  EXPECT_THROW(read_checkpoint_field(path, "rho", layout.context(), values.data()), IoError);
  read_checkpoint_field(path, "midpoint", layout.context(), values.data());
}

TEST_F(Checkpoints, AreNotMadeOfAStateThatIsNotFinite) {
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    std::vector<double> rho = layout.field(1);
    // The last node belongs to the last rank.
    if (rank_in(comm) == size_of(comm) - 1) rho[rho.size() - 2] = bad;
    CheckpointWriter writer(layout.context(), directory, 2);
    try {
      writer.write(some_record(10), {{"rho", "rho", rho.data()}});
      ADD_FAILURE();
    } catch (const NumericalError& error) {
      EXPECT_EQ(error.what(), fmt::format("no checkpoint is made: rho is not finite at z = {:g}, E "
                                          "- E_ref = {:g}, v = {:g}",
                                          z_axis.position(z_axis.cells() - 1),
                                          momentum.energy_offset(momentum.energies() - 1), 1.0));
    }
    EXPECT_FALSE(fs::exists(directory + "/checkpoints"));
  }
}

TEST_F(Checkpoints, OfAnotherGridOrWithoutAFieldAreRefused) {
  const std::string path = write(10);
  const phase_space::ZAxis longer(10.0, 16, 2);
  Decomposition decomposition;
  ASSERT_EQ(decomposition.create(comm, longer, momentum, 1, {.z = size_of(comm)}), 0);
  std::vector<double> values(
      static_cast<std::size_t>(decomposition.box().nodes() * flavor::components(2)));
  const FieldContext other{longer, momentum, decomposition, provenance};
  EXPECT_THROW(read_checkpoint_field(path, "rho", other, values.data()), IoError);
  EXPECT_THROW(read_checkpoint_field(path, "none", layout.context(), values.data()), IoError);
  EXPECT_THROW(verify_checkpoint(directory + "/none.h5", comm), IoError);
}

TEST_F(Checkpoints, WithoutAFolderToGoToFailOnAllRanks) {
  const std::vector<double> rho = layout.field(1);
  on_first_rank(comm, [&] { std::ofstream(directory + "/file") << "in the way"; });
  for (const char* place : {"/missing", "/file"})
    EXPECT_THROW(CheckpointWriter(layout.context(), directory + place, 2)
                     .write(some_record(1), {{"rho", "rho", rho.data()}}),
                 IoError)
        << place;
}

/// Limits the size of files for this process while it lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST_F(Checkpoints, BeyondTheAllowedFileSizeFailOnAllRanksAndLeaveTheEarlierOnes) {
  const std::string older = write(10);
  const auto before = names();
  const rlim_t size = fs::file_size(older);
  const auto try_with = [&](bool limited_here, rlim_t limit) {
    std::optional<FileSizeLimit> held;
    if (limited_here) held.emplace(limit);
    bool failed = false;
    try {
      write(20);
    } catch (const IoError&) {
      failed = true;
    }
    held.reset();
    if (failed) {
      EXPECT_EQ(names(), before);
      verify_checkpoint(older, comm);
    }
    on_first_rank(comm, [&] { fs::remove(directory + "/checkpoints/000000020.h5"); });
    return failed;
  };
  constexpr int limits = 8;
  for (rlim_t n = 0; n < limits; ++n) EXPECT_TRUE(try_with(true, size * n / limits));
  EXPECT_FALSE(try_with(true, size + (rlim_t{1} << 22U)));
  // One rank alone; another may write in its place. Not below what MPI-IO needs for itself, a page:
  // OpenMPI waits for ever when one rank alone does not get it.
  for (int rank = 1; rank < size_of(comm); ++rank)
    for (rlim_t n = 1; n < limits; ++n) try_with(rank_in(comm) == rank, size * n / limits);
  EXPECT_FALSE(try_with(false, 0));
}

}  // namespace
}  // namespace nuvlasov::io
