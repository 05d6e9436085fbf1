/// \file
/// The classical Runge-Kutta method of order 4 as a type of TS that updates its vectors with each
/// piece of a rate while that is still in cache.
///
/// With h the step and k_n the rate of stage n, piece by piece,
///
///     sum  = y + h/6 (k_1 + 2 k_2 + 2 k_3 + k_4),   y_2 = y + h/2 k_1, y_3 = y + h/2 k_2, y_4 = y
///     + h k_3,
///
/// no k_n is ever kept: a stage reads y_n, y and the sum, and writes the sum and y_{n+1}. Besides
/// the state there are three vectors; TSRK has nine and moves three times as much memory.
#pragma once

#include <petscts.h>

#include "nuvlasov/time/right_hand_side.hpp"

namespace nuvlasov::time {

inline constexpr const char* fused_rk4_type = "fused_rk4";

/// Makes the type known to TSSetType.
PetscErrorCode register_fused_rk4();

/// Gives a TS of this type its right-hand side; nothing for another type.
PetscErrorCode set_right_hand_side(TS ts, RightHandSide& right_hand_side);

}  // namespace nuvlasov::time
