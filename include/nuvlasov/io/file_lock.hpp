/// \file
/// That one process at a time does something.
#pragma once

#include <string>
#include <utility>

namespace nuvlasov::io {

/// A lock on a file that is made for it. The system gives it back when the process ends, however it
/// ends: a file that is left behind locks nothing. By fcntl(F_SETLK), which NFS and cluster file
/// systems pass on to other computers, unless they are mounted without.
class FileLock {
 public:
  enum class Outcome { taken, busy, impossible };

  /// Leaves the disk alone.
  explicit FileLock(std::string path) : path_(std::move(path)) {}
  /// Removes the file, if it was signed.
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  const std::string& path() const { return path_; }
  /// `busy`: another process has it; `impossible`: the file system has no locks. Does nothing when
  /// it was taken before. \throws IoError when the file can be neither opened nor made
  Outcome take();
  /// Writes into the file who has it.
  void sign(const std::string& owner);
  /// Who has it; empty when nobody has signed. Not to be asked by who has it: a process that closes
  /// the file gives the lock back.
  std::string owner() const;

 private:
  bool is_still_there() const;
  void close();

  std::string path_;
  int file_ = -1;  ///< while it is taken
  bool signed_ = false;
};

}  // namespace nuvlasov::io
