/// \file
/// Plain files with every return checked: what it takes to publish a file that is whole, also after
/// a loss of power. All throw IoError with the path and the system's reason.
#pragma once

#include <cstdint>
#include <string>

namespace nuvlasov::io {

std::uint64_t file_size(const std::string& path);

/// Puts the contents of a file, or the entries of a folder, on the disk (fsync).
void sync(const std::string& path);

/// Lets the disk begin with what sync() waits for.
void start_sync(const std::string& path);

/// Takes the room on the disk for `bytes` from the start of a file, a new one if there is none,
/// where the file system can.
void reserve(const std::string& path, std::uint64_t bytes);

/// Writes `text` over the start of an existing file.
void overwrite_start(const std::string& path, const std::string& text);

/// The first `bytes` of a file; fewer when it is shorter.
std::string read_start(const std::string& path, std::uint64_t bytes);

/// digest() of the bytes from `begin` to `end` of a file as words, the first of which is at
/// position `first`. The last one is filled up with zeros.
std::uint64_t file_digest(const std::string& path, std::uint64_t begin, std::uint64_t end,
                          std::uint64_t first);

/// Gives a file the name of another one, which it replaces in one step.
void replace(const std::string& path, const std::string& replacement);

/// Removes from a folder what a process that was killed has left of the HDF5 files that it was
/// writing (`x.h5.partial`), and what OpenMPI put beside them and beside those it had open
/// (x.h5-N.lock, x.h5.locktest.N).
void remove_unfinished(const std::string& directory);

/// Makes `link` a symbolic link to `target`, in one step where there is one already.
void point_link(const std::string& link, const std::string& target);

}  // namespace nuvlasov::io
