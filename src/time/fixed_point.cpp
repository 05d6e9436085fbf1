#include "nuvlasov/time/fixed_point.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <type_traits>

#include "nuvlasov/flavor/lanes.hpp"
#include "nuvlasov/flavor/precession.hpp"
#include "nuvlasov/phase_space/petsc_array.hpp"
#include "nuvlasov/phase_space/rows.hpp"

namespace nuvlasov::time {
namespace {

using flavor::Precession;
using flavor::PrecessionRate;
using phase_space::Array;
using phase_space::ReadArray;

constexpr int max_iterations = 100;

/// Below this multiple of the tolerance an iteration that no longer contracts has met round-off.
constexpr double round_off_margin = 100.0;

/// What the next iteration is taken to contract by: worse than the last one did, which in the
/// two-beam experiment is by up to 1.6, and no less than `least_rate`, or after two than
/// `first_rate`: the first removes what the sums over energy know of, and with it nearly all. What
/// the end then leaves is measured in docs/decisions/implicit-solve.md.
constexpr double caution = 1.5, least_rate = 0.003, first_rate = 0.02;

/// Steps that differ by this part of them are equal: the last one of an interval is what is left of
/// it.
constexpr double same_step = 1e-9;

/// Numbers of the defect to work on at once, all planes that a sum takes: a part of a cache.
constexpr Index block_numbers = Index{1} << 16;

/// How far ahead memory is fetched: little enough to stay in the innermost cache.
constexpr Index numbers_ahead = 1024;

/// Coefficients of the polynomial through `known` equidistant values, the latest first, continued
/// by one step: (-1)^n binomial(known, n + 1).
std::array<double, FixedPoint::history> continuation(int known) {
  std::array<double, FixedPoint::history> weights{};
  double binomial = 1.0;
  for (int n = 0; n < known; ++n) {
    binomial *= static_cast<double>(known - n) / (n + 1);
    weights[static_cast<std::size_t>(n)] = n % 2 == 0 ? binomial : -binomial;
  }
  return weights;
}

/// Calls body(std::integral_constant) for the usual reaches, so that the sum over planes unrolls,
/// and body(reach) beyond.
template <Index usual = 12, class Body>
void with_constant_reach(Index reach, Body&& body) {
  if (reach == usual)
    body(std::integral_constant<Index, usual>{});
  else if constexpr (usual > 0)
    with_constant_reach<usual - 1>(reach, body);
  else
    body(reach);
}

/// The largest reach that with_constant_reach() calls with a value of this type.
template <class Reach>
constexpr Index largest_of = Reach::value;
template <>
constexpr Index largest_of<Index> = StreamingInverse::max_reach;

/// Maximum norms, number by number, and what is zero unless a value is not finite.
template <class Matrices>
struct Largest {
  Matrices correction{}, value{}, not_finite{};

  void include(Matrices by, Matrices next) {
    const Matrices size_of_change = by > 0.0 ? by : -by, size = next > 0.0 ? next : -next;
    correction = size_of_change > correction ? size_of_change : correction;
    value = size > value ? size : value;
    not_finite += next - next;
  }
  void add_to(std::array<double, 2>& norms) const {
    for (std::size_t n = 0; n < sizeof(Matrices) / sizeof(double); ++n) {
      const bool finite = not_finite[n] == 0.0;
      norms[0] =
          std::max(norms[0], finite ? correction[n] : std::numeric_limits<double>::infinity());
      norms[1] = std::max(norms[1], value[n]);
    }
  }
};

}  // namespace

template <int flavors>
PetscErrorCode FlavoredFixedPoint<flavors>::create(TS ts, RightHandSide& right_hand_side,
                                                   double theta, double tolerance) {
  PetscFunctionBeginUser;
  ts_ = ts;
  right_hand_side_ = &right_hand_side;
  theta_ = theta;
  tolerance_ = tolerance;
  const phase_space::Box& box = right_hand_side.decomposition().box();
  PetscCall(energy_sums_.create(right_hand_side.decomposition(), right_hand_side.equation()));
  for (auto* sums : {&sums_, &defect_sums_, &sums_change_}) *sums = energy_sums_.field();
  omegas_.resize(history * sums_.size());
  for (auto* axes : {&axes_, &axes_change_})
    axes->resize(static_cast<std::size_t>(box.z.size * box.row()));
  rotations_.resize(axes_.size() * Precession<Matrix>::numbers_per_component);
  const physics::KineticEquation& equation = right_hand_side.equation();
  if (equation.parts().weak_force &&
      equation.momentum().geometry() == phase_space::Geometry::beams) {
    PetscCall(slope_exchange_.create(right_hand_side.decomposition(), equation.z().span(),
                                     equation.z().periodic()));
    const phase_space::Lines lines(equation.momentum(), box);
    momentum_gradient_.emplace(equation.momentum(), lines, box);
    force_ = phase_space::PlaneInVacuum(lines, momentum_gradient_->reach());
    slopes_.resize(omegas_.size());
  }
  SNES snes = nullptr;
  PetscCall(TSGetSNES(ts, &snes));
  PetscCall(SNESSetType(snes, SNESSHELL));
  PetscCall(SNESShellSetSolve(snes, solve));
  PetscCall(SNESShellSetContext(snes, this));
  PetscFunctionReturn(0);
}

template <int flavors>
PetscErrorCode FlavoredFixedPoint<flavors>::use_step(double step) {
  PetscFunctionBeginUser;
  if (std::abs(step - step_) > same_step * step_) forget();
  step_ = step;
  h_ = theta_ * step;
  // Made of the step alone, as a run that is resumed makes it, but not anew for the rounding of an
  // interval's last step.
  const auto h_of_inverse = static_cast<float>(h_);
  if (h_of_inverse == h_of_inverse_) PetscFunctionReturn(0);
  h_of_inverse_ = h_of_inverse;
  const physics::KineticEquation& equation = right_hand_side_->equation();
  const double streams = equation.parts().streaming ? h_of_inverse : 0.0;
  inverse_ = StreamingInverse(equation.z(), streams, equation.momentum().directions(),
                              flavor::components(flavors));
  PetscCall(exchange_.create(right_hand_side_->decomposition(), inverse_.reach(),
                             equation.z().periodic()));
  PetscFunctionReturn(0);
}

template <int flavors>
PetscErrorCode FlavoredFixedPoint<flavors>::guess(Vec start, Vec x) {
  PetscFunctionBeginUser;
  if (known_ == 0) {
    PetscCall(VecCopy(start, x));
    PetscFunctionReturn(0);
  }
  PetscCall(add_up_midpoints());
  const auto weights = continuation(known_);
  const auto count = static_cast<std::size_t>(known_);
  std::fill(sums_.begin(), sums_.end(), 0.0);
  for (std::size_t n = 0; n < count; ++n)
    for (std::size_t at = 0; at < sums_.size(); ++at)
      sums_[at] += weights[n] * midpoint_sums_[n][at];

  const phase_space::Box& box = right_hand_side_->decomposition().box();
  const Index row = box.row(), plane = box.plane();
  const Index first = box.angle.begin * flavor::components(flavors);
  const Array guessed(x), defect(defect_);
  const ReadArray from(start);
  std::array<const double*, history> known{};
  for (std::size_t n = 0; n < count; ++n) PetscCall(VecGetArrayRead(midpoints_[n], &known[n]));
  std::fill(known.begin() + known_, known.end(), known[0]);  // with no weight
  // x0 - sum_n c_n s_n in terms of x0 and the m_n: s_n = 2 m_n - s_n-1, where s_-1 is x0.
  double of_start = 1.0;
  std::array<double, history> of_midpoint{};
  for (std::size_t n = 0; n < count; ++n) {
    double sign = 1.0;
    for (std::size_t k = n + 1; k-- > 0; sign = -sign) of_midpoint[k] -= 2.0 * sign * weights[n];
    of_start -= sign * weights[n];
  }
  const Index width = energy_sums_.row();
  phase_space::Numbers here(static_cast<std::size_t>(width));
  for (Index j = 0; j < box.z.size; ++j) {
    energy_sums_.refraction(&sums_[j * width], here.data());
    for (std::size_t n = 0; n < history; ++n) {  // h c_n (omega - omega_n)
      double* const omega = &omegas_[(j * history + n) * width];
      if (n < count) energy_sums_.refraction(&midpoint_sums_[n][j * width], omega);
      for (Index at = 0; at < width; ++at)
        omega[at] = n < count ? h_ * weights[n] * (here[at] - omega[at]) : 0.0;
    }
  }
  PetscCall(find_slopes(history));
  for (std::size_t at = 0; at < omegas_.size(); at += flavor::components(flavors))
    omegas_[at] = 0.0;  // the traces, which turn nothing
  for (Index j = 0; j < box.z.size; ++j) {
    const double* const axes = &omegas_[j * history * width] + first;
    std::array<const double*, history> planes{};
    for (std::size_t n = 0; n < history; ++n) planes[n] = known[n] + j * plane;
    phase_space::for_each_in_plane<flavors>(
        row, box.energy.size, [&](Index at, auto node, auto&& for_energies) {
          using Matrices = decltype(node);
          std::array<const double*, history> midpoints = planes;
          std::array<std::optional<PrecessionRate<Matrices>>, history> turns;
          for (std::size_t n = 0; n < history; ++n) {
            midpoints[n] += at;
            turns[n].emplace(axes + static_cast<Index>(n) * width + at);
          }
          const Index place = j * plane + at;
          const double* const begin = from + place;
          double *const to = guessed + place, *const to_defect = defect + place;
          for_energies([=](Index i, auto /*one*/) {
            Matrices sum{}, rest = of_start * flavor::load<Matrices>(begin + i * row);
            for (std::size_t n = 0; n < history; ++n) {
              const auto midpoint = flavor::load<Matrices>(midpoints[n] + i * row);
              sum += weights[n] * midpoint;
              rest += of_midpoint[n] * midpoint + (*turns[n])(midpoint);
            }
            flavor::store(to + i * row, sum);
            flavor::store(to_defect + i * row, rest);
          });
        });
    add_force(j, planes, defect + j * plane);
    energy_sums_.add_up(defect + j * plane, j, defect_sums_);
  }
  for (std::size_t n = 0; n < count; ++n) PetscCall(VecRestoreArrayRead(midpoints_[n], &known[n]));
  PetscCall(energy_sums_.share(defect_sums_));
  PetscFunctionReturn(0);
}

template <int flavors>
PetscErrorCode FlavoredFixedPoint<flavors>::find_defect(Vec start, Vec x) {
  PetscFunctionBeginUser;
  const Index plane = right_hand_side_->decomposition().box().plane();
  const ReadArray from(start), now(x);
  const Array defect(defect_);
  const auto keep_defect = [&](Index at, Index count, const double* f) {
    const double *x0 = from + at, *value = now + at;
    double* target = defect + at;
#pragma GCC ivdep
    for (Index n = 0; n < count; ++n) target[n] = x0[n] - value[n] + h_ * f[n];
    // Planes that end with this piece.
    for (Index j = at / plane; j < (at + count) / plane; ++j) {
      energy_sums_.add_up(defect + j * plane, j, defect_sums_);
      energy_sums_.add_up(now + j * plane, j, sums_);
    }
  };
  PetscCall(right_hand_side_->for_each_piece(x, {defect + 0, from + 0}, keep_defect));
  PetscCall(energy_sums_.share(defect_sums_));
  PetscCall(energy_sums_.share(sums_));
  PetscFunctionReturn(0);
}

template <int flavors>
PetscErrorCode FlavoredFixedPoint<flavors>::find_refraction() {
  PetscFunctionBeginUser;
  const phase_space::Box& box = right_hand_side_->decomposition().box();
  const Index row = box.row(), width = energy_sums_.row();
  const Index first = box.angle.begin * flavor::components(flavors);
  PetscCall(energy_sums_.solve(inverse_, h_, sums_, defect_sums_, sums_change_));
  for (Index j = 0; j < box.z.size; ++j) {
    const double* const sums = sums_.data() + j * width;
    double* const changed = sums_change_.data() + j * width;
    double* const next = omegas_.data() + 2 * j * width;  // h omega', and h (omega' - omega)
    double* const change = next + width;
    energy_sums_.refraction(sums, change);
    for (Index at = 0; at < width; ++at) changed[at] += sums[at];
    energy_sums_.refraction(changed, next);
    for (Index at = 0; at < width; ++at) {
      change[at] = h_ * (next[at] - change[at]);
      next[at] *= h_;
    }
    for (Index at = 0; at < row; at += flavor::components(flavors)) {
      const Index place = j * row + at;
      const auto of_precession = [&](const double* omega) {
        return flavor::polarization(flavor::load<flavors>(omega + first + at));
      };
      const Matrix axis = 0.5 * of_precession(next);
      flavor::store(&axes_[place], axis);
      flavor::store(&axes_change_[place], of_precession(change));
      Precession<Matrix>::write(axis,
                                &rotations_[place * Precession<Matrix>::numbers_per_component]);
    }
  }
  PetscCall(find_slopes(2));
  PetscFunctionReturn(0);
}

template <int flavors>
PetscErrorCode FlavoredFixedPoint<flavors>::find_slopes(Index count) {
  PetscFunctionBeginUser;
  if (!momentum_gradient_) PetscFunctionReturn(0);
  const physics::KineticEquation& equation = right_hand_side_->equation();
  const phase_space::Range planes = right_hand_side_->decomposition().box().z;
  const Index width = count * energy_sums_.row();
  phase_space::Numbers signs(static_cast<std::size_t>(width));
  for (Index at = 0; at < width; ++at)
    signs[at] = equation.momentum().sign(at % energy_sums_.row() / flavor::components(flavors));
  PetscCall(slope_exchange_.exchange(omegas_.data(), width));
  for (Index j = 0; j < planes.size; ++j) {
    const double* const* here = slope_exchange_.planes() + slope_exchange_.reach() + j;
    const phase_space::Stencil& d_z = equation.z().stencil(planes.begin + j);
    double* const slope = slopes_.data() + j * width;
    std::fill_n(slope, width, 0.0);
    for (int pair = 0; pair < d_z.size; ++pair) {
      const auto& [weight, ahead, behind] = d_z.pairs[pair];
      const double by = weight, *const before = here[behind], *const after = here[ahead];
#pragma GCC ivdep
      for (Index at = 0; at < width; ++at) slope[at] += signs[at] * by * (after[at] - before[at]);
    }
  }
  PetscFunctionReturn(0);
}

template <int flavors>
template <std::size_t count>
void FlavoredFixedPoint<flavors>::add_force(Index j, const std::array<const double*, count>& f,
                                            double* plane) {
  if (!momentum_gradient_) return;
  const phase_space::Box& box = right_hand_side_->decomposition().box();
  const Index row = box.row(), width = energy_sums_.row(), size = box.plane();
  const double* const slopes = slopes_.data() + j * static_cast<Index>(count) * width +
                               box.angle.begin * flavor::components(flavors);
  double* const products = force_.numbers();
  phase_space::for_each_in_plane<flavors>(
      row, box.energy.size, [&](Index at, auto node, auto&& for_energies) {
        using Matrices = decltype(node);
        std::array<Matrices, count> slope{};
        // Copies, which no store can be thought to change; and so below.
        std::array<const double*, count> from = f;
        for (std::size_t n = 0; n < count; ++n) {
          slope[n] = flavor::load<Matrices>(slopes + n * width + at);
          from[n] += at;
        }
        const flavor::JordanProducts<Matrices, count> product(slope);
        double* const to = products + at;
        for_energies([=](Index i, auto /*one*/) {
          for (std::size_t n = 0; n < count; ++n)
            __builtin_prefetch(from[n] + i * row + numbers_ahead);
          flavor::store(to + i * row, product([&](std::size_t n) {
                          return flavor::load<Matrices>(from[n] + i * row);
                        }));
        });
      });
  constexpr Index most = phase_space::MomentumGradient::most;
  for (Index begin = 0; begin < size; begin += most)
    momentum_gradient_->add_along_energy(force_, begin, std::min(begin + most, size), plane, plane);
}

template <int flavors>
PetscErrorCode FlavoredFixedPoint<flavors>::correct(Vec x, Change* change) {
  PetscFunctionBeginUser;
  const phase_space::Box& box = right_hand_side_->decomposition().box();
  const Index planes = box.z.size, row = box.row(), plane = box.plane();
  const Index first = box.angle.begin * flavor::components(flavors);
  PetscCall(find_refraction());
  const Array values(x), defect(defect_);
  std::conditional_t<flavors == 2, std::tuple<Largest<flavor::MatrixPair>, Largest<Matrix>>,
                     std::tuple<Largest<Matrix>>>
      all_largest;
  const auto prepare = [&](Index j, Index begin, Index end) {
    double* const own = defect + j * plane;
    const double* const value = values + j * plane;
    const double* const axes = axes_.data() + j * row;
    const double* const by = axes_change_.data() + j * row;
    const double* const rotations =
        rotations_.data() + j * row * Precession<Matrix>::numbers_per_component;
    phase_space::for_each_in_plane<flavors>(
        row, end - begin, [&](Index at, auto node, auto&& for_energies) {
          using Matrices = decltype(node);
          const Precession<Matrices> precession(axes, rotations, at);
          const PrecessionRate<Matrices> turn(by + at);
          double* const place = own + begin * row + at;
          const double* const from = value + begin * row + at;
          for_energies([=](Index i, auto /*one*/) {
            flavor::store(place + i * row,
                          precession.implicit_step(flavor::load<Matrices>(place + i * row) +
                                                   turn(flavor::load<Matrices>(from + i * row))));
          });
        });
  };
  const Index reach = inverse_.reach();
  const auto invert = [&](Index j, Index begin, Index end) {
    const double* const* around = exchange_.planes() + j;
    double* const value = values + j * plane;
    const double* const axes = axes_.data() + j * row;
    const double* const rotations =
        rotations_.data() + j * row * Precession<Matrix>::numbers_per_component;
    with_constant_reach(reach, [&](auto planes_before) {
      const Index planes_around = 2 * planes_before + 1;
      phase_space::for_each_in_plane<flavors, flavors == 2 ? 4 : 1>(
          row, end - begin, [&](Index at, auto node, auto&& for_energies) {
            using Matrices = decltype(node);
            const Precession<Matrices> precession(axes, rotations, at);
            constexpr Index most = 2 * largest_of<decltype(planes_before)> + 1;
            std::array<Matrices, most> weights{}, changes{};
            std::array<const double*, most> from{};
            for (Index m = 0; m < planes_around; ++m) {
              weights[m] = flavor::load<Matrices>(
                  inverse_.weights(box.z.begin + j, m - planes_before) + first + at);
              changes[m] = flavor::load<Matrices>(
                  inverse_.changes(box.z.begin + j, m - planes_before) + first + at);
              from[m] = around[m] + begin * row + at;
            }
            double* const place = value + begin * row + at;
            auto largest = std::get<Largest<Matrices>>(all_largest);
            for_energies([&, place](Index i, auto together) {
              std::array<Matrices, together> sum{}, by_precession{};
              for (Index m = 0; m < planes_around; ++m) {
                flavor::unrolled<together>([&](auto n) {
                  const auto source = flavor::load<Matrices>(from[m] + (i + n) * row);
                  sum[n] += weights[m] * source;
                  by_precession[n] += changes[m] * source;
                });
              }
              flavor::unrolled<together>([&](auto n) {
                const Matrices correction =
                    precession.implicit_step(sum[n] + 2.0 * precession.rate(by_precession[n]));
                const Matrices next = flavor::load<Matrices>(place + (i + n) * row) + correction;
                largest.include(correction, next);
                flavor::store(place + (i + n) * row, next);
              });
            });
            std::get<Largest<Matrices>>(all_largest) = largest;
          });
    });
  };

  const auto force = [&](Index j) {
    add_force(j, std::array<const double*, 2>{defect + j * plane, values + j * plane},
              defect + j * plane);
  };
  // What other ranks need first; the rest just before it is used, while it stays in cache.
  const Index inner_begin = std::min(reach, planes);
  const Index inner_end = std::max(inner_begin, planes - reach);
  for (const phase_space::Range outer :
       {phase_space::Range{0, inner_begin}, phase_space::Range{inner_end, planes - inner_end}})
    for (Index j = outer.begin; j < outer.end(); ++j) {
      force(j);
      prepare(j, 0, box.energy.size);
    }
  PetscCall(exchange_.exchange(defect + 0, plane));
  const Index block = std::max<Index>(1, block_numbers / ((2 * reach + 1) * row));
  for (Index begin = 0; begin < box.energy.size; begin += block) {
    const Index end = std::min(begin + block, box.energy.size);
    for (Index j = 0; j < planes; ++j) {
      if (j + reach >= inner_begin && j + reach < inner_end) {
        if (begin == 0) force(j + reach);
        prepare(j + reach, begin, end);
      }
      invert(j, begin, end);
    }
  }
  std::array<double, 2> norms{};
  std::apply([&](const auto&... largest) { (largest.add_to(norms), ...); }, all_largest);
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, norms.data(), 2, MPI_DOUBLE, MPI_MAX,
                             PetscObjectComm(reinterpret_cast<PetscObject>(x))));
  *change = {norms[0], norms[1]};
  PetscFunctionReturn(0);
}

template <int flavors>
PetscErrorCode FlavoredFixedPoint<flavors>::add_up_midpoints() {
  PetscFunctionBeginUser;
  if (added_up_) PetscFunctionReturn(0);
  const phase_space::Box& box = right_hand_side_->decomposition().box();
  for (std::size_t n = 0; n < static_cast<std::size_t>(known_); ++n) {
    midpoint_sums_[n] = energy_sums_.field();
    const ReadArray midpoint(midpoints_[n]);
    for (Index j = 0; j < box.z.size; ++j)
      energy_sums_.add_up(midpoint + j * box.plane(), j, midpoint_sums_[n]);
    PetscCall(energy_sums_.share(midpoint_sums_[n]));
  }
  added_up_ = true;
  PetscFunctionReturn(0);
}

template <int flavors>
PetscErrorCode FlavoredFixedPoint<flavors>::remember(Vec x) {
  PetscFunctionBeginUser;
  std::rotate(midpoints_.begin(), midpoints_.end() - 1, midpoints_.end());
  std::rotate(midpoint_sums_.begin(), midpoint_sums_.end() - 1, midpoint_sums_.end());
  if (midpoints_.front() == nullptr) PetscCall(VecDuplicate(x, midpoints_.front().address()));
  known_ = std::min(known_ + 1, history);
  midpoint_sums_.front() = energy_sums_.field();
  const phase_space::Box& box = right_hand_side_->decomposition().box();
  const Array kept(midpoints_.front());
  const ReadArray from(x);
  for (Index j = 0; j < box.z.size; ++j) {
    double* const plane = kept + j * box.plane();
    std::copy_n(from + j * box.plane(), box.plane(), plane);
    energy_sums_.add_up(plane, j, midpoint_sums_.front());
  }
  PetscCall(energy_sums_.share(midpoint_sums_.front()));
  PetscFunctionReturn(0);
}

template <int flavors>
PetscErrorCode FlavoredFixedPoint<flavors>::recall(int count, double step, Vec like) {
  PetscFunctionBeginUser;
  known_ = std::min(count, history);
  step_ = step;
  added_up_ = false;
  for (int n = 0; n < known_; ++n)
    PetscCall(VecDuplicate(like, midpoints_[static_cast<std::size_t>(n)].address()));
  PetscFunctionReturn(0);
}

template <int flavors>
PetscErrorCode FlavoredFixedPoint<flavors>::iterate(Vec x, SNESConvergedReason* reason,
                                                    int* iterations) {
  PetscFunctionBeginUser;
  Vec start = nullptr;
  PetscCall(TSGetSolution(ts_, &start));
  Change change{};
  PetscCall(guess(start, x));
  if (known_ > 0) PetscCall(correct(x, &change));
  double last = 0.0;
  *reason = SNES_DIVERGED_MAX_IT;
  for (*iterations = 0; *reason == SNES_DIVERGED_MAX_IT && *iterations < max_iterations;) {
    PetscCall(find_defect(start, x));
    PetscCall(correct(x, &change));
    ++*iterations;
    const double goal = tolerance_ * change.value;
    // The error of the new x is a geometric series of what the last iterations contracted by.
    const double rate = *iterations > 1 ? std::max(*iterations > 2 ? least_rate : first_rate,
                                                   caution * change.correction / last)
                                        : 1.0;
    const double error = change.correction * (rate < 0.5 ? rate / (1.0 - rate) : 1.0);
    if (!std::isfinite(change.correction)) {
      *reason = SNES_DIVERGED_FNORM_NAN;
    } else if (error <= goal || (*iterations > 1 && change.correction >= last &&
                                 change.correction <= round_off_margin * goal)) {
      *reason = SNES_CONVERGED_SNORM_RELATIVE;
    }
    last = change.correction;
  }
  PetscFunctionReturn(0);
}

template <int flavors>
PetscErrorCode FlavoredFixedPoint<flavors>::solve(SNES snes, Vec x) {
  PetscFunctionBeginUser;
  FlavoredFixedPoint* self = nullptr;
  PetscCall(SNESShellGetContext(snes, &self));
  if (self->defect_ == nullptr) PetscCall(VecDuplicate(x, self->defect_.address()));
  PetscReal step = 0.0;
  PetscCall(TSGetTimeStep(self->ts_, &step));
  PetscCall(self->use_step(step));
  SNESConvergedReason reason = SNES_DIVERGED_MAX_IT;
  int iterations = 0;
  PetscCall(self->iterate(x, &reason, &iterations));
  if (reason > 0) PetscCall(self->remember(x));
  PetscCall(SNESSetIterationNumber(snes, iterations));
  PetscCall(SNESSetConvergedReason(snes, reason));
  PetscFunctionReturn(0);
}

template class FlavoredFixedPoint<2>;
template class FlavoredFixedPoint<3>;

std::unique_ptr<FixedPoint> make_fixed_point(int flavors) {
  return flavor::with_flavors(flavors, [](auto n) -> std::unique_ptr<FixedPoint> {
    return std::make_unique<FlavoredFixedPoint<n>>();
  });
}

}  // namespace nuvlasov::time
