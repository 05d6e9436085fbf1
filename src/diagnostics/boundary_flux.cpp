#include "nuvlasov/diagnostics/boundary_flux.hpp"

#include <fmt/format.h>

#include <cmath>

#include "nuvlasov/flavor/eigensystem.hpp"
#include "nuvlasov/phase_space/angular_operator.hpp"
#include "nuvlasov/physics/vacuum.hpp"

namespace nuvlasov::diagnostics {
namespace {

using flavor::trace_of_product;

/// E D_p v^2 = v^3 + S v^2 of all directions.
std::vector<double> second_curvature(const phase_space::MomentumGrid& grid) {
  const std::vector<double> s = phase_space::angular_matrix(grid);
  const std::vector<double>& v = grid.directions();
  std::vector<double> result;
  for (std::size_t k = 0; k < v.size(); ++k) {
    double sum = v[k] * v[k] * v[k];
    for (std::size_t l = 0; l < v.size(); ++l) sum += s[k * v.size() + l] * v[l] * v[l];
    result.push_back(sum);
  }
  return result;
}

const physics::Inflow* find_inflow(const physics::Terms& terms) {
  for (const auto& term : terms)
    if (const auto* inflow = dynamic_cast<const physics::Inflow*>(term.get())) return inflow;
  return nullptr;
}

}  // namespace

void BoundaryIntegral::add_step(double step, const BoundaryRates& rates) {
  for (std::size_t q = 0; q < BoundaryRates::quantities; ++q) steps_[q].add(step * rates.values[q]);
}

void BoundaryIntegral::add_point(double time, const BoundaryRates& rates) {
  for (std::size_t q = 0; q < BoundaryRates::quantities; ++q) points_[q].add(time, rates.values[q]);
  begun_ = true;
}

double BoundaryIntegral::value(BoundaryRates::Name name) const {
  return steps_[name].value() + points_[name].value();
}

/// Over the momenta of one end: doubles alone, to be added up over ranks.
template <int flavors>
struct BoundaryFlux::Sums {
  using Matrix = flavor::Matrix<flavors>;
  Matrix density{}, flux{}, pressure{};       ///< {1, v, v^2} s rho
  Matrix number_flux{}, number_inflow{};      ///< v rho, I
  Matrix by_energy{}, net_by_energy{};        ///< kappa {1, s} rho/E
  Matrix moving_by_energy{};                  ///< v kappa rho/E
  Matrix second_by_energy{};                  ///< E D_p v^2 rho/E
  Matrix energy_by_energy{}, momentum{};      ///< kappa {e/E, v} s rho
  Matrix squares_by_energy{};                 ///< kappa s rho o rho/E
  Matrix energy_flux{}, momentum_flux{};      ///< {e v, E v^2} rho
  Matrix inflow{}, moving_inflow{};           ///< {1, v} s I
  Matrix inflow_energy{}, inflow_momentum{};  ///< {e, E v} I
  Matrix mass_flux{}, mass_inflow{};          ///< {v rho, I}/2E
  Matrix others{};                            ///< v Tr rho^2, 2 Tr(rho I), entropy
};

BoundaryFlux::BoundaryFlux(const phase_space::ZAxis& z, const phase_space::MomentumGrid& momentum,
                           const phase_space::Decomposition& decomposition,
                           const physics::KineticEquation& equation)
    : decomposition_(decomposition),
      inflow_(find_inflow(equation.terms())),
      gradients_(equation.has_term("weak_force")),
      reference_energy_(momentum.reference_energy()),
      measure_(momentum, decomposition.box()),
      flavors_(momentum.flavors()),
      mass_matrix_(flavor::mass_matrix(equation.settings().masses, flavors_)) {
  const phase_space::Box& box = decomposition.box();
  owns_ = {box.z.begin == 0, box.z.end() == z.cells()};
  directions_ = phase_space::owned(momentum.directions(), box.angle);
  signs_ = phase_space::owned(momentum.signs(), box.angle);
  half_inverse_energy_ = physics::half_inverse_energies(momentum, box.energy);
  const std::vector<double>& matter = equation.settings().matter;
  if (!matter.empty()) matter_ = {matter.front(), matter.back()};
  for (Index i = box.energy.begin; i < box.energy.end(); ++i)
    offsets_.push_back(momentum.energy_offset(i));
  inverse_energy_ = phase_space::inverse_energies(momentum, box.energy);
  if (gradients_ && momentum.geometry() == phase_space::Geometry::spherical) {
    curvature_ = phase_space::owned(phase_space::angular_curvature(momentum), box.angle);
    second_curvature_ = phase_space::owned(second_curvature(momentum), box.angle);
  }
}

BoundaryFlux::Ends BoundaryFlux::ends(const double* state) const {
  const phase_space::Box& box = decomposition_.box();
  return {{state, state + (box.z.size - 1) * box.plane()}, box.row()};
}

BoundaryRates BoundaryFlux::rates(const double* state) const { return rates(ends(state)); }

BoundaryRates BoundaryFlux::rates(const phase_space::StateView& state) const {
  return rates(
      {{state.row(0, 0), state.row(decomposition_.box().z.size - 1, 0)}, state.energy_stride()});
}

void BoundaryFlux::keep(const double* state) {
  const Ends now = ends(state);
  for (std::size_t end = 0; end < 2; ++end)
    if (owns_[end])
      kept_[end].assign(now.planes[end], now.planes[end] + decomposition_.box().plane());
}

BoundaryRates BoundaryFlux::rates_in_the_middle(const double* state) {
  const Ends now = ends(state);
  for (std::size_t end = 0; end < 2; ++end)
    for (std::size_t n = 0; n < kept_[end].size(); ++n)
      kept_[end][n] = 0.5 * (kept_[end][n] + now.planes[end][n]);
  return rates({{kept_[0].data(), kept_[1].data()}, now.stride});
}

BoundaryRates BoundaryFlux::rates(const Ends& ends) const {
  return flavor::with_flavors(flavors_,
                              [&](auto flavors) { return flavored_rates<flavors>(ends); });
}

template <int flavors>
BoundaryRates BoundaryFlux::flavored_rates(const Ends& ends) const {
  std::array<Sums<flavors>, 2> sums{};
  for (int end = 0; end < 2; ++end)
    if (owns_[static_cast<std::size_t>(end)]) add(end, ends, sums[static_cast<std::size_t>(end)]);
  static_assert(sizeof sums % sizeof(double) == 0);
  // Zeros from those who own no end: the same bits on any split of z.
  MPI_Allreduce(MPI_IN_PLACE, sums.data(), static_cast<int>(sizeof sums / sizeof(double)),
                MPI_DOUBLE, MPI_SUM, decomposition_.communicator());
  BoundaryRates rates;
  for (int end = 0; end < 2; ++end) include(end, sums[static_cast<std::size_t>(end)], rates);
  return rates;
}

template <int flavors>
void BoundaryFlux::add(int end, const Ends& ends, Sums<flavors>& sums) const {
  using Matrix = flavor::Matrix<flavors>;
  constexpr Index components = flavor::components(flavors);
  const double inwards = end == 0 ? 1.0 : -1.0;
  const double* const plane = ends.planes[static_cast<std::size_t>(end)];
  const auto angles = static_cast<Index>(directions_.size());
  measure_.for_each_node([&](Index i, Index k, double weight) {
    const double v = directions_[static_cast<std::size_t>(k)];
    const double offset = offsets_[static_cast<std::size_t>(i)];
    const double energy = reference_energy_ + offset;
    const Matrix rho = flavor::load<flavors>(plane + i * ends.stride + k * components);
    const Matrix weighted = weight * rho;
    const double sign = signs_[static_cast<std::size_t>(k)];
    const double half_inverse = half_inverse_energy_[static_cast<std::size_t>(i)];
    const Matrix net = sign * weighted;
    sums.density += net;
    sums.flux += v * net;
    sums.pressure += v * v * net;
    sums.number_flux += v * weighted;
    sums.mass_flux += half_inverse * v * weighted;
    sums.energy_flux += offset * v * weighted;
    sums.momentum_flux += energy * v * v * weighted;
    sums.others[0] += weight * v * flavor::purity(rho);
    if (!curvature_.empty()) {
      const double kappa = curvature_[static_cast<std::size_t>(k)];
      const double by_energy = inverse_energy_[static_cast<std::size_t>(i)];
      sums.by_energy += kappa * by_energy * weighted;
      sums.net_by_energy += kappa * by_energy * net;
      sums.moving_by_energy += v * kappa * by_energy * weighted;
      sums.second_by_energy +=
          second_curvature_[static_cast<std::size_t>(k)] * by_energy * weighted;
      sums.energy_by_energy += kappa * offset * by_energy * net;
      sums.momentum += v * kappa * net;
      sums.squares_by_energy += kappa * by_energy * flavor::jordan_product(rho, net);
    }
    const double speed = std::abs(v);
    if (inwards * v > 0.0) {
      const Matrix entering =
          flavor::load<flavors>(inflow_->state() + (i * angles + k) * components);
      const Matrix inflow = -speed * weight * (rho - entering);
      sums.inflow += sign * inflow;
      sums.moving_inflow += sign * v * inflow;
      sums.number_inflow += inflow;
      sums.mass_inflow += half_inverse * inflow;
      sums.inflow_energy += offset * inflow;
      sums.inflow_momentum += energy * v * inflow;
      sums.others[1] += 2.0 * trace_of_product(rho, inflow);
      sums.others[2] += weight * speed * flavor::trace(flavor::entropy(entering).value);
    } else {
      sums.others[2] -= weight * speed * flavor::trace(flavor::entropy(rho).value);
    }
  });
}

template <int flavors>
void BoundaryFlux::include(int end, const Sums<flavors>& sums, BoundaryRates& rates) const {
  using Matrix = flavor::Matrix<flavors>;
  const Matrix masses = flavor::load<flavors>(mass_matrix_.data());
  const double outward = end == 0 ? -1.0 : 1.0;
  // The neutrinos' own part of A_0, and with matter.
  const Matrix own = flavor::with_trace(sums.density), a1 = flavor::with_trace(sums.flux);
  const Matrix a0 =
      own + matter_[static_cast<std::size_t>(end)] * flavor::electron_projector<flavors>();
  const Matrix cross = flavor::jordan_product(a0, a1), square = flavor::jordan_product(a1, a1);
  const auto add = [&](BoundaryRates::Name name, double flux, double inflow) {
    rates.values[name] += inflow - outward * flux;
  };
  // Sums with u = -kappa A_1/E vanish where that does.
  add(BoundaryRates::number,
      flavor::trace(sums.number_flux) - trace_of_product(a1, sums.net_by_energy),
      flavor::trace(sums.number_inflow));
  const double energy_flux =
      flavor::trace(sums.energy_flux) - trace_of_product(a1, sums.energy_by_energy);
  const double inflow_energy = flavor::trace(sums.inflow_energy);
  add(BoundaryRates::kinetic_energy, energy_flux, inflow_energy);
  const double pressure =
      gradients_ ? 0.5 * (trace_of_product(own, sums.density) - trace_of_product(a1, sums.flux))
                 : 0.0;
  add(BoundaryRates::momentum,
      flavor::trace(sums.momentum_flux) - trace_of_product(a1, sums.momentum) + pressure,
      flavor::trace(sums.inflow_momentum));
  const double square_by_gradient = 2.0 * trace_of_product(cross, sums.by_energy) -
                                    trace_of_product(square, sums.second_by_energy);
  const double by_velocity =
      trace_of_product(square, sums.moving_by_energy) - trace_of_product(cross, sums.by_energy);
  add(BoundaryRates::total_energy,
      energy_flux + trace_of_product(a0, sums.flux) - trace_of_product(a1, sums.pressure) -
          (square_by_gradient - by_velocity) / 3.0 + trace_of_product(masses, sums.mass_flux),
      inflow_energy + trace_of_product(a0, sums.inflow) - trace_of_product(a1, sums.moving_inflow) +
          trace_of_product(masses, sums.mass_inflow));
  add(BoundaryRates::purity, sums.others[0] - trace_of_product(a1, sums.squares_by_energy),
      sums.others[1]);
  add(BoundaryRates::entropy, 0.0, sums.others[2]);
}

void report(const BoundaryRates& rates, const BoundaryIntegral& integral, Report& report) {
  struct Quantity {
    BoundaryRates::Name name{};
    const char* column = "";
    const char* symbol = "";
    units::Quantity whole, rate;
  };
  using namespace units::of;
  const std::array<Quantity, BoundaryRates::quantities> all{{
      {BoundaryRates::number, "number", "N", box_number, box_number_rate},
      {BoundaryRates::kinetic_energy, "kinetic_energy_relative", "K - E_ref N", box_energy,
       box_energy_rate},
      {BoundaryRates::momentum, "momentum_z", "momentum along z", box_energy, box_energy_rate},
      {BoundaryRates::total_energy, "total_energy_relative", "H - E_ref N", box_energy,
       box_energy_rate},
      {BoundaryRates::purity, "purity", "purity", states, states_rate},
      {BoundaryRates::entropy, "entropy", "S", states, states_rate},
  }};
  for (const Quantity& q : all) {
    report.add(fmt::format("{}_rate_boundary", q.column), q.rate,
               fmt::format("what the box gains through its ends per time: {}", q.symbol),
               rates.values[q.name]);
    report.add(fmt::format("{}_boundary", q.column), q.whole,
               fmt::format("what the box has gained through its ends: {}", q.symbol),
               integral.value(q.name));
  }
}

}  // namespace nuvlasov::diagnostics
