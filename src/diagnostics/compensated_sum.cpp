#include "nuvlasov/diagnostics/compensated_sum.hpp"

#include "nuvlasov/mpi_counts.hpp"

namespace nuvlasov::diagnostics {
namespace {

static_assert(sizeof(CompensatedSum) == 3 * sizeof(double));

// The signature is MPI's. NOLINTNEXTLINE(readability-non-const-parameter)
void add_compensated(void* in, void* in_out, int* count, MPI_Datatype*) {
  const auto* from = static_cast<const CompensatedSum*>(in);
  auto* to = static_cast<CompensatedSum*>(in_out);
  for (int i = 0; i < *count; ++i) to[i].add(from[i]);
}

}  // namespace

void sum_over_ranks(CompensatedSum* sums, std::int64_t total, MPI_Comm comm) {
  MPI_Datatype parts = MPI_DATATYPE_NULL;
  MPI_Type_contiguous(3, MPI_DOUBLE, &parts);
  MPI_Type_commit(&parts);
  MPI_Op add = MPI_OP_NULL;
  MPI_Op_create(add_compensated, 1, &add);
  int rank = 0;
  MPI_Comm_rank(comm, &rank);
  in_pieces(total, [&](std::int64_t first, int count) {
    CompensatedSum* piece = sums + first;
    MPI_Reduce(rank == 0 ? MPI_IN_PLACE : piece, piece, count, parts, add, 0, comm);
    MPI_Bcast(piece, count, parts, 0, comm);
  });
  MPI_Op_free(&add);
  MPI_Type_free(&parts);
}

}  // namespace nuvlasov::diagnostics
