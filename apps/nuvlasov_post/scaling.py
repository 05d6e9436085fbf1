"""How a run scales: time of a step and its phases over ranks, efficiency, the model, and the memory bandwidth."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

from nuvlasov_post.run import SCALING_PHASES, Scaling
from nuvlasov_post.style import BLACK, BLUE, COLUMN_WIDTH, GREEN, GREY, PURPLE, VERMILLION, journal_style

FIGURE_NAME = "scaling"
PHASE_STYLES = dict(zip(SCALING_PHASES, ((BLUE, "o"), (PURPLE, "^"), (VERMILLION, "s"), (GREEN, "D")), strict=True))
KINDS = {False: "strong", True: "weak"}
MOST_TICKS = 8  # numbers of ranks on the axis


@journal_style
def draw_scaling(scaling: Scaling) -> Figure:
    """Time of a step of the strong scaling, and of its phases; below the efficiency of both, by core."""
    strong, weak = (scaling.of_kind(weak) for weak in (False, True))
    timed = strong if strong.ranks.size else weak
    figure = Figure(figsize=(COLUMN_WIDTH, 4.6))
    upper, lower = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [1.5, 1.0]})
    _draw_steps(upper, timed, weak=timed is weak)
    for part, name, color, marker in ((strong, "strong", BLACK, "o"), (weak, "weak", BLUE, "s")):
        if part.ranks.size:
            _draw_efficiency(lower, part, name, color, marker)
    lower.plot(timed.ranks, timed.triad / timed.triad[0], color=GREY, linestyle=":", label="triad of a core")
    lower.axhline(1.0, color=GREY, linewidth=0.6)
    lower.set_ylim(0.0, max(1.1, lower.get_ylim()[1]))
    lower.set_ylabel("efficiency")
    lower.set_xlabel("ranks")
    _mark_ranks(lower, np.unique(scaling.ranks))
    for axes in (upper, lower):
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncol=3)
    figure.align_ylabels()
    return figure


def scaling_result(scaling: Scaling) -> str:
    """The table: one line for each kind of scaling and number of ranks."""
    lines = [
        f"{'case':<12}{'nodes/rank':>11}{'step, ms':>10}{'spread':>9}{'model, ms':>11}{'efficiency':>12}"
        f"{'terms':>8}{'moments':>9}{'halo':>8}{'stepping':>10}{'triad GB/s/core':>17}"
    ]
    for weak in (False, True):
        part = scaling.of_kind(weak)
        efficiency = part.efficiency
        for n, ranks in enumerate(part.ranks):
            name = f"{KINDS[weak]} {ranks:.0f}"
            shares = [part.phases[phase][n] / part.step[n] for phase in SCALING_PHASES]
            lines.append(
                f"{name:<12}{part.nodes_per_rank[n]:>11.4g}{1e3 * part.step[n]:>10.4g}"
                f"{part.spread[n] / part.step[n]:>9.1%}{1e3 * part.predicted[n]:>11.4g}{efficiency[n]:>12.1%}"
                f"{shares[0]:>8.1%}{shares[1]:>9.1%}{shares[2]:>8.1%}{shares[3]:>10.1%}{1e-9 * part.triad[n]:>17.2f}"
            )
    return "\n".join(lines)


def _draw_steps(axes: Axes, part: Scaling, weak: bool) -> None:
    ideal = part.step[0] * (np.ones_like(part.ranks) if weak else part.ranks[0] / part.ranks)
    axes.errorbar(part.ranks, part.step, yerr=0.5 * part.spread, color=BLACK, linestyle="none")
    axes.plot(part.ranks, part.step, color=BLACK, marker="o", markersize=3.5, label="step")
    axes.plot(part.ranks, part.predicted, color=BLACK, linestyle="--", linewidth=0.8, label="model")
    axes.plot(part.ranks, ideal, color=GREY, linewidth=0.8, zorder=1, label="ideal")
    for phase, (color, marker) in PHASE_STYLES.items():
        axes.plot(
            part.ranks,
            part.phases[phase],
            color=color,
            marker=marker,
            markersize=2.5,
            linewidth=0.8,
            label=phase.replace("_", " "),
        )
    axes.set_xscale("log")
    axes.set_yscale("log", nonpositive="mask")
    axes.set_ylabel(f"seconds a step, {KINDS[weak]}")


def _draw_efficiency(axes: Axes, part: Scaling, name: str, color: str, marker: str) -> None:
    axes.plot(part.ranks, part.efficiency, color=color, marker=marker, markersize=3.5, label=name)
    expected = part.predicted[0] * part.ranks[0] / part.nodes[0] * part.nodes / (part.predicted * part.ranks)
    axes.plot(part.ranks, expected, color=color, linestyle="--", linewidth=0.8, label=f"{name}, model")


def _mark_ranks(axes: Axes, ranks: np.ndarray) -> None:
    step = -(-ranks.size // MOST_TICKS)
    axes.xaxis.set_major_locator(FixedLocator(ranks[::-step][::-1].tolist()))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:.0f}"))
