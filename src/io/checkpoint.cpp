#include "nuvlasov/io/checkpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <filesystem>
#include <limits>
#include <sstream>
#include <string_view>

#include "nuvlasov/io/collective.hpp"
#include "nuvlasov/io/digest.hpp"
#include "nuvlasov/io/durable_file.hpp"
#include "nuvlasov/io/failpoint.hpp"

namespace nuvlasov::io {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t seal_bytes = 1024;  // a user block of HDF5: a power of 2 from 512 on
constexpr std::uint64_t word_bytes = 8;
constexpr std::string_view magic = "nuvlasov checkpoint 1\n";
constexpr std::string_view hdf5_signature = "\x89HDF\r\n\x1a\n";
constexpr const char* folder = "checkpoints";
constexpr const char* record_group = "record";

// --- the seal

/// The bytes of a field in the file, and digest() of its numbers from position 0 on.
struct Extent {
  std::string name;
  std::uint64_t begin = 0;
  std::uint64_t size = 0;
  std::uint64_t digest = 0;
  std::uint64_t end() const { return begin + size; }
};

struct Seal {
  std::uint64_t bytes = 0;  ///< of the file
  std::uint64_t metadata =
      0;  ///< digest() of all but fields and seal, positions from the file's start
  std::vector<Extent> fields;  ///< in their order in the file
};

std::string seal_text(const Seal& seal) {
  std::string text =
      fmt::format("{}bytes {}\nmetadata {}\n", magic, seal.bytes, digest_text(seal.metadata));
  for (const Extent& field : seal.fields)
    text += fmt::format("field {} {} {} {}\n", field.name, field.begin, field.size,
                        digest_text(field.digest));
  constexpr std::uint64_t last_line = 24;
  constexpr std::uint64_t covered = seal_bytes - last_line;
  if (text.size() > covered) throw IoError("a checkpoint cannot hold so many fields");
  text.resize(covered, '\n');
  text += fmt::format("digest {}\n", digest_text(digest(text.data(), covered / word_bytes, 0)));
  return text;
}

/// Nothing when the text is not, to the byte, one that seal_text() makes.
std::optional<Seal> parse_seal(const std::string& text) {
  if (!text.starts_with(magic)) return std::nullopt;
  Seal seal;
  std::istringstream in(text.substr(magic.size()));
  std::string key;
  in >> key >> seal.bytes >> key >> std::hex >> seal.metadata;
  std::uint64_t end = seal_bytes;
  while (in >> key && key == "field") {
    Extent field;
    in >> field.name >> std::dec >> field.begin >> field.size >> std::hex >> field.digest;
    const bool fits = field.begin >= end && field.begin <= seal.bytes &&
                      field.size <= seal.bytes - field.begin && field.begin % word_bytes == 0 &&
                      field.size % word_bytes == 0;
    if (!fits) return std::nullopt;
    end = field.end();
    seal.fields.push_back(field);
  }
  return seal_text(seal) == text ? std::optional(seal) : std::nullopt;
}

/// Digests of a file that has the parts of `layout`: every rank reads its share, whoever owns it.
/// Collective.
Seal measure(const std::string& path, const Seal& layout, MPI_Comm comm) {
  int rank = 0;
  int ranks = 1;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &ranks);
  std::vector<std::uint64_t> digests(1 + layout.fields.size());
  on_every_rank(comm, [&] {
    for (std::size_t f = 0; f < layout.fields.size(); ++f) {
      const Extent& field = layout.fields[f];
      const auto bound = [&](int r) {
        return field.size / word_bytes * static_cast<std::uint64_t>(r) /
               static_cast<std::uint64_t>(ranks);
      };
      digests[1 + f] = file_digest(path, field.begin + bound(rank) * word_bytes,
                                   field.begin + bound(rank + 1) * word_bytes, bound(rank));
    }
    if (rank > 0) return;
    std::uint64_t begin = seal_bytes;
    const auto add_metadata_until = [&](std::uint64_t end) {
      digests[0] += file_digest(path, begin, end, begin / word_bytes);
    };
    for (const Extent& field : layout.fields) {
      add_metadata_until(field.begin);
      begin = field.end();
    }
    add_metadata_until(layout.bytes);
  });
  MPI_Allreduce(MPI_IN_PLACE, digests.data(), static_cast<int>(digests.size()), MPI_UINT64_T,
                MPI_SUM, comm);
  Seal found = layout;
  found.metadata = digests[0];
  for (std::size_t f = 0; f < found.fields.size(); ++f) found.fields[f].digest = digests[1 + f];
  return found;
}

/// The seal of a file, and its size. Collective. \throws IoError when it has none
Seal read_seal(const std::string& path, MPI_Comm comm) {
  std::string text;
  on_first_rank(comm, [&] {
    text = read_start(path, seal_bytes);
    const std::optional<Seal> seal = parse_seal(text);
    if (!seal)
      throw IoError(
          path +
          " is damaged: it does not begin as a checkpoint does, or was not written to its end");
    if (const std::uint64_t bytes = file_size(path); bytes != seal->bytes)
      throw IoError(
          fmt::format("{} is damaged: it has {} bytes instead of {}", path, bytes, seal->bytes));
  });
  return *parse_seal(broadcast(text, 0, comm));
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

std::vector<hsize_t> shape_of(const FieldContext& context) {
  return {static_cast<hsize_t>(context.z.cells()),
          static_cast<hsize_t>(context.momentum.energies()),
          static_cast<hsize_t>(context.momentum.angles()),
          static_cast<hsize_t>(context.momentum.components())};
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
  const phase_space::MomentumGrid& momentum = context.momentum;
  const MPI_Comm comm = context.decomposition.communicator();
  // What is contiguous in the whole field: a z plane, or a row of directions where these are split.
  const bool rows = box.angle.size < momentum.angles();
  const Index run = rows ? box.row() : box.plane();
  Inspection found;
  for (Index j = box.z.begin; j < box.z.end(); ++j)
    for (Index i = box.energy.begin; i < box.energy.end(); i += rows ? 1 : box.energy.size) {
      const Index first = ((j * momentum.energies() + i) * momentum.angles() + box.angle.begin) *
                          momentum.components();
      found.digest +=
          digest(values, static_cast<std::size_t>(run), static_cast<std::uint64_t>(first));
      bool all_finite = true;
      for (Index a = 0; a < run; ++a) all_finite &= finite(values[a]);
      if (!all_finite)
        found.first_bad = std::min(
            found.first_bad, first + (std::find_if_not(values, values + run, finite) - values));
      values += run;
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
    const Index node = found.first_bad / momentum.components();
    const Index row = node / momentum.angles();
    throw NumericalError(fmt::format(
        "no checkpoint is made: {} is not finite at z = {:g}, E - E_ref = {:g}, v = {:g}",
        field.long_name, context.z.position(row / momentum.energies()),
        momentum.energy_offset(row % momentum.energies()),
        momentum.direction(node % momentum.angles())));
  }
  return digests;
}

double state_bytes(const FieldContext& context) {
  return static_cast<double>(context.z.cells()) * static_cast<double>(context.momentum.energies()) *
         static_cast<double>(context.momentum.angles()) * context.momentum.matrix_bytes();
}

/// Where the parts of a file are, without digests. Collective.
/// \throws IoError when HDF5 does not read back the record, or fields of the right size
Seal read_layout(const std::string& path, const CheckpointRecord& record,
                 const std::vector<CheckpointField>& fields, const FieldContext& context) {
  const MPI_Comm comm = context.decomposition.communicator();
  Seal layout;
  on_every_rank(comm, [&] {
    const hdf5::Handle file = hdf5::open_file_parallel(path, false, comm);
    if (!same_bits(read_record(file), record))
      throw IoError(path + ": the record reads back otherwise than written");
    for (const CheckpointField& field : fields) {
      const hdf5::Handle dataset = hdf5::open_dataset(file, field.name);
      if (hdf5::shape(dataset) != shape_of(context))
        throw IoError(path + ": a field reads back with another shape");
      layout.fields.push_back(
          {field.name, hdf5::offset(dataset), static_cast<std::uint64_t>(state_bytes(context))});
    }
    layout.bytes = file_size(path);
  });
  return layout;
}

/// Reads a closed file back and returns the seal it should get. Collective.
/// \throws IoError when it does not hold what is in memory
Seal verify(const std::string& path, const CheckpointRecord& record,
            const std::vector<CheckpointField>& fields, const std::vector<std::uint64_t>& digests,
            const FieldContext& context) {
  Seal seal = measure(path, read_layout(path, record, fields, context),
                      context.decomposition.communicator());
  for (std::size_t f = 0; f < fields.size(); ++f)
    if (seal.fields[f].digest != digests[f])
      throw IoError(fmt::format("{}: {} reads back otherwise than written", path, fields[f].name));
  std::sort(seal.fields.begin(), seal.fields.end(),
            [](const Extent& a, const Extent& b) { return a.begin < b.begin; });
  return seal;
}

void write_seal(const std::string& path, const Seal& seal) {
  const std::string text = seal_text(seal);
  if (!parse_seal(text)) throw IoError(path + ": its fields have no places of their own");
  overwrite_start(path, text);
  if (read_start(path, seal_bytes) != text)
    throw IoError(path + ": the seal reads back otherwise than written");
}

}  // namespace

CheckpointWriter::CheckpointWriter(const FieldContext& context, std::string directory, int keep)
    : context_(context),
      directory_(std::move(directory) + "/" + folder),
      keep_(static_cast<std::size_t>(std::max(keep, 1))) {}

double CheckpointWriter::bytes(std::size_t fields) const {
  return static_cast<double>(fields) * state_bytes(context_);
}

std::string CheckpointWriter::write(const CheckpointRecord& record,
                                    const std::vector<CheckpointField>& fields) {
  const MPI_Comm comm = context_.decomposition.communicator();
  const auto pass = [&](const char* point) { on_every_rank(comm, [&] { failpoint(point); }); };
  const std::vector<std::uint64_t> digests = checked_digests(fields, context_);
  std::string path = directory_ + "/" + name_of(record.step);
  const std::string partial = path + ".partial";
  try {
    pass("checkpoint.begun");
    on_first_rank(comm, [&] { create(partial, record, fields); });
    pass("checkpoint.created");
    write_fields(partial, fields);
    pass("checkpoint.closed");
    // The disk works while the file is read back from memory.
    on_every_rank(comm, [&] { start_sync(partial); });
    const Seal seal = verify(partial, record, fields, digests, context_);
    pass("checkpoint.verified");
    on_first_rank(comm, [&] { write_seal(partial, seal); });
    pass("checkpoint.sealed");
    on_every_rank(comm, [&] { sync(partial); });
    pass("checkpoint.synced");
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
                              const std::vector<CheckpointField>& fields) const {
  if (fs::create_directory(directory_)) sync(fs::path(directory_).parent_path().string());
  remove_unfinished(directory_);
  // A full disk has to show here, not in HDF5, which does not recover from a file that it cannot
  // close.
  reserve(path, metadata_room(record, context_));
  hdf5::Handle file = hdf5::create_file(path, {.user_block = seal_bytes, .alignment = word_bytes});
  write_provenance(file, "checkpoint", context_.provenance);
  create_phase_space_coordinates(file, context_);
  write_record(file, record);
  for (const CheckpointField& field : fields)
    hdf5::create_variable(file, field.name, {"z", "energy", "angle", "component"}, {},
                          {"1", field.long_name});
  file.close("cannot close " + path);
  // Nor amid what all ranks do together.
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
  const Seal seal = read_seal(path, comm);
  const Seal found = measure(path, seal, comm);
  std::string damaged;
  if (found.metadata != seal.metadata) damaged += ", metadata";
  for (std::size_t f = 0; f < seal.fields.size(); ++f)
    if (found.fields[f].digest != seal.fields[f].digest) damaged += ", " + seal.fields[f].name;
  if (!damaged.empty())
    throw IoError(fmt::format("{} is damaged: wrong digest of {}", path, damaged.substr(2)));
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
  on_every_rank(comm, [&] {
    const hdf5::Handle file = hdf5::open_file_parallel(path, false, comm);
    const hdf5::Handle dataset = hdf5::open_dataset(file, name);
    if (hdf5::shape(dataset) != shape_of(context))
      throw IoError(fmt::format("{}: dataset '{}' is of another grid", path, name));
    hdf5::read_block(dataset, owned_block(context.decomposition.box()), values, true);
  });
  const std::uint64_t found = inspect(values, context).digest;
  for (const Extent& field : read_seal(path, comm).fields)
    if (field.name == name && field.digest == found) return;
  throw IoError(fmt::format("{}: dataset '{}' was read otherwise than written", path, name));
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
