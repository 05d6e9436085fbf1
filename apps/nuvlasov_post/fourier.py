"""The Fourier spectrum of flavor coherence in z against time: the unstable modes, and the cascade to smaller scales."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from nuvlasov_post.algebra import Algebra
from nuvlasov_post.run import Profiles, RunError
from nuvlasov_post.style import COLUMN_WIDTH, TIME_LABEL, cell_edges, journal_style, legend_above

FIGURE_NAME = "fourier"
DECADES = 12  # below the largest power, the map shows no more
SHOWN_FRACTION = 1e-8  # wave numbers whose power never exceeds this of the largest are not shown
LINES = 5  # times at which the spectrum is a line


@dataclass(frozen=True)
class Fourier:
    """`power` [time, wave_number] of psi = P^x + i P^y over all directions, psi_k = L^-1 int dz psi e^(-i k z).

    Of three flavors psi = 2 rho_ba is that of one pair, or the power is the sum over all; `label` says which.
    Summed over wave numbers it is the mean over z of sum_k w_k |psi|^2. `wave_number` rises, in mu.
    """

    label: str
    time: np.ndarray
    wave_number: np.ndarray
    power: np.ndarray

    @property
    def spread(self) -> np.ndarray:
        """Root of the mean squared wave number, weighted with the power, [time]; NaN where there is none."""
        total = self.power.sum(axis=-1)
        squares = np.divide(
            self.power @ self.wave_number**2, total, out=np.full(total.shape, np.nan), where=total > 0.0
        )
        return np.sqrt(squares)


def fourier_spectrum(profiles: Profiles, pair: str | None = None) -> Fourier:
    """The spectrum of the polarization integrated over energy, read record by record, of a pair as "e_mu" or of all;
    throws RunError."""
    profiles.require_periodic("the Fourier spectrum")
    algebra = profiles.algebra
    if pair and pair not in algebra.pairs:
        raise RunError(f"{profiles.path}: no pair '{pair}' in a run of {', '.join(algebra.flavors)}")
    pairs = [pair] if pair else list(algebra.pairs)
    cells = profiles.z.size
    wave_number = 2.0 * np.pi * np.fft.fftfreq(cells, profiles.box_length / cells)
    power = np.empty((profiles.time.size, cells))
    for record in range(profiles.time.size):
        density = profiles.density(record)
        modes = [np.fft.fft(algebra.coherence(density, name), axis=0) / cells for name in pairs]
        power[record] = sum(np.abs(mode) ** 2 for mode in modes) @ profiles.angle_weight
    order = np.argsort(wave_number)
    return Fourier(_label(algebra, pairs), profiles.time, wave_number[order], power[:, order])


@journal_style
def draw_fourier(spectrum: Fourier) -> Figure:
    """Upper panel: power over (t, k). Lower panel: power over k at a few times."""
    figure = Figure(figsize=(COLUMN_WIDTH, 4.8))
    upper, lower = figure.subplots(2, 1, gridspec_kw={"height_ratios": [1.3, 1.0]})
    largest = float(np.nanmax(spectrum.power)) or 1.0
    shown = _shown_wave_numbers(spectrum, largest)
    _draw_map(upper, spectrum, largest, shown)
    records = np.unique(np.linspace(0, spectrum.time.size - 1, LINES).astype(int))
    colors = matplotlib.colormaps["viridis"](np.linspace(0.0, 0.9, records.size))
    for record, color in zip(records, colors, strict=True):
        lower.semilogy(
            spectrum.wave_number,
            np.maximum(spectrum.power[record], 1e-300),
            color=color,
            linewidth=0.9,
            label=f"$t$ = {spectrum.time[record]:.4g}",
        )
    lower.set_xlim(shown)
    lower.set_ylim(largest * 10.0**-DECADES, 5.0 * largest)
    lower.set_xlabel(r"wave number $k\;(\mu)$")
    lower.set_ylabel(r"$\sum |\psi_k|^2$")
    legend_above(lower, columns=3)
    figure.align_ylabels()
    return figure


def fourier_result(spectrum: Fourier) -> str:
    """One line: the strongest mode and the spread of wave numbers at the end."""
    if not np.nanmax(spectrum.power) > 0.0:
        return "no flavor coherence"
    record, mode = np.unravel_index(int(np.nanargmax(spectrum.power)), spectrum.power.shape)
    return (
        f"strongest mode k = {spectrum.wave_number[mode]:.3g} mu, at t = {spectrum.time[record]:.6g}; root mean square "
        f"of k at t = {spectrum.time[-1]:.6g}: {spectrum.spread[-1]:.3g} mu"
    )


def _label(algebra: Algebra, pairs: Sequence[str]) -> str:
    if len(pairs) > 1:
        return r"$\psi_k = 2\rho_{ba,k}$, all pairs"
    at = algebra.between(pairs[0])
    x, y = (name.removeprefix("P") for name in algebra.components[at : at + 2])
    return rf"$\psi_k = P^{x}_k + iP^{y}_k$"


def _shown_wave_numbers(spectrum: Fourier, largest: float) -> tuple[float, float]:
    """The range of wave numbers that matter at some time."""
    there = np.flatnonzero(np.nanmax(spectrum.power, axis=0) > SHOWN_FRACTION * largest)
    edges = cell_edges(spectrum.wave_number)
    return (edges[there[0]], edges[there[-1] + 1]) if there.size else (edges[0], edges[-1])


def _draw_map(axes: Axes, spectrum: Fourier, largest: float, shown: tuple[float, float]) -> None:
    floor = largest * 10.0**-DECADES
    mesh = axes.pcolormesh(
        cell_edges(spectrum.time),
        cell_edges(spectrum.wave_number),
        np.maximum(spectrum.power, floor).T,
        cmap="viridis",
        norm=LogNorm(floor, largest),
        rasterized=True,
    )
    axes.figure.colorbar(
        mesh, ax=axes, location="top", aspect=30, pad=0.02, label=f"power of {spectrum.label}, all directions"
    )
    axes.set_xlim(spectrum.time[0], spectrum.time[-1])
    axes.set_ylim(shown)
    axes.set_ylabel(r"wave number $k\;(\mu)$")
    axes.set_xlabel(TIME_LABEL)
