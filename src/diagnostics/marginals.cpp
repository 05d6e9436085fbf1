#include "nuvlasov/diagnostics/marginals.hpp"

#include <utility>

#include "nuvlasov/diagnostics/compensated_sum.hpp"
#include "nuvlasov/mpi_counts.hpp"

namespace nuvlasov::diagnostics {

Marginals::Marginals(phase_space::ZAxis z, const phase_space::MomentumGrid& momentum,
                     const phase_space::Decomposition& decomposition)
    : z_(std::move(z)), momentum_(momentum), decomposition_(decomposition) {}

void Marginals::measure(const double* state) {
  const phase_space::Box& box = decomposition_.box();
  const Index row = momentum_.angles() * momentum_.components();
  density_.assign(static_cast<std::size_t>(box.z.size * row), 0.0);
  std::vector<CompensatedSum> spectrum(static_cast<std::size_t>(momentum_.energies() * row));
  for (Index j = 0; j < box.z.size; ++j) {
    const double dz = z_.weight(box.z.begin + j);
    for (Index i = box.energy.begin; i < box.energy.end(); ++i) {
      const double weight = momentum_.energy_weight(i);
      for (Index a = 0; a < box.row(); ++a, ++state) {
        const Index column = box.angle.begin * momentum_.components() + a;
        density_[static_cast<std::size_t>(j * row + column)] += weight * *state;
        spectrum[static_cast<std::size_t>(i * row + column)].add(dz * *state);
      }
    }
  }
  if (decomposition_.splits_momentum())
    in_pieces(static_cast<Index>(density_.size()), [&](Index first, int count) {
      MPI_Allreduce(MPI_IN_PLACE, density_.data() + first, count, MPI_DOUBLE, MPI_SUM,
                    decomposition_.momentum_communicator());
    });
  sum_over_ranks(spectrum.data(), static_cast<Index>(spectrum.size()),
                 decomposition_.communicator());
  spectrum_.clear();
  for (const CompensatedSum& sum : spectrum) spectrum_.push_back(sum.value());
  sum_flavors();
}

std::vector<std::string> Marginals::flavor_names(const phase_space::MomentumGrid& momentum) {
  const std::vector<std::string> neutrinos = flavor::flavor_names(momentum.flavors());
  std::vector<std::string> names = neutrinos;
  if (momentum.has_antineutrinos())
    for (const std::string& name : neutrinos) names.push_back("anti" + name);
  return names;
}

void Marginals::sum_flavors() {
  const Index flavors = Index{momentum_.flavors()} * (momentum_.has_antineutrinos() ? 2 : 1);
  energy_spectrum_.assign(static_cast<std::size_t>(momentum_.energies() * flavors), 0.0);
  angular_spectrum_.assign(static_cast<std::size_t>(momentum_.angles() * flavors), 0.0);
  const double* node = spectrum_.data();
  const auto add = [&](Index i, Index k, const auto& occupations) {
    const Index first = momentum_.sign(k) == phase_space::neutrino ? 0 : momentum_.flavors();
    for (Index a = 0; a < momentum_.flavors(); ++a) {
      const double weighted = momentum_.energy_weight(i) * occupations[static_cast<std::size_t>(a)];
      energy_spectrum_[static_cast<std::size_t>(i * flavors + first + a)] +=
          momentum_.direction_weight(k) * weighted / momentum_.energy_spacing();
      angular_spectrum_[static_cast<std::size_t>(k * flavors + first + a)] += weighted;
    }
  };
  flavor::with_flavors(momentum_.flavors(), [&](auto n) {
    for (Index i = 0; i < momentum_.energies(); ++i)
      for (Index k = 0; k < momentum_.angles(); ++k, node += momentum_.components())
        add(i, k, flavor::occupations(flavor::load<n>(node)));
  });
}

}  // namespace nuvlasov::diagnostics
