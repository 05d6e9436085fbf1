/// \file
/// history.h5: one row per record, one root dataset per column.
#pragma once

#include <mpi.h>

#include <string>
#include <vector>

#include "nuvlasov/diagnostics/record.hpp"
#include "nuvlasov/io/provenance.hpp"

namespace nuvlasov::io {

/// The rows of a run, on its first rank. The file is written whole under another name and then
/// renamed: it is complete whenever it is looked at, and whenever the run dies.
class History {
 public:
  /// Writes the file. Collective.
  /// \param rows  of the run before it was interrupted; only those of the first rank count
  /// \throws IoError
  History(std::string path, std::vector<diagnostics::Column> columns, Provenance provenance,
          MPI_Comm comm, std::vector<diagnostics::Record> rows = {});

  void append(const diagnostics::Record& record);
  /// All rows so far; empty but on the first rank.
  const std::vector<diagnostics::Record>& rows() const { return rows_; }

  /// Writes the rows to the file, unless it has them all. Collective. \throws IoError
  void flush();

 private:
  void write() const;

  std::string path_;
  std::vector<diagnostics::Column> columns_;
  Provenance provenance_;
  MPI_Comm comm_;
  bool first_rank_ = false;
  bool changed_ = false;
  std::vector<diagnostics::Record> rows_;
};

}  // namespace nuvlasov::io
