#include "initial_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <utility>

#include "nuvlasov/initial/angular_spectrum.hpp"
#include "nuvlasov/initial/energy_spectrum.hpp"
#include "nuvlasov/io/collective.hpp"
#include "nuvlasov/io/fields.hpp"

namespace nuvlasov {
namespace {

/// Rounding that an occupation of exactly 1 with seeds may bring.
constexpr double occupation_tolerance = 1e-3;

/// Calls work(); what it finds wrong is the fault of `key`.
template <class Work>
auto blaming(const config::Configuration& configuration, const std::string& key, Work&& work) {
  try {
    return work();
  } catch (const std::invalid_argument& error) {
    configuration.fail(key, error.what());
  } catch (const InputError& error) {
    configuration.fail(key, error.what());
  }
}

initial::Table read_table(const config::Configuration& configuration, const std::string& key,
                          const std::string& path, const initial::Table::Axis& axis,
                          MPI_Comm comm) {
  return blaming(configuration, key,
                 [&] { return initial::Table(io::read_text(path, comm), path, axis); });
}

initial::SpectrumShape spectrum_shape_of(const std::string& name) {
  if (name == "cosine") return initial::SpectrumShape::cosine;
  if (name == "fermi_dirac") return initial::SpectrumShape::fermi_dirac;
  if (name == "table") return initial::SpectrumShape::table;
  return initial::SpectrumShape::gaussian;
}

std::vector<double> make_energy_spectrum(const config::Configuration& configuration,
                                         const phase_space::MomentumGrid& grid, MPI_Comm comm) {
  const auto& input = configuration.input();
  const auto& choice = input.initial.energy_spectrum;
  const std::string section = "initial.energy_spectrum.";
  initial::EnergySpectrum spectrum{.shape = spectrum_shape_of(choice.shape),
                                   .width = choice.width,
                                   .center = choice.center,
                                   .temperature = choice.temperature,
                                   .chemical_potential = choice.chemical_potential};
  std::string key = section + "width";
  if (spectrum.shape == initial::SpectrumShape::fermi_dirac) key = section + "temperature";
  if (spectrum.shape == initial::SpectrumShape::table) {
    key = section + "path";
    spectrum.table = read_table(configuration, key, choice.path, initial::Table::energies(), comm);
  }
  std::vector<double> values =
      blaming(configuration, key, [&] { return initial::energy_spectrum(grid, spectrum); });
  const double edge = initial::edge_share(grid, values);
  if (input.equation.mode == "full" && edge > input.diagnostics.edge_limit)
    configuration.fail(
        "grid.momentum.energy.half_width",
        fmt::format("the energy window touches the spectrum: {:.1e} of the neutrinos are in an "
                    "outermost cell, more than diagnostics.edge_limit = {:.1e}; widen the window "
                    "or narrow the spectrum",
                    edge, input.diagnostics.edge_limit));
  return values;
}

initial::AngularShape angular_shape_of(const std::string& name) {
  if (name == "gaussian") return initial::AngularShape::gaussian;
  if (name == "exponential") return initial::AngularShape::exponential;
  if (name == "linear") return initial::AngularShape::linear;
  if (name == "table") return initial::AngularShape::table;
  return initial::AngularShape::isotropic;
}

std::vector<double> flavor_over_directions(const config::Configuration& configuration,
                                           const std::string& section,
                                           const config::Input::AngularSpectrum& choice,
                                           const phase_space::MomentumGrid& grid, MPI_Comm comm) {
  initial::AngularSpectrum spectrum{.number = choice.number,
                                    .shape = angular_shape_of(choice.shape),
                                    .center = choice.center,
                                    .width = choice.width,
                                    .flux_factor = choice.flux_factor};
  std::string key = section + ".shape";
  if (spectrum.shape == initial::AngularShape::table) {
    key = section + ".path";
    spectrum.table =
        read_table(configuration, key, choice.path, initial::Table::directions(), comm);
  }
  return blaming(configuration, key, [&] { return initial::angular_spectrum(grid, spectrum); });
}

/// P0 and P^z of each direction, integrated over energy.
struct DirectionOccupation {
  std::vector<double> p0, pz;
};

DirectionOccupation make_occupation(const config::Configuration& configuration,
                                    const phase_space::MomentumGrid& grid, MPI_Comm comm) {
  const auto& initial = configuration.input().initial;
  DirectionOccupation occupation;
  if (initial.type == "spectrum") {
    const auto nu_e =
        flavor_over_directions(configuration, "initial.nu_e", initial.nu_e, grid, comm);
    const auto nu_x =
        flavor_over_directions(configuration, "initial.nu_x", initial.nu_x, grid, comm);
    for (std::size_t k = 0; k < nu_e.size(); ++k) {
      occupation.p0.push_back(nu_e[k] + nu_x[k]);
      occupation.pz.push_back(nu_e[k] - nu_x[k]);
    }
    return occupation;
  }
  occupation.pz = initial.zeta;
  if (initial.occupation)
    occupation.p0 = *initial.occupation;
  else
    for (const double zeta : initial.zeta) occupation.p0.push_back(std::abs(zeta));
  return occupation;
}

/// \throws InputError when initial.seeds.pure would change more than the seeds
void check_purity(const config::Configuration& configuration,
                  const DirectionOccupation& occupation) {
  for (std::size_t k = 0; k < occupation.p0.size(); ++k)
    if (std::abs(occupation.pz[k]) < occupation.p0[k])
      configuration.fail(
          "initial.seeds.pure",
          fmt::format("direction {} holds both flavors, P0 = {:g} and P^z = {:g}, and no pure "
                      "state is near it; leave this out: such seeds keep |P| below P0 anyway",
                      k + 1, occupation.p0[k], occupation.pz[k]));
}

std::unique_ptr<const initial::Seeds> make_seeds(const config::Input::Initial::Seeds& choice,
                                                 double box_length,
                                                 const DirectionOccupation& occupation) {
  if (choice.type == "fourier")
    return std::make_unique<initial::FourierSeeds>(
        initial::FourierSeeds::Settings{
            .sigma = choice.sigma,
            .max_mode = choice.max_mode,
            .random_seed = static_cast<std::uint64_t>(choice.random_seed)},
        box_length, static_cast<Index>(occupation.pz.size()));
  if (choice.type == "points")
    return std::make_unique<initial::PointSeeds>(
        initial::PointSeeds::Settings{
            .sigma = choice.sigma, .positions = choice.positions, .width = choice.width},
        box_length, occupation.pz);
  return nullptr;
}

std::unique_ptr<initial::Beams> make_beams(const config::Configuration& configuration,
                                           const phase_space::ZAxis& z,
                                           const phase_space::MomentumGrid& grid, MPI_Comm comm) {
  const auto& initial = configuration.input().initial;
  const DirectionOccupation occupation = make_occupation(configuration, grid, comm);
  if (initial.type == "eigenmode")
    return std::make_unique<initial::Eigenmode>(grid, occupation.pz, occupation.p0, z.length(),
                                                initial.mode_number, initial.amplitude);
  if (initial.seeds.pure) check_purity(configuration, occupation);
  return std::make_unique<initial::SeededBeams>(occupation.pz, occupation.p0,
                                                make_seeds(initial.seeds, z.length(), occupation),
                                                initial.seeds.pure);
}

}  // namespace

InitialState make_initial_state(const config::Configuration& configuration,
                                const phase_space::ZAxis& z,
                                const phase_space::MomentumGrid& momentum, MPI_Comm comm) {
  const auto& choice = configuration.input().initial;
  if (choice.type == "file") {
    blaming(configuration, "initial.path", [&] {
      io::on_first_rank(comm, [&] { io::check_density_matrix(choice.path, z, momentum); });
    });
    return {};
  }
  return {.spectrum = make_energy_spectrum(configuration, momentum, comm),
          .beams = make_beams(configuration, z, momentum, comm)};
}

void OccupationRange::include(const double* nodes, Index count) {
  for (Index n = 0; n < count; ++n) {
    const double* node = nodes + n * flavor::components;
    const flavor::Matrix rho = flavor::load(node);
    const auto [lower, upper] = flavor::eigenvalues(rho);
    smallest = std::min(smallest, lower);
    largest = std::max(largest, upper);
    largest_trace = std::max(largest_trace, flavor::trace(rho));
    finite = finite && std::all_of(node, node + flavor::components,
                                   [](double value) { return std::isfinite(value); });
  }
}

PetscErrorCode OccupationRange::reduce(MPI_Comm comm) {
  PetscFunctionBeginUser;
  double extremes[] = {-smallest, largest, largest_trace, finite ? 0.0 : 1.0};
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, extremes, 4, MPI_DOUBLE, MPI_MAX, comm));
  smallest = -extremes[0];
  largest = extremes[1];
  largest_trace = extremes[2];
  finite = extremes[3] == 0.0;
  PetscFunctionReturn(0);
}

void check_occupation(const config::Configuration& configuration, const OccupationRange& range) {
  const auto& input = configuration.input();
  const auto& initial = input.initial;
  const char* key = initial.type == "file"       ? "initial.path"
                    : initial.type == "spectrum" ? "initial.nu_e.number"
                    : initial.occupation         ? "initial.occupation"
                                                 : "initial.zeta";
  if (!range.finite) configuration.fail(key, "the initial state holds values that are not finite");
  if (!(range.largest_trace > 0.0)) configuration.fail(key, "the initial state holds no neutrinos");
  if (range.largest > 1.0 + occupation_tolerance)
    configuration.fail(
        key,
        fmt::format("the largest occupation number of the initial state is {:.4g}, but it "
                    "cannot exceed 1; widen the energy spectrum (the window when it is a single "
                    "cell), lower the density, or, with beams, raise grid.momentum.weights, which "
                    "count the states of a direction, and lower zeta by as much",
                    range.largest));
  const double negative = -range.smallest / range.largest;
  if (initial.type != "file" && negative > input.diagnostics.negativity_limit)
    configuration.fail(
        initial.type == "eigenmode" ? "initial.amplitude" : "initial.seeds.sigma",
        fmt::format("|P| exceeds P0: an eigenvalue of the initial rho is negative by {:.1e} of the "
                    "largest occupation, more than diagnostics.negativity_limit = {:g}; lower the "
                    "seeds, or let beams of one flavor be initial.seeds.pure",
                    negative, input.diagnostics.negativity_limit));
}

PetscErrorCode check_initial_state(const config::Configuration& configuration,
                                   const phase_space::ZAxis& z,
                                   const phase_space::MomentumGrid& momentum,
                                   const InitialState& initial, MPI_Comm comm) {
  PetscFunctionBeginUser;
  OccupationRange range;
  if (initial.beams) {
    int rank = 0;
    int ranks = 1;
    PetscCallMPI(MPI_Comm_rank(comm, &rank));
    PetscCallMPI(MPI_Comm_size(comm, &ranks));
    const auto peak = std::max_element(initial.spectrum.begin(), initial.spectrum.end());
    phase_space::Box plane{.z = {0, 1},
                           .energy = {peak - initial.spectrum.begin(), 1},
                           .angle = {0, momentum.angles()}};
    std::vector<double> nodes(static_cast<std::size_t>(plane.plane()));
    for (plane.z.begin = rank; plane.z.begin < z.cells(); plane.z.begin += ranks) {
      initial::fill(*initial.beams, initial.spectrum, z, plane, nodes.data());
      range.include(nodes.data(), plane.nodes());
    }
  } else {
    io::on_first_rank(comm, [&] {
      io::visit_density_matrix(
          configuration.input().initial.path, z, momentum, [&](const std::vector<double>& nodes) {
            range.include(nodes.data(), static_cast<Index>(nodes.size()) / flavor::components);
          });
    });
  }
  PetscCall(range.reduce(comm));
  check_occupation(configuration, range);
  PetscFunctionReturn(0);
}

}  // namespace nuvlasov
