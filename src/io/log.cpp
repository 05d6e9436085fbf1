#include "nuvlasov/io/log.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "nuvlasov/io/collective.hpp"

namespace nuvlasov::io {
namespace {

bool is_first(MPI_Comm comm) {
  int rank = 0;
  MPI_Comm_rank(comm, &rank);
  return rank == 0;
}

/// mpirun puts a pseudo-terminal without a size between the ranks and wherever the output goes.
bool is_terminal(int file) {
  winsize size{};
  return isatty(file) == 1 && ioctl(file, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
}

}  // namespace

Log::Log(MPI_Comm comm)
    : comm_(comm), speaks_(is_first(comm)), terminal_(speaks_ && is_terminal(STDOUT_FILENO)) {}

Log::~Log() { clear_bar(); }

void Log::open_file(const std::string& path, bool append) {
  on_first_rank(comm_, [&] {
    file_.open(path, append ? std::ios::app : std::ios::trunc);
    if (!file_) throw IoError("cannot write " + path);
  });
}

void Log::line(const std::string& text) {
  if (!speaks_) return;
  clear_bar();
  fmt::print("{}\n", text);
  std::fflush(stdout);
  if (file_.is_open()) file_ << text << std::endl;
}

void Log::progress(double fraction, const std::string& text) {
  if (!terminal_) return;
  constexpr int width = 24;
  const int filled = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * width);
  fmt::print("\r\033[K[{:=<{}}{: <{}}] {:3.0f} %  {}", "", filled, "", width - filled,
             100.0 * fraction, text);
  std::fflush(stdout);
  bar_shown_ = true;
}

void Log::clear_bar() {
  if (!bar_shown_) return;
  fmt::print("\r\033[K");
  bar_shown_ = false;
}

}  // namespace nuvlasov::io
