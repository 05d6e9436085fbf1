#include "nuvlasov/io/history.hpp"

#include <filesystem>

#include "nuvlasov/io/collective.hpp"

namespace nuvlasov::io {
namespace {

constexpr const char* time_column = "time";
constexpr hsize_t chunk_rows = 512;
constexpr const char* status_attribute = "status";

}  // namespace

std::string history_status(const std::string& path) {
  if (!std::filesystem::is_regular_file(path) || H5Fis_hdf5(path.c_str()) <= 0) return "";
  const hdf5::Handle file = hdf5::open_file(path, false);
  return hdf5::read_text_attribute(file, status_attribute);
}

History::History(std::string path, std::vector<diagnostics::Column> columns, Provenance provenance,
                 MPI_Comm comm, std::vector<diagnostics::Record> rows)
    : path_(std::move(path)),
      columns_(std::move(columns)),
      provenance_(std::move(provenance)),
      comm_(comm),
      rows_(std::move(rows)) {
  on_first_rank(comm_, [&] { write(); });
}

void History::append(const diagnostics::Record& record) {
  changed_ = true;
  rows_.push_back(record);
}

void History::set_status(std::string status) {
  status_ = std::move(status);
  changed_ = true;
}

void History::flush() {
  if (!changed_) return;
  on_first_rank(comm_, [&] { write(); });
  changed_ = false;
}

void History::write() const {
  const std::string partial = path_ + ".partial";
  hdf5::Handle file = hdf5::create_file(partial);
  write_provenance(file, "history", provenance_);
  hdf5::write_attribute(file, status_attribute, status_);
  std::vector<double> values(rows_.size());
  const auto write_column = [&](std::size_t c) {
    const diagnostics::Column& column = columns_[c];
    for (std::size_t r = 0; r < rows_.size(); ++r) values[r] = rows_[r].values[c];
    if (column.name == time_column) {
      hdf5::create_coordinate(file, column.name, values, true,
                              provenance_.describe(column.quantity, column.long_name));
      return;
    }
    hdf5::create_variable(file, column.name, {time_column}, {chunk_rows},
                          provenance_.describe(column.quantity, column.long_name));
    hdf5::write_block(hdf5::open_dataset(file, column.name), {{0}, {rows_.size()}}, values.data(),
                      false);
  };
  for (std::size_t c = 0; c < columns_.size(); ++c)
    if (columns_[c].name == time_column) write_column(c);
  for (std::size_t c = 0; c < columns_.size(); ++c)
    if (columns_[c].name != time_column) write_column(c);
  file.close("cannot close " + partial);
  std::filesystem::rename(partial, path_);
}

}  // namespace nuvlasov::io
