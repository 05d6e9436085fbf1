#include "nuvlasov/diagnostics/reduction.hpp"

namespace nuvlasov::diagnostics {

void Reduction::over_ranks(MPI_Comm comm) {
  sum_over_ranks(sums_.data(), static_cast<std::int64_t>(sums_.size()), comm);
  MPI_Allreduce(MPI_IN_PLACE, minima_.data(), static_cast<int>(minima_.size()), MPI_DOUBLE, MPI_MIN,
                comm);
}

}  // namespace nuvlasov::diagnostics
