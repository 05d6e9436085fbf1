"""Comparison of histories: common times, differences, what the runs differ in, and when there is nothing in common."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from conftest import TIME, history_columns, write_history
from nuvlasov_post import cli, compare

CONFIG = '[equation]\nmode = "{}"\n[time]\nstep = {}\n[output]\nhistory_interval = {}\n'


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    """The full equation, the standard one, and the full one with half as many rows and U_osc higher by 1e-3 t."""
    paths = []
    for name, mode, time, more in (
        ("full", "full", TIME, 0.0),
        ("standard", "standard", TIME, 0.0),
        ("coarse", "full", TIME[::2], 1e-3),
    ):
        path = tmp_path / "runs" / name
        path.mkdir(parents=True)
        columns = history_columns(time, mode)
        columns["u_osc"] += more * time
        write_history(path, columns, CONFIG.format(mode, 0.1 if more else 0.05, time[1]))
        paths.append(path)
    return paths


def test_differences_are_those_at_common_times(runs: list[Path]) -> None:
    data = compare.read_comparison(runs)
    assert data.names == ("full", "standard", "coarse")
    np.testing.assert_array_equal(data.time, TIME[::2])
    table = compare.comparison_table(data)
    full, standard = history_columns(), history_columns(mode="standard")
    np.testing.assert_array_equal(table["u_osc full"], full["u_osc"][::2])
    np.testing.assert_array_equal(table["u_osc standard - full"], 0.0)
    # The sum is rounded, and the difference of numbers of 25.
    np.testing.assert_allclose(table["u_osc coarse - full"], 1e-3 * TIME[::2], rtol=0.0, atol=2e-14)
    name = "kinetic_energy_relative"
    np.testing.assert_array_equal(table[f"{name} standard - full"], (standard[name] - full[name])[::2])


def test_figure_draws_all_rows_and_the_differences(runs: list[Path]) -> None:
    data = compare.read_comparison(runs)
    upper, lower = compare.draw_comparison(data).axes[:2]
    for line, run in zip(upper.get_lines(), data.runs, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), run.columns["u_osc"])
    for n, line in enumerate(lower.get_lines()[:2], start=1):
        np.testing.assert_array_equal(line.get_ydata(), data.difference(n, "u_osc"))


def test_command_says_what_differs_and_by_how_much(runs: list[Path], capsys: pytest.CaptureFixture) -> None:
    assert cli.main(["compare", *map(str, runs), "--columns", "u_osc"]) == 0
    *written, _, _, times, standard, coarse = lines = capsys.readouterr().out.splitlines()
    figures = runs[0].parent / "figures"
    assert written == [f"wrote {figures / name}" for name in ("compare.png", "compare.pdf", "compare.csv")]
    assert "standard and full differ in equation.mode" in lines
    assert "coarse and full differ in time.step" in lines
    assert times == "151 common times from t = 0 to 30"
    assert standard == "u_osc: standard - full = +0 at most, at t = 0; +0 at t = 30"
    assert coarse == "u_osc: coarse - full = +0.03 at most, at t = 30; +0.03 at t = 30"


def test_a_run_may_be_compared_with_itself(runs: list[Path]) -> None:
    data = compare.read_comparison([runs[0], runs[0]])
    assert data.names == ("full (1)", "full (2)")
    assert "full (2) and full (1) differ in nothing" in compare.comparison_result(data)


def drop_columns(path: Path) -> None:
    with h5py.File(path / "history.h5", "r+") as file:
        for name in ("u_osc", "kinetic_energy_relative"):
            del file[name]


@pytest.mark.parametrize(
    "change, options, fragment",
    [
        (lambda path: write_history(path, history_columns(TIME + 0.05)), [], "no time at which all runs have a row"),
        (lambda path: write_history(path, history_columns(TIME + 100.0)), [], "from t = 100 to 130"),
        (drop_columns, [], "none of u_osc, kinetic_energy_relative in the history of every run; in common are"),
        (drop_columns, ["--columns", "u_osc"], "no column 'u_osc' in the history of every run; in common are entropy,"),
        (lambda path: write_history(path, history_columns(TIME[:1])), [], "standard/history.h5: 1 complete record"),
        (lambda path: (path / "history.h5").unlink(), [], "standard/history.h5: no such file"),
    ],
)
def test_nothing_in_common_is_said_in_one_line(
    runs: list[Path], capsys: pytest.CaptureFixture, change, options: list[str], fragment: str
) -> None:
    change(runs[1])
    assert cli.main(["compare", *map(str, runs), *options]) == cli.EXIT_BAD_INPUT
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert fragment in line and not captured.out


def test_one_run_is_no_comparison(runs: list[Path], capsys: pytest.CaptureFixture) -> None:
    assert cli.main(["compare", str(runs[0])]) == cli.EXIT_BAD_INPUT
    assert "one run; a comparison needs at least 2" in capsys.readouterr().err
