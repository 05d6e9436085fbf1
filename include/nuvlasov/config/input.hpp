/// \file
/// The input of a run, typed. Each parameter is declared once, in declare() of input.cpp: its key,
/// unit, range and meaning; the default is the value here. The reader, the checks, the resolved
/// configuration and `nuvlasov describe` all go through those declarations.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "nuvlasov/units.hpp"

namespace nuvlasov::config {

using Integer = std::int64_t;

struct Input {
  /// What the numbers in units of mu stand for.
  struct Units {
    std::optional<double> neutrino_density;
    std::optional<double> temperature;
    std::optional<double> reference_energy;

    /// Nothing where no density is given.
    std::optional<nuvlasov::units::Scale> scale() const;
  } units;

  struct Equation {
    std::string mode = "full";
    Integer flavors = 2;
    std::vector<std::string> terms;
    struct Dissipation {
      double z = 0.0;
      double energy = 0.0;
    } dissipation;
    struct Vacuum {
      double delta_m2 = 0.0;
      double mixing_angle = 0.0;
      double delta_m2_31 = 0.0;
      double theta_13 = 0.0;
      double theta_23 = 0.0;
      double delta_cp = 0.0;
      bool any() const { return delta_m2 != 0.0 || delta_m2_31 != 0.0; }
    } vacuum;
    struct Matter {
      std::string profile = "none";
      double lambda = 0.0;
      double amplitude = 0.0;
      Integer mode = 1;
      double slope = 0.0;
      std::string path;
    } matter;
  } equation;

  struct Grid {
    struct Z {
      double length = 0.0;
      Integer cells = 0;
      Integer order = 6;
      std::string boundaries = "periodic";
      std::string inflow = "initial";
    } z;
    struct Momentum {
      std::string geometry = "beams";
      std::vector<double> directions{-1.0, 1.0};
      std::optional<std::vector<double>> weights;
      std::vector<std::string> species;
      Integer angles = 16;
      std::vector<double> direction_range{-1.0, 1.0};
      bool antineutrinos = false;
      std::string angular_operator = "auto";
      Integer order = 6;
      struct Energy {
        double reference = 1000.0;
        double half_width = 0.5;
        Integer cells = 1;
      } energy;
    } momentum;
  } grid;

  /// One flavor's neutrinos, or antineutrinos, over direction, initial.type = "spectrum".
  struct AngularSpectrum {
    double number = 0.5;
    std::string shape = "isotropic";
    double center = 1.0;
    double width = 0.5;
    double flux_factor = 0.0;
    std::string path{};
  };

  struct Initial {
    std::string type = "two_beam";
    std::vector<double> zeta{-0.5, 0.5};
    std::optional<std::vector<double>> occupation;
    Integer mode_number = 0;
    double amplitude = 1e-6;
    AngularSpectrum nu_e, nu_x, nu_mu, nu_tau;
    AngularSpectrum antinu_e{.number = 0.0}, antinu_x{.number = 0.0};
    AngularSpectrum antinu_mu{.number = 0.0}, antinu_tau{.number = 0.0};
    std::vector<std::string> pairs{"e_mu", "e_tau", "mu_tau"};
    std::string path;
    struct ZProfile {
      std::string shape = "uniform";
      double center = 0.0;
      double width = 0.0;
    } z_profile;
    struct EnergySpectrum {
      std::string shape = "gaussian";
      double width = 1.0;
      double center = 0.0;
      double temperature = 0.0;
      double chemical_potential = 0.0;
      std::string path;
    } energy_spectrum;
    struct Seeds {
      std::string type = "fourier";
      double sigma = 1e-4;
      Integer max_mode = 100;
      Integer random_seed = 1;
      std::vector<double> positions;
      double width = 0.0;
      bool pure = false;
    } seeds;
  } initial;

  struct Time {
    std::string method = "rk4";
    double end = 0.0;
    std::optional<double> step;
    std::optional<double> safety;
    double tolerance = 1e-8;
    double solver_tolerance = 2e-16;
    std::string wall_limit = "0";
  } time;

  struct Output {
    std::optional<std::string> directory;
    double history_interval = 0.1;
    double profile_interval = 0.0;
    double snapshot_interval = 0.0;
    std::vector<std::string> snapshot_fields{"rho"};
    double report_interval = 1.0;
  } output;

  struct Diagnostics {
    double edge_limit = 1e-8;
    double negativity_limit = 0.05;
  } diagnostics;

  struct Checkpoint {
    Integer interval_steps = 0;
    double interval_time = 0.0;
    std::string interval_wall = "30min";
    bool at_end = false;
    Integer keep = 2;
    std::string on_failure = "stop";
  } checkpoint;

  struct Parallel {
    std::optional<Integer> ranks_z, ranks_energy, ranks_angle;
  } parallel;

  /// Whether some directions are those of antineutrinos.
  bool has_antineutrinos() const;

  /// PETSc options without the leading dash.
  std::map<std::string, std::string> petsc;
};

/// Where a declared parameter lives in an Input.
using Field = std::variant<double*, std::optional<double>*, Integer*, std::optional<Integer>*,
                           bool*, std::string*, std::optional<std::string>*, std::vector<double>*,
                           std::optional<std::vector<double>>*, std::vector<std::string>*>;

/// What another parameter, a word or an integer, must be for one to have an effect.
struct Condition {
  std::string key;
  std::vector<std::string> values;  ///< one of these

  std::string values_text() const;  ///< "a" or "b"; a number without quotes
};

/// One parameter of the input.
struct Parameter {
  std::string key;  ///< "grid.z.length"
  Field field;
  std::string unit;                  ///< "1/mu"; "1" for a number, empty for a word
  std::string meaning;               ///< one sentence
  bool required = false;             ///< has no default where it has an effect
  std::string if_absent;             ///< what an absent optional parameter means
  std::vector<Condition> only_with;  ///< it has an effect under all of these, the outermost first
  std::vector<Condition> or_with;    ///< or under all of these; empty: no other way
  std::vector<std::string> choices;  ///< of a word, or of each in a list
  std::vector<Integer> allowed;      ///< of an integer that takes few values
  std::optional<double> at_least, above, at_most;  ///< of numbers, and each element of a list

  std::string type() const;
  std::string range() const;
  std::string default_text() const;
  std::string conditions() const;  ///< only_with and or_with; empty without any
};

/// All parameters, bound to the fields of `input`, in the order of the manual.
std::vector<Parameter> declare(Input& input);

}  // namespace nuvlasov::config
