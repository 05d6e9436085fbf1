#include "initial_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <stdexcept>
#include <utility>

#include "nuvlasov/initial/angular_spectrum.hpp"
#include "nuvlasov/initial/eigenmodes.hpp"
#include "nuvlasov/initial/energy_spectrum.hpp"
#include "nuvlasov/io/collective.hpp"
#include "nuvlasov/io/fields.hpp"
#include "nuvlasov/mpi_counts.hpp"

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

}  // namespace

initial::Table read_table(const config::Configuration& configuration, const std::string& key,
                          const std::string& path, const initial::Table::Axis& axis,
                          MPI_Comm comm) {
  return blaming(configuration, key,
                 [&] { return initial::Table(io::read_text(path, comm), path, axis); });
}

namespace {

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
                                           const phase_space::MomentumGrid& grid, double sign,
                                           MPI_Comm comm) {
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
  return blaming(configuration, key,
                 [&] { return initial::angular_spectrum(grid, spectrum, sign); });
}

/// Whether flavors over direction make the background, or zeta and occupation.
bool has_angular_spectra(const config::Input& input) {
  return input.initial.type == "spectrum" ||
         (input.initial.type == "eigenmode" && input.grid.momentum.geometry == "spherical");
}

/// What the first rank finds, on all of them: the modes decide on errors that all must share.
std::vector<stability::BoxMode> on_all_ranks(
    MPI_Comm comm, const std::function<std::vector<stability::BoxMode>()>& find) {
  std::vector<stability::BoxMode> modes;
  io::on_first_rank(comm, [&] { modes = find(); });
  auto count = static_cast<Index>(modes.size());
  MPI_Bcast(&count, 1, MPI_INT64_T, 0, comm);
  modes.resize(static_cast<std::size_t>(count));
  in_pieces(count * static_cast<Index>(sizeof(stability::BoxMode)), [&](Index first, int bytes) {
    MPI_Bcast(reinterpret_cast<char*>(modes.data()) + first, bytes, MPI_BYTE, 0, comm);
  });
  return modes;
}

/// Which mode of the box one could take instead.
std::string fastest_box_mode(const stability::LinearStability& stability,
                             const phase_space::ZAxis& z) {
  const auto modes = stability::growing_box_modes(
      stability, stability::interval_of_growth(stability), z.length(), highest_box_mode(z));
  if (modes.empty())
    return "no mode of this box does; `nuvlasov dispersion` says for which length one would";
  const auto fastest = std::max_element(
      modes.begin(), modes.end(),
      [](const auto& a, const auto& b) { return a.omega.imag() < b.omega.imag(); });
  return fmt::format("the fastest-growing is {}, with rate {:.4g}", fastest->number,
                     fastest->omega.imag());
}

std::vector<stability::BoxMode> chosen_mode(const config::Configuration& configuration,
                                            const stability::LinearStability& stability,
                                            const phase_space::ZAxis& z) {
  const Index n = configuration.input().initial.mode_number;
  const double k = stability::box_wave_number(n, z.length());
  const auto omega = stability.fastest(k);
  if (!omega)
    configuration.fail("initial.mode_number",
                       fmt::format("mode {} does not grow; {}", n, fastest_box_mode(stability, z)));
  return {{n, k, *omega}};
}

std::vector<stability::BoxMode> seeded_modes(const config::Configuration& configuration,
                                             const stability::LinearStability& stability,
                                             const phase_space::ZAxis& z) {
  const Index largest = configuration.input().initial.seeds.max_mode;
  auto modes =
      stability::growing_box_modes(stability, stability::all_wave_numbers, z.length(), largest);
  if (modes.empty())
    configuration.fail("initial.seeds.type", fmt::format("no mode up to max_mode = {} grows; {}",
                                                         largest, fastest_box_mode(stability, z)));
  return modes;
}

/// \throws InputError when initial.seeds.pure would change more than the seeds
void check_purity(const config::Configuration& configuration, const Background& background) {
  for (std::size_t k = 0; k < background.p0.size(); ++k)
    if (std::abs(background.pz[k]) < background.p0[k])
      configuration.fail(
          "initial.seeds.pure",
          fmt::format("direction {} holds both flavors, P0 = {:g} and P^z = {:g}, and no pure "
                      "state is near it; leave this out: such seeds keep |P| below P0 anyway",
                      k + 1, background.p0[k], background.pz[k]));
}

std::unique_ptr<const initial::Seeds> make_seeds(const config::Configuration& configuration,
                                                 const phase_space::ZAxis& z,
                                                 const phase_space::MomentumGrid& grid,
                                                 const Background& background, MPI_Comm comm) {
  const auto& initial = configuration.input().initial;
  const auto& choice = initial.seeds;
  const initial::FourierSeeds::Settings fourier{
      .sigma = choice.sigma,
      .max_mode = choice.max_mode,
      .random_seed = static_cast<std::uint64_t>(choice.random_seed)};
  if (initial.type == "eigenmode") {
    const auto stability = make_stability(configuration, grid, background.pz);
    const auto modes = on_all_ranks(comm, [&] { return chosen_mode(configuration, stability, z); });
    return std::make_unique<initial::PlaneWaves>(
        std::vector{initial::eigenmode(stability, modes.front(), initial.amplitude)});
  }
  if (choice.type == "eigenmode") {
    const auto stability = make_stability(configuration, grid, background.pz);
    const auto modes =
        on_all_ranks(comm, [&] { return seeded_modes(configuration, stability, z); });
    return std::make_unique<initial::PlaneWaves>(
        initial::random_eigenmodes(stability, modes, fourier));
  }
  if (choice.type == "fourier")
    return std::make_unique<initial::FourierSeeds>(fourier, z.length(), grid.angles());
  if (choice.type == "points")
    return std::make_unique<initial::PointSeeds>(
        initial::PointSeeds::Settings{
            .sigma = choice.sigma, .positions = choice.positions, .width = choice.width},
        z.periodic() ? std::optional(z.length()) : std::nullopt, background.pz);
  return nullptr;
}

/// With the profile along z that the configuration asks for.
std::unique_ptr<initial::Beams> profiled(const config::Configuration& configuration,
                                         std::unique_ptr<initial::Beams> beams) {
  const auto& profile = configuration.input().initial.z_profile;
  if (profile.shape == "uniform") return beams;
  return std::make_unique<initial::GaussianPulse>(std::move(beams), profile.center, profile.width);
}

std::unique_ptr<initial::Beams> make_beams(const config::Configuration& configuration,
                                           const phase_space::ZAxis& z,
                                           const phase_space::MomentumGrid& grid, MPI_Comm comm) {
  const auto& initial = configuration.input().initial;
  const Background background = make_background(configuration, grid, comm);
  const bool pure = initial.type != "eigenmode" && initial.seeds.pure;
  if (pure) check_purity(configuration, background);
  return profiled(configuration, std::make_unique<initial::SeededBeams>(
                                     background.pz, background.p0,
                                     make_seeds(configuration, z, grid, background, comm), pure));
}

}  // namespace

Background make_background(const config::Configuration& configuration,
                           const phase_space::MomentumGrid& grid, MPI_Comm comm) {
  const auto& initial = configuration.input().initial;
  Background background;
  if (has_angular_spectra(configuration.input())) {
    background.p0.assign(grid.directions().size(), 0.0);
    background.pz = background.p0;
    const auto add = [&](const std::string& name, const config::Input::AngularSpectrum& choice,
                         double species, double pz) {
      const auto flavor =
          flavor_over_directions(configuration, "initial." + name, choice, grid, species, comm);
      for (std::size_t k = 0; k < flavor.size(); ++k) {
        background.p0[k] += flavor[k];
        background.pz[k] += pz * flavor[k];
      }
    };
    add("nu_e", initial.nu_e, phase_space::neutrino, 1.0);
    add("nu_x", initial.nu_x, phase_space::neutrino, -1.0);
    if (grid.has_antineutrinos()) {
      add("antinu_e", initial.antinu_e, phase_space::antineutrino, 1.0);
      add("antinu_x", initial.antinu_x, phase_space::antineutrino, -1.0);
    }
    return background;
  }
  background.pz = initial.zeta;
  if (initial.occupation)
    background.p0 = *initial.occupation;
  else
    for (const double zeta : initial.zeta) background.p0.push_back(std::abs(zeta));
  return background;
}

physics::InflowState make_inflow(const config::Configuration& configuration,
                                 const phase_space::ZAxis& z,
                                 const phase_space::MomentumGrid& momentum, MPI_Comm comm) {
  if (z.periodic() || configuration.input().grid.z.inflow == "vacuum") return {};
  const Background background = make_background(configuration, momentum, comm);
  const auto beams = profiled(configuration, std::make_unique<initial::SeededBeams>(
                                                 background.pz, background.p0, nullptr, false));
  return {.spectrum = make_energy_spectrum(configuration, momentum, comm),
          .beams = initial::entering(*beams, z, momentum.directions())};
}

stability::LinearStability make_stability(const config::Configuration& configuration,
                                          const phase_space::MomentumGrid& grid,
                                          std::vector<double> polarization) {
  return blaming(configuration, "initial.type",
                 [&] { return stability::LinearStability(grid, std::move(polarization)); });
}

Index highest_box_mode(const phase_space::ZAxis& z) { return (z.cells() - 1) / 2; }

void check_initial_file(const config::Configuration& configuration, const phase_space::ZAxis& z,
                        const phase_space::MomentumGrid& grid, MPI_Comm comm) {
  const std::string& path = configuration.input().initial.path;
  blaming(configuration, "initial.path",
          [&] { io::on_first_rank(comm, [&] { io::check_density_matrix(path, z, grid); }); });
}

InitialState make_initial_state(const config::Configuration& configuration,
                                const phase_space::ZAxis& z,
                                const phase_space::MomentumGrid& momentum, MPI_Comm comm) {
  const auto& choice = configuration.input().initial;
  if (choice.type == "file") {
    check_initial_file(configuration, z, momentum, comm);
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
                    : has_angular_spectra(input) ? "initial.nu_e.number"
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
