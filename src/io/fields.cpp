#include "nuvlasov/io/fields.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "nuvlasov/io/collective.hpp"
#include "nuvlasov/io/durable_file.hpp"
#include "nuvlasov/io/xdmf.hpp"

namespace nuvlasov::io {
namespace {

using diagnostics::density_matrix_name;

constexpr const char* density_name = "polarization_density";
constexpr const char* spectrum_name = "spectrum";
constexpr const char* energy_spectrum_name = "energy_spectrum";
constexpr const char* angular_spectrum_name = "angular_spectrum";
constexpr const char* species_name = "species";

hsize_t size_of(Index n) { return static_cast<hsize_t>(n); }

}  // namespace

void create_phase_space_coordinates(hid_t file, const FieldContext& context) {
  const phase_space::MomentumGrid& momentum = context.momentum;
  std::vector<double> z, z_weight, energy, energy_weight;
  for (Index j = 0; j < context.z.cells(); ++j) {
    z.push_back(context.z.position(j));
    z_weight.push_back(context.z.weight(j));
  }
  for (Index i = 0; i < momentum.energies(); ++i) {
    energy.push_back(momentum.energy_offset(i));
    energy_weight.push_back(momentum.energy_weight(i));
  }
  const Provenance& provenance = context.provenance;
  hdf5::create_coordinate(file, "z", z, false,
                          provenance.describe(units::of::length, "position z"));
  hdf5::create_coordinate(
      file, "energy", energy, false,
      provenance.describe(units::of::energy, "energy relative to the reference, E - E_ref"));
  hdf5::create_coordinate(file, "angle", momentum.directions(), false,
                          provenance.describe(units::of::number, "direction v = p_z/p"));
  hdf5::create_label_coordinate(
      file, "component", flavor::component_names(context.momentum.flavors()),
      context.momentum.flavors() == 2 ? "component of rho = (P0 1 + P.sigma)/2"
                                      : "component of rho = P0 1/3 + P.lambda/2, lambda the "
                                        "Gell-Mann matrices");
  const auto weight = [&](const char* name, const char* dimension,
                          const std::vector<double>& values, const hdf5::Description& description) {
    hdf5::create_variable(file, name, {dimension}, {}, description);
    hdf5::write_block(hdf5::open_dataset(file, name), {{0}, {values.size()}}, values.data(), false);
  };
  weight("z_weight", "z", z_weight,
         provenance.describe(units::of::length, "weight of a position in integrals over z"));
  weight("energy_weight", "energy", energy_weight,
         provenance.describe(units::of::energy, "weight of an energy in sums over momentum"));
  weight("angle_weight", "angle", momentum.weights(),
         provenance.describe(units::of::number, "weight of a direction in sums over momentum"));
  if (momentum.has_antineutrinos())
    weight(species_name, "angle", momentum.signs(),
           provenance.describe(units::of::number,
                               "what moves in a direction: 1 neutrinos, -1 antineutrinos"));
  hdf5::write_attribute(file, "reference_energy", momentum.reference_energy());
  hdf5::write_attribute(file, "energy_spacing", momentum.energy_spacing());
  hdf5::write_attribute(file, "box_length", context.z.length());
  hdf5::write_attribute(file, "boundaries",
                        std::string(context.z.periodic() ? "periodic" : "open"));
}

hdf5::Block owned_block(const phase_space::Box& box, bool matrix) {
  hdf5::Block block{{size_of(box.z.begin), size_of(box.energy.begin), size_of(box.angle.begin)},
                    {size_of(box.z.size), size_of(box.energy.size), size_of(box.angle.size)}};
  if (matrix) {
    block.offset.push_back(0);
    block.count.push_back(static_cast<hsize_t>(box.components));
  }
  return block;
}

namespace {

std::vector<std::string> dimensions(bool matrix) {
  if (matrix) return {"z", "energy", "angle", "component"};
  return {"z", "energy", "angle"};
}

}  // namespace

Snapshots::Snapshots(const FieldContext& context, std::string directory, Fields fields,
                     std::vector<double> times)
    : context_(context),
      directory_(std::move(directory)),
      fields_(std::move(fields)),
      times_(std::move(times)) {
  on_first_rank(context_.decomposition.communicator(), [&] {
    const std::filesystem::path folder = directory_ + "/snapshots";
    std::filesystem::create_directories(folder);
    std::vector<std::string> kept;
    for (std::size_t n = 0; n < times_.size(); ++n) kept.push_back(file_name(n));
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      if (std::find(kept.begin(), kept.end(), entry.path().filename().string()) == kept.end())
        std::filesystem::remove(entry.path());
    if (!times_.empty()) write_xdmf();
  });
}

std::string Snapshots::file_name(std::size_t n) { return fmt::format("{:06}.h5", n); }

double Snapshots::bytes(const phase_space::ZAxis& z, const phase_space::MomentumGrid& momentum,
                        const Fields& fields) {
  double values = 0.0;
  for (const auto& field : fields)
    values += static_cast<double>(field.width(momentum.components()));
  return static_cast<double>(z.cells()) * static_cast<double>(momentum.energies()) *
         static_cast<double>(momentum.angles()) * values * sizeof(double);
}

std::string Snapshots::path() const {
  return fmt::format("{}/snapshots/{}", directory_, file_name(times_.size() - 1));
}

void Snapshots::begin(double time, Index step) {
  times_.push_back(time);
  on_first_rank(context_.decomposition.communicator(), [&] {
    hdf5::Handle file = hdf5::create_file(partial_path());
    write_provenance(file, "snapshot", context_.provenance);
    create_phase_space_coordinates(file, context_);
    hdf5::create_coordinate(file, "time", {time}, false,
                            context_.provenance.describe(units::of::time, "time"));
    hdf5::write_attribute(file, "step", static_cast<long long>(step));
    for (const auto& field : fields_)
      hdf5::create_variable(file, field.name, dimensions(field.matrix), {},
                            context_.provenance.describe(field.quantity, field.long_name));
    file.close("cannot close " + partial_path());
    // MPI-IO does not always tell of a full disk.
    reserve(partial_path(), file_size(partial_path()));
  });
}

void Snapshots::write(const diagnostics::PhaseSpaceField& field, const double* values) {
  const phase_space::Decomposition& decomposition = context_.decomposition;
  on_every_rank(decomposition.communicator(), [&] {
    hdf5::Handle file =
        hdf5::open_file_parallel(partial_path(), true, decomposition.communicator());
    hdf5::write_block(hdf5::open_dataset(file, field.name),
                      owned_block(decomposition.box(), field.matrix), values, true);
    file.close("cannot close " + partial_path());
  });
}

void Snapshots::publish() {
  on_first_rank(context_.decomposition.communicator(), [&] {
    std::filesystem::rename(partial_path(), path());
    write_xdmf();
  });
}

void Snapshots::write_xdmf() const {
  const std::string path = directory_ + "/snapshots.xdmf";
  const std::string partial = path + ".partial";
  std::vector<XdmfSnapshot> snapshots;
  for (std::size_t n = 0; n < times_.size(); ++n)
    snapshots.push_back({times_[n], "snapshots/" + file_name(n)});
  std::ofstream out(partial);
  out << xdmf(context_.z, context_.momentum, fields_, snapshots);
  out.close();
  if (!out) throw IoError("cannot write " + path);
  std::filesystem::rename(partial, path);
}

Profiles::Profiles(const FieldContext& context, std::string path, hsize_t records)
    : context_(context), path_(std::move(path)), written_(records) {
  on_first_rank(context_.decomposition.communicator(), [&] {
    if (records > 0) {
      hdf5::Handle file = hdf5::open_file(path_, true);
      for (const char* name :
           {density_name, spectrum_name, energy_spectrum_name, angular_spectrum_name, "time"}) {
        const hdf5::Handle dataset = hdf5::open_dataset(file, name);
        if (hdf5::shape(dataset).front() < records)
          throw IoError(fmt::format("{}: {} has fewer than the {} records it had at the checkpoint",
                                    path_, name, records));
        hdf5::extend(dataset, records);
      }
      file.close("cannot close " + path_);
      return;
    }
    constexpr hsize_t longest_chunk = 4096;
    constexpr hsize_t largest_chunk = hsize_t{1} << 23U;  // numbers: HDF5 takes chunks below 4 GiB
    hdf5::Handle file = hdf5::create_file(path_);
    write_provenance(file, "profiles", context_.provenance);
    hdf5::create_coordinate(file, "time", {}, true,
                            context_.provenance.describe(units::of::time, "time"));
    create_phase_space_coordinates(file, context_);
    const std::vector<std::string> names = diagnostics::Marginals::flavor_names(context_.momentum);
    hdf5::create_label_coordinate(file, "flavor", names, "flavor");
    const hsize_t flavors = names.size();
    const hsize_t angles = size_of(context_.momentum.angles());
    const hsize_t components = size_of(context_.momentum.components());
    const hsize_t rows =
        std::clamp<hsize_t>(largest_chunk / (angles * components), 1, longest_chunk);
    const hsize_t cells = std::min(size_of(context_.z.cells()), rows);
    const hsize_t energies = std::min(size_of(context_.momentum.energies()), rows);
    hdf5::create_variable(
        file, density_name, {"time", "z", "angle", "component"}, {1, cells, angles, components},
        context_.provenance.describe(units::of::density,
                                     "density matrix integrated over energy, sum dE rho"));
    hdf5::create_variable(
        file, spectrum_name, {"time", "energy", "angle", "component"},
        {1, energies, angles, components},
        context_.provenance.describe(units::of::box_spectrum,
                                     "density matrix integrated over the box, int dz rho"));
    hdf5::create_variable(
        file, energy_spectrum_name, {"time", "energy", "flavor"}, {1, energies, flavors},
        context_.provenance.describe(units::of::box_spectrum,
                                     "energy spectrum dN/dE of each flavor in the box"));
    hdf5::create_variable(
        file, angular_spectrum_name, {"time", "angle", "flavor"}, {1, angles, flavors},
        context_.provenance.describe(units::of::box_number,
                                     "angular spectrum dN/dv of each flavor in the box"));
    file.close("cannot close " + path_);
  });
}

void Profiles::append(const diagnostics::Marginals& marginals, double time) {
  const phase_space::Decomposition& decomposition = context_.decomposition;
  const phase_space::Range owned = decomposition.box().z;
  const hsize_t energies = size_of(context_.momentum.energies());
  const hsize_t angles = size_of(context_.momentum.angles());
  const hsize_t components = size_of(context_.momentum.components());
  const hsize_t flavors = diagnostics::Marginals::flavor_names(context_.momentum).size();
  const MPI_Comm comm = decomposition.communicator();
  int rank = 0;
  MPI_Comm_rank(comm, &rank);
  on_every_rank(comm, [&] {
    hdf5::Handle file = hdf5::open_file_parallel(path_, true, comm);
    const auto write = [&](const char* name, hdf5::Block block, const double* values, bool mine) {
      const hdf5::Handle dataset = hdf5::open_dataset(file, name);
      hdf5::extend(dataset, written_ + 1);
      if (!mine) std::fill(block.count.begin(), block.count.end(), 0);
      hdf5::write_block(dataset, block, values, true);
    };
    write(density_name,
          {{written_, size_of(owned.begin), 0, 0}, {1, size_of(owned.size), angles, components}},
          marginals.density().data(), decomposition.represents_plane());
    write(spectrum_name, {{written_, 0, 0, 0}, {1, energies, angles, components}},
          marginals.spectrum().data(), rank == 0);
    write(energy_spectrum_name, {{written_, 0, 0}, {1, energies, flavors}},
          marginals.energy_spectrum().data(), rank == 0);
    write(angular_spectrum_name, {{written_, 0, 0}, {1, angles, flavors}},
          marginals.angular_spectrum().data(), rank == 0);
    // Last, so that a record is there when its time is.
    write("time", {{written_}, {1}}, &time, rank == 0);
    file.close("cannot close " + path_);
  });
  ++written_;
}

void check_density_matrix(const std::string& path, const phase_space::ZAxis& z,
                          const phase_space::MomentumGrid& momentum) {
  const std::vector<hsize_t> expected{size_of(z.cells()), size_of(momentum.energies()),
                                      size_of(momentum.angles()), size_of(momentum.components())};
  if (!std::filesystem::is_regular_file(path))
    throw InputError(fmt::format("{}: no such file", path));
  if (H5Fis_hdf5(path.c_str()) <= 0)
    throw InputError(fmt::format("{}: not an HDF5 file, or damaged", path));
  const hdf5::Handle file = hdf5::open_file(path, false);
  if (!hdf5::has_dataset(file, density_matrix_name))
    throw InputError(fmt::format("{}: has no dataset '{}'", path, density_matrix_name));
  const hdf5::Handle dataset = hdf5::open_dataset(file, density_matrix_name);
  const hdf5::Handle type{hdf5::check(H5Dget_type(dataset), path), H5Tclose};
  if (H5Tget_class(type) != H5T_FLOAT)
    throw InputError(
        fmt::format("{}: dataset '{}' does not hold real numbers", path, density_matrix_name));
  const std::vector<hsize_t> found = hdf5::shape(dataset);
  if (found != expected)
    throw InputError(fmt::format(
        "{}: dataset '{}' has the shape [{}], but the grid [z, energy, angle, component] is [{}]",
        path, density_matrix_name, fmt::join(found, ", "), fmt::join(expected, ", ")));
  std::vector<double> signs(momentum.signs().size(), phase_space::neutrino);
  if (hdf5::has_dataset(file, species_name))
    hdf5::read_block(hdf5::open_dataset(file, species_name), {{0}, {signs.size()}}, signs.data(),
                     false);
  if (signs != momentum.signs())
    throw InputError(fmt::format(
        "{}: other directions are those of antineutrinos, [{}], than in the grid, [{}] (1: "
        "neutrinos, -1: antineutrinos)",
        path, fmt::join(signs, ", "), fmt::join(momentum.signs(), ", ")));
}

void read_density_matrix_plane(const std::string& path, const phase_space::MomentumGrid& momentum,
                               Index j, double* plane) {
  const hdf5::Handle file = hdf5::open_file(path, false);
  hdf5::read_block(hdf5::open_dataset(file, density_matrix_name),
                   {{size_of(j), 0, 0, 0},
                    {1, size_of(momentum.energies()), size_of(momentum.angles()),
                     size_of(momentum.components())}},
                   plane, false);
}

void visit_density_matrix(const std::string& path, const phase_space::ZAxis& z,
                          const phase_space::MomentumGrid& momentum,
                          const std::function<void(const std::vector<double>& plane)>& visit) {
  const hdf5::Handle file = hdf5::open_file(path, false);
  const hdf5::Handle dataset = hdf5::open_dataset(file, density_matrix_name);
  std::vector<double> plane(
      static_cast<std::size_t>(momentum.energies() * momentum.angles() * momentum.components()));
  for (Index j = 0; j < z.cells(); ++j) {
    hdf5::read_block(dataset,
                     {{size_of(j), 0, 0, 0},
                      {1, size_of(momentum.energies()), size_of(momentum.angles()),
                       size_of(momentum.components())}},
                     plane.data(), false);
    visit(plane);
  }
}

void read_density_matrix(const std::string& path, const phase_space::Decomposition& decomposition,
                         double* state) {
  const phase_space::Box& box = decomposition.box();
  const MPI_Comm comm = decomposition.communicator();
  on_every_rank(comm, [&] {
    const hdf5::Handle file = hdf5::open_file_parallel(path, false, comm);
    hdf5::read_block(hdf5::open_dataset(file, density_matrix_name), owned_block(box), state, true);
  });
}

}  // namespace nuvlasov::io
