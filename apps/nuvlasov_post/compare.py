"""Histories of several runs against each other: columns, and differences from the first run at common times."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from nuvlasov_post.run import Rows, RunError, read_rows
from nuvlasov_post.style import (
    BLACK,
    BLUE,
    COLUMN_WIDTH,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    TIME_LABEL,
    VERMILLION,
    journal_style,
    legend_above,
)

FIGURE_NAME = "compare"
MINIMUM_RUNS = 2
DEFAULT_COLUMNS = ("u_osc", "kinetic_energy_relative")
TIME_TOLERANCE = 1e-9  # of the least time between rows: sums of steps that differ are rounded differently
SHOWN_DIFFERENCES = 6  # parameters named in the result
# What changes how a run is done, watched and stored, but not what it is.
FREE = ("output.", "checkpoint.", "parallel.", "time.wall_limit")
STYLES = ((BLACK, "-"), (VERMILLION, "--"), (BLUE, "-."), (GREEN, ":"), (PURPLE, "--"), (ORANGE, "-."), (SKY, "-"))
SYMBOLS = {"u_osc": r"$U_\mathrm{osc}\;(\mu)$", "kinetic_energy_relative": r"$K - E_\mathrm{ref}N\;(\mu)$"}


@dataclass(frozen=True)
class Comparison:
    """Runs with rows at common times: `rows[run]` are the positions of those in its history, [time]."""

    names: tuple[str, ...]
    runs: tuple[Rows, ...]
    columns: tuple[str, ...]
    time: np.ndarray
    rows: tuple[np.ndarray, ...]

    def common(self, run: int, column: str) -> np.ndarray:
        """A column at the common times, [time]."""
        return self.runs[run].columns[column][self.rows[run]]

    def difference(self, run: int, column: str) -> np.ndarray:
        """From the first run, [time]."""
        return self.common(run, column) - self.common(0, column)


def read_comparison(paths: Sequence[Path], wanted: Sequence[str] = ()) -> Comparison:
    """Reads the runs; throws RunError where they have no column or no time in common."""
    if len(paths) < MINIMUM_RUNS:
        raise RunError(f"{paths[0]}: one run; a comparison needs at least {MINIMUM_RUNS}")
    runs = tuple(read_rows(path) for path in paths)
    known = [name for name in runs[0].columns if all(name in run.columns for run in runs)]
    columns = tuple(wanted) or tuple(name for name in DEFAULT_COLUMNS if name in known)
    for name in columns:
        if name not in known:
            raise RunError(f"no column '{name}' in the history of every run; in common are {_listed(known)}")
    if not columns:
        raise RunError(
            f"none of {', '.join(DEFAULT_COLUMNS)} in the history of every run; in common are {_listed(known)}"
        )
    rows = _common_rows(runs)
    return Comparison(_names(paths), runs, columns, runs[0].time[rows[0]], rows)


def comparison_table(data: Comparison) -> dict[str, np.ndarray]:
    """Columns of compare.csv at the common times: values of each run, and differences from the first."""
    table = {"time_inv_mu": data.time}
    for column in data.columns:
        for n, name in enumerate(data.names):
            table[f"{column} {name}"] = data.common(n, column)
        for n, name in enumerate(data.names[1:], start=1):
            table[f"{column} {name} - {data.names[0]}"] = data.difference(n, column)
    return table


@journal_style
def draw_comparison(data: Comparison) -> Figure:
    """For each column a panel of all rows of all runs, and one of the differences at common times."""
    figure = Figure(figsize=(COLUMN_WIDTH, 0.5 + 2.3 * len(data.columns)))
    panels = figure.subplots(
        2 * len(data.columns),
        1,
        sharex=True,
        squeeze=False,
        gridspec_kw={"height_ratios": [1.6, 1.0] * len(data.columns)},
    )[:, 0]
    for column, upper, lower in zip(data.columns, panels[::2], panels[1::2], strict=True):
        for n, (name, run) in enumerate(zip(data.names, data.runs, strict=True)):
            color, style = STYLES[n % len(STYLES)]
            upper.plot(run.time, run.columns[column], color=color, linestyle=style, label=name)
            if n > 0:
                lower.plot(data.time, data.difference(n, column), color=color, linestyle=style)
        lower.axhline(0.0, color=GREY, linewidth=0.6, zorder=1)
        upper.set_ylabel(SYMBOLS.get(column, column.replace("_", " ")))
        lower.set_ylabel("difference")
        lower.ticklabel_format(axis="y", scilimits=(-3, 4), useMathText=True)
    legend_above(panels[0], columns=min(len(data.names), 2))
    panels[-1].set_xlabel(TIME_LABEL)
    panels[-1].set_xlim(min(run.time[0] for run in data.runs), max(run.time[-1] for run in data.runs))
    figure.align_ylabels()
    return figure


def comparison_result(data: Comparison) -> str:
    """What the runs differ in, and one line for each column and run: the largest difference, and the last."""
    lines = []
    for n, name in enumerate(data.names[1:], start=1):
        keys = _different_parameters(data.runs[0], data.runs[n])
        lines.append(f"{name} and {data.names[0]} differ in {_listed(keys, SHOWN_DIFFERENCES)}")
    lines.append(f"{data.time.size} common times from t = {data.time[0]:.6g} to {data.time[-1]:.6g}")
    for column in data.columns:
        for n, name in enumerate(data.names[1:], start=1):
            difference = data.difference(n, column)
            if not np.isfinite(difference).any():
                lines.append(f"{column}: {name} - {data.names[0]} is nowhere finite")
                continue
            worst = int(np.nanargmax(np.abs(difference)))
            lines.append(
                f"{column}: {name} - {data.names[0]} = {difference[worst]:+.3g} at most, at "
                f"t = {data.time[worst]:.6g}; "
                f"{difference[-1]:+.3g} at t = {data.time[-1]:.6g}"
            )
    return "\n".join(lines)


def _common_rows(runs: Sequence[Rows]) -> tuple[np.ndarray, ...]:
    """Rows of each run at the times that all have; throws RunError where there are none."""
    tolerance = TIME_TOLERANCE * min(float(np.min(np.diff(run.time))) for run in runs)
    first = runs[0].time
    nearest = []
    shared = np.ones(first.size, dtype=bool)
    for run in runs:
        right = np.clip(np.searchsorted(run.time, first), 1, run.time.size - 1)
        closest = right - (first - run.time[right - 1] < run.time[right] - first)
        shared &= np.abs(run.time[closest] - first) <= tolerance
        nearest.append(closest)
    if not shared.any():
        spans = ", ".join(f"{run.path} from t = {run.time[0]:.6g} to {run.time[-1]:.6g}" for run in runs)
        raise RunError(f"no time at which all runs have a row: {spans}; nothing is interpolated")
    return tuple(rows[shared] for rows in nearest)


def _names(paths: Sequence[Path]) -> tuple[str, ...]:
    """What is different in the paths of the runs; numbered where that is nothing."""
    resolved = [path.resolve() for path in paths]
    if len(set(resolved)) < len(resolved):
        return tuple(f"{path.name} ({n})" for n, path in enumerate(resolved, start=1))
    beside = os.path.commonpath([path.parent for path in resolved])
    return tuple(os.path.relpath(path, beside) for path in resolved)


def _different_parameters(one: Rows, other: Rows) -> list[str]:
    return [
        key
        for key in sorted(one.config.keys() | other.config.keys())
        if not key.startswith(FREE) and one.config.get(key) != other.config.get(key)
    ]


def _listed(names: Sequence[str], most: int | None = None) -> str:
    shown = ", ".join(names[:most]) or "nothing"
    return shown if most is None or len(names) <= most else f"{shown} and {len(names) - most} more"
