"""The ledger of terms: integrals of their rates, the table, the figure and the LaTeX."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from conftest import TERMS, TIME, history_columns, write_history
from nuvlasov_post import ledger
from nuvlasov_post.quadrature import integral
from nuvlasov_post.run import RunError, read_rows

MakeRun = Callable[..., Path]

# Cubics, which the integral over the records has exactly: c t^3 by each term for each quantity, its integral c t^4/4.
COEFFICIENTS = {
    q.name: dict(zip(TERMS, np.array([1.0, -0.5, 0.25]) * (n + 1), strict=True))
    for n, q in enumerate(ledger.QUANTITIES)
}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A history whose quantities follow from its rates, but for a residual of 0.125 t in U_osc."""
    columns = history_columns()
    for q in ledger.QUANTITIES:
        for term, c in COEFFICIENTS[q.name].items():
            columns[f"{q.name}_rate_{term}"] = c * TIME**3
        columns[q.column] = 7.0 + sum(COEFFICIENTS[q.name].values()) * TIME**4 / 4.0
    columns["u_osc"] += 0.125 * TIME
    columns["kinetic_energy_rate_eq22"] = np.full_like(TIME, 1e9)  # not a term
    write_history(tmp_path, columns)
    return tmp_path


@pytest.mark.parametrize("uneven", [False, True])
def test_integral_of_a_cubic_is_exact(uneven: bool) -> None:
    time = np.cumsum(1.0 + 0.5 * np.sin(np.arange(20.0))) if uneven else np.linspace(1.0, 3.0, 20)
    rate = np.stack([time**3 - 2.0 * time, np.ones_like(time)], axis=1)
    exact = np.stack([time**4 / 4.0 - time**2, time], axis=1)
    found = integral(time, rate)
    # Sums of 20 steps of up to the result.
    np.testing.assert_allclose(found, exact - exact[0], rtol=0.0, atol=1e-13 * np.abs(exact).max())


@pytest.mark.parametrize("records, degree", [(2, 1), (3, 2)])
def test_integral_over_few_records_takes_the_polynomial_through_them(records: int, degree: int) -> None:
    time = np.linspace(0.0, 2.0, records)
    assert integral(time, time**degree)[-1] == pytest.approx(2.0 ** (degree + 1) / (degree + 1), rel=1e-14)


def test_integral_is_of_fourth_order() -> None:
    errors = []
    for intervals in (40, 80):
        time = np.linspace(0.0, 6.0, intervals + 1)
        errors.append(np.abs(integral(time, np.cos(time)) - np.sin(time)).max())
    # 2^4 within the next order, h/2 = 4 % of it and some more at the ends.
    assert errors[0] / errors[1] == pytest.approx(16.0, rel=0.2)


def test_each_term_did_the_integral_of_its_rate(run: Path) -> None:
    found = ledger.term_ledger(read_rows(run))
    assert found.terms == list(TERMS)
    size = TIME[-1] ** 4  # of the sums of 300 steps
    for q in ledger.QUANTITIES:
        for term, c in COEFFICIENTS[q.name].items():
            np.testing.assert_allclose(found.by_term[q.name][term], c * TIME**4 / 4.0, rtol=0.0, atol=1e-14 * size)
        residual = 0.125 * TIME if q.name == "u_osc" else 0.0 * TIME
        np.testing.assert_allclose(found.residual(q.name), residual, rtol=0.0, atol=4e-14 * size)


def test_table_and_figure_hold_the_same_numbers(run: Path) -> None:
    found = ledger.term_ledger(read_rows(run))
    table = ledger.ledger_table(found)
    assert len(table) == 1 + len(ledger.QUANTITIES) * (2 + len(TERMS))
    for q, axes in zip(ledger.QUANTITIES, ledger.draw_ledger(found).axes, strict=True):
        lines = {line.get_label(): line.get_ydata() for line in axes.get_lines() if line.get_label()[0] != "_"}
        assert set(lines) == {*map(ledger.words, TERMS), "change"}
        np.testing.assert_array_equal(lines["change"], table[f"{q.name}_change{q.suffix}"])
        total = table[f"{q.name}_residual{q.suffix}"].copy()
        for term in TERMS:
            np.testing.assert_array_equal(lines[ledger.words(term)], table[f"{q.name}_by_{term}{q.suffix}"])
            total += lines[ledger.words(term)]
        # A few roundings of the largest.
        np.testing.assert_allclose(total, lines["change"], rtol=0.0, atol=1e-14 * TIME[-1] ** 4)


def test_latex_adds_up(run: Path, tmp_path: Path) -> None:
    path = tmp_path / "ledger.tex"
    ledger.write_ledger_latex(ledger.term_ledger(read_rows(run)), path)
    first, *body, last = path.read_text().splitlines()
    assert (first, last) == (r"\begin{tabular}{lrrrr}", r"\end{tabular}")
    rows = [[cell.strip() for cell in line.removesuffix(r"\\").split("&")] for line in body if "&" in line]
    assert [row[0] for row in rows] == [r"until $t = 30\,\mu^{-1}$", *map(ledger.words, TERMS), "residual", "change"]

    def number(cell: str) -> float:
        return float(cell.strip("$").replace(r"\times10^{", "e").removesuffix("}"))

    values = np.array([[number(cell) for cell in row[1:]] for row in rows[1:]])
    # Five digits of each.
    np.testing.assert_allclose(values[:-1].sum(axis=0), values[-1], rtol=3e-4)


@pytest.mark.parametrize("value, text", [(-26.4324, "$-26.432$"), (1.5e-13, r"$1.5\times10^{-13}$"), (np.nan, "--")])
def test_numbers_are_latex(value: float, text: str) -> None:
    assert ledger.latex_number(value) == text


def test_rounding_is_not_blown_up(run: Path) -> None:
    with h5py.File(run / "history.h5", "r+") as file:
        for name in ("u_non", *(f"u_non_rate_{term}" for term in TERMS)):
            file[name][:] = 1e-13 * np.sin(TIME)
    low, high = ledger.draw_ledger(ledger.term_ledger(read_rows(run))).axes[2].get_ylim()
    assert high - low > 1.0


def test_history_without_rates_is_refused(run: Path) -> None:
    with h5py.File(run / "history.h5", "r+") as file:
        for name in [name for name in file if name.startswith("entropy_rate")]:
            del file[name]
    with pytest.raises(RunError, match="no rates of the terms"):
        ledger.term_ledger(read_rows(run))
