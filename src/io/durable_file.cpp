#include "nuvlasov/io/durable_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <regex>
#include <system_error>
#include <utility>
#include <vector>

#include "nuvlasov/errors.hpp"
#include "nuvlasov/io/digest.hpp"

namespace nuvlasov::io {
namespace {

[[noreturn]] void fail(const char* task, const std::string& path) {
  const int reason = errno;
  throw IoError(std::string(task) + " " + path + ": " + std::generic_category().message(reason));
}

/// Repeats a call that a signal has interrupted.
template <class Call>
auto insist(Call&& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

class File {
 public:
  File(const std::string& path, int flags)
      : path_(path), id_(insist([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0666); })) {
    if (id_ < 0) fail("cannot open", path);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (id_ >= 0) ::close(id_);
  }
  operator int() const { return id_; }  // NOLINT(google-explicit-constructor)

  /// Fills `buffer` from `offset` on; fewer bytes only at the end of the file.
  std::size_t read(char* buffer, std::size_t bytes, std::uint64_t offset) const {
    std::size_t done = 0;
    while (done < bytes) {
      const ssize_t got = insist([&] {
        return ::pread(id_, buffer + done, bytes - done, static_cast<off_t>(offset + done));
      });
      if (got < 0) fail("cannot read", path_);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  void write(const std::string& text) const {
    std::size_t done = 0;
    while (done < text.size()) {
      const ssize_t put = insist([&] {
        return ::pwrite(id_, text.data() + done, text.size() - done, static_cast<off_t>(done));
      });
      if (put < 0) fail("cannot write", path_);
      done += static_cast<std::size_t>(put);
    }
  }

  void close() {
    if (::close(std::exchange(id_, -1)) != 0) fail("cannot close", path_);
  }

 private:
  std::string path_;
  int id_;
};

}  // namespace

std::uint64_t file_size(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) fail("cannot read", path);
  return static_cast<std::uint64_t>(status.st_size);
}

void sync(const std::string& path) {
  File file(path, O_RDONLY);
  // Some file systems have no fsync for folders, and say so by EINVAL.
  if (insist([&] { return ::fsync(file); }) != 0 && errno != EINVAL)
    fail("cannot put on the disk", path);
  file.close();
}

void start_sync(const std::string& path) {
  const File file(path, O_RDONLY);
  // A hint: what it cannot do, and what goes wrong, comes with sync().
  ::sync_file_range(file, 0, 0, SYNC_FILE_RANGE_WRITE);
}

void reserve(const std::string& path, std::uint64_t bytes) {
  File file(path, O_RDWR | O_CREAT);
  if (insist([&] { return ::fallocate(file, 0, 0, static_cast<off_t>(bytes)); }) != 0 &&
      errno != EOPNOTSUPP && errno != ENOSYS)
    fail("cannot write", path);
  file.close();
}

void overwrite_start(const std::string& path, const std::string& text) {
  File file(path, O_WRONLY);
  file.write(text);
  file.close();
}

std::string read_start(const std::string& path, std::uint64_t bytes) {
  const File file(path, O_RDONLY);
  std::string text(bytes, '\0');
  text.resize(file.read(text.data(), text.size(), 0));
  return text;
}

std::uint64_t file_digest(const std::string& path, std::uint64_t begin, std::uint64_t end,
                          std::uint64_t first) {
  // Small enough to stay in the cache between reading and adding up.
  constexpr std::size_t block = std::size_t{1} << 18U;
  constexpr std::size_t word = sizeof(std::uint64_t);
  const File file(path, O_RDONLY);
  std::vector<char> buffer(block);
  std::uint64_t sum = 0;
  for (std::uint64_t at = begin; at < end; at += block) {
    const auto bytes = static_cast<std::size_t>(std::min<std::uint64_t>(block, end - at));
    if (file.read(buffer.data(), bytes, at) < bytes) throw IoError(path + ": ends too early");
    std::fill(buffer.begin() + static_cast<std::ptrdiff_t>(bytes), buffer.end(), '\0');
    sum += digest(buffer.data(), (bytes + word - 1) / word, first + (at - begin) / word);
  }
  return sum;
}

void replace(const std::string& path, const std::string& replacement) {
  if (std::rename(replacement.c_str(), path.c_str()) != 0) fail("cannot rename to", path);
}

void remove_unfinished(const std::string& directory) {
  static const std::regex unfinished(R"(.*\.h5(\.partial.*|-.*\.lock|\.locktest\..*))");
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    if (std::regex_match(entry.path().filename().string(), unfinished))
      std::filesystem::remove(entry.path());
}

void point_link(const std::string& link, const std::string& target) {
  const std::string fresh = link + ".partial";
  if (::unlink(fresh.c_str()) != 0 && errno != ENOENT) fail("cannot remove", fresh);
  if (::symlink(target.c_str(), fresh.c_str()) != 0) fail("cannot link", fresh);
  replace(link, fresh);
}

}  // namespace nuvlasov::io
