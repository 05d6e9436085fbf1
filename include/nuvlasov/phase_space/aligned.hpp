/// \file
/// Memory that begins at a cache line, so that no load of a register of 512 bits touches two lines.
/// Large arrays are on huge pages where the system has them: a sweep along z reads and writes more
/// pages at once than a processor keeps the addresses of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

namespace nuvlasov::phase_space {

inline constexpr std::size_t cache_line = 64;  ///< bytes

/// \return nullptr if there is none left
void* allocate_aligned(std::size_t bytes);
void release_aligned(void* memory);

/// Allocator for std::vector.
template <class T>
struct CacheAligned {
  using value_type = T;
  CacheAligned() = default;
  template <class Other>
  explicit CacheAligned(const CacheAligned<Other>& /*other*/) {}
  T* allocate(std::size_t n) {
    void* const memory = allocate_aligned(n * sizeof(T));
    if (memory == nullptr) throw std::bad_alloc();
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t /*n*/) { release_aligned(memory); }
  bool operator==(const CacheAligned& /*other*/) const { return true; }
};

using Numbers = std::vector<double, CacheAligned<double>>;

/// Whether so many numbers of a rank are more than its share of the last cache: what is written to
/// them and not read soon is best written past the caches.
constexpr bool past_caches(std::int64_t numbers) { return numbers > std::int64_t{1} << 21; }

/// Lets PETSc, which is often configured for 16 bytes, allocate its vectors so too. To be called
/// before PetscInitialize.
void align_petsc_memory();

}  // namespace nuvlasov::phase_space
