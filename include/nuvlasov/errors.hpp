/// \file
/// Errors that a user can cause, each with its exit code. Thrown alike on all ranks; the first
/// prints.
#pragma once

#include <stdexcept>

namespace nuvlasov {

/// What the program tells the shell.
enum ExitCode : int {
  exit_done = 0,
  exit_internal_error = 1,
  exit_bad_input = 2,
  exit_numerical_failure = 3,
  exit_io_failure = 4,
  exit_resubmit = 75,
};

/// An input that cannot be run: what is wrong, where, what to do instead.
class InputError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A file that could not be read or written.
class IoError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A non-finite state, a collapsed step or a failed solve.
class NumericalError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace nuvlasov
