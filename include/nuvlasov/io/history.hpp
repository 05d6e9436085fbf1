/// \file
/// history.h5: one row per record, one root dataset per column.
#pragma once

#include <mpi.h>

#include <string>
#include <vector>

#include "nuvlasov/diagnostics/record.hpp"
#include "nuvlasov/io/provenance.hpp"

namespace nuvlasov::io {

/// Rows are kept in memory and appended together; the file is closed in between, so that it can be
/// read while the run goes on.
class History {
 public:
  /// Creates the file. Collective. \throws IoError
  History(std::string path, std::vector<diagnostics::Column> columns, const Provenance& provenance,
          MPI_Comm comm);

  void append(const diagnostics::Record& record) { pending_.push_back(record); }
  std::size_t pending() const { return pending_.size(); }

  /// Writes the rows that wait. Collective. \throws IoError
  void flush();

 private:
  std::string path_;
  std::vector<diagnostics::Column> columns_;
  MPI_Comm comm_;
  std::vector<diagnostics::Record> pending_;
  hsize_t written_ = 0;
};

}  // namespace nuvlasov::io
