"""The commands as a user meets them: files, lines, messages and exit codes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray
from matplotlib.image import imread

from conftest import (
    TIME,
    beam_profile,
    dispersion_columns,
    history_columns,
    write_dispersion,
    write_history,
    write_profiles,
)
from nuvlasov_post import cli
from nuvlasov_post.run import equation_mode, open_profiles, read_history
from nuvlasov_post.style import COLUMN_WIDTH

MakeRun = Callable[..., Path]
APPS = Path(cli.__file__).parents[1]
PICTURES = ("png", "pdf")
TABLES = (*PICTURES, "csv", "tex")
FILES = {
    "figure1": ["figure1.png", "figure1.pdf"],
    "budget": ["budget.png", "budget.pdf", "budget.csv"]
    + [f"{name}.{suffix}" for name in ("ledger", "budget_by_direction") for suffix in TABLES],
    "map": [f"map_coherence.{suffix}" for suffix in PICTURES],
    "spectrum": [f"spectrum.{suffix}" for suffix in PICTURES],
    "shift": [f"shift.{suffix}" for suffix in PICTURES],
    "angles": [f"angles.{suffix}" for suffix in PICTURES],
    "fourier": [f"fourier.{suffix}" for suffix in PICTURES],
    "entropy": [f"entropy.{suffix}" for suffix in (*PICTURES, "csv")],
    "dispersion": ["dispersion.png", "dispersion.pdf"],
}
FILES["figures"] = [name for files in FILES.values() for name in files]
RESULT_LINES = {"budget": 3, "figures": len(FILES) + 1}


@pytest.mark.parametrize(
    "command, elsewhere, flavors", [*((name, name == "budget", 2) for name in FILES), ("figures", False, 3)]
)
def test_command_writes_its_files_and_says_so(
    make_run: MakeRun, tmp_path: Path, capsys: pytest.CaptureFixture, command: str, elsewhere: bool, flavors: int
) -> None:
    run = make_run(flavors=flavors)
    directory = tmp_path / "deep" / "er" if elsewhere else run / "figures"
    assert cli.main([command, str(run), *(["--output", str(directory)] if elsewhere else [])]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    written, results = lines[: len(FILES[command])], lines[len(FILES[command]) :]
    assert sorted(written) == sorted(f"wrote {directory / name}" for name in FILES[command])
    assert len(results) == RESULT_LINES.get(command, 1) and all(results) and not captured.err
    assert sorted(path.name for path in directory.iterdir()) == sorted(FILES[command])
    assert imread(directory / FILES[command][0]).shape[1] >= 200 * COLUMN_WIDTH
    assert (directory / FILES[command][1]).read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    "flavors, options, written",
    [
        (3, ["map", "--quantity", "nu_tau"], "map_nu_tau"),
        (3, ["map", "--quantity", "nu_x"], "no 'nu_x' in a run of nu_e, nu_mu, nu_tau; there are coherence_e_mu,"),
        (2, ["map", "--quantity", "nu_tau"], "no 'nu_tau' in a run of nu_e, nu_x; there are coherence, phase, purity,"),
        (3, ["fourier", "--pair", "mu_tau"], "fourier_mu_tau"),
        (2, ["fourier", "--pair", "mu_tau"], "no pair 'mu_tau' in a run of nu_e, nu_x"),
    ],
)
def test_flavors_that_the_run_has_not_are_named(
    make_run: MakeRun, capsys: pytest.CaptureFixture, flavors: int, options: list[str], written: str
) -> None:
    run = make_run(flavors=flavors)
    code = cli.main([options[0], str(run), *options[1:]])
    if written.startswith("no "):
        (line,) = capsys.readouterr().err.splitlines()
        assert code == cli.EXIT_BAD_INPUT and written in line
    else:
        assert code == 0 and (run / "figures" / f"{written}.png").is_file()


def test_module_runs_without_installation_or_display(make_run: MakeRun) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    done = subprocess.run(
        [sys.executable, "-B", "-m", "nuvlasov_post", "entropy", str(make_run())],
        env=environment | {"PYTHONPATH": str(APPS)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "S/N changed by" in done.stdout


def test_files_are_the_same_bytes_every_time(make_run: MakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run()
    contents = []
    for year in (1, 2):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(year * 31557600))
        assert cli.main(["entropy", str(run)]) == 0
        contents.append([(run / "figures" / name).read_bytes() for name in FILES["entropy"]])
    assert contents[0] == contents[1]


def edit(name: str, change: Callable[[h5py.File], None]) -> Callable[[Path], None]:
    """Damage that edits one file of the run in place."""

    def damage(run: Path) -> None:
        with h5py.File(run / name, "r+") as file:
            change(file)

    return damage


def drop(dataset: str) -> Callable[[h5py.File], None]:
    return lambda file: file.__delitem__(dataset)


def shorten(dataset: str) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        values = file[dataset][:-1]
        del file[dataset]
        file[dataset] = values

    return change


def to_scalar(dataset: str) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        del file[dataset]
        file[dataset] = 1.0

    return change


def not_a_number(dataset: str, record: int) -> Callable[[h5py.File], None]:
    return lambda file: file[dataset].__setitem__(record, np.nan)


def cut(name: str) -> Callable[[Path], None]:
    return lambda run: os.truncate(run / name, (run / name).stat().st_size // 2)


def replace_run_by_file(run: Path) -> None:
    shutil.rmtree(run)
    run.write_text("")


def replace_history_by_directory(run: Path) -> None:
    (run / "history.h5").unlink()
    (run / "history.h5").mkdir()


def unknown_components(run: Path) -> None:
    density = np.zeros((3, 4, 2, 9))
    write_profiles(run, np.arange(3.0), density, tuple(f"rho{i}" for i in range(9)))


def one_energy(run: Path) -> None:
    with h5py.File(run / "profiles.h5", "r+") as file:
        for name in ("energy", "energy_weight"):
            del file[name]
            file[name] = np.ones(1)


def one_wave_number(run: Path) -> None:
    write_dispersion(run, {name: column[:1] for name, column in dispersion_columns().items()})


def coordinates_of_another_grid(file: h5py.File) -> None:
    del file["z"]
    file["z"] = np.arange(7.0)


BOTH = ("figure1", "budget")
ONLY_FIGURE1 = ("figure1",)
ONLY_DISPERSION = ("dispersion",)
DAMAGES = [
    ("no run", (*BOTH, "dispersion"), shutil.rmtree, "run: no such directory; give the directory"),
    ("run is a file", BOTH, replace_run_by_file, "run: not a directory; give the run directory"),
    ("no history", BOTH, lambda run: (run / "history.h5").unlink(), "history.h5: no such file; check"),
    ("history is a directory", BOTH, replace_history_by_directory, "history.h5: cannot be read as HDF5"),
    (
        "history is empty",
        BOTH,
        lambda run: (run / "history.h5").write_bytes(b""),
        "history.h5: the file is empty; resume",
    ),
    (
        "history is text",
        BOTH,
        lambda run: (run / "history.h5").write_text("time"),
        "history.h5: cannot be read as HDF5",
    ),
    ("history is cut", BOTH, cut("history.h5"), "history.h5: cannot be read as HDF5"),
    ("no u_osc", BOTH, edit("history.h5", drop("u_osc")), "dataset 'u_osc' (written by nuvlasov version 0.1.0); run"),
    ("no relative K", BOTH, edit("history.h5", drop("kinetic_energy_relative")), "'kinetic_energy_relative'"),
    ("scalar u_non", BOTH, edit("history.h5", to_scalar("u_non")), "history.h5: no 1-dimensional dataset 'u_non'"),
    (
        "one record",
        BOTH,
        lambda run: write_history(run, history_columns(TIME[:1])),
        "history.h5: 1 complete record, at",
    ),
    (
        "no record",
        BOTH,
        lambda run: write_history(run, history_columns(TIME[:0])),
        "history.h5: 0 complete records, at",
    ),
    ("first is NaN", BOTH, edit("history.h5", not_a_number("u_osc", 0)), "'u_osc' of the first record is not finite"),
    ("no profiles", ONLY_FIGURE1, lambda run: (run / "profiles.h5").unlink(), "profiles.h5: no such file; check"),
    ("profiles are cut", ONLY_FIGURE1, cut("profiles.h5"), "profiles.h5: cannot be read as HDF5"),
    ("no angle", ONLY_FIGURE1, edit("profiles.h5", drop("angle")), "profiles.h5: no 1-dimensional dataset 'angle'"),
    ("no density", ONLY_FIGURE1, edit("profiles.h5", drop("polarization_density")), "'polarization_density'"),
    ("other grid", ONLY_FIGURE1, edit("profiles.h5", coordinates_of_another_grid), "has shape (61, 40, 2, 4), not"),
    (
        "unknown components",
        (*ONLY_FIGURE1, "map", "fourier"),
        unknown_components,
        "are rho0, rho1, rho2, rho3, rho4, rho5, rho6, rho7, rho8, not P0, Px, Py, Pz or P0, P1, P2,",
    ),
    ("one energy", ("spectrum",), one_energy, "profiles.h5: one energy has no spectrum; give"),
    (
        "no dispersion",
        ONLY_DISPERSION,
        lambda run: (run / "dispersion.h5").unlink(),
        "dispersion.h5: no such file; check",
    ),
    ("dispersion is cut", ONLY_DISPERSION, cut("dispersion.h5"), "dispersion.h5: cannot be read as HDF5"),
    ("no growth rate", ONLY_DISPERSION, edit("dispersion.h5", drop("growth_rate")), "dataset 'growth_rate' (written"),
    ("no box modes", ONLY_DISPERSION, edit("dispersion.h5", drop("box_mode")), "1-dimensional dataset 'box_mode'"),
    ("fewer rates", ONLY_DISPERSION, edit("dispersion.h5", shorten("growth_rate")), "not equally many; run"),
    ("fewer box rates", ONLY_DISPERSION, edit("dispersion.h5", shorten("box_frequency")), "not equally many; run"),
    ("one wave number", ONLY_DISPERSION, one_wave_number, "dispersion.h5: fewer than 2 wave numbers; run"),
    (
        "one profile",
        ONLY_FIGURE1,
        lambda run: write_profiles(run, TIME[:1], beam_profile(TIME[:1], 4)),
        "profiles.h5: 1 complete record, at least 2 are needed; let the run go on",
    ),
]


@pytest.mark.parametrize(
    "command, damage, fragment",
    [
        pytest.param(command, damage, fragment, id=f"{command}: {name}")
        for name, commands, damage, fragment in DAMAGES
        for command in commands
    ],
)
def test_unusable_run_is_one_line_and_exit_code_2(
    make_run: MakeRun, capsys: pytest.CaptureFixture, command: str, damage: Callable[[Path], None], fragment: str
) -> None:
    run = make_run(profile_time=TIME[::5])
    damage(run)
    assert cli.main([command, str(run)]) == cli.EXIT_BAD_INPUT == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert line.startswith("nuvlasov-post: error: ") and fragment in line
    assert not captured.out
    assert not (run / "figures").exists()


@pytest.mark.parametrize("command", BOTH)
@pytest.mark.parametrize("obstacle", ["directory", "file"])
def test_failure_to_write_is_exit_code_4(
    make_run: MakeRun, capsys: pytest.CaptureFixture, command: str, obstacle: str
) -> None:
    run = make_run(profile_time=TIME[::50])
    if obstacle == "directory":
        blocked = run / "figures"
        blocked.write_text("")
    else:
        blocked = run / "figures" / FILES[command][-1]
        blocked.mkdir(parents=True)
    assert cli.main([command, str(run)]) == cli.EXIT_IO_FAILURE == 4
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"nuvlasov-post: error: {blocked}: cannot be written (")
    assert line.endswith("choose another place with --output")


@pytest.mark.parametrize("arguments", [[], ["figure2", "run"], ["budget"], ["budget", "run", "--ouput", "x"]])
def test_mistyped_command_is_exit_code_2(capsys: pytest.CaptureFixture, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    assert "usage: nuvlasov-post" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name, change, records",
    [
        ("history.h5", lambda file: file["time"].__setitem__(-1, np.nan), 300),
        ("history.h5", lambda file: file["time"].__setitem__(slice(250, None), 0.0), 250),
        ("profiles.h5", lambda file: file["time"].__setitem__(-1, 0.0), 60),
    ],
)
def test_half_written_last_records_are_left_out_with_a_warning(
    make_run: MakeRun, caplog: pytest.LogCaptureFixture, name: str, change: Callable[[h5py.File], None], records: int
) -> None:
    run = make_run(profile_time=TIME[::5])
    edit(name, change)(run)
    if name == "history.h5":
        assert read_history(run).time.size == records
    else:
        with open_profiles(run) as profiles:
            assert profiles.time.size == records
    assert f"{name}: using the first {records} of " in caplog.text


def test_columns_of_different_lengths_use_the_common_records(make_run: MakeRun) -> None:
    run = make_run()
    columns = history_columns()
    with h5py.File(run / "history.h5", "r+") as file:
        del file["purity"]
        file["purity"] = columns["purity"][:200]
    history = read_history(run)
    np.testing.assert_array_equal(history.purity, columns["purity"][:200])
    np.testing.assert_array_equal(history.u_osc, columns["u_osc"][:200])


def test_reading_does_not_lock_a_running_solver_out(make_run: MakeRun) -> None:
    """A writer in another process holds its lock; the reader still reads."""
    run = make_run()
    hold = "import h5py, sys; file = h5py.File(sys.argv[1], 'r+'); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(run / "history.h5")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout.readline() == b"open\n"
        assert read_history(run).time.size == TIME.size
        writer.stdin.close()


@pytest.mark.parametrize(
    "config, mode",
    [
        ('[equation]\nmode = "full"\n', "full"),
        ('[grid.z]\ncells = 10\n[equation]\nmode = "standard"\n', "standard"),
        ("[equation]\n", "unknown"),
        ("equation = 1\n", "unknown"),
        ('[equation]\nmode = ["full"]\n', "unknown"),
        ("[equation\n", "unknown"),
        ("", "unknown"),
    ],
)
def test_mode_comes_from_the_recorded_configuration(config: str, mode: str) -> None:
    assert equation_mode(config) == mode


@pytest.mark.parametrize(
    "stored", [np.bytes_("[equation]\nmode='standard'"), np.array(["[equation]\nmode='standard'"], dtype=object)]
)
def test_mode_is_read_from_every_kind_of_string_attribute(make_run: MakeRun, stored: object) -> None:
    run = make_run()
    edit("history.h5", lambda file: file.attrs.__setitem__("config", stored))(run)
    assert read_history(run).mode == "standard"


@pytest.mark.parametrize(
    "name, variable, dimensions",
    [
        ("history.h5", "u_osc", ("time",)),
        ("dispersion.h5", "growth_rate", ("wave_number",)),
        ("dispersion.h5", "box_growth_rate", ("box_mode",)),
        ("profiles.h5", "polarization_density", ("time", "z", "angle", "component")),
        ("profiles.h5", "spectrum", ("time", "energy", "angle", "component")),
    ],
)
def test_synthetic_files_are_what_the_solver_promises(
    make_run: MakeRun, name: str, variable: str, dimensions: tuple[str, ...]
) -> None:
    with xarray.open_dataset(make_run() / name, engine="h5netcdf") as dataset:
        assert dataset[variable].dims == dimensions
        assert "long_name" in dataset[variable].attrs
