/// \file
/// Places at which tests make a run fail.
#pragma once

#include <functional>
#include <string>

namespace nuvlasov::io {

/// A place where things can go wrong. Does nothing unless the environment says
///
///     NUVLASOV_FAILPOINT=name[:n][=kill|io_error|delay]   at the n-th passing (1); kill is the
///     default NUVLASOV_FAILPOINT_RANK=r                           on this rank only; absent: on
///     all
///
/// kill: SIGKILL to this process; io_error: throws IoError; delay: sleeps for a second.
/// Stands where one rank may fail alone: inside on_every_rank or on_first_rank, and not before a
/// collective call there.
/// \throws InputError when NUVLASOV_FAILPOINT cannot be read
void failpoint(const char* name);

/// Calls `action` with the name at each failpoint of this process instead; empty: does nothing.
void at_failpoints(std::function<void(const std::string& name)> action);

}  // namespace nuvlasov::io
