#include "nuvlasov/io/digest.hpp"

#include <fmt/format.h>

#include <cstring>

namespace nuvlasov::io {
namespace {

constexpr std::uint64_t phi = 0x9e3779b97f4a7c15;

std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111eb;
  return x ^ (x >> 31U);
}

}  // namespace

std::uint64_t digest(const void* words, std::size_t count, std::uint64_t first) {
  const auto* bytes = static_cast<const unsigned char*>(words);
  std::uint64_t sum = 0;
  for (std::size_t n = 0; n < count; ++n) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes + n * sizeof word, sizeof word);
    sum += mix(word + (first + n) * phi);
  }
  return sum;
}

std::string digest_text(std::uint64_t digest) { return fmt::format("{:016x}", digest); }

}  // namespace nuvlasov::io
