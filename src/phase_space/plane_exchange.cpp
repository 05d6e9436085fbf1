#include "nuvlasov/phase_space/plane_exchange.hpp"

#include <petscdmda.h>

#include <algorithm>

namespace nuvlasov::phase_space {

namespace {

constexpr int nobody = -1;

}  // namespace

/// Who owns which planes along z.
class PlaneExchange::Layout {
 public:
  Layout(const PetscInt* counts, int ranks, bool periodic) : periodic_(periodic), first_(1, 0) {
    for (int r = 0; r < ranks; ++r) first_.push_back(first_.back() + counts[r]);
  }
  Index count(int rank) const { return first(rank + 1) - first(rank); }

  /// The ghosts of a rank, in order; `rank` of each run is the owner, or nobody.
  std::vector<Run> ghosts(int rank, Index reach) const {
    std::vector<Run> runs;
    for (Index g = 0; g < 2 * reach; ++g) {
      const Index plane =
          wrapped(g < reach ? first(rank) - reach + g : first(rank + 1) + g - reach);
      const int owner = owner_of(plane);
      const Index of_owner = owner == nobody ? 0 : plane - first(owner);
      const bool goes_on = !runs.empty() && g != reach && runs.back().rank == owner &&
                           (owner == nobody || runs.back().plane + runs.back().count == of_owner);
      if (goes_on)
        ++runs.back().count;
      else
        runs.push_back({.rank = owner, .ghost = g, .plane = of_owner, .count = 1});
    }
    return runs;
  }

 private:
  Index first(int rank) const { return first_[static_cast<std::size_t>(rank)]; }
  Index wrapped(Index plane) const {
    const Index all = first_.back();
    return periodic_ ? (plane % all + all) % all : plane;
  }
  int owner_of(Index plane) const {
    if (plane < 0 || plane >= first_.back()) return nobody;
    const auto after = std::upper_bound(first_.begin(), first_.end(), plane);
    return static_cast<int>(after - first_.begin()) - 1;
  }

  bool periodic_;
  std::vector<Index> first_;  ///< planes of the ranks; and the number of all
};

PetscErrorCode PlaneExchange::create(const Decomposition& decomposition, Index reach,
                                     bool periodic) {
  PetscFunctionBeginUser;
  comm_ = decomposition.communicator();
  reach_ = reach;
  const ProcessGrid& grid = decomposition.process_grid();
  const PetscInt* counts = nullptr;
  PetscCall(DMDAGetOwnershipRanges(decomposition.dm(), nullptr, nullptr, &counts));
  const Layout layout(counts, grid.z, periodic);
  int rank = 0;
  PetscCallMPI(MPI_Comm_rank(comm_, &rank));
  const int momentum_ranks = grid.energy * grid.angle;
  const int here = rank / momentum_ranks;
  const auto with_rank = [&](Run run, int along_z) {
    run.rank = along_z * momentum_ranks + rank % momentum_ranks;
    return run;
  };
  owned_ = layout.count(here);
  for (auto* runs : {&sent_, &received_, &own_, &beyond_}) runs->clear();
  for (const Run& run : layout.ghosts(here, reach))
    (run.rank == nobody ? beyond_
     : run.rank == here ? own_
                        : received_)
        .push_back(with_rank(run, run.rank));
  for (int other = 0; other < grid.z; ++other) {
    if (other == here) continue;
    for (const Run& run : layout.ghosts(other, reach))
      if (run.rank == here) sent_.push_back(with_rank(run, other));
  }
  planes_.resize(static_cast<std::size_t>(owned_ + 2 * reach));
  requests_.resize(sent_.size() + received_.size());
  PetscFunctionReturn(0);
}

PetscErrorCode PlaneExchange::exchange(const double* own, Index plane) {
  PetscFunctionBeginUser;
  constexpr int tag = 3;
  for (const auto* runs : {&sent_, &received_})
    for (const Run& run : *runs)
      PetscCheck(run.count * plane <= PETSC_MPI_INT_MAX, PETSC_COMM_SELF, PETSC_ERR_ARG_OUTOFRANGE,
                 "more than 2^31 numbers in the planes that a rank sends to another");
  if (!received_.empty()) ghosts_.resize(static_cast<std::size_t>(2 * reach_ * plane));
  const auto size = [plane](const Run& run) { return static_cast<PetscMPIInt>(run.count * plane); };
  MPI_Request* request = requests_.data();
  for (const Run& run : received_)
    PetscCallMPI(MPI_Irecv(ghosts_.data() + run.ghost * plane, size(run), MPI_DOUBLE, run.rank, tag,
                           comm_, request++));
  for (const Run& run : sent_)
    PetscCallMPI(
        MPI_Isend(own + run.plane * plane, size(run), MPI_DOUBLE, run.rank, tag, comm_, request++));
  for (Index j = 0; j < owned_; ++j)
    planes_[static_cast<std::size_t>(reach_ + j)] = own + j * plane;
  const auto set_ghosts = [&](const Run& run, const double* first) {
    for (Index n = 0; n < run.count; ++n) {
      const Index ghost = run.ghost + n;
      const Index slot = ghost < reach_ ? ghost : owned_ + ghost;
      planes_[static_cast<std::size_t>(slot)] = first + n * plane;
    }
  };
  if (!beyond_.empty()) zeros_.assign(static_cast<std::size_t>(reach_ * plane), 0.0);
  for (const Run& run : beyond_) set_ghosts(run, zeros_.data());
  for (const Run& run : own_) set_ghosts(run, own + run.plane * plane);
  for (const Run& run : received_) set_ghosts(run, ghosts_.data() + run.ghost * plane);
  PetscCallMPI(
      MPI_Waitall(static_cast<int>(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE));
  PetscFunctionReturn(0);
}

}  // namespace nuvlasov::phase_space
