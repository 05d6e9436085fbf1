#include "nuvlasov/diagnostics/plane.hpp"

namespace nuvlasov::diagnostics {

MomentumMeasure::MomentumMeasure(const phase_space::MomentumGrid& grid,
                                 const phase_space::Box& box) {
  for (Index i = box.energy.begin; i < box.energy.end(); ++i) {
    energy_weights_.push_back(grid.energy_weight(i));
    offsets_.push_back(grid.energy_offset(i));
  }
  for (Index k = box.angle.begin; k < box.angle.end(); ++k) {
    weights_.push_back(grid.direction_weight(k));
    directions_.push_back(grid.direction(k));
    signs_.push_back(grid.sign(k));
    antineutrinos_ = antineutrinos_ || grid.sign(k) == phase_space::antineutrino;
  }
}

template <int flavors>
SpeciesMoments<flavors> MomentumMeasure::moments(const double* plane, Index stride) const {
  SpeciesMoments<flavors> sums{
      .neutrinos = of_species<flavors>(plane, stride, phase_space::neutrino), .antineutrinos = {}};
  if (antineutrinos_)
    sums.antineutrinos = of_species<flavors>(plane, stride, phase_space::antineutrino);
  return sums;
}

template SpeciesMoments<2> MomentumMeasure::moments<2>(const double*, Index) const;
template SpeciesMoments<3> MomentumMeasure::moments<3>(const double*, Index) const;

template <int flavors>
MomentumMoments<flavors> MomentumMeasure::of_species(const double* plane, Index stride,
                                                     double sign) const {
  using Matrix = flavor::Matrix<flavors>;
  MomentumMoments<flavors> sum;
  for (std::size_t i = 0; i < energy_weights_.size(); ++i) {
    const double* node = plane + static_cast<Index>(i) * stride;
    Matrix number{}, flux{}, pressure{};
    for (std::size_t k = 0; k < weights_.size(); ++k, node += flavor::components(flavors)) {
      if (signs_[k] != sign) continue;
      const Matrix weighted = weights_[k] * flavor::load<flavors>(node);
      const Matrix moving = directions_[k] * weighted;
      number += weighted;
      flux += moving;
      pressure += directions_[k] * moving;
    }
    number *= energy_weights_[i];
    flux *= energy_weights_[i];
    sum.number += number;
    sum.flux += flux;
    sum.pressure += energy_weights_[i] * pressure;
    sum.energy += offsets_[i] * number;
    sum.energy_flux += offsets_[i] * flux;
  }
  return sum;
}

}  // namespace nuvlasov::diagnostics
