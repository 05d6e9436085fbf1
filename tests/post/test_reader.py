"""The reader: datasets that wait until they are asked, snapshots along time, and installation from the tree."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray

import nuvlasov_post
from conftest import TIME, history_columns, write_snapshot
from nuvlasov_post import reader
from nuvlasov_post.run import RunError

MakeRun = Callable[..., Path]
APPS = Path(nuvlasov_post.__file__).parents[1]
SHAPE = (6, 5, 2, 4)  # z, energy, angle, component


@pytest.fixture
def run(make_run: MakeRun) -> Path:
    """A complete run with three snapshots, whose order of names is not that of their times."""
    run = make_run(config='[grid.z]\ncells = 40\n[equation]\nmode = "full"\n')
    for number, time in enumerate((0.0, 20.0, 10.0)):
        write_snapshot(run, number, time, np.random.default_rng(number).normal(size=SHAPE))
    (run / "snapshots" / "000003.h5.partial").write_bytes(b"half")
    return run


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Numbers of values that were read from files."""
    counts: list[int] = []
    read = reader.LazyStack._read_file

    def counted(self: reader.LazyStack, path: Path, key: tuple) -> np.ndarray:
        values = read(self, path, key)
        counts.append(values.size)
        return values

    monkeypatch.setattr(reader.LazyStack, "_read_file", counted)
    return counts


def stored(run: Path) -> np.ndarray:
    """rho of the snapshots, in the order of time."""
    return np.stack([h5py.File(run / "snapshots" / f"00000{n}.h5")["rho"][:] for n in (0, 2, 1)])


def test_history_and_profiles_are_what_the_files_hold(run: Path) -> None:
    opened = nuvlasov_post.open_run(run)
    for name, dataset in (("history.h5", opened.history), ("profiles.h5", opened.profiles)):
        with xarray.open_dataset(run / name, engine="h5netcdf") as plain:
            xarray.testing.assert_identical(dataset, plain)
    assert opened.config == {"grid": {"z": {"cells": 40}}, "equation": {"mode": "full"}}


def test_snapshots_are_stacked_along_time(run: Path) -> None:
    snapshots = nuvlasov_post.open_run(run).snapshots
    assert snapshots.rho.dims == ("time", "z", "energy", "angle", "component")
    assert snapshots.time.values.tolist() == [0.0, 10.0, 20.0]
    assert list(snapshots.component.values) == ["P0", "Px", "Py", "Pz"]
    assert snapshots.energy_weight.dims == ("energy",)
    np.testing.assert_array_equal(snapshots.rho.values, stored(run))


@pytest.mark.parametrize(
    "key",
    [
        np.s_[1],
        np.s_[-1, ::2, 1:4, 0],
        np.s_[::2, 3],
        np.s_[[2, 0], :, 1],
        np.s_[[1, 1]],
        np.s_[:0, 2],
        np.s_[..., 3],
        np.s_[:, ::-1],
        np.s_[1:, [4, 0, 4]],
    ],
)
def test_any_part_is_what_numpy_takes(run: Path, key: object) -> None:
    np.testing.assert_array_equal(nuvlasov_post.open_run(run).snapshots.rho[key].values, stored(run)[key])


def test_only_what_is_asked_for_is_read(run: Path, reads: list[int]) -> None:
    snapshots = nuvlasov_post.open_run(run).snapshots
    trace = snapshots.rho.sel(component="P0").isel(time=1)
    profiles = nuvlasov_post.open_run(run).profiles.polarization_density.isel(z=3)
    assert reads == []
    assert trace.sum().values == pytest.approx(stored(run)[1, ..., 0].sum(), rel=1e-13)
    assert sum(reads) == np.prod(SHAPE[:-1])
    reads.clear()
    profiles.load()
    assert sum(reads) == profiles.size


def test_files_stay_closed(run: Path) -> None:
    """What is not open can be written by the run, and replaced."""
    opened = nuvlasov_post.open_run(run)
    history, profiles, snapshots = opened.history, opened.profiles, opened.snapshots
    for name in ("history.h5", "profiles.h5", "snapshots/000000.h5"):
        with h5py.File(run / name, "r+") as file:
            file.attrs["written"] = 1
    assert history.u_osc.size and profiles.spectrum.size and snapshots.rho.size


def test_half_written_records_are_left_out(run: Path) -> None:
    with h5py.File(run / "profiles.h5", "r+") as file:
        old = file["spectrum"][:]
        del file["spectrum"]
        file["spectrum"] = np.concatenate([old, old[:1]])
        for axis, name in enumerate(("time", "energy", "angle", "component")):
            file["spectrum"].dims[axis].attach_scale(file[name])
        records = file["time"].size
    assert nuvlasov_post.open_run(run).profiles.spectrum.sizes["time"] == records


def test_snapshot_that_is_damaged_or_has_other_fields_is_passed_over(
    run: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (run / "snapshots" / "000001.h5").write_bytes(b"damaged")
    with h5py.File(run / "snapshots" / "000002.h5", "r+") as file:
        file["force"] = np.zeros(SHAPE)
    snapshots = nuvlasov_post.open_run(run).snapshots
    assert snapshots.time.values.tolist() == [0.0, 10.0]
    assert set(snapshots.data_vars) == {"rho", "energy_weight", "angle_weight"}
    assert "000001.h5: cannot be read as HDF5" in caplog.text


@pytest.mark.parametrize(
    "damage, part, message",
    [
        (lambda run: shutil.rmtree(run), "history", "no such directory"),
        (lambda run: (run / "history.h5").unlink(), "history", "history.h5: no such file"),
        (lambda run: (run / "profiles.h5").unlink(), "profiles", "profiles.h5: no such file"),
        (lambda run: shutil.rmtree(run / "snapshots"), "snapshots", "no snapshots; give the run an output."),
    ],
)
def test_what_is_missing_is_said(run: Path, damage: Callable[[Path], None], part: str, message: str) -> None:
    damage(run)
    with pytest.raises(RunError, match=message):
        getattr(nuvlasov_post.open_run(run), part)


def test_package_installs_from_the_tree_and_reads_a_run(run: Path, tmp_path: Path) -> None:
    if subprocess.run([sys.executable, "-c", "import flit_core, pip"], capture_output=True, check=False).returncode:
        pytest.skip("no pip or flit_core (Debian: python3-pip, flit): the package cannot be installed from the tree")
    target, tree = tmp_path / "installed", tmp_path / "apps"
    shutil.copytree(APPS, tree, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-build-isolation", "--no-deps", "--no-index"]
        + ["--disable-pip-version-check", "--root-user-action=ignore", "--target", str(target), str(tree)],
        check=True,
        capture_output=True,
    )
    script = (
        "import sys, nuvlasov_post; run = nuvlasov_post.open_run(sys.argv[1]); "
        "print(nuvlasov_post.__file__, float(run.history.u_osc[-1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(run)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(target)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    path, value = done.stdout.split()
    assert path.startswith(str(target)) and float(value) == history_columns(TIME)["u_osc"][-1]
    assert (target / "bin" / "nuvlasov-post").is_file()
