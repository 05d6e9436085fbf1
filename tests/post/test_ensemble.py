"""Ensembles: their statistics, which runs are taken, and the command."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray
from matplotlib.backends.backend_agg import FigureCanvasAgg

from conftest import TIME, history_columns, write_history
from nuvlasov_post import cli, ensemble
from nuvlasov_post.style import COLUMN_WIDTH

CONFIG = """
[equation]
mode = "full"

[grid.z]
cells = 100

[initial.seeds]
random_seed = {seed}

[time]
end = 30.0
wall_limit = "{seed}h"

[output]
history_interval = 0.1
"""
FILES = ["ensemble.csv", "ensemble.h5", "ensemble.pdf", "ensemble.png"]
MEMBERS = 5


def write_member(run: Path, seed: int, config: str | None = None, time: np.ndarray = TIME) -> Path:
    """A run whose U_osc and K wander, and by more with time, as its seed says."""
    run.mkdir(parents=True)
    noise = 1e-3 * np.cumsum(np.random.default_rng(seed).standard_normal(time.size))
    columns = history_columns(time)
    columns["u_osc"] = columns["u_osc"] + noise
    columns["kinetic_energy_relative"] = columns["kinetic_energy_relative"] - noise
    write_history(run, columns, CONFIG.format(seed=seed) if config is None else config)
    return run


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    return [write_member(tmp_path / "runs" / f"seed{seed}", seed) for seed in range(1, MEMBERS + 1)]


def read_column(run: Path, name: str) -> list[float]:
    with h5py.File(run / "history.h5") as file:
        return file[name][:].tolist()


# Two-sided quantiles for levels of 95 and 99 %, Abramowitz and Stegun, table 26.10.
QUANTILES = [
    (0.95, 1, 12.706),
    (0.95, 2, 4.303),
    (0.95, 3, 3.182),
    (0.95, 4, 2.776),
    (0.95, 7, 2.365),
    (0.95, 30, 2.042),
    (0.95, 120, 1.980),
    (0.99, 1, 63.657),
    (0.99, 4, 4.604),
    (0.99, 5, 4.032),
    (0.99, 20, 2.845),
    (0.99, 60, 2.660),
]


@pytest.mark.parametrize("level, degrees, tabulated", QUANTILES)
def test_quantile_of_students_distribution_is_the_tabulated_one(level: float, degrees: int, tabulated: float) -> None:
    assert ensemble.student_t(level, degrees) == pytest.approx(tabulated, abs=0.5001e-3)  # of a table with 3 decimals


@pytest.mark.parametrize("level", [0.01, 0.5, 0.95, 0.9999])
def test_quantile_is_the_closed_form_and_tends_to_the_normal_one(level: float) -> None:
    # Bisection stops within one unit of 2e-16 of the angle; tan and 1/(1 - level) magnify it to at most 1e4 units.
    assert ensemble.student_t(level, 1) == pytest.approx(math.tan(0.5 * math.pi * level), rel=1e-11)
    assert ensemble.student_t(level, 2) == pytest.approx(level * math.sqrt(2.0 / (1.0 - level**2)), rel=1e-11)
    # Cornish and Fisher: t = x + (x^3 + x)/(4 nu) + O(nu^-2), with coefficients below 5 x^5/96 + ... < 100.
    x = statistics.NormalDist().inv_cdf(0.5 * (1.0 + level))
    degrees = 1000
    assert ensemble.student_t(level, degrees) == pytest.approx(x + (x**3 + x) / (4 * degrees), abs=100 / degrees**2)


@pytest.mark.parametrize("members", [2, 3, 8])
def test_statistics_are_those_of_exact_arithmetic(members: int) -> None:
    values = np.random.default_rng(members).normal(3.0, 2.0, (members, 40))
    found = ensemble.statistics(values, 0.95)
    t = {degrees: t for level, degrees, t in QUANTILES if level == 0.95}[members - 1]
    for row, sample in enumerate(values.T.tolist()):
        # The module statistics sums exactly; numpy's sums are some units of 2e-16 away.
        assert found.mean[row] == pytest.approx(statistics.mean(sample), rel=1e-14)
        assert found.std[row] == pytest.approx(statistics.stdev(sample), rel=1e-13)
        half_width = t * statistics.stdev(sample) / math.sqrt(members)
        # the table has three decimals of t > 2.3
        assert found.high[row] - found.mean[row] == pytest.approx(half_width, rel=3e-4)
        assert found.mean[row] - found.low[row] == pytest.approx(half_width, rel=3e-4)


@pytest.mark.parametrize("members", [2, 5, 20])
@pytest.mark.parametrize("level", [0.68, 0.95])
def test_band_holds_the_true_mean_as_often_as_its_level_says(members: int, level: float) -> None:
    """Gaussian samples: with the normal quantile in place of Student's, 5 members would reach 0.878, not 0.95."""
    trials, truth = 20000, 7.0
    found = ensemble.statistics(np.random.default_rng(1).normal(truth, 3.0, (members, trials)), level)
    held = np.mean((found.low <= truth) & (truth <= found.high))
    # Five standard deviations of a binomial share.
    assert abs(held - level) < 5.0 * math.sqrt(level * (1.0 - level) / trials)


def test_files_hold_the_statistics_of_every_column(runs: list[Path], capsys: pytest.CaptureFixture) -> None:
    assert cli.main(["ensemble", *map(str, runs)]) == 0
    directory = runs[0].parent / "figures"
    captured = capsys.readouterr()
    *written, result = captured.out.splitlines()
    assert sorted(written) == [f"wrote {directory / name}" for name in FILES]
    assert result.startswith("5 members: U_osc = ") and not captured.err

    csv = np.genfromtxt(directory / "ensemble.csv", delimiter=",", names=True)
    with xarray.open_dataset(directory / "ensemble.h5", engine="h5netcdf") as dataset:
        assert set(csv.dtype.names) - {"time"} == {
            f"{name}_{suffix}"
            for name in history_columns().keys() - {"time"}
            for suffix in ("mean", "std", "low", "high")
        }
        np.testing.assert_array_equal(dataset.time, TIME)
        for name in csv.dtype.names:
            np.testing.assert_array_equal(csv[name], dataset[name], err_msg=name)
            assert dataset[name].dims == ("time",)
        for name in ("u_osc", "kinetic_energy_relative", "purity"):
            samples = list(zip(*(read_column(run, name) for run in runs), strict=True))
            # numbers up to 50 with some units of 2e-16
            np.testing.assert_allclose(dataset[f"{name}_mean"], [*map(statistics.mean, samples)], rtol=0, atol=1e-13)
            np.testing.assert_allclose(dataset[f"{name}_std"], [*map(statistics.stdev, samples)], rtol=0, atol=1e-13)
        assert dataset.u_osc_std.attrs["long_name"] == "u osc: standard deviation over members"
        assert dataset.u_osc_std.attrs["units"] == "1"
        assert dataset.member.values.tolist() == [str(run) for run in runs]
        assert dataset.random_seed.values.tolist() == [1, 2, 3, 4, 5]
        assert set(dataset.commit.values) == {"0000000"}
        assert dataset.attrs["level"] == 0.95
        assert dataset.attrs["left_out"] == ""
        assert "random_seed = 1" in dataset.attrs["config"]


@pytest.mark.parametrize("level, t", [("95", 2.776), ("99", 4.604)])
def test_options_choose_columns_level_and_directory(runs: list[Path], tmp_path: Path, level: str, t: float) -> None:
    options = ["--columns", "purity,u_osc", "--level", level, "--output", str(tmp_path / "out")]
    assert cli.main(["ensemble", *map(str, runs), *options]) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == FILES
    with h5py.File(tmp_path / "out" / "ensemble.h5") as file:
        assert {name.rpartition("_")[0] for name in file if name.endswith("_mean")} == {"purity", "u_osc"}
        width = file["u_osc_high"][:] - file["u_osc_low"][:]
        # three decimals of t
        np.testing.assert_allclose(width, 2.0 * t * file["u_osc_std"][:] / math.sqrt(MEMBERS), rtol=2e-4)


def test_files_are_the_same_bytes_every_time_and_not_members_themselves(
    runs: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    """The second glob over the directory finds the figures of the first among the runs."""
    parent, contents = runs[0].parent, []
    for _ in range(2):
        assert cli.main(["ensemble", *map(str, sorted(parent.iterdir()))]) == 0
        contents.append([(parent / "figures" / name).read_bytes() for name in FILES])
    assert contents[0] == contents[1]
    assert not caplog.records


def set_status(status: str) -> Callable[[Path], None]:
    def change(run: Path) -> None:
        with h5py.File(run / "history.h5", "r+") as file:
            file.attrs["status"] = status

    return change


def empty(run: Path) -> None:
    (run / "history.h5").unlink()


def cut(run: Path) -> None:
    path = run / "history.h5"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def shorten(run: Path) -> None:
    with h5py.File(run / "history.h5", "r+") as file:
        values = file["purity"][:-1]
        del file["purity"]
        file["purity"] = values


def replace_by_file(run: Path) -> None:
    empty(run)
    run.rmdir()
    run.write_text("")


INCOMPLETE = [
    ("interrupted", set_status("the wall-clock limit is near"), "not reached its end (status: the wall-clock limit"),
    ("killed", set_status("running"), "has not reached its end (status: running); resume it"),
    ("failed", set_status("failed"), "has not reached its end (status: failed)"),
    ("empty directory", empty, "history.h5: no such file; check that"),
    ("empty file", lambda run: (run / "history.h5").write_bytes(b""), "history.h5: the file is empty"),
    ("cut", cut, "history.h5: cannot be read as HDF5"),
    ("shorter column", shorten, "history.h5: its records are damaged"),
    ("not a directory", replace_by_file, "not a directory; give the run directory"),
    ("no configuration", lambda run: write_history(run, history_columns(), "["), "configuration cannot be read"),
]


@pytest.mark.parametrize("damage, reason", [pytest.param(*case[1:], id=case[0]) for case in INCOMPLETE])
def test_incomplete_member_is_named_and_left_out(
    runs: list[Path],
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture,
    damage: Callable[[Path], None],
    reason: str,
) -> None:
    damage(runs[1])
    assert cli.main(["ensemble", *map(str, runs)]) == 0
    warnings = [record.getMessage() for record in caplog.records if record.getMessage().startswith("left out: ")]
    assert len(warnings) == 1 and str(runs[1]) in warnings[0] and reason in warnings[0]
    assert "4 members (1 left out): " in capsys.readouterr().out
    with h5py.File(runs[0].parent / "figures" / "ensemble.h5") as file:
        assert [path.decode() for path in file["member"]] == [str(run) for run in runs if run != runs[1]]
        assert "left out: " + file.attrs["left_out"] == warnings[0]


def test_run_given_twice_is_one_member(runs: list[Path]) -> None:
    again = runs[0].parent / "." / ".." / runs[0].parent.name / runs[0].name
    assert len(ensemble.read_ensemble([*runs, again]).members) == MEMBERS


def other_parameter(runs: list[Path]) -> None:
    config = CONFIG.format(seed=2).replace("cells = 100", "cells = 200")
    write_history(runs[1], history_columns(), config)


def parameter_left_out(runs: list[Path]) -> None:
    write_history(runs[2], history_columns(), CONFIG.format(seed=3).replace("end = 30.0", "step = 0.1"))


def same_seed(runs: list[Path]) -> None:
    write_history(runs[3], history_columns(), CONFIG.format(seed=2))


def no_seed(runs: list[Path]) -> None:
    for run in runs:
        write_history(run, history_columns(), CONFIG.replace("random_seed", "# {seed}").format(seed=1))


def other_times(runs: list[Path]) -> None:
    time = TIME.copy()
    time[7] += 1e-6
    write_history(runs[1], history_columns(time), CONFIG.format(seed=2))


def fewer_times(runs: list[Path]) -> None:
    write_history(runs[1], history_columns(TIME[:-5]), CONFIG.format(seed=2))


def one_complete(runs: list[Path]) -> None:
    for run in runs[:-1]:
        set_status("running")(run)


def none_complete(runs: list[Path]) -> None:
    for run in runs:
        empty(run)


REFUSED = [
    (other_parameter, "seed2 (grid.z.cells = 200, not 100); members may differ in initial.seeds.random_seed alone"),
    (parameter_left_out, "seed3 (time.end = absent, not 30.0; time.step = 0.1, not absent)"),
    (same_seed, "seed2 have the same initial.seeds.random_seed = 2; leave one of them out"),
    (no_seed, "seed1: its initial state has no initial.seeds.random_seed"),
    (other_times, "seed2: row 7 is at t = 0.700001, in "),
    (fewer_times, "seed2: the last row is at t = 29.5, in "),
    (one_complete, "seed5 is the only complete run among 5; an ensemble needs at least 2"),
    (none_complete, "no complete run among 5; an ensemble needs at least 2"),
]


@pytest.mark.parametrize("change, reason", [pytest.param(*case, id=case[0].__name__) for case in REFUSED])
def test_runs_that_are_no_ensemble_are_refused_by_name(
    runs: list[Path], capsys: pytest.CaptureFixture, change: Callable[[list[Path]], None], reason: str
) -> None:
    change(runs)
    assert cli.main(["ensemble", *map(str, runs)]) == cli.EXIT_BAD_INPUT
    captured = capsys.readouterr()
    (line,) = (line for line in captured.err.splitlines() if ": warning: " not in line)
    assert line.startswith("nuvlasov-post: error: ") and reason in line
    assert not captured.out and not (runs[0].parent / "figures").exists()


def test_times_that_differ_by_rounding_are_the_same(runs: list[Path]) -> None:
    write_history(runs[1], history_columns(TIME * (1.0 + 1e-15)), CONFIG.format(seed=2))
    assert len(ensemble.read_ensemble(runs).members) == MEMBERS


def test_column_that_a_member_lacks_is_left_out_or_named(runs: list[Path], capsys: pytest.CaptureFixture) -> None:
    with h5py.File(runs[2] / "history.h5", "r+") as file:
        del file["purity"]
    assert "purity" not in ensemble.read_ensemble(runs).column_names()
    assert cli.main(["ensemble", *map(str, runs), "--columns", "number,purity"]) == cli.EXIT_BAD_INPUT
    assert "no column 'purity' in the history of every member; there are entropy, " in capsys.readouterr().err


@pytest.mark.parametrize("option", [["--level", "0"], ["--level", "100"], ["--level", "nan"], ["--level", "high"]])
def test_level_that_is_no_percentage_is_exit_code_2(capsys: pytest.CaptureFixture, option: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["ensemble", "a", "b", *option])
    assert stop.value.code == 2
    assert "--level" in capsys.readouterr().err


def test_figure_shows_members_mean_and_band_inside_a_column(runs: list[Path]) -> None:
    found = ensemble.read_ensemble(runs)
    figure = ensemble.draw_ensemble(found, 0.95)
    for axes, name in zip(figure.axes, ("u_osc", "kinetic_energy_relative"), strict=True):
        *members, mean = axes.get_lines()
        for run, line in zip(runs, members, strict=True):
            np.testing.assert_array_equal(line.get_ydata(), read_column(run, name))
        expected = ensemble.statistics(found.values(name), 0.95)
        np.testing.assert_array_equal(mean.get_ydata(), expected.mean)
        (band,) = axes.collections
        edges = band.get_paths()[0].vertices[:, 1]
        assert (edges.min(), edges.max()) == (expected.low.min(), expected.high.max())
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    box = figure.get_tightbbox(canvas.get_renderer())
    assert figure.get_figwidth() == COLUMN_WIDTH
    assert 0.0 <= box.x0 and box.x1 <= COLUMN_WIDTH and 0.0 <= box.y0
