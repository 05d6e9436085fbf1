/// \file
/// The numbers of a vector of PETSc.
#pragma once

#include <petscvec.h>

#include "nuvlasov/phase_space/central_difference.hpp"

namespace nuvlasov::phase_space {

/// The owned numbers of a vector while they are in scope.
template <class Number, PetscErrorCode (*Get)(Vec, Number**),
          PetscErrorCode (*Restore)(Vec, Number**)>
class PetscArray {
 public:
  explicit PetscArray(Vec vector) : vector_(vector) {
    PetscCallAbort(PETSC_COMM_SELF, Get(vector_, &values_));
  }
  ~PetscArray() { PetscCallAbort(PETSC_COMM_SELF, Restore(vector_, &values_)); }
  PetscArray(const PetscArray&) = delete;
  PetscArray& operator=(const PetscArray&) = delete;
  Number* operator+(Index offset) const { return values_ + offset; }

 private:
  Vec vector_;
  Number* values_ = nullptr;
};

using Array = PetscArray<PetscScalar, VecGetArray, VecRestoreArray>;
using ReadArray = PetscArray<const PetscScalar, VecGetArrayRead, VecRestoreArrayRead>;

}  // namespace nuvlasov::phase_space
