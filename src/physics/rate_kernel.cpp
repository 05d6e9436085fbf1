#include "nuvlasov/physics/rate_kernel.hpp"

#include <algorithm>
#include <type_traits>

#include "nuvlasov/phase_space/rows.hpp"

namespace nuvlasov::physics {
namespace {

/// Rows that are taken together, to load what belongs to the angles once for all of them.
constexpr Index most_rows = 2;

using flavor::components;
using flavor::Matrix;
using flavor::MatrixPair;

/// A row of D_z, each plane being read at the same place. Rows shorter than `pairs` end in zeros.
template <int pairs>
struct Difference {
  std::array<double, pairs> weight;
  std::array<const double*, pairs> ahead, behind;

  template <class PlaneAt>
  Difference(const phase_space::Stencil& row, PlaneAt&& plane_at) {
    for (int n = 0; n < pairs; ++n) {
      weight[n] = row.pairs[n].weight;
      ahead[n] = plane_at(row.pairs[n].ahead);
      behind[n] = plane_at(row.pairs[n].behind);
    }
  }
  template <class Matrices>
  Matrices at(Index place, Matrices) const {
    Matrices sum{};
    for (int n = 0; n < pairs; ++n)
      sum += weight[n] *
             (flavor::load<Matrices>(ahead[n] + place) - flavor::load<Matrices>(behind[n] + place));
    return sum;
  }
};

/// Calls body(std::integral_constant<int, pairs>) with as many pairs as a row of D_z has, or more:
/// rows as long as inside are unrolled as they are.
template <class Body>
void with_static_pairs(int pairs, Body&& body) {
  if (pairs <= phase_space::CentralDifference::max_reach)
    phase_space::with_static_reach(pairs, body);
  else
    body(std::integral_constant<int, phase_space::Stencil::max_pairs>{});
}

phase_space::Numbers spread(const std::vector<double>& values) {
  phase_space::Numbers result;
  for (const double value : values) result.insert(result.end(), components, value);
  return result;
}

}  // namespace

RateKernel::RateKernel(const phase_space::MomentumGrid& momentum,
                       const phase_space::Decomposition& decomposition)
    : momentum_gradient_(momentum, decomposition.box().energy, decomposition.box().angle),
      spherical_(momentum.geometry() == phase_space::Geometry::spherical),
      energies_(decomposition.box().energy.size),
      row_(decomposition.box().row()),
      energies_seen_(decomposition.seen().energy.size),
      row_seen_(decomposition.seen().row()),
      first_energy_(decomposition.box().energy.begin - decomposition.seen().energy.begin),
      first_angle_((decomposition.box().angle.begin - decomposition.seen().angle.begin) *
                   components),
      plane_(decomposition.seen().plane()),
      directions_(phase_space::owned(momentum.directions(), decomposition.seen().angle)),
      inverse_energy_(phase_space::inverse_energies(momentum, decomposition.seen().energy)),
      exchange_(static_cast<std::size_t>(most_rows * row_seen_)),
      local_(static_cast<std::size_t>(most_rows * row_seen_)) {
  for (phase_space::Numbers* row :
       {&speed_, &axis_, &turned_axis_, &omega_, &omega_trace_, &slope_, &slope_trace_})
    row->resize(static_cast<std::size_t>(row_seen_));
  if (spherical_) {
    commutator_.emplace(momentum, decomposition.box().angle);
    curvature_ = spread(
        phase_space::owned(phase_space::angular_curvature(momentum), decomposition.seen().angle));
  }
  force_.resize(static_cast<std::size_t>(plane_));
}

void RateKernel::write_products(const double* rho, const double* refraction, const double* current,
                                double* products) {
  rho -= first_energy_ * row_seen_ + first_angle_;
  refraction -= first_angle_;
  const Matrix a1 = flavor::load(current);
  const Matrix trace_of_a1 = flavor::spread_trace(a1);
  for (Index at = 0; at < row_seen_; at += components)
    flavor::store(omega_trace_.data() + at, flavor::spread_trace(flavor::load(refraction + at)));
  const Index row = row_seen_;
  double* const of_current = products + plane_;
  const auto visit_node = [&, spherical = spherical_](Index place, auto omega, auto trace) {
    using Matrices = decltype(omega);
    const auto density = flavor::load<Matrices>(rho + place);
    flavor::JordanSum<Matrices> by_omega;
    by_omega.add(omega, trace, density);
    flavor::store(products + place, by_omega.value());
    if (!spherical) return;
    flavor::JordanSum<Matrices> by_current;
    by_current.add(flavor::repeated<Matrices>(a1), flavor::repeated<Matrices>(trace_of_a1),
                   density);
    flavor::store(of_current + place, by_current.value());
  };
  const double* const traces = omega_trace_.data();
  phase_space::for_each_in_plane(
      row, energies_seen_, [&](Index at, auto node, auto&& for_energies) {
        using Matrices = decltype(node);
        const auto omega = flavor::load<Matrices>(refraction + at);
        const auto trace = flavor::load<Matrices>(traces + at);
        for_energies(0, energies_seen_, [&](Index i) { visit_node(i * row + at, omega, trace); });
      });
}

void RateKernel::prepare(const Neighbourhood& here, const Parts& parts) {
  for (std::size_t k = 0; k < directions_.size(); ++k) {
    const Index at = static_cast<Index>(k) * components;
    const auto set = [&](phase_space::Numbers& row, Matrix value) {
      flavor::store(row.data() + at, value);
    };
    const auto omega = [&](int m) { return flavor::load(here.refraction(m) - first_angle_ + at); };
    const double speed = parts.streaming ? -directions_[k] : 0.0;
    set(speed_, Matrix{speed, speed, speed, speed});
    const Matrix axis = parts.refraction ? flavor::polarization(omega(0)) : Matrix{};
    set(axis_, axis);
    set(turned_axis_, flavor::turned(axis));
    if (!parts.weak_force) continue;
    const Matrix third = -1.0 / 3.0 * omega(0);
    const Matrix slope = 2.0 / 3.0 * here.d_z().apply(omega);
    set(omega_, third);
    set(omega_trace_, flavor::spread_trace(third));
    set(slope_, slope);
    set(slope_trace_, flavor::spread_trace(slope));
  }
}

template <class Matrices>
struct RateKernel::Coefficients {
  Matrices speed, axis, turned_axis, omega, omega_trace, slope, slope_trace;
};

template <int pairs, bool weak_force, bool spherical>
void RateKernel::write_local_part(const Neighbourhood& here, const Parts& parts, double* rate) {
  const Index row = row_seen_;
  const Index to_first = first_energy_ * row + first_angle_;
  const double* const rho = here.density(0) - to_first;
  const phase_space::Stencil& d_z = here.d_z();
  const Difference<pairs> d_rho(d_z, [&](int m) { return here.density(m) - to_first; });
  const Difference<pairs> d_omega_rho(d_z, [&](int m) { return here.products(m); });
  const Difference<pairs> d_current_rho(d_z, [&](int m) { return here.products(m) + plane_; });
  double* const force = force_.data();
  double* const exchange = exchange_.data();
  const double* const curvature = curvature_.data();
  const Matrix current = flavor::load(here.current(0));
  const Matrix current_slope = d_z.apply([&](int m) { return flavor::load(here.current(m)); });
  // Of what the commutator acts on: D_z q, A_1 o d, (D_z A_1) o rho.
  const double by_force = parts.weak_force ? 1.0 : 0.0;
  const double by_velocity = parts.group_velocity ? 1.0 : 0.0;

  const auto coefficients_at = [speed = speed_.data(), axis = axis_.data(),
                                turned_axis = turned_axis_.data(), omega = omega_.data(),
                                omega_trace = omega_trace_.data(), slope = slope_.data(),
                                slope_trace = slope_trace_.data()](Index at, auto node) {
    using Matrices = decltype(node);
    const auto get = [at](const double* values) { return flavor::load<Matrices>(values + at); };
    return Coefficients<Matrices>{get(speed),       get(axis),  get(turned_axis), get(omega),
                                  get(omega_trace), get(slope), get(slope_trace)};
  };
  const auto visit_node = [&](const auto& of, Index place, Index at, double third_over_energy,
                              double* local, double* exchanged) {
    using Matrices = std::remove_cvref_t<decltype(of.speed)>;
    const auto density = flavor::load<Matrices>(rho + place);
    const Matrices slope = d_rho.at(place, density);
    Matrices sum = of.speed * slope + flavor::precession_about(of.axis, of.turned_axis, density);
    if constexpr (weak_force) {
      flavor::JordanSum<Matrices> products;
      products.add(of.omega, of.omega_trace, slope);
      products.add(of.slope, of.slope_trace, density);
      flavor::store(force + place, 1.0 / 3.0 * d_omega_rho.at(place, density) + products.value());
    }
    if constexpr (spherical) {
      const Matrices of_product = d_current_rho.at(place, density);
      const Matrices with_slope =
          flavor::jordan_product(flavor::repeated<Matrices>(current), slope);
      const Matrices by_slope =
          flavor::jordan_product(flavor::repeated<Matrices>(current_slope), density);
      sum += by_velocity * third_over_energy * flavor::load<Matrices>(curvature + at) *
             (with_slope + of_product);
      flavor::store(exchanged, by_force * of_product + (by_velocity - by_force) * with_slope +
                                   (2.0 * by_force - by_velocity) * by_slope);
    }
    flavor::store(local, sum);
  };

  // Rows that belong to other ranks, for D_p of W: the rest of them goes nowhere.
  const bool whole_rows = row == row_;
  const auto target = [&](Index i) {
    const bool owned = i >= first_energy_ && i < first_energy_ + energies_;
    return owned && whole_rows ? rate + (i - first_energy_) * row_
                               : local_.data() + (i % most_rows) * row;
  };
  if constexpr (!spherical) {
    if (whole_rows) {
      phase_space::for_each_in_plane(
          row, energies_seen_, [&](Index at, auto node, auto&& for_energies) {
            const auto of = coefficients_at(at, node);
            for_energies(0, energies_seen_, [&](Index i) {
              visit_node(of, i * row + at, at, 0.0, target(i) + at, nullptr);
            });
          });
      return;
    }
  }
  for (Index first = 0; first < energies_seen_; first += most_rows) {
    const Index rows = std::min(most_rows, energies_seen_ - first);
    std::array<double*, most_rows> local{};
    std::array<double, most_rows> third_over_energy{};
    for (Index r = 0; r < rows; ++r) {
      local[r] = target(first + r);
      if constexpr (spherical) third_over_energy[r] = inverse_energy_[first + r] / 3.0;
    }
    phase_space::for_each_in_row(row, [&](Index at, auto node) {
      const auto of = coefficients_at(at, node);
      for (Index r = 0; r < rows; ++r)
        visit_node(of, (first + r) * row + at, at, third_over_energy[r], local[r] + at,
                   exchange + r * row + at);
    });
    for (Index r = 0; r < rows; ++r) {
      if (first + r < first_energy_ || first + r >= first_energy_ + energies_) continue;
      double* const owned = rate + (first + r - first_energy_) * row_;
      if (!whole_rows) std::copy_n(local[r] + first_angle_, row_, owned);
      if constexpr (spherical)
        commutator_->add(exchange + r * row + first_angle_, third_over_energy[r], owned);
    }
  }
}

void RateKernel::write_rate(const Neighbourhood& here, const Parts& parts, double* rate) {
  prepare(here, parts);
  with_static_pairs(here.d_z().size, [&](auto static_pairs) {
    constexpr int pairs = static_pairs;
    const bool brackets = spherical_ && parts.read_products();
    if (brackets && parts.weak_force)
      write_local_part<pairs, true, true>(here, parts, rate);
    else if (brackets)
      write_local_part<pairs, false, true>(here, parts, rate);
    else if (parts.weak_force)
      write_local_part<pairs, true, false>(here, parts, rate);
    else
      write_local_part<pairs, false, false>(here, parts, rate);
  });
  if (parts.weak_force)
    momentum_gradient_.add(
        {force_.data() + first_energy_ * row_seen_ + first_angle_, row_seen_, here.energies_seen},
        rate);
}

void RateKernel::write_momentum_gradient(const Neighbourhood& here, double* gradient) const {
  std::fill_n(gradient, energies_ * row_, 0.0);
  momentum_gradient_.add({here.density(0), here.density_stride, here.energies_seen}, gradient);
}

}  // namespace nuvlasov::physics
