#include "nuvlasov/initial/beams.hpp"

#include <cmath>
#include <numbers>
#include <utility>

#include "nuvlasov/flavor/eigensystem.hpp"

namespace nuvlasov::initial {

void fill(const Beams& beams, const std::vector<double>& spectrum, const phase_space::ZAxis& z,
          const phase_space::Box& box, double* state) {
  for (Index j = 0; j < box.z.size; ++j)
    for (Index k = 0; k < box.angle.size; ++k) {
      const flavor::Components beam = beams.at(z.position(box.z.begin + j), box.angle.begin + k);
      for (Index i = 0; i < box.energy.size; ++i) {
        double* const node = state + j * box.plane() + i * box.row() + k * box.components;
        for (int c = 0; c < box.components; ++c)
          node[c] = spectrum[static_cast<std::size_t>(box.energy.begin + i)] *
                    beam[static_cast<std::size_t>(c)];
      }
    }
}

Background Background::of_two(int flavors, const std::vector<double>& zeta,
                              const std::vector<double>& occupation) {
  Background background{flavors, {}};
  for (std::size_t k = 0; k < zeta.size(); ++k) {
    flavor::Components beam{occupation[k], 0.0, 0.0, zeta[k]};
    if (flavors == 3) beam[8] = occupation[k] / std::numbers::sqrt3;
    background.beams.push_back(beam);
  }
  return background;
}

std::vector<double> Background::difference(flavor::FlavorPair pair) const {
  std::vector<double> differences;
  for (const flavor::Components& beam : beams)
    differences.push_back(flavor::occupation_difference(beam, pair));
  return differences;
}

SeededBeams::SeededBeams(Background background, std::vector<PairSeeds> seeds, bool pure)
    : background_(std::move(background)), seeds_(std::move(seeds)), pure_(pure) {}

SeededBeams::SeededBeams(const std::vector<double>& zeta, const std::vector<double>& occupation,
                         std::unique_ptr<const Seeds> seeds, bool pure)
    : background_(Background::of_two(2, zeta, occupation)), pure_(pure) {
  if (seeds) seeds_.push_back({{}, std::move(seeds)});
}

flavor::Components SeededBeams::at(double z, Index k) const {
  flavor::Components rho = background_.beams[static_cast<std::size_t>(k)];
  for (const PairSeeds& between : seeds_) {
    if (!flavor::holds_any(background_.flavors, rho, between.pair)) continue;
    const std::complex<double> psi = between.seeds->at(z, k);
    const auto c = static_cast<std::size_t>(flavor::coherence(between.pair));
    rho[c] = psi.real();
    rho[c + 1] = psi.imag();
  }
  if (!pure_) return rho;
  return flavor::with_flavors(background_.flavors, [&](auto flavors) {
    return flavor::to_components(flavor::purified(flavor::load<flavors>(rho.data())));
  });
}

flavor::Components GaussianPulse::at(double z, Index k) const {
  const double x = (z - center_) / width_;
  flavor::Components rho = beams_->at(z, k);
  for (double& component : rho) component *= std::exp(-0.5 * x * x);
  return rho;
}

std::vector<flavor::Components> entering(const Beams& beams, const phase_space::ZAxis& z,
                                         const std::vector<double>& directions) {
  std::vector<flavor::Components> inflow;
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
