"""What cannot be run is refused: exit code 2, one line that says where, what and what instead, nothing on disk."""

from __future__ import annotations

import re
from pathlib import Path

import h5py
import numpy as np
import pytest

from command import (
    ABSENT,
    EIGENMODE,
    ENERGY_TABLE,
    FROM_FILE,
    POINTS,
    SMALL,
    SPECTRUM,
    TABLE,
    Outcome,
    Settings,
    contents,
    line_of,
    nuvlasov,
    toml,
)

INPUT = "input.toml"
OPEN: Settings = {"grid.z.boundaries": '"open"'}
EARLIER = "earlier"  # directory of a finished run
NEW = "new"  # a directory that does not exist

# --- values of the input -----------------------------------------------------------------------------------------------
# (settings on top of SMALL, fragments of the message); the last setting is the one to blame, at its line.

FLAVORS = [prefix + flavor for prefix in ("nu_", "antinu_") for flavor in ("e", "x", "mu", "tau")]

REAL, INTEGER, STRING, BOOLEAN = "real", "integer", "string", "true or false"
LIST, WORDS = "list of reals", "list of strings"

# One wrong value for each parameter: key, value, type expected, type found.
WRONG_TYPE = [
    ("units.neutrino_density", '"1e33"', REAL, "string"),
    ("units.temperature", "[5.0]", REAL, "array"),
    ("units.reference_energy", "true", REAL, "boolean"),
    ("equation.mode", "1", STRING, "integer"),
    ("equation.flavors", "3.0", INTEGER, "floating-point"),
    ("equation.terms", '"streaming"', WORDS, "string"),
    ("equation.dissipation.z", '"weak"', REAL, "string"),
    ("equation.dissipation.energy", "true", REAL, "boolean"),
    ("equation.vacuum.delta_m2", '"inverted"', REAL, "string"),
    ("equation.vacuum.mixing_angle", "[0.1]", REAL, "array"),
    ("equation.vacuum.delta_m2_31", "true", REAL, "boolean"),
    ("equation.vacuum.theta_13", '"0.15"', REAL, "string"),
    ("equation.vacuum.theta_23", "[]", REAL, "array"),
    ("equation.vacuum.delta_cp", '"-pi/2"', REAL, "string"),
    ("equation.matter.profile", "true", STRING, "boolean"),
    ("equation.matter.lambda", '"1.0"', REAL, "string"),
    ("equation.matter.amplitude", "true", REAL, "boolean"),
    ("equation.matter.mode", "1.0", INTEGER, "floating-point"),
    ("equation.matter.slope", "[]", REAL, "array"),
    ("equation.matter.path", "1", STRING, "integer"),
    ("grid.z.length", '"20.0"', REAL, "string"),
    ("grid.z.cells", "64.0", INTEGER, "floating-point"),
    ("grid.z.order", '"6"', INTEGER, "string"),
    ("grid.z.boundaries", "true", STRING, "boolean"),
    ("grid.z.inflow", "0.0", STRING, "floating-point"),
    ("grid.momentum.geometry", '["beams"]', STRING, "array"),
    ("grid.momentum.directions", "1.0", LIST, "floating-point"),
    ("grid.momentum.weights", '[1.0, "1.0"]', LIST, "string"),
    ("grid.momentum.species", '"nubar"', WORDS, "string"),
    ("grid.momentum.antineutrinos", "1", BOOLEAN, "integer"),
    ("grid.momentum.angles", "16.0", INTEGER, "floating-point"),
    ("grid.momentum.direction_range", "0.5", LIST, "floating-point"),
    ("grid.momentum.angular_operator", "1", STRING, "integer"),
    ("grid.momentum.order", "6.0", INTEGER, "floating-point"),
    ("grid.momentum.energy.reference", "true", REAL, "boolean"),
    ("grid.momentum.energy.half_width", "[40.0]", REAL, "array"),
    ("grid.momentum.energy.cells", "[32]", INTEGER, "array"),
    ("initial.type", "2", STRING, "integer"),
    ("initial.zeta", "[[-0.5, 0.5]]", LIST, "array"),
    ("initial.occupation", "0.5", LIST, "floating-point"),
    ("initial.mode_number", "1.5", INTEGER, "floating-point"),
    ("initial.amplitude", '"1e-6"', REAL, "string"),
    *(
        (f"initial.{flavor}.{name}", value, expected, found)
        for flavor in FLAVORS
        for name, value, expected, found in (
            ("number", '"1"', REAL, "string"),
            ("shape", "3", STRING, "integer"),
            ("center", "[1.0]", REAL, "array"),
            ("width", "true", REAL, "boolean"),
            ("flux_factor", '"0.1"', REAL, "string"),
            ("path", "[]", STRING, "array"),
        )
    ),
    ("initial.pairs", '"e_mu"', WORDS, "string"),
    ("initial.path", "1", STRING, "integer"),
    ("initial.z_profile.shape", "1", STRING, "integer"),
    ("initial.z_profile.center", '"middle"', REAL, "string"),
    ("initial.z_profile.width", "[1.0]", REAL, "array"),
    ("initial.energy_spectrum.shape", "true", STRING, "boolean"),
    ("initial.energy_spectrum.width", "1979-05-27", REAL, "date"),
    ("initial.energy_spectrum.center", '""', REAL, "string"),
    ("initial.energy_spectrum.temperature", '"5 mu"', REAL, "string"),
    ("initial.energy_spectrum.chemical_potential", "true", REAL, "boolean"),
    ("initial.energy_spectrum.path", "0", STRING, "integer"),
    ("initial.seeds.type", "false", STRING, "boolean"),
    ("initial.seeds.sigma", '"1e-4"', REAL, "string"),
    ("initial.seeds.max_mode", "true", INTEGER, "boolean"),
    ("initial.seeds.random_seed", "1.0", INTEGER, "floating-point"),
    ("initial.seeds.positions", "10.0", LIST, "floating-point"),
    ("initial.seeds.width", '"1.0"', REAL, "string"),
    ("initial.seeds.pure", "1", BOOLEAN, "integer"),
    ("time.method", "4", STRING, "integer"),
    ("time.end", '"30"', REAL, "string"),
    ("time.step", '"auto"', REAL, "string"),
    ("time.safety", "[0.5]", REAL, "array"),
    ("time.tolerance", "false", REAL, "boolean"),
    ("time.solver_tolerance", '"small"', REAL, "string"),
    ("output.directory", "1", STRING, "integer"),
    ("output.history_interval", '"0.1"', REAL, "string"),
    ("output.profile_interval", "12:00:00", REAL, "time"),
    ("output.snapshot_interval", "true", REAL, "boolean"),
    ("output.snapshot_fields", '"rho"', WORDS, "string"),
    ("output.report_interval", '"1s"', REAL, "string"),
    ("diagnostics.edge_limit", "[]", REAL, "array"),
    ("diagnostics.negativity_limit", '"5 %"', REAL, "string"),
    ("checkpoint.interval_steps", "10.0", INTEGER, "floating-point"),
    ("checkpoint.interval_time", '"1"', REAL, "string"),
    ("checkpoint.interval_wall", "1800", STRING, "integer"),
    ("checkpoint.at_end", '"yes"', BOOLEAN, "string"),
    ("checkpoint.on_failure", "true", STRING, "boolean"),
    ("time.wall_limit", "7200", STRING, "integer"),
    ("checkpoint.keep", '"all"', INTEGER, "string"),
    ("parallel.ranks_z", '"2"', INTEGER, "string"),
    ("parallel.ranks_energy", "1.0", INTEGER, "floating-point"),
    ("parallel.ranks_angle", "true", INTEGER, "boolean"),
]

# Each limit from outside: key, value, limit.
OUT_OF_RANGE = [
    ("units.neutrino_density", "0.0", ">= 1"),
    ("units.neutrino_density", "1e43", "<= 1e+42"),
    ("units.neutrino_density", "nan", "finite"),
    ("units.temperature", "-5.0", ">= 1e-10"),
    ("units.temperature", "5e6", "<= 1000"),
    ("units.reference_energy", "0.0", "> 0"),
    ("units.reference_energy", "1e7", "<= 1e+06"),
    ("equation.dissipation.z", "-0.1", ">= 0"),
    ("equation.dissipation.energy", "-1e-9", ">= 0"),
    ("equation.vacuum.delta_m2", "nan", "finite"),
    ("equation.vacuum.mixing_angle", "-0.1", ">= 0"),
    ("equation.vacuum.mixing_angle", "1.6", "<= 1.57"),
    ("equation.flavors", "4", "2, 3"),
    ("equation.vacuum.delta_m2_31", "inf", "finite"),
    ("equation.vacuum.theta_13", "-0.1", ">= 0"),
    ("equation.vacuum.theta_23", "45.0", "<= 1.57"),
    ("equation.vacuum.delta_cp", "270.0", "<= 6.28"),
    ("equation.matter.lambda", "inf", "finite"),
    ("equation.matter.mode", "0", ">= 1"),
    ("grid.z.length", "0", "> 0"),
    ("grid.z.length", "-20.0", "> 0"),
    ("grid.z.length", "nan", "finite"),
    ("grid.z.length", "inf", "finite"),
    ("grid.z.cells", "0", ">= 1"),
    ("grid.z.cells", "-64", ">= 1"),
    ("grid.z.order", "5", "2, 4, 6, 8"),
    ("grid.momentum.directions", "[-1.5, 1.0]", ">= -1, <= 1"),
    ("grid.momentum.directions", "[-1.0, 1.0001]", "found 1.0001"),
    ("grid.momentum.directions", "[]", "must not be empty"),
    ("grid.momentum.weights", "[1.0, 0.0]", "> 0"),
    ("grid.momentum.angles", "1", ">= 2"),
    ("grid.momentum.angles", "1001", "<= 1000"),
    ("grid.momentum.direction_range", "[0.0, 1.5]", ">= -1, <= 1"),
    ("grid.momentum.order", "2", "4, 6, 8"),
    ("grid.momentum.energy.reference", "0.0", "> 0"),
    ("grid.momentum.energy.half_width", "-40.0", "> 0"),
    ("grid.momentum.energy.cells", "0", ">= 1"),
    ("initial.zeta", "[-0.5, nan]", "finite"),
    ("initial.occupation", "[0.5, -0.5]", ">= 0"),
    ("initial.amplitude", "-1e-6", ">= 0"),
    *(
        (f"initial.{flavor}.{name}", value, limit)
        for flavor in FLAVORS
        for name, value, limit in (
            ("number", "-1.0", ">= 0"),
            ("center", "1.5", "<= 1"),
            ("width", "0.0", "> 0"),
            ("flux_factor", "0.4", "<= 0.333"),
        )
    ),
    ("initial.energy_spectrum.width", "0.0", "> 0"),
    ("initial.energy_spectrum.center", "-inf", "finite"),
    ("initial.energy_spectrum.temperature", "0.0", "> 0"),
    ("initial.z_profile.center", "nan", "finite"),
    ("initial.z_profile.width", "0.0", "> 0"),
    ("initial.seeds.sigma", "-1e-4", ">= 0"),
    ("initial.seeds.max_mode", "-1", ">= 0"),
    ("initial.seeds.random_seed", "-1", ">= 0"),
    ("initial.seeds.positions", "[10.0, -1.0]", ">= 0, found -1"),
    ("initial.seeds.positions", "[]", "must not be empty"),
    ("initial.seeds.width", "0.0", "> 0"),
    ("time.end", "-1.0", ">= 0"),
    ("time.step", "0.0", "> 0"),
    ("time.safety", "1.5", "> 0, <= 1"),
    ("time.safety", "0", "> 0, <= 1"),
    ("time.tolerance", "2.0", "> 0, <= 1"),
    ("time.solver_tolerance", "0.01", "<= 0.001"),
    ("output.history_interval", "0", "> 0"),
    ("output.profile_interval", "-0.1", ">= 0"),
    ("output.snapshot_interval", "nan", "finite"),
    ("output.snapshot_interval", "-1", ">= 0"),
    ("output.report_interval", "-1", ">= 0"),
    ("diagnostics.edge_limit", "0", "> 0"),
    ("diagnostics.negativity_limit", "-0.1", "> 0"),
    ("checkpoint.interval_steps", "-1", ">= 0"),
    ("checkpoint.interval_time", "-1.0", ">= 0"),
    ("checkpoint.keep", "0", ">= 1"),
    ("parallel.ranks_z", "0", ">= 1"),
    ("parallel.ranks_energy", "-1", ">= 1"),
    ("parallel.ranks_angle", "2000000000", "<= 1e+09"),
]

# A word that is none of the choices, with the suggestion where one is near.
INVALID_CHOICE = [
    ("equation.mode", '"ful"', 'did you mean "full"?'),
    ("equation.terms", '["streaming", "weak_farce"]', 'did you mean "weak_force"?'),
    ("equation.matter.profile", '"cosin"', 'did you mean "cosine"?'),
    ("grid.momentum.species", '["nu", "antinu"]', "nu, nubar"),
    ("grid.momentum.geometry", '"cubes"', "must be one of beams"),
    ("grid.momentum.angular_operator", '"spectrall"', 'did you mean "spectral"?'),
    ("grid.z.boundaries", '"opne"', 'did you mean "open"?'),
    ("grid.z.inflow", '"vacum"', 'did you mean "vacuum"?'),
    ("initial.z_profile.shape", '"gausian"', 'did you mean "gaussian"?'),
    ("initial.nu_e.shape", '"gausian"', 'did you mean "gaussian"?'),
    ("initial.nu_x.shape", '"flat"', "isotropic, gaussian, exponential, linear, table"),
    ("initial.antinu_e.shape", '"linaer"', 'did you mean "linear"?'),
    ("initial.antinu_x.shape", '""', "isotropic, gaussian, exponential, linear, table"),
    *((f"initial.{flavor}.shape", '"peaked"', "isotropic, gaussian, exponential, linear, table") for flavor in FLAVORS),
    ("initial.pairs", '["e_mu", "mu_tua"]', 'did you mean "mu_tau"?'),
    ("initial.type", '"eigenmod"', 'did you mean "eigenmode"?'),
    ("initial.energy_spectrum.shape", '"Gaussian"', 'did you mean "gaussian"?'),
    ("initial.seeds.type", '"white noise"', "fourier, eigenmode, points, none"),
    ("time.method", '"implicit-midpoint"', 'did you mean "implicit_midpoint"?'),
    ("time.method", '""', "rk4, rk5dp, ssp, implicit_midpoint"),
    ("checkpoint.on_failure", '"continu"', 'did you mean "continue"?'),
    ("output.snapshot_fields", '["rho", "forces"]', 'did you mean "force"?'),
]

VALUES: list[tuple[Settings, list[str]]] = [
    *(({key: value}, [f"expected {expected}, found {found}"]) for key, value, expected, found in WRONG_TYPE),
    *(({key: value}, ["must ", limit]) for key, value, limit in OUT_OF_RANGE),
    *(({key: value}, ["must be one of", fragment]) for key, value, fragment in INVALID_CHOICE),
    # keys and sections
    ({"grid.z.lenght": "20.0"}, ["unknown key", "did you mean grid.z.length?"]),
    ({"initial.seeds.sigm": "1e-4"}, ["unknown key", "did you mean initial.seeds.sigma?"]),
    ({"grid.momentum.half_width": "40.0"}, ["unknown key", "did you mean grid.momentum.energy.half_width?"]),
    ({"output.method": '"rk4"'}, ["unknown key", "did you mean time.method?"]),
    ({"time.colour_of_the_sky": "1"}, ["unknown key", "nuvlasov describe"]),
    ({"time.end": "{ at = 1.0 }"}, ["is a parameter, not a section", "end = value in [time]"]),
    ({"units.density": "1e33"}, ["unknown key", "nuvlasov describe"]),
    # what must agree
    ({"units.neutrino_density": "1e33", "units.temperature": "5.0"}, ["is given as well", "one of the two"]),
    ({"units.reference_energy": "15.0"}, ["means nothing without mu", "units.temperature"]),
    (
        {"grid.momentum.energy.reference": "1e9", "units.temperature": "5.0", "units.reference_energy": "15.0"},
        ["15 MeV are 7.96", "grid.momentum.energy.reference = 1e+09", "one of the two"],
    ),
    (
        {
            "units.neutrino_density": "1e33",
            "units.reference_energy": "1e-20",
            "grid.momentum.energy.half_width": "40.0",
        },
        ["40 is larger than the reference 7.89016e-11"],
    ),
    ({"equation.terms": '["streaming", "refraction", "streaming"]'}, ["names streaming twice"]),
    ({"equation.terms": '["streaming", "group_velocity"]'}, ["vanishes", '"beams"', "leave it out"]),
    *(
        ({"equation.mode": '"standard"', "equation.terms": f'["{term}"]'}, [term, "standard equation", '"full"'])
        for term in ("weak_force", "group_velocity")
    ),
    (
        {"equation.mode": '"standard"', "equation.dissipation.energy": "0.1"},
        ["nothing in the standard equation", '"full"'],
    ),
    ({"equation.mode": '"standard"', "equation.vacuum.delta_m2": "1.0", "equation.terms": '["vacuum_velocity"]'}, ["standard equation", '"full"']),
    *(({"equation.terms": f'["streaming", "{term}"]'}, [term, "without masses", "equation.vacuum.delta_m2"]) for term in ("vacuum", "vacuum_velocity")),
    ({"equation.matter.lambda": "1.0", "equation.matter.slope": "0.1", "equation.matter.profile": '"linear"'}, ["periodic", '"cosine"', "grid.z.boundaries"]),
    ({"grid.z.boundaries": '"open"', "equation.vacuum.delta_m2": "1.0"}, ["through its ends in the full equation", '"standard"', '"periodic"']),
    (
        {"equation.matter.profile": '"cosine"', "equation.matter.lambda": "1.0", "equation.matter.amplitude": "0.5", "equation.matter.mode": "33"},
        ["33 waves", "64 cells", "at most 32"],
    ),
    *(
        ({"equation.matter.profile": '"table"', "equation.matter.path": f'"{name}.csv"'}, [f"{name}.csv{line}: ", *fragments])
        for name, line, fragments in [
            ("none", "", ["cannot read"]),
            ("narrow_matter", "", ["the table is for z = 0 to 10", "20"]),
            ("step_matter", "", ["1 at z = 0, but 2 at z = 20", "both ends"]),
            ("negative_matter", ":2", ["z must be finite and not negative, found -1"]),
        ]
    ),
    ({"grid.momentum.species": '["nu"]'}, ["has 1 values", "2 directions in grid.momentum.directions"]),
    (SPECTRUM | {"initial.antinu_e.number": "0.5"}, ["no direction is that of antineutrinos", "grid.momentum.species"]),
    (
        {"grid.momentum.geometry": '"spherical"', "grid.momentum.directions": ABSENT} | SPECTRUM | {"initial.antinu_x.number": "0.5"},
        ["no direction is that of antineutrinos", "grid.momentum.antineutrinos = true"],
    ),
    ({"equation.vacuum.theta_13": "0.1"}, ["has no effect with equation.flavors = 2", "belongs to 3"]),
    (
        {"equation.flavors": "3"} | SPECTRUM | {"initial.nu_x.number": "0.5"},
        ["has no effect with equation.flavors = 3", "belongs to 2"],
    ),
    ({"equation.flavors": "3", "initial.pairs": "[]"}, ["names none", "initial.seeds.type"]),
    (
        EIGENMODE | {"equation.flavors": "3", "initial.mode_number": "0", "initial.pairs": '["e_tau", "mu_tau"]'},
        ["no such mode grows between any", "nuvlasov dispersion"],
    ),
    ({"initial.zeta": "[-0.5]"}, ["has 1 values", "2 directions in grid.momentum.directions"]),
    ({"grid.momentum.weights": "[1.0, 1.0, 1.0]"}, ["has 3 values", "2 directions"]),
    ({"initial.occupation": "[0.5, 0.5, 0.5]"}, ["has 3 values", "2 directions"]),
    ({"initial.occupation": "[0.5, 0.4]"}, ["0.4 of beam 2", "|zeta| = 0.5"]),
    *(
        ({"grid.momentum.geometry": '"spherical"', "grid.momentum.directions": ABSENT} | settings, fragments)
        for settings, fragments in [
            ({"initial.zeta": "[-0.5, 0.5]"}, ["has 2 values", "16 directions in grid.momentum.angles"]),
            (
                EIGENMODE | {"initial.zeta": ABSENT, "initial.mode_number": "-1"},
                ["mode -1 does not grow", "no mode of this box does", "nuvlasov dispersion"],
            ),
            (
                SPECTRUM | {"grid.momentum.angular_operator": '"spectral"', "parallel.ranks_angle": "2"},
                ["all directions", "split z or energy", "sn"],
            ),
            *(
                (SPECTRUM | {"grid.momentum.direction_range": limits}, ["[lowest, highest]"])
                for limits in ("[0.5]", "[0.5, 0.5]", "[1.0, -1.0]", "[-1.0, 0.0, 1.0]")
            ),
        ]
    ),
    ({"grid.momentum.energy.cells": "1"}, ["full mode", "more than 6 cells, found 1", "standard"]),
    ({"grid.momentum.order": "8", "grid.momentum.energy.cells": "8"}, ["order 8 needs more than 8 cells, found 8"]),
    ({"grid.z.cells": "6"}, ["more than 6 cells, found 6"]),
    # open boundaries
    (OPEN | {"grid.z.order": "8"}, ["no operator of order 8", "2, 4 or 6"]),
    *(
        (OPEN | {"grid.z.order": order, "initial.seeds.max_mode": "1", "grid.z.cells": cells}, [f"at least {least} nodes"])
        for order, cells, least in [("2", "2", 3), ("4", "7", 8), ("6", "11", 12)]
    ),
    (OPEN | {"equation.dissipation.z": "0.1"}, ["periodic boundaries", "set it to 0"]),
    (OPEN | {"equation.terms": '["refraction", "weak_force"]'}, ["streaming", "nothing crosses", "periodic"]),
    (OPEN | {"initial.seeds.type": '"eigenmode"'}, ["modes of the periodic box", '"fourier" or "points"']),
    (
        OPEN | EIGENMODE,
        ["modes of the periodic box", '"fourier" or "points"'],
    ),
    (
        OPEN | FROM_FILE | {"initial.path": '"none.h5"', "grid.z.inflow": '"initial"'},
        ["does not tell seeds from the rest", '"vacuum"'],
    ),
    ({"initial.z_profile.shape": '"gaussian"', "initial.z_profile.center": "10.0", "initial.z_profile.width": "0.3"}, ["0.3 is less than a cell in z, 0.3125"]),
    ({"grid.z.cells": "9223372036854775807"}, ["unknowns"]),
    ({"grid.momentum.energy.half_width": "1001.0"}, ["1001 is larger than the reference 1000"]),
    ({"grid.momentum.energy.half_width": "6.0"}, ["touches the spectrum", "diagnostics.edge_limit = 1.0e-08", "widen"]),
    ({"initial.energy_spectrum.width": "1e-9"}, ["vanishes on every cell"]),
    ({"initial.seeds.max_mode": "33"}, ["33 modes", "64 cells", "at most 32"]),
    ({"initial.seeds.max_mode": "9223372036854775807"}, ["at most 32"]),
    ({"initial.seeds.type": '"eigenmode"', "initial.seeds.max_mode": "33"}, ["33 modes", "at most 32"]),
    (EIGENMODE | {"initial.mode_number": "0"}, ["mode 0 does not grow", "fastest-growing is -3"]),
    (EIGENMODE | {"initial.mode_number": "-7"}, ["mode -7 does not grow", "with rate 0.998"]),
    (
        {"initial.zeta": "[0.5, 0.5]", "initial.seeds.type": '"eigenmode"'},
        ["no mode up to max_mode = 8 grows", "no mode of this box does"],
    ),
    (
        {"initial.seeds.max_mode": "0", "initial.seeds.type": '"eigenmode"'},
        ["no mode up to max_mode = 0 grows", "fastest-growing is -3"],
    ),
    ({"initial.zeta": "[-1e308, 1e308]"} | EIGENMODE, ["too large to be added"]),
    (EIGENMODE | {"initial.mode_number": "32"}, ["mode 32", "none beyond 31"]),
    (EIGENMODE | {"initial.mode_number": "-32"}, ["mode -32", "none beyond 31"]),
    (EIGENMODE | {"initial.mode_number": "-9223372036854775808"}, ["none beyond 31"]),
    ({"time.step": "0.1", "time.safety": "0.5"}, ["no effect", "one of the two"]),
    ({"output.snapshot_fields": '["rho", 2]'}, ["expected list of strings, found integer"]),
    ({"output.snapshot_fields": '["rho", "force", "rho"]'}, ["names rho twice"]),
    ({"output.snapshot_interval": "0.1", "output.snapshot_fields": "[]"}, ["must not be empty"]),
    (
        {"equation.mode": '"standard"', "output.snapshot_fields": '["flux"]'},
        ["flux needs the gradient of rho in momentum", 'equation.mode = "full"', "leave it out"],
    ),
    ({"checkpoint.interval_wall": '"30 parsecs"'}, ["30min, 2h", '"30 parsecs"']),
    ({"time.wall_limit": '"-1h"'}, ["30min, 2h", '"-1h"']),
    # keys of another choice
    *(
        (chosen | {key: value}, [f"has no effect with {selector}; it belongs to {owners}"])
        for chosen, key, value, selector, owners in [
            ({}, "grid.momentum.angles", "8", 'grid.momentum.geometry = "beams"', '"spherical"'),
            ({}, "grid.momentum.antineutrinos", "true", 'grid.momentum.geometry = "beams"', '"spherical"'),
            ({}, "equation.matter.amplitude", "1.0", 'equation.matter.profile = "none"', '"cosine"'),
            ({}, "initial.antinu_e.number", "0.5", 'initial.type = "two_beam"', '"spectrum"'),
            ({}, "initial.mode_number", "-2", 'initial.type = "two_beam"', '"eigenmode"'),
            ({}, "initial.nu_x.number", "0.5", 'initial.type = "two_beam"', '"spectrum"'),
            (EIGENMODE, "initial.nu_e.number", "0.5", 'grid.momentum.geometry = "beams"', '"spherical"'),
            (EIGENMODE, "initial.seeds.sigma", "0.1", 'initial.type = "eigenmode"', '"two_beam" or "spectrum"'),
            (SPECTRUM, "initial.nu_e.center", "0.5", 'initial.nu_e.shape = "isotropic"', '"gaussian" or "exponential"'),
            ({}, "grid.z.inflow", '"vacuum"', 'grid.z.boundaries = "periodic"', '"open"'),
            ({}, "initial.z_profile.width", "2.0", 'initial.z_profile.shape = "uniform"', '"gaussian"'),
            (EIGENMODE, "initial.z_profile.shape", '"gaussian"', 'initial.type = "eigenmode"', '"two_beam" or "spectrum"'),
            ({}, "initial.seeds.positions", "[1.0]", 'initial.seeds.type = "fourier"', '"points"'),
            ({}, "initial.energy_spectrum.temperature", "5.0", 'initial.energy_spectrum.shape = "gaussian"', '"fermi_dirac"'),
            ({}, "time.solver_tolerance", "1e-9", 'time.method = "rk4"', '"implicit_midpoint"'),
        ]
    ),
    # spectra and seeds
    (SPECTRUM | {"initial.nu_x.center": "0.0", "initial.nu_x.width": "1e-9", "initial.nu_x.shape": '"gaussian"'}, ["vanishes in all directions"]),
    (ENERGY_TABLE | {"initial.energy_spectrum.shape": '"fermi_dirac"', "initial.energy_spectrum.temperature": "0.5"}, ["vanishes on every cell"]),
    (POINTS | {"initial.seeds.width": "1.0", "initial.seeds.positions": "[1.0, 20.0]"}, ["20 is not in the box, 0 <= z < 20"]),
    (POINTS | {"initial.seeds.positions": "[1.0]", "initial.seeds.width": "0.3"}, ["0.3 is not between a cell, 0.3125"]),
    (POINTS | {"initial.seeds.positions": "[1.0]", "initial.seeds.width": "20.1"}, ["and the box, 20"]),
    ({"initial.occupation": "[0.5, 0.6]", "initial.seeds.pure": "true"}, ["direction 2 holds several flavors", "nu_e 0.55, nu_x 0.05"]),
    (SPECTRUM | {"initial.seeds.pure": "true"}, ["direction 1 holds several flavors"]),
    # tables
    *(
        (TABLE | {"initial.nu_e.path": f'"{name}.csv"'}, [f"initial.nu_e.path: {name}.csv{line}: ", *fragments])
        for name, line, fragments in [
            ("none", "", ["cannot read"]),
            ("empty", "", ["needs two lines with numbers, found 0"]),
            ("single", "", ["needs two lines with numbers, found 1"]),
            ("words", ":3", ["expected two numbers, v and a value", '"0.5 much"']),
            ("three", ":2", ["expected two numbers", '"0.5 1.0 2.0"']),
            ("turning", ":4", ["v must rise or fall", "0.1 follows 0.5"]),
            ("wide", ":2", ["v must be between -1 and 1, found 1.5"]),
            ("negative", ":2", ["not negative, found -0.25"]),
            ("nan", ":2", ["finite", "nan"]),
            ("narrow", "", ["the table is for v = -0.5 to 1, but the grid has v = -1"]),
        ]
    ),
    (TABLE | {"initial.nu_e.path": f'"{EARLIER}"'}, [f"{EARLIER}: is a directory"]),
    (TABLE | {"initial.nu_e.path": '"zero.csv"'}, ["vanishes in all directions"]),
    (TABLE | {"initial.nu_e.path": '"nan.h5"'}, ["nan.h5:2: expected two numbers"]),
    *(
        (ENERGY_TABLE | {"initial.energy_spectrum.path": f'"{name}.csv"'}, [f"{name}.csv{line}: ", *fragments])
        for name, line, fragments in [
            ("negative_energy", ":1", ["E must be finite and not negative, found -1"]),
            ("narrow_energy", "", ["the table is for E = 980 to 1020, but the grid has E = 961.25"]),
        ]
    ),
    (ENERGY_TABLE | {"initial.energy_spectrum.path": '"zero_energy.csv"'}, ["vanishes on every cell"]),
    # initial files
    (FROM_FILE | {"initial.path": '"none.h5"'}, ["none.h5: no such file"]),
    (FROM_FILE | {"initial.path": '"text.h5"'}, ["text.h5: not an HDF5 file"]),
    (FROM_FILE | {"initial.path": '"foreign.h5"'}, ["foreign.h5: has no dataset 'rho'"]),
    (FROM_FILE | {"initial.path": '"integers.h5"'}, ["integers.h5", "does not hold real numbers"]),
    (FROM_FILE | {"initial.path": '"group.h5"'}, ["group.h5: has no dataset 'rho'"]),
    *(
        (
            FROM_FILE | {"initial.path": f'"short_{axis}.h5"'},
            [f"short_{axis}.h5", "has the shape", shape, "[64, 32, 2, 4]"],
        )
        for axis, shape in [
            ("z", "[63, 32, 2, 4]"),
            ("energy", "[64, 31, 2, 4]"),
            ("angle", "[64, 32, 1, 4]"),
            ("component", "[64, 32, 2, 3]"),
        ]
    ),
    (FROM_FILE | {"initial.path": '"flat.h5"'}, ["has the shape [16384]"]),
    (
        FROM_FILE | {"grid.momentum.species": '["nu", "nubar"]', "initial.path": '"zeros.h5"'},
        ["other directions are those of antineutrinos", "[1, 1]", "[1, -1]"],
    ),
    # PETSc options
    ({"petsc.log_views": "true"}, ["PETSc does not use it"]),
    ({"petsc.ts_type": '"rkk"'}, ["PETSc does not accept", "rkk"]),
    ({"petsc.ts_max_steps": '"many"'}, ["PETSc does not accept", "many"]),
    ({"time.method": '"rk5dp"', "petsc.ts_rk_type": '"5g"'}, ["PETSc does not accept", "5g", "5dp"]),
    ({"petsc.ts_dt": "-0.1"}, ["the time step must be positive"]),
    ({"petsc.ts_max_steps": "[5]"}, ["expected a string, number or boolean, found array"]),
    ({'petsc."ts max steps"': "5"}, ["not the name of a PETSc option"]),
]

# What no state may hold.
STATES: list[tuple[Settings, list[str]]] = [
    ({"initial.zeta": "[-20.0, 20.0]"}, ["occupation number", "cannot exceed 1"]),
    ({"initial.occupation": "[40.0, 40.0]"}, ["occupation number", "cannot exceed 1"]),
    (SPECTRUM | {"initial.nu_x.number": "30.0", "initial.nu_e.number": "0.0"}, ["occupation number", "cannot exceed 1"]),
    ({"initial.zeta": "[0.0, 0.0]"}, ["holds no neutrinos"]),
    (SPECTRUM | {"initial.nu_x.number": "0.0", "initial.nu_e.number": "0.0"}, ["holds no neutrinos"]),
    ({"initial.seeds.sigma": "0.1"}, ["|P| exceeds P0", "diagnostics.negativity_limit = 0.05", "lower the seeds"]),
    (POINTS | {"initial.seeds.positions": "[3.0]", "initial.seeds.width": "1.0", "initial.seeds.sigma": "0.5"}, ["|P| exceeds P0"]),
    (EIGENMODE | {"initial.energy_spectrum.width": "5.0", "initial.mode_number": "-3", "initial.amplitude": "0.5"}, ["|P| exceeds P0"]),
    (FROM_FILE | {"initial.path": '"nan.h5"'}, ["not finite"]),
    (FROM_FILE | {"initial.path": '"full.h5"'}, ["occupation number of the initial state is 1.5"]),
    (FROM_FILE | {"initial.path": '"zeros.h5"'}, ["holds no neutrinos"]),
]

# Seen only once the state is there, when a former run's files could be gone already.
LATE: list[tuple[Settings, list[str]]] = [
    *STATES,
    ({"petsc.ts_typ": '"rk"'}, ["PETSc does not use it in this run; check its spelling"]),
    ({"petsc.snes_type": '"newton"'}, ["PETSc does not accept", "newton"]),
    ({"parallel.ranks_z": "2"}, ["2 does not divide the number of ranks, 1"]),
]


def title(case: object) -> str:
    if isinstance(case, dict):
        return ", ".join(f"{key} = {value}" for key, value in case.items())
    return " ".join(case) if isinstance(case, list) else str(case)


TABLES = {
    "empty": ["# v, g", "v, g", ""],
    "single": ["0.0 1.0"],
    "words": ["v g", "-1.0 0.5", "0.5 much", "1.0 1.0"],
    "three": ["-1.0 0.5", "0.5 1.0 2.0"],
    "turning": ["-1.0 0.5", "", "0.5, 1.0", "0.1, 1.0"],
    "wide": ["-1.0 0.5", "1.5 1.0"],
    "negative": ["-1.0 0.5", "1.0 -0.25"],
    "nan": ["-1.0 0.5", "1.0 nan"],
    "narrow": ["-0.5 0.5", "1.0 0.5"],
    "zero": ["-1.0 0.0", "1.0 0.0"],
    "negative_energy": ["-1.0 0.0", "2000.0 1.0"],
    "narrow_energy": ["980.0 0.0", "1000.0 1.0", "1020.0 0.0"],
    "narrow_matter": ["0.0 1.0", "10.0 1.0"],
    "step_matter": ["0.0 1.0", "20.0 2.0"],
    "negative_matter": ["0.0 1.0", "-1.0 1.0"],
    "zero_energy": ["900.0 0.0", "1100.0 0.0", "1200.0 1.0"],
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with an earlier run and its growth rates, and files that are no good as an initial state."""
    directory = tmp_path_factory.mktemp("bad_input")
    settings = SMALL | {"output.profile_interval": "0.1", "output.snapshot_interval": "0.1"}
    (directory / INPUT).write_text(toml(settings))
    assert nuvlasov("run", INPUT, "--output", EARLIER, cwd=directory).code == 0
    assert nuvlasov("dispersion", INPUT, "--output", EARLIER, cwd=directory).code == 0

    shape = np.array((64, 32, 2, 4))
    with_nan = np.zeros(shape)
    with_nan[33, 0, 1, 2] = np.nan
    tilted = np.zeros(shape)
    tilted[..., :] = (1.0, 0.01, 0.0, 0.5)
    too_full = np.zeros(shape)
    too_full[63, 31, 1] = [2.0, 0.0, 0.6, 0.8]  # eigenvalues 0.5 and 1.5
    datasets = {
        "tilted": ("rho", tilted),
        "foreign": ("temperature", np.zeros(3)),
        "integers": ("rho", np.zeros(shape, dtype=int)),
        "flat": ("rho", np.zeros(shape.prod())),
        "nan": ("rho", with_nan),
        "full": ("rho", too_full),
        "zeros": ("rho", np.zeros(shape)),
    }
    for number, axis in enumerate(["z", "energy", "angle", "component"]):
        datasets[f"short_{axis}"] = ("rho", np.zeros(shape - np.eye(4, dtype=int)[number]))
    for name, (dataset, values) in datasets.items():
        with h5py.File(directory / f"{name}.h5", "w") as file:
            file[dataset] = values
    with h5py.File(directory / "group.h5", "w") as file:
        file.create_group("rho")
    (directory / "text.h5").write_text("not HDF5\n")
    for name, lines in TABLES.items():
        (directory / f"{name}.csv").write_text("\n".join(lines))
    return directory


def check_refused(
    workspace: Path, text: str | bytes, arguments: list[str], fragments: list[str], ranks: int = 0
) -> None:
    (workspace / INPUT).write_bytes(text if isinstance(text, bytes) else text.encode())
    before = contents(workspace)
    outcome: Outcome = nuvlasov(*arguments, cwd=workspace, ranks=ranks)
    assert contents(workspace) == before
    errors = outcome.errors()
    assert (outcome.code, len(errors), outcome.out) == (2, 1, ""), outcome
    assert errors[0].startswith("nuvlasov: ")
    assert [fragment for fragment in fragments if fragment not in errors[0]] == [], errors[0]


def check_setting_refused(
    workspace: Path, settings: Settings, fragments: list[str], arguments: list[str], ranks: int = 0
) -> None:
    settings_all = {key: value for key, value in SMALL.items() if key not in settings} | settings
    blamed = list(settings)[-1]
    place = f"{INPUT}:{line_of(settings_all, blamed)}: {blamed.replace(chr(34), '')}: "
    check_refused(workspace, toml(settings_all), arguments, [place, *fragments], ranks)


@pytest.mark.parametrize("settings, fragments", VALUES, ids=title)
def test_value(workspace: Path, settings: Settings, fragments: list[str]) -> None:
    check_setting_refused(workspace, settings, fragments, ["run", INPUT, "--output", NEW])


@pytest.mark.parametrize("destination", [["--output", NEW], ["--output", EARLIER, "--overwrite"]], ids=" ".join)
@pytest.mark.parametrize("settings, fragments", LATE, ids=title)
def test_state(workspace: Path, settings: Settings, fragments: list[str], destination: list[str]) -> None:
    check_setting_refused(workspace, settings, fragments, ["run", INPUT, *destination])


@pytest.mark.parametrize("settings, fragments", STATES, ids=title)
def test_state_without_running(workspace: Path, settings: Settings, fragments: list[str]) -> None:
    check_setting_refused(workspace, settings, fragments, ["check", INPUT])


def test_every_parameter_is_tried(workspace: Path) -> None:
    text = nuvlasov("describe", "--markdown", cwd=workspace).out
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    cells = [[cell.strip(" `") for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]
    assert {(key, expected) for key, _, expected, _ in WRONG_TYPE} == {(key, type_) for key, type_, *_ in cells}
    limited = {key for key, _, _, _, limits, *_ in cells if limits}
    assert {key for key, *_ in [*OUT_OF_RANGE, *INVALID_CHOICE]} >= limited


@pytest.mark.parametrize("key", ["grid.z.length", "grid.z.cells", "time.end"])
def test_required_key_is_missed(workspace: Path, key: str) -> None:
    text = toml({other: value for other, value in SMALL.items() if other != key})
    check_refused(workspace, text, ["run", INPUT, "--output", NEW], [f"{INPUT}: {key}: is required"])


# Lines after the input SMALL, and which of them is to blame.
@pytest.mark.parametrize(
    "lines, blamed, fragments",
    [
        (["[outptu]", "history_interval = 0.1"], 1, ["outptu: unknown section", "did you mean output?"]),
        (["[grid.zz]", "order = 6"], 1, ["grid.zz: unknown section", "did you mean grid.z?"]),
        (["[[parallel]]", "ranks_z = 1"], 1, ["parallel: is a section"]),
        (["[initial.type]"], 1, ["not valid TOML"]),
        (["[time]", "step = 0.1"], 1, ["not valid TOML", "time"]),
        (["[parallel]", "ranks_z = 1", "ranks_z = 1"], 3, ["not valid TOML", "ranks_z"]),
        (["[diagnostics]", "edge_limit = "], 2, ["not valid TOML"]),
        (["[diagnostics]", "edge_limit 1e-8"], 2, ["not valid TOML"]),
        (["[diagnostics]", "edge_limit = small"], 2, ["not valid TOML"]),
        (["[diagnostics]", "edge_limit = 1e-8 1e-8"], 2, ["not valid TOML"]),
        (["[diagnostics", "edge_limit = 1e-8"], 1, ["not valid TOML"]),
        (["[checkpoint]", 'interval_wall = "30min'], 2, ["not valid TOML"]),
        (["[checkpoint]", r'interval_wall = "\q"'], 2, ["not valid TOML"]),
        (["[checkpoint]", "keep = 99999999999999999999"], 2, ["not valid TOML"]),
        (["[petsc.ts]", "type = 'rk'"], 1, ["petsc.ts: expected a string, number or boolean, found table"]),
    ],
    ids=title,
)
def test_text(workspace: Path, lines: list[str], blamed: int, fragments: list[str]) -> None:
    text = toml(SMALL)
    place = f"{INPUT}:{len(text.splitlines()) + blamed}: "
    check_refused(workspace, text + "\n".join(lines) + "\n", ["run", INPUT, "--output", NEW], [place, *fragments])


@pytest.mark.parametrize("text", [b"", b"\x7fELF\x02\x01\x00\xff\xfe", b"[grid.z]\nlength = \xff\n"], ids=repr)
def test_bytes(workspace: Path, text: bytes) -> None:
    check_refused(workspace, text, ["run", INPUT, "--output", NEW], [INPUT])


@pytest.mark.parametrize(
    "arguments, fragments",
    [
        # commands
        ([], ["--help"]),
        (["rum", INPUT], ["rum: no such command", "did you mean run?"]),
        (["run"], ["INPUT is required"]),
        (["check"], ["INPUT is required"]),
        (["run", INPUT, "--overwite"], ["--overwite: no such option", "did you mean --overwrite?"]),
        (["run", INPUT, "other.toml"], ["other.toml: no such argument"]),
        (["run", INPUT, "--resume"], ["--resume"]),
        (["run", INPUT, "--set"], ["--set"]),
        (["run", INPUT, "--ranks", "4"], ["--ranks requires --dry-run"]),
        (["run", INPUT, "--dry-run", "--ranks", "0"], ["--ranks"]),
        (["run", INPUT, "--dry-run", "--ranks", "many"], ["--ranks"]),
        (["run", INPUT, "--dry-run", "--ranks-per-node", "-1"], ["--ranks-per-node"]),
        (["run", INPUT, "--dry-run", "--memory-per-node", "0"], ["--memory-per-node"]),
        (["run", INPUT, "--dry-run", "--ranks", "97"], ["97 ranks cannot share this grid"]),
        (["check", INPUT, "--overwrite"], ["--overwrite: no such option"]),
        # files
        (["run", "none.toml"], ["none.toml: cannot read"]),
        (["check", "none.toml"], ["none.toml: cannot read"]),
        (["check", EARLIER], [f"{EARLIER}: is a directory"]),
        (["check", "text.h5"], ["text.h5:1: not valid TOML"]),
        (["info"], ["FILE is required"]),
        (["info", "none.h5"], ["none.h5: no such file"]),
        (["info", EARLIER], [EARLIER]),
        (["info", "text.h5"], ["text.h5: not an HDF5 file"]),
        (["info", "foreign.h5"], ["foreign.h5: not written by nuvlasov"]),
        # growth rates
        (["dispersion"], ["INPUT is required"]),
        (["dispersion", "none.toml"], ["none.toml: cannot read"]),
        (["dispersion", INPUT, "--point", "5"], ["--point: no such option", "did you mean --points?"]),
        (["dispersion", INPUT, "--output", NEW, "--points", "1"], ["--points 1: must be >= 2"]),
        (["dispersion", INPUT, "--output", NEW, "--pair", "e_mu"], ["--pair e_mu: is for equation.flavors = 3"]),
        (["dispersion", INPUT, "--output", NEW, "--k-max", "inf"], ["--k-max inf: must be finite"]),
        (
            ["dispersion", INPUT, "--output", NEW, "--k-min", "1", "--k-max", "-1"],
            ["--k-min 1: must be below --k-max -1"],
        ),
        (["dispersion", INPUT, "--output", NEW, "--k-min", "9"], ["--k-min 9: nothing grows there", "give both"]),
        (["dispersion", INPUT, "--output", NEW, "--k-max", "-9"], ["--k-max -9: nothing grows there", "give both"]),
        (["dispersion", INPUT, "--output", NEW, "--set", "time.end=soon"], ["time.end: expected real"]),
        (["dispersion", INPUT, "--output", EARLIER], [f"--output {EARLIER}: ", "dispersion.h5 is there already"]),
        (["dispersion", INPUT, "--output", INPUT], [f"--output {INPUT}: ", "is not a directory"]),
        (["dispersion", INPUT, "--set", f"output.directory={EARLIER}"], ["output.directory: ", "is there already"]),
        *(
            (
                [
                    *("dispersion", INPUT, "--overwrite", "--output", EARLIER),
                    *("--set", "initial.type=file", "--set", f"initial.path={name}.h5"),
                ],
                ["initial.path: ", fragment],
            )
            for name, fragment in [
                ("none", "none.h5: no such file"),
                ("flat", "has the shape"),
                ("nan", "not finite"),
                ("tilted", "the mean transverse polarization is 0.02 of the largest polarization"),
            ]
        ),
        # parameters
        (["describe", "grid.z.lenght"], ["grid.z.lenght", "did you mean grid.z.length?"]),
        (["describe", "outptu"], ["outptu", "did you mean output?"]),
        (["check", INPUT, "--set", "time.end"], ["--set time.end: expected key=value"]),
        (["check", INPUT, "--set", "=1"], ["--set =1: expected key=value"]),
        (["check", INPUT, "--set", "time end=1"], ["--set time end=1: expected key=value"]),
        (["check", INPUT, "--set", "time..end=1"], ["--set time..end=1: "]),
        (
            ["check", INPUT, "--set", "time.ent=1"],
            ["--set time.ent=1: time.ent: unknown key", "did you mean time.end?"],
        ),
        (["check", INPUT, "--set", "time.end=soon"], ["--set time.end=soon: time.end: expected real, found string"]),
        (["check", INPUT, "--set", "time.end="], ["time.end: expected real, found string"]),
        (["check", INPUT, "--set", "time.end=-1"], ["--set time.end=-1: time.end: must be >= 0, found -1"]),
        (["check", INPUT, "--set", "time=1"], ["--set time=1: time: is a section"]),
        (
            ["check", INPUT, "--set", "initial.occupation=[0.1, 0.1]"],
            ["--set initial.occupation=[0.1, 0.1]: initial.occupation: 0.1 of beam 1"],
        ),
        # where a run may go
        (
            ["run", INPUT, "--resume", "never", "--output", EARLIER],
            [f"--output {EARLIER}: ", "already holds a run (history.h5)", "--overwrite"],
        ),
        (["run", INPUT, "--resume=never", "--set", f"output.directory={EARLIER}"], ["output.directory: ", "already holds a run"]),
        (["run", INPUT, "--output", INPUT], [f"--output {INPUT}: ", "is not a directory"]),
        (["run", INPUT, "--output", f"{INPUT}/deep/er"], [f"{INPUT} is not a directory"]),
        (["run", INPUT, "--output", ""], ["--output", "must not be empty"]),
        (["run", INPUT, "--set", "output.directory="], ["output.directory: must not be empty"]),
        (
            [
                "run",
                INPUT,
                "--overwrite",
                "--output",
                EARLIER,
                "--set",
                "initial.type=file",
                "--set",
                f"initial.path={EARLIER}/snapshots/000001.h5",
            ],
            ["initial.path: ", "part of the run that --overwrite would remove"],
        ),
        (["run", INPUT, "--resume", f"{EARLIER}/checkpoints/000001.h5"], ["--resume", "no such file"]),
        # PETSc options
        (["run", INPUT, "--output", NEW, "--", "-ts_typ", "rk"], ["-ts_typ", "PETSc does not use it"]),
        (["run", INPUT, "--output", NEW, "--", "-theta"], ["-theta", "PETSc does not use it"]),
        (["run", INPUT, "--output", NEW, "--", "-ts_type", "rkk"], ["-ts_type", "Unknown TS type: rkk"]),
        (["run", INPUT, "--output", NEW, "--", "-ts_max_steps", "1.5"], ["-ts_max_steps", "1.5 has no integer value"]),
        (["run", INPUT, "--output", NEW, "--", "-ts_dt", "0"], ["-ts_dt", "must be positive"]),
        (["run", INPUT, "--output", NEW, "--", "ts_type", "rk"], ["ts_type: not a PETSc option"]),
        (["run", INPUT, "--output", NEW, "--", "-ts_rk_type", "5dp", "extra"], ["extra: not a PETSc option"]),
        (["run", INPUT, "--output", NEW, "--", "-options_file", "none"], ["-options_file: no such file"]),
    ],
    ids=title,
)
def test_command_line(workspace: Path, arguments: list[str], fragments: list[str]) -> None:
    check_refused(workspace, toml(SMALL), arguments, fragments)


# Several ranks agree, and one of them speaks. With order 6 each rank needs three cells of a split axis.
@pytest.mark.parametrize(
    "ranks, settings, fragments",
    [
        (2, {"time.step": "-0.1"}, ["must be > 0, found -0.1"]),
        (2, {"parallel.ranks_z": "3"}, ["3 does not divide the number of ranks, 2"]),
        (4, {"parallel.ranks_angle": "2"}, ["2 cells with a stencil of 3", "at most 1 ranks"]),
        (
            4,
            {"grid.z.cells": "8", "initial.seeds.max_mode": "2", "parallel.ranks_z": "4"},
            ["8 cells with a stencil of 3", "at most 2 ranks"],
        ),
        (
            4,
            OPEN | {"grid.z.cells": "20", "initial.seeds.max_mode": "2", "parallel.ranks_z": "4"},
            ["4 ranks, but 20 cells with 6 of them at an open end", "at most 3"],
        ),
        (4, {"parallel.ranks_z": "2", "parallel.ranks_energy": "4"}, ["4 does not divide the 2", "of 4 ranks"]),
        (2, {"petsc.ts_type": '"rkk"'}, ["Unknown TS type: rkk"]),
        (2, FROM_FILE | {"initial.path": '"nan.h5"'}, ["not finite"]),
        (2, FROM_FILE | {"initial.path": '"text.h5"'}, ["not an HDF5 file"]),
        (2, TABLE | {"initial.nu_e.path": '"none.csv"'}, ["none.csv: cannot read"]),
        (2, TABLE | {"initial.nu_e.path": '"turning.csv"'}, ["turning.csv:4: "]),
        (2, EIGENMODE | {"initial.mode_number": "-7"}, ["mode -7 does not grow"]),
    ],
    ids=title,
)
def test_setting_on_several_ranks(workspace: Path, ranks: int, settings: Settings, fragments: list[str]) -> None:
    arguments = ["run", INPUT, "--output", EARLIER, "--overwrite"]
    check_setting_refused(workspace, settings, fragments, arguments, ranks)


@pytest.mark.parametrize(
    "ranks, settings, arguments, fragments",
    [
        (
            4,
            {
                "grid.z.cells": "7",
                "initial.seeds.max_mode": "2",
                "equation.mode": '"standard"',
                "grid.momentum.energy.cells": "1",
            },
            ["run", INPUT, "--output", NEW],
            ["4 ranks cannot share this grid", "z (7 cells) takes at most 2"],
        ),
        (
            4,
            {"parallel.ranks_z": "2", "parallel.ranks_energy": "1"},
            ["run", INPUT, "--output", NEW],
            ["4 ranks cannot share this grid", "z is to have 2"],
        ),
        (2, {"grid.z.length": "21.0"}, ["run", INPUT, "--output", EARLIER], ["already holds a run"]),
        (2, {}, ["rum", INPUT], ["did you mean run?"]),
        (2, {}, ["dispersion", INPUT, "--output", EARLIER], ["is there already"]),
        (2, FROM_FILE | {"initial.path": '"tilted.h5"'}, ["dispersion", INPUT], ["mean transverse"]),
        (2, {}, ["check", "none.toml"], ["none.toml: cannot read"]),
        (2, {"initial.seeds.sigma": "0.1"}, ["check", INPUT], ["|P| exceeds P0"]),
        (
            2,
            {},
            ["check", INPUT, "--set", "initial.type=file", "--set", "initial.path=full.h5"],
            ["occupation number of the initial state is 1.5"],
        ),
        (2, {}, ["run", INPUT, "--output", NEW, "--", "-ts_typ", "rk"], ["PETSc does not use it"]),
    ],
    ids=title,
)
def test_command_on_several_ranks(
    workspace: Path, ranks: int, settings: Settings, arguments: list[str], fragments: list[str]
) -> None:
    check_refused(workspace, toml(SMALL | settings), arguments, fragments, ranks)
