#include "nuvlasov/time/fused_rk4.hpp"

#include <petsc/private/tsimpl.h>

#include <array>

#include "nuvlasov/flavor/lanes.hpp"
#include "nuvlasov/phase_space/aligned.hpp"
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

/// Writes value_at(n, load), n < count, one for each target; past the caches where `past` says so.
template <std::size_t targets, class ValueAt>
void write(const std::array<double*, targets>& to, std::array<bool, targets> past, Index count,
           ValueAt&& value_at) {
  for (std::size_t t = 0; t < targets; ++t) past[t] = past[t] && flavor::aligned(to[t]);
  Index n = 0;
  for (; n + flavor::lanes <= count; n += flavor::lanes) {
    const auto values = value_at(n, flavor::load_lanes);
    for (std::size_t t = 0; t < targets; ++t)
      if (past[t])
        flavor::stream_lanes(to[t] + n, values[t]);
      else
        flavor::store_lanes(to[t] + n, values[t]);
  }
  for (; n < count; ++n) {
    const auto values = value_at(n, [](const double* number) { return *number; });
    for (std::size_t t = 0; t < targets; ++t) to[t][n] = values[t];
  }
}

PetscErrorCode step(TS ts) {
  PetscFunctionBeginUser;
  FusedRk4& self = data(ts);
  const double h = ts->time_step;
  const Vec start = ts->vec_sol;
  const bool past = phase_space::past_caches(self.right_hand_side->decomposition().box().numbers());
  // What is written past the caches is not to be fetched before.
  const auto for_each_piece = [&](Vec state, const physics::Touched& all,
                                  const physics::Touched& read, auto&& update) {
    return self.right_hand_side->for_each_piece(state, past ? read : all, update);
  };
  {
    const Array y(start), sum(self.sum), next(self.stages[0]);
    const auto update = [&](Index at, Index count, const double* rate) {
      write<2>({sum + at, next + at}, {past, past}, count, [&](Index n, auto load) {
        const auto from = load(y + at + n), k = load(rate + n);
        return std::array{from + h / 6.0 * k, from + h / 2.0 * k};
      });
    };
    PetscCall(for_each_piece(start, {next + 0, sum + 0, y + 0}, {y + 0}, update));
  }
  for (const std::size_t second : {0, 1}) {
    const double reach = second == 0 ? h / 2.0 : h;
    const Array y(start), sum(self.sum), next(self.stages[1 - second]);
    const auto update = [&](Index at, Index count, const double* rate) {
      write<2>({sum + at, next + at}, {false, past}, count, [&](Index n, auto load) {
        const auto k = load(rate + n);
        return std::array{load(sum + at + n) + h / 3.0 * k, load(y + at + n) + reach * k};
      });
    };
    PetscCall(
        for_each_piece(self.stages[second], {next + 0, sum + 0, y + 0}, {sum + 0, y + 0}, update));
  }
  {
    const Array y(start), sum(self.sum);
    const auto update = [&](Index at, Index count, const double* rate) {
      write<1>({y + at}, {past}, count, [&](Index n, auto load) {
        return std::array{load(sum + at + n) + h / 6.0 * load(rate + n)};
      });
    };
    PetscCall(for_each_piece(self.stages[0], {sum + 0, y + 0}, {sum + 0}, update));
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
