/// \file
/// What the user reads: the terminal and run.log, from the first rank.
#pragma once

#include <mpi.h>

#include <fstream>
#include <string>

namespace nuvlasov::io {

/// Lines go to standard output and, once open_file() was called, to a file. A progress bar, redrawn
/// in place, goes to the terminal only, and only when there is one.
class Log {
 public:
  explicit Log(MPI_Comm comm);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// \param append  to what is there, instead of replacing it
  /// Collective. \throws IoError
  void open_file(const std::string& path, bool append);
  void line(const std::string& text);
  void warning(const std::string& text) { line("WARNING: " + text); }
  /// \param fraction  done, 0 to 1; \param text  shown behind the bar
  void progress(double fraction, const std::string& text);

 private:
  void clear_bar();

  MPI_Comm comm_;
  bool speaks_;
  bool terminal_;
  bool bar_shown_ = false;
  std::ofstream file_;
};

}  // namespace nuvlasov::io
