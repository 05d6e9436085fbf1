#include "nuvlasov/time/energy_sums.hpp"

#include <algorithm>

#include "nuvlasov/flavor/precession.hpp"
#include "nuvlasov/phase_space/rows.hpp"

namespace nuvlasov::time {
namespace {

/// Each reduces the error to about theta dt |omega| of itself: as good as the preconditioner that
/// is made with the result.
constexpr int iterations = 4;

}  // namespace

template <int flavors>
PetscErrorCode EnergySums<flavors>::create(const phase_space::Decomposition& decomposition,
                                           const physics::KineticEquation& equation) {
  PetscFunctionBeginUser;
  const phase_space::MomentumGrid& momentum = equation.momentum();
  const phase_space::Box& box = decomposition.box();
  decomposition_ = &decomposition;
  momentum_comm_ = decomposition.momentum_communicator();
  shared_ = decomposition.splits_momentum();
  periodic_ = equation.z().periodic();
  refracts_ = equation.parts().refraction;
  first_plane_ = box.z.begin;
  planes_ = box.z.size;
  row_ = momentum.angles() * components;
  own_row_ = box.row();
  first_angle_ = box.angle.begin;
  directions_ = momentum.directions();
  weights_ = momentum.weights();
  signs_ = momentum.signs();
  for (Index i = box.energy.begin; i < box.energy.end(); ++i)
    energy_weights_.push_back(momentum.energy_weight(i));
  source_ = field();
  constant_ = field();
  PetscFunctionReturn(0);
}

template <int flavors>
void EnergySums<flavors>::add_up(const double* plane, Index j, Field& sums) const {
  double* const all = sums.data() + j * row_;
  std::fill(all, all + row_, 0.0);
  double* const own = all + first_angle_ * components;
  phase_space::for_each_in_row<flavors>(own_row_, [&](Index at, auto node) {
    using Matrices = decltype(node);
    Matrices sum{};
    const double* from = plane + at;
    for (const double weight : energy_weights_) {
      sum += weight * flavor::load<Matrices>(from);
      from += own_row_;
    }
    flavor::store(own + at, sum);
  });
  for (Index at = 0; at < own_row_; ++at)
    own[at] *= weights_[static_cast<std::size_t>(first_angle_ + at / components)];
}

template <int flavors>
PetscErrorCode EnergySums<flavors>::share(Field& sums) const {
  PetscFunctionBeginUser;
  if (shared_)
    PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, sums.data(), static_cast<int>(sums.size()), MPI_DOUBLE,
                               MPI_SUM, momentum_comm_));
  PetscFunctionReturn(0);
}

template <int flavors>
void EnergySums<flavors>::refraction(const double* sums, double* axes) const {
  using Matrix = flavor::Matrix<flavors>;
  Matrix density{}, current{};
  if (refracts_)
    for (std::size_t k = 0; k < directions_.size(); ++k) {
      const Matrix beam =
          signs_[k] * flavor::with_trace(flavor::load<flavors>(sums + k * components));
      density += beam;
      current += directions_[k] * beam;
    }
  for (std::size_t k = 0; k < directions_.size(); ++k)
    flavor::store(axes + k * components, density - directions_[k] * current);
}

template <int flavors>
PetscErrorCode EnergySums<flavors>::solve(const StreamingInverse& inverse, double h, const Field& m,
                                          const Field& defect, Field& d) {
  PetscFunctionBeginUser;
  if (exchange_.planes() == nullptr || exchange_.reach() != inverse.reach())
    PetscCall(exchange_.create(*decomposition_, inverse.reach(), periodic_));
  std::fill(d.begin(), d.end(), 0.0);
  phase_space::Numbers now(static_cast<std::size_t>(row_)), axes(now.size());
  const auto add_rate = [&](Index j, const double* sums, double by, double* target) {
    refraction(sums, axes.data());
    for (Index at = 0; at < row_; at += components)
      flavor::add_to(target + j * row_ + at,
                     by * flavor::precession(flavor::load<flavors>(&axes[at]),
                                             flavor::load<flavors>(sums + at)));
  };
  constant_ = defect;  // what does not change: defect - h omega(m) x m
  for (Index j = 0; j < planes_; ++j) add_rate(j, m.data() + j * row_, -h, constant_.data());
  for (int iteration = 0; iteration < iterations; ++iteration) {
    source_ = constant_;
    for (Index j = 0; j < planes_; ++j) {
      for (Index at = 0; at < row_; ++at) now[at] = m[j * row_ + at] + d[j * row_ + at];
      add_rate(j, now.data(), h, source_.data());
    }
    PetscCall(exchange_.exchange(source_.data(), row_));
    for (Index j = 0; j < planes_; ++j) {
      const double* const* around = exchange_.planes() + j + inverse.reach();
      for (Index at = 0; at < row_; at += components) {
        flavor::Matrix<flavors> sum{};
        for (Index n = -inverse.reach(); n <= inverse.reach(); ++n)
          sum += flavor::load<flavors>(inverse.weights(first_plane_ + j, n) + at) *
                 flavor::load<flavors>(around[n] + at);
        flavor::store(&d[j * row_ + at], sum);
      }
    }
  }
  PetscFunctionReturn(0);
}

template class EnergySums<2>;
template class EnergySums<3>;

}  // namespace nuvlasov::time
