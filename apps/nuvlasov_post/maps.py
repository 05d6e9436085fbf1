"""Space-time map: one flavor quantity over time and z, of one direction or of all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nuvlasov_post.run import Profiles
from nuvlasov_post.style import COLUMN_WIDTH, TIME_LABEL, Z_LABEL, cell_edges, journal_style, signed

ALL_DIRECTIONS = "all"
NOTHING = "0.85"  # grey where there are no neutrinos


@dataclass(frozen=True)
class Quantity:
    """What a map shows: `of` the polarization [..., component]; `limits` of the colors, None: its largest size."""

    label: str
    of: Callable[[np.ndarray], np.ndarray]
    colors: str = "viridis"
    limits: tuple[float, float] | None = None
    ticks: tuple[tuple[float, str], ...] = ()


def _over_p0(values: np.ndarray, p: np.ndarray) -> np.ndarray:
    """NaN where there are no neutrinos."""
    return np.divide(values, p[..., 0], out=np.full(values.shape, np.nan), where=p[..., 0] > 0.0)


def _transverse(p: np.ndarray) -> np.ndarray:
    return np.hypot(p[..., 1], p[..., 2])


SHARE = (0.0, 1.0)
PI_TICKS = ((-np.pi, r"$-\pi$"), (-0.5 * np.pi, r"$-\pi/2$"), (0.0, "0"), (0.5 * np.pi, r"$\pi/2$"), (np.pi, r"$\pi$"))
QUANTITIES = {
    "nu_x_content": Quantity(r"$\nu_x$ content", lambda p: _over_p0(0.5 * (p[..., 0] - p[..., 3]), p), limits=SHARE),
    "coherence": Quantity(r"flavor coherence $|P_\perp|/P_0$", lambda p: _over_p0(_transverse(p), p)),
    "purity": Quantity(r"$|\vec P|/P_0$", lambda p: _over_p0(np.sqrt((p[..., 1:] ** 2).sum(axis=-1)), p), limits=SHARE),
    "phase": Quantity(
        r"phase of $P_x + iP_y$",
        lambda p: np.arctan2(p[..., 2], p[..., 1]),
        colors="twilight",
        limits=(-np.pi, np.pi),
        ticks=PI_TICKS,
    ),
    "nu_e": Quantity(r"density of $\nu_e$", lambda p: 0.5 * (p[..., 0] + p[..., 3])),
    "nu_x": Quantity(r"density of $\nu_x$", lambda p: 0.5 * (p[..., 0] - p[..., 3])),
    "P0": Quantity("$P_0$", lambda p: p[..., 0]),
    "Px": Quantity("$P_x$", lambda p: p[..., 1], colors="RdBu_r"),
    "Py": Quantity("$P_y$", lambda p: p[..., 2], colors="RdBu_r"),
    "Pz": Quantity("$P_z$", lambda p: p[..., 3], colors="RdBu_r"),
}
DEFAULT_QUANTITY = "coherence"  # the nu_x content is in Fig. 1


@dataclass(frozen=True)
class Map:
    """`values` [time, z] of a quantity, NaN where it has none; `direction` is v, None for all."""

    name: str
    time: np.ndarray
    z: np.ndarray
    direction: float | None
    values: np.ndarray

    @property
    def title(self) -> str:
        of = "all directions" if self.direction is None else f"$v$ = {signed(self.direction)}"
        return f"{QUANTITIES[self.name].label}, {of}"


def space_time_map(profiles: Profiles, name: str, direction: float | None) -> Map:
    """The map of a quantity of the direction closest to v, or of the sum over all; throws RunError."""
    if direction is None:
        polarization = np.stack(
            [np.einsum("k,zkc->zc", profiles.angle_weight, profiles.density(n)) for n in range(profiles.time.size)]
        )
    else:
        beam = profiles.nearest(direction)
        direction = float(profiles.angle[beam])
        polarization = np.stack([profiles.density(n, beam) for n in range(profiles.time.size)])
    return Map(name, profiles.time, profiles.z, direction, QUANTITIES[name].of(polarization))


def draw_over_space_time(
    axes: Axes, time: np.ndarray, z: np.ndarray, values: np.ndarray, name: str, title: str
) -> None:
    """Colors of values [time, z], with a bar over the panel."""
    quantity = QUANTITIES[name]
    low, high = quantity.limits or _limits(values, symmetric=quantity.colors == "RdBu_r")
    axes.set_facecolor(NOTHING)
    mesh = axes.pcolormesh(
        cell_edges(time), cell_edges(z), values.T, cmap=quantity.colors, vmin=low, vmax=high, rasterized=True
    )
    bar = axes.figure.colorbar(mesh, ax=axes, location="top", aspect=30, pad=0.02, label=title)
    if quantity.limits == SHARE:
        bar.set_ticks([0.0, 0.25, 0.5, 0.75, 1.0])
    elif quantity.ticks:
        bar.set_ticks([value for value, _ in quantity.ticks], labels=[text for _, text in quantity.ticks])
    axes.set_ylabel(Z_LABEL)


@journal_style
def draw_map(data: Map) -> Figure:
    """The map over t and z."""
    figure = Figure(figsize=(COLUMN_WIDTH, 2.7))
    axes = figure.subplots()
    draw_over_space_time(axes, data.time, data.z, data.values, data.name, data.title)
    axes.set_xlabel(TIME_LABEL)
    axes.set_xlim(data.time[0], data.time[-1])
    return figure


def map_result(data: Map) -> str:
    """One line: the smallest and the largest value."""
    of = "all directions" if data.direction is None else f"v = {data.direction:+.3g}"
    finite = data.values[np.isfinite(data.values)]
    if finite.size == 0:
        return f"{data.name} of {of}: there are no neutrinos"
    return f"{data.name} of {of}: from {finite.min():.3g} to {finite.max():.3g}"


def _limits(values: np.ndarray, symmetric: bool) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    if symmetric:
        high = max(abs(low), abs(high)) or 1.0
        return -high, high
    return min(0.0, low), high or 1.0
