#include "initial_state.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>

#include "nuvlasov/flavor/eigensystem.hpp"
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

/// The mode initial.mode_number, if it grows.
std::vector<stability::BoxMode> chosen_mode(const config::Configuration& configuration,
                                            const stability::LinearStability& stability,
                                            const phase_space::ZAxis& z) {
  const Index n = configuration.input().initial.mode_number;
  const double k = stability::box_wave_number(n, z.length());
  const auto omega = stability.fastest(k);
  if (!omega) return {};
  return {{n, k, *omega}};
}

[[noreturn]] void fail_for_no_mode(const config::Configuration& configuration,
                                   const stability::LinearStability& stability,
                                   const phase_space::ZAxis& z) {
  const auto& initial = configuration.input().initial;
  const std::string instead = fastest_box_mode(stability, z);
  if (initial.type == "eigenmode")
    configuration.fail("initial.mode_number",
                       fmt::format("mode {} does not grow; {}", initial.mode_number, instead));
  configuration.fail("initial.seeds.type", fmt::format("no mode up to max_mode = {} grows; {}",
                                                       initial.seeds.max_mode, instead));
}

/// \throws InputError when initial.seeds.pure would change more than the seeds
void check_purity(const config::Configuration& configuration,
                  const initial::Background& background) {
  for (std::size_t k = 0; k < background.beams.size(); ++k) {
    std::vector<std::string> held;
    flavor::with_flavors(background.flavors, [&](auto flavors) {
      const auto n = flavor::occupations(flavor::load<flavors>(background.beams[k].data()));
      const auto names = flavor::flavor_names(flavors);
      for (std::size_t a = 0; a < n.size(); ++a)
        if (n[a] > 0.0) held.push_back(fmt::format("{} {:g}", names[a], n[a]));
    });
    if (held.size() > 1)
      configuration.fail(
          "initial.seeds.pure",
          fmt::format("direction {} holds several flavors, {}, and no pure state is near it; leave "
                      "this out: such seeds keep |P| below P0 anyway",
                      k + 1, fmt::join(held, ", ")));
  }
}

/// Between two flavors; null where none are asked for, or where eigenmodes are and none grows.
std::unique_ptr<const initial::Seeds> make_seeds(const config::Configuration& configuration,
                                                 const phase_space::ZAxis& z,
                                                 const phase_space::MomentumGrid& grid,
                                                 const initial::Background& background,
                                                 flavor::FlavorPair pair, MPI_Comm comm) {
  const auto& initial = configuration.input().initial;
  const auto& choice = initial.seeds;
  // More than any box has modes or directions.
  constexpr std::uint32_t streams_of_a_pair = 1U << 24U;
  const auto number = static_cast<std::uint32_t>(pair.first + pair.second - 1);
  const initial::FourierSeeds::Settings fourier{
      .sigma = choice.sigma,
      .max_mode = choice.max_mode,
      .random_seed = static_cast<std::uint64_t>(choice.random_seed),
      .first_stream = number * streams_of_a_pair};
  const std::vector<double> polarization = background.difference(pair);
  if (initial.type == "eigenmode" || choice.type == "eigenmode") {
    const auto stability = make_stability(configuration, grid, polarization);
    const auto modes = on_all_ranks(comm, [&] {
      auto growing = initial.type == "eigenmode"
                         ? chosen_mode(configuration, stability, z)
                         : stability::growing_box_modes(stability, stability::all_wave_numbers,
                                                        z.length(), choice.max_mode);
      if (growing.empty() && chosen_pairs(configuration.input()).size() == 1)
        fail_for_no_mode(configuration, stability, z);
      return growing;
    });
    if (modes.empty()) return nullptr;
    if (initial.type == "eigenmode")
      return std::make_unique<initial::PlaneWaves>(
          std::vector{initial::eigenmode(stability, modes.front(), initial.amplitude)});
    return std::make_unique<initial::PlaneWaves>(
        initial::random_eigenmodes(stability, modes, fourier));
  }
  if (choice.type == "fourier")
    return std::make_unique<initial::FourierSeeds>(fourier, z.length(), grid.angles());
  if (choice.type == "points")
    return std::make_unique<initial::PointSeeds>(
        initial::PointSeeds::Settings{
            .sigma = choice.sigma, .positions = choice.positions, .width = choice.width},
        z.periodic() ? std::optional(z.length()) : std::nullopt, polarization);
  return nullptr;
}

std::vector<initial::PairSeeds> make_all_seeds(const config::Configuration& configuration,
                                               const phase_space::ZAxis& z,
                                               const phase_space::MomentumGrid& grid,
                                               const initial::Background& background,
                                               MPI_Comm comm) {
  const auto& initial = configuration.input().initial;
  std::vector<initial::PairSeeds> all;
  for (const flavor::FlavorPair pair : chosen_pairs(configuration.input())) {
    auto seeds = make_seeds(configuration, z, grid, background, pair, comm);
    if (seeds) all.push_back({pair, std::move(seeds)});
  }
  if (all.empty() && (initial.type == "eigenmode" || initial.seeds.type == "eigenmode"))
    configuration.fail(
        "initial.pairs",
        "no such mode grows between any of these flavors; `nuvlasov dispersion` says "
        "which do");
  return all;
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
  const initial::Background background = make_background(configuration, grid, comm);
  const bool pure = initial.type != "eigenmode" && initial.seeds.pure;
  if (pure) check_purity(configuration, background);
  return profiled(configuration,
                  std::make_unique<initial::SeededBeams>(
                      background, make_all_seeds(configuration, z, grid, background, comm), pure));
}

}  // namespace

std::string name_of(flavor::FlavorPair pair) {
  constexpr std::array names{"e", "mu", "tau"};
  return fmt::format("{}_{}", names[static_cast<std::size_t>(pair.first)],
                     names[static_cast<std::size_t>(pair.second)]);
}

std::vector<flavor::FlavorPair> chosen_pairs(const config::Input& input) {
  std::vector<flavor::FlavorPair> pairs =
      flavor::flavor_pairs(static_cast<int>(input.equation.flavors));
  if (input.equation.flavors == 3)
    std::erase_if(pairs, [&](flavor::FlavorPair pair) {
      const auto& names = input.initial.pairs;
      return std::find(names.begin(), names.end(), name_of(pair)) == names.end();
    });
  return pairs;
}

initial::Background make_background(const config::Configuration& configuration,
                                    const phase_space::MomentumGrid& grid, MPI_Comm comm) {
  const auto& initial = configuration.input().initial;
  if (has_angular_spectra(configuration.input())) {
    initial::Background background{grid.flavors(), {}};
    background.beams.resize(grid.directions().size());
    const auto add = [&](const std::string& name, const config::Input::AngularSpectrum& choice,
                         double species, std::size_t flavor) {
      const flavor::Components unit = flavor::unit_occupation(grid.flavors(), flavor);
      const auto spectrum =
          flavor_over_directions(configuration, "initial." + name, choice, grid, species, comm);
      for (std::size_t k = 0; k < spectrum.size(); ++k)
        for (std::size_t c = 0; c < unit.size(); ++c)
          background.beams[k][c] += spectrum[k] * unit[c];
    };
    const std::map<std::string, const config::Input::AngularSpectrum*> spectra{
        {"nu_e", &initial.nu_e},           {"nu_x", &initial.nu_x},
        {"nu_mu", &initial.nu_mu},         {"nu_tau", &initial.nu_tau},
        {"antinu_e", &initial.antinu_e},   {"antinu_x", &initial.antinu_x},
        {"antinu_mu", &initial.antinu_mu}, {"antinu_tau", &initial.antinu_tau}};
    const std::vector<std::string> names = flavor::flavor_names(grid.flavors());
    for (std::size_t a = 0; a < names.size(); ++a) {
      add(names[a], *spectra.at(names[a]), phase_space::neutrino, a);
      if (grid.has_antineutrinos())
        add("anti" + names[a], *spectra.at("anti" + names[a]), phase_space::antineutrino, a);
    }
    return background;
  }
  std::vector<double> occupation = initial.occupation.value_or(initial.zeta);
  for (double& p0 : occupation) p0 = std::abs(p0);
  return initial::Background::of_two(grid.flavors(), initial.zeta, occupation);
}

physics::InflowState make_inflow(const config::Configuration& configuration,
                                 const phase_space::ZAxis& z,
                                 const phase_space::MomentumGrid& momentum, MPI_Comm comm) {
  if (z.periodic() || configuration.input().grid.z.inflow == "vacuum") return {};
  const auto beams = profiled(configuration, std::make_unique<initial::SeededBeams>(
                                                 make_background(configuration, momentum, comm),
                                                 std::vector<initial::PairSeeds>{}, false));
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

void OccupationRange::include(const double* nodes, Index count, int flavors) {
  const Index numbers = count * flavor::components(flavors);
  finite = finite &&
           std::all_of(nodes, nodes + numbers, [](double value) { return std::isfinite(value); });
  if (!finite) return;
  flavor::with_flavors(flavors, [&](auto n) {
    for (const double* node = nodes; node < nodes + numbers; node += flavor::components(n)) {
      const auto rho = flavor::load<n>(node);
      const auto eigenvalues = flavor::eigenvalues(rho);
      smallest = std::min(smallest, eigenvalues.front());
      largest = std::max(largest, eigenvalues.back());
      largest_trace = std::max(largest_trace, flavor::trace(rho));
    }
  });
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
                           .angle = {0, momentum.angles()},
                           .components = momentum.components()};
    std::vector<double> nodes(static_cast<std::size_t>(plane.plane()));
    for (plane.z.begin = rank; plane.z.begin < z.cells(); plane.z.begin += ranks) {
      initial::fill(*initial.beams, initial.spectrum, z, plane, nodes.data());
      range.include(nodes.data(), plane.nodes(), momentum.flavors());
    }
  } else {
    io::on_first_rank(comm, [&] {
      io::visit_density_matrix(
          configuration.input().initial.path, z, momentum, [&](const std::vector<double>& nodes) {
            range.include(nodes.data(), static_cast<Index>(nodes.size()) / momentum.components(),
                          momentum.flavors());
          });
    });
  }
  PetscCall(range.reduce(comm));
  check_occupation(configuration, range);
  PetscFunctionReturn(0);
}

}  // namespace nuvlasov
