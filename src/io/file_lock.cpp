#include "nuvlasov/io/file_lock.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <system_error>
#include <utility>

#include "nuvlasov/errors.hpp"

namespace nuvlasov::io {

FileLock::~FileLock() {
  if (file_ < 0) return;
  // While it is locked: afterwards it may be another one's.
  if (signed_) ::unlink(path_.c_str());
  close();
}

FileLock::Outcome FileLock::take() {
  while (file_ < 0) {
    file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file_ < 0) {
      const int reason = errno;
      throw IoError("cannot write " + path_ + ": " + std::generic_category().message(reason));
    }
    struct flock whole {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    if (::fcntl(file_, F_SETLK, &whole) != 0) {
      const int reason = errno;
      close();
      if (reason == EINTR) continue;
      return reason == EACCES || reason == EAGAIN ? Outcome::busy : Outcome::impossible;
    }
    // Who had it may have removed it between open and fcntl: what is locked then is no file.
    if (!is_still_there()) close();
  }
  return Outcome::taken;
}

bool FileLock::is_still_there() const {
  struct stat open {};
  struct stat there {};
  return ::fstat(file_, &open) == 0 && ::stat(path_.c_str(), &there) == 0 &&
         open.st_dev == there.st_dev && open.st_ino == there.st_ino;
}

void FileLock::sign(const std::string& owner) {
  if (file_ < 0) return;
  signed_ = true;
  // For people, who have to do without it on a full disk.
  const bool written =
      ::ftruncate(file_, 0) == 0 && ::pwrite(file_, owner.data(), owner.size(), 0) >= 0;
  static_cast<void>(written);
}

std::string FileLock::owner() const {
  std::ifstream in(path_);
  std::string line;
  std::getline(in, line);
  return line;
}

void FileLock::close() { ::close(std::exchange(file_, -1)); }

}  // namespace nuvlasov::io
