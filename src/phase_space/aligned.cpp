#include "nuvlasov/phase_space/aligned.hpp"

#include <petscsys.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace nuvlasov::phase_space {

void* allocate_aligned(std::size_t bytes) {
  constexpr std::size_t huge_page = std::size_t{2} << 20;
  const bool large = bytes >= 4 * huge_page;
  void* memory = nullptr;
  if (posix_memalign(&memory, large ? huge_page : cache_line, bytes) != 0) return nullptr;
#ifdef MADV_HUGEPAGE
  // A wish, which a system may refuse.
  if (large) madvise(memory, bytes, MADV_HUGEPAGE);
#endif
  return memory;
}

void release_aligned(void* memory) {
  std::free(memory);  // NOLINT(cppcoreguidelines-no-malloc): what posix_memalign gave
}

namespace {

PetscErrorCode allocate(std::size_t bytes, PetscBool clear, int line, const char function[],
                        const char file[], void** memory) {
  *memory = nullptr;
  if (bytes == 0) return 0;
  *memory = allocate_aligned(bytes);
  if (*memory == nullptr)
    return PetscError(PETSC_COMM_SELF, line, function, file, PETSC_ERR_MEM, PETSC_ERROR_INITIAL,
                      "%zu bytes", bytes);
  if (clear == PETSC_TRUE) std::memset(*memory, 0, bytes);
  return 0;
}

PetscErrorCode release(void* memory, int /*line*/, const char /*function*/[],
                       const char /*file*/[]) {
  release_aligned(memory);
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
