// Reading, resolving and explaining configurations.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "nuvlasov/config/reader.hpp"

namespace nuvlasov::config {
namespace {

const std::string smallest =
    "equation.mode = \"standard\"\ngrid.z = {length = 10, cells = 32}\n"
    "initial.seeds.max_mode = 4\ntime.end = 1\n";

Configuration read(const std::string& text, const std::vector<std::string>& overrides = {}) {
  return {text, "input.toml", overrides};
}

TEST(Configuration, ResolvedTextReadsBackToItself) {
  const auto first = read(smallest +
                          "output.directory = \"a \\\"quoted\\\" \\\\ name\"\n"
                          "time.step = 0.1\n[petsc]\nts_monitor = true\nksp_rtol = 1e-6\n");
  const auto second = read(first.resolved());
  EXPECT_EQ(second.resolved(), first.resolved());
  EXPECT_EQ(*second.input().output.directory, "a \"quoted\" \\ name");
  EXPECT_EQ(second.input().petsc.at("ts_monitor"), "true");
}

TEST(Configuration, RealsKeepTheirBits) {
  for (const char* value : {"0.1", "1e-300", "3.141592653589793", "1e22", "123456789012345680.0"}) {
    const auto first = read(smallest, {std::string("grid.z.length=") + value});
    EXPECT_EQ(read(first.resolved()).input().grid.z.length, std::strtod(value, nullptr)) << value;
  }
}

TEST(Configuration, OverridesComeLastAndTakeBareWords) {
  const auto configuration =
      read(smallest, {"time.end=2.5", "time.method=ssp", "grid.momentum.directions=[1, -1]"});
  EXPECT_EQ(configuration.input().time.end, 2.5);
  EXPECT_EQ(configuration.input().time.method, "ssp");
  EXPECT_EQ(configuration.input().grid.momentum.directions, (std::vector{1.0, -1.0}));
}

TEST(Configuration, KnowsWhereAValueCameFrom) {
  const auto configuration = read(smallest, {"time.end=2"});
  EXPECT_EQ(configuration.place("grid.z.cells"), "input.toml:2: grid.z.cells");
  EXPECT_EQ(configuration.place("time.end"), "--set time.end=2: time.end");
  EXPECT_EQ(configuration.place("time.method"), "input.toml: time.method (default)");
}

TEST(Nearest, FindsMisspellingsAndMisplacedKeysAndNothingFarAway) {
  const std::vector<std::string> keys{"grid.z.cells", "grid.z.length", "time.end", "time.step"};
  EXPECT_EQ(nearest("grid.z.cels", keys), "grid.z.cells");
  EXPECT_EQ(nearest("time.ned", keys), "time.end");
  EXPECT_EQ(nearest("cells", keys), "grid.z.cells");
  EXPECT_EQ(nearest("output.step", keys), "time.step");
  EXPECT_EQ(nearest("completely.different", keys), "");
}

TEST(Seconds, UnderstandsUnits) {
  EXPECT_EQ(seconds("90"), 90.0);
  EXPECT_EQ(seconds("45s"), 45.0);
  EXPECT_EQ(seconds("30min"), 1800.0);
  EXPECT_EQ(seconds("1.5h"), 5400.0);
  EXPECT_EQ(seconds("2 d"), 172800.0);
  for (const char* bad : {"", "min", "3 weeks", "-1s", "1h 2"})
    EXPECT_THROW(seconds(bad), InputError) << bad;
}

TEST(Describe, EveryParameterHasAMeaningAUnitAndADefault) {
  Input input;
  for (const Parameter& parameter : declare(input)) {
    EXPECT_FALSE(parameter.meaning.empty()) << parameter.key;
    EXPECT_FALSE(parameter.default_text().empty()) << parameter.key;
    const bool number =
        parameter.type().find("string") == std::string::npos && parameter.type() != "true or false";
    EXPECT_TRUE(!number || !parameter.unit.empty()) << parameter.key;
    EXPECT_NE(describe(parameter.key).find(parameter.meaning), std::string::npos);
    EXPECT_NE(parameter_table().find("`" + parameter.key + "`"), std::string::npos);
  }
  EXPECT_THROW(describe("grid.y"), InputError);
}

std::string content(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST(Describe, ThePageOfParametersIsUpToDate) {
  EXPECT_EQ(content(std::filesystem::path(NUVLASOV_SOURCE_DIR) / "docs/parameters.md"),
            parameter_table());
}

TEST(Inputs, TheShippedOnesAreValid) {
  int count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(NUVLASOV_SOURCE_DIR) / "inputs")) {
    EXPECT_NO_THROW(Configuration(content(entry.path()), entry.path().string(), {}))
        << entry.path();
    ++count;
  }
  EXPECT_GE(count, 3);
}

}  // namespace
}  // namespace nuvlasov::config
