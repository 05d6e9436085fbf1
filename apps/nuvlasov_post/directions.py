"""The budget of each beam, or range of directions: what it has of N, K, U_osc, U_non and S, and how that changes.

The energy of a pair of neutrinos belongs to each of them by half, so that the shares of all directions

    K_k     = int dz sum_E (E - E_ref) P0_k
    U_osc,k = 1/4 int dz P_k.(P_0 - v_k P_1)
    U_non,k = (1 + 1/N)/2 int dz P0_k (N_0 - v_k N_1)

of N flavors add up to K - E_ref N, U_osc and U_non; P_k, P0_k are those of a direction with its weight. Moments P_n, N_n see
densities that are integrated over energy, so that profiles.h5 holds all of it. Streaming and refraction are linear
there too: their rates of U are exact. They leave K of each direction alone, which the gradient terms change by
themselves. The entropy needs the density matrix, and is known at the snapshots.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from matplotlib.figure import Figure

from nuvlasov_post.ledger import QUANTITIES, heading, write_latex
from nuvlasov_post.quadrature import integral
from nuvlasov_post.run import DENSITY_MATRIX, Profiles, Rows, RunError, open_hdf5, snapshot_times
from nuvlasov_post.style import (
    BLACK,
    BLUE,
    COLUMN_WIDTH,
    GREEN,
    GREY,
    MOST_BEAMS,
    ORANGE,
    PURPLE,
    SKY,
    TIME_LABEL,
    VERMILLION,
    journal_style,
    legend_above,
    signed,
)

FIGURE_NAME = "budget_by_direction"
HALVES = (-1.0, 0.0, 1.0)
TIME_TOLERANCE = 1e-9  # between a snapshot and a record, as a fraction of the time between records
COLORS = (VERMILLION, BLUE, GREEN, PURPLE, ORANGE, SKY)
# Weights of f(z + m dz) - f(z - m dz), m = 1, 2, ..., by the order of the difference.
CENTRAL_DIFFERENCES = {
    2: (1 / 2,),
    4: (2 / 3, -1 / 12),
    6: (3 / 4, -3 / 20, 1 / 60),
    8: (4 / 5, -1 / 5, 4 / 105, -1 / 280),
}
DEFAULT_ORDER = 6  # of grid.z.order
RATES = ("u_osc_by_streaming", "u_osc_by_refraction", "u_non_by_streaming")


@dataclass(frozen=True)
class Range:
    """Directions from v to v, both included, as positions of profiles.h5."""

    low: float
    high: float
    members: np.ndarray

    @property
    def label(self) -> str:
        if self.members.size == 1:
            return f"$v$ = {signed(self.low)}"
        return f"{signed(self.low)} to {signed(self.high)}"


@dataclass(frozen=True)
class Shares:
    """What each range has, each [time, range]: by name number, kinetic_energy, u_osc, u_non, entropy (NaN where there
    is no snapshot), and the integrals over time u_osc_by_streaming, u_osc_by_refraction and u_non_by_streaming."""

    time: np.ndarray
    ranges: tuple[Range, ...]
    values: dict[str, np.ndarray]

    def change(self, name: str) -> np.ndarray:
        """Since the first record."""
        return self.values[name] - self.values[name][0]

    def remainder(self, energy: str) -> np.ndarray:
        """Of the change of u_osc or u_non, what is not streaming or refraction: gradient terms, dissipation, and the
        error of the run's time step and of the integration over its records."""
        return self.change(energy) - sum(self.values[name] for name in RATES if name.startswith(energy))


def direction_ranges(angle: np.ndarray, edges: Sequence[float] = ()) -> tuple[Range, ...]:
    """Ranges between the edges, or each of a few directions, or the two halves; throws RunError for an empty one."""
    if not edges and angle.size <= MOST_BEAMS:
        return tuple(Range(float(v), float(v), np.array([k])) for k, v in enumerate(angle))
    edges = edges or HALVES
    inner = np.digitize(angle, np.asarray(edges)[1:-1])
    inside = (angle >= edges[0]) & (angle <= edges[-1])
    ranges = tuple(
        Range(low, high, np.flatnonzero(inside & (inner == n)))
        for n, (low, high) in enumerate(zip(edges[:-1], edges[1:], strict=True))
    )
    for part in ranges:
        if part.members.size == 0:
            raise RunError(
                f"no direction between v = {part.low:g} and {part.high:g}; there are {angle.size} "
                f"from {angle[0]:.4g} to {angle[-1]:.4g}"
            )
    return ranges


def direction_shares(run: Path, profiles: Profiles, edges: Sequence[float] = ()) -> Shares:
    """The shares at the records of profiles.h5, read one by one; throws RunError."""
    profiles.require_periodic("the budget by direction")
    ranges = direction_ranges(profiles.angle, edges)
    difference = CENTRAL_DIFFERENCES.get(int(str(profiles.config.get("grid.z.order", DEFAULT_ORDER))))
    if difference is None:
        raise RunError(f"{profiles.path}: grid.z.order is none of {', '.join(map(str, CENTRAL_DIFFERENCES))}")
    records = [
        _one_record(profiles, difference, profiles.density(record), profiles.spectrum(record))
        for record in range(profiles.time.size)
    ]
    by_direction = {name: np.stack([record[name] for record in records]) for name in records[0]}
    by_direction["entropy"] = _entropies(run, profiles)
    for name in RATES:
        by_direction[name] = integral(profiles.time, by_direction[name])
    return Shares(
        time=profiles.time,
        ranges=ranges,
        values={
            name: np.stack([values[:, part.members].sum(axis=1) for part in ranges], axis=1)
            for name, values in by_direction.items()
        },
    )


def direction_table(shares: Shares) -> dict[str, np.ndarray]:
    """Columns of budget_by_direction.csv, each of shape [range and time]: one range after the other."""
    columns: dict[str, np.ndarray] = {"number_change": shares.change("number")}
    columns["kinetic_energy_change_mu"] = shares.change("kinetic_energy")
    for energy in ("u_osc", "u_non"):
        columns[f"{energy}_change_mu"] = shares.change(energy)
        columns |= {f"{name}_mu": shares.values[name] for name in RATES if name.startswith(energy)}
        columns[f"{energy}_remainder_mu"] = shares.remainder(energy)
    columns["entropy_change"] = shares.change("entropy")
    return {
        "time_inv_mu": np.tile(shares.time, len(shares.ranges)),
        "v_from": np.repeat([part.low for part in shares.ranges], shares.time.size),
        "v_to": np.repeat([part.high for part in shares.ranges], shares.time.size),
        **{name: values.T.ravel() for name, values in columns.items()},
    }


def write_direction_latex(shares: Shares, path: Path) -> None:
    """Writes the changes until the last record as a LaTeX tabular."""
    names = [("number", "N", ""), *((q.name, q.symbol, q.unit) for q in QUANTITIES)]
    lines = [
        (part.label.replace("\N{MINUS SIGN}", "$-$"), [shares.change(name)[-1, r] for name, *_ in names])
        for r, part in enumerate(shares.ranges)
    ]
    total = ("sum", [shares.change(name)[-1].sum() for name, *_ in names])
    header = [heading(symbol, unit) for _, symbol, unit in names]
    write_latex(path, f"until $t = {shares.time[-1]:g}\\,\\mu^{{-1}}$", header, lines, total)


@journal_style
def draw_directions(shares: Shares, rows: Rows) -> Figure:
    """Upper panel: change of K of each range and of all. Lower panel: of U_osc. Dotted: the global history."""
    figure = Figure(figsize=(COLUMN_WIDTH, 3.6))
    panels = figure.subplots(2, 1, sharex=True)
    for axes, q in zip(panels, QUANTITIES, strict=False):
        axes.axhline(0.0, color=GREY, linewidth=0.6)
        for r, part in enumerate(shares.ranges):
            axes.plot(
                shares.time,
                shares.change(q.name)[:, r],
                color=COLORS[r % len(COLORS)],
                linestyle=("-", "--")[r % 2],  # where two beams do the same, both are seen
                label=part.label,
            )
        column = rows.columns[q.column]
        axes.plot(rows.time, column - column[0], color=BLACK, linestyle=":", label="all, by the history")
        axes.set_ylabel(heading(q.symbol, q.unit))
    legend_above(panels[0], columns=min(3, len(shares.ranges) + 1))
    panels[-1].set_xlabel(TIME_LABEL)
    panels[-1].set_xlim(shares.time[0], shares.time[-1])
    figure.align_ylabels()
    return figure


def direction_result(shares: Shares) -> str:
    """One line: what each range paid."""
    changes = shares.change("kinetic_energy")[-1]
    parts = ", ".join(
        f"{part.label.replace('$', '')}: {change:+.5g} mu" for part, change in zip(shares.ranges, changes, strict=True)
    )
    return f"kinetic energy by direction: {parts}"


def z_difference(field: np.ndarray, weights: Sequence[float], spacing: float) -> np.ndarray:
    """Central difference along the first, periodic axis."""
    pairs = (
        weight * (np.roll(field, -m, axis=0) - np.roll(field, m, axis=0)) for m, weight in enumerate(weights, start=1)
    )
    return sum(pairs) / spacing


def _one_record(
    profiles: Profiles, difference: Sequence[float], density: np.ndarray, spectrum: np.ndarray
) -> dict[str, np.ndarray]:
    """Shares and rates of each direction, [angle], from [z, angle, component] and [energy, angle, component]."""
    v, spacing = profiles.angle, profiles.box_length / density.shape[0]
    occupation = profiles.energy_weight[:, None] * spectrum[..., 0] * profiles.angle_weight
    # Neutrinos less antineutrinos refract, and all precess alike.
    weighted = density * (profiles.species * profiles.angle_weight)[:, None]

    def moments(field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return field.sum(axis=1, keepdims=True), (v[:, None] * field).sum(axis=1, keepdims=True)

    def potential(field: np.ndarray) -> np.ndarray:
        """sum_k' (1 - v v_k') of a field, [z, angle, component]."""
        zeroth, first = moments(field)
        return zeroth - v[:, None] * first

    def shared(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(1/4 int dz P_k.P'_k, (1 + 1/N)/2 int dz P0_k P0'_k) of each direction."""
        return profiles.algebra.refractive_energies(spacing * (one * other).sum(axis=0))

    felt = potential(weighted)
    streaming = -v[:, None] * z_difference(weighted, difference, spacing)
    precession = profiles.algebra.precession(felt, weighted)
    # A product of two: both its factors change.
    streamed = [a + b for a, b in zip(shared(streaming, felt), shared(weighted, potential(streaming)), strict=True)]
    turned = shared(precession, felt)[0] + shared(weighted, potential(precession))[0]
    u_osc, u_non = shared(weighted, felt)
    return {
        "number": occupation.sum(axis=0),
        "kinetic_energy": (profiles.energy[:, None] * occupation).sum(axis=0),
        "u_osc": u_osc,
        "u_non": u_non,
        "u_osc_by_streaming": streamed[0],
        "u_osc_by_refraction": turned,
        "u_non_by_streaming": streamed[1],
    }


def _entropies(run: Path, profiles: Profiles) -> np.ndarray:
    """Entropy of each direction, [time, angle], Eq. (S19); NaN at records without a snapshot of rho."""
    entropies = np.full((profiles.time.size, profiles.angle.size), np.nan)
    tolerance = TIME_TOLERANCE * float(np.min(np.diff(profiles.time)))
    for path, time in snapshot_times(run).items():
        record = int(np.argmin(np.abs(profiles.time - time)))
        if abs(profiles.time[record] - time) > tolerance:
            continue
        with open_hdf5(path) as file:
            if DENSITY_MATRIX in file:
                entropies[record] = _entropy(profiles, file[DENSITY_MATRIX])
    return entropies


def _entropy(profiles: Profiles, rho: h5py.Dataset) -> np.ndarray:
    """Entropy of each direction, one plane of [z, energy, angle, component] after the other."""
    total = np.zeros(profiles.angle.size)
    for j in range(rho.shape[0]):
        eigenvalues = profiles.algebra.eigenvalues(rho[j])
        total += profiles.energy_weight @ _entropy_of(eigenvalues).sum(axis=-1)
    return profiles.box_length / rho.shape[0] * profiles.angle_weight * total


def _entropy_of(x: np.ndarray) -> np.ndarray:
    """-x log x - (1 - x) log(1 - x), and 0 where x is no occupation, as the solver has it."""
    inside = (x > 0.0) & (x < 1.0)
    x = np.where(inside, x, 0.5)
    return np.where(inside, -x * np.log(x) - (1.0 - x) * np.log1p(-x), 0.0)
