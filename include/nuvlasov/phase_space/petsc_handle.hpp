/// \file
/// Ownership of PETSc objects.
#pragma once

#include <petscdm.h>
#include <petscts.h>

#include <utility>

namespace nuvlasov::phase_space {

/// Owns one PETSc object and destroys it; to be filled through address().
template <class Object, PetscErrorCode (*Destroy)(Object*)>
class PetscHandle {
 public:
  PetscHandle() = default;
  PetscHandle(PetscHandle&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  PetscHandle& operator=(PetscHandle&& other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  PetscHandle(const PetscHandle&) = delete;
  PetscHandle& operator=(const PetscHandle&) = delete;
  ~PetscHandle() {
    if (object_ != nullptr) PetscCallAbort(PETSC_COMM_SELF, Destroy(&object_));
  }
  operator Object() const { return object_; }  // NOLINT(google-explicit-constructor)
  Object* address() { return &object_; }

 private:
  Object object_ = nullptr;
};

using DmHandle = PetscHandle<DM, DMDestroy>;
using VecHandle = PetscHandle<Vec, VecDestroy>;
using TsHandle = PetscHandle<TS, TSDestroy>;

}  // namespace nuvlasov::phase_space
