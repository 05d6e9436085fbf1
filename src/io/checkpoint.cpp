#include "nuvlasov/io/checkpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string_view>

#include "nuvlasov/io/collective.hpp"
#include "nuvlasov/io/digest.hpp"
#include "nuvlasov/io/durable_file.hpp"
#include "nuvlasov/io/failpoint.hpp"

namespace nuvlasov::io {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t seal_bytes = 512;  // the smallest user block of HDF5
constexpr std::string_view magic = "nuvlasov checkpoint 1\n";
constexpr std::string_view hdf5_signature = "\x89HDF\r\n\x1a\n";
constexpr const char* folder = "checkpoints";
constexpr const char* partial_extension = ".partial";
constexpr const char* record_group = "record";
constexpr const char* digest_attribute = "digest";

// --- the seal

struct Measure {
  std::uint64_t size = 0;    ///< of the file
  std::uint64_t digest = 0;  ///< of all that follows the seal
};

/// Collective.
Measure measure(const std::string& path, MPI_Comm comm) {
  // Ranks read whole blocks, so that no word is cut.
  constexpr std::uint64_t block = std::uint64_t{1} << 20U;
  int rank = 0;
  int ranks = 1;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &ranks);
  Measure found;
  on_first_rank(comm, [&] { found.size = file_size(path); });
  MPI_Bcast(&found.size, 1, MPI_UINT64_T, 0, comm);
  const std::uint64_t blocks = (found.size + block - 1) / block;
  const auto bound = [&](int r) {
    const auto share = static_cast<std::uint64_t>(r);
    return std::clamp(blocks * share / static_cast<std::uint64_t>(ranks) * block, seal_bytes,
                      std::max(found.size, seal_bytes));
  };
  on_every_rank(comm, [&] { found.digest = file_digest(path, bound(rank), bound(rank + 1)); });
  MPI_Allreduce(MPI_IN_PLACE, &found.digest, 1, MPI_UINT64_T, MPI_SUM, comm);
  return found;
}

std::string seal_text(const Measure& measure) {
  std::string text =
      fmt::format("{}bytes {}\ndigest {}\n", magic, measure.size, digest_text(measure.digest));
  text.resize(seal_bytes, '\n');
  return text;
}

/// What is wrong with a file whose seal should be another one.
std::string damage(const std::string& seal, const Measure& found) {
  if (!seal.starts_with(magic))
    return "it does not begin as a checkpoint does, or was not written to its end";
  unsigned long long size = 0;
  const char* number = seal.data() + seal.find(' ', magic.size()) + 1;
  std::from_chars(number, seal.data() + seal.size(), size);
  if (size != found.size) return fmt::format("it has {} bytes instead of {}", found.size, size);
  return "its contents and its seal do not match";
}

void seal(const std::string& path, MPI_Comm comm) {
  const Measure found = measure(path, comm);
  on_first_rank(comm, [&] {
    overwrite_start(path, seal_text(found));
    sync(path);
    if (read_start(path, seal_bytes) != seal_text(found))
      throw IoError(path + ": reads back otherwise than written");
  });
}

// --- names

std::string name_of(Index step) { return fmt::format("{:09}.h5", step); }

/// The step that a file name stands for.
std::optional<Index> step_of(const fs::path& path) {
  const std::string name = path.filename().string();
  Index step = 0;
  std::from_chars(name.data(), name.data() + name.size(), step);
  return name == name_of(step) ? std::optional(step) : std::nullopt;
}

/// The published checkpoints of a folder, newest first.
std::vector<fs::path> published(const fs::path& directory) {
  std::vector<fs::path> paths;
  if (!fs::is_directory(directory)) return paths;
  for (const auto& entry : fs::directory_iterator(directory))
    if (step_of(entry.path())) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end(),
            [](const fs::path& a, const fs::path& b) { return *step_of(a) > *step_of(b); });
  return paths;
}

// --- the record

void write_record(hid_t file, const CheckpointRecord& record) {
  const hdf5::Handle group = hdf5::create_group(file, record_group);
  hdf5::write_attribute(group, "step", static_cast<long long>(record.step));
  hdf5::write_attribute(group, "time", record.time);
  const auto write_all = [&](const auto& values) {
    for (const auto& [name, value] : values) hdf5::write_attribute(group, name, value);
  };
  write_all(record.reals);
  write_all(record.integers);
  write_all(record.texts);
  write_all(record.lists);
}

/// Takes an entry out of a map.
template <class Value>
Value take(std::map<std::string, Value>& values, const char* name) {
  const auto node = values.extract(name);
  if (node.empty()) throw IoError(fmt::format("the checkpoint does not say its {}", name));
  return node.mapped();
}

CheckpointRecord read_record(hid_t file) {
  CheckpointRecord record;
  for (auto& [name, value] : hdf5::read_attributes(hdf5::open_group(file, record_group))) {
    if (auto* real = std::get_if<double>(&value)) record.reals[name] = *real;
    if (auto* integer = std::get_if<long long>(&value)) record.integers[name] = *integer;
    if (auto* text = std::get_if<std::string>(&value)) record.texts[name] = *text;
    if (auto* list = std::get_if<std::vector<double>>(&value)) record.lists[name] = *list;
  }
  record.step = take(record.integers, "step");
  record.time = take(record.reals, "time");
  return record;
}

bool same_bits(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](double x, double y) { return same_bits(x, y); });
}

bool same_bits(const CheckpointRecord& a, const CheckpointRecord& b) {
  const auto same = [](const auto& x, const auto& y) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end(), [](const auto& p, const auto& q) {
      return p.first == q.first && same_bits(p.second, q.second);
    });
  };
  return a.step == b.step && same_bits(a.time, b.time) && a.integers == b.integers &&
         a.texts == b.texts && same(a.reals, b.reals) && same(a.lists, b.lists);
}

/// More than HDF5 takes for all but the fields.
std::uint64_t metadata_room(const CheckpointRecord& record, const FieldContext& context) {
  constexpr std::size_t most = std::size_t{1} << 20U;  // without the parts that the caller chooses
  std::size_t chosen = context.provenance.config.size();
  for (const auto& [name, text] : record.texts) chosen += text.size();
  for (const auto& [name, list] : record.lists) chosen += list.size() * sizeof(double);
  return most + 2 * chosen;
}

// --- fields

hsize_t planes_of(const FieldContext& context) { return static_cast<hsize_t>(context.z.cells()); }

std::vector<hsize_t> shape_of(const FieldContext& context) {
  return {planes_of(context), static_cast<hsize_t>(context.momentum.energies()),
          static_cast<hsize_t>(context.momentum.angles()), flavor::components};
}

bool finite(double value) {
  constexpr std::uint64_t exponent = 0x7ff0000000000000;
  return (std::bit_cast<std::uint64_t>(value) & exponent) != exponent;
}

struct Inspection {
  std::uint64_t digest = 0;
  Index first_bad = std::numeric_limits<Index>::max();  ///< position of a number that is not finite
};

/// Digest of a distributed field with its positions in [z][energy][angle][component]. Collective.
Inspection inspect(const double* values, const FieldContext& context) {
  const phase_space::Box& box = context.decomposition.box();
  const MPI_Comm comm = context.decomposition.communicator();
  Inspection found;
  const double* row = values;
  for (Index j = box.z.begin; j < box.z.end(); ++j)
    for (Index i = box.energy.begin; i < box.energy.end(); ++i, row += box.row()) {
      const Index first =
          ((j * context.momentum.energies() + i) * context.momentum.angles() + box.angle.begin) *
          flavor::components;
      found.digest +=
          digest(row, static_cast<std::size_t>(box.row()), static_cast<std::uint64_t>(first));
      bool all_finite = true;
      for (Index a = 0; a < box.row(); ++a) all_finite &= finite(row[a]);
      if (all_finite) continue;
      const Index bad = std::find_if_not(row, row + box.row(), finite) - row;
      found.first_bad = std::min(found.first_bad, first + bad);
    }
  MPI_Allreduce(MPI_IN_PLACE, &found.digest, 1, MPI_UINT64_T, MPI_SUM, comm);
  MPI_Allreduce(MPI_IN_PLACE, &found.first_bad, 1, MPI_INT64_T, MPI_MIN, comm);
  return found;
}

/// Digests of fields in memory. Collective. \throws NumericalError
std::vector<std::uint64_t> checked_digests(const std::vector<CheckpointField>& fields,
                                           const FieldContext& context) {
  const phase_space::MomentumGrid& momentum = context.momentum;
  std::vector<std::uint64_t> digests;
  for (const CheckpointField& field : fields) {
    const Inspection found = inspect(field.values, context);
    digests.push_back(found.digest);
    if (found.first_bad == std::numeric_limits<Index>::max()) continue;
    const Index node = found.first_bad / flavor::components;
    const Index row = node / momentum.angles();
    throw NumericalError(fmt::format(
        "no checkpoint is made: {} is not finite at z = {:g}, E - E_ref = {:g}, v = {:g}",
        field.long_name, context.z.position(row / momentum.energies()),
        momentum.energy_offset(row % momentum.energies()),
        momentum.direction(node % momentum.angles())));
  }
  return digests;
}

/// This rank's share of the digest of a stored field, whoever owns it: every rank reads its part of
/// the planes, a few at a time.
std::uint64_t stored_digest(hid_t dataset, int rank, int ranks) {
  constexpr hsize_t words_at_a_time = hsize_t{1} << 17U;
  const std::vector<hsize_t> shape = hdf5::shape(dataset);
  const hsize_t plane = shape[1] * shape[2] * shape[3];
  const auto bound = [&](int r) {
    return shape[0] * static_cast<hsize_t>(r) / static_cast<hsize_t>(ranks);
  };
  const hsize_t planes = std::max<hsize_t>(1, words_at_a_time / plane);
  std::vector<double> values(planes * plane);
  std::uint64_t sum = 0;
  for (hsize_t j = bound(rank); j < bound(rank + 1); j += planes) {
    const hsize_t count = std::min(planes, bound(rank + 1) - j);
    hdf5::read_block(dataset, {{j, 0, 0, 0}, {count, shape[1], shape[2], shape[3]}}, values.data(),
                     false);
    sum += digest(values.data(), count * plane, j * plane);
  }
  return sum;
}

}  // namespace

CheckpointWriter::CheckpointWriter(const FieldContext& context, std::string directory, int keep)
    : context_(context),
      directory_(std::move(directory) + "/" + folder),
      keep_(static_cast<std::size_t>(std::max(keep, 1))) {}

double CheckpointWriter::bytes(std::size_t fields) const {
  return static_cast<double>(fields) * static_cast<double>(context_.z.cells()) *
         static_cast<double>(context_.momentum.energies()) *
         static_cast<double>(context_.momentum.angles()) * flavor::components * sizeof(double);
}

std::string CheckpointWriter::write(const CheckpointRecord& record,
                                    const std::vector<CheckpointField>& fields) {
  const MPI_Comm comm = context_.decomposition.communicator();
  const auto pass = [&](const char* point) { on_every_rank(comm, [&] { failpoint(point); }); };
  const std::vector<std::uint64_t> digests = checked_digests(fields, context_);
  const std::string path = directory_ + "/" + name_of(record.step);
  const std::string partial = path + partial_extension;
  try {
    pass("checkpoint.begun");
    on_first_rank(comm, [&] { create(partial, record, fields, digests); });
    pass("checkpoint.created");
    write_fields(partial, fields);
    pass("checkpoint.closed");
    on_every_rank(comm, [&] { sync(partial); });
    pass("checkpoint.synced");
    verify_contents(partial, record, fields, digests);
    pass("checkpoint.verified");
    seal(partial, comm);
    pass("checkpoint.sealed");
    publish(partial, path);
  } catch (...) {
    int rank = 0;
    MPI_Comm_rank(comm, &rank);
    std::error_code ignored;
    if (rank == 0) fs::remove(partial, ignored);
    throw;
  }
  return path;
}

void CheckpointWriter::create(const std::string& path, const CheckpointRecord& record,
                              const std::vector<CheckpointField>& fields,
                              const std::vector<std::uint64_t>& digests) const {
  if (fs::create_directory(directory_)) sync(fs::path(directory_).parent_path().string());
  // What a run that was killed has left.
  for (const auto& entry : fs::directory_iterator(directory_))
    if (entry.path().extension() == partial_extension) fs::remove(entry.path());
  // A full disk has to show here: HDF5 leaves a file that it cannot close in a state that crashes
  // the program at its end.
  std::ofstream(path, std::ios::trunc).close();
  reserve(path, static_cast<std::uint64_t>(bytes(fields.size())) + metadata_room(record, context_));
  hdf5::Handle file = hdf5::create_file(path, seal_bytes);
  write_provenance(file, "checkpoint", context_.provenance);
  create_phase_space_coordinates(file, context_);
  write_record(file, record);
  for (std::size_t f = 0; f < fields.size(); ++f) {
    hdf5::create_variable(file, fields[f].name, {"z", "energy", "angle", "component"}, {},
                          {"1", fields[f].long_name});
    hdf5::write_attribute(hdf5::open_dataset(file, fields[f].name), digest_attribute,
                          digest_text(digests[f]));
  }
  file.close("cannot close " + path);
  // And again, as creating the file gave that room back: not amid what all ranks do together.
  reserve(path, file_size(path));
}

void CheckpointWriter::write_fields(const std::string& path,
                                    const std::vector<CheckpointField>& fields) const {
  const MPI_Comm comm = context_.decomposition.communicator();
  const hdf5::Block block = owned_block(context_.decomposition.box());
  // Ranks agree after each step: one that fails must not leave the others in the next one.
  std::optional<hdf5::Handle> file;
  on_every_rank(comm, [&] { file.emplace(hdf5::open_file_parallel(path, true, comm)); });
  for (const CheckpointField& field : fields)
    on_every_rank(comm, [&] {
      hdf5::write_block(hdf5::open_dataset(*file, field.name), block, field.values, true);
      failpoint("checkpoint.written");
    });
  on_every_rank(comm, [&] { file->close("cannot close " + path); });
}

void CheckpointWriter::verify_contents(const std::string& path, const CheckpointRecord& record,
                                       const std::vector<CheckpointField>& fields,
                                       const std::vector<std::uint64_t>& digests) const {
  const MPI_Comm comm = context_.decomposition.communicator();
  int rank = 0;
  int ranks = 1;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &ranks);
  std::vector<std::uint64_t> found;
  on_every_rank(comm, [&] {
    const hdf5::Handle file = hdf5::open_file_parallel(path, false, comm);
    if (!same_bits(read_record(file), record))
      throw IoError(path + ": the record reads back otherwise than written");
    std::vector<hdf5::Handle> datasets;
    for (const CheckpointField& field : fields)
      datasets.push_back(hdf5::open_dataset(file, field.name));
    // From here on each rank reads by itself.
    for (const hdf5::Handle& dataset : datasets)
      found.push_back(stored_digest(dataset, rank, ranks));
  });
  MPI_Allreduce(MPI_IN_PLACE, found.data(), static_cast<int>(found.size()), MPI_UINT64_T, MPI_SUM,
                comm);
  if (found != digests) throw IoError(path + ": the fields read back otherwise than written");
}

void CheckpointWriter::publish(const std::string& partial, const std::string& path) const {
  const MPI_Comm comm = context_.decomposition.communicator();
  const auto step = [&](const char* point, auto&& work) {
    on_first_rank(comm, work);
    on_every_rank(comm, [&] { failpoint(point); });
  };
  step("checkpoint.published", [&] { replace(path, partial); });
  step("checkpoint.linked", [&] {
    point_link(directory_ + "/latest", fs::path(path).filename().string());
    sync(directory_);
  });
  step("checkpoint.rotated", [&] {
    std::size_t kept = 0;
    for (const fs::path& checkpoint : published(directory_))
      if (*step_of(checkpoint) > *step_of(path) || ++kept > keep_) fs::remove(checkpoint);
  });
}

bool is_checkpoint(const std::string& path) {
  if (!fs::is_regular_file(path)) return false;
  const std::string start = read_start(path, seal_bytes + hdf5_signature.size());
  return start.starts_with(magic) || start.ends_with(hdf5_signature) ||
         fs::path(path).parent_path().filename() == folder;
}

void verify_checkpoint(const std::string& path, MPI_Comm comm) {
  const Measure found = measure(path, comm);
  on_first_rank(comm, [&] {
    const std::string seal = read_start(path, seal_bytes);
    if (seal != seal_text(found))
      throw IoError(fmt::format("{} is damaged: {}", path, damage(seal, found)));
  });
}

std::optional<std::string> newest_good_checkpoint(
    const std::string& directory, MPI_Comm comm,
    const std::function<void(const std::string&)>& warn) {
  std::string list;
  on_first_rank(comm, [&] {
    for (const fs::path& path : published(fs::path(directory) / folder))
      list += path.string() + '\n';
  });
  list = broadcast(list, 0, comm);
  for (std::size_t begin = 0; begin < list.size();) {
    const std::size_t end = list.find('\n', begin);
    const std::string path = list.substr(begin, end - begin);
    begin = end + 1;
    try {
      verify_checkpoint(path, comm);
      return path;
    } catch (const IoError& error) {
      warn(error.what());
    }
  }
  return std::nullopt;
}

CheckpointContents read_checkpoint(const std::string& path, MPI_Comm comm) {
  CheckpointContents contents;
  on_every_rank(comm, [&] {
    const hdf5::Handle file = hdf5::open_file_parallel(path, false, comm);
    contents = {read_record(file), hdf5::read_text_attribute(file, "config")};
  });
  return contents;
}

void read_checkpoint_field(const std::string& path, const std::string& name,
                           const FieldContext& context, double* values) {
  const MPI_Comm comm = context.decomposition.communicator();
  std::string expected;
  on_every_rank(comm, [&] {
    const hdf5::Handle file = hdf5::open_file_parallel(path, false, comm);
    const hdf5::Handle dataset = hdf5::open_dataset(file, name);
    expected = hdf5::read_text_attribute(dataset, digest_attribute);
    if (hdf5::shape(dataset) != shape_of(context))
      throw IoError(fmt::format("{}: dataset '{}' is of another grid", path, name));
    hdf5::read_block(dataset, owned_block(context.decomposition.box()), values, true);
  });
  if (digest_text(inspect(values, context).digest) != expected)
    throw IoError(
        fmt::format("{}: dataset '{}' does not have the digest of what was written", path, name));
}

std::string checkpoint_info(const std::string& path) {
  verify_checkpoint(path, MPI_COMM_SELF);
  const CheckpointRecord record = read_checkpoint(path, MPI_COMM_SELF).record;
  std::string text = fmt::format("verified      all {} bytes\nstep          {}\ntime          {}\n",
                                 file_size(path), record.step, record.time);
  text += "record\n";
  const auto list = [&](const auto& values, auto&& describe) {
    for (const auto& [name, value] : values)
      text += fmt::format("  {:<32}{}\n", name, describe(value));
  };
  const auto itself = [](auto value) { return fmt::format("{}", value); };
  list(record.reals, itself);
  list(record.integers, itself);
  list(record.texts,
       [](const std::string& value) { return fmt::format("text of {} characters", value.size()); });
  list(record.lists, [](const std::vector<double>& value) {
    return fmt::format("list of {} numbers", value.size());
  });
  return file_info(path, text);
}

}  // namespace nuvlasov::io
