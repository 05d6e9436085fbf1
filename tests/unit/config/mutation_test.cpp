// Inputs with random damage are read or refused; nothing else happens.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "nuvlasov/config/reader.hpp"

namespace nuvlasov::config {
namespace {

std::vector<std::string> shipped_inputs() {
  std::vector<std::string> texts;
  for (const auto& entry : std::filesystem::directory_iterator(NUVLASOV_SOURCE_DIR "/inputs")) {
    if (entry.path().extension() != ".toml") continue;
    std::ifstream in(entry.path());
    std::ostringstream text;
    text << in.rdbuf();
    texts.push_back(text.str());
  }
  return texts;
}

/// A few edits: bytes changed, removed, doubled, and pieces of other inputs put in.
std::string damaged(std::string text, const std::vector<std::string>& inputs,
                    std::mt19937& generator) {
  using namespace std::string_literals;
  const auto below = [&](std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(generator);
  };
  static const std::string odd = "\0\n\"'=[]{}#.,-+_eE0189\xff\x80 intruenaf"s;
  for (std::size_t edits = 1 + below(4); edits > 0 && !text.empty(); --edits) {
    const std::size_t at = below(text.size());
    const std::size_t length = 1 + below(20);
    switch (below(5)) {
      case 0:
        text[at] = static_cast<char>(below(256));
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        text.insert(at, text.substr(at, length));
        break;
      case 3:
        text.insert(at, 1, odd[below(odd.size())]);
        break;
      default: {
        const std::string& other = inputs[below(inputs.size())];
        text.insert(at, other.substr(below(other.size()), 2 * length));
      }
    }
  }
  return text;
}

TEST(DamagedInput, IsReadOrRefused) {
  const char* wanted = std::getenv("NUVLASOV_MUTATIONS");  // NOLINT(concurrency-mt-unsafe)
  const int count = wanted != nullptr ? std::atoi(wanted) : 2000;
  const auto inputs = shipped_inputs();
  ASSERT_FALSE(inputs.empty());
  std::mt19937 generator(1);
  int read = 0, refused = 0;
  for (int n = 0; n < count; ++n) {
    const std::string text =
        damaged(inputs[static_cast<std::size_t>(n) % inputs.size()], inputs, generator);
    SCOPED_TRACE(text);
    try {
      const Configuration configuration(text, "damaged.toml", {});
      // What is read is written so that it reads the same.
      const Configuration again(configuration.resolved(), "resolved", {});
      EXPECT_TRUE(differences(configuration.input(), again.input()).empty());
      ++read;
    } catch (const InputError&) {
      ++refused;
    }
  }
  std::printf("%d inputs read, %d refused\n", read, refused);
  EXPECT_GT(read, 0);
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace nuvlasov::config
