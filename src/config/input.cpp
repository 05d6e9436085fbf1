#include "nuvlasov/config/input.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numbers>

#include "nuvlasov/config/toml_text.hpp"

namespace nuvlasov::config {
namespace {

/// Collects declarations: `add(key, field, unit, meaning)` and then what restricts the value.
class Declarations {
 public:
  Parameter& add(std::string key, Field field, std::string unit, std::string meaning) {
    Parameter parameter;
    parameter.key = std::move(key);
    parameter.field = field;
    parameter.unit = std::move(unit);
    parameter.meaning = std::move(meaning);
    list_.push_back(std::move(parameter));
    return list_.back();
  }
  std::vector<Parameter> take() { return std::move(list_); }

 private:
  std::vector<Parameter> list_;
};

void declare_angular_spectrum(Declarations& d, const std::string& flavor,
                              Input::AngularSpectrum& choice) {
  const Condition spectrum{"initial.type", {"spectrum"}};
  const Condition eigenmode{"initial.type", {"eigenmode"}};
  const Condition spherical{"grid.momentum.geometry", {"spherical"}};
  std::vector<Condition> of_flavors;
  if (flavor.ends_with("_x")) of_flavors = {{"equation.flavors", {"2"}}};
  if (flavor.ends_with("_mu") || flavor.ends_with("_tau"))
    of_flavors = {{"equation.flavors", {"3"}}};
  const auto belongs = [&](Parameter& p, const std::vector<Condition>& further) {
    p.only_with = p.or_with = of_flavors;
    p.only_with.push_back(spectrum);
    p.or_with.insert(p.or_with.end(), {eigenmode, spherical});
    for (auto* conditions : {&p.only_with, &p.or_with})
      conditions->insert(conditions->end(), further.begin(), further.end());
  };
  const std::string section = fmt::format("initial.{}.", flavor);
  const std::string shape = section + "shape";
  const Condition peaked{shape, {"gaussian", "exponential"}};
  {
    auto& p = d.add(section + "number", &choice.number, "1",
                    "density of " + flavor + ", summed over directions");
    p.at_least = 0.0;
    belongs(p, {});
  }
  {
    auto& p =
        d.add(shape, &choice.shape, "",
              flavor +
                  " over direction; gaussian: exp(-(v - center)^2/(2 width^2)); exponential: "
                  "exp(-|v - center|/width); linear: 1 + 3 flux_factor v; table: from a file");
    p.choices = {"isotropic", "gaussian", "exponential", "linear", "table"};
    belongs(p, {});
  }
  {
    auto& p = d.add(section + "center", &choice.center, "1", "most likely direction");
    p.at_least = -1.0;
    p.at_most = 1.0;
    belongs(p, {peaked});
  }
  {
    auto& p = d.add(section + "width", &choice.width, "1", "width in v");
    p.above = 0.0;
    belongs(p, {peaked});
  }
  {
    auto& p = d.add(section + "flux_factor", &choice.flux_factor, "1", "mean v");
    p.at_least = -1.0 / 3.0;
    p.at_most = 1.0 / 3.0;
    belongs(p, {{shape, {"linear"}}});
  }
  {
    auto& p = d.add(section + "path", &choice.path, "",
                    "text file with v and a value on each line, linear in between");
    p.required = true;
    belongs(p, {{shape, {"table"}}});
  }
}

void declare_energy_spectrum(Declarations& d, Input::Initial::EnergySpectrum& choice) {
  const Condition not_from_file{"initial.type", {"two_beam", "eigenmode", "spectrum"}};
  const std::string shape = "initial.energy_spectrum.shape";
  const Condition peaked{shape, {"gaussian", "cosine"}};
  const Condition fermi_dirac{shape, {"fermi_dirac"}};
  {
    auto& p = d.add(shape, &choice.shape, "",
                    "occupation over energy, up to a factor; gaussian: standard deviation width; "
                    "cosine: 1 + cos, zero beyond width; fermi_dirac: 1/(exp((E - "
                    "chemical_potential)/temperature) + 1); table: from a file");
    p.choices = {"gaussian", "cosine", "fermi_dirac", "table"};
    p.only_with = {not_from_file};
  }
  {
    auto& p =
        d.add("initial.energy_spectrum.width", &choice.width, "mu", "width of the energy spectrum");
    p.above = 0.0;
    p.only_with = {not_from_file, peaked};
  }
  d.add("initial.energy_spectrum.center", &choice.center, "mu",
        "centre of the energy spectrum, relative to the reference")
      .only_with = {not_from_file, peaked};
  {
    auto& p =
        d.add("initial.energy_spectrum.temperature", &choice.temperature, "mu", "temperature");
    p.above = 0.0;
    p.required = true;
    p.only_with = {not_from_file, fermi_dirac};
  }
  d.add("initial.energy_spectrum.chemical_potential", &choice.chemical_potential, "mu",
        "chemical potential, not relative to the reference")
      .only_with = {not_from_file, fermi_dirac};
  {
    auto& p = d.add("initial.energy_spectrum.path", &choice.path, "",
                    "text file with E (mu, not relative to the reference) and a value on each "
                    "line, linear in between");
    p.required = true;
    p.only_with = {not_from_file, {shape, {"table"}}};
  }
}

void declare_z_profile(Declarations& d, Input::Initial::ZProfile& choice) {
  const Condition any{"initial.type", {"two_beam", "spectrum"}};
  const std::string shape = "initial.z_profile.shape";
  const Condition gaussian{shape, {"gaussian"}};
  {
    auto& p = d.add(shape, &choice.shape, "",
                    "what the initial state, seeds included, is multiplied by along z; gaussian: "
                    "exp(-(z - center)^2/(2 width^2)), a pulse, not repeated beyond the box");
    p.choices = {"uniform", "gaussian"};
    p.only_with = {any};
  }
  {
    auto& p = d.add("initial.z_profile.center", &choice.center, "1/mu", "z of its maximum");
    p.required = true;
    p.only_with = {any, gaussian};
  }
  {
    auto& p = d.add("initial.z_profile.width", &choice.width, "1/mu",
                    "standard deviation; at least a cell");
    p.above = 0.0;
    p.required = true;
    p.only_with = {any, gaussian};
  }
}

void declare_seeds(Declarations& d, Input::Initial::Seeds& choice) {
  const Condition seeded{"initial.type", {"two_beam", "spectrum"}};
  const std::string type = "initial.seeds.type";
  const Condition any{type, {"fourier", "eigenmode", "points"}};
  const Condition in_modes{type, {"fourier", "eigenmode"}};
  const Condition points{type, {"points"}};
  {
    auto& p = d.add(
        type, &choice.type, "",
        "fourier: the transverse seeds of Eq. (13); eigenmode: the fastest-growing mode of "
        "each n up to max_mode; points: P^x = sigma P^z exp(-(z - position)^2/(2 "
        "width^2)), repeated if the box is periodic, summed over positions; none: homogeneous beams");
    p.choices = {"fourier", "eigenmode", "points", "none"};
    p.only_with = {seeded};
  }
  {
    auto& p =
        d.add("initial.seeds.sigma", &choice.sigma, "1",
              "fourier, eigenmode: standard deviation of the amplitudes; points: P^x/P^z at a "
              "position");
    p.at_least = 0.0;
    p.only_with = {seeded, any};
  }
  {
    auto& p = d.add("initial.seeds.max_mode", &choice.max_mode, "1",
                    "N_max of Eq. (13); at most half of the cells in z");
    p.at_least = 0.0;
    p.only_with = {seeded, in_modes};
  }
  {
    auto& p = d.add("initial.seeds.random_seed", &choice.random_seed, "1",
                    "chooses the realization, the same on any number of ranks");
    p.at_least = 0.0;
    p.only_with = {seeded, in_modes};
  }
  {
    auto& p = d.add("initial.seeds.positions", &choice.positions, "1/mu", "z of each point");
    p.at_least = 0.0;
    p.required = true;
    p.only_with = {seeded, points};
  }
  {
    auto& p = d.add("initial.seeds.width", &choice.width, "1/mu",
                    "width of each point; at least a cell and at most the box");
    p.above = 0.0;
    p.required = true;
    p.only_with = {seeded, points};
  }
  d.add("initial.seeds.pure", &choice.pure, "",
        "rescale each seeded polarization to |P| = P0; for beams of one flavor")
      .only_with = {seeded, any};
}

/// What acts on flavor besides the neutrinos themselves.
constexpr double right_angle = std::numbers::pi / 2.0;

void declare_external(Declarations& d, Input::Equation& equation) {
  d.add("equation.vacuum.delta_m2", &equation.vacuum.delta_m2, "mu^2",
        "m_2^2 - m_1^2 of the masses, which make polarizations precess with the frequency "
        "delta_m2/2E; negative: inverted ordering; 0: none");
  {
    auto& p =
        d.add("equation.vacuum.mixing_angle", &equation.vacuum.mixing_angle, "1",
              "theta (rad), nu_e = cos(theta) nu_1 + sin(theta) nu_2; of three flavors theta_12");
    p.at_least = 0.0;
    p.at_most = right_angle;
  }
  const Condition three{"equation.flavors", {"3"}};
  d.add("equation.vacuum.delta_m2_31", &equation.vacuum.delta_m2_31, "mu^2",
        "m_3^2 - m_1^2 of three flavors; negative: inverted ordering; 0: m_3 = m_1")
      .only_with = {three};
  for (const auto& [key, angle] : {std::pair{"theta_13", &equation.vacuum.theta_13},
                                   std::pair{"theta_23", &equation.vacuum.theta_23}}) {
    auto& p = d.add(fmt::format("equation.vacuum.{}", key), angle, "1",
                    fmt::format("{} (rad) of the mixing matrix of three flavors", key));
    p.at_least = 0.0;
    p.at_most = right_angle;
    p.only_with = {three};
  }
  {
    auto& p = d.add("equation.vacuum.delta_cp", &equation.vacuum.delta_cp, "1",
                    "delta_CP (rad), the phase of the mixing matrix of three flavors");
    p.at_least = -2.0 * std::numbers::pi;
    p.at_most = 2.0 * std::numbers::pi;
    p.only_with = {three};
  }
  auto& matter = equation.matter;
  const std::string profile = "equation.matter.profile";
  d.add(profile, &matter.profile, "",
        "refraction by matter, lambda(z) diag(1, 0): constant: lambda; cosine: lambda + amplitude "
        "cos(2 pi mode z/L); linear: lambda + slope z, in an open box; table: from a file")
      .choices = {"none", "constant", "cosine", "linear", "table"};
  {
    auto& p =
        d.add("equation.matter.lambda", &matter.lambda, "mu",
              "lambda = sqrt(2) G_F n, n the density of electrons less positrons; its mean, or "
              "that at z = 0");
    p.required = true;
    p.only_with = {{profile, {"constant", "cosine", "linear"}}};
  }
  {
    auto& p = d.add("equation.matter.amplitude", &matter.amplitude, "mu", "of the cosine");
    p.required = true;
    p.only_with = {{profile, {"cosine"}}};
  }
  {
    auto& p = d.add("equation.matter.mode", &matter.mode, "1",
                    "waves of the cosine in the box; at most half of the cells in z");
    p.at_least = 1.0;
    p.only_with = {{profile, {"cosine"}}};
  }
  {
    auto& p = d.add("equation.matter.slope", &matter.slope, "mu^2", "d lambda/dz");
    p.required = true;
    p.only_with = {{profile, {"linear"}}};
  }
  {
    auto& p = d.add("equation.matter.path", &matter.path, "",
                    "text file with z (1/mu) and lambda (mu) on each line, linear in between; the "
                    "same at both ends of a periodic box");
    p.required = true;
    p.only_with = {{profile, {"table"}}};
  }
}

void declare_units(Declarations& d, Input::Units& choice) {
  const std::string none = "none: all numbers are in units of mu";
  {
    auto& p = d.add("units.neutrino_density", &choice.neutrino_density, "cm^-3",
                    "density of what is 1 in the input, from which mu = sqrt(2) G_F n follows: "
                    "results say what they are in meV, cm and ns");
    p.at_least = 1.0;
    p.at_most = 1e42;
    p.if_absent = none;
  }
  {
    auto& p = d.add("units.temperature", &choice.temperature, "MeV",
                    "instead of the density, that of one species in equilibrium, n = 3 zeta(3)/(4 "
                    "pi^2) (T/hbar c)^3");
    p.at_least = 1e-10;
    p.at_most = 1e3;
    p.if_absent = none;
  }
  {
    auto& p = d.add("units.reference_energy", &choice.reference_energy, "MeV",
                    "E_ref, instead of grid.momentum.energy.reference");
    p.above = 0.0;
    p.at_most = 1e6;
    p.if_absent = "grid.momentum.energy.reference";
  }
}

}  // namespace

std::optional<units::Scale> Input::Units::scale() const {
  if (neutrino_density) return units::scale_of_density(*neutrino_density);
  if (temperature) return units::scale_of_density(units::thermal_density(*temperature));
  return std::nullopt;
}

bool Input::has_antineutrinos() const {
  const auto& momentum = grid.momentum;
  return momentum.geometry == "spherical"
             ? momentum.antineutrinos
             : std::find(momentum.species.begin(), momentum.species.end(), "nubar") !=
                   momentum.species.end();
}

std::vector<Parameter> declare(Input& in) {
  Declarations d;

  declare_units(d, in.units);

  d.add("equation.mode", &in.equation.mode, "",
        "standard: Eq. (1), streaming and refraction; full: Eq. (16), with the gradients of Omega "
        "that trade kinetic energy for refractive energy")
      .choices = {"standard", "full"};
  d.add("equation.flavors", &in.equation.flavors, "1",
        "number of flavors: 2, nu_e and nu_x; 3, nu_e, nu_mu and nu_tau")
      .allowed = {2, 3};
  d.add("equation.terms", &in.equation.terms, "1",
        "the terms to keep, each a line of the budget; []: all those of equation.mode and of the "
        "geometry")
      .choices = {"streaming",      "refraction", "weak_force",
                  "group_velocity", "vacuum",     "vacuum_velocity"};
  d.add("equation.dissipation.z", &in.equation.dissipation.z, "1",
        "epsilon of Kreiss-Oliger dissipation in z, which damps a wave k by the rate (epsilon/dz) "
        "sin(k dz/2)^order; 0: none")
      .at_least = 0.0;
  d.add("equation.dissipation.energy", &in.equation.dissipation.energy, "mu",
        "rate of Kreiss-Oliger dissipation in energy, which damps exp(i kappa E) by rate "
        "sin(kappa dE/2)^order; 0: none")
      .at_least = 0.0;

  declare_external(d, in.equation);

  {
    auto& p = d.add("grid.z.length", &in.grid.z.length, "1/mu", "length L of the box");
    p.required = true;
    p.above = 0.0;
  }
  {
    auto& p = d.add("grid.z.cells", &in.grid.z.cells, "1",
                    "cells in z, with nodes at their centres; open boundaries: nodes, both ends "
                    "included");
    p.required = true;
    p.at_least = 1.0;
  }
  d.add("grid.z.order", &in.grid.z.order, "1",
        "order of the central difference in z; open boundaries: up to 6, and half of that at the "
        "ends")
      .allowed = {2, 4, 6, 8};
  d.add("grid.z.boundaries", &in.grid.z.boundaries, "",
        "periodic: each end is the other's neighbour; open: neutrinos leave through the ends, and "
        "enter as grid.z.inflow says")
      .choices = {"periodic", "open"};
  {
    auto& p = d.add("grid.z.inflow", &in.grid.z.inflow, "",
                    "what enters through open ends, at all times; initial: the initial state at "
                    "that end, without seeds; vacuum: nothing");
    p.choices = {"initial", "vacuum"};
    p.only_with = {{"grid.z.boundaries", {"open"}}};
  }

  d.add("grid.momentum.geometry", &in.grid.momentum.geometry, "",
        "beams: frozen directions, one-dimensional momentum along each; spherical: Gauss-Legendre "
        "directions, measure E^2 dE dv")
      .choices = {"beams", "spherical"};
  const Condition beams{"grid.momentum.geometry", {"beams"}};
  const Condition spherical{"grid.momentum.geometry", {"spherical"}};
  {
    auto& p = d.add("grid.momentum.directions", &in.grid.momentum.directions, "1",
                    "v = p_z/p of each direction");
    p.at_least = -1.0;
    p.at_most = 1.0;
    p.only_with = {beams};
  }
  {
    auto& p = d.add("grid.momentum.weights", &in.grid.momentum.weights, "1",
                    "weight of each direction in sums over momentum");
    p.above = 0.0;
    p.if_absent = "1 for each direction";
    p.only_with = {beams};
  }
  {
    auto& p = d.add("grid.momentum.species", &in.grid.momentum.species, "1",
                    "what moves in each direction: nu, neutrinos, or nubar, antineutrinos; []: "
                    "neutrinos in all");
    p.choices = {"nu", "nubar"};
    p.only_with = {beams};
  }
  {
    auto& p = d.add("grid.momentum.angles", &in.grid.momentum.angles, "1",
                    "number of Gauss-Legendre directions");
    p.at_least = 2.0;
    p.at_most = 1000.0;
    p.only_with = {spherical};
  }
  {
    auto& p = d.add("grid.momentum.direction_range", &in.grid.momentum.direction_range, "1",
                    "[lowest, highest] v of the directions; [0, 1] is forward only");
    p.at_least = -1.0;
    p.at_most = 1.0;
    p.only_with = {spherical};
  }
  d.add("grid.momentum.antineutrinos", &in.grid.momentum.antineutrinos, "",
        "antineutrinos as well, on directions of their own: twice as many in all")
      .only_with = {spherical};
  {
    auto& p = d.add("grid.momentum.angular_operator", &in.grid.momentum.angular_operator, "",
                    "d/dv by the polynomial through all directions (spectral) or by S_N angular "
                    "redistribution (sn, second order, directions may be split over ranks); auto: "
                    "spectral while a rank can hold all directions");
    p.choices = {"auto", "spectral", "sn"};
    p.only_with = {spherical};
  }
  d.add("grid.momentum.order", &in.grid.momentum.order, "1",
        "order of the central difference in energy")
      .allowed = {4, 6, 8};
  d.add("grid.momentum.energy.reference", &in.grid.momentum.energy.reference, "mu",
        "E_ref, the middle of the energy window")
      .above = 0.0;
  d.add("grid.momentum.energy.half_width", &in.grid.momentum.energy.half_width, "mu",
        "W: the window is [E_ref - W, E_ref + W]; W = E_ref: a broad grid from E = 0")
      .above = 0.0;
  d.add("grid.momentum.energy.cells", &in.grid.momentum.energy.cells, "1",
        "cells in the energy window; 1 for the flavor-only problem in standard mode")
      .at_least = 1.0;

  d.add(
       "initial.type", &in.initial.type, "",
       "two_beam: homogeneous beams with random seeds, the experiment of Fig. 1; spectrum: flavors "
       "over direction as initial.nu_e, nu_x, antinu_e and antinu_x say, with seeds; eigenmode: one "
       "growing "
       "mode on the homogeneous part of two_beam (geometry beams) or spectrum (spherical); file: "
       "dataset rho of an HDF5 file")
      .choices = {"two_beam", "eigenmode", "spectrum", "file"};
  const Condition two_beam{"initial.type", {"two_beam"}};
  const Condition eigenmode{"initial.type", {"eigenmode"}};
  const Condition from_file{"initial.type", {"file"}};
  {
    auto& p =
        d.add("initial.zeta", &in.initial.zeta, "1",
              "P^z of each beam, integrated over energy, in the order of directions; of three "
              "flavors, nu_e less nu_mu without nu_tau");
    p.only_with = {two_beam};
    p.or_with = {eigenmode, beams};
  }
  {
    auto& p = d.add("initial.occupation", &in.initial.occupation, "1",
                    "P0 of each beam, integrated over energy, in the order of directions");
    p.at_least = 0.0;
    p.if_absent = "|zeta| of each beam, one flavor only";
    p.only_with = {two_beam};
    p.or_with = {eigenmode, beams};
  }
  d.add("initial.mode_number", &in.initial.mode_number, "1", "n in k = 2 pi n/L, one that grows")
      .only_with = {eigenmode};
  {
    auto& p = d.add("initial.amplitude", &in.initial.amplitude, "1/mu",
                    "alpha_k of Eq. (10); with any directions, sum w psi = 2 alpha k");
    p.at_least = 0.0;
    p.only_with = {eigenmode};
  }
  {
    auto& p =
        d.add("initial.path", &in.initial.path, "",
              "HDF5 file with the dataset rho[z, energy, angle, component], as snapshots have");
    p.required = true;
    p.only_with = {from_file};
  }
  {
    auto& p = d.add("initial.pairs", &in.initial.pairs, "1",
                    "pairs of flavors that seeds, or the eigenmode, make coherent in directions "
                    "that hold one of them; eigenmodes of those that grow");
    p.choices = {"e_mu", "e_tau", "mu_tau"};
    p.only_with = {{"equation.flavors", {"3"}},
                   {"initial.type", {"two_beam", "eigenmode", "spectrum"}}};
  }
  for (auto [flavor, choice] :
       {std::pair{"nu_e", &in.initial.nu_e}, std::pair{"nu_x", &in.initial.nu_x},
        std::pair{"nu_mu", &in.initial.nu_mu}, std::pair{"nu_tau", &in.initial.nu_tau},
        std::pair{"antinu_e", &in.initial.antinu_e}, std::pair{"antinu_x", &in.initial.antinu_x},
        std::pair{"antinu_mu", &in.initial.antinu_mu},
        std::pair{"antinu_tau", &in.initial.antinu_tau}})
    declare_angular_spectrum(d, flavor, *choice);
  declare_z_profile(d, in.initial.z_profile);
  declare_energy_spectrum(d, in.initial.energy_spectrum);
  declare_seeds(d, in.initial.seeds);

  d.add("time.method", &in.time.method, "",
        "rk4; rk5dp: adaptive Dormand-Prince; ssp: strong-stability-preserving, order 4; "
        "implicit_midpoint: closes the energy budget to round-off")
      .choices = {"rk4", "rk5dp", "ssp", "implicit_midpoint"};
  {
    auto& p = d.add("time.end", &in.time.end, "1/mu", "time at which the run is done");
    p.required = true;
    p.at_least = 0.0;
  }
  {
    auto& p = d.add("time.step", &in.time.step, "1/mu", "fixes the time step");
    p.above = 0.0;
    p.if_absent = "from the stability limits, a divisor of output.history_interval";
  }
  {
    auto& p = d.add("time.safety", &in.time.safety, "1",
                    "automatic step as a fraction of the stability limit");
    p.above = 0.0;
    p.at_most = 1.0;
    p.if_absent = "by method";
  }
  {
    auto& p = d.add("time.tolerance", &in.time.tolerance, "1",
                    "local error relative to the largest |rho|");
    p.above = 0.0;
    p.at_most = 1.0;
    p.only_with = {{"time.method", {"rk5dp"}}};
  }
  {
    auto& p = d.add("time.solver_tolerance", &in.time.solver_tolerance, "1",
                    "error of the nonlinear solve relative to the largest |rho|");
    p.above = 0.0;
    p.at_most = 1e-3;
    p.only_with = {{"time.method", {"implicit_midpoint"}}};
  }

  d.add("time.wall_limit", &in.time.wall_limit, "s",
        "wall-clock time after which the run stops on a checkpoint, as in 90s, 30min, 2h; 0: what "
        "the batch system leaves, or none");

  d.add("output.directory", &in.output.directory, "", "directory of everything the run writes")
      .if_absent = "runs/ and the name of the input file";
  d.add("output.history_interval", &in.output.history_interval, "1/mu",
        "simulated time between rows of history.h5")
      .above = 0.0;
  d.add("output.profile_interval", &in.output.profile_interval, "1/mu",
        "simulated time between rows of profiles.h5, what space-time maps are drawn from; 0: none")
      .at_least = 0.0;
  d.add("output.snapshot_interval", &in.output.snapshot_interval, "1/mu",
        "simulated time between snapshots of fields over the whole phase space; 0: none")
      .at_least = 0.0;
  d.add("output.snapshot_fields", &in.output.snapshot_fields, "",
        "what snapshots hold: rho, the density matrix; flux and force, Phi and F of Eq. (20), flux "
        "in full mode only; force_trace, Tr F of Eq. (21)")
      .choices = {"rho", "flux", "force", "force_trace"};
  d.add("output.report_interval", &in.output.report_interval, "s",
        "shortest wall-clock time between progress lines")
      .at_least = 0.0;

  d.add("diagnostics.edge_limit", &in.diagnostics.edge_limit, "1",
        "full mode: largest share of the neutrinos in an outermost cell of the energy window, an "
        "error at the start and a warning later, since conservation needs empty edges")
      .above = 0.0;
  d.add("diagnostics.negativity_limit", &in.diagnostics.negativity_limit, "1",
        "largest size of the most negative eigenvalue as a fraction of the largest occupation, an "
        "error at the start, if not from a file, and a warning later")
      .above = 0.0;

  d.add("checkpoint.interval_steps", &in.checkpoint.interval_steps, "1",
        "steps between checkpoints; 0: off")
      .at_least = 0.0;
  d.add("checkpoint.interval_time", &in.checkpoint.interval_time, "1/mu",
        "simulated time between checkpoints; 0: off")
      .at_least = 0.0;
  d.add("checkpoint.interval_wall", &in.checkpoint.interval_wall, "s",
        "wall-clock time between checkpoints, as in 90s, 30min, 2h; 0: off");
  d.add("checkpoint.at_end", &in.checkpoint.at_end, "",
        "write one at time.end too, from which the run can go on to a later end");
  d.add("checkpoint.on_failure", &in.checkpoint.on_failure, "",
        "when one cannot be written, as on a full disk; stop: end the run; continue: warn, and try "
        "again when the next is due")
      .choices = {"stop", "continue"};
  d.add("checkpoint.keep", &in.checkpoint.keep, "1", "newest checkpoints kept").at_least = 1.0;

  for (auto [key, field] : {std::pair{"parallel.ranks_z", &in.parallel.ranks_z},
                            std::pair{"parallel.ranks_energy", &in.parallel.ranks_energy},
                            std::pair{"parallel.ranks_angle", &in.parallel.ranks_angle}}) {
    auto& p = d.add(key, field, "1", "ranks along this axis");
    p.at_least = 1.0;
    p.at_most = 1e9;
    p.if_absent = "chosen for speed, z first";
  }
  return d.take();
}

std::string Parameter::type() const {
  struct Name {
    std::string operator()(double*) const { return "real"; }
    std::string operator()(std::optional<double>*) const { return "real"; }
    std::string operator()(Integer*) const { return "integer"; }
    std::string operator()(std::optional<Integer>*) const { return "integer"; }
    std::string operator()(bool*) const { return "true or false"; }
    std::string operator()(std::string*) const { return "string"; }
    std::string operator()(std::optional<std::string>*) const { return "string"; }
    std::string operator()(std::vector<double>*) const { return "list of reals"; }
    std::string operator()(std::optional<std::vector<double>>*) const { return "list of reals"; }
    std::string operator()(std::vector<std::string>*) const { return "list of strings"; }
  };
  return std::visit(Name{}, field);
}

std::string Parameter::range() const {
  if (!choices.empty()) return fmt::format("{}", fmt::join(choices, ", "));
  if (!allowed.empty()) return fmt::format("{}", fmt::join(allowed, ", "));
  std::string text;
  if (above) text = fmt::format("> {:g}", *above);
  if (at_least) text = fmt::format(">= {:g}", *at_least);
  if (at_most) text += fmt::format("{}<= {:g}", text.empty() ? "" : ", ", *at_most);
  return text;
}

std::string Parameter::default_text() const {
  if (required) return "required";
  const std::string value = toml_value(field);
  return value.empty() ? if_absent : value;
}

std::string Condition::values_text() const {
  const bool number = std::all_of(values.front().begin(), values.front().end(),
                                  [](char c) { return c >= '0' && c <= '9'; });
  return number ? fmt::format("{}", fmt::join(values, " or "))
                : fmt::format("\"{}\"", fmt::join(values, "\" or \""));
}

std::string Parameter::conditions() const {
  std::string text;
  for (const auto* conditions : {&only_with, &or_with}) {
    std::string all;
    for (const Condition& condition : *conditions)
      all += fmt::format("{}{} = {}", all.empty() ? "" : " and ", condition.key,
                         condition.values_text());
    text += (text.empty() || all.empty() ? "" : ", or ") + all;
  }
  return text;
}

}  // namespace nuvlasov::config
