"""Mean, spread and confidence band of the history over an ensemble: runs that differ in their random seed alone."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nuvlasov_post import __version__
from nuvlasov_post.run import CompleteRun, RunError, read_complete_run
from nuvlasov_post.style import BLUE, COLUMN_WIDTH, GREY, TIME_LABEL, VERMILLION, journal_style

log = logging.getLogger(__name__)

FIGURE_NAME = "ensemble"
MINIMUM_MEMBERS = 2
SEED = "initial.seeds.random_seed"
# What changes how a run is done, watched and stored, but not its history.
FREE = ("output.", "diagnostics.", "checkpoint.", "parallel.", "time.wall_limit")
TIME_TOLERANCE = 1e-9  # of the time between rows: sums of steps that differ are rounded differently
DRAWN = (
    ("u_osc", r"$U_\mathrm{osc}\;(\mu)$", BLUE),
    ("kinetic_energy_relative", r"$K - E_\mathrm{ref}N\;(\mu)$", VERMILLION),
)
SUFFIXES = {
    "mean": "mean over members",
    "std": "standard deviation over members",
    "low": "lower end of the confidence band of the mean",
    "high": "upper end of the confidence band of the mean",
}


@dataclass(frozen=True)
class Ensemble:
    """Complete members with rows at the same times, and why others were left out, one sentence each."""

    members: tuple[CompleteRun, ...]
    left_out: tuple[str, ...]

    @property
    def time(self) -> np.ndarray:
        """Times of the rows in 1/mu, shape [time]."""
        return self.members[0].time

    def values(self, name: str) -> np.ndarray:
        """A column of all members, shape [member, time]."""
        return np.stack([member.columns[name] for member in self.members])

    def column_names(self, wanted: Sequence[str] = ()) -> list[str]:
        """The wanted columns, or all that every member has; throws RunError for one that is not there."""
        known = [name for name in self.members[0].columns if all(name in m.columns for m in self.members)]
        for name in (*wanted, *(drawn for drawn, *_ in DRAWN)):
            if name not in known:
                raise RunError(f"no column '{name}' in the history of every member; there are {', '.join(known)}")
        return list(dict.fromkeys(wanted)) or known


@dataclass(frozen=True)
class Statistics:
    """Over members, each of shape [time]; `std` is that of the sample, over n - 1."""

    mean: np.ndarray
    std: np.ndarray
    low: np.ndarray
    high: np.ndarray


def read_ensemble(runs: Iterable[Path]) -> Ensemble:
    """Reads the complete members and warns of the others by name; throws RunError."""
    members, left_out = [], []
    for run in {run.resolve(): run for run in runs}.values():
        try:
            members.append(read_complete_run(run))
        except RunError as error:
            left_out.append(str(error))
            log.warning("left out: %s", error)
    if len(members) < MINIMUM_MEMBERS:
        found = f"{members[0].path} is the only complete run" if members else "no complete run"
        raise RunError(f"{found} among {len(members) + len(left_out)}; an ensemble needs at least {MINIMUM_MEMBERS}")
    _check_parameters(members)
    _check_seeds(members)
    _check_times(members)
    return Ensemble(tuple(members), tuple(left_out))


def student_t(level: float, degrees: int) -> float:
    """t with P(|T| < t) = level for Student's distribution with that many degrees of freedom.

    The finite sums for whole degrees of freedom, Abramowitz and Stegun (26.7.3) and (26.7.4), by bisection.
    """
    low, high = 0.0, 0.5 * math.pi
    while low < (middle := 0.5 * (low + high)) < high:
        low, high = (middle, high) if _student_probability(middle, degrees) < level else (low, middle)
    return math.sqrt(degrees) * math.tan(low)


def statistics(values: np.ndarray, level: float) -> Statistics:
    """Mean, spread and confidence band of the mean of [member, time] values at a level in (0, 1).

    The band is mean +- t std/sqrt(n), for each time by itself, with Student's t of n - 1 degrees of freedom.
    """
    members = values.shape[0]
    mean, std = values.mean(axis=0), values.std(axis=0, ddof=1)
    half_width = student_t(level, members - 1) / math.sqrt(members) * std
    return Statistics(mean=mean, std=std, low=mean - half_width, high=mean + half_width)


def ensemble_table(ensemble: Ensemble, names: Sequence[str], level: float) -> dict[str, np.ndarray]:
    """Columns of ensemble.csv and ensemble.h5, each of shape [time]."""
    table = {"time": ensemble.time}
    for name in names:
        found = statistics(ensemble.values(name), level)
        table |= {f"{name}_{suffix}": getattr(found, suffix) for suffix in SUFFIXES}
    return table


def write_file(ensemble: Ensemble, table: dict[str, np.ndarray], level: float, path: Path) -> None:
    """Writes ensemble.h5: the table on the dimension scale `time`, the members, and where all comes from."""
    members = ensemble.members
    with h5py.File(path, "w") as file:
        file.attrs.update(
            nuvlasov_file=FIGURE_NAME,
            Conventions="CF-1.8",
            version=__version__,
            config=members[0].config_text,
            level=level,
            left_out="\n".join(ensemble.left_out),
        )
        for name, values in table.items():
            units, meaning = _meaning(members[0], name)
            _put(file, name, values, units, meaning, "time")
        text = h5py.string_dtype()
        _put(file, "member", np.array([str(m.path) for m in members], dtype=text), "1", "run directory", "member")
        _put(file, "commit", np.array([m.commit for m in members], dtype=text), "1", "commit of nuvlasov", "member")
        _put(file, "random_seed", np.array([m.config[SEED] for m in members]), "1", SEED, "member")


@journal_style
def draw_ensemble(ensemble: Ensemble, level: float) -> Figure:
    """U_osc and K over time: each member, the mean, and the confidence band of the mean."""
    figure = Figure(figsize=(COLUMN_WIDTH, 3.8))
    panels = figure.subplots(len(DRAWN), 1, sharex=True)
    for axes, (name, label, color) in zip(panels, DRAWN, strict=True):
        _draw_column(axes, ensemble.time, ensemble.values(name), level, color)
        axes.set_ylabel(label)
    panels[-1].set_xlabel(TIME_LABEL)
    panels[-1].set_xlim(ensemble.time[0], ensemble.time[-1])
    figure.align_ylabels()
    return figure


def ensemble_result(ensemble: Ensemble, level: float) -> str:
    """One line: how many members, and what they say of U_osc at the end."""
    found = statistics(ensemble.values("u_osc"), level)
    half_width = 0.5 * (found.high[-1] - found.low[-1])
    left_out = f" ({len(ensemble.left_out)} left out)" if ensemble.left_out else ""
    return (
        f"{len(ensemble.members)} members{left_out}: U_osc = {found.mean[-1]:.4g} +- {half_width:.2g} mu at "
        f"t = {ensemble.time[-1]:.6g} ({100.0 * level:g} % band of the mean), spread {found.std[-1]:.2g} mu"
    )


def _student_probability(angle: float, degrees: int) -> float:
    """P(|T| < t) for t = sqrt(degrees) tan(angle)."""
    odd = degrees % 2
    term, total = math.cos(angle) if odd else 1.0, 0.0
    for n in range(2 + odd, degrees + 1, 2):
        total += term
        term *= (n - 1) / n * math.cos(angle) ** 2
    total *= math.sin(angle)
    return 2.0 / math.pi * (angle + total) if odd else total


def _check_parameters(members: Sequence[CompleteRun]) -> None:
    """That the members differ in nothing that their histories depend on but the random seed."""
    first, *others = members
    different = []
    for other in others:
        keys = [
            key
            for key in sorted(first.config.keys() | other.config.keys())
            if key != SEED and not key.startswith(FREE) and first.config.get(key) != other.config.get(key)
        ]
        if keys:
            values = (f"{key} = {_shown(other.config, key)}, not {_shown(first.config, key)}" for key in keys)
            different.append(f"{other.path} ({'; '.join(values)})")
    if different:
        raise RunError(
            f"not the same parameters as {first.path}: {', '.join(different)}; members may differ in {SEED} alone"
        )


def _check_seeds(members: Sequence[CompleteRun]) -> None:
    """That no realization is counted twice."""
    former: dict[object, Path] = {}
    for member in members:
        seed = member.config.get(SEED)
        if seed is None:
            raise RunError(f"{member.path}: its initial state has no {SEED}; an ensemble needs random seeds")
        if seed in former:
            raise RunError(f"{member.path} and {former[seed]} have the same {SEED} = {seed}; leave one of them out")
        former[seed] = member.path


def _check_times(members: Sequence[CompleteRun]) -> None:
    """That all rows are at the same times: nothing is interpolated."""
    first, *others = members
    tolerance = TIME_TOLERANCE * float(np.min(np.diff(first.time)))
    for other in others:
        rows = min(first.time.size, other.time.size)
        apart = np.abs(first.time[:rows] - other.time[:rows]) > tolerance
        if not apart.any() and first.time.size == other.time.size:
            continue
        where = f"row {np.argmax(apart)} is" if apart.any() else "the last row is"
        row = int(np.argmax(apart)) if apart.any() else -1
        raise RunError(
            f"{other.path}: {where} at t = {other.time[row]:.10g}, in {first.path} at t = {first.time[row]:.10g}; "
            "the histories of all members need the same times, so the same output.history_interval and time.end"
        )


def _shown(config: dict[str, object], key: str) -> str:
    return str(config[key]) if key in config else "absent"


def _meaning(member: CompleteRun, name: str) -> tuple[str, str]:
    """Units and long_name of a column of the table."""
    if name == "time":
        return "1/mu", "time"
    column, _, suffix = name.rpartition("_")
    units, meaning = member.meanings[column]
    return units, f"{meaning}: {SUFFIXES[suffix]}"


def _put(file: h5py.File, name: str, values: np.ndarray, units: str, long_name: str, dimension: str) -> None:
    """Writes a dataset on a dimension scale, or that scale itself."""
    file[name] = values
    file[name].attrs.update(units=units, long_name=long_name)
    if name == dimension:
        file[name].make_scale(name)
    else:
        file[name].dims[0].attach_scale(file[dimension])


def _draw_column(axes: Axes, time: np.ndarray, values: np.ndarray, level: float, color: str) -> None:
    found = statistics(values, level)
    for n, member in enumerate(values):
        label = f"{len(values)} members" if n == 0 else None
        axes.plot(time, member, color=GREY, linewidth=0.4, alpha=0.7, label=label)
    axes.fill_between(
        time, found.low, found.high, color=color, alpha=0.3, linewidth=0.0, label=f"{100.0 * level:g} % band"
    )
    axes.plot(time, found.mean, color=color, label="mean")
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncol=3)
