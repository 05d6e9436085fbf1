/// \file
/// Planes of any field from the ranks around in z, as many as are wanted: more than the ghosts of a
/// state, and more than a neighbour may own.
#pragma once

#include <vector>

#include "nuvlasov/phase_space/decomposition.hpp"

namespace nuvlasov::phase_space {

/// Fields of one plane after another, [z owned][...], on the ranks of a Decomposition. Each rank
/// exchanges with those that own the same momentum nodes.
class PlaneExchange {
 public:
  /// Lays the messages out for `reach` planes before and after those that a rank owns. No messages.
  /// \param periodic  whether z is; else planes beyond its ends are zero
  PetscErrorCode create(const Decomposition& decomposition, Index reach, bool periodic);

  Index reach() const { return reach_; }

  /// Sends and receives the planes of `own`, each of `plane` numbers. Collective. Afterwards
  /// planes()[reach() + j] is plane j, -reach() <= j < owned + reach(), where it is in memory:
  /// `own` itself, or what was received, until the next exchange.
  PetscErrorCode exchange(const double* own, Index plane);

  const double* const* planes() const { return planes_.data(); }

 private:
  /// Planes next to each other that one rank has of another, of its own beyond the period, or of
  /// nobody.
  struct Run {
    int rank = 0;     ///< the other one
    Index ghost = 0;  ///< the first of the ghosts that they are, those before the owned ones first
    Index plane = 0;  ///< the first among those that their owner has
    Index count = 0;
  };
  class Layout;

  MPI_Comm comm_ = MPI_COMM_NULL;
  Index reach_ = 0, owned_ = 0;
  std::vector<Run> sent_, received_, own_, beyond_;
  Numbers ghosts_, zeros_;
  std::vector<const double*> planes_;
  std::vector<MPI_Request> requests_;
};

}  // namespace nuvlasov::phase_space
