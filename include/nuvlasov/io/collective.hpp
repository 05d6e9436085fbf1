/// \file
/// Work that can fail on one rank and must then fail on all, with one message.
#pragma once

#include <mpi.h>

#include <exception>
#include <string>

#include "nuvlasov/errors.hpp"

namespace nuvlasov::io {

/// Gives all ranks the text that `root` has.
std::string broadcast(std::string text, int root, MPI_Comm comm);

/// Throws the same InputError (`bad_input`) or IoError on all ranks when any has a `failure`: the
/// first one's.
void agree(const std::string& failure, bool bad_input, MPI_Comm comm);

/// Runs `work` on every rank; an exception on any is thrown on all, an InputError as such and any
/// other as an IoError. Collective.
template <class Work>
void on_every_rank(MPI_Comm comm, Work&& work) {
  std::string failure;
  bool bad_input = false;
  try {
    work();
  } catch (const InputError& error) {
    failure = error.what();
    bad_input = true;
  } catch (const std::exception& error) {
    failure = error.what();
  }
  agree(failure, bad_input, comm);
}

/// Runs `work` on the first rank alone; an exception there is thrown on all. Collective.
template <class Work>
void on_first_rank(MPI_Comm comm, Work&& work) {
  int rank = 0;
  MPI_Comm_rank(comm, &rank);
  on_every_rank(comm, [&] {
    if (rank == 0) work();
  });
}

/// Gives all ranks the content of a text file that the first one reads. Collective.
/// \throws InputError when it cannot be read
std::string read_text(const std::string& path, MPI_Comm comm);

}  // namespace nuvlasov::io
