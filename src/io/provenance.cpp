#include "nuvlasov/io/provenance.hpp"

#include <fmt/format.h>
#include <petscsys.h>

#include <array>
#include <chrono>
#include <ctime>
#include <filesystem>

#include "nuvlasov_revision.hpp"

namespace nuvlasov::io {
namespace {

constexpr const char* kind_attribute = "nuvlasov_file";

std::string utc_now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::array<char, 32> text{};
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

struct DatasetList {
  std::string text;
  static herr_t visit(hid_t group, const char* name, const H5L_info_t*, void* data) {
    auto& list = *static_cast<DatasetList*>(data);
    if (!hdf5::has_dataset(group, name)) return 0;
    const hdf5::Handle dataset = hdf5::open_dataset(group, name);
    list.text += fmt::format("  {:<32}", name);
    std::string separator = "[";
    for (const hsize_t length : hdf5::shape(dataset)) {
      list.text += fmt::format("{}{}", separator, length);
      separator = ", ";
    }
    const std::string units = hdf5::read_text_attribute(dataset, "units");
    list.text += fmt::format("]{}  {}\n", units.size() > 1 ? " " + units : "",
                             hdf5::read_text_attribute(dataset, "long_name"));
    return 0;
  }
};

}  // namespace

std::string version_text() {
  return fmt::format("nuvlasov {} (commit {}{})", revision::version, revision::commit,
                     revision::dirty ? ", modified" : "");
}

std::string library_text() {
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> mpi{};
  int length = 0;
  MPI_Get_library_version(mpi.data(), &length);
  std::string mpi_text(mpi.data(), static_cast<std::size_t>(length));
  mpi_text = mpi_text.substr(0, mpi_text.find_first_of(",\n"));
  return fmt::format("PETSc {}.{}.{} with {}-bit indices, HDF5 {}.{}.{}, {}", PETSC_VERSION_MAJOR,
                     PETSC_VERSION_MINOR, PETSC_VERSION_SUBMINOR, 8 * sizeof(PetscInt), major,
                     minor, release, mpi_text);
}

hdf5::Description Provenance::describe(const units::Quantity& quantity,
                                       std::string long_name) const {
  hdf5::Description description{quantity.code, std::move(long_name)};
  if (scale && quantity.has_physical) description.physical = units::physical(quantity, *scale);
  return description;
}

void write_provenance(hid_t file, const std::string& kind, const Provenance& provenance) {
  hdf5::write_attribute(file, kind_attribute, kind);
  hdf5::write_attribute(file, "Conventions", "CF-1.8");
  hdf5::write_attribute(file, "version", std::string(revision::version));
  hdf5::write_attribute(file, "commit",
                        std::string(revision::commit) + (revision::dirty ? "-modified" : ""));
  hdf5::write_attribute(file, "libraries", library_text());
  hdf5::write_attribute(file, "ranks", static_cast<long long>(provenance.ranks));
  hdf5::write_attribute(file, "process_grid", provenance.process_grid);
  hdf5::write_attribute(file, "created", utc_now());
  hdf5::write_attribute(file, "config", provenance.config);
  if (!provenance.scale) return;
  hdf5::write_attribute(file, "density_unit_per_cm3", provenance.scale->density);
  hdf5::write_attribute(file, "mu_meV", provenance.scale->mu);
  hdf5::write_attribute(file, "length_unit_cm", provenance.scale->length);
  hdf5::write_attribute(file, "time_unit_ns", provenance.scale->time);
}

std::string file_info(const std::string& path, const std::string& more) {
  if (!std::filesystem::is_regular_file(path))
    throw InputError(fmt::format("{}: no such file", path));
  if (H5Fis_hdf5(path.c_str()) <= 0)
    throw InputError(fmt::format("{}: not an HDF5 file, or damaged", path));
  const hdf5::Handle file = hdf5::open_file(path, false);
  const std::string kind = hdf5::read_text_attribute(file, kind_attribute);
  if (kind.empty()) throw InputError(fmt::format("{}: not written by nuvlasov", path));
  std::string text = fmt::format("{}: nuvlasov {}\n", path, kind);
  for (const char* name : {"version", "commit", "libraries", "process_grid", "created"})
    text += fmt::format("{:<14}{}\n", name, hdf5::read_text_attribute(file, name));
  if (hdf5::has_dataset(file, "time")) {
    const hdf5::Handle dataset = hdf5::open_dataset(file, "time");
    const auto size = hdf5::shape(dataset);
    const hsize_t records = size.empty() ? 0 : size.front();
    double first = 0.0, last = 0.0;
    if (records > 0) {
      hdf5::read_block(dataset, {{0}, {1}}, &first, false);
      hdf5::read_block(dataset, {{records - 1}, {1}}, &last, false);
    }
    text += fmt::format("{:<14}{} from t = {:g} to {:g}\n", "records", records, first, last);
  }
  text += more;
  DatasetList list;
  hdf5::check(H5Literate(file, H5_INDEX_NAME, H5_ITER_INC, nullptr, DatasetList::visit, &list),
              "cannot list " + path);
  text += "datasets\n" + list.text + "config\n";
  const std::string config = hdf5::read_text_attribute(file, "config");
  for (std::size_t begin = 0; begin < config.size();) {
    const std::size_t end = std::min(config.find('\n', begin), config.size());
    text += "  " + config.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  return text;
}

}  // namespace nuvlasov::io
