"""Space-time map: one flavor quantity over time and z, of one direction or of all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nuvlasov_post.algebra import ALGEBRAS, Algebra
from nuvlasov_post.run import Profiles, RunError
from nuvlasov_post.style import (
    COLUMN_WIDTH,
    FLAVOR_STYLES,
    TIME_LABEL,
    Z_LABEL,
    cell_edges,
    journal_style,
    pair_symbols,
    signed,
)

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


SHARE = (0.0, 1.0)
PURITY_FACTORS = {2: "", 3: r"\sqrt{3/4}\,"}  # by the number of flavors
PI_TICKS = ((-np.pi, r"$-\pi$"), (-0.5 * np.pi, r"$-\pi/2$"), (0.0, "0"), (0.5 * np.pi, r"$\pi/2$"), (np.pi, r"$\pi$"))


def others_content(algebra: Algebra) -> str:
    """Name of the content of all flavors but the first."""
    return f"{'_'.join(algebra.flavors[1:])}_content"


def quantities(algebra: Algebra) -> dict[str, Quantity]:
    """All that can be shown of so many flavors, by name."""
    found: dict[str, Quantity] = {}
    for pair in algebra.pairs:
        found |= _of_pair(algebra, pair, "" if len(algebra.pairs) == 1 else f"_{pair}")
    found["coherence"] = Quantity(
        r"flavor coherence $|P_\perp|/P_0$",
        lambda p: _over_p0(np.linalg.norm([np.abs(algebra.coherence(p, pair)) for pair in algebra.pairs], axis=0), p),
    )
    found["purity"] = Quantity(
        rf"${PURITY_FACTORS[len(algebra.flavors)]}|\vec P|/P_0$",
        lambda p: _over_p0(algebra.purity(p), p),
        limits=SHARE,
    )
    for f, name in enumerate(algebra.flavors):
        found[name] = Quantity(f"density of {FLAVOR_STYLES[name][0]}", _occupation(algebra, slice(f, f + 1)))
        found[f"{name}_content"] = _content(algebra, slice(f, f + 1))
    found[others_content(algebra)] = _content(algebra, slice(1, None))
    for c, (name, symbol) in enumerate(zip(algebra.components, _components(algebra), strict=True)):
        found[name] = Quantity(f"${symbol}$", itemgetter((..., c)), colors="viridis" if c == 0 else "RdBu_r")
    return found


def _components(algebra: Algebra) -> list[str]:
    """Their symbols."""
    return [name.replace("P", "P_") for name in algebra.components]


def _of_pair(algebra: Algebra, pair: str, suffix: str) -> dict[str, Quantity]:
    at = algebra.between(pair)
    psi = " + i".join(_components(algebra)[at : at + 2])
    return {
        f"coherence{suffix}": Quantity(
            f"{''.join(pair_symbols(pair))} coherence $|{psi}|/P_0$",
            lambda p: _over_p0(np.abs(algebra.coherence(p, pair)), p),
        ),
        f"phase{suffix}": Quantity(
            f"phase of ${psi}$",
            lambda p: np.angle(algebra.coherence(p, pair)),
            colors="twilight",
            limits=(-np.pi, np.pi),
            ticks=PI_TICKS,
        ),
    }


def _occupation(algebra: Algebra, flavors: slice) -> Callable[[np.ndarray], np.ndarray]:
    """Of some flavors together."""
    return lambda p: algebra.occupations(p)[..., flavors].sum(axis=-1)


def _content(algebra: Algebra, flavors: slice) -> Quantity:
    """The share of some flavors in all."""
    symbols = (FLAVOR_STYLES[name][0] for name in algebra.flavors[flavors])
    occupation = _occupation(algebra, flavors)
    return Quantity(f"{' and '.join(symbols)} content", lambda p: _over_p0(occupation(p), p), limits=SHARE)


ALL_QUANTITIES = tuple(dict.fromkeys(name for algebra in ALGEBRAS for name in quantities(algebra)))
DEFAULT_QUANTITY = "coherence"  # the content of other flavors is in Fig. 1


@dataclass(frozen=True)
class Map:
    """`values` [time, z] of a quantity, NaN where it has none; `direction` is v, None for all."""

    name: str
    quantity: Quantity
    time: np.ndarray
    z: np.ndarray
    direction: float | None
    values: np.ndarray

    @property
    def of(self) -> str:
        return "all directions" if self.direction is None else f"$v$ = {signed(self.direction)}"

    @property
    def title(self) -> str:
        return f"{self.quantity.label}, {self.of}"


def space_time_map(profiles: Profiles, name: str, direction: float | None) -> Map:
    """The map of a quantity of the direction closest to v, or of the sum over all; throws RunError."""
    known = quantities(profiles.algebra)
    if name not in known:
        raise RunError(
            f"{profiles.path}: no '{name}' in a run of {', '.join(profiles.algebra.flavors)}; there are "
            f"{', '.join(known)}"
        )
    if direction is None:
        polarization = np.stack(
            [np.einsum("k,zkc->zc", profiles.angle_weight, profiles.density(n)) for n in range(profiles.time.size)]
        )
    else:
        beam = profiles.nearest(direction)
        direction = float(profiles.angle[beam])
        polarization = np.stack([profiles.density(n, beam) for n in range(profiles.time.size)])
    return Map(name, known[name], profiles.time, profiles.z, direction, known[name].of(polarization))


def draw_over_space_time(axes: Axes, data: Map, title: str) -> None:
    """Colors of the values, with a bar over the panel."""
    quantity, values = data.quantity, data.values
    low, high = quantity.limits or _limits(values, symmetric=quantity.colors == "RdBu_r")
    axes.set_facecolor(NOTHING)
    mesh = axes.pcolormesh(
        cell_edges(data.time), cell_edges(data.z), values.T, cmap=quantity.colors, vmin=low, vmax=high, rasterized=True
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
    draw_over_space_time(axes, data, data.title)
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
