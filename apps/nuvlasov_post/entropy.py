"""Entropy and negativity: what the equation changes, what the numerics add, and how negative eigenvalues become."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from nuvlasov_post.run import Rows, RunError
from nuvlasov_post.style import (
    BLACK,
    BLUE,
    COLUMN_WIDTH,
    GREY,
    ORANGE,
    TIME_LABEL,
    VERMILLION,
    journal_style,
    legend_above,
)

FIGURE_NAME = "entropy"
ROUNDING = 1e-16  # eigenvalues that are negative by less are not drawn
COLUMNS = ("entropy", "entropy_remainder", "entropy_production", "min_eigenvalue", "negative_part", "number")


def entropy_table(rows: Rows) -> dict[str, np.ndarray]:
    """What is drawn, each [time]; throws RunError for a history without it.

    Changes of the entropy per neutrino; the size of the most negative eigenvalue, and of the sum of all negative
    ones over the number of neutrinos, 0 where there is none.
    """
    missing = [name for name in COLUMNS if name not in rows.columns]
    if missing:
        raise RunError(f"{rows.path}: no column '{missing[0]}'; run again with this version of nuvlasov")
    number = rows.columns["number"][0] or 1.0
    entropy = rows.columns["entropy"]
    return {
        "time_inv_mu": rows.time,
        "entropy_change_per_neutrino": (entropy - entropy[0]) / number,
        "entropy_remainder_per_neutrino": rows.columns["entropy_remainder"] / number,
        "entropy_production_per_neutrino": rows.columns["entropy_production"] / number,
        "most_negative_eigenvalue": np.maximum(-rows.columns["min_eigenvalue"], 0.0),
        "negative_fraction": np.maximum(-rows.columns["negative_part"], 0.0) / abs(number),
    }


@journal_style
def draw_entropy(rows: Rows) -> Figure:
    """Upper panel: changes of S/N. Middle: what the numerics produced. Lower: negativity."""
    table = entropy_table(rows)
    figure = Figure(figsize=(COLUMN_WIDTH, 4.6))
    upper, middle, lower = figure.subplots(3, 1, sharex=True, gridspec_kw={"height_ratios": [1.2, 0.8, 1.0]})
    for name, label, color, style in (
        ("entropy_change_per_neutrino", r"$\Delta S$", BLACK, "-"),
        ("entropy_remainder_per_neutrino", "by the equation", ORANGE, "--"),
    ):
        upper.plot(rows.time, table[name], color=color, linestyle=style, label=label)
    middle.plot(rows.time, table["entropy_production_per_neutrino"], color=BLACK, label="by the numerics")
    for name, label, color, style in (
        ("most_negative_eigenvalue", "smallest eigenvalue", BLUE, "-"),
        ("negative_fraction", "negative part$/N$", VERMILLION, "--"),
    ):
        lower.plot(
            rows.time, np.where(table[name] > ROUNDING, table[name], np.nan), color=color, linestyle=style, label=label
        )
    lower.set_yscale("log")
    if not any(np.any(table[name] > ROUNDING) for name in ("most_negative_eigenvalue", "negative_fraction")):
        lower.set_yscale("linear")
        lower.set_yticks([])
        lower.text(0.5, 0.5, "no negative eigenvalue", transform=lower.transAxes, ha="center", va="center")
    for axes in (upper, middle):
        axes.axhline(0.0, color=GREY, linewidth=0.6, zorder=1)
        axes.ticklabel_format(axis="y", scilimits=(-2, 3), useMathText=True)
    upper.set_ylabel(r"$\Delta S/N$")
    middle.set_ylabel(r"$\Delta S/N$")
    lower.set_ylabel("size, if negative")
    for axes in (upper, middle, lower):
        legend_above(axes)
    lower.set_xlabel(TIME_LABEL)
    lower.set_xlim(rows.time[0], rows.time[-1])
    figure.align_ylabels()
    return figure


def entropy_result(rows: Rows) -> str:
    """One line: change and production of entropy, and the most negative eigenvalue."""
    table = entropy_table(rows)
    worst = int(np.nanargmax(table["most_negative_eigenvalue"]))
    return (
        f"S/N changed by {table['entropy_change_per_neutrino'][-1]:+.3g}, of that "
        f"{table['entropy_production_per_neutrino'][-1]:+.2g} by the numerics; most negative eigenvalue "
        f"{-table['most_negative_eigenvalue'][worst]:.2g} at t = {rows.time[worst]:.6g}"
    )
