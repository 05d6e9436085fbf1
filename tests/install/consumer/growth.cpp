// growth K...: growth rates of two opposite beams of one flavor each, by the installed library.
#include <fmt/format.h>
#include <petscsys.h>

#include <cstdlib>

#include "nuvlasov/io/provenance.hpp"
#include "nuvlasov/stability/linear_stability.hpp"

int main(int argc, char** argv) {
  PetscCall(PetscInitialize(&argc, &argv, nullptr, nullptr));
  const nuvlasov::phase_space::MomentumGrid grid(1000.0, 40.0, 8, 6, {-1.0, 1.0}, {1.0, 1.0});
  const nuvlasov::stability::LinearStability stability(grid, {-0.5, 0.5});
  fmt::print("{}\n", nuvlasov::io::library_text());
  for (int n = 1; n < argc; ++n) {
    const auto omega = stability.fastest(std::atof(argv[n]));
    fmt::print("{:.17g}\n", omega ? omega->imag() : 0.0);
  }
  PetscCall(PetscFinalize());
  return 0;
}
