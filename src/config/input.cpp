#include "nuvlasov/config/input.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

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

}  // namespace

std::vector<Parameter> declare(Input& in) {
  Declarations d;

  d.add("equation.mode", &in.equation.mode, "",
        "standard: Eq. (1), streaming and refraction; full: Eq. (16), with the gradients of Omega "
        "that trade kinetic energy for refractive energy")
      .choices = {"standard", "full"};

  {
    auto& p = d.add("grid.z.length", &in.grid.z.length, "1/mu", "length L of the periodic box");
    p.required = true;
    p.above = 0.0;
  }
  {
    auto& p = d.add("grid.z.cells", &in.grid.z.cells, "1", "cells in z");
    p.required = true;
    p.at_least = 1.0;
  }
  d.add("grid.z.order", &in.grid.z.order, "1", "order of the central difference in z").allowed = {
      2, 4, 6, 8};

  d.add("grid.momentum.geometry", &in.grid.momentum.geometry, "",
        "beams: frozen directions, one-dimensional momentum along each; spherical: Gauss-Legendre "
        "directions, measure E^2 dE dv")
      .choices = {"beams", "spherical"};
  {
    auto& p = d.add("grid.momentum.directions", &in.grid.momentum.directions, "1",
                    "beams: v = p_z/p of each");
    p.at_least = -1.0;
    p.at_most = 1.0;
    p.geometry = "beams";
  }
  {
    auto& p = d.add("grid.momentum.weights", &in.grid.momentum.weights, "1",
                    "beams: weight of each direction in sums over momentum");
    p.above = 0.0;
    p.if_absent = "1 for each direction";
    p.geometry = "beams";
  }
  {
    auto& p = d.add("grid.momentum.angles", &in.grid.momentum.angles, "1",
                    "spherical: Gauss-Legendre directions between -1 and 1");
    p.at_least = 2.0;
    p.at_most = 1000.0;
    p.geometry = "spherical";
  }
  {
    auto& p = d.add("grid.momentum.angular_operator", &in.grid.momentum.angular_operator, "",
                    "spherical: d/dv by the polynomial through all directions (spectral) or by S_N "
                    "angular redistribution (sn, second order); auto: spectral");
    p.choices = {"auto", "spectral", "sn"};
    p.geometry = "spherical";
  }
  d.add("grid.momentum.order", &in.grid.momentum.order, "1",
        "order of the central difference in energy")
      .allowed = {4, 6, 8};
  d.add("grid.momentum.energy.reference", &in.grid.momentum.energy.reference, "mu",
        "E_ref, the middle of the energy window")
      .above = 0.0;
  d.add("grid.momentum.energy.half_width", &in.grid.momentum.energy.half_width, "mu",
        "W: the window is [E_ref - W, E_ref + W]")
      .above = 0.0;
  d.add("grid.momentum.energy.cells", &in.grid.momentum.energy.cells, "1",
        "cells in the energy window; 1 for the flavor-only problem in standard mode")
      .at_least = 1.0;

  d.add("initial.type", &in.initial.type, "",
        "two_beam: homogeneous beams with random seeds, the experiment of Fig. 1; eigenmode: one "
        "growing mode of two opposite beams, Eq. (10); spectrum: flavors over direction as "
        "initial.nu_e and initial.nu_x say, with seeds; file: dataset rho of an HDF5 file")
      .choices = {"two_beam", "eigenmode", "spectrum", "file"};
  {
    auto& p = d.add("initial.zeta", &in.initial.zeta, "1",
                    "P^z of each beam, integrated over energy, in the order of directions");
    (void)p;
  }
  {
    auto& p = d.add("initial.occupation", &in.initial.occupation, "1",
                    "P0 of each beam, integrated over energy, in the order of directions");
    p.at_least = 0.0;
    p.if_absent = "|zeta| of each beam, one flavor only";
  }
  d.add("initial.mode_number", &in.initial.mode_number, "1",
        "eigenmode: n in k = 2 pi n/L, negative or positive");
  d.add("initial.amplitude", &in.initial.amplitude, "1", "eigenmode: alpha_k of Eq. (10)")
      .at_least = 0.0;
  d.add("initial.path", &in.initial.path, "",
        "file: HDF5 file with the dataset rho[z, energy, angle, component], as snapshots have");
  for (auto [flavor, spectrum] :
       {std::pair{"nu_e", &in.initial.nu_e}, std::pair{"nu_x", &in.initial.nu_x}}) {
    const std::string section = fmt::format("initial.{}.", flavor);
    const std::string whose = fmt::format("spectrum: of {}, ", flavor);
    d.add(section + "number", &spectrum->number, "1", whose + "density, summed over directions")
        .at_least = 0.0;
    d.add(section + "shape", &spectrum->shape, "",
          whose +
              "gaussian: exp(-(v - center)^2/(2 width^2)); exponential: exp(-|v - center|/width); "
              "linear: 1 + 3 flux_factor v")
        .choices = {"isotropic", "gaussian", "exponential", "linear"};
    auto& center =
        d.add(section + "center", &spectrum->center, "1", whose + "most likely direction");
    center.at_least = -1.0;
    center.at_most = 1.0;
    d.add(section + "width", &spectrum->width, "1", whose + "width in v").above = 0.0;
    auto& flux_factor = d.add(section + "flux_factor", &spectrum->flux_factor, "1",
                              whose + "mean v of the linear shape");
    flux_factor.at_least = -1.0 / 3.0;
    flux_factor.at_most = 1.0 / 3.0;
  }
  d.add("initial.energy_spectrum.shape", &in.initial.energy_spectrum.shape, "",
        "gaussian: standard deviation width; cosine: 1 + cos, zero beyond width")
      .choices = {"gaussian", "cosine"};
  d.add("initial.energy_spectrum.width", &in.initial.energy_spectrum.width, "mu",
        "width of the energy spectrum")
      .above = 0.0;
  d.add("initial.energy_spectrum.center", &in.initial.energy_spectrum.center, "mu",
        "centre of the energy spectrum, relative to the reference");
  d.add(
       "initial.seeds.type", &in.initial.seeds.type, "",
       "two_beam and spectrum: fourier for the transverse seeds of Eq. (13), none for homogeneous beams")
      .choices = {"fourier", "none"};
  d.add("initial.seeds.sigma", &in.initial.seeds.sigma, "1",
        "standard deviation of the seeds' Fourier amplitudes")
      .at_least = 0.0;
  d.add("initial.seeds.max_mode", &in.initial.seeds.max_mode, "1",
        "N_max of Eq. (13); at most half of the cells in z")
      .at_least = 0.0;
  d.add("initial.seeds.random_seed", &in.initial.seeds.random_seed, "1",
        "chooses the realization, the same on any number of ranks")
      .at_least = 0.0;
  d.add("initial.seeds.pure", &in.initial.seeds.pure, "",
        "rescale each seeded polarization to |P| = P0");

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
                    "rk5dp: local error relative to the largest |rho|");
    p.above = 0.0;
    p.at_most = 1.0;
  }
  {
    auto& p = d.add("time.solver_tolerance", &in.time.solver_tolerance, "1",
                    "implicit_midpoint: last change in the nonlinear solve relative to the largest "
                    "|rho|");
    p.above = 0.0;
    p.at_most = 1e-3;
  }

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
        "warn when the most negative eigenvalue exceeds this fraction of the largest occupation")
      .above = 0.0;

  d.add("checkpoint.interval_steps", &in.checkpoint.interval_steps, "1",
        "steps between checkpoints; 0: off")
      .at_least = 0.0;
  d.add("checkpoint.interval_time", &in.checkpoint.interval_time, "1/mu",
        "simulated time between checkpoints; 0: off")
      .at_least = 0.0;
  d.add("checkpoint.interval_wall", &in.checkpoint.interval_wall, "s",
        "wall-clock time between checkpoints, as in 90s, 30min, 2h; 0: off");
  d.add("checkpoint.keep", &in.checkpoint.keep, "1", "newest checkpoints kept").at_least = 1.0;

  for (auto [key, field] : {std::pair{"parallel.ranks_z", &in.parallel.ranks_z},
                            std::pair{"parallel.ranks_energy", &in.parallel.ranks_energy},
                            std::pair{"parallel.ranks_angle", &in.parallel.ranks_angle}}) {
    auto& p = d.add(key, field, "1", "ranks along this axis");
    p.at_least = 1.0;
    p.at_most = 1e9;
    p.if_absent = "chosen, z first";
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

}  // namespace nuvlasov::config
