#include "nuvlasov/config/reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <numeric>
#include <sstream>

#include <toml++/toml.h>

#include "nuvlasov/config/toml_text.hpp"

namespace nuvlasov::config {
namespace {

/// Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i)
    for (std::size_t j = 1; j <= b.size(); ++j) {
      d[i][j] =
          std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  return d[a.size()][b.size()];
}

std::string section_of(const std::string& key) { return key.substr(0, key.rfind('.')); }

std::vector<std::string> sections_of(const std::vector<Parameter>& parameters) {
  std::vector<std::string> sections{"petsc"};
  for (const Parameter& parameter : parameters)
    for (std::string s = section_of(parameter.key);; s = section_of(s)) {
      if (std::find(sections.begin(), sections.end(), s) == sections.end()) sections.push_back(s);
      if (s.find('.') == std::string::npos) break;
    }
  return sections;
}

std::vector<std::string> keys_of(const std::vector<Parameter>& parameters) {
  std::vector<std::string> keys;
  keys.reserve(parameters.size());
  for (const Parameter& parameter : parameters) keys.push_back(parameter.key);
  return keys;
}

/// The word or integer that a parameter is set to.
std::string word_of(const std::vector<Parameter>& parameters, const std::string& key) {
  const auto parameter = std::find_if(parameters.begin(), parameters.end(),
                                      [&](const Parameter& p) { return p.key == key; });
  if (const auto* number = std::get_if<Integer*>(&parameter->field))
    return fmt::to_string(**number);
  return *std::get<std::string*>(parameter->field);
}

/// What keeps a parameter from having an effect; of two ways to have one, the nearer.
const Condition* unmet(const Parameter& parameter, const std::vector<Parameter>& parameters) {
  const auto first_unmet = [&](const std::vector<Condition>& conditions) {
    return std::find_if(conditions.begin(), conditions.end(), [&](const Condition& condition) {
      return std::find(condition.values.begin(), condition.values.end(),
                       word_of(parameters, condition.key)) == condition.values.end();
    });
  };
  const auto& one = parameter.only_with;
  const auto& other = parameter.or_with;
  const auto obstacle = first_unmet(one);
  if (obstacle == one.end()) return nullptr;
  if (other.empty()) return &*obstacle;
  const auto other_obstacle = first_unmet(other);
  if (other_obstacle == other.end()) return nullptr;
  return other_obstacle - other.begin() > obstacle - one.begin() ? &*other_obstacle : &*obstacle;
}

void copy(const Field& from, const Field& to) {
  std::visit([&](auto* target) { *target = *std::get<decltype(target)>(from); }, to);
}

/// How the place of an override begins.
const std::string override_mark = "--set ";

std::string found(const toml::node& node) {
  std::ostringstream text;
  text << node.type();
  return text.str();
}

/// Assigns TOML values to the fields of an Input, checking type and range of each.
class Assigner {
 public:
  Assigner(Input& input, std::map<std::string, std::string>& places)
      : input_(input), parameters_(declare(input)), places_(places) {}

  const std::vector<Parameter>& parameters() const { return parameters_; }

  template <class Place>
  void assign_table(const toml::table& table, const std::string& prefix, Place&& place) {
    const auto sections = sections_of(parameters_);
    for (const auto& [name, node] : table) {
      const std::string key =
          prefix.empty() ? std::string(name.str()) : prefix + "." + std::string(name.str());
      const std::string where =
          place(node.source().begin.line != 0 ? node.source() : name.source());
      if (prefix == "petsc") {
        assign_petsc(std::string(name.str()), node, where);
      } else if (const auto* inner = node.as_table()) {
        if (is_parameter(key))
          throw InputError(
              fmt::format("{}: {}: is a parameter, not a section; write {} = value in [{}]",
                          place(name.source()), key, name.str(), prefix));
        if (std::find(sections.begin(), sections.end(), key) == sections.end())
          unknown("unknown section", key, place(name.source()), sections);
        assign_table(*inner, key, place);
      } else {
        assign(key, node, where, sections);
      }
    }
  }

 private:
  bool is_parameter(const std::string& key) const {
    return std::any_of(parameters_.begin(), parameters_.end(),
                       [&](const Parameter& p) { return p.key == key; });
  }

  [[noreturn]] static void unknown(const std::string& what, const std::string& key,
                                   const std::string& where,
                                   const std::vector<std::string>& candidates) {
    const std::string suggestion = nearest(key, candidates);
    throw InputError(fmt::format("{}: {}: {}; {}", where, key, what,
                                 suggestion.empty() ? "`nuvlasov describe` lists all parameters"
                                                    : "did you mean " + suggestion + "?"));
  }

  void assign(const std::string& key, const toml::node& node, const std::string& where,
              const std::vector<std::string>& sections) {
    const auto parameter = std::find_if(parameters_.begin(), parameters_.end(),
                                        [&](const Parameter& p) { return p.key == key; });
    if (parameter == parameters_.end()) {
      if (std::find(sections.begin(), sections.end(), key) != sections.end())
        throw InputError(
            fmt::format("{}: {}: is a section, not a parameter; write [{}]", where, key, key));
      unknown("unknown key", key, where, keys_of(parameters_));
    }
    const auto fail = [&](const std::string& message) -> void {
      throw InputError(fmt::format("{}: {}: {}", where, key, message));
    };
    const auto wrong_type = [&](const toml::node& value) {
      fail(fmt::format("expected {}, found {}", parameter->type(), found(value)));
    };
    const auto real = [&](const toml::node& value) {
      double number = 0.0;
      if (const auto* integer = value.as_integer())
        number = static_cast<double>(integer->get());
      else if (const auto* floating = value.as_floating_point())
        number = floating->get();
      else
        wrong_type(value);
      if (!std::isfinite(number)) fail(fmt::format("must be finite, found {}", number));
      check_range(*parameter, number, fail);
      return number;
    };
    const auto integer = [&](const toml::node& value) {
      const auto* number = value.as_integer();
      if (number == nullptr) wrong_type(value);
      check_range(*parameter, static_cast<double>(number->get()), fail);
      if (!parameter->allowed.empty() &&
          std::find(parameter->allowed.begin(), parameter->allowed.end(), number->get()) ==
              parameter->allowed.end())
        fail(fmt::format("must be one of {}, found {}", parameter->range(), number->get()));
      return number->get();
    };
    const auto word = [&](const toml::node& value) {
      const auto* text = value.as_string();
      if (text == nullptr) wrong_type(value);
      const auto& choices = parameter->choices;
      if (!choices.empty() &&
          std::find(choices.begin(), choices.end(), text->get()) == choices.end()) {
        const std::string suggestion = nearest(text->get(), choices);
        fail(fmt::format(
            "must be one of {}, found {}{}", parameter->range(), toml_string(text->get()),
            suggestion.empty() ? "" : "; did you mean " + toml_string(suggestion) + "?"));
      }
      return text->get();
    };
    const auto list = [&](const toml::node& value, auto& to_element) {
      const auto* array = value.as_array();
      if (array == nullptr) wrong_type(value);
      std::vector<decltype(to_element(value))> elements;
      for (const auto& element : *array) elements.push_back(to_element(element));
      return elements;
    };
    const auto reals = [&](const toml::node& value) {
      auto numbers = list(value, real);
      if (numbers.empty()) fail("must not be empty");
      return numbers;
    };
    const auto words = [&](const toml::node& value) { return list(value, word); };
    struct Visitor {
      const toml::node& node;
      decltype(real)& to_real;
      decltype(integer)& to_integer;
      decltype(word)& to_word;
      decltype(reals)& to_reals;
      decltype(words)& to_words;
      decltype(wrong_type)& reject;
      void operator()(double* f) { *f = to_real(node); }
      void operator()(std::optional<double>* f) { *f = to_real(node); }
      void operator()(Integer* f) { *f = to_integer(node); }
      void operator()(std::optional<Integer>* f) { *f = to_integer(node); }
      void operator()(std::string* f) { *f = to_word(node); }
      void operator()(std::optional<std::string>* f) { *f = to_word(node); }
      void operator()(std::vector<double>* f) { *f = to_reals(node); }
      void operator()(std::optional<std::vector<double>>* f) { *f = to_reals(node); }
      void operator()(std::vector<std::string>* f) { *f = to_words(node); }
      void operator()(bool* f) {
        const auto* value = node.as_boolean();
        if (value == nullptr) reject(node);
        *f = value->get();
      }
    };
    std::visit(Visitor{node, real, integer, word, reals, words, wrong_type}, parameter->field);
    places_[key] = where;
  }

  template <class Fail>
  static void check_range(const Parameter& parameter, double number, Fail&& fail) {
    if ((parameter.at_least && number < *parameter.at_least) ||
        (parameter.above && !(number > *parameter.above)) ||
        (parameter.at_most && number > *parameter.at_most))
      fail(fmt::format("must be {}, found {}", parameter.range(), number));
  }

  void assign_petsc(std::string name, const toml::node& node, const std::string& where) {
    if (name.starts_with('-')) name.erase(0, 1);
    const bool valid = !name.empty() && std::isalpha(static_cast<unsigned char>(name.front())) &&
                       name.find_first_of(" \t\n\"'=") == std::string::npos;
    if (!valid)
      throw InputError(fmt::format("{}: petsc.{}: not the name of a PETSc option", where, name));
    std::ostringstream value;
    if (const auto* text = node.as_string())
      value << text->get();
    else if (const auto* boolean = node.as_boolean())
      value << (boolean->get() ? "true" : "false");
    else if (node.is_number())
      node.visit([&](const auto& n) {
        if constexpr (toml::is_number<decltype(n)>) value << fmt::format("{}", n.get());
      });
    else
      throw InputError(fmt::format("{}: petsc.{}: expected a string, number or boolean, found {}",
                                   where, name, found(node)));
    input_.petsc[name] = value.str();
    places_["petsc." + name] = where;
  }

  Input& input_;
  std::vector<Parameter> parameters_;
  std::map<std::string, std::string>& places_;
};

toml::table parse(std::string_view text, const std::string& name) {
  try {
    return toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    throw InputError(fmt::format("{}:{}: not valid TOML: {}", name, error.source().begin.line,
                                 error.description()));
  }
}

/// Parses the value of an override as TOML, or takes it as a bare word.
toml::table parse_override(const std::string& key, const std::string& value) {
  const auto attempt = [&](const std::string& text) { return toml::parse(key + " = " + text); };
  try {
    return attempt(value);
  } catch (const toml::parse_error&) {
    return attempt(toml_string(value));
  }
}

}  // namespace

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(3, word.size() / 3) + 1;
  const auto last = [](const std::string& key) { return key.substr(key.rfind('.') + 1); };
  for (const std::string& candidate : candidates) {
    // A right name in the wrong section is one edit away.
    const std::size_t distance = last(candidate) == last(word) ? 1 : edit_distance(word, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

double seconds(const std::string& text) {
  static const std::map<std::string, double> units{
      {"", 1.0}, {"s", 1.0}, {"min", 60.0}, {"h", 3600.0}, {"d", 86400.0}};
  double number = 0.0;
  std::string unit;
  std::istringstream in(text);
  in >> number;
  const bool is_number = !in.fail();
  in.clear();
  in >> unit;
  const auto scale = units.find(unit);
  std::string rest;
  if (!is_number || scale == units.end() || number < 0.0 || (in >> rest))
    throw InputError(fmt::format("expected a duration such as 90s, 30min, 2h or 1d, found {}",
                                 toml_string(text)));
  return number * scale->second;
}

Configuration::Configuration(std::string_view text, std::string name,
                             const std::vector<std::string>& overrides)
    : name_(std::move(name)) {
  Assigner assigner(input_, places_);
  const toml::table table = parse(text, name_);
  assigner.assign_table(table, "", [&](const toml::source_region& region) {
    return fmt::format("{}:{}", name_, region.begin.line);
  });
  for (const std::string& override : overrides) {
    const std::size_t equals = override.find('=');
    const std::string key = override.substr(0, equals);
    const bool valid = equals != std::string::npos && !key.empty() &&
                       key.find_first_not_of(
                           "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                           "0123456789_-.") == std::string::npos;
    if (!valid)
      throw InputError(fmt::format("--set {}: expected key=value, such as time.end=10", override));
    std::string where = override_mark + override;
    try {
      assigner.assign_table(parse_override(key, override.substr(equals + 1)), "",
                            [&](const toml::source_region&) { return where; });
    } catch (const toml::parse_error& error) {
      throw InputError(fmt::format("{}: {}", where, error.description()));
    }
  }
  apply_units();
  check_conditions();
  check_together();
}

/// The reference energy in mu from that in MeV.
void Configuration::apply_units() {
  const Input::Units& units = input_.units;
  if (units.neutrino_density && units.temperature)
    fail("units.temperature",
         "units.neutrino_density is given as well, and each makes a density; give one of the two");
  if (!units.reference_energy) return;
  const auto scale = units.scale();
  if (!scale)
    fail("units.reference_energy",
         "in MeV means nothing without mu; give units.neutrino_density or units.temperature, or "
         "grid.momentum.energy.reference in mu instead");
  const std::string key = "grid.momentum.energy.reference";
  double& reference = input_.grid.momentum.energy.reference;
  const double wanted = scale->in_mu(*units.reference_energy);
  // A resolved configuration holds both, to so many digits whatever the constants of its version.
  constexpr double same = 1e-6;
  const bool given = places_.contains(key);
  if (given && std::abs(reference - wanted) <= same * wanted) return;
  if (given && (overridden(key) || !overridden("units.reference_energy")))
    fail("units.reference_energy",
         fmt::format("{:g} MeV are {:g} mu, but {} = {:g}; give one of the two",
                     *units.reference_energy, wanted, key, reference));
  reference = wanted;
}

bool Configuration::overridden(const std::string& key) const {
  const auto given = places_.find(key);
  return given != places_.end() && given->second.starts_with(override_mark);
}

void Configuration::check_conditions() {
  Input defaults;
  const auto initially = declare(defaults);
  const auto parameters = declare(input_);
  for (std::size_t n = 0; n < parameters.size(); ++n) {
    const Parameter& parameter = parameters[n];
    const Condition* obstacle = unmet(parameter, parameters);
    if (obstacle == nullptr || !places_.contains(parameter.key)) continue;
    if (!overridden(obstacle->key) || overridden(parameter.key))
      fail(parameter.key,
           fmt::format("has no effect with {} = {}; it belongs to {}", obstacle->key,
                       Condition{obstacle->key, {word_of(parameters, obstacle->key)}}.values_text(),
                       obstacle->values_text()));
    copy(initially[n].field, parameter.field);
    places_.erase(parameter.key);
  }
  for (const Parameter& parameter : parameters)
    if (parameter.required && unmet(parameter, parameters) == nullptr &&
        !places_.contains(parameter.key))
      throw InputError(fmt::format("{}: {}: is required{}{}: {}", name_, parameter.key,
                                   parameter.only_with.empty() ? "" : " with ",
                                   parameter.conditions(), parameter.meaning));
}

std::string Configuration::place(const std::string& key) const {
  const auto given = places_.find(key);
  return given != places_.end() ? fmt::format("{}: {}", given->second, key)
                                : fmt::format("{}: {} (default)", name_, key);
}

void Configuration::fail(const std::string& key, const std::string& message) const {
  throw InputError(fmt::format("{}: {}", place(key), message));
}

void Configuration::check_equation() const {
  const auto& equation = input_.equation;
  const bool standard = equation.mode == "standard";
  const bool spherical = input_.grid.momentum.geometry == "spherical";
  for (auto term = equation.terms.begin(); term != equation.terms.end(); ++term) {
    if (std::find(equation.terms.begin(), term, *term) != term)
      fail("equation.terms", fmt::format("names {} twice", *term));
    if (standard && *term != "streaming" && *term != "refraction" && *term != "vacuum")
      fail("equation.terms",
           fmt::format("{} is not in the standard equation, which consists of streaming, "
                       "refraction and vacuum; choose equation.mode = \"full\"",
                       *term));
    if (term->starts_with("vacuum") && !equation.vacuum.any())
      fail("equation.terms",
           fmt::format("{} vanishes without masses; give equation.vacuum.delta_m2, or leave it out",
                       *term));
    if (!spherical && *term == "group_velocity")
      fail("equation.terms",
           "group_velocity vanishes for the frozen directions of grid.momentum.geometry = "
           "\"beams\"; leave it out");
  }
  if (standard && equation.dissipation.energy > 0.0)
    fail("equation.dissipation.energy",
         "nothing in the standard equation makes structure in energy; set it to 0, or choose "
         "equation.mode = \"full\"");
}

void Configuration::check_z() const {
  const auto& z = input_.grid.z;
  if (z.boundaries == "periodic") {
    if (z.cells <= z.order)
      fail("grid.z.cells", fmt::format("order {} in z needs more than {} cells, found {}", z.order,
                                       z.order, z.cells));
    return;
  }
  constexpr Integer highest = 6;
  if (z.order > highest)
    fail("grid.z.order",
         fmt::format("there is no operator of order {} for open boundaries; choose 2, 4 or 6",
                     z.order));
  // Rows of their own at each end: a single one of order 2, else as many as the order.
  const Integer least = std::max(z.order + 1, z.order == 2 ? 2 : 2 * z.order);
  if (z.cells < least)
    fail("grid.z.cells", fmt::format("order {} in z with open boundaries needs at least {} nodes, "
                                     "found {}",
                                     z.order, least, z.cells));
  const auto& terms = input_.equation.terms;
  if (!terms.empty() && std::find(terms.begin(), terms.end(), "streaming") == terms.end())
    fail("equation.terms",
         "holds no streaming, so that nothing crosses open boundaries; add it, or choose "
         "grid.z.boundaries = \"periodic\"");
  if (input_.equation.dissipation.z > 0.0)
    fail("equation.dissipation.z",
         "is for periodic boundaries; set it to 0 where the box is open, and resolve what is short "
         "with more grid.z.cells");
  const auto& initial = input_.initial;
  const char* instead =
      "is made of modes of the periodic box, of which an open one has none; choose seeds of type "
      "\"fourier\" or \"points\"";
  if (initial.type == "eigenmode") fail("initial.type", fmt::format("\"eigenmode\" {}", instead));
  if ((initial.type == "two_beam" || initial.type == "spectrum") &&
      initial.seeds.type == "eigenmode")
    fail("initial.seeds.type", fmt::format("\"eigenmode\" {}", instead));
  if (initial.type == "file" && z.inflow == "initial")
    fail("grid.z.inflow",
         "\"initial\" is not known for initial.type = \"file\", which does not tell seeds from the "
         "rest; choose \"vacuum\", or another initial.type");
}

void Configuration::check_matter() const {
  const auto& matter = input_.equation.matter;
  const bool periodic = input_.grid.z.boundaries == "periodic";
  if (matter.profile == "linear" && periodic)
    fail("equation.matter.profile",
         "a density that rises from one end to the other does not fit a periodic box; choose "
         "\"cosine\", a \"table\" with the same value at both ends, or grid.z.boundaries = "
         "\"open\"");
  if (!periodic && input_.equation.mode == "full" && input_.equation.vacuum.any())
    fail("equation.vacuum.delta_m2",
         "the budget of an open box does not know what massive neutrinos carry through its ends in "
         "the full equation; choose equation.mode = \"standard\", or grid.z.boundaries = "
         "\"periodic\"");
  if (matter.profile == "cosine" && matter.mode > input_.grid.z.cells / 2)
    fail("equation.matter.mode",
         fmt::format("{} waves, but {} cells in z hold at most {}", matter.mode,
                     input_.grid.z.cells, input_.grid.z.cells / 2));
}

void Configuration::check_species() const {
  const auto& momentum = input_.grid.momentum;
  const auto& initial = input_.initial;
  const bool beams = momentum.geometry == "beams";
  if (beams && !momentum.species.empty() && momentum.species.size() != momentum.directions.size())
    fail("grid.momentum.species",
         fmt::format("has {} values, but there are {} directions in grid.momentum.directions",
                     momentum.species.size(), momentum.directions.size()));
  if (input_.has_antineutrinos()) return;
  for (const auto& [name, spectrum] :
       {std::pair{"antinu_e", &initial.antinu_e}, std::pair{"antinu_x", &initial.antinu_x},
        std::pair{"antinu_mu", &initial.antinu_mu}, std::pair{"antinu_tau", &initial.antinu_tau}})
    if (spectrum->number > 0.0)
      fail(fmt::format("initial.{}.number", name),
           fmt::format("no direction is that of antineutrinos; {}, or leave this out",
                       beams ? "let some of grid.momentum.species be \"nubar\""
                             : "set grid.momentum.antineutrinos = true"));
}

void Configuration::check_together() const {
  check_equation();
  check_z();
  check_matter();
  check_species();
  const auto& grid = input_.grid;
  const auto& initial = input_.initial;
  const auto& directions = grid.momentum.directions;
  const bool spherical = grid.momentum.geometry == "spherical";
  const std::string counted_by = spherical ? "grid.momentum.angles" : "grid.momentum.directions";
  const std::size_t count =
      spherical ? static_cast<std::size_t>(grid.momentum.angles) : directions.size();
  const auto same_length = [&](const char* key, const std::vector<double>& values) {
    if (values.size() != count)
      fail(key, fmt::format("has {} values, but there are {} directions in {}", values.size(),
                            count, counted_by));
  };
  const auto& range = grid.momentum.direction_range;
  if (range.size() != 2 || !(range[0] < range[1]))
    fail("grid.momentum.direction_range",
         "must be [lowest, highest], such as [0.0, 1.0] for forward only");
  if (spherical && input_.equation.mode == "full" && input_.parallel.ranks_angle.value_or(1) > 1 &&
      grid.momentum.angular_operator == "spectral")
    fail("parallel.ranks_angle",
         "the spectral angular operator needs all directions on one rank; split z or energy, or "
         "choose grid.momentum.angular_operator = \"sn\"");

  if (input_.equation.flavors == 3 && initial.pairs.empty())
    fail("initial.pairs",
         "names none; for a state without coherence, let initial.seeds.type be \"none\"");
  if (grid.momentum.weights) same_length("grid.momentum.weights", *grid.momentum.weights);
  const auto& energy = grid.momentum.energy;
  if (energy.half_width > energy.reference)
    fail("grid.momentum.energy.half_width",
         fmt::format(
             "{:g} is larger than the reference {:g}: the window would hold negative energies",
             energy.half_width, energy.reference));
  if (input_.equation.mode == "full" && energy.cells <= grid.momentum.order)
    fail(
        "grid.momentum.energy.cells",
        fmt::format("full mode resolves the energies: order {} needs more than {} cells, found {}; "
                    "a single cell is for equation.mode = \"standard\"",
                    grid.momentum.order, grid.momentum.order, energy.cells));
  if (initial.type == "two_beam" || (initial.type == "eigenmode" && !spherical)) {
    same_length("initial.zeta", initial.zeta);
    if (initial.occupation) {
      same_length("initial.occupation", *initial.occupation);
      for (std::size_t k = 0; k < count; ++k)
        if (std::abs(initial.zeta[k]) > (*initial.occupation)[k])
          fail("initial.occupation",
               fmt::format(
                   "{:g} of beam {} is smaller than |zeta| = {:g}: rho would have a negative "
                   "eigenvalue",
                   (*initial.occupation)[k], k + 1, std::abs(initial.zeta[k])));
    }
  }
  const bool open = grid.z.boundaries == "open";
  const double cell = grid.z.length / static_cast<double>(grid.z.cells - (open ? 1 : 0));
  const auto& profile = initial.z_profile;
  if (profile.shape == "gaussian" && profile.width < cell)
    fail("initial.z_profile.width",
         fmt::format("{:g} is less than a cell in z, {:g}", profile.width, cell));
  const bool seeded = initial.type == "two_beam" || initial.type == "spectrum";
  const auto& seeds = initial.seeds;
  const bool in_modes = seeds.type == "fourier" || seeds.type == "eigenmode";
  if (seeded && in_modes && seeds.max_mode > grid.z.cells / 2)
    fail("initial.seeds.max_mode", fmt::format("{} modes, but {} cells in z hold at most {}",
                                               seeds.max_mode, grid.z.cells, grid.z.cells / 2));
  if (seeded && seeds.type == "points") {
    for (const double position : seeds.positions)
      if (position >= grid.z.length)
        fail("initial.seeds.positions",
             fmt::format("{:g} is not in the box, 0 <= z < {:g}", position, grid.z.length));
    if (seeds.width < cell || seeds.width > grid.z.length)
      fail("initial.seeds.width",
           fmt::format("{:g} is not between a cell, {:g}, and the box, {:g}, in z", seeds.width,
                       cell, grid.z.length));
  }
  if (initial.type == "eigenmode") {
    const Integer highest = (grid.z.cells - 1) / 2;
    if (initial.mode_number > highest || initial.mode_number < -highest)
      fail("initial.mode_number", fmt::format("mode {}, but {} cells in z hold none beyond {}",
                                              initial.mode_number, grid.z.cells, highest));
  }
  if (input_.time.step && input_.time.safety)
    fail("time.safety", "has no effect when time.step fixes the step; give one of the two");
  const auto& fields = input_.output.snapshot_fields;
  if (fields.empty() && input_.output.snapshot_interval > 0.0)
    fail("output.snapshot_fields",
         "must not be empty; output.snapshot_interval = 0 makes no snapshots");
  for (auto field = fields.begin(); field != fields.end(); ++field) {
    if (std::find(fields.begin(), field, *field) != field)
      fail("output.snapshot_fields", fmt::format("names {} twice", *field));
    const auto& terms = input_.equation.terms;
    const bool weak_force =
        input_.equation.mode == "full" &&
        (terms.empty() || std::find(terms.begin(), terms.end(), "weak_force") != terms.end());
    if (*field == "flux" && !weak_force)
      fail("output.snapshot_fields",
           "flux needs the gradient of rho in momentum, which only the weak force of equation.mode "
           "= \"full\" takes; leave it out");
  }
  for (const auto& [key, duration] :
       {std::pair{"checkpoint.interval_wall", &input_.checkpoint.interval_wall},
        std::pair{"time.wall_limit", &input_.time.wall_limit}})
    try {
      seconds(*duration);
    } catch (const InputError& error) {
      fail(key, error.what());
    }
}

std::string Configuration::resolved() const {
  Input copy = input_;
  const auto parameters = declare(copy);
  std::string text;
  std::string section;
  for (const Parameter& parameter : parameters) {
    const std::string value = toml_value(parameter.field);
    if (section_of(parameter.key) != section) {
      section = section_of(parameter.key);
      text += fmt::format("{}[{}]\n", text.empty() ? "" : "\n", section);
    }
    const std::string name = parameter.key.substr(section.size() + 1);
    const std::string unit = parameter.unit.size() > 1 ? " (" + parameter.unit + ")" : "";
    if (unmet(parameter, parameters) != nullptr)
      text += fmt::format("# {}: only with {}\n", name, parameter.conditions());
    else if (value.empty())
      text += fmt::format("# {} absent: {}\n", name, parameter.if_absent);
    else
      text += fmt::format("{} = {}  # {}{}\n", name, value, parameter.meaning, unit);
  }
  text += "\n[petsc]\n";
  for (const auto& [name, value] : input_.petsc)
    text += fmt::format("{} = {}\n", name, toml_string(value));
  return text;
}

std::vector<Difference> differences(const Input& before, const Input& now) {
  Input first = before;
  Input second = now;
  const auto left = declare(first);
  const auto right = declare(second);
  std::vector<Difference> list;
  for (std::size_t n = 0; n < left.size(); ++n) {
    // What has no effect may differ.
    if (unmet(left[n], left) != nullptr && unmet(right[n], right) != nullptr) continue;
    const std::string a = toml_value(left[n].field);
    const std::string b = toml_value(right[n].field);
    if (a != b) list.push_back({left[n].key, a, b});
  }
  const auto value = [](const Input& input, const std::string& name) {
    const auto found = input.petsc.find(name);
    return found != input.petsc.end() ? toml_string(found->second) : "";
  };
  std::map<std::string, std::string> names = before.petsc;
  names.insert(now.petsc.begin(), now.petsc.end());
  for (const auto& [name, ignored] : names)
    if (value(before, name) != value(now, name))
      list.push_back({"petsc." + name, value(before, name), value(now, name)});
  return list;
}

std::string describe(const std::string& key) {
  Input defaults;
  const auto parameters = declare(defaults);
  std::string text;
  for (const Parameter& p : parameters) {
    if (!key.empty() && p.key != key && !p.key.starts_with(key + ".")) continue;
    text += fmt::format("{}\n    {}\n    type: {}{}\n    default: {}\n", p.key, p.meaning, p.type(),
                        p.unit.size() > 1 ? ", unit: " + p.unit : "", p.default_text());
    if (!p.range().empty())
      text += fmt::format("    {}: {}\n",
                          p.choices.empty() && p.allowed.empty() ? "range" : "one of", p.range());
    if (!p.only_with.empty()) text += fmt::format("    only with: {}\n", p.conditions());
  }
  if (text.empty()) {
    auto candidates = keys_of(parameters);
    for (const auto& section : sections_of(parameters)) candidates.push_back(section);
    const std::string suggestion = nearest(key, candidates);
    throw InputError(fmt::format("describe: no parameter or section {}{}", key,
                                 suggestion.empty() ? "" : "; did you mean " + suggestion + "?"));
  }
  return text;
}

std::string parameter_table() {
  Input defaults;
  std::string text =
      "# Parameters of the input\n\nWritten by `nuvlasov describe --markdown`.\n\n"
      "| key | type | unit | default | range | meaning | only with |\n|---|---|---|---|---|---|---|\n";
  const auto cell = [](const std::string& content) {
    std::string escaped;
    for (const char c : content) {
      if (c == '|') escaped += '\\';
      escaped += c;
    }
    return escaped;
  };
  for (const Parameter& p : declare(defaults))
    text +=
        fmt::format("| `{}` | {} | {} | {} | {} | {} | {} |\n", p.key, p.type(), p.unit,
                    cell(p.default_text()), cell(p.range()), cell(p.meaning), cell(p.conditions()));
  return text;
}

}  // namespace nuvlasov::config
