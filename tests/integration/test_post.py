"""Post-processing of real runs: budgets that add up to the ledger, figures of runs that were stopped, and readers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import xarray

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "apps"))

import nuvlasov_post  # noqa: E402
from command import (  # noqa: E402
    ABSENT,
    ALONE,
    DONE,
    EIGENMODE,
    PROGRAM,
    RESUBMIT,
    SMALL,
    SPECTRUM,
    Settings,
    nuvlasov,
    toml,
)
from nuvlasov_post import cli, directions, fourier, ledger, shift, spectrum  # noqa: E402
from nuvlasov_post.run import Rows, open_profiles, read_rows  # noqa: E402

PATIENCE = 60  # seconds
TWO_BEAM = SMALL | {
    "initial.seeds.sigma": "1e-2",
    "time.end": "4.0",
    "output.profile_interval": "0.1",
    "output.snapshot_interval": "2.0",
}
SPHERICAL = (
    TWO_BEAM
    | SPECTRUM
    | {
        "grid.momentum.directions": ABSENT,
        "grid.momentum.geometry": '"spherical"',
        "grid.momentum.angles": "6",
        "grid.momentum.energy.reference": "500.0",
        "initial.nu_x.shape": '"gaussian"',
        "initial.nu_x.center": "1.0",
        "initial.nu_x.width": "0.6",
        "equation.dissipation.z": "0.2",
    }
)
OF_THREE = {name: value for name, value in SPHERICAL.items() if not name.startswith("initial.nu_x.")} | {
    "equation.flavors": "3",
    "grid.momentum.antineutrinos": "true",
    "initial.nu_e.number": "0.5",
    "initial.nu_mu.number": "0.4",
    "initial.nu_tau.number": "0.2",
    "initial.antinu_e.number": "0.3",
    "initial.antinu_mu.number": "0.1",
    "initial.antinu_tau.number": "0.1",
    "initial.seeds.sigma": "1e-3",
}
COMMANDS = [*cli.RUN_COMMANDS, "figures", "compare"]
MISSING = {"dispersion"}  # figures of what no run here writes
UNFINISHED = {"shift"}  # and of what those that were stopped had not written: a second snapshot


def run(directory: Path, settings: Settings, ranks: int = 0, code: int = DONE) -> Path:
    (directory / "run.toml").write_text(toml(settings))
    outcome = nuvlasov("run", "run.toml", cwd=directory, ranks=ranks)
    assert outcome.code == code, outcome
    return directory / "runs" / "run"


@pytest.fixture(scope="module")
def two_beam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tmp_path_factory.mktemp("two_beam"), TWO_BEAM, ranks=2)


@pytest.fixture(scope="module")
def spherical(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tmp_path_factory.mktemp("spherical"), SPHERICAL)


@pytest.fixture(scope="module")
def three_flavors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tmp_path_factory.mktemp("three_flavors"), OF_THREE)


def shares_of(path: Path) -> directions.Shares:
    with open_profiles(path) as profiles:
        return directions.direction_shares(path, profiles)


# --- budgets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("geometry, ranges", [("two_beam", 2), ("spherical", 2), ("three_flavors", 2)])
def test_budgets_of_all_directions_add_up_to_the_history(
    request: pytest.FixtureRequest, geometry: str, ranges: int
) -> None:
    path = request.getfixturevalue(geometry)
    rows, shares = read_rows(path), shares_of(path)
    assert len(shares.ranges) == ranges
    np.testing.assert_allclose(rows.time, shares.time, rtol=0.0, atol=1e-12)
    columns = {"number": "number", "u_osc": "u_osc", "u_non": "u_non", "entropy": "entropy"}
    for name, column in (columns | {"kinetic_energy": "kinetic_energy_relative"}).items():
        total = shares.values[name].sum(axis=1)
        there = np.isfinite(total)
        assert there.sum() == (3 if name == "entropy" else rows.time.size)
        # Sums of up to 24576 numbers of both signs, none larger than N times the half width.
        size = 40.0 * rows.columns["number"][0]
        np.testing.assert_allclose(total[there], rows.columns[column][there], rtol=0.0, atol=1e-13 * size, err_msg=name)
    found = ledger.term_ledger(rows)
    for energy, terms in (("u_osc", ("streaming", "refraction")), ("u_non", ("streaming",))):
        for term in terms:
            # The same integral of the same rates: energy after momentum, or momentum after energy.
            total = shares.values[f"{energy}_by_{term}"].sum(axis=1)
            np.testing.assert_allclose(total, found.by_term[energy][term], rtol=0.0, atol=1e-12, err_msg=term)
    assert np.abs(shares.change("kinetic_energy")[-1]).max() > 1e-4


def test_both_beams_pay_the_same(two_beam: Path) -> None:
    """z-momentum is conserved, of beams K_+ - K_-; to what RK4 makes of it, and of the budget."""
    forward, backward = shares_of(two_beam).change("kinetic_energy").T
    drift = np.abs(read_rows(two_beam).columns["budget_residual"]).max() * 5.0  # U_osc(0) = -5
    assert np.abs(forward).max() > 1.0
    assert np.abs(forward - backward).max() < max(10.0 * drift, 1e-12)


def ledger_error(directory: Path, interval: float) -> float:
    """What the rates of a run of many small steps do not account for, of the change of K."""
    settings = TWO_BEAM | {
        "time.method": '"rk4"',
        "time.step": "0.0125",
        "time.end": "2.0",
        "output.history_interval": str(interval),
        "output.profile_interval": "0.0",
        "output.snapshot_interval": "0.0",
    }
    directory.mkdir()
    found = ledger.term_ledger(read_rows(run(directory, settings)))
    return float(np.abs(found.residual("kinetic_energy")).max() / np.abs(found.change["kinetic_energy"]).max())


def test_ledger_of_terms_converges_with_the_rows(tmp_path: Path) -> None:
    """To fourth order in the time between rows, while that is far longer than the step."""
    coarse, fine = (ledger_error(tmp_path / str(interval), interval) for interval in (0.2, 0.1))
    assert fine < 1e-4
    # Less than the full 2^4 where the ends, by one-sided cubics, still matter.
    assert coarse / fine > 10.0


def test_tables_are_the_same_on_any_number_of_ranks(
    two_beam: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "save_figure", lambda figure, file, dpi=None: None)
    tables = []
    for name, path in (("two", two_beam), ("one", run(tmp_path, TWO_BEAM))):
        assert cli.main(["budget", str(path), "--output", str(tmp_path / name)]) == 0
        tables.append({file.name: file.read_bytes() for file in sorted((tmp_path / name).glob("*.[ct][se][vx]"))})
    assert list(tables[0]) == [
        "budget.csv",
        "budget_by_direction.csv",
        "budget_by_direction.tex",
        "ledger.csv",
        "ledger.tex",
    ]
    assert tables[0] == tables[1]


# --- figures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("geometry", ["two_beam", "spherical"])
def test_energy_shift_pays_for_refraction(request: pytest.FixtureRequest, geometry: str) -> None:
    """Delta <E> of the spectra is -Delta U/N of the history: the energy that the paper traces, of order mu."""
    path = request.getfixturevalue(geometry)
    with open_profiles(path) as profiles:
        shift = spectrum.energy_spectrum(profiles).shift
    rows = read_rows(path)
    closure = np.abs(rows.columns["budget_residual"]) * abs(rows.columns["u_osc"][0]) / rows.columns["number"][0]
    assert np.abs(shift).max() > 1e-5
    assert np.all(np.abs(shift - spectrum.expected_shift(rows)) < closure + 1e-12)


def test_two_beams_conserve_energy_at_each_place(two_beam: Path) -> None:
    """S = K + U per length obeys the wave equation, at rest at the start: S = (S_0(z - t) + S_0(z + t))/2."""
    found = shift.local_shift(two_beam)
    total = found.energy + found.refraction  # per neutrino: their density is one everywhere
    k = 2.0 * np.pi * np.fft.rfftfreq(found.z.size, found.z[1] - found.z[0])
    assert np.abs(found.change).max() > 0.1
    for time_, values in zip(found.time, total, strict=True):
        moved = np.fft.irfft(np.cos(k * time_) * np.fft.rfft(total[0]), found.z.size)
        # 64 cells for waves of flavor of a few cells: what differences of order 6 make of products of those.
        assert np.abs(values - moved).max() < 1e-2 * np.abs(found.change).max()


def test_fourier_spectrum_of_an_eigenmode_grows_at_its_rate(tmp_path: Path) -> None:
    """Eq. (10): |psi_k|^2 ~ e^(2 gamma t), gamma^2 = (k + 2)(-k) for zeta = -+1/2, at k = 2 pi n/L alone."""
    settings = (
        TWO_BEAM
        | EIGENMODE
        | {
            "initial.seeds.sigma": ABSENT,
            "initial.mode_number": "-3",
            "initial.amplitude": "1e-6",
            "grid.z.order": "8",
            "time.end": "3.0",
        }
    )
    with open_profiles(run(tmp_path, settings)) as profiles:
        found = fourier.fourier_spectrum(profiles)
    k = -6.0 * np.pi / 20.0
    mode = int(np.argmin(np.abs(found.wave_number - k)))
    gamma = 0.5 * np.diff(np.log(found.power[:, mode])) / np.diff(found.time)
    # Differences of order 8: (k dz)^8/630 = 1e-7; the time step makes less; amplitudes squared of 1e-9 are not linear.
    np.testing.assert_allclose(gamma, np.sqrt(-k * (k + 2.0)), rtol=1e-5)
    others = np.delete(found.power, mode, axis=1)
    assert others.max() < 1e-12 * found.power[:, mode].max()


def interrupted(directory: Path, stop: signal.Signals, code: int) -> Path:
    """A run that gets a signal when its history has some rows, between any two of its instructions."""
    settings = TWO_BEAM | {
        "time.end": "4.0e4",
        "output.history_interval": "1.0",
        "output.profile_interval": "2.0",
        "output.snapshot_interval": "1e4",
    }
    (directory / "run.toml").write_text(toml(settings))
    process = subprocess.Popen(
        [PROGRAM, "run", "run.toml"],
        cwd=directory,
        env=os.environ | ALONE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    path = directory / "runs" / "run"
    deadline = time.monotonic() + PATIENCE
    try:
        while rows_of(path) < 2:
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(stop)
        assert process.wait(PATIENCE) == code
    finally:
        process.kill()
    return path


def rows_of(path: Path) -> int:
    """Rows of a history, which is replaced as a whole."""
    if not (path / "history.h5").exists():
        return 0
    with h5py.File(path / "history.h5", "r", locking=False) as file:
        return file["time"].size


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that stopped early on a checkpoint."""
    return interrupted(tmp_path_factory.mktemp("stopped"), signal.SIGTERM, RESUBMIT)


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return interrupted(tmp_path_factory.mktemp("killed"), signal.SIGKILL, -signal.SIGKILL)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("state", ["two_beam", "spherical", "stopped", "killed"])
def test_command_works_on_a_run_that_ended_this_way(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
    state: str,
    command: str,
) -> None:
    path = request.getfixturevalue(state)
    monkeypatch.setattr(cli, "save_figure", lambda figure, file, dpi=None: file.touch())
    others = [str(path)] if command == "compare" else []
    code = cli.main([command, str(path), *others, "--output", str(tmp_path)])
    captured = capsys.readouterr()
    if code != 0:
        assert code == cli.EXIT_BAD_INPUT
        (line,) = captured.err.splitlines()
        damaged = state == "killed" and "profiles.h5: cannot be read" in line  # while it was open for writing
        assert damaged or command in MISSING | (UNFINISHED if state in ("stopped", "killed") else set()), line
        return
    assert list(tmp_path.glob("*.png"))


def test_installed_command_draws_all_figures(two_beam: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [os.environ["NUVLASOV_POST"], "figures", two_beam, "--output", tmp_path, "--dpi", "50"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert {"figure1", "ledger", "spectrum", "fourier"} <= {file.stem for file in tmp_path.glob("*.png")}


# --- readers ---------------------------------------------------------------------------------------------------------

FILES = ["history.h5", "profiles.h5", *(f"snapshots/{n:06}.h5" for n in range(3))]


@pytest.mark.parametrize("name", FILES)
def test_file_opens_in_plain_xarray(two_beam: Path, name: str) -> None:
    with xarray.open_dataset(two_beam / name) as data:
        assert "time" in data.dims and data.attrs["config"] == (two_beam / "config.toml").read_text()


def test_reader_gives_what_plain_xarray_gives(two_beam: Path) -> None:
    opened = nuvlasov_post.open_run(two_beam)
    for name, dataset in (("history.h5", opened.history), ("profiles.h5", opened.profiles)):
        with xarray.open_dataset(two_beam / name, engine="h5netcdf") as plain:
            xarray.testing.assert_identical(dataset, plain)
    for n, part in enumerate(opened.snapshots.rho):
        with h5py.File(two_beam / FILES[2 + n]) as file:
            assert float(part.time) == file["time"][0]
            np.testing.assert_array_equal(part, file["rho"])


def test_reader_follows_a_killed_run(killed: Path) -> None:
    opened = nuvlasov_post.open_run(killed)
    assert opened.snapshots.sizes["time"] == 1
    assert opened.history.sizes["time"] >= 2
    assert opened.config["time"]["end"] == 4.0e4


NO_VTK = "no VTK with an XDMF reader for Python (Debian: python3-paraview): not tested is what ParaView reads"


def read_by_vtk(xdmf: Path) -> Iterator[tuple[float, dict[str, Any]]]:
    """Each time with its meshes by name; a single one has none."""
    vtk_xdmf = pytest.importorskip("vtkmodules.vtkIOXdmf2", reason=NO_VTK)
    from vtkmodules.vtkCommonExecutionModel import vtkStreamingDemandDrivenPipeline

    reader = vtk_xdmf.vtkXdmfReader()
    reader.SetFileName(str(xdmf))
    reader.UpdateInformation()
    for time_ in reader.GetOutputInformation(0).Get(vtkStreamingDemandDrivenPipeline.TIME_STEPS()):
        reader.UpdateTimeStep(time_)
        data = reader.GetOutputDataObject(0)
        if data.IsA("vtkMultiBlockDataSet"):
            blocks = range(data.GetNumberOfBlocks())
            yield time_, {data.GetMetaData(n).Get(data.NAME()): data.GetBlock(n) for n in blocks}
        else:
            yield time_, {"": data}


# Of four beams v = -1, -1, 1, 0.5: by mesh, which of them it has, and their coordinates.
COUNTED = [0.0, 1.0, 2.0, 3.0]  # what does not rise with the number of the beam is no coordinate
MESHES = {
    '["nu", "nubar", "nu", "nubar"]': {"neutrinos": ([0, 2], [-1.0, 1.0]), "antineutrinos": ([1, 3], [-1.0, 0.5])},
    '["nu", "nu", "nubar", "nubar"]': {"neutrinos": ([0, 1], COUNTED[:2]), "antineutrinos": ([2, 3], COUNTED[:2])},
    '["nubar", "nu", "nu", "nu"]': {"neutrinos": ([1, 2, 3], COUNTED[:3]), "antineutrinos": ([0], [-1.0])},
    '["nubar", "nu", "nu", "nubar"]': {"neutrinos": ([1, 2], [-1.0, 1.0]), "antineutrinos": ([0, 3], [-1.0, 0.5])},
    '["nu", "nu", "nubar", "nu"]': {"": ([0, 1, 2, 3], COUNTED)},  # no stride leads to all of nu alone
    '["nubar", "nubar", "nubar", "nubar"]': {"": ([0, 1, 2, 3], COUNTED)},
    ABSENT: {"": ([0, 1, 2, 3], COUNTED)},
}


@pytest.mark.parametrize("species", ["two beams", *MESHES])
def test_xdmf_is_what_vtk_reads(
    two_beam: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, species: str
) -> None:
    vtk_to_numpy = pytest.importorskip("vtkmodules.util.numpy_support", reason=NO_VTK).vtk_to_numpy
    path, meshes, expected_times = two_beam, {"": ([0, 1], [-1.0, 1.0])}, [0.0, 2.0, 4.0]
    if species in MESHES:
        four_beams = {
            "grid.momentum.directions": "[-1.0, -1.0, 1.0, 0.5]",
            "grid.momentum.species": species,
            "initial.zeta": "[-0.5, 0.1, 0.5, 0.9]",
            "time.end": "0.1",
            "output.snapshot_interval": "0.1",
        }
        path, meshes, expected_times = run(tmp_path, TWO_BEAM | four_beams), MESHES[species], [0.0, 0.1]
    monkeypatch.chdir(tmp_path)  # paths are relative to the file, not to where ParaView runs
    times = []
    for n, (time_, found) in enumerate(read_by_vtk(path / "snapshots.xdmf")):
        times.append(time_)
        assert list(found) == list(meshes)
        with h5py.File(path / FILES[2 + n]) as file:
            rho, energy, z = (file[name][:] for name in ("rho", "energy", "z"))
        for name, (beams, coordinate) in meshes.items():
            mesh, part = found[name], rho[:, :, beams]
            assert mesh.GetDimensions() == part.shape[2::-1]
            for axis, expected in (("X", coordinate), ("Y", energy), ("Z", z)):
                np.testing.assert_array_equal(vtk_to_numpy(getattr(mesh, f"Get{axis}Coordinates")()), expected)
            for c, component in enumerate(("P0", "Px", "Py", "Pz")):
                values = vtk_to_numpy(mesh.GetPointData().GetArray(f"rho_{component}"))
                np.testing.assert_array_equal(values.reshape(part.shape[:-1]), part[..., c])
    assert times == pytest.approx(expected_times)
