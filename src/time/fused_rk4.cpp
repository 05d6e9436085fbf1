#include "nuvlasov/time/fused_rk4.hpp"

#include <petsc/private/tsimpl.h>

#include <array>

#include "nuvlasov/phase_space/petsc_array.hpp"
#include "nuvlasov/phase_space/petsc_handle.hpp"

namespace nuvlasov::time {
namespace {

using phase_space::Array;

struct FusedRk4 {
  RightHandSide* right_hand_side = nullptr;
  phase_space::VecHandle sum;
  std::array<phase_space::VecHandle, 2> stages;  ///< the one read and the one written, in turn
};

FusedRk4& data(TS ts) { return *static_cast<FusedRk4*>(ts->data); }

PetscErrorCode set_up(TS ts) {
  PetscFunctionBeginUser;
  FusedRk4& self = data(ts);
  PetscCheck(self.right_hand_side != nullptr, PetscObjectComm(reinterpret_cast<PetscObject>(ts)),
             PETSC_ERR_ORDER, "%s has no right-hand side", fused_rk4_type);
  PetscCall(VecDuplicate(ts->vec_sol, self.sum.address()));
  for (auto& vector : self.stages) PetscCall(VecDuplicate(ts->vec_sol, vector.address()));
  PetscFunctionReturn(0);
}

PetscErrorCode step(TS ts) {
  PetscFunctionBeginUser;
  FusedRk4& self = data(ts);
  const double h = ts->time_step;
  const Vec start = ts->vec_sol;
  {
    const Array y(start), sum(self.sum), next(self.stages[0]);
    const auto update = [&](Index at, Index count, const double* rate) {
      const double* from = y + at;
      double *total = sum + at, *target = next + at;
#pragma GCC ivdep
      for (Index n = 0; n < count; ++n) {
        total[n] = from[n] + h / 6.0 * rate[n];
        target[n] = from[n] + h / 2.0 * rate[n];
      }
    };
    PetscCall(self.right_hand_side->for_each_piece(start, {next + 0, sum + 0, y + 0}, update));
  }
  for (const std::size_t second : {0, 1}) {
    const double reach = second == 0 ? h / 2.0 : h;
    const Array y(start), sum(self.sum), next(self.stages[1 - second]);
    const auto update = [&](Index at, Index count, const double* rate) {
      const double* from = y + at;
      double *total = sum + at, *target = next + at;
#pragma GCC ivdep
      for (Index n = 0; n < count; ++n) {
        total[n] += h / 3.0 * rate[n];
        target[n] = from[n] + reach * rate[n];
      }
    };
    PetscCall(self.right_hand_side->for_each_piece(self.stages[second], {next + 0, sum + 0, y + 0},
                                                   update));
  }
  {
    const Array y(start), sum(self.sum);
    const auto update = [&](Index at, Index count, const double* rate) {
      const double* total = sum + at;
      double* target = y + at;
#pragma GCC ivdep
      for (Index n = 0; n < count; ++n) target[n] = total[n] + h / 6.0 * rate[n];
    };
    PetscCall(self.right_hand_side->for_each_piece(self.stages[0], {sum + 0, y + 0}, update));
  }
  ts->ptime += h;
  PetscFunctionReturn(0);
}

PetscErrorCode reset(TS ts) {
  PetscFunctionBeginUser;
  data(ts).sum = {};
  for (auto& vector : data(ts).stages) vector = {};
  PetscFunctionReturn(0);
}

PetscErrorCode destroy(TS ts) {
  PetscFunctionBeginUser;
  delete &data(ts);
  ts->data = nullptr;
  PetscFunctionReturn(0);
}

PetscErrorCode create(TS ts) {
  PetscFunctionBeginUser;
  ts->data = new FusedRk4;
  ts->ops->setup = set_up;
  ts->ops->step = step;
  ts->ops->reset = reset;
  ts->ops->destroy = destroy;
  ts->default_adapt_type = TSADAPTNONE;
  ts->usessnes = PETSC_FALSE;
  PetscFunctionReturn(0);
}

}  // namespace

PetscErrorCode register_fused_rk4() {
  PetscFunctionBeginUser;
  PetscCall(TSRegister(fused_rk4_type, create));
  PetscFunctionReturn(0);
}

PetscErrorCode set_right_hand_side(TS ts, RightHandSide& right_hand_side) {
  PetscFunctionBeginUser;
  PetscBool fused = PETSC_FALSE;
  PetscCall(PetscObjectTypeCompare(reinterpret_cast<PetscObject>(ts), fused_rk4_type, &fused));
  if (fused) data(ts).right_hand_side = &right_hand_side;
  PetscFunctionReturn(0);
}

}  // namespace nuvlasov::time
