#include "nuvlasov/io/history.hpp"

#include "nuvlasov/io/collective.hpp"

namespace nuvlasov::io {
namespace {

constexpr const char* time_column = "time";
constexpr hsize_t chunk_rows = 512;

}  // namespace

History::History(std::string path, std::vector<diagnostics::Column> columns,
                 const Provenance& provenance, MPI_Comm comm)
    : path_(std::move(path)), columns_(std::move(columns)), comm_(comm) {
  on_first_rank(comm_, [&] {
    hdf5::Handle file = hdf5::create_file(path_);
    write_provenance(file, "history", provenance);
    for (const diagnostics::Column& column : columns_)
      if (column.name == time_column)
        hdf5::create_coordinate(file, column.name, {}, true, {column.units, column.long_name});
    for (const diagnostics::Column& column : columns_)
      if (column.name != time_column)
        hdf5::create_variable(file, column.name, {time_column}, {chunk_rows},
                              {column.units, column.long_name});
    file.close("cannot close " + path_);
  });
}

void History::flush() {
  if (pending_.empty()) return;
  on_first_rank(comm_, [&] {
    hdf5::Handle file = hdf5::open_file(path_, true);
    std::vector<double> values(pending_.size());
    // Backwards, so that `time`, the first column, is the last to grow: a row is there when its
    // time is.
    for (std::size_t c = columns_.size(); c-- > 0;) {
      for (std::size_t r = 0; r < pending_.size(); ++r) values[r] = pending_[r].values[c];
      const hdf5::Handle dataset = hdf5::open_dataset(file, columns_[c].name);
      hdf5::extend(dataset, written_ + pending_.size());
      hdf5::write_block(dataset, {{written_}, {pending_.size()}}, values.data(), false);
    }
    file.close("cannot close " + path_);
  });
  written_ += pending_.size();
  pending_.clear();
}

}  // namespace nuvlasov::io
