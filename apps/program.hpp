/// \file
/// What every program of nuvlasov begins and ends with.
#pragma once

#include <mpi.h>

#include <CLI/CLI.hpp>

#include <functional>
#include <string>
#include <vector>

namespace nuvlasov {

/// Parses a command line without the program's name.
/// \throws InputError for what is wrong with it, in one line, with the nearest command or option
/// \returns false when it only asked for help or the version, which the first rank has printed
bool parse(CLI::App& app, std::vector<std::string> arguments, MPI_Comm comm);

/// Starts HDF5, MPI and PETSc, the latter with the options after a --, calls body(arguments before
/// it) and ends them. Errors of the user's making are thrown alike on all ranks, and the first
/// speaks; any other exception ends all ranks at once.
/// \returns what the body does, or the code of its error
int run_program(const char* name, int argc, char** argv,
                const std::function<int(const std::vector<std::string>& arguments)>& body);

}  // namespace nuvlasov
