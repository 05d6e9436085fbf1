/// \file
/// history.h5: one row per record, one root dataset per column.
#pragma once

#include <mpi.h>

#include <string>
#include <vector>

#include "nuvlasov/diagnostics/record.hpp"
#include "nuvlasov/io/provenance.hpp"

namespace nuvlasov::io {

/// Values of the attribute `status` of history.h5; others say why a run stopped.
inline constexpr const char* status_running = "running";
inline constexpr const char* status_done = "done";

/// What history.h5 says of itself; empty when there is none that can be read. By one rank alone.
std::string history_status(const std::string& path);

/// The rows of a run, on all its ranks. The file is written whole under another name and then
/// renamed: it is complete whenever it is looked at, and whenever the run dies.
class History {
 public:
  /// Writes the file. Collective.
  /// \param rows  of the run before it was interrupted
  /// \throws IoError
  History(std::string path, std::vector<diagnostics::Column> columns, Provenance provenance,
          MPI_Comm comm, std::vector<diagnostics::Record> rows = {});

  void append(const diagnostics::Record& record);
  /// What the attribute `status` of the file says from the next flush on.
  void set_status(std::string status);
  /// All rows so far.
  const std::vector<diagnostics::Record>& rows() const { return rows_; }

  /// Writes the rows to the file, unless it has them all. Collective. \throws IoError
  void flush();

 private:
  void write() const;

  std::string path_;
  std::vector<diagnostics::Column> columns_;
  Provenance provenance_;
  MPI_Comm comm_;
  bool changed_ = false;
  std::string status_ = status_running;
  std::vector<diagnostics::Record> rows_;
};

}  // namespace nuvlasov::io
