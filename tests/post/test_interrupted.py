"""Every command on runs that were stopped at any moment, on empty ones, and on all that may lie about."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from conftest import COMPONENTS, TIME, beam_profile, history_columns, write_history, write_profiles, write_snapshot
from nuvlasov_post import cli

MakeRun = Callable[..., Path]
Damage = Callable[[Path], None]

PROFILES = {"figure1", "map", "spectrum", "angles", "fourier"}  # commands that need profiles.h5
HISTORY = {"figure1", "budget", "entropy", "compare"}  # commands that need rows of the history
COMMANDS = [*cli.RUN_COMMANDS, "figures", "compare"]
FEW = TIME[::50]


def extend(run: Path, file_name: str, names: tuple[str, ...]) -> None:
    """Makes datasets longer by a record that has not been written yet, as when a run is killed in between."""
    with h5py.File(run / file_name, "r+") as file:
        for name in names:
            values = file[name][:]
            del file[name]
            file[name] = np.concatenate([values, np.zeros_like(values[:1])])


def not_finite(run: Path) -> None:
    for name in ("history.h5", "profiles.h5"):
        with h5py.File(run / name, "r+") as file:
            file["time"][-1] = np.nan


def blown_up(run: Path) -> None:
    """The numerics failed: values that are not finite in the last records."""
    with h5py.File(run / "history.h5", "r+") as file:
        for name in file:
            if name != "time" and file[name].dtype.kind == "f":
                file[name][-1] = np.nan
    with h5py.File(run / "profiles.h5", "r+") as file:
        for name in ("polarization_density", "spectrum", "energy_spectrum", "angular_spectrum"):
            file[name][-1] = np.nan


def no_snapshots(run: Path) -> None:
    shutil.rmtree(run / "snapshots")


def leftovers(run: Path) -> None:
    write_snapshot(run, 2, 2.0, np.full((4, 81, 2, len(COMPONENTS)), np.nan))
    (run / "snapshots" / "000003.h5").write_bytes(b"damaged")
    for name in ("history.h5", "config.toml", "snapshots.xdmf", "snapshots/000004.h5"):
        (run / f"{name}.partial").write_bytes(b"half")


def three_flavors(run: Path) -> None:
    """All of them, and then the numerics fail."""
    write_profiles(run, FEW, beam_profile(FEW, cells=8, flavors=3))
    for number, value in enumerate((1.0, np.nan)):
        write_snapshot(run, number, FEW[number], np.full((4, 81, 2, 9), value))
    blown_up(run)


def empty(run: Path) -> None:
    shutil.rmtree(run)
    run.mkdir()


def records(history: int, profiles: int) -> Damage:
    def damage(run: Path) -> None:
        write_history(run, history_columns(TIME[:history]))
        write_profiles(run, FEW[:profiles], beam_profile(FEW[:profiles], cells=8))

    return damage


def without_files(*names: str) -> Damage:
    return lambda run: [(run / name).unlink() for name in names]


def cut(name: str) -> Damage:
    return lambda run: os.truncate(run / name, (run / name).stat().st_size // 2)


# What happened to the run, and the commands that cannot do anything about it.
STATES: dict[str, tuple[Damage, set[str]]] = {
    "whole": (lambda run: None, set()),
    "no snapshots yet": (no_snapshots, {"shift"}),
    "one snapshot": (without_files("snapshots/000001.h5"), {"shift"}),
    "partial files, a damaged snapshot and one that is not finite": (leftovers, set()),
    "a half-written row of the history": (lambda run: extend(run, "history.h5", ("time", "u_osc", "entropy")), set()),
    "a half-written profile": (lambda run: extend(run, "profiles.h5", ("polarization_density", "spectrum")), set()),
    "times that are not finite at the end": (not_finite, set()),
    "values that are not finite at the end": (blown_up, set()),
    "values of three flavors that are not finite at the end": (three_flavors, set()),
    "two records each": (records(2, 2), set()),
    "a history without rows": (records(0, 7), HISTORY),
    "one row": (records(1, 7), HISTORY),
    "profiles without records": (records(50, 0), PROFILES),
    "one profile": (records(50, 1), PROFILES),
    "no profiles": (without_files("profiles.h5"), PROFILES),
    "damaged profiles": (cut("profiles.h5"), PROFILES),
    "damaged history": (cut("history.h5"), HISTORY),
    "no growth rates": (without_files("dispersion.h5"), {"dispersion"}),
    "no records at all": (records(0, 0), {*HISTORY, *PROFILES}),
    "an empty directory": (empty, set(COMMANDS)),
    "no directory": (shutil.rmtree, set(COMMANDS)),
}


@pytest.fixture
def pictures_are_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are drawn, but not rendered, which is what takes time."""
    monkeypatch.setattr(cli, "save_figure", lambda figure, path, dpi=None: path.touch())


@pytest.mark.filterwarnings("error")
@pytest.mark.usefixtures("pictures_are_names")
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("state", STATES)
def test_command_draws_what_is_there_or_says_in_one_line_what_is_not(
    make_run: MakeRun, tmp_path: Path, capsys: pytest.CaptureFixture, command: str, state: str
) -> None:
    damage, failing = STATES[state]
    run = make_run(history_time=TIME[:50], profile_time=FEW)
    damage(run)
    other = [str(run)] if command == "compare" else []
    code = cli.main([command, str(run), *other, "--output", str(tmp_path / "figures")])
    captured = capsys.readouterr()
    if command in failing:
        assert code == cli.EXIT_BAD_INPUT
        (line,) = captured.err.splitlines()
        assert line.startswith("nuvlasov-post: error: ") and str(run) in line
        assert not (tmp_path / "figures").exists()
    else:
        assert code == 0, captured.err
        assert list((tmp_path / "figures").glob("*.png"))
        assert "Traceback" not in captured.out + captured.err


@pytest.mark.usefixtures("pictures_are_names")
def test_figures_names_what_it_leaves_out(make_run: MakeRun, capsys: pytest.CaptureFixture) -> None:
    run = make_run(history_time=TIME[:50], profile_time=FEW)
    records(1, 7)(run)
    assert cli.main(["figures", str(run)]) == 0
    out = capsys.readouterr().out
    for name in ("figure1", "budget", "entropy"):
        assert f"{name}: not drawn ({run / 'history.h5'}: 1 complete record, at least 2 are needed; " in out
    assert "map: coherence of" in out and (run / "figures" / "spectrum.png").exists()


@pytest.mark.usefixtures("pictures_are_names")
def test_ranges_that_were_asked_for_are_not_passed_over(make_run: MakeRun, capsys: pytest.CaptureFixture) -> None:
    run = make_run(history_time=TIME[:50], profile_time=FEW)
    assert cli.main(["budget", str(run), "--directions=-1,0.5,0.9,1"]) == cli.EXIT_BAD_INPUT
    assert "no direction between v = 0.5 and 0.9" in capsys.readouterr().err
    (run / "profiles.h5").unlink()
    assert cli.main(["budget", str(run), "--directions=-1,1"]) == cli.EXIT_BAD_INPUT
    assert cli.main(["budget", str(run)]) == 0
    assert "no budget by direction: " in capsys.readouterr().out


@pytest.mark.parametrize(
    "options",
    [
        ["budget", "run", "--directions", "0"],
        ["budget", "run", "--directions=1,0"],
        ["map", "run", "--quantity", "charm"],
        ["map", "run", "--direction", "up"],
        ["figures", "run", "--dpi", "1"],
        ["compare"],
    ],
)
def test_wrong_option_is_exit_code_2(capsys: pytest.CaptureFixture, options: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(options)
    assert stop.value.code == 2
    assert "usage: nuvlasov-post" in capsys.readouterr().err


@pytest.mark.filterwarnings("error")
def test_values_that_are_not_finite_can_be_rendered(
    make_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = cli.save_figure
    monkeypatch.setattr(cli, "save_figure", lambda figure, path, dpi=None: dpi and save(figure, path, dpi))
    run = make_run(history_time=TIME[:50], profile_time=FEW)
    blown_up(run)
    assert cli.main(["figures", str(run), "--dpi", "50", "--output", str(tmp_path / "figures")]) == 0
