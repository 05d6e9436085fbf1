#include "nuvlasov/io/fields.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <fstream>

#include "nuvlasov/diagnostics/compensated_sum.hpp"
#include "nuvlasov/io/collective.hpp"
#include "nuvlasov/io/durable_file.hpp"

namespace nuvlasov::io {
namespace {

constexpr const char* density_name = "polarization_density";
constexpr const char* spectrum_name = "spectrum";

hsize_t size_of(Index n) { return static_cast<hsize_t>(n); }

}  // namespace

void create_phase_space_coordinates(hid_t file, const FieldContext& context) {
  std::vector<double> z, energy;
  for (Index j = 0; j < context.z.cells(); ++j) z.push_back(context.z.position(j));
  for (Index i = 0; i < context.momentum.energies(); ++i)
    energy.push_back(context.momentum.energy_offset(i));
  hdf5::create_coordinate(file, "z", z, false, {"1/mu", "position z"});
  hdf5::create_coordinate(file, "energy", energy, false,
                          {"mu", "energy relative to the reference, E - E_ref"});
  hdf5::create_coordinate(file, "angle", context.momentum.directions(), false,
                          {"1", "direction v = p_z/p"});
  hdf5::create_label_coordinate(file, "component",
                                {flavor::component_names.begin(), flavor::component_names.end()},
                                "component of rho = (P0 1 + P.sigma)/2");
  hdf5::write_attribute(file, "reference_energy", context.momentum.reference_energy());
  hdf5::write_attribute(file, "energy_spacing", context.momentum.energy_spacing());
  hdf5::write_attribute(file, "box_length", context.z.length());
}

hdf5::Block owned_block(const phase_space::Box& box) {
  return {
      {size_of(box.z.begin), size_of(box.energy.begin), size_of(box.angle.begin), 0},
      {size_of(box.z.size), size_of(box.energy.size), size_of(box.angle.size), flavor::components}};
}

Snapshots::Snapshots(const FieldContext& context, std::string directory)
    : context_(context), directory_(std::move(directory)) {
  on_first_rank(context_.decomposition.communicator(),
                [&] { std::filesystem::create_directories(directory_ + "/snapshots"); });
}

double Snapshots::bytes(const phase_space::ZAxis& z, const phase_space::MomentumGrid& momentum) {
  return static_cast<double>(z.cells()) * static_cast<double>(momentum.energies()) *
         static_cast<double>(momentum.angles()) * flavor::components * sizeof(double);
}

void Snapshots::write(const double* state, double time, Index step) {
  const MPI_Comm comm = context_.decomposition.communicator();
  const phase_space::Box& box = context_.decomposition.box();
  const std::string path = fmt::format("{}/snapshots/{:06}.h5", directory_, times_.size());
  const std::string partial = path + ".partial";
  on_first_rank(comm, [&] {
    hdf5::Handle file = hdf5::create_file(partial);
    write_provenance(file, "snapshot", context_.provenance);
    create_phase_space_coordinates(file, context_);
    hdf5::create_coordinate(file, "time", {time}, false, {"1/mu", "time"});
    hdf5::write_attribute(file, "step", static_cast<long long>(step));
    hdf5::create_variable(file, density_matrix_name, {"z", "energy", "angle", "component"}, {},
                          {"1", "density matrix rho"});
    file.close("cannot close " + partial);
    // MPI-IO does not always tell of a full disk.
    reserve(partial, file_size(partial));
  });
  on_every_rank(comm, [&] {
    hdf5::Handle file = hdf5::open_file_parallel(partial, true, comm);
    hdf5::write_block(hdf5::open_dataset(file, density_matrix_name), owned_block(box), state, true);
    file.close("cannot close " + partial);
  });
  times_.push_back(time);
  on_first_rank(comm, [&] {
    std::filesystem::rename(partial, path);
    write_xdmf();
  });
}

void Snapshots::write_xdmf() const {
  const std::string path = directory_ + "/snapshots.xdmf";
  const Index nz = context_.z.cells();
  const Index ne = context_.momentum.energies();
  const Index na = context_.momentum.angles();
  const std::string partial = path + ".partial";
  std::ofstream out(partial);
  out << "<?xml version=\"1.0\"?>\n<Xdmf Version=\"3.0\">\n<Domain>\n"
         "<Grid Name=\"density_matrix\" GridType=\"Collection\" CollectionType=\"Temporal\">\n";
  for (std::size_t n = 0; n < times_.size(); ++n) {
    const std::string file = fmt::format("snapshots/{:06}.h5", n);
    const auto axis = [&](const char* name, Index length) {
      return fmt::format(
          "<DataItem Dimensions=\"{}\" NumberType=\"Float\" Precision=\"8\" "
          "Format=\"HDF\">{}:/{}</DataItem>\n",
          length, file, name);
    };
    out << fmt::format("<Grid>\n<Time Value=\"{}\"/>\n", times_[n])
        << fmt::format("<Topology TopologyType=\"3DRectMesh\" Dimensions=\"{} {} {}\"/>\n", nz, ne,
                       na)
        << "<Geometry GeometryType=\"VXVYVZ\">\n"
        << axis("angle", na) << axis("energy", ne) << axis("z", nz) << "</Geometry>\n";
    for (int c = 0; c < flavor::components; ++c)
      out << fmt::format(
          "<Attribute Name=\"{0}\" AttributeType=\"Scalar\" Center=\"Node\">\n"
          "<DataItem ItemType=\"HyperSlab\" Dimensions=\"{1} {2} {3}\">\n"
          "<DataItem Dimensions=\"3 4\" Format=\"XML\">0 0 0 {4} 1 1 1 1 {1} {2} {3} 1</DataItem>\n"
          "<DataItem Dimensions=\"{1} {2} {3} {5}\" NumberType=\"Float\" Precision=\"8\" "
          "Format=\"HDF\">{6}:/{7}</DataItem>\n</DataItem>\n</Attribute>\n",
          flavor::component_names[static_cast<std::size_t>(c)], nz, ne, na, c, flavor::components,
          file, density_matrix_name);
    out << "</Grid>\n";
  }
  out << "</Grid>\n</Domain>\n</Xdmf>\n";
  out.close();
  if (!out) throw IoError("cannot write " + path);
  std::filesystem::rename(partial, path);
}

Profiles::Profiles(const FieldContext& context, std::string path)
    : context_(context), path_(std::move(path)) {
  on_first_rank(context_.decomposition.communicator(), [&] {
    constexpr hsize_t largest_chunk = 4096;
    hdf5::Handle file = hdf5::create_file(path_);
    write_provenance(file, "profiles", context_.provenance);
    hdf5::create_coordinate(file, "time", {}, true, {"1/mu", "time"});
    create_phase_space_coordinates(file, context_);
    const hsize_t angles = size_of(context_.momentum.angles());
    hdf5::create_variable(
        file, density_name, {"time", "z", "angle", "component"},
        {1, std::min(size_of(context_.z.cells()), largest_chunk), angles, flavor::components},
        {"1", "density matrix integrated over energy, sum dE rho"});
    hdf5::create_variable(file, spectrum_name, {"time", "energy", "angle", "component"},
                          {1, std::min(size_of(context_.momentum.energies()), largest_chunk),
                           angles, flavor::components},
                          {"1/mu", "density matrix integrated over the box, int dz rho"});
    file.close("cannot close " + path_);
  });
}

void Profiles::append(const double* state, double time) {
  const phase_space::Decomposition& decomposition = context_.decomposition;
  const phase_space::Box& box = decomposition.box();
  const Index angles = context_.momentum.angles();
  const Index row = angles * flavor::components;
  std::vector<double> density(static_cast<std::size_t>(box.z.size * row), 0.0);
  std::vector<diagnostics::CompensatedSum> spectrum(
      static_cast<std::size_t>(context_.momentum.energies() * row));
  for (Index j = 0; j < box.z.size; ++j)
    for (Index i = 0; i < box.energy.size; ++i)
      for (Index a = 0; a < box.row(); ++a) {
        const double value = state[j * box.plane() + i * box.row() + a];
        const Index column = box.angle.begin * flavor::components + a;
        density[static_cast<std::size_t>(j * row + column)] +=
            context_.momentum.energy_weight(box.energy.begin + i) * value;
        spectrum[static_cast<std::size_t>((box.energy.begin + i) * row + column)].add(
            context_.z.spacing() * value);
      }
  if (decomposition.splits_momentum())
    MPI_Allreduce(MPI_IN_PLACE, density.data(), static_cast<int>(density.size()), MPI_DOUBLE,
                  MPI_SUM, decomposition.momentum_communicator());
  const MPI_Comm comm = decomposition.communicator();
  diagnostics::sum_over_ranks(spectrum.data(), static_cast<int>(spectrum.size()), comm);
  std::vector<double> spectrum_values;
  spectrum_values.reserve(spectrum.size());
  for (const auto& sum : spectrum) spectrum_values.push_back(sum.value());

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
          {{written_, size_of(box.z.begin), 0, 0},
           {1, size_of(box.z.size), size_of(angles), flavor::components}},
          density.data(), decomposition.represents_plane());
    write(spectrum_name,
          {{written_, 0, 0, 0},
           {1, size_of(context_.momentum.energies()), size_of(angles), flavor::components}},
          spectrum_values.data(), rank == 0);
    // Last, so that a record is there when its time is.
    write("time", {{written_}, {1}}, &time, rank == 0);
    file.close("cannot close " + path_);
  });
  ++written_;
}

void check_density_matrix(const std::string& path, const phase_space::ZAxis& z,
                          const phase_space::MomentumGrid& momentum) {
  const std::vector<hsize_t> expected{size_of(z.cells()), size_of(momentum.energies()),
                                      size_of(momentum.angles()), flavor::components};
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
