"""Growth rate and frequency of the fastest-growing mode over wave number, and the modes that fit into the box."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nuvlasov_post.run import Dispersion
from nuvlasov_post.style import BLUE, COLUMN_WIDTH, GREY, VERMILLION, journal_style, pair_symbols, widen

FIGURE_NAME = "dispersion"
HEADROOM = 0.06  # above the largest growth rate, as a fraction of it
LEAST_SPAN = 0.2  # of the frequencies' axis, as a fraction of the largest growth rate: rounding stays invisible
CROWD = 60  # box modes; more than these get smaller markers


@journal_style
def draw_dispersion(dispersion: Dispersion) -> Figure:
    """Upper panel: growth rate. Lower panel: frequency, where something grows. Modes of the box are marked."""
    figure = Figure(figsize=(COLUMN_WIDTH, 3.8 if dispersion.pair else 3.6))
    upper, lower = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [1.4, 1.0]})
    largest = float(np.max(dispersion.growth_rate))
    _draw_curve(upper, dispersion, dispersion.growth_rate, dispersion.box_growth_rate)
    _draw_curve(lower, dispersion, dispersion.frequency, dispersion.box_frequency)
    upper.set_ylim(0.0, (1.0 + HEADROOM) * largest or 1.0)
    widen(lower, LEAST_SPAN * largest)
    upper.set_ylabel(r"growth rate $\mathrm{Im}\,\Omega\;(\mu)$")
    lower.set_ylabel(r"frequency $\mathrm{Re}\,\Omega\;(\mu)$")
    lower.set_xlabel(r"wave number $k\;(\mu)$")
    lower.set_xlim(dispersion.wave_number[0], dispersion.wave_number[-1])
    if dispersion.pair:
        figure.suptitle("coherence of " + " and ".join(pair_symbols(dispersion.pair)))
    if largest == 0.0:
        upper.text(0.5, 0.5, "nothing grows", transform=upper.transAxes, ha="center", va="center")
    elif dispersion.box_number.size > 0:
        upper.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncol=2)
    figure.align_ylabels()
    return figure


def dispersion_result(dispersion: Dispersion) -> str:
    """One line: the largest growth rate, and the fastest mode of the box."""
    fastest = int(np.argmax(dispersion.growth_rate))
    of = f"{dispersion.pair}: " if dispersion.pair else ""
    if dispersion.growth_rate[fastest] == 0.0:
        return f"{of}nothing grows"
    rate, k = dispersion.growth_rate[fastest], dispersion.wave_number[fastest]
    result = f"{of}largest growth rate {rate:.3g} mu at k = {k:.3g}"
    if dispersion.box_number.size == 0:
        return f"{result}; the box holds no growing mode"
    mode = int(np.argmax(dispersion.box_growth_rate))
    return (
        f"{result}; in the box n = {dispersion.box_number[mode]:.0f} grows fastest, "
        f"with {dispersion.box_growth_rate[mode]:.3g} mu"
    )


def _draw_curve(axes: Axes, dispersion: Dispersion, values: np.ndarray, box_values: np.ndarray) -> None:
    axes.axhline(0.0, color=GREY, linewidth=0.6)
    axes.plot(dispersion.wave_number, values, color=BLUE, label="fastest-growing mode")
    axes.plot(
        dispersion.box_wave_number,
        box_values,
        color=VERMILLION,
        linestyle="none",
        marker="o",
        markersize=3.0 if dispersion.box_number.size <= CROWD else 1.5,
        label=r"$k = 2\pi n/L$ of the box",
    )
