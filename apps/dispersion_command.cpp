#include "dispersion_command.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

#include "data_file.hpp"
#include "nuvlasov/flavor/eigensystem.hpp"
#include "nuvlasov/io/collective.hpp"
#include "nuvlasov/io/fields.hpp"
#include "nuvlasov/stability/dispersion.hpp"
#include "output_directory.hpp"
#include "run_command.hpp"
#include "simulation.hpp"

namespace nuvlasov {
namespace {

namespace fs = std::filesystem;
namespace hdf5 = io::hdf5;

constexpr const char* data_file = "dispersion.h5";
constexpr const char* table_file = "dispersion.csv";
constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

/// Mean transverse polarization, relative to the largest polarization, that passes for zero: what
/// it changes is of second order.
constexpr double transverse_tolerance = 1e-2;

/// The density matrix of each direction, integrated over energy and averaged over z.
initial::Background mean_state(const config::Configuration& configuration,
                               const phase_space::ZAxis& z, const phase_space::MomentumGrid& grid,
                               MPI_Comm comm) {
  const std::string& path = configuration.input().initial.path;
  check_initial_file(configuration, z, grid, comm);
  initial::Background background{grid.flavors(), {}};
  background.beams.resize(static_cast<std::size_t>(grid.angles()));
  io::on_first_rank(comm, [&] {
    double transverse = 0.0;
    double largest = 0.0;
    const auto components = static_cast<std::size_t>(grid.components());
    const std::size_t row = background.beams.size() * components;
    std::vector<double> mean(row, 0.0);
    Index j = 0;
    io::visit_density_matrix(path, z, grid, [&](const std::vector<double>& plane) {
      for (std::size_t n = 0; n < plane.size(); ++n)
        mean[n % row] +=
            grid.energy_weight(static_cast<Index>(n / row)) * z.weight(j) / z.length() * plane[n];
      ++j;
    });
    flavor::with_flavors(grid.flavors(), [&](auto flavors) {
      for (std::size_t k = 0; k < background.beams.size(); ++k) {
        const auto rho = flavor::load<flavors>(mean.data() + k * components);
        background.beams[k] = flavor::to_components(rho);
        transverse = std::max(transverse, std::sqrt(flavor::transverse_product(rho, rho)));
        largest = std::max(largest, flavor::polarization_length(rho));
      }
    });
    if (std::any_of(mean.begin(), mean.end(), [](double x) { return !std::isfinite(x); }))
      configuration.fail("initial.path", "the state holds values that are not finite");
    if (transverse > transverse_tolerance * largest)
      configuration.fail(
          "initial.path",
          fmt::format("the mean transverse polarization is {:.2g} of the largest polarization, but "
                      "the linear theory stands on a state that is diagonal in flavor; take an "
                      "earlier state",
                      transverse / largest));
  });
  for (flavor::Components& beam : background.beams)
    MPI_Bcast(beam.data(), static_cast<int>(beam.size()), MPI_DOUBLE, 0, comm);
  return background;
}

/// The fastest-growing mode against wave number: rate 0 and frequency NaN where none grows.
struct Curve {
  std::vector<double> wave_number, growth_rate, frequency;
};

/// All that there is to write and to say.
struct Result {
  stability::Interval interval;
  std::vector<stability::Sample> samples;
  Curve fastest;
  std::vector<stability::Band> bands;
  std::vector<stability::BoxMode> modes;
};

stability::Interval chosen_interval(const DispersionOptions& options,
                                    const stability::LinearStability& stability) {
  if (options.k_min && options.k_max) return {*options.k_min, *options.k_max};
  const stability::Interval found = stability::interval_of_growth(stability);
  const stability::Interval interval{options.k_min.value_or(found.lower),
                                     options.k_max.value_or(found.upper)};
  if (interval.lower >= interval.upper)
    throw InputError(fmt::format(
        "{}: nothing grows there, and the range ends at {:.4g}; give both --k-min and --k-max",
        options.k_min ? fmt::format("--k-min {:g}", interval.lower)
                      : fmt::format("--k-max {:g}", interval.upper),
        options.k_min ? interval.upper : interval.lower));
  return interval;
}

Result solve(const DispersionOptions& options, const stability::LinearStability& stability,
             const phase_space::ZAxis& z) {
  Result result;
  result.interval = chosen_interval(options, stability);
  result.samples = stability::sample(stability, result.interval, options.points);
  for (const stability::Sample& sample : result.samples) {
    const std::complex<double> omega = sample.omega.front();
    const bool grows = stability.grows(sample.wave_number, omega);
    result.fastest.wave_number.push_back(sample.wave_number);
    result.fastest.growth_rate.push_back(grows ? omega.imag() : 0.0);
    result.fastest.frequency.push_back(grows ? omega.real() : nothing);
  }
  result.bands = stability::unstable_bands(stability, result.samples);
  if (z.periodic())
    result.modes =
        stability::growing_box_modes(stability, result.interval, z.length(), highest_box_mode(z));
  return result;
}

void write_data(const std::string& path, const Result& result,
                const stability::LinearStability& stability, const phase_space::MomentumGrid& grid,
                const std::string& flavors, double box_length, const io::Provenance& provenance) {
  std::vector<double> all_growth, all_frequency, real, imaginary, number;
  for (const stability::Sample& sample : result.samples) {
    for (const std::complex<double> omega : sample.omega) {
      all_growth.push_back(omega.imag());
      all_frequency.push_back(omega.real());
    }
    const bool grows = stability.grows(sample.wave_number, sample.omega.front());
    for (const std::complex<double> psi :
         grows ? stability.eigenvector(sample.wave_number, sample.omega.front())
               : stability::Eigenvector(sample.omega.size(), {nothing, nothing})) {
      real.push_back(psi.real());
      imaginary.push_back(psi.imag());
    }
  }
  for (Index mode = 0; mode < grid.angles(); ++mode) number.push_back(static_cast<double>(mode));
  std::vector<double> box_number, box_wave_number, box_growth, box_frequency;
  for (const stability::BoxMode& mode : result.modes) {
    box_number.push_back(static_cast<double>(mode.number));
    box_wave_number.push_back(mode.wave_number);
    box_growth.push_back(mode.omega.imag());
    box_frequency.push_back(mode.omega.real());
  }

  DataFile file(path);
  io::write_provenance(file.id(), "dispersion", provenance);
  hdf5::write_attribute(file.id(), "box_length", box_length);
  if (!flavors.empty()) hdf5::write_attribute(file.id(), "flavors", flavors);
  file.coordinate("wave_number", result.fastest.wave_number, false,
                  provenance.describe(units::of::wave_number, "wave number k"));
  file.coordinate("angle", grid.directions(), false,
                  provenance.describe(units::of::number, "direction v = p_z/p"));
  file.coordinate("mode", number, false,
                  provenance.describe(units::of::number, "number of the mode, by growth rate"));
  file.coordinate("box_mode", box_number, true,
                  provenance.describe(units::of::number, "n of the growing modes k = 2 pi n/L"));
  file.variable("weight", {"angle"}, grid.weights(),
                provenance.describe(units::of::number, "weight of the direction in sums"));
  if (grid.has_antineutrinos())
    file.variable("species", {"angle"}, grid.signs(),
                  provenance.describe(units::of::number,
                                      "what moves in a direction: 1 neutrinos, -1 antineutrinos"));
  file.variable(
      "polarization", {"angle"}, stability.polarization(),
      provenance.describe(units::of::density, "P^z of the background, integrated over energy"));
  file.variable(
      "growth_rate", {"wave_number"}, result.fastest.growth_rate,
      provenance.describe(units::of::rate,
                          "growth rate of the fastest-growing mode, Im Omega; 0 where none grows"));
  file.variable(
      "frequency", {"wave_number"}, result.fastest.frequency,
      provenance.describe(units::of::rate,
                          "frequency of the fastest-growing mode, Re Omega; NaN where none grows"));
  file.variable("all_growth_rates", {"wave_number", "mode"}, all_growth,
                provenance.describe(units::of::rate, "growth rates of all modes, Im Omega"));
  file.variable("all_frequencies", {"wave_number", "mode"}, all_frequency,
                provenance.describe(units::of::rate, "frequencies of all modes, Re Omega"));
  const std::string what =
      "part of psi = Px + i Py of the fastest-growing mode, with sum w psi = 2 k and "
      "sum w v psi = 2 Omega; NaN where none grows";
  file.variable("eigenvector_real", {"wave_number", "angle"}, real,
                provenance.describe(units::of::amplitude, "real " + what));
  file.variable("eigenvector_imag", {"wave_number", "angle"}, imaginary,
                provenance.describe(units::of::amplitude, "imaginary " + what));
  constexpr hsize_t chunk = 512;
  file.variable("box_wave_number", {"box_mode"}, box_wave_number,
                provenance.describe(units::of::wave_number, "wave number of the box mode"),
                {chunk});
  file.variable("box_growth_rate", {"box_mode"}, box_growth,
                provenance.describe(units::of::rate, "growth rate of the box mode"), {chunk});
  file.variable("box_frequency", {"box_mode"}, box_frequency,
                provenance.describe(units::of::rate, "frequency of the box mode"), {chunk});
  file.close();
}

void write_table(const std::string& path, const Curve& curve) {
  std::ofstream out(path);
  out << "wave_number_mu,growth_rate_mu,frequency_mu\n";
  for (std::size_t p = 0; p < curve.wave_number.size(); ++p)
    out << fmt::format("{},{},{}\n", curve.wave_number[p], curve.growth_rate[p],
                       curve.frequency[p]);
  out.close();
  if (!out) throw IoError("cannot write " + path);
}

/// "-31 to -1, 4".
std::string ranges_text(const std::vector<stability::BoxMode>& modes) {
  std::vector<std::string> ranges;
  for (std::size_t first = 0; first < modes.size(); ++first) {
    std::size_t last = first;
    while (last + 1 < modes.size() && modes[last + 1].number == modes[last].number + 1) ++last;
    ranges.push_back(first == last
                         ? fmt::format("{}", modes[first].number)
                         : fmt::format("{} to {}", modes[first].number, modes[last].number));
    first = last;
  }
  return fmt::format("{}", fmt::join(ranges, ", "));
}

template <class Modes>
const auto& fastest_of(const Modes& modes) {
  return *std::max_element(modes.begin(), modes.end(), [](const auto& a, const auto& b) {
    return a.omega.imag() < b.omega.imag();
  });
}

/// Which modes of the box grow, or what to change for one that does.
std::string box_text(const Result& result, const phase_space::ZAxis& z) {
  if (!z.periodic())
    return "the box is open: any wave number fits, for as long as it stays inside\n";
  std::string text;
  const std::string box = fmt::format("box of length {:g}", z.length());
  if (!result.modes.empty()) {
    const stability::BoxMode& fastest = fastest_of(result.modes);
    text = fmt::format(
        "{}: of the modes k = 2 pi n/L grow n = {}, {} in all;\n"
        "    the fastest is n = {}, k = {:.6g}, with growth rate {:.6g}\n",
        box, ranges_text(result.modes), result.modes.size(), fastest.number, fastest.wave_number,
        fastest.omega.imag());
  } else if (!result.bands.empty()) {
    text = fmt::format(
        "{}: no mode k = 2 pi n/L grows; the fastest wave has the length {:.4g}: make "
        "grid.z.length a multiple of it\n",
        box, stability::box_wave_number(1, std::abs(fastest_of(result.bands).wave_number)));
  }
  const double highest = stability::box_wave_number(highest_box_mode(z), z.length());
  const bool beyond = std::any_of(result.bands.begin(), result.bands.end(), [&](const auto& band) {
    return band.range.lower < -highest || band.range.upper > highest;
  });
  if (beyond)
    text += fmt::format(
        "    {} cells hold |n| <= {}, |k| <= {:.4g}, but more grows beyond: raise grid.z.cells\n",
        z.cells(), highest_box_mode(z), highest);
  return text;
}

std::string text_of(const DispersionOptions& options, const std::string& flavors,
                    const Result& result, const stability::LinearStability& stability,
                    const phase_space::ZAxis& z) {
  std::string text = fmt::format(
      "{}: {}{} directions, coupling sum w |P^z| = {:.6g}; {} wave numbers from {:.6g} to {:.6g}\n",
      options.input, flavors, stability.directions(), stability.coupling(), result.samples.size(),
      result.interval.lower, result.interval.upper);
  if (result.bands.empty()) {
    text += "nothing grows";
  } else {
    text += fmt::format("{:>28}{:>24}{:>14}{:>14}", "growing wave numbers", "largest growth rate",
                        "at k", "frequency");
    // What refining an edge leaves of a zero.
    const double zero = 1e-9 * (result.interval.upper - result.interval.lower);
    const auto rounded = [&](double k) { return std::abs(k) < zero ? 0.0 : k; };
    for (const stability::Band& band : result.bands)
      text += fmt::format("\n{:>12.6g} to {:<12.6g}{:>24.6g}{:>14.6g}{:>14.6g}",
                          rounded(band.range.lower), rounded(band.range.upper), band.omega.imag(),
                          rounded(band.wave_number), rounded(band.omega.real()));
  }
  return text + "\n" + box_text(result, z);
}

/// \throws InputError when the files cannot go there. Leaves the disk alone.
void check_target(const OutputDirectory& directory, bool overwrite) {
  directory.check();
  for (const char* product : {data_file, table_file})
    if (!overwrite && fs::exists(directory.path(product)))
      directory.fail(
          fmt::format("{} is there already, and nothing is written over; give another "
                      "directory with --output, or --overwrite to replace it",
                      directory.path(product)));
}

flavor::FlavorPair chosen_pair(const DispersionOptions& options,
                               const config::Configuration& configuration) {
  const auto flavors = static_cast<int>(configuration.input().equation.flavors);
  if (!options.pair) {
    const auto chosen = chosen_pairs(configuration.input());
    return chosen.empty() ? flavor::FlavorPair{} : chosen.front();
  }
  if (flavors == 2)
    throw InputError(
        fmt::format("--pair {}: is for equation.flavors = 3; leave it out", *options.pair));
  const auto pairs = flavor::flavor_pairs(flavors);
  return *std::find_if(pairs.begin(), pairs.end(),
                       [&](flavor::FlavorPair pair) { return name_of(pair) == *options.pair; });
}

void check_range(const DispersionOptions& options) {
  for (const auto& [name, k] : {std::pair{"--k-min", options.k_min}, {"--k-max", options.k_max}})
    if (k && !std::isfinite(*k)) throw InputError(fmt::format("{} {:g}: must be finite", name, *k));
  if (options.k_min && options.k_max && *options.k_min >= *options.k_max)
    throw InputError(
        fmt::format("--k-min {:g}: must be below --k-max {:g}", *options.k_min, *options.k_max));
  constexpr std::int64_t most_points = 1'000'000;
  if (options.points < 2 || options.points > most_points)
    throw InputError(fmt::format("--points {}: must be >= 2, <= {}", options.points, most_points));
}

}  // namespace

std::string dispersion(const DispersionOptions& options, MPI_Comm comm) {
  check_range(options);
  const config::Configuration configuration(io::read_text(options.input, comm), options.input,
                                            options.overrides);
  const OutputDirectory directory(configuration, options.input, options.output);
  io::on_first_rank(comm, [&] { check_target(directory, options.overwrite); });
  const phase_space::ZAxis z = make_z_axis(configuration.input());
  const phase_space::MomentumGrid grid = make_momentum_grid(configuration.input());
  const flavor::FlavorPair pair = chosen_pair(options, configuration);
  const initial::Background background = configuration.input().initial.type == "file"
                                             ? mean_state(configuration, z, grid, comm)
                                             : make_background(configuration, grid, comm);
  const auto stability = make_stability(configuration, grid, background.difference(pair));
  const std::string flavors = grid.flavors() == 2 ? "" : fmt::format("between {}; ", name_of(pair));
  int ranks = 1;
  MPI_Comm_size(comm, &ranks);
  std::string text;
  io::on_first_rank(comm, [&] {
    const Result result = solve(options, stability, z);
    directory.create();
    const std::string data = directory.path(data_file);
    const std::string table = directory.path(table_file);
    write_data(data + ".partial", result, stability, grid, grid.flavors() == 2 ? "" : name_of(pair),
               z.length(),
               {.config = configuration.resolved(),
                .process_grid = "first rank",
                .ranks = ranks,
                .scale = configuration.input().units.scale()});
    fs::rename(data + ".partial", data);
    write_table(table, result.fastest);
    text = text_of(options, flavors, result, stability, z) +
           fmt::format("written: {}, {}\n", data, table);
  });
  return text;
}

}  // namespace nuvlasov
