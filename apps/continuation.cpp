#include "continuation.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <type_traits>

#include "petsc_options.hpp"

namespace nuvlasov {
namespace {

/// Names in the record.
constexpr const char* memory_name = "simulation";
constexpr const char* rows_name = "history";
constexpr const char* columns_name = "history_columns";
constexpr const char* snapshots_name = "snapshot_times";
constexpr const char* profiles_name = "profile_records";
constexpr const char* dissipated_name = "dissipated_energy";
constexpr const char* petsc_name = "petsc_options";

/// The bytes of a struct as numbers, exact to the bit.
template <class Struct>
std::vector<double> to_numbers(const Struct& source) {
  static_assert(std::is_trivially_copyable_v<Struct>);
  std::vector<double> numbers((sizeof source + sizeof(double) - 1) / sizeof(double), 0.0);
  std::memcpy(numbers.data(), &source, sizeof source);
  return numbers;
}

template <class Struct>
bool from_numbers(const std::vector<double>& numbers, Struct& target) {
  if (numbers.size() != (sizeof target + sizeof(double) - 1) / sizeof(double)) return false;
  std::memcpy(static_cast<void*>(&target), numbers.data(), sizeof target);
  return true;
}

std::string column_names(const diagnostics::Ledger& ledger) {
  std::vector<std::string> names;
  for (const auto& column : ledger.columns()) names.push_back(column.name);
  return fmt::format("{}", fmt::join(names, " "));
}

std::string field_name(std::size_t n) {
  return n == 0 ? diagnostics::density_matrix_name : fmt::format("midpoint_{}", n);
}

/// The numbers of a vector; given back to it whatever happens in between.
class ReadArray {
 public:
  explicit ReadArray(Vec vector) : vector_(vector) {
    PetscCallAbort(PETSC_COMM_SELF, VecGetArrayRead(vector_, &values_));
  }
  ReadArray(const ReadArray&) = delete;
  ReadArray& operator=(const ReadArray&) = delete;
  ~ReadArray() { PetscCallAbort(PETSC_COMM_SELF, VecRestoreArrayRead(vector_, &values_)); }
  const double* values() const { return values_; }

 private:
  Vec vector_;
  const PetscScalar* values_ = nullptr;
};

template <class Map>
auto item(const Map& map, const std::string& name, const std::string& path) {
  const auto found = map.find(name);
  if (found == map.end())
    throw IoError(
        fmt::format("{}: holds no '{}': it is from another version of nuvlasov", path, name));
  return found->second;
}

std::vector<diagnostics::Record> to_rows(const std::vector<double>& values, std::size_t columns) {
  std::vector<diagnostics::Record> rows;
  for (std::size_t n = 0; n + columns <= values.size(); n += columns)
    rows.push_back({{values.begin() + static_cast<std::ptrdiff_t>(n),
                     values.begin() + static_cast<std::ptrdiff_t>(n + columns)}});
  return rows;
}

}  // namespace

bool may_change(const std::string& key) {
  static constexpr std::array exact{"time.end",       "time.step",       "time.safety",
                                    "time.tolerance", "time.wall_limit", "time.solver_tolerance"};
  static constexpr std::array sections{"output.", "diagnostics.", "checkpoint.", "parallel.",
                                       "petsc."};
  return std::find(exact.begin(), exact.end(), key) != exact.end() ||
         std::any_of(sections.begin(), sections.end(),
                     [&](const char* section) { return key.starts_with(section); });
}

PetscErrorCode save(io::CheckpointWriter& writer, const Simulation& simulation,
                    const Progress& progress) {
  PetscFunctionBeginUser;
  io::CheckpointRecord record;
  record.step = simulation.integrator().steps();
  record.time = simulation.integrator().time();
  SimulationMemory memory;
  PetscCall(simulation.memory(&memory));
  std::vector<double> numbers = to_numbers(memory);
  // All ranks have the same, but for what lies between the members.
  PetscCallMPI(MPI_Bcast(numbers.data(), static_cast<int>(numbers.size()), MPI_DOUBLE, 0,
                         simulation.decomposition().communicator()));
  record.lists[memory_name] = numbers;
  record.lists[snapshots_name] = progress.snapshot_times;
  auto& rows = record.lists[rows_name];
  for (const auto& row : progress.rows)
    rows.insert(rows.end(), row.values.begin(), row.values.end());
  record.texts[columns_name] = column_names(simulation.ledger());
  record.texts[petsc_name] = petsc_options_text();
  record.integers[profiles_name] = progress.profile_records;
  record.reals[dissipated_name] = progress.dissipated;

  const std::vector<Vec> vectors = simulation.vectors();
  std::vector<io::CheckpointField> fields;
  std::deque<ReadArray> arrays;
  for (std::size_t n = 0; n < vectors.size(); ++n)
    fields.push_back({field_name(n),
                      n == 0 ? "density matrix rho"
                             : "density matrix at a former midpoint of the implicit steps",
                      arrays.emplace_back(vectors[n]).values()});
  writer.write(record, fields);
  PetscFunctionReturn(0);
}

Continuation read_continuation(const std::string& path, const config::Configuration& configuration,
                               MPI_Comm comm) {
  const io::CheckpointContents contents = io::read_checkpoint(path, comm);
  const io::CheckpointRecord& record = contents.record;
  const config::Configuration before(contents.config, path, {});
  Continuation from{.path = path,
                    .time = record.time,
                    .step = record.step,
                    .simulation = {},
                    .progress = {},
                    .petsc_options = item(record.texts, petsc_name, path),
                    .changes = config::differences(before.input(), configuration.input())};
  for (const config::Difference& change : from.changes)
    if (!may_change(change.key))
      configuration.fail(change.key,
                         fmt::format("is {}, but {} in {}: a run that goes on cannot change it; "
                                     "start another with --output, or --overwrite this one",
                                     change.now.empty() ? "absent" : change.now,
                                     change.before.empty() ? "absent" : change.before, path));
  if (!from_numbers(item(record.lists, memory_name, path), from.simulation))
    throw IoError(
        fmt::format("{}: is from another version of nuvlasov, which cannot go on from it", path));
  const std::string columns = item(record.texts, columns_name, path);
  const auto count = static_cast<std::size_t>(std::count(columns.begin(), columns.end(), ' ')) + 1;
  from.progress.rows = to_rows(item(record.lists, rows_name, path), count);
  from.progress.snapshot_times = item(record.lists, snapshots_name, path);
  from.progress.profile_records = item(record.integers, profiles_name, path);
  from.progress.dissipated = item(record.reals, dissipated_name, path);
  return from;
}

PetscErrorCode load(const Continuation& from, const io::FieldContext& context,
                    Simulation& simulation) {
  PetscFunctionBeginUser;
  const std::vector<Vec> vectors = simulation.vectors();
  for (std::size_t n = 0; n < vectors.size(); ++n) {
    PetscScalar* values = nullptr;
    PetscCall(VecGetArray(vectors[n], &values));
    io::read_checkpoint_field(from.path, field_name(n), context, values);
    PetscCall(VecRestoreArray(vectors[n], &values));
  }
  PetscFunctionReturn(0);
}

}  // namespace nuvlasov
