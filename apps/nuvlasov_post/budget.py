"""The energy budget: what K, U_osc, U_non and, with matter and masses, U_matter and U_vacuum exchange, and what is left
over."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nuvlasov_post.quadrature import integral
from nuvlasov_post.run import History
from nuvlasov_post.style import (
    BLACK,
    BLUE,
    COLUMN_WIDTH,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    TIME_LABEL,
    VERMILLION,
    journal_style,
    legend_above,
)

FIGURE_NAME = "budget"
FLOOR = 1e-17  # where the logarithmic panel draws a zero: a tenth of double precision's round-off
FLOOR_MARGIN = 0.2  # room below the floor, as a fraction of the decades above it

EXTERNAL_STYLES = {
    "u_matter": (r"$\Delta U_\mathrm{matter}$", SKY, "-"),
    "u_vacuum": (r"$\Delta U_\mathrm{vacuum}$", ORANGE, "--"),
}

MODE_TITLES = {
    "full": "full equation, Eq. (16)",
    "standard": "standard equation, Eq. (1)",
    "unknown": "equation not recorded",
}


@dataclass(frozen=True)
class Budget:
    """Changes since the first record, each of shape [time], energies in mu.

    `scale` is |U_osc(0)| in mu, or 1 mu where U_osc(0) is zero. `dissipation` is what dissipation gave to
    the sum, its rate integrated over the records (None: there is none), `ends` what came through open ends (None:
    the box is periodic), `external` holds the changes of u_matter and u_vacuum where the run has them, and `residual` is
    |sum_change - dissipation - ends|/scale.
    The drifts of number and purity, less what came through the ends, are relative to their first value.
    """

    time: np.ndarray
    kinetic_energy_change: np.ndarray
    u_osc_change: np.ndarray
    u_non_change: np.ndarray
    sum_change: np.ndarray
    residual: np.ndarray
    number_drift: np.ndarray
    purity_drift: np.ndarray
    scale: float
    dissipation: np.ndarray | None = None
    ends: np.ndarray | None = None
    external: dict[str, np.ndarray] = field(default_factory=dict)


def energy_budget(history: History) -> Budget:
    """The budget of a history."""
    kinetic, osc, non = (
        column - column[0] for column in (history.kinetic_energy_relative, history.u_osc, history.u_non)
    )
    scale = 1.0 if history.starts_without_u_osc else abs(float(history.u_osc[0]))
    external = {
        name: column - column[0]
        for name, column in (("u_matter", history.u_matter), ("u_vacuum", history.u_vacuum))
        if column is not None
    }
    total = kinetic + osc + non + sum(external.values())
    dissipation = None
    if history.dissipation_rate is not None:
        dissipation = integral(history.time, history.dissipation_rate)
    ends = history.total_energy_relative_boundary
    unexplained = total - sum(part for part in (dissipation, ends) if part is not None)
    return Budget(
        time=history.time,
        kinetic_energy_change=kinetic,
        u_osc_change=osc,
        u_non_change=non,
        sum_change=total,
        residual=np.abs(unexplained) / scale,
        number_drift=_relative_drift(history.number, history.number_boundary),
        purity_drift=_relative_drift(history.purity, history.purity_boundary),
        scale=scale,
        dissipation=dissipation,
        ends=ends,
        external=external,
    )


def budget_table(history: History) -> dict[str, np.ndarray]:
    """Columns of budget.csv, each of shape [time]; a name without a unit is dimensionless."""
    budget = energy_budget(history)
    dissipation = {} if budget.dissipation is None else {"dissipation_mu": budget.dissipation}
    ends = {} if budget.ends is None else {"ends_mu": budget.ends}
    return {
        "time_inv_mu": budget.time,
        "kinetic_energy_change_mu": budget.kinetic_energy_change,
        "u_osc_change_mu": budget.u_osc_change,
        "u_non_change_mu": budget.u_non_change,
        **{f"{name}_change_mu": change for name, change in budget.external.items()},
        "sum_change_mu": budget.sum_change,
        "residual": budget.residual,
        "kinetic_energy_relative_mu": history.kinetic_energy_relative,
        "u_osc_mu": history.u_osc,
        "u_non_mu": history.u_non,
        **dissipation,
        **ends,
    }


def write_table(table: dict[str, np.ndarray], path: Path) -> None:
    """Writes a CSV file whose digits give the same doubles back."""
    with path.open("w", encoding="ascii", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(table)
        writer.writerows(zip(*(column.tolist() for column in table.values()), strict=True))


@journal_style
def draw_budget(history: History) -> Figure:
    """Upper panel: the changes over |U_osc(0)|. Lower panel: |residual| and the drifts of the other invariants."""
    budget = energy_budget(history)
    figure = Figure(figsize=(COLUMN_WIDTH, 4.0))
    figure.suptitle(MODE_TITLES[history.mode])
    upper, lower = figure.subplots(2, 1, sharex=True)
    unit = r"\mu" if history.starts_without_u_osc else r"|U_\mathrm{osc}(0)|"
    residual = "missing energy" if history.mode == "standard" else "residual"
    _draw_changes(upper, budget)
    _draw_drifts(lower, budget, rf"{residual}$/\mu$" if history.starts_without_u_osc else residual)
    upper.set_ylabel(rf"change$\,/\,{unit}$")
    lower.set_ylabel("|relative change|")
    lower.set_xlabel(TIME_LABEL)
    lower.set_xlim(budget.time[0], budget.time[-1])
    figure.align_ylabels()
    return figure


def budget_result(history: History) -> str:
    """One line: how well the budget closes, or how much energy the standard equation misses."""
    budget = energy_budget(history)
    worst = int(np.nanargmax(budget.residual))
    unit = "mu (U_osc(0) is zero)" if history.starts_without_u_osc else "of |U_osc(0)|"
    size = f"{budget.residual[worst]:.2g} {unit}, largest at t = {budget.time[worst]:.6g}"
    not_finite = int(np.count_nonzero(~np.isfinite(budget.residual)))
    warning = f"; {not_finite} of {budget.time.size} records are not finite" if not_finite else ""
    if budget.dissipation is not None:
        warning += f"; dissipation {budget.dissipation[-1]:+.2g} mu"
    if history.mode == "standard":
        return f"standard equation: missing energy {size}{warning}"
    return f"budget closes to {size}{warning}"


def _relative_drift(column: np.ndarray, gained: np.ndarray | None) -> np.ndarray:
    """|x(t) - x(0) - gained(t)|/|x(0)|, shape [time]; absolute where x(0) is zero."""
    change = column - column[0]
    return np.abs(change if gained is None else change - gained) / (abs(column[0]) or 1.0)


def _draw_changes(axes: Axes, budget: Budget) -> None:
    lines = [
        (budget.kinetic_energy_change, r"$\Delta K$", VERMILLION, "-"),
        (budget.u_osc_change, r"$\Delta U_\mathrm{osc}$", BLUE, "-"),
        (budget.u_non_change, r"$\Delta U_\mathrm{non}$", GREEN, "--"),
        *((budget.external[name], *style) for name, style in EXTERNAL_STYLES.items() if name in budget.external),
        (budget.sum_change, "sum", BLACK, ":"),
    ]
    if budget.dissipation is not None:
        lines.append((budget.dissipation, "dissipation", PURPLE, "-."))
    if budget.ends is not None:
        lines.append((budget.ends, "ends", GREY, "-."))
    for change, label, color, style in lines:
        axes.plot(budget.time, change / budget.scale, color=color, linestyle=style, label=label)
    legend_above(axes)


def _draw_drifts(axes: Axes, budget: Budget, residual_label: str) -> None:
    lines = (
        (budget.residual, residual_label, BLACK, 1.2),
        (budget.number_drift, r"number $N$", BLUE, 0.6),
        (budget.purity_drift, r"purity $Q$", PURPLE, 0.6),
    )
    for values, label, color, width in lines:
        axes.semilogy(budget.time, np.maximum(values, FLOOR), color=color, linewidth=width, label=label)
    if any(np.any(values < FLOOR) for values, *_ in lines):
        _mark_floor(axes)
    legend_above(axes)


def _mark_floor(axes: Axes) -> None:
    """Draws the floor, with room below it for its name."""
    top = max(axes.get_ylim()[1], 10.0 * FLOOR)
    axes.set_ylim(FLOOR * (FLOOR / top) ** FLOOR_MARGIN, top)
    axes.axhline(FLOOR, color=GREY, linewidth=0.6, linestyle=":")
    axes.annotate(
        f"zero is drawn at {FLOOR:.0e}",
        xy=(0.98, FLOOR),
        xycoords=axes.get_yaxis_transform(),
        xytext=(0, -2),
        textcoords="offset points",
        horizontalalignment="right",
        verticalalignment="top",
        fontsize=7,
    )
