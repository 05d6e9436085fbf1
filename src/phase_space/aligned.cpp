#include "nuvlasov/phase_space/aligned.hpp"

#include <petscsys.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace nuvlasov::phase_space {
namespace {

PetscErrorCode allocate(std::size_t bytes, PetscBool clear, int line, const char function[],
                        const char file[], void** memory) {
  *memory = nullptr;
  if (bytes == 0) return 0;
  if (posix_memalign(memory, cache_line, bytes) != 0)
    return PetscError(PETSC_COMM_SELF, line, function, file, PETSC_ERR_MEM, PETSC_ERROR_INITIAL,
                      "%zu bytes", bytes);
  if (clear == PETSC_TRUE) std::memset(*memory, 0, bytes);
  return 0;
}

PetscErrorCode release(void* memory, int /*line*/, const char /*function*/[],
                       const char /*file*/[]) {
  std::free(memory);  // NOLINT(cppcoreguidelines-no-malloc): what posix_memalign gave
  return 0;
}

PetscErrorCode resize(std::size_t bytes, int line, const char function[], const char file[],
                      void** memory) {
  // Not for vectors, which keep their size. NOLINTNEXTLINE(cppcoreguidelines-no-malloc)
  void* grown = std::realloc(*memory, bytes);
  if (grown == nullptr && bytes != 0)
    return PetscError(PETSC_COMM_SELF, line, function, file, PETSC_ERR_MEM, PETSC_ERROR_INITIAL,
                      "%zu bytes", bytes);
  *memory = grown;
  return 0;
}

}  // namespace

void align_petsc_memory() {
  PetscCallAbort(PETSC_COMM_SELF, PetscMallocSet(allocate, release, resize));
}

}  // namespace nuvlasov::phase_space
