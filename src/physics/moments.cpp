#include "nuvlasov/physics/moments.hpp"

namespace nuvlasov::physics {
namespace {

int ranks_in(MPI_Comm comm) {
  int size = 1;
  MPI_Comm_size(comm, &size);
  return size;
}

}  // namespace

MomentumSum::MomentumSum(const phase_space::MomentumGrid& grid, const phase_space::Box& box)
    : weights_(phase_space::owned(grid.weights(), box.angle)),
      directions_(phase_space::owned(grid.directions(), box.angle)) {
  for (Index i = box.energy.begin; i < box.energy.end(); ++i)
    energy_weights_.push_back(grid.energy_weight(i));
}

PlaneMoments MomentumSum::operator()(const double* plane, Index energy_stride) const {
  PlaneMoments moments;
  for (std::size_t k = 0; k < weights_.size(); ++k) {
    const double* node = plane + k * flavor::components;
    flavor::Matrix beam{};
    for (const double weight : energy_weights_) {
      beam += weight * flavor::load(node);
      node += energy_stride;
    }
    beam *= weights_[k];
    moments.zeroth += beam;
    beam *= directions_[k];
    moments.first += beam;
    beam *= directions_[k];
    moments.second += beam;
  }
  return moments;
}

Moments::Moments(const phase_space::MomentumGrid& grid, const phase_space::Box& box, int ghosts,
                 MPI_Comm momentum_comm)
    : sum_(grid, box),
      ghosts_(ghosts),
      owned_planes_(box.z.size),
      angles_(box.angle.size),
      momentum_comm_(momentum_comm),
      shared_(ranks_in(momentum_comm) > 1),
      directions_(phase_space::owned(grid.directions(), box.angle)),
      planes_(static_cast<std::size_t>(box.z.size + 2 * Index{ghosts})),
      refraction_(planes_.size() * directions_.size() * flavor::components),
      current_(planes_.size() * flavor::components) {}

void Moments::update(const phase_space::StateView& rho) {
  for (Index j = -ghosts_; j < owned_planes_ + ghosts_; ++j)
    planes_[static_cast<std::size_t>(j + ghosts_)] = sum_(rho.row(j, 0), rho.energy_stride());
  if (shared_) {
    static_assert(sizeof(PlaneMoments) == 3 * sizeof(flavor::Matrix));
    MPI_Allreduce(MPI_IN_PLACE, planes_.data(),
                  static_cast<int>(planes_.size() * 3 * flavor::components), MPI_DOUBLE, MPI_SUM,
                  momentum_comm_);
  }
  double* omega = refraction_.data();
  double* current = current_.data();
  for (const PlaneMoments& plane : planes_) {
    const flavor::Matrix a0 = flavor::with_trace(plane.zeroth);
    const flavor::Matrix a1 = flavor::with_trace(plane.first);
    flavor::store(current, a1);
    current += flavor::components;
    for (const double v : directions_) {
      flavor::store(omega, a0 - v * a1);
      omega += flavor::components;
    }
  }
}

}  // namespace nuvlasov::physics
