#include "nuvlasov/io/collective.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "nuvlasov/mpi_counts.hpp"

namespace nuvlasov::io {

std::string broadcast(std::string text, int root, MPI_Comm comm) {
  auto size = static_cast<long long>(text.size());
  MPI_Bcast(&size, 1, MPI_LONG_LONG, root, comm);
  text.resize(static_cast<std::size_t>(size));
  in_pieces(size, [&](std::int64_t first, int count) {
    MPI_Bcast(text.data() + first, count, MPI_CHAR, root, comm);
  });
  return text;
}

void agree(const std::string& failure, bool bad_input, MPI_Comm comm) {
  int rank = 0;
  int ranks = 1;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &ranks);
  int first = failure.empty() ? ranks : rank;
  MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_INT, MPI_MIN, comm);
  if (first == ranks) return;
  const std::string message = broadcast(failure, first, comm);
  int kind = bad_input ? 1 : 0;
  MPI_Bcast(&kind, 1, MPI_INT, first, comm);
  if (kind == 1) throw InputError(message);
  throw IoError(message);
}

std::string read_text(const std::string& path, MPI_Comm comm) {
  std::string text;
  on_first_rank(comm, [&] {
    if (std::filesystem::is_directory(path))
      throw InputError(fmt::format("{}: is a directory, not a file", path));
    std::ifstream in(path);
    std::ostringstream content;
    content << in.rdbuf();
    if (!in) throw InputError(fmt::format("{}: cannot read this file", path));
    text = content.str();
  });
  return broadcast(text, 0, comm);
}

}  // namespace nuvlasov::io
