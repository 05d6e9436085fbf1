/// \file
/// How fast the right-hand side and a time step are, beside what the memory of the machine allows
/// in the same run.

#include <fmt/format.h>
#include <malloc.h>
#include <petscsys.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "nuvlasov/initial/beams.hpp"
#include "nuvlasov/initial/energy_spectrum.hpp"
#include "nuvlasov/io/provenance.hpp"
#include "nuvlasov/time/integrator.hpp"

namespace {

using namespace nuvlasov;

/// Least bytes a right-hand side moves for a node: read rho, write its rate with write-allocate.
constexpr double least_bytes_per_node = 3.0 * flavor::components * sizeof(double);
/// The same count for an element of STREAM's triad: two reads, one write with write-allocate.
constexpr double triad_bytes_per_element = 4.0 * sizeof(double);

/// States whose memory stands out from that of the libraries.
constexpr double measurable_state_bytes = 5e7;

struct Case {
  physics::Mode mode;
  phase_space::Geometry geometry;
  Index cells, energies, angles;
};

struct Result {
  double right_hand_side, step;  ///< node right-hand sides per second and core
  double triad;                  ///< bytes per second and core
  /// Memory of the RK4 run over that of the state; 0 for a state too small to tell.
  double state_vectors;
};

/// Seconds of one call of `work`: the median of several batches, each long enough to time.
double seconds_per_call(const std::function<void()>& work, MPI_Comm comm) {
  constexpr double batch_seconds = 0.15;
  constexpr int batches = 7;
  const auto batch = [&](long calls) {
    MPI_Barrier(comm);
    double seconds = -MPI_Wtime();
    for (long n = 0; n < calls; ++n) work();
    seconds += MPI_Wtime();
    MPI_Allreduce(MPI_IN_PLACE, &seconds, 1, MPI_DOUBLE, MPI_MAX, comm);
    return seconds / static_cast<double>(calls);
  };
  const long calls = std::max(1L, static_cast<long>(batch_seconds / batch(1)));
  std::array<double, batches> times{};
  for (double& time : times) time = batch(calls);
  std::nth_element(times.begin(), times.begin() + batches / 2, times.end());
  return times[batches / 2];
}

/// STREAM's triad a = b + s c by all ranks at once, on arrays far larger than the caches.
double triad_bytes_per_second(MPI_Comm comm) {
  constexpr std::size_t elements = 16'000'000;
  static std::vector<double> a(elements, 1.0), b(elements, 2.0), c(elements, 3.0);
  const double seconds = seconds_per_call(
      [] {
        for (std::size_t n = 0; n < elements; ++n) a[n] = b[n] + 3.0 * c[n];
        asm volatile("" : : "r"(a.data()) : "memory");
      },
      comm);
  return static_cast<double>(elements) * triad_bytes_per_element / seconds;
}

/// Memory of this process now. (PETSc's PetscMemoryGetCurrentUsage gives the largest so far.)
double resident_bytes() {
  std::ifstream statistics("/proc/self/statm");
  double pages = 0.0, resident_pages = 0.0;
  statistics >> pages >> resident_pages;
  return resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE));
}

phase_space::MomentumGrid momentum_grid(const Case& test) {
  constexpr double reference = 1000.0, half_width = 40.0;
  constexpr int order = 6;
  if (test.geometry == phase_space::Geometry::spherical)
    return phase_space::MomentumGrid::spherical(reference, half_width, test.energies, order,
                                                test.angles,
                                                phase_space::AngularOperator::spectral);
  std::vector<double> directions;
  for (Index k = 0; k < test.angles; ++k)
    directions.push_back(2.0 * static_cast<double>(k) / static_cast<double>(test.angles - 1) - 1.0);
  return {reference, half_width, test.energies,
          order,     directions, std::vector<double>(directions.size(), 1.0)};
}

PetscErrorCode measure(const Case& test, MPI_Comm comm, Result* result) {
  PetscFunctionBeginUser;
  int ranks = 1;
  PetscCallMPI(MPI_Comm_size(comm, &ranks));
  malloc_trim(0);  // the memory of the case before goes back to the system
  const double memory_before = resident_bytes();
  const phase_space::ZAxis z(0.1 * static_cast<double>(test.cells), test.cells, 6);
  const phase_space::MomentumGrid momentum = momentum_grid(test);
  std::vector<double> zeta, occupation;
  for (const double v : momentum.directions()) {
    zeta.push_back(v / static_cast<double>(test.angles));
    occupation.push_back(1.0 / static_cast<double>(test.angles));
  }
  constexpr int ghosts = 3;
  phase_space::Decomposition decomposition;
  PetscCall(decomposition.create(comm, z, momentum, ghosts,
                                 phase_space::choose_process_grid(ranks, z, momentum, ghosts, {})));
  physics::KineticEquation equation({.mode = test.mode}, z, momentum, decomposition);
  phase_space::VecHandle state, rate;
  PetscCall(decomposition.create_state(state));
  PetscCall(decomposition.create_state(rate));
  PetscScalar* memory = nullptr;
  PetscCall(VecGetArray(state, &memory));
  initial::fill(initial::SeededBeams(
                    zeta, occupation,
                    std::make_unique<initial::FourierSeeds>(
                        initial::FourierSeeds::Settings{.max_mode = 10}, z.length(), test.angles),
                    false),
                initial::energy_spectrum(momentum, {.width = 5.0}), z, decomposition.box(), memory);
  PetscCall(VecRestoreArray(state, &memory));

  time::Integrator integrator;
  constexpr double tiny_step = 1e-6;
  PetscCall(integrator.create(decomposition, equation,
                              {.method = time::Method::rk4, .end = 1.0, .step = tiny_step}, state));
  const auto nodes = static_cast<double>(test.cells * test.energies * test.angles);
  const double triad_before = triad_bytes_per_second(comm);
  const double evaluation =
      seconds_per_call([&] { PetscCallAbort(comm, integrator.evaluate(state, rate)); }, comm);
  const double step = seconds_per_call(
      [&] {
        time::StepOutcome outcome{};
        PetscCallAbort(comm, integrator.advance(tiny_step, 1.0, &outcome));
      },
      comm);
  const double triad_after = triad_bytes_per_second(comm);
  double memory_used = resident_bytes() - memory_before;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &memory_used, 1, MPI_DOUBLE, MPI_SUM, comm));
  const double state_bytes = nodes * flavor::components * sizeof(double);
  result->state_vectors = state_bytes > measurable_state_bytes ? memory_used / state_bytes : 0.0;
  result->right_hand_side = nodes / (evaluation * ranks);
  result->step = 4.0 * nodes / (step * ranks);
  result->triad = 0.5 * (triad_before + triad_after);
  PetscFunctionReturn(0);
}

PetscErrorCode run(const std::string& json_path, MPI_Comm comm) {
  PetscFunctionBeginUser;
  constexpr auto beams = phase_space::Geometry::beams;
  constexpr auto spherical = phase_space::Geometry::spherical;
  const std::vector<Case> cases{
      {physics::Mode::standard, beams, 4000, 1, 2},
      {physics::Mode::standard, beams, 1000000, 1, 2},
      {physics::Mode::standard, beams, 20000, 100, 2},
      {physics::Mode::full, beams, 100, 100, 2},
      {physics::Mode::full, beams, 1000, 100, 2},
      {physics::Mode::full, beams, 20000, 100, 2},
      {physics::Mode::full, beams, 2000, 64, 32},
      {physics::Mode::standard, spherical, 2000, 64, 32},
      {physics::Mode::full, spherical, 2000, 64, 32},
  };
  int rank = 0;
  int ranks = 1;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCallMPI(MPI_Comm_size(comm, &ranks));
  std::string json;
  if (rank == 0)
    fmt::print(
        "{}\n{}\n{} ranks; node right-hand sides per second and core; fraction of the STREAM "
        "triad at {:g} bytes/node\n\n"
        "mode     geometry   cells x energies x angles  right-hand side  of STREAM  "
        "RK4 step per stage  memory/state  triad GB/s/core\n",
        io::version_text(), io::library_text(), ranks, least_bytes_per_node);
  for (const Case& test : cases) {
    Result result{};
    PetscCall(measure(test, comm, &result));
    const char* mode = test.mode == physics::Mode::full ? "full" : "standard";
    const char* geometry = test.geometry == spherical ? "spherical" : "beams";
    const double fraction = result.right_hand_side * least_bytes_per_node / result.triad;
    if (rank == 0) {
      fmt::print(
          "{:<8} {:<9} {:>8} x {:>3} x {:>3} {:>20.3g} {:>9.1f} % {:>19.3g} {:>13} {:>16.2f}\n",
          mode, geometry, test.cells, test.energies, test.angles, result.right_hand_side,
          100.0 * fraction, result.step,
          result.state_vectors > 0.0 ? fmt::format("{:.1f}", result.state_vectors) : "-",
          result.triad * 1e-9);
      std::fflush(stdout);
    }
    json += fmt::format(
        "{}  {{\"case\": \"{}x{}x{}\", \"mode\": \"{}\", \"geometry\": \"{}\", \"angles\": {}, "
        "\"energies\": {}, \"ranks\": {}, \"nodes_per_second_per_core\": {:.6g}, "
        "\"step_nodes_per_second_per_core\": {:.6g}, \"bytes_per_node\": {:g}, "
        "\"memory_in_state_vectors\": {:.4g}, "
        "\"triad_bytes_per_second_per_core\": {:.6g}, \"fraction_of_stream\": {:.6g}}}",
        json.empty() ? "" : ",\n", test.cells, test.energies, test.angles, mode, geometry,
        test.angles, test.energies, ranks, result.right_hand_side, result.step,
        least_bytes_per_node, result.state_vectors, result.triad, fraction);
  }
  if (rank == 0 && !json_path.empty()) {
    std::ofstream out(json_path);
    out << "[\n" << json << "\n]\n";
    out.close();
    if (!out) fmt::print(stderr, "nuvlasov-bench: cannot write {}\n", json_path);
  }
  PetscFunctionReturn(0);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Speed of nuvlasov beside the memory bandwidth of the machine", "nuvlasov-bench"};
  std::string json_path;
  app.add_option("--json", json_path, "also write the results to this file");
  CLI11_PARSE(app, argc, argv);
  int petsc_argc = 1;
  if (PetscInitialize(&petsc_argc, &argv, nullptr, nullptr) != 0) return 1;
  const PetscErrorCode failed = run(json_path, PETSC_COMM_WORLD);
  return PetscFinalize() == 0 && failed == 0 ? 0 : 1;
}
