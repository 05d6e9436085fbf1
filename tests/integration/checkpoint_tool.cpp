// Writes checkpoints of states that follow from the step, and says whether they hold them.
//
//   checkpoint_tool write DIR CELLS STEP...   one checkpoint after the other, keeping 2
//   checkpoint_tool check DIR CELLS           step of the newest good one, or "none"
//   checkpoint_tool failpoints                their names
#include <fmt/format.h>
#include <petscsys.h>

#include <csignal>
#include <cstring>

#include "nuvlasov/io/checkpoint.hpp"

namespace {

using namespace nuvlasov;

/// A phase space of CELLS x 16 x 2 nodes on all ranks.
class Setup {
 public:
  PetscErrorCode create(Index cells) {
    PetscFunctionBeginUser;
    z_ = phase_space::ZAxis(10.0, cells, 2);
    int ranks = 1;
    PetscCallMPI(MPI_Comm_size(PETSC_COMM_WORLD, &ranks));
    PetscCall(decomposition_.create(PETSC_COMM_WORLD, z_, momentum_, 1, {.z = ranks}));
    PetscFunctionReturn(0);
  }
  io::FieldContext context() const { return {z_, momentum_, decomposition_, provenance_}; }

  /// The owned part of a field; each number tells field, step and place.
  std::vector<double> field(int which, Index step) const {
    const auto& box = decomposition_.box();
    std::vector<double> values;
    for (Index n = box.z.begin * box.plane(); n < box.z.end() * box.plane(); ++n)
      values.push_back(static_cast<double>(which + 1) / static_cast<double>(1 + n + 7919 * step));
    return values;
  }

 private:
  phase_space::ZAxis z_{10.0, 4, 2};
  phase_space::MomentumGrid momentum_{50.0, 4.0, 16, 2, {-1.0, 1.0}, {1.0, 1.0}};
  phase_space::Decomposition decomposition_;
  io::Provenance provenance_{"time.end = 3.0\n", "any", 1};
};

constexpr std::array fields{"rho", "midpoint"};

void write(const Setup& setup, const std::string& directory, Index step) {
  io::CheckpointRecord record;
  record.step = step;
  record.time = 0.1 * static_cast<double>(step);
  record.reals = {{"dt", 0.1}};
  const std::vector<double> rho = setup.field(0, step), midpoint = setup.field(1, step);
  io::CheckpointWriter(setup.context(), directory, 2)
      .write(record, {{fields[0], "density matrix rho", rho.data()},
                      {fields[1], "last midpoint", midpoint.data()}});
}

std::string check(const Setup& setup, const std::string& directory, int rank) {
  const auto warn = [&](const std::string& text) {
    if (rank == 0) fmt::print(stderr, "{}\n", text);
  };
  const auto path = io::newest_good_checkpoint(directory, PETSC_COMM_WORLD, warn);
  if (!path) return "none";
  const Index step = io::read_checkpoint(*path, PETSC_COMM_WORLD).record.step;
  for (int which = 0; which < 2; ++which) {
    const std::vector<double> expected = setup.field(which, step);
    std::vector<double> values(expected.size());
    io::read_checkpoint_field(*path, fields[static_cast<std::size_t>(which)], setup.context(),
                              values.data());
    if (std::memcmp(values.data(), expected.data(), values.size() * sizeof(double)) != 0)
      throw std::runtime_error(*path + ": holds another state");
  }
  return std::to_string(step);
}

int execute(const std::vector<std::string>& arguments, int rank) {
  const auto say = [&](const std::string& text) {
    if (rank == 0) fmt::print("{}\n", text);
  };
  if (arguments.at(0) == "failpoints") {
    for (const char* name : io::checkpoint_failpoints) say(name);
    return exit_done;
  }
  Setup setup;
  if (setup.create(std::stoll(arguments.at(2))) != 0) return exit_internal_error;
  if (arguments[0] == "check") say(check(setup, arguments[1], rank));
  if (arguments[0] == "write")
    for (std::size_t n = 3; n < arguments.size(); ++n)
      write(setup, arguments[1], std::stoll(arguments[n]));
  return exit_done;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  io::hdf5::start();
  if (PetscInitialize(nullptr, nullptr, nullptr, nullptr) != 0) return exit_internal_error;
  std::signal(SIGXFSZ, SIG_IGN);
  int rank = 0;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  int code = exit_internal_error;
  try {
    code = execute(arguments, rank);
  } catch (const IoError& error) {
    if (rank == 0) fmt::print(stderr, "{}\n", error.what());
    code = exit_io_failure;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    MPI_Abort(PETSC_COMM_WORLD, exit_internal_error);
  }
  return PetscFinalize() == 0 ? code : exit_internal_error;
}
