#include "nuvlasov/io/failpoint.hpp"

#include <mpi.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "nuvlasov/errors.hpp"

namespace nuvlasov::io {
namespace {

using Action = std::function<void(const std::string&)>;

int to_number(std::string_view text, const char* variable) {
  int number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 0)
    throw InputError(std::string(variable) + ": not a number: " + std::string(text));
  return number;
}

bool concerns_this_rank() {
  const char* wanted = std::getenv("NUVLASOV_FAILPOINT_RANK");  // NOLINT(concurrency-mt-unsafe)
  if (wanted == nullptr) return true;
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return to_number(wanted, "NUVLASOV_FAILPOINT_RANK") == rank;
}

void fail(const std::string& name, std::string_view how) {
  if (how == "kill") kill(getpid(), SIGKILL);
  if (how == "delay") std::this_thread::sleep_for(std::chrono::seconds(1));
  if (how == "io_error") throw IoError("failpoint " + name);
}

Action from_environment() {
  constexpr const char* variable = "NUVLASOV_FAILPOINT";
  const char* value = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe)
  if (value == nullptr || !concerns_this_rank()) return {};
  const std::string_view text = value;
  const std::string_view place = text.substr(0, text.find('='));
  const std::string how(place.size() < text.size() ? text.substr(place.size() + 1) : "kill");
  const std::string wanted(place.substr(0, place.find(':')));
  int remaining =
      wanted.size() < place.size() ? to_number(place.substr(wanted.size() + 1), variable) : 1;
  if (how != "kill" && how != "delay" && how != "io_error")
    throw InputError(std::string(variable) + ": not kill, io_error or delay: " + how);
  return [wanted, how, remaining](const std::string& name) mutable {
    if (name == wanted && --remaining == 0) fail(name, how);
  };
}

Action& current_action() {
  static Action current = from_environment();
  return current;
}

}  // namespace

void failpoint(const char* name) {
  if (current_action()) current_action()(name);
}

void at_failpoints(Action action) { current_action() = std::move(action); }

}  // namespace nuvlasov::io
