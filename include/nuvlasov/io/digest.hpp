/// \file
/// A digest of numbers that does not depend on which rank holds which of them:
///
///     D = sum_n mix(w_n + n phi)  mod 2^64
///
/// over 64-bit words w_n at positions n, with the bijection `mix` that ends splitmix64 (Steele, Lea
/// and Flood 2014, doi:10.1145/2660193.2660195) and phi = 2^64/(golden ratio), odd. A change within
/// one word always changes D; any other escapes with a probability of 2^-64. Against accidents, not
/// against forgery.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace nuvlasov::io {

/// The share of `count` words in memory, the first of which is at position `first`. Shares add up.
std::uint64_t digest(const void* words, std::size_t count, std::uint64_t first);

/// Sixteen hexadecimal digits.
std::string digest_text(std::uint64_t digest);

}  // namespace nuvlasov::io
