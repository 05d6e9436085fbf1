#include "stream.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <vector>

#include "nuvlasov/phase_space/aligned.hpp"

namespace nuvlasov {
namespace {

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

double processor_seconds() {
  constexpr double nanosecond = 1e-9;
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + nanosecond * static_cast<double>(now.tv_nsec);
}

double seconds_per_call(const std::function<void()>& work, MPI_Comm comm, const Batches& batches) {
  const auto batch = [&](long calls) {
    MPI_Barrier(comm);
    double seconds = -batches.clock();
    for (long n = 0; n < calls; ++n) work();
    seconds += batches.clock();
    MPI_Allreduce(MPI_IN_PLACE, &seconds, 1, MPI_DOUBLE, MPI_MAX, comm);
    return seconds / static_cast<double>(calls);
  };
  const long calls = std::max(1L, static_cast<long>(batches.seconds / batch(1)));
  std::vector<double> times(static_cast<std::size_t>(batches.count));
  for (double& time : times) time = batch(calls);
  return median(times);
}

double triad_bytes_per_second(MPI_Comm comm, std::size_t elements, const Batches& batches) {
  phase_space::Numbers a(elements, 1.0), b(elements, 2.0), c(elements, 3.0);
  const double seconds = seconds_per_call(
      [&] {
        for (std::size_t n = 0; n < elements; ++n) a[n] = b[n] + 3.0 * c[n];
        asm volatile("" : : "r"(a.data()) : "memory");
      },
      comm, batches);
  return static_cast<double>(elements) * triad_bytes_per_element / seconds;
}

PingPong ping_pong(MPI_Comm comm) {
  constexpr int long_message = 4'000'000;  // bytes: the time is that of the bytes
  int rank = 0;
  int ranks = 1;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &ranks);
  const int last = ranks - 1;
  MPI_Comm pair = MPI_COMM_NULL;
  MPI_Comm_split(comm, rank == 0 || rank == last ? 0 : MPI_UNDEFINED, rank, &pair);
  std::array<double, 2> seconds{};
  if (pair != MPI_COMM_NULL) {
    std::vector<char> buffer(long_message);
    const auto one_way = [&](int bytes) {
      return 0.5 * seconds_per_call(
                       [&] {
                         if (rank == 0) MPI_Send(buffer.data(), bytes, MPI_CHAR, 1, 0, pair);
                         MPI_Recv(buffer.data(), bytes, MPI_CHAR, rank == 0 ? 1 : 0, 0, pair,
                                  MPI_STATUS_IGNORE);
                         if (rank != 0) MPI_Send(buffer.data(), bytes, MPI_CHAR, 0, 0, pair);
                       },
                       pair);
    };
    seconds = {one_way(sizeof(double)), one_way(long_message)};
    MPI_Comm_free(&pair);
  }
  MPI_Bcast(seconds.data(), 2, MPI_DOUBLE, 0, comm);
  return {.latency = seconds[0], .bandwidth = long_message / (seconds[1] - seconds[0])};
}

}  // namespace nuvlasov
