/// \file
/// How fast the right-hand side and a time step are, beside what the memory of the machine allows
/// in the same run.

#include <fmt/format.h>
#include <malloc.h>
#include <petscsys.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "nuvlasov/errors.hpp"
#include "nuvlasov/initial/beams.hpp"
#include "nuvlasov/initial/energy_spectrum.hpp"
#include "nuvlasov/io/provenance.hpp"
#include "nuvlasov/time/integrator.hpp"
#include "stream.hpp"

namespace {

using namespace nuvlasov;
using phase_space::AngularOperator;
using phase_space::Geometry;
using physics::Mode;

constexpr double matrix_bytes = flavor::components(2) * sizeof(double);
/// Least bytes that a right-hand side moves for a node: read rho, write its rate with
/// write-allocate.
constexpr double rate_bytes_per_node = 3.0 * matrix_bytes;
/// Least bytes that a stage of an RK4 step moves for a node: read the stage, the step's start and
/// the running sum; write the sum, which is there, and the next stage with write-allocate.
constexpr double stage_bytes_per_node = 6.0 * matrix_bytes;
constexpr int stages = 4;

constexpr int order = 6;  ///< of all differences
constexpr int ghosts = order / 2;

/// Where the state of a case is.
enum class Place {
  cache,     ///< of each core
  two_beam,  ///< as large as inputs/two_beam.toml: a shared cache
  memory,    ///< far beyond all caches
};

struct Momenta {
  Geometry geometry;
  AngularOperator angular_operator;
  Index angles, energies;

  Index nodes() const { return angles * energies; }
  const char* name() const {
    if (geometry == Geometry::beams) return "beams";
    return angular_operator == AngularOperator::sn ? "sn" : "spectral";
  }
};

struct Case {
  Mode mode;
  Momenta momenta;
  Place place;

  const char* mode_name() const { return mode == Mode::full ? "full" : "standard"; }
  /// No name is part of another.
  std::string name() const {
    constexpr const char* places[] = {"cache", "two_beam", "memory"};
    return fmt::format("{}-{}-{}x{}-{}", mode_name(), momenta.name(), momenta.angles,
                       momenta.energies, places[static_cast<int>(place)]);
  }
};

/// With fewer cells a rank's work would be mostly on ghosts.
constexpr Index least_cells = 16;

Index cells_of(const Case& test, int ranks) {
  // A rank's state in cache is 0.5 MB, if that are enough cells. In memory, that of all ranks is
  // 256 MB at least, and 128 MB a rank.
  constexpr Index in_cache = 16'000, two_beam = 200'000, in_memory = 8'000'000;
  const Index nodes = test.momenta.nodes();
  switch (test.place) {
    case Place::cache:
      return ranks * std::max(least_cells, in_cache / nodes);
    case Place::two_beam:
      return two_beam / nodes;
    case Place::memory:
      break;
  }
  return std::max(in_memory, in_memory / 2 * ranks) / nodes;
}

/// One energy is for the flavor-only problem of the standard mode, which takes no D_p: it is the
/// same with every angular operator.
bool makes_sense(const Case& test) {
  constexpr Index largest_in_cache = 1 << 15;  // nodes: 1 MB
  const Momenta& momenta = test.momenta;
  if (test.mode == Mode::full ? momenta.energies == 1
                              : momenta.angular_operator == AngularOperator::sn)
    return false;
  switch (test.place) {
    case Place::cache:
      return least_cells * momenta.nodes() <= largest_in_cache;
    case Place::two_beam:
      return momenta.geometry == Geometry::beams && momenta.energies == 100;
    case Place::memory:
      break;
  }
  return true;
}

std::vector<Case> all_cases() {
  constexpr auto spectral = AngularOperator::spectral;
  constexpr auto sn = AngularOperator::sn;
  constexpr Momenta momenta[] = {
      {Geometry::beams, spectral, 2, 1},        {Geometry::beams, spectral, 2, 64},
      {Geometry::beams, spectral, 2, 100},      {Geometry::spherical, spectral, 8, 64},
      {Geometry::spherical, spectral, 32, 1},   {Geometry::spherical, spectral, 32, 64},
      {Geometry::spherical, spectral, 32, 100}, {Geometry::spherical, sn, 32, 64},
      {Geometry::spherical, spectral, 128, 1},  {Geometry::spherical, spectral, 128, 64},
      {Geometry::spherical, sn, 128, 64},
  };
  std::vector<Case> cases;
  for (const Mode mode : {Mode::standard, Mode::full})
    for (const Momenta& grid : momenta)
      for (const Place place : {Place::cache, Place::two_beam, Place::memory})
        if (const Case test{mode, grid, place}; makes_sense(test)) cases.push_back(test);
  return cases;
}

/// Additions and multiplications of a right-hand side for a node, as the formulas of
/// rate_kernel.hpp need them: a stencil of reach r takes r differences, r products and r - 1 sums;
/// a Jordan product added to a sum 20 operations, 10 of each, with the halving shared; what is done
/// once for a direction is shared by its energies, what is done once for a plane is left out.
double flops_per_node(const Case& test) {
  constexpr double c = flavor::components(2);
  constexpr double jordan_product = 20.0, precession = 9.0 + 3.0;
  constexpr double difference = (3.0 * ghosts - 1.0) * c;
  const Momenta& momenta = test.momenta;
  const auto angles = static_cast<double>(momenta.angles);
  // The moments: over energies, then three over directions; Omega and what it is multiplied by.
  const double moments = 2.0 * c + 6.0 * c / static_cast<double>(momenta.energies);
  const double refraction = 2.0 * c / static_cast<double>(momenta.energies);
  const double streaming = difference + c;
  double flops = moments + refraction + streaming + precession;
  if (test.mode == Mode::standard) return flops;

  // g = s D_p rho/3 and D_z of it; h, that is Omega o g added; Omega o D_z g and (D_z Omega) o g.
  const double omega_slope = 3.0 * ghosts * c / static_cast<double>(momenta.energies);
  flops += difference + 3.0 * jordan_product + omega_slope;
  if (momenta.geometry == Geometry::beams) return flops + difference + c;

  // D_E with unequal weights ahead and behind, times v; S rho, by the parts of rho that are even
  // and odd in v, or of the neighbours; C rho; Omega of the direction.
  const bool spectral = momenta.angular_operator == AngularOperator::spectral;
  flops += 4.0 * ghosts * c + c + (spectral ? angles + 2.0 : 3.0) * c + (spectral ? 9.0 : 3.0) * c;
  flops += 2.0 * (c - 1.0);
  // The same three products and difference with A_1, and what they are made of: b, v g, three sums.
  return flops + difference + 3.0 * jordan_product + 7.0 * c;
}

/// The best of several measurements, as STREAM reports it: what else the machine does only adds
/// time. How far the median is behind tells how much it did.
class Rate {
 public:
  void add(double rate) { rates_.push_back(rate); }
  double best() const { return *std::max_element(rates_.begin(), rates_.end()); }
  double spread() const {
    std::vector<double> sorted = rates_;
    const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
    std::nth_element(sorted.begin(), middle, sorted.end());
    return 1.0 - *middle / best();
  }

 private:
  std::vector<double> rates_;
};

struct Result {
  Index cells = 0;
  Rate right_hand_side;  ///< nodes per second and core
  Rate stage;            ///< of an RK4 step, nodes per second and core
  Rate triad;            ///< bytes per second and core
  /// Memory of the RK4 run over that of the state; 0 for a state too small to tell.
  double state_vectors = 0.0;
  /// Seconds of computing over seconds of the clock, of the rank with the least: below 1, something
  /// else ran on its core.
  double core_share = 0.0;

  double fraction() const { return right_hand_side.best() * rate_bytes_per_node / triad.best(); }
  double stage_fraction() const { return stage.best() * stage_bytes_per_node / triad.best(); }
};

/// Memory that this process uses now. (PETSc's PetscMemoryGetCurrentUsage gives the largest so
/// far.)
double resident_bytes() {
  malloc_trim(0);  // Open MPI may have told malloc to keep what is freed
  std::ifstream statistics("/proc/self/statm");
  double pages = 0.0, resident_pages = 0.0;
  statistics >> pages >> resident_pages;
  return resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE));
}

phase_space::MomentumGrid momentum_grid(const Momenta& momenta) {
  constexpr double reference = 1000.0, half_width = 40.0;
  if (momenta.geometry == Geometry::spherical)
    return phase_space::MomentumGrid::spherical(reference, half_width, momenta.energies, order,
                                                momenta.angles, momenta.angular_operator);
  return {reference, half_width, momenta.energies, order, {-1.0, 1.0}, {1.0, 1.0}};
}

PetscErrorCode measure(const Case& test, int rounds, MPI_Comm comm, Result* result) {
  PetscFunctionBeginUser;
  int ranks = 1;
  PetscCallMPI(MPI_Comm_size(comm, &ranks));
  const double memory_before = resident_bytes();
  result->cells = cells_of(test, ranks);
  constexpr double spacing = 0.1;
  const phase_space::ZAxis z(spacing * static_cast<double>(result->cells), result->cells, order);
  const phase_space::MomentumGrid momentum = momentum_grid(test.momenta);
  std::vector<double> zeta, occupation;
  for (const double v : momentum.directions()) {
    zeta.push_back(v / static_cast<double>(momentum.angles()));
    occupation.push_back(1.0 / static_cast<double>(momentum.angles()));
  }
  phase_space::Decomposition decomposition;
  PetscCall(decomposition.create(comm, z, momentum, ghosts,
                                 phase_space::choose_process_grid(ranks, z, momentum, ghosts, {})));
  physics::KineticEquation equation({.mode = test.mode}, z, momentum, decomposition);
  phase_space::VecHandle state, rate;
  PetscCall(decomposition.create_state(state));
  PetscCall(decomposition.create_state(rate));
  PetscScalar* memory = nullptr;
  PetscCall(VecGetArray(state, &memory));
  initial::fill(initial::SeededBeams(zeta, occupation,
                                     std::make_unique<initial::FourierSeeds>(
                                         initial::FourierSeeds::Settings{.max_mode = 10},
                                         z.length(), momentum.angles()),
                                     false),
                initial::energy_spectrum(momentum, {.width = 5.0}), z, decomposition.box(), memory);
  PetscCall(VecRestoreArray(state, &memory));
  time::Integrator integrator;
  constexpr double tiny_step = 1e-6;
  PetscCall(integrator.create(decomposition, equation,
                              {.method = time::Method::rk4, .end = 1.0, .step = tiny_step}, state));

  const auto evaluate = [&] { PetscCallAbort(comm, integrator.evaluate(state, rate)); };
  const auto advance = [&] {
    time::StepOutcome outcome{};
    PetscCallAbort(comm, integrator.advance(tiny_step, 1.0, &outcome));
  };
  constexpr std::size_t triad_elements = 16'000'000;
  // One rank waits for nobody, so that what else its core does need not count.
  const Batches one_batch{
      .seconds = 0.1, .count = 1, .clock = ranks == 1 ? processor_seconds : MPI_Wtime};
  const auto nodes = static_cast<double>(result->cells * test.momenta.nodes());
  const double clock_before = MPI_Wtime(), computing_before = processor_seconds();
  for (int round = 0; round < rounds; ++round) {
    result->triad.add(triad_bytes_per_second(comm, triad_elements, one_batch));
    result->right_hand_side.add(nodes / (ranks * seconds_per_call(evaluate, comm, one_batch)));
    result->stage.add(stages * nodes / (ranks * seconds_per_call(advance, comm, one_batch)));
  }
  result->core_share = (processor_seconds() - computing_before) / (MPI_Wtime() - clock_before);
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &result->core_share, 1, MPI_DOUBLE, MPI_MIN, comm));
  double memory_used = resident_bytes() - memory_before;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &memory_used, 1, MPI_DOUBLE, MPI_SUM, comm));
  if (test.place == Place::memory) result->state_vectors = memory_used / (nodes * matrix_bytes);
  PetscFunctionReturn(0);
}

std::string heading(int ranks, int rounds) {
  return fmt::format(
      "{}\n{}\n{} ranks, best of {} rounds\n\n"
      "nodes/s   node right-hand sides per second and core, which move {:g} bytes each at least\n"
      "flops     additions and multiplications of a right-hand side for a node\n"
      "stages/s  the same of the stages of an RK4 step, which move {:g} bytes\n"
      "reals/s   numbers in the state times right-hand sides per second, of all cores\n"
      "vectors   memory of an RK4 run over that of the state\n"
      "spread    how far the median is behind the best: right-hand side, triad\n"
      "core      the part of its core that the benchmark had: several ranks need 100 %; one counts\n"
      "          its own time only\n\n"
      "{:<32}{:>8} {:>6} {:>9} {:>6} {:>7} {:>9} {:>9} {:>8} {:>7} {:>11} {:>6}\n",
      io::version_text(), io::library_text(), ranks, rounds, rate_bytes_per_node,
      stage_bytes_per_node, "case", "nodes/s", "GB/s", "of STREAM", "flops", "Gflop/s", "stages/s",
      "of STREAM", "reals/s", "vectors", "spread", "core");
}

std::string line(const Case& test, int ranks, const Result& result) {
  const double rate = result.right_hand_side.best(), flops = flops_per_node(test);
  return fmt::format(
      "{:<32}{:>8.3g} {:>6.2f} {:>7.1f} % {:>6.0f} {:>7.2f} {:>9.3g} {:>7.1f} % {:>8.3g} {:>7} "
      "{:>4.0f} {:>4.0f} % {:>4.0f} %\n",
      test.name(), rate, 1e-9 * rate * rate_bytes_per_node, 100.0 * result.fraction(), flops,
      1e-9 * rate * flops, result.stage.best(), 100.0 * result.stage_fraction(),
      rate * ranks * flavor::components(2),
      result.state_vectors > 0.0 ? fmt::format("{:.1f}", result.state_vectors) : "-",
      100.0 * result.right_hand_side.spread(), 100.0 * result.triad.spread(),
      100.0 * result.core_share);
}

std::string json(const Case& test, int ranks, const Result& result) {
  const Momenta& momenta = test.momenta;
  const bool beams = momenta.geometry == Geometry::beams;
  std::string record =
      fmt::format(R"(  {{"case": "{}", "mode": "{}", "geometry": "{}", "angular_operator": {})",
                  test.name(), test.mode_name(), beams ? "beams" : "spherical",
                  beams ? "null" : fmt::format(R"("{}")", momenta.name()));
  const double rate = result.right_hand_side.best();
  const std::pair<const char*, double> numbers[] = {
      {"angles", momenta.angles},
      {"energies", momenta.energies},
      {"cells", result.cells},
      {"ranks", ranks},
      {"nodes_per_second_per_core", rate},
      {"nodes_spread", result.right_hand_side.spread()},
      {"bytes_per_node", rate_bytes_per_node},
      {"fraction_of_stream", result.fraction()},
      {"flops_per_node", flops_per_node(test)},
      {"stage_nodes_per_second_per_core", result.stage.best()},
      {"stage_spread", result.stage.spread()},
      {"stage_bytes_per_node", stage_bytes_per_node},
      {"stage_fraction_of_stream", result.stage_fraction()},
      {"reals_per_second", rate * ranks * flavor::components(2)},
      {"memory_in_state_vectors", result.state_vectors},
      {"triad_bytes_per_second_per_core", result.triad.best()},
      {"triad_spread", result.triad.spread()},
      {"core_share", result.core_share},
  };
  for (const auto& [name, value] : numbers) record += fmt::format(R"(, "{}": {:.8g})", name, value);
  return record + "}";
}

PetscErrorCode run(const std::vector<Case>& cases, int rounds, const std::string& json_path,
                   MPI_Comm comm) {
  PetscFunctionBeginUser;
  int rank = 0, ranks = 1;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCallMPI(MPI_Comm_size(comm, &ranks));
  std::string records;
  double triad = 0.0;
  if (rank == 0) fmt::print("{}", heading(ranks, rounds));
  for (const Case& test : cases) {
    Result result;
    PetscCall(measure(test, rounds, comm, &result));
    if (rank == 0) fmt::print("{}", line(test, ranks, result));
    std::fflush(stdout);
    records += (records.empty() ? "" : ",\n") + json(test, ranks, result);
    triad = std::max(triad, result.triad.best());
  }
  if (rank == 0) fmt::print("\nSTREAM triad: {:.2f} GB/s a core at best\n", 1e-9 * triad);
  if (rank == 0 && !json_path.empty()) {
    std::ofstream out(json_path);
    out << "[\n" << records << "\n]\n";
    out.close();
    PetscCheck(out, PETSC_COMM_SELF, PETSC_ERR_FILE_WRITE, "cannot write %s", json_path.c_str());
  }
  PetscFunctionReturn(0);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Speed of nuvlasov beside the memory bandwidth of the machine", "nuvlasov-bench"};
  std::string json_path, filter;
  bool list = false, quick = false;
  app.add_option("--filter", filter, "only cases whose name contains this")->type_name("TEXT");
  app.add_flag("--list", list, "names of the cases");
  app.add_flag("--quick", quick, "fewer rounds");
  app.add_option("--json", json_path, "also write the results to this file")->type_name("FILE");
  CLI11_PARSE(app, argc, argv);
  std::vector<Case> cases = all_cases();
  std::erase_if(cases,
                [&](const Case& test) { return test.name().find(filter) == std::string::npos; });
  if (cases.empty()) {
    fmt::print(stderr, "nuvlasov-bench: --filter {}: no such case; --list names them\n", filter);
    return exit_bad_input;
  }
  if (list) {
    for (const Case& test : cases) fmt::print("{}\n", test.name());
    return exit_done;
  }
  constexpr int all_rounds = 7, quick_rounds = 3;
  int petsc_argc = 1;
  phase_space::align_petsc_memory();
  if (PetscInitialize(&petsc_argc, &argv, nullptr, nullptr) != 0) return exit_internal_error;
  const PetscErrorCode failed =
      run(cases, quick ? quick_rounds : all_rounds, json_path, PETSC_COMM_WORLD);
  return PetscFinalize() == 0 && failed == 0 ? exit_done : exit_internal_error;
}
