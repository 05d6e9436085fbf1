#include "nuvlasov/initial/beams.hpp"

#include <cmath>
#include <utility>

namespace nuvlasov::initial {

void fill(const Beams& beams, const std::vector<double>& spectrum, const phase_space::ZAxis& z,
          const phase_space::Box& box, double* state) {
  for (Index j = 0; j < box.z.size; ++j)
    for (Index k = 0; k < box.angle.size; ++k) {
      const flavor::Matrix beam = beams.at(z.position(box.z.begin + j), box.angle.begin + k);
      for (Index i = 0; i < box.energy.size; ++i)
        flavor::store(state + j * box.plane() + i * box.row() + k * flavor::components,
                      spectrum[static_cast<std::size_t>(box.energy.begin + i)] * beam);
    }
}

SeededBeams::SeededBeams(std::vector<double> zeta, std::vector<double> occupation,
                         std::unique_ptr<const Seeds> seeds, bool pure)
    : zeta_(std::move(zeta)),
      occupation_(std::move(occupation)),
      seeds_(std::move(seeds)),
      pure_(pure) {}

flavor::Matrix SeededBeams::at(double z, Index k) const {
  const auto beam = static_cast<std::size_t>(k);
  const std::complex<double> psi = seeds_ ? seeds_->at(z, k) : 0.0;
  const flavor::Matrix rho =
      flavor::from_polarization(occupation_[beam], psi.real(), psi.imag(), zeta_[beam]);
  return pure_ ? flavor::purified(rho) : rho;
}

flavor::Matrix GaussianPulse::at(double z, Index k) const {
  const double x = (z - center_) / width_;
  return std::exp(-0.5 * x * x) * beams_->at(z, k);
}

std::vector<flavor::Matrix> entering(const Beams& beams, const phase_space::ZAxis& z,
                                     const std::vector<double>& directions) {
  std::vector<flavor::Matrix> inflow;
  inflow.reserve(directions.size());
  for (const double v : directions)
    inflow.push_back(
        beams.at(z.position(v > 0.0 ? 0 : z.cells() - 1), static_cast<Index>(inflow.size())));
  return inflow;
}

TwoBeamMode::TwoBeamMode(double zeta_plus, double zeta_minus, double wave_number)
    : k(wave_number), omega0(-zeta_minus - zeta_plus) {
  const std::complex<double> half_width = 2.0 * std::sqrt(std::complex(-zeta_plus * zeta_minus));
  const double middle = zeta_minus - zeta_plus;
  lower = middle - half_width.real();
  upper = middle + half_width.real();
  gamma = std::sqrt(half_width * half_width - (k - middle) * (k - middle));
  const std::complex<double> i_gamma = std::complex(0.0, 1.0) * gamma;
  plus = k + omega0 + i_gamma;
  minus = k - omega0 - i_gamma;
}

double TwoBeamMode::u_osc_transverse(double alpha, double length, double time) const {
  const double middle = 0.5 * (lower + upper);
  return length * 2.0 * k * (k - middle) * alpha * alpha * std::expm1(2.0 * gamma.real() * time);
}

double TwoBeamMode::u_osc_change(double alpha, double length, double time) const {
  return length * 2.0 * k * k * alpha * alpha * std::expm1(2.0 * gamma.real() * time);
}

}  // namespace nuvlasov::initial
