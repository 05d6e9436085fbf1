// Reading, resolving and explaining configurations.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "nuvlasov/config/reader.hpp"
#include "nuvlasov/config/toml_text.hpp"

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

/// A value that the parameter takes.
std::string value_of(const Parameter& p) {
  const std::string type = p.type();
  if (type == "real") return std::to_string(p.at_most.value_or(1.0));
  if (type == "integer") return "8";
  if (type == "true or false") return "true";
  if (type == "list of reals") return "[1.0]";
  if (type == "list of strings") return "[\"" + p.choices.front() + "\"]";
  return p.choices.empty() ? "word" : p.choices.front();
}

TEST(Configuration, RefusesAKeyThatHasNoEffectUnderEachOtherChoice) {
  Input input;
  const auto parameters = declare(input);
  int refused = 0;
  for (const Parameter& parameter : parameters) {
    std::string choices = "grid.z.length = 10\ngrid.z.cells = 256\ntime.end = 1\n";
    for (const Condition& condition : parameter.only_with) {
      const auto selector =
          std::find_if(parameters.begin(), parameters.end(),
                       [&](const Parameter& p) { return p.key == condition.key; });
      ASSERT_NE(selector, parameters.end()) << parameter.key;
      std::vector<std::string> all = selector->choices;
      for (const Integer number : selector->allowed) all.push_back(std::to_string(number));
      const auto in_text = [&](const std::string& choice) {
        return selector->choices.empty() ? choice : '"' + choice + '"';
      };
      for (const std::string& choice : all) {
        if (std::count(condition.values.begin(), condition.values.end(), choice) > 0) continue;
        // It may be part of the other way to have an effect.
        if (std::any_of(parameter.or_with.begin(), parameter.or_with.end(),
                        [&](const Condition& other) {
                          return other.key == condition.key && other.values.front() == choice;
                        }))
          continue;
        const std::string text = choices + condition.key + " = " + in_text(choice) + "\n";
        const auto quoted = value_of(parameter);
        const bool word = parameter.type() == "string";
        try {
          read(text + parameter.key + " = " + (word ? '"' + quoted + '"' : quoted));
          ADD_FAILURE() << parameter.key << " with " << condition.key << " = " << choice;
        } catch (const InputError& error) {
          EXPECT_EQ(error.what(),
                    "input.toml:" + std::to_string(std::ranges::count(text, '\n') + 1) + ": " +
                        parameter.key + ": has no effect with " + condition.key + " = " +
                        in_text(choice) + "; it belongs to " + condition.values_text());
          ++refused;
        }
      }
      for (const std::string& value : condition.values)
        EXPECT_EQ(std::ranges::count(all, value), 1) << condition.key << " " << value;
      choices += condition.key + " = " + in_text(condition.values.front()) + "\n";
    }
  }
  EXPECT_GT(refused, 50);
}

const std::string two_beams = R"(
  equation.mode = "standard"
  grid.z = {length = 10, cells = 32}
  initial.zeta = [-0.4, 0.5]
  initial.occupation = [0.5, 0.5]
  initial.energy_spectrum.width = 2.0
  initial.seeds = {sigma = 1e-3, max_mode = 4}
  time = {method = "rk5dp", tolerance = 1e-6, end = 1}
)";

TEST(Configuration, AChoiceThatIsOverriddenTakesTheKeysOfTheFileWithIt) {
  const Input defaults;
  const auto none = read(two_beams, {"initial.seeds.type=none", "time.method=rk4"}).input();
  EXPECT_EQ(none.initial.seeds.sigma, defaults.initial.seeds.sigma);
  EXPECT_EQ(none.time.tolerance, defaults.time.tolerance);
  EXPECT_EQ(none.initial.zeta, (std::vector{-0.4, 0.5}));
  EXPECT_THROW(read(two_beams, {"initial.seeds.type=none", "initial.seeds.sigma=1e-3"}),
               InputError);
  EXPECT_THROW(read(two_beams, {"initial.seeds.positions=[1.0]"}), InputError);
}

TEST(Configuration, ResolvesToTheSameInputUnderEachChoice) {
  const std::vector<std::vector<std::string>> choices{
      {},
      {"initial.type=eigenmode", "initial.mode_number=-1"},
      {"initial.type=file", "initial.path=x.h5"},
      {"initial.type=spectrum", "initial.nu_e.shape=table", "initial.nu_e.path=a b.csv"},
      {"initial.type=spectrum", "initial.nu_e.shape=linear", "initial.nu_x.shape=gaussian"},
      {"initial.type=spectrum", "grid.momentum.geometry=spherical"},
      {"initial.energy_spectrum.shape=fermi_dirac", "initial.energy_spectrum.temperature=4"},
      {"initial.energy_spectrum.shape=table", "initial.energy_spectrum.path=x"},
      {"initial.seeds.type=points", "initial.seeds.positions=[1,2]", "initial.seeds.width=2"},
      {"initial.seeds.type=none"},
      {"time.method=rk4"},
      {"time.method=implicit_midpoint", "time.solver_tolerance=1e-12"}};
  for (const auto& choice : choices) {
    const auto first = read(two_beams, choice);
    const auto second = read(first.resolved());
    EXPECT_EQ(second.resolved(), first.resolved());
    Input a = first.input();
    Input b = second.input();
    const auto given = declare(a);
    const auto again = declare(b);
    for (std::size_t n = 0; n < given.size(); ++n)
      EXPECT_EQ(toml_value(again[n].field), toml_value(given[n].field)) << given[n].key;
  }
}

TEST(Configuration, RequiresWhatHasNoDefaultUnderItsChoice) {
  for (const auto& [choice, key] :
       {std::pair{"initial.type=file", "initial.path"},
        std::pair{"initial.energy_spectrum.shape=table", "initial.energy_spectrum.path"},
        std::pair{"initial.energy_spectrum.shape=fermi_dirac",
                  "initial.energy_spectrum.temperature"},
        std::pair{"initial.seeds.type=points", "initial.seeds.positions"}}) {
    try {
      read(smallest, {choice});
      ADD_FAILURE() << choice;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(std::string(key) + ": is required with "),
                std::string::npos)
          << error.what();
    }
  }
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
    EXPECT_NE(describe(parameter.key).find(parameter.conditions()), std::string::npos);
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
