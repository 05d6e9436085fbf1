"""The energy spectrum against time: before and after, its change, and by how much neutrinos are shifted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nuvlasov_post.run import Profiles, Rows, RunError
from nuvlasov_post.style import (
    BLACK,
    COLUMN_WIDTH,
    FLAVOR_STYLES,
    GREY,
    ORANGE,
    TIME_LABEL,
    cell_edges,
    flavor_legend,
    journal_style,
    legend_above,
)

FIGURE_NAME = "spectrum"
ENERGY_LABEL = r"$E - E_\mathrm{ref}\;(\mu)$"
SHOWN_FRACTION = 1e-3  # energies with less than this of the largest dN/dE are not shown


@dataclass(frozen=True)
class Spectrum:
    """dN/dE of each flavor, `density` [time, energy, flavor] in 1/mu; energies are relative to E_ref, in mu."""

    time: np.ndarray
    energy: np.ndarray
    spacing: float
    flavors: tuple[str, ...]
    density: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """dN/dE of all flavors, [time, energy]."""
        return self.density.sum(axis=-1)

    def mean(self, density: np.ndarray) -> np.ndarray:
        """<E - E_ref> of dN/dE [time, energy]; NaN where there is none."""
        number = density.sum(axis=-1)
        return np.divide(density @ self.energy, number, out=np.full(number.shape, np.nan), where=number > 0.0)

    @property
    def shift(self) -> np.ndarray:
        """Change of the mean energy since the first record, [time]."""
        mean = self.mean(self.total)
        return mean - mean[0]

    @property
    def broadening(self) -> np.ndarray:
        """Square root of what the variance of the energy has gained since the first record, negative for a loss."""
        mean = self.mean(self.total)
        squares = self.total * (self.energy - mean[:, None]) ** 2
        number = self.total.sum(axis=-1)
        variance = np.divide(squares.sum(axis=-1), number, out=np.full(number.shape, np.nan), where=number > 0.0)
        gained = variance - variance[0]
        return np.sign(gained) * np.sqrt(np.abs(gained))


def energy_spectrum(profiles: Profiles) -> Spectrum:
    """The spectrum of profiles.h5; throws RunError."""
    if profiles.energy.size == 1:
        raise RunError(f"{profiles.path}: one energy has no spectrum; give the run more grid.momentum.energy.cells")
    return Spectrum(
        time=profiles.time,
        energy=profiles.energy,
        spacing=profiles.energy_spacing,
        flavors=tuple(profiles.flavors()),
        density=profiles.flavor_spectra("energy"),
    )


def expected_shift(rows: Rows) -> np.ndarray:
    """What the energy of refraction gained, taken evenly from all neutrinos: -(dU_osc + dU_non)/N, [time], in mu."""
    refractive = rows.columns["u_osc"] + rows.columns["u_non"]
    return -(refractive - refractive[0]) / rows.columns["number"][0]


@journal_style
def draw_spectrum(spectrum: Spectrum, rows: Rows | None = None) -> Figure:
    """Spectra before and after; change of dN/dE over (t, E); mean shift, broadening, and the shift by the budget."""
    figure = Figure(figsize=(COLUMN_WIDTH, 5.4))
    top, middle, bottom = figure.subplots(3, 1, gridspec_kw={"height_ratios": [1.0, 1.3, 1.0]})
    shown = _shown_energies(spectrum)
    _draw_spectra(top, spectrum, shown)
    _draw_change(middle, spectrum, shown)
    bottom.axhline(0.0, color=GREY, linewidth=0.6)
    bottom.plot(spectrum.time, spectrum.broadening, color=ORANGE, linestyle="-.", label="broadening")
    bottom.plot(spectrum.time, spectrum.shift, color=BLACK, label=r"$\Delta\langle E\rangle$")
    if rows is not None:
        bottom.plot(
            rows.time,
            expected_shift(rows),
            color=FLAVOR_STYLES["nu_e"][1],
            linestyle=":",
            linewidth=1.8,
            label=r"$-\Delta U/N$",
        )
    bottom.set_ylabel(r"shift $(\mu)$")
    bottom.set_xlabel(TIME_LABEL)
    legend_above(bottom)
    middle.sharex(bottom)
    middle.tick_params(labelbottom=False)
    bottom.set_xlim(spectrum.time[0], spectrum.time[-1])
    figure.align_ylabels()
    return figure


def spectrum_result(spectrum: Spectrum) -> str:
    """One line: the largest mean shift, and the broadening at the end."""
    if not np.isfinite(spectrum.shift).any():
        return "there are no neutrinos"
    worst = int(np.nanargmax(np.abs(spectrum.shift)))
    return (
        f"mean energy shifted by {spectrum.shift[worst]:+.3g} mu at most, at t = {spectrum.time[worst]:.6g}, "
        f"{spectrum.shift[-1]:+.3g} mu at t = {spectrum.time[-1]:.6g}; broadened by {spectrum.broadening[-1]:.3g} mu"
    )


def _shown_energies(spectrum: Spectrum) -> tuple[float, float]:
    """The range of energies in which there are neutrinos."""
    largest = np.nanmax(np.abs(spectrum.total), axis=0)
    there = np.flatnonzero(largest > SHOWN_FRACTION * largest.max())
    edges = cell_edges(spectrum.energy)
    return (edges[there[0]], edges[there[-1] + 1]) if there.size else (edges[0], edges[-1])


def _draw_spectra(axes: Axes, spectrum: Spectrum, shown: tuple[float, float]) -> None:
    for f, flavor in enumerate(spectrum.flavors):
        label, color = FLAVOR_STYLES.get(flavor, (flavor, BLACK))
        start, end = spectrum.density[0, :, f], spectrum.density[-1, :, f]
        axes.plot(spectrum.energy, start, color=color, alpha=0.35, linewidth=3.0, label=f"{label}, start")
        # Dashed where spectra of the flavors are the same.
        axes.plot(spectrum.energy, end, color=color, linestyle=("-", "--")[f % 2], label=f"{label}, end")
    axes.set_xlim(shown)
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    axes.set_xlabel(ENERGY_LABEL)
    axes.set_ylabel(r"$dN/dE\;(\mu^{-1})$")
    flavor_legend(axes, len(spectrum.flavors))


def _draw_change(axes: Axes, spectrum: Spectrum, shown: tuple[float, float]) -> None:
    change = 100.0 * (spectrum.total - spectrum.total[0]) / (np.max(np.abs(spectrum.total[0])) or 1.0)
    largest = np.nanmax(np.abs(change)) or 1.0
    mesh = axes.pcolormesh(
        cell_edges(spectrum.time),
        cell_edges(spectrum.energy),
        change.T,
        cmap="RdBu_r",
        vmin=-largest,
        vmax=largest,
        rasterized=True,
    )
    axes.figure.colorbar(
        mesh, ax=axes, location="top", aspect=30, pad=0.02, label="change of $dN/dE$, % of its largest at the start"
    )
    axes.set_ylim(shown)
    axes.set_ylabel(ENERGY_LABEL)
