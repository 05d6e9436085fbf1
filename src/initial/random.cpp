#include "nuvlasov/initial/random.hpp"

#include <cmath>
#include <numbers>

namespace nuvlasov::initial {

std::mt19937_64 random_stream(std::uint64_t seed, std::uint32_t stream) {
  std::seed_seq sequence{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32),
                         stream};
  return std::mt19937_64(sequence);
}

double uniform(std::mt19937_64& generator) {
  return (static_cast<double>(generator() >> 11) + 1.0) * 0x1p-53;
}

double normal(std::mt19937_64& generator) {
  const double radius = std::sqrt(-2.0 * std::log(uniform(generator)));
  return radius * std::cos(2.0 * std::numbers::pi * uniform(generator));
}

}  // namespace nuvlasov::initial
