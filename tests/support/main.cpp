// Runs GoogleTest under MPI: the first rank speaks, and a failure on any rank fails all.
#include <gtest/gtest.h>
#include <petscsys.h>

#include "nuvlasov/io/hdf5.hpp"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  nuvlasov::io::hdf5::start();
  if (PetscInitialize(&argc, &argv, nullptr, nullptr) != 0) return 1;
  int rank = 0;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  testing::TestEventListeners& listeners = testing::UnitTest::GetInstance()->listeners();
  if (rank != 0) {
    // Other ranks print their failures only.
    struct Failures final : testing::EmptyTestEventListener {
      void OnTestPartResult(const testing::TestPartResult& result) override {
        if (!result.failed()) return;
        int own = 0;
        MPI_Comm_rank(PETSC_COMM_WORLD, &own);
        std::fprintf(stderr, "[rank %d] %s:%d: %s\n", own,
                     result.file_name() != nullptr ? result.file_name() : "?", result.line_number(),
                     result.message());
      }
    };
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new Failures);
  }
  int failed = RUN_ALL_TESTS();
  MPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_MAX, PETSC_COMM_WORLD);
  return PetscFinalize() == 0 ? failed : 1;
}
