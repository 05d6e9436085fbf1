"""The energy shift in space: the mean energy of the neutrinos at each place, against the first snapshot.

Two beams v = +-1 that begin evenly conserve energy at each place: with S = K_+ + K_- + U and D = K_+ - K_- per length,
Eq. (16) says d_t S + d_z D = 0 and d_t D + d_z S = 0, so that S changes by what the seeds make uneven alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import h5py
import matplotlib
import numpy as np
from matplotlib.figure import Figure

from nuvlasov_post.run import (
    DENSITY_MATRIX,
    RunError,
    check_directory,
    coordinate,
    open_file,
    read_algebra,
    snapshot_times,
)
from nuvlasov_post.style import BLACK, COLUMN_WIDTH, GREY, Z_LABEL, journal_style, legend_above

FIGURE_NAME = "shift"
MINIMUM_SNAPSHOTS = 2
LINES = 3  # snapshots that are drawn, besides the first


@dataclass(frozen=True)
class Shift:
    """Of the neutrinos at z, [time, z], NaN where there are none: `energy` is <E - E_ref>, `refraction` the density of
    U_osc + U_non over theirs; in mu."""

    time: np.ndarray
    z: np.ndarray
    energy: np.ndarray
    refraction: np.ndarray

    @property
    def change(self) -> np.ndarray:
        """Since the first snapshot, [time, z]."""
        return self.energy - self.energy[0]


def local_shift(run: Path) -> Shift:
    """Reads the density matrices of the snapshots, plane by plane; throws RunError."""
    check_directory(run)
    times, energies = [], []
    z = np.empty(0)
    for path, time in snapshot_times(run).items():
        with open_file(path.parent, path.name) as file:
            if DENSITY_MATRIX not in file:
                continue
            z = coordinate(file, "z")
            energies.append(_energies(file))
            times.append(time)
    if len(times) < MINIMUM_SNAPSHOTS:
        raise RunError(
            f"{run}: {len(times)} snapshot{'s' * (len(times) != 1)} of {DENSITY_MATRIX}, at least {MINIMUM_SNAPSHOTS} "
            "are needed; let the run go on, or lower its output.snapshot_interval"
        )
    return Shift(np.array(times), z, *np.stack(energies, axis=1))


@journal_style
def draw_shift(shift: Shift) -> Figure:
    """The shift over z at the last snapshot and up to two before it; dotted, what refraction gained at the last."""
    figure = Figure(figsize=(COLUMN_WIDTH, 2.6))
    axes = figure.subplots()
    axes.axhline(0.0, color=GREY, linewidth=0.6)
    records = np.unique(np.linspace(1, shift.time.size - 1, LINES).round().astype(int))
    colors = matplotlib.colormaps["viridis"](np.linspace(0.9, 0.3, records.size))
    for record, color in zip(records, colors, strict=True):
        axes.plot(shift.z, shift.change[record], color=color, label=f"$t$ = {shift.time[record]:.4g}")
    paid = shift.refraction[0] - shift.refraction[-1]
    axes.plot(shift.z, paid, color=BLACK, linestyle=":", label=r"$-\Delta u/n$")
    axes.set_xlabel(Z_LABEL)
    axes.set_ylabel(r"shift of $\langle E\rangle\;(\mu)$")
    axes.set_xlim(shift.z[0], shift.z[-1])
    legend_above(axes)
    return figure


def shift_result(shift: Shift) -> str:
    """One line: the range of shifts at the last snapshot."""
    last = shift.change[-1][np.isfinite(shift.change[-1])]
    if last.size == 0:
        return "there are no neutrinos"
    return f"energies shifted by {last.min():+.3g} to {last.max():+.3g} mu over z, at t = {shift.time[-1]:.6g}"


def _energies(file: h5py.File) -> np.ndarray:
    """Kinetic, relative to E_ref, and refractive energy per neutrino at each z of a snapshot, [2, z]."""
    energy, v = coordinate(file, "energy"), coordinate(file, "angle")
    weight = (coordinate(file, "energy_weight")[:, None] * coordinate(file, "angle_weight"))[..., None]
    species = coordinate(file, "species") if "species" in file else np.ones(v.size)
    algebra, rho = read_algebra(file), file[DENSITY_MATRIX]
    energies = np.full((2, rho.shape[0]), np.nan)
    for j in range(rho.shape[0]):
        weighted = weight * rho[j]
        by_direction = weighted.sum(axis=0)
        refracting = species[:, None] * by_direction
        squares = refracting.sum(axis=0) ** 2 - (v @ refracting) ** 2
        number = by_direction[:, 0].sum()
        if number > 0.0:
            kinetic = energy @ weighted[..., 0].sum(axis=1)
            energies[:, j] = kinetic / number, sum(algebra.refractive_energies(squares)) / number
    return energies
