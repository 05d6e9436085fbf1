"""The ledger: what each term of the equation did to K, U_osc, U_non and the entropy, integrated over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from nuvlasov_post.quadrature import integral
from nuvlasov_post.run import Rows, RunError
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
    widen,
)

FIGURE_NAME = "ledger"
LEAST_SPAN = 1e-3  # of an energy's axis, as a fraction of the largest change: rounding stays invisible


@dataclass(frozen=True)
class Quantity:
    """A quantity of the budget: the prefix of its rates, its column in the history, symbol and unit."""

    name: str
    column: str
    symbol: str
    unit: str = "mu"

    @property
    def suffix(self) -> str:
        """Of the columns of a table: the unit, and nothing for what has none."""
        return f"_{self.unit}" if self.unit else ""


QUANTITIES = (
    Quantity("kinetic_energy", "kinetic_energy_relative", "K"),
    Quantity("u_osc", "u_osc", r"U_\mathrm{osc}"),
    Quantity("u_non", "u_non", r"U_\mathrm{non}"),
    Quantity("entropy", "entropy", "S", unit=""),
)
EXTERNAL = (  # of runs with matter, or masses
    Quantity("u_matter", "u_matter", r"U_\mathrm{matter}"),
    Quantity("u_vacuum", "u_vacuum", r"U_\mathrm{vacuum}"),
)
TERM_STYLES = {
    "streaming": (BLUE, "-"),
    "refraction": (ORANGE, "--"),
    "weak_force": (VERMILLION, "-"),
    "group_velocity": (GREEN, "-."),
    "dissipation": (PURPLE, "-."),
    "vacuum": (BLACK, "-"),
    "vacuum_velocity": (GREY, "-"),
}
OTHER_STYLE = (SKY, "-")


@dataclass(frozen=True)
class Ledger:
    """`change[quantity]` since the first record, `by_term[quantity][term]`, the integral of its rate; all [time]."""

    time: np.ndarray
    change: dict[str, np.ndarray]
    by_term: dict[str, dict[str, np.ndarray]]

    @property
    def quantities(self) -> list[Quantity]:
        return [q for q in (*QUANTITIES, *EXTERNAL) if q.name in self.change]

    @property
    def terms(self) -> list[str]:
        return list(self.by_term[QUANTITIES[0].name])

    def residual(self, quantity: str) -> np.ndarray:
        """What no term did: the error of the run's time step and of the integration over its records."""
        return self.change[quantity] - sum(self.by_term[quantity].values())


def term_names(rows: Rows) -> list[str]:
    """The terms whose rates for all quantities the history has."""
    prefix = f"{QUANTITIES[0].name}_rate_"
    found = [name.removeprefix(prefix) for name in rows.columns if name.startswith(prefix)]
    found = [term for term in found if all(f"{q.name}_rate_{term}" in rows.columns for q in QUANTITIES)]
    order = list(TERM_STYLES)
    return sorted(found, key=lambda term: (order.index(term) if term in order else len(order), term))


def term_ledger(rows: Rows) -> Ledger:
    """The ledger of a history; throws RunError where it has no rates."""
    terms = term_names(rows)
    if not terms or any(q.column not in rows.columns for q in QUANTITIES):
        raise RunError(f"{rows.path}: no rates of the terms; run again with this version of nuvlasov")
    quantities = [*QUANTITIES, *(q for q in EXTERNAL if q.column in rows.columns)]
    return Ledger(
        time=rows.time,
        change={q.name: rows.columns[q.column] - rows.columns[q.column][0] for q in quantities},
        by_term={
            q.name: {term: integral(rows.time, rows.columns[f"{q.name}_rate_{term}"]) for term in terms}
            for q in quantities
        },
    )


def ledger_table(ledger: Ledger) -> dict[str, np.ndarray]:
    """Columns of ledger.csv, each of shape [time]; a name without a unit is dimensionless."""
    table = {"time_inv_mu": ledger.time}
    for q in ledger.quantities:
        table[f"{q.name}_change{q.suffix}"] = ledger.change[q.name]
        table |= {f"{q.name}_by_{term}{q.suffix}": values for term, values in ledger.by_term[q.name].items()}
        table[f"{q.name}_residual{q.suffix}"] = ledger.residual(q.name)
    return table


def write_ledger_latex(ledger: Ledger, path: Path) -> None:
    """Writes what each term did until the last record as a LaTeX tabular."""
    names = [q.name for q in ledger.quantities]
    lines = [(words(term), [ledger.by_term[name][term][-1] for name in names]) for term in ledger.terms]
    lines.append(("residual", [ledger.residual(name)[-1] for name in names]))
    total = ("change", [ledger.change[name][-1] for name in names])
    header = [heading(q.symbol, q.unit) for q in ledger.quantities]
    write_latex(path, f"until $t = {ledger.time[-1]:g}\\,\\mu^{{-1}}$", header, lines, total)


def heading(symbol: str, unit: str) -> str:
    """Of a column of changes, in LaTeX."""
    return rf"$\Delta {symbol}\;(\mu)$" if unit else rf"$\Delta {symbol}$"


def write_latex(
    path: Path,
    caption: str,
    header: Sequence[str],
    lines: Sequence[tuple[str, Sequence[float]]],
    total: tuple[str, Sequence[float]],
) -> None:
    """Writes a tabular of plain LaTeX, without packages: `lines`, and below a rule their `total`."""
    rows = [f"{name} & " + " & ".join(map(latex_number, values)) + r" \\" for name, values in (*lines, total)]
    text = [
        rf"\begin{{tabular}}{{l{'r' * len(header)}}}",
        r"\hline",
        f"{caption} & " + " & ".join(header) + r" \\",
        r"\hline",
        *rows[:-1],
        r"\hline",
        rows[-1],
        r"\hline",
        r"\end{tabular}",
    ]
    path.write_text("\n".join(text) + "\n", encoding="ascii")


def latex_number(value: float) -> str:
    """Five digits, as LaTeX."""
    if not np.isfinite(value):
        return "--"
    digits, _, exponent = f"{value:.5g}".partition("e")
    return rf"${digits}\times10^{{{int(exponent)}}}$" if exponent else f"${digits}$"


@journal_style
def draw_ledger(ledger: Ledger) -> Figure:
    """One panel for each quantity: its change, and what each term did to it."""
    figure = Figure(figsize=(COLUMN_WIDTH, 1.3 * len(ledger.quantities) + 0.7))
    panels = figure.subplots(len(ledger.quantities), 1, sharex=True)
    for axes, q in zip(panels, ledger.quantities, strict=True):
        axes.axhline(0.0, color=GREY, linewidth=0.6)
        for term, values in ledger.by_term[q.name].items():
            color, style = TERM_STYLES.get(term, OTHER_STYLE)
            axes.plot(ledger.time, values, color=color, linestyle=style, label=words(term))
        axes.plot(ledger.time, ledger.change[q.name], color=BLACK, linestyle=":", label="change")
        axes.set_ylabel(heading(q.symbol, q.unit))
        axes.ticklabel_format(axis="y", scilimits=(-3, 4), useMathText=True)
    largest = max(np.nanmax(np.abs(ledger.change[q.name])) for q in ledger.quantities if q.unit)
    for axes, q in zip(panels, ledger.quantities, strict=True):
        if q.unit:
            widen(axes, LEAST_SPAN * largest)
    legend_above(panels[0], columns=-(-(len(ledger.terms) + 1) // 2))
    panels[-1].set_xlabel(TIME_LABEL)
    panels[-1].set_xlim(ledger.time[0], ledger.time[-1])
    figure.align_ylabels()
    return figure


def ledger_result(ledger: Ledger) -> str:
    """One line: which term changed K and U_osc most, and how well the rates account for it."""
    parts = []
    for q in QUANTITIES[:2]:
        term, values = max(ledger.by_term[q.name].items(), key=lambda item: abs(item[1][-1]))
        worst = np.nanmax(np.abs(ledger.residual(q.name)))
        parts.append(
            f"{q.name} {ledger.change[q.name][-1]:+.5g} mu, by {words(term)} {values[-1]:+.5g} "
            f"(unaccounted for at most {worst:.1g})"
        )
    return f"terms: {'; '.join(parts)}"


def words(term: str) -> str:
    return term.replace("_", " ")
