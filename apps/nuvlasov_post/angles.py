"""The angular distribution of each flavor, before and after."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nuvlasov_post.run import Profiles
from nuvlasov_post.style import (
    BLACK,
    COLUMN_WIDTH,
    FLAVOR_STYLES,
    GREY,
    MOST_BEAMS,
    ORANGE,
    PURPLE,
    flavor_legend,
    journal_style,
)

FIGURE_NAME = "angles"
ANTI = "anti"  # begins the names of antineutrinos
PAIR_COLORS = (BLACK, PURPLE, ORANGE)


@dataclass(frozen=True)
class AngularSpectrum:
    """dN/dv of each flavor in the box, `density` [time, angle, flavor]; `weight` [angle] is that of sums over v."""

    time: np.ndarray
    angle: np.ndarray
    weight: np.ndarray
    flavors: tuple[str, ...]
    density: np.ndarray

    @property
    def numbers(self) -> np.ndarray:
        """Of each flavor, [time, flavor]."""
        return np.einsum("k,tkf->tf", self.weight, self.density)


def angular_spectrum(profiles: Profiles) -> AngularSpectrum:
    """The spectrum of profiles.h5; throws RunError. Directions that neutrinos and antineutrinos share become one."""
    density = profiles.flavor_spectra("angle")
    angle, weight = profiles.angle, profiles.angle_weight
    if np.any(profiles.species < 0):
        angle, first, place = np.unique(profiles.angle, return_index=True, return_inverse=True)
        weight = profiles.angle_weight[first]
        shared = np.zeros((density.shape[0], angle.size, density.shape[2]))
        np.add.at(shared, (slice(None), place), density * (profiles.angle_weight / weight[place])[:, None])
        density = shared
    return AngularSpectrum(
        time=profiles.time, angle=angle, weight=weight, flavors=tuple(profiles.flavors()), density=density
    )


def _differences(flavors: tuple[str, ...]) -> dict[tuple[str, str], np.ndarray]:
    """The lepton number of one flavor less that of another, as signs [flavor], by the pair."""
    kinds = [name.removeprefix(ANTI) for name in flavors]
    signs = np.array([-1 if name.startswith(ANTI) else 1 for name in flavors])
    return {
        (one, other): signs * [(kind == one) - (kind == other) for kind in kinds]
        for one, other in combinations(dict.fromkeys(kinds), 2)
    }


@journal_style
def draw_angles(spectrum: AngularSpectrum) -> Figure:
    """Upper panel: dN/dv of each flavor at the first and the last record. Lower panel: one less the other, by pair."""
    figure = Figure(figsize=(COLUMN_WIDTH, 3.6 if len(spectrum.flavors) <= 4 else 4.2))
    upper, lower = figure.subplots(2, 1, sharex=True)
    for f, flavor in enumerate(spectrum.flavors):
        color = FLAVOR_STYLES.get(flavor, (flavor, BLACK))[1]
        _draw_pair(upper, spectrum, spectrum.density[..., f], color, f"{_symbol(flavor)}, ")
    differences = _differences(spectrum.flavors)
    for color, ((one, other), signs) in zip(PAIR_COLORS, differences.items(), strict=False):
        of = f"{_symbol(one)} $-$ {_symbol(other)}, " if len(differences) > 1 else ""
        _draw_pair(lower, spectrum, spectrum.density @ signs, color, of)
    for axes, lines in ((upper, len(spectrum.flavors)), (lower, len(differences))):
        axes.axhline(0.0, color=GREY, linewidth=0.6)
        flavor_legend(axes, lines)
    upper.set_ylabel("$dN/dv$")
    lower.set_ylabel(f"$dN/dv$, {_what_differs(spectrum.flavors)}")
    lower.set_xlabel("direction $v$")
    upper.set_xlim(-1.1, 1.1)
    figure.align_ylabels()
    return figure


def angles_result(spectrum: AngularSpectrum) -> str:
    """One line: how the numbers of the flavors changed."""
    before, after = spectrum.numbers[0], spectrum.numbers[-1]
    return f"t = {spectrum.time[0]:g} to {spectrum.time[-1]:g}: " + ", ".join(
        f"{flavor} {first:.4g} to {last:.4g}"
        for flavor, first, last in zip(spectrum.flavors, before, after, strict=True)
    )


def _symbol(flavor: str) -> str:
    return FLAVOR_STYLES.get(flavor, (flavor, BLACK))[0]


def _what_differs(flavors: tuple[str, ...]) -> str:
    """The only difference there is, or what all are of."""
    first, *more = _differences(flavors).values()
    if more:
        return r"$\nu - \bar\nu$" if any(name.startswith(ANTI) for name in flavors) else "differences"
    signed = zip(first[1:], flavors[1:], strict=True)
    return _symbol(flavors[0]) + "".join(f" ${'+' if sign > 0 else '-'}$ {_symbol(name)}" for sign, name in signed)


def _draw_pair(axes: Axes, spectrum: AngularSpectrum, values: np.ndarray, color: str, of: str) -> None:
    """Values [time, angle] at the first record, dashed or empty, and at the last."""
    few = spectrum.angle.size <= MOST_BEAMS
    first, last = f"{of}$t$ = {spectrum.time[0]:.4g}", f"{of}$t$ = {spectrum.time[-1]:.4g}"
    if few:
        axes.plot(np.stack([spectrum.angle] * 2), values[[0, -1]], color=color, linewidth=0.6)
        axes.plot(spectrum.angle, values[0], "o", color=color, fillstyle="none", markersize=7, label=first)
        axes.plot(spectrum.angle, values[-1], "o", color=color, markersize=4, label=last)
    else:
        axes.plot(spectrum.angle, values[0], "--", color=color, label=first)
        axes.plot(spectrum.angle, values[-1], "o-", color=color, markersize=2, label=last)
