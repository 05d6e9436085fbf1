/// \file
/// Random numbers that are the same on every platform, which the distributions of the standard
/// library are not.
#pragma once

#include <cstdint>
#include <random>

namespace nuvlasov::initial {

/// The generator of one stream of a realization.
std::mt19937_64 random_stream(std::uint64_t seed, std::uint32_t stream);

/// Uniform on (0, 1].
double uniform(std::mt19937_64& generator);

/// Standard normal, by Box and Muller.
double normal(std::mt19937_64& generator);

}  // namespace nuvlasov::initial
