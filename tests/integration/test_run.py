"""Whole runs: what they leave, that it can be read, used again and reproduced, and how they fail."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as xml
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray

from command import ABSENT, EIGENMODE, FROM_FILE, SMALL, SPECTRUM, Settings, contents, nuvlasov, toml

SOURCE = Path(__file__).resolve().parents[2]

# t = 0, 0.1, ... 0.5 in the history, snapshots at 0, 0.2, 0.4 and the end.
FULL = SMALL | {
    "initial.seeds.sigma": "1e-2",
    "time.end": "0.5",
    "output.profile_interval": "0.1",
    "output.snapshot_interval": "0.2",
    "output.snapshot_fields": '["rho", "flux", "force", "force_trace"]',
}
FILES = ["config.toml", "history.h5", "profiles.h5", "run.log", "snapshots.xdmf"]
SNAPSHOTS = [f"snapshots/{n:06}.h5" for n in range(4)]
HDF5 = ["history.h5", "profiles.h5", *SNAPSHOTS]


def run(directory: Path, settings: Settings, *arguments: str, ranks: int = 0, name: str = "run") -> Path:
    """Runs to the end; returns the run directory."""
    (directory / f"{name}.toml").write_text(toml(settings))
    outcome = nuvlasov("run", f"{name}.toml", *arguments, cwd=directory, ranks=ranks)
    assert (outcome.code, outcome.errors()) == (0, []), outcome
    return directory / "runs" / name


def history(directory: Path) -> dict[str, np.ndarray]:
    with h5py.File(directory / "history.h5") as file:
        return {name: column[:] for name, column in file.items()}


def assert_same_history(left: Path, right: Path) -> None:
    a, b = history(left), history(right)
    assert a.keys() == b.keys()
    assert [name for name in a if a[name].tobytes() != b[name].tobytes()] == []


@pytest.fixture(scope="module")
def full_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tmp_path_factory.mktemp("full"), FULL, ranks=2)


# --- describe, check, --dry-run, info --------------------------------------------------------------------------------


def test_describe_explains_one_parameter_a_section_or_all(tmp_path: Path) -> None:
    texts = [nuvlasov("describe", *key, cwd=tmp_path).out for key in (["grid.z.order"], ["grid.z"], [])]
    keys = [re.findall(r"^[a-z_.]+$", text, flags=re.MULTILINE) for text in texts]
    assert keys[0] == ["grid.z.order"]
    assert keys[1] == [f"grid.z.{key}" for key in ("length", "cells", "order", "boundaries", "inflow")]
    assert set(keys[2]) > set(keys[1])
    assert all(word in texts[0] for word in ("integer", "default: 6", "2, 4, 6, 8"))


@pytest.mark.parametrize("path", sorted((SOURCE / "inputs").glob("*.toml")), ids=lambda path: path.stem)
def test_check_of_what_check_prints_prints_the_same(tmp_path: Path, path: Path) -> None:
    first = nuvlasov("check", path, cwd=tmp_path)
    (tmp_path / "resolved.toml").write_text(first.out)
    second = nuvlasov("check", "resolved.toml", cwd=tmp_path)
    assert (first.code, second.code, first.err, second.err) == (0, 0, "", "")
    assert first.out == second.out
    assert "length = " in first.out


def test_check_keeps_what_set_gave(tmp_path: Path) -> None:
    (tmp_path / "input.toml").write_text(toml(SMALL))
    given = ["time.end=1e-17", 'output.directory=a "b" \\c', "petsc.ts_monitor=true", "petsc.ts_rk_type=5dp"]
    arguments = [word for override in given for word in ("--set", override)]
    resolved = nuvlasov("check", "input.toml", *arguments, cwd=tmp_path).out
    (tmp_path / "resolved.toml").write_text(resolved)
    assert nuvlasov("check", "resolved.toml", cwd=tmp_path).out == resolved
    assert "end = 1e-17 " in resolved


SPHERICAL: Settings = SMALL | SPECTRUM | {
    "grid.momentum.directions": ABSENT,
    "grid.momentum.geometry": '"spherical"',
    "grid.momentum.angles": "8",
    "initial.nu_x.shape": '"gaussian"',
}


@pytest.mark.parametrize(
    "ranks, settings, operator",
    [
        (0, {}, "spectral"),
        (0, {"grid.momentum.angular_operator": '"sn"'}, "S_N"),
        (2, {}, "spectral"),
        (2, {"parallel.ranks_angle": "2"}, "S_N"),
        (2, {"parallel.ranks_z": "1", "parallel.ranks_energy": "1"}, "S_N"),
    ],
)
def test_angular_operator_is_chosen_by_the_ranks_and_said(
    tmp_path: Path, ranks: int, settings: Settings, operator: str
) -> None:
    (tmp_path / "input.toml").write_text(toml(SPHERICAL | settings))
    outcome = nuvlasov("run", "input.toml", "--dry-run", cwd=tmp_path, ranks=ranks)
    assert outcome.code == 0, outcome
    assert re.search(f"^angular +{operator}", outcome.out, flags=re.MULTILINE), outcome.out


@pytest.mark.parametrize("ranks", [0, 2])
def test_dry_run_estimates_and_writes_nothing(tmp_path: Path, ranks: int) -> None:
    (tmp_path / "input.toml").write_text(toml(SMALL))
    before = contents(tmp_path)
    outcome = nuvlasov("run", "input.toml", "--dry-run", cwd=tmp_path, ranks=ranks)
    assert (outcome.code, outcome.errors()) == (0, [])
    assert all(word in outcome.out for word in ("memory", "snapshot", "step", "estimate", "nothing was written"))
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "name, times",
    [
        ("history.h5", "6 from t = 0 to 0.5"),
        ("profiles.h5", "6 from t = 0 to 0.5"),
        (SNAPSHOTS[1], "1 from t = 0.2 to 0.2"),
    ],
)
def test_info_names_kind_times_and_version(full_run: Path, name: str, times: str) -> None:
    outcome = nuvlasov("info", name, cwd=full_run)
    assert (outcome.code, outcome.err) == (0, "")
    version = nuvlasov("--version", cwd=full_run).out.split()[1]
    for fragment in (times, version, "PETSc", "2 (z) x 1 (energy) x 1 (angle)", "half_width = 40.0"):
        assert fragment in outcome.out


# --- what a run leaves ---------------------------------------------------------------------------------------------


def test_run_leaves_its_files_and_no_others(full_run: Path) -> None:
    assert sorted(contents(full_run)) == sorted([*FILES, "snapshots", *SNAPSHOTS])
    assert "results" in (full_run / "run.log").read_text()


@pytest.mark.parametrize("name", HDF5)
def test_file_opens_in_xarray_with_names_and_units(full_run: Path, name: str) -> None:
    with xarray.open_dataset(full_run / name, engine="h5netcdf") as data:
        assert set(data.dims) <= {"time", "z", "energy", "angle", "component", "flavor"}
        assert data.sizes["time"] == (1 if name in SNAPSHOTS else 6)
        for variable in data.variables.values():
            assert variable.attrs["long_name"]
            assert variable.attrs["units"]
        assert data.attrs["config"] == (full_run / "config.toml").read_text()
        if name in SNAPSHOTS:
            for field in ("rho", "flux", "force"):
                assert data[field].dims == ("z", "energy", "angle", "component")
                assert data[field].shape == (64, 32, 2, 4)
            assert data["force_trace"].dims == ("z", "energy", "angle")
            assert list(data["component"].values) == ["P0", "Px", "Py", "Pz"]
        if name == "profiles.h5":
            assert list(data["flavor"].values) == ["nu_e", "nu_x"]


def test_xdmf_describes_the_snapshots(full_run: Path) -> None:
    root = xml.parse(full_run / "snapshots.xdmf").getroot()
    assert [float(time.get("Value")) for time in root.iter("Time")] == pytest.approx([0.0, 0.2, 0.4, 0.5])
    references = [item for item in root.iter("DataItem") if item.get("Format") == "HDF"]
    assert len(references) == len(SNAPSHOTS) * (3 + 3 * 4 + 1)
    for item in references:
        path, _, dataset = item.text.partition(":")
        with h5py.File(full_run / path) as file:
            assert list(file[dataset].shape) == [int(n) for n in item.get("Dimensions").split()]
            assert file[dataset].dtype == float
    for slab in (item for item in root.iter("DataItem") if item.get("ItemType") == "HyperSlab"):
        start, stride, count = np.fromstring(slab[0].text, sep=" ", dtype=int).reshape(3, 4)
        assert list(count[:3]) == [int(n) for n in slab.get("Dimensions").split()]
        assert (start + stride * (count - 1) < [int(n) for n in slab[1].get("Dimensions").split()]).all()


def central_difference(f: np.ndarray, axis: int, spacing: float, periodic: bool) -> np.ndarray:
    """Order 6, with nothing beyond the ends of an axis that is not periodic."""
    sum_ = np.zeros_like(f)
    for m, weight in ((1, 3 / 4), (2, -3 / 20), (3, 1 / 60)):
        for shift, sign in ((-m, 1), (m, -1)):
            moved = np.roll(f, shift, axis)
            if not periodic:
                ends = [slice(None)] * f.ndim
                ends[axis] = slice(shift, None) if shift < 0 else slice(0, shift)
                moved[tuple(ends)] = 0.0
            sum_ += sign * weight / spacing * moved
    return sum_


@pytest.mark.parametrize("snapshot, row", [(SNAPSHOTS[1], 2), (SNAPSHOTS[3], 5)])
def test_fluxes_in_a_snapshot_are_equations_20_to_22(full_run: Path, snapshot: str, row: int) -> None:
    with h5py.File(full_run / snapshot) as file:
        rho, flux, force, trace, v = (file[name][:] for name in ("rho", "flux", "force", "force_trace", "angle"))
        weights = file["energy_weight"][:][:, None] * file["angle_weight"][:]
        dz, spacing = file.attrs["box_length"] / rho.shape[0], file.attrs["energy_spacing"]

    moment = [np.einsum("ek,jekc->jc", weights * v**n, rho) * (3, 1, 1, 1) for n in (0, 1)]
    omega = (moment[0][:, None] - v[:, None] * moment[1][:, None])[:, None]

    def jordan(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        vector = a[..., :1] * b[..., 1:] + b[..., :1] * a[..., 1:]
        return np.concatenate([(a * b).sum(-1, keepdims=True), vector], -1) / 2

    d_z = central_difference(rho, 0, dz, periodic=True)
    d_p = v[:, None] * central_difference(rho, 1, spacing, periodic=False)
    for found, expected in ((flux, jordan(omega, d_p)), (force, jordan(omega, d_z)), (trace, force[..., 0])):
        assert np.abs(expected).max() > 1e-6
        assert np.abs(found - expected).max() < 1e-13 * np.abs(expected).max()

    columns = history(full_run)
    power = dz * (weights * v * trace).sum()
    # A sum of terms of both signs; and the term of the equation as well as the window's edges are empty: there are
    # 1e-14 of the neutrinos, at 40 mu.
    rounding = 1e-13 * dz * (weights * np.abs(trace)).sum()
    assert power == pytest.approx(columns["kinetic_energy_rate_eq22"][row], rel=0, abs=rounding)
    assert power == pytest.approx(columns["kinetic_energy_rate_weak_force"][row], rel=0, abs=1e-11)


def test_snapshots_hold_the_fields_asked_for_the_same_on_any_ranks(full_run: Path, tmp_path: Path) -> None:
    settings = FULL | {"output.snapshot_fields": '["force_trace", "flux"]'}
    directory = run(tmp_path, settings)
    for name in SNAPSHOTS:
        with h5py.File(directory / name) as alone, h5py.File(full_run / name) as together:
            assert set(together) - set(alone) == {"rho", "force"}
            for field in ("force_trace", "flux"):
                assert np.array_equal(alone[field], together[field])


def test_standard_mode_has_the_force_of_the_missing_term(tmp_path: Path) -> None:
    settings = FULL | {"equation.mode": '"standard"', "output.snapshot_fields": '["force_trace"]'}
    directory = run(tmp_path, settings)
    with h5py.File(directory / SNAPSHOTS[3]) as file:
        weights = file["energy_weight"][:][:, None] * file["angle_weight"][:] * file["angle"][:]
        power = file.attrs["box_length"] / 64 * (weights * file["force_trace"][:]).sum()
    assert power == pytest.approx(history(directory)["kinetic_energy_rate_eq22"][5], rel=1e-10)


@pytest.mark.parametrize("geometry", ["beams", "spherical"])
def test_spectra_of_each_flavor_are_those_of_its_neutrinos(full_run: Path, tmp_path: Path, geometry: str) -> None:
    directory = full_run
    if geometry == "spherical":
        of_beams = ("grid.momentum.directions", "initial.zeta")
        settings = {key: value for key, value in FULL.items() if key not in of_beams} | {
            "grid.momentum.geometry": '"spherical"',
            "grid.momentum.angles": "6",
            "grid.momentum.energy.reference": "50.0",
            "initial.type": '"spectrum"',
            "initial.nu_x.shape": '"gaussian"',
        }
        directory = run(tmp_path, settings, ranks=2)
    columns = history(directory)
    with h5py.File(directory / "profiles.h5") as file:
        spectrum, dn_de, dn_dv = (file[name][:] for name in ("spectrum", "energy_spectrum", "angular_spectrum"))
        energy, v = file["energy"][:], file["angle"][:]
        energy_weight, angle_weight = file["energy_weight"][:], file["angle_weight"][:]
        spacing, reference = file.attrs["energy_spacing"], file.attrs["reference_energy"]
    measure = (1 + energy / reference) ** 2 if geometry == "spherical" else np.ones_like(energy)
    assert energy_weight == pytest.approx(spacing * measure, rel=1e-14)
    for flavor, (name, sign) in enumerate((("nu_e", 1), ("nu_x", -1))):
        rho = (spectrum[..., 0] + sign * spectrum[..., 3]) / 2
        assert dn_de[..., flavor] == pytest.approx((rho * angle_weight).sum(-1) * measure, rel=1e-12)
        assert dn_dv[..., flavor] == pytest.approx((rho * energy_weight[:, None]).sum(-2), rel=1e-12)
        number = columns[f"number_{name}"]
        assert (dn_de[..., flavor] * spacing).sum(-1) == pytest.approx(number, rel=1e-12)
        moments = {
            f"mean_energy_relative_{name}": (dn_de[..., flavor] * spacing * energy).sum(-1),
            f"mean_direction_{name}": (dn_dv[..., flavor] * angle_weight * v).sum(-1),
            f"mean_squared_direction_{name}": (dn_dv[..., flavor] * angle_weight * v**2).sum(-1),
        }
        for column, moment in moments.items():
            assert columns[column] == pytest.approx(moment / number, rel=1e-11, abs=1e-12), column


# --- growth rates -----------------------------------------------------------------------------------------------------

DISPERSION = ["dispersion.csv", "dispersion.h5"]


def dispersion(directory: Path, settings: Settings, *arguments: str, ranks: int = 0, name: str = "run") -> xarray.Dataset:
    """Writes the growth rates of an input to directory/name; returns what dispersion.h5 holds."""
    (directory / f"{name}.toml").write_text(toml(settings))
    outcome = nuvlasov("dispersion", f"{name}.toml", "--output", name, *arguments, cwd=directory, ranks=ranks)
    assert (outcome.code, outcome.errors()) == (0, []), outcome
    assert sorted(contents(directory / name)) == DISPERSION
    assert all(f"{name}/{file}" in outcome.out for file in DISPERSION)
    with xarray.open_dataset(directory / name / "dispersion.h5", engine="h5netcdf") as data:
        return data.load()


def test_dispersion_holds_growth_rates_of_two_beams(tmp_path: Path) -> None:
    data = dispersion(tmp_path, SMALL | {"initial.zeta": "[-0.4, 0.6]"}, "--points", "101")
    k = data["wave_number"].values
    assert k.size == 101
    # Eq. (11): middle -1, half width 2 sqrt(0.24). Omega is known to rounding, but for its square root at the edges.
    squared = 4.0 * 0.24 - (k + 1.0) ** 2
    growth = np.sqrt(np.maximum(squared, 0.0))
    np.testing.assert_allclose(data["growth_rate"], growth, rtol=0.0, atol=1e-6)
    np.testing.assert_allclose(data["frequency"], np.where(growth > 0.0, -0.2, np.nan), rtol=0.0, atol=1e-12)
    assert (squared[0] < 0.0) and (squared[-1] < 0.0)
    n = data["box_mode"].values
    assert n.tolist() == list(range(-6, 0))
    np.testing.assert_allclose(data["box_wave_number"], 2.0 * np.pi * n / 20.0, rtol=1e-15)
    psi = data["eigenvector_real"] + 1j * data["eigenvector_imag"]
    moment = (psi * data["weight"]).sum("angle", skipna=False)
    np.testing.assert_allclose(moment, np.where(growth > 0.0, 2.0 * k, np.nan), rtol=0.0, atol=1e-12)
    assert data["all_growth_rates"].dims == ("wave_number", "mode")
    np.testing.assert_array_equal(data["polarization"], [-0.4, 0.6])
    for variable in data.variables.values():
        assert variable.attrs["long_name"] and variable.attrs["units"]
    table = np.genfromtxt(tmp_path / "run/dispersion.csv", delimiter=",", names=True)
    assert table.dtype.names == ("wave_number_mu", "growth_rate_mu", "frequency_mu")
    for column in table.dtype.names:
        np.testing.assert_array_equal(table[column], data[column.removesuffix("_mu")])


def test_dispersion_is_the_same_on_two_ranks_and_may_be_replaced(tmp_path: Path) -> None:
    alone = dispersion(tmp_path, SMALL)
    again = dispersion(tmp_path, SMALL, "--overwrite", ranks=2)
    xarray.testing.assert_equal(alone, again)
    assert nuvlasov("info", "run/dispersion.h5", cwd=tmp_path).out.count("nuvlasov dispersion") == 1


@pytest.mark.parametrize(
    "settings, arguments, said",
    [
        ({}, [], "n = -6 to -1, 6 in all;\n    the fastest is n = -3, k = -0.942478, with growth rate 0.998344"),
        ({}, ["--k-min", "0.1", "--k-max=0.7"], "nothing grows"),
        ({"initial.zeta": "[0.5, 0.5]"}, [], "401 wave numbers from -2 to 2\nnothing grows"),
        ({"grid.z.length": "3.0"}, [], "no mode k = 2 pi n/L grows; the fastest wave has the length 6.283"),
        ({"grid.z.length": "300.0"}, [], "64 cells hold |n| <= 31, |k| <= 0.6493, but more grows beyond"),
        (EIGENMODE | {"initial.mode_number": "9"}, [], "n = -6 to -1"),
        (
            SPECTRUM
            | {
                "initial.nu_e.number": "0.4",
                "initial.nu_x.number": "0.1",
                "grid.momentum.directions": "[-1.0, 1.0]",
                "initial.nu_x.shape": '"gaussian"',
            },
            [],
            "coupling sum w |P^z| = 0.3",
        ),
    ],
)
def test_dispersion_says_what_grows_in_the_box(
    tmp_path: Path, settings: Settings, arguments: list[str], said: str
) -> None:
    (tmp_path / "input.toml").write_text(toml(SMALL | settings))
    outcome = nuvlasov("dispersion", "input.toml", *arguments, cwd=tmp_path)
    assert (outcome.code, outcome.err) == (0, "")
    assert said in outcome.out
    assert sorted(contents(tmp_path / "runs/input")) == DISPERSION


def test_dispersion_of_a_snapshot_is_that_of_its_average_over_z(tmp_path: Path) -> None:
    settings = FULL | {"initial.seeds.sigma": "1e-4", "time.end": "0.0"}
    snapshot = run(tmp_path, settings) / SNAPSHOTS[0]
    of_input = dispersion(tmp_path, settings, name="of_input")
    start = FROM_FILE | {"initial.seeds.sigma": ABSENT, "initial.path": f'"{snapshot}"'}
    of_file = dispersion(tmp_path, settings | start, name="of_file")
    for name in ("wave_number", "growth_rate", "polarization", "box_growth_rate"):
        np.testing.assert_allclose(of_file[name], of_input[name], rtol=0.0, atol=1e-6)
    assert of_file["growth_rate"].max() > 0.99


def test_post_processing_draws_the_growth_rates(tmp_path: Path) -> None:
    dispersion(tmp_path, SMALL)
    done = subprocess.run(
        [os.environ["NUVLASOV_POST"], "dispersion", tmp_path / "run"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "run/figures/dispersion.png").is_file()


# --- initial spectra from files --------------------------------------------------------------------------------------


def test_tables_of_the_analytic_spectra_run_like_those(tmp_path: Path) -> None:
    v = np.array([-1.0, -0.375, 0.5, 0.875])
    energy = 1000.0 + 2.5 * (np.arange(32) + 0.5) - 40.0
    spectrum = {key: value for key, value in SMALL.items() if key != "initial.zeta"} | {
        "grid.momentum.directions": str(v.tolist()),
        "initial.type": '"spectrum"',
        "initial.nu_e.number": "1.0",
        "initial.nu_x.number": "0.8",
        "initial.nu_x.shape": '"gaussian"',
        "initial.seeds.sigma": "1e-3",
    }
    analytic = spectrum | {
        "initial.nu_e.shape": '"linear"',
        "initial.nu_e.flux_factor": "0.3",
        "initial.nu_x.width": "0.6",
    }
    tables = {key: value for key, value in spectrum.items() if key != "initial.energy_spectrum.width"} | {
        "initial.nu_e.shape": '"table"',
        "initial.nu_e.path": '"nu_e.csv"',
        "initial.nu_x.shape": '"table"',
        "initial.nu_x.path": '"nu_x.csv"',
        "initial.energy_spectrum.shape": '"table"',
        "initial.energy_spectrum.path": '"energy.txt"',
    }
    np.savetxt(tmp_path / "nu_e.csv", np.c_[v, 1.0 + 0.9 * v], delimiter=",", header="v,g", comments="")
    np.savetxt(tmp_path / "nu_x.csv", np.c_[v, 5.0 * np.exp(-((v - 1.0) ** 2) / 0.72)][::-1], delimiter=", ")
    np.savetxt(tmp_path / "energy.txt", np.c_[energy, np.exp(-((energy - 1000.0) ** 2) / 50.0)], header="E f(E)")
    left = history(run(tmp_path, analytic, name="analytic"))
    right = history(run(tmp_path, tables, ranks=2, name="tables"))
    # Roundings of exp and of the norms, each below 1e-15, grow by much less than a factor of ten until t = 0.2.
    for column in ("number", "momentum_z", "u_non", "u_osc", "u_osc_transverse", "purity", "entropy"):
        assert np.abs(right[column] - left[column]).max() < 2e-14 * np.abs(left[column]).max(), column
    assert np.abs(np.diff(left["u_osc_transverse"])).min() > 1e-6 * np.abs(left["u_osc"]).max()


def test_point_seed_in_a_box_grows_as_linear_theory_says(tmp_path: Path) -> None:
    angles, end, mode = 16, 100.0, 5
    overrides = [
        f"grid.momentum.angles={angles}",
        "grid.z.cells=200",
        "initial.seeds.sigma=1e-6",
        f"time.end={end}",
        "time.step=0.25",
        "output.history_interval=50.0",
        "output.profile_interval=50.0",
    ]
    arguments = [word for override in overrides for word in ("--set", override)]
    assert nuvlasov("run", SOURCE / "inputs/box_1d.toml", *arguments, "--output", "box", cwd=tmp_path).code == 0
    with h5py.File(tmp_path / "box/profiles.h5") as file:
        density, z = file["polarization_density"][:], file["z"][:]
    # d psi_v/dt = i (omega_z - k v) psi_v - i G_v sum' w' (1 - v v') psi_v', from Eq. (1) around P^z = G
    v, w = np.polynomial.legendre.leggauss(angles)
    nu_e, nu_x = (np.exp(-((v - 1.0) ** 2) / (2.0 * width**2)) for width in (0.6, 0.5))
    g = nu_e / (w @ nu_e) - 0.9 * nu_x / (w @ nu_x)
    coupling = w * (1.0 - np.outer(v, v))
    k = 2.0 * np.pi * mode / 200.0
    matrix = 1j * (np.diag(coupling @ g - k * v) - g[:, None] * coupling)
    rates, modes = np.linalg.eig(matrix)
    fastest = rates.real.argmax()
    psi = ((density[..., 1] + 1j * density[..., 2]) * np.exp(-1j * k * z)[None, :, None]).mean(axis=1)
    amplitude = psi @ np.linalg.inv(modes)[fastest]
    # Order 6 in z: t k (k dz)^6/140 = 1.7e-6; RK4: t |rate|^5 dt^4/120 = 1e-9; the seeds' square, grown: 1e-8.
    growth = np.exp(rates[fastest] * np.array([0.0, 0.5 * end, end]))
    assert np.abs(amplitude / amplitude[0] / growth - 1.0).max() < 2e-6
    assert rates[fastest].real == pytest.approx(0.0436, abs=1e-4)


# --- using it again -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("snapshot, row", [(SNAPSHOTS[1], 2), (SNAPSHOTS[3], 5)])
def test_snapshot_is_an_initial_state_to_the_bit(full_run: Path, tmp_path: Path, snapshot: str, row: int) -> None:
    start = ["initial.type=file", f"initial.path={full_run / snapshot}", "time.end=0.0"]
    overrides = [word for override in start for word in ("--set", override)]
    again = history(run(tmp_path, FULL, *overrides, ranks=2))
    for column in ("u_osc", "u_non", "kinetic_energy", "number", "purity"):
        assert again[column][0] == history(full_run)[column][row], column


def test_config_runs_the_same_run_again(full_run: Path, tmp_path: Path) -> None:
    outcome = nuvlasov("run", full_run / "config.toml", "--output", tmp_path / "again", cwd=tmp_path, ranks=2)
    assert outcome.code == 0
    assert_same_history(full_run, tmp_path / "again")
    assert (tmp_path / "again/config.toml").read_text() == (full_run / "config.toml").read_text()


def test_overwrite_replaces_the_run_and_nothing_else(full_run: Path, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    shutil.copytree(full_run, tmp_path / "runs/run")
    (tmp_path / "runs/run/notes.txt").write_text("mine")
    directory = run(tmp_path, SMALL, "--overwrite")
    assert sorted(contents(directory)) == ["config.toml", "history.h5", "notes.txt", "run.log"]
    assert len(history(directory)["time"]) == 3


@pytest.mark.parametrize("command", ["budget", "figure1"])
def test_post_processing_reads_a_run(full_run: Path, tmp_path: Path, command: str) -> None:
    done = subprocess.run(
        [os.environ["NUVLASOV_POST"], command, full_run, "--output", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / f"{command}.pdf").is_file()


# --- terms, dissipation, strong coupling -----------------------------------------------------------------------------


def test_dissipation_is_a_line_of_the_summary_and_of_the_history(tmp_path: Path) -> None:
    settings = FULL | {"equation.dissipation.z": "0.5", "equation.dissipation.energy": "0.1"}
    directory = run(tmp_path, settings | {"output.history_interval": "0.01"})
    log = (directory / "run.log").read_text()
    assert "dissipation 0.5 in z, 0.1 mu in energy" in log
    columns = history(directory)
    rate = sum(columns[f"{energy}_rate_dissipation"] for energy in ("kinetic_energy", "u_osc", "u_non"))
    taken = (0.5 * (rate[1:] + rate[:-1]) * np.diff(columns["time"])).sum()
    said = float(re.search(r"dissipation ([-+.e\d]+) mu, by its rates", log).group(1))
    assert said == pytest.approx(taken, rel=1e-2)  # three digits are printed
    assert abs(taken) > 1e-6
    # The trapezoidal rule leaves about (h w)^2/12 of it, with waves of up to w = k_max = 5.
    total = columns["total_energy_relative"]
    assert total[-1] - total[0] == pytest.approx(taken, rel=1e-3)
    assert columns["purity"][-1] < columns["purity"][0]
    assert abs(columns["number_rate_dissipation"]).max() < 1e-12 * columns["number"][0]


def test_terms_that_are_left_out_are_left_out(tmp_path: Path) -> None:
    directory = run(tmp_path, SMALL | {"equation.terms": '["streaming", "weak_force"]'})
    log = (directory / "run.log").read_text()
    assert "terms      streaming, weak_force alone" in log
    assert "not the whole equation" in log
    rates = {name.partition("_rate_")[2] for name in history(directory) if name.startswith("purity_rate_")}
    assert rates == {"streaming", "weak_force"}


STRONG = {
    "grid.z.length": "4.0",
    "grid.z.cells": "16",
    "grid.momentum.geometry": '"spherical"',
    "grid.momentum.angles": "4",
    "grid.momentum.energy.reference": "10.0",
    "grid.momentum.energy.half_width": "9.0",
    "initial.type": '"spectrum"',
    "initial.energy_spectrum.width": "1.2",
    "time.end": "20.0",
    "output.history_interval": "10.0",
}


@pytest.mark.parametrize(
    "settings, warned",
    [
        ({}, True),
        ({"grid.momentum.energy.reference": "1e6"}, False),
        ({"time.end": "0.1"}, False),
        ({"equation.dissipation.z": "100.0"}, False),
        ({"equation.terms": '["streaming", "refraction"]'}, False),
    ],
)
def test_strong_coupling_is_warned_of_at_the_start(tmp_path: Path, settings: Settings, warned: bool) -> None:
    beams = ("grid.momentum.directions", "initial.zeta")
    strong = {key: value for key, value in SMALL.items() if key not in beams} | STRONG | settings
    directory = run(tmp_path, strong)
    warnings = [line for line in (directory / "run.log").read_text().splitlines() if "strong coupling" in line]
    assert len(warnings) == warned
    if warned:
        assert warnings[0].startswith("WARNING: ")
        for word in ("grid.momentum.energy.reference", "grid.z.cells", "equation.dissipation.z"):
            assert word in warnings[0]


# --- PETSc options --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings, options, steps, said",
    [
        ({}, ["-ts_type", "rk", "-ts_rk_type", "5f"], None, "TS rk"),
        ({}, ["-ts_type", "ssp"], None, "TS ssp"),
        ({}, ["-ts_max_steps", "1"], 1, "1 steps"),
        ({}, ["-ts_dt", "0.02"], 10, "step 0.02"),
        ({"petsc.ts_dt": "0.05"}, [], 4, "step 0.05"),
        ({"petsc.ts_dt": "0.05"}, ["-ts_dt", "0.1"], 2, "step 0.1"),
        ({}, ["-ts_monitor"], None, "TS dt"),
        ({"petsc.ts_monitor": "true"}, [], None, "TS dt"),
        ({}, ["-log_view"], None, "TSStep"),
    ],
)
def test_petsc_option_is_obeyed(
    tmp_path: Path, settings: Settings, options: list[str], steps: int | None, said: str
) -> None:
    (tmp_path / "input.toml").write_text(toml(SMALL | settings))
    outcome = nuvlasov("run", "input.toml", *(["--", *options] if options else []), cwd=tmp_path)
    assert (outcome.code, outcome.err) == (0, "")
    assert said in outcome.out
    if steps is not None:
        assert history(tmp_path / "runs/input")["step"][-1] == steps


# The midpoint rule has one solution; solvers find it to their tolerances. Newton's is 1e-8 of the first residual,
# dt |drho/dt|, so that U_osc follows to better than 1e-9 of itself.
@pytest.mark.parametrize(
    "options",
    [
        ["-snes_type", "newtonls", "-snes_mf", "-ksp_rtol", "1e-6"],
        ["-snes_type", "newtonls"],
        ["-snes_type", "newtontr", "-snes_mf"],
    ],
    ids=" ".join,
)
def test_newton_krylov_agrees_with_the_fixed_point(tmp_path: Path, options: list[str]) -> None:
    settings = FULL | {"time.method": '"implicit_midpoint"', "output.snapshot_interval": "0.0"}
    fixed_point = history(run(tmp_path, settings, name="fixed_point"))["u_osc"]
    newton = history(run(tmp_path, settings, "--", *options, name="newton"))["u_osc"]
    assert np.abs(newton - fixed_point).max() < 1e-9 * abs(fixed_point[0])
    assert np.abs(np.diff(fixed_point)).max() > 1e-5 * abs(fixed_point[0])


# --- failing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings, ranks, message",
    [
        ({"time.step": "5.0", "time.end": "2000.0", "output.history_interval": "5.0"}, 0, "no longer finite"),
        ({"time.step": "5.0", "time.end": "2000.0", "output.history_interval": "5.0"}, 2, "no longer finite"),
        ({"time.step": "500.0", "time.end": "2e3", "time.method": '"implicit_midpoint"'}, 0, "did not converge"),
        ({"time.step": "500.0", "time.end": "2e3", "time.method": '"implicit_midpoint"'}, 2, "did not converge"),
    ],
)
def test_numerical_failure_is_said_once_and_leaves_a_history(
    tmp_path: Path, settings: Settings, ranks: int, message: str
) -> None:
    (tmp_path / "input.toml").write_text(toml(SMALL | settings))
    outcome = nuvlasov("run", "input.toml", cwd=tmp_path, ranks=ranks)
    assert outcome.code == 3
    (error,) = outcome.errors()
    assert error.startswith("nuvlasov: ") and message in error and "time.step" in error
    columns = history(tmp_path / "runs/input")
    assert len(columns["time"]) >= 1
    assert all(np.isfinite(values).all() and len(values) == len(columns["time"]) for values in columns.values())


def test_step_far_above_the_history_interval_gives_one_row_each(tmp_path: Path) -> None:
    # Homogeneous aligned beams do not change: any step is stable.
    settings = SMALL | {"time.step": "1e9", "time.end": "1e10"}
    (tmp_path / "input.toml").write_text(toml(settings))
    assert nuvlasov("run", "input.toml", "--set", "initial.seeds.type=none", cwd=tmp_path).code == 0
    assert history(tmp_path / "runs/input")["step"].tolist() == list(range(11))


@pytest.mark.parametrize("command", ["run", "dispersion"])
@pytest.mark.parametrize("ranks", [0, 2])
def test_directory_that_cannot_be_made_is_an_io_failure(tmp_path: Path, ranks: int, command: str) -> None:
    (tmp_path / "input.toml").write_text(toml(SMALL))
    outcome = nuvlasov(command, "input.toml", "--output", "/proc/nuvlasov", cwd=tmp_path, ranks=ranks)
    assert (outcome.code, outcome.out) == (4, "")
    (error,) = outcome.errors()
    assert error.startswith("nuvlasov: cannot prepare the directory /proc/nuvlasov: ")
