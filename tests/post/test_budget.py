"""The energy budget: its numbers, its table, its figure and its one-line result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pandas
import pytest

from conftest import REFERENCE_ENERGY, TIME, U_OSC_START, history_columns, write_history
from nuvlasov_post import budget
from nuvlasov_post.run import History, read_history

MakeRun = Callable[..., Path]

TABLE_COLUMNS = {
    "time_inv_mu",
    "kinetic_energy_change_mu",
    "u_osc_change_mu",
    "u_non_change_mu",
    "sum_change_mu",
    "residual",
    "kinetic_energy_relative_mu",
    "u_osc_mu",
    "u_non_mu",
}


def expected_table(columns: dict[str, np.ndarray], scale: float) -> dict[str, list[float]]:
    """The table record by record, from plain floats."""
    records = list(zip(*(columns[name].tolist() for name in ("time", "kinetic_energy_relative", "u_osc", "u_non"))))
    _, first_k, first_osc, first_non = records[0]
    rows = []
    for time, k, osc, non in records:
        dk, dosc, dnon = k - first_k, osc - first_osc, non - first_non
        total = dk + dosc + dnon
        rows.append((time, dk, dosc, dnon, total, abs(total) / scale, k, osc, non))
    names = (
        "time_inv_mu kinetic_energy_change_mu u_osc_change_mu u_non_change_mu sum_change_mu residual "
        "kinetic_energy_relative_mu u_osc_mu u_non_mu"
    ).split()
    return dict(zip(names, map(list, zip(*rows))))


def lines_by_label(axes) -> dict[str, np.ndarray]:
    """Vertical coordinates of the labelled lines of a panel."""
    return {line.get_label(): np.asarray(line.get_ydata()) for line in axes.get_lines() if line.get_label()[0] != "_"}


@pytest.mark.parametrize("reader", ["genfromtxt", "pandas"])
@pytest.mark.parametrize("mode", ["full", "standard"])
@pytest.mark.parametrize("u_osc_start, scale", [(U_OSC_START, 25.0), (3.0, 3.0), (0.0, 1.0)])
def test_table_returns_the_doubles_of_an_independent_budget(
    make_run: MakeRun, reader: str, mode: str, u_osc_start: float, scale: float
) -> None:
    run = make_run(mode=mode, u_osc_start=u_osc_start)
    path = run / "budget.csv"
    budget.write_table(budget.budget_table(read_history(run)), path)
    if reader == "pandas":
        table = {
            name: column.to_numpy() for name, column in pandas.read_csv(path, float_precision="round_trip").items()
        }
    else:
        array = np.genfromtxt(path, delimiter=",", names=True)
        table = {name: array[name] for name in array.dtype.names}
    expected = expected_table(history_columns(TIME, mode, u_osc_start), scale)
    assert set(table) == set(expected) == TABLE_COLUMNS
    for name, column in expected.items():
        np.testing.assert_array_equal(table[name], column, err_msg=name)


def test_changes_come_from_the_relative_kinetic_energy(make_run: MakeRun) -> None:
    """K at E_ref = 1e11 mu is rounded to about 1e-3 mu, the relative one to 1e-15: the residual shows which was read."""
    run = make_run()
    assert np.spacing(REFERENCE_ENERGY * 100.0) > 1e-4
    assert budget.energy_budget(read_history(run)).residual.max() < 1e-12


@pytest.mark.parametrize(
    "mode, u_osc_start, title, unit, residual_label",
    [
        ("full", U_OSC_START, "full equation, Eq. (16)", 25.0, "residual"),
        ("standard", U_OSC_START, "standard equation, Eq. (1)", 25.0, "missing energy"),
        ("full", 0.0, "full equation, Eq. (16)", 1.0, r"residual$/\mu$"),
        ("no such mode", U_OSC_START, "equation not recorded", 25.0, "residual"),
    ],
)
def test_figure_draws_the_budget_and_names_the_equation(
    make_run: MakeRun, mode: str, u_osc_start: float, title: str, unit: float, residual_label: str
) -> None:
    run = make_run(mode=mode, u_osc_start=u_osc_start)
    columns = history_columns(TIME, mode, u_osc_start)
    expected = expected_table(columns, unit)
    figure = budget.draw_budget(read_history(run))
    assert figure._suptitle.get_text() == title
    upper, lower = figure.axes

    changes = lines_by_label(upper)
    for label, name in (
        (r"$\Delta K$", "kinetic_energy_change_mu"),
        (r"$\Delta U_\mathrm{osc}$", "u_osc_change_mu"),
        (r"$\Delta U_\mathrm{non}$", "u_non_change_mu"),
        ("sum", "sum_change_mu"),
    ):
        np.testing.assert_array_equal(changes.pop(label), np.array(expected[name]) / unit, err_msg=label)
    assert not changes

    drifts = lines_by_label(lower)
    for label, values in (
        (residual_label, expected["residual"]),
        (r"number $N$", np.abs(columns["number"] / columns["number"][0] - 1.0)),
        (r"purity $Q$", np.abs(columns["purity"] / columns["purity"][0] - 1.0)),
    ):
        # the ratio above and the package's difference round differently, by one unit of 2e-16
        np.testing.assert_allclose(drifts.pop(label), np.maximum(values, budget.FLOOR), atol=3e-16, err_msg=label)
    assert not drifts
    assert lower.get_yscale() == "log"
    assert lower.get_xlim() == (TIME[0], TIME[-1])


def test_zeros_are_drawn_at_a_visible_floor(make_run: MakeRun) -> None:
    figure = budget.draw_budget(read_history(make_run()))
    lower = figure.axes[1]
    assert lines_by_label(lower)["residual"][0] == budget.FLOOR
    assert lower.get_ylim()[0] < budget.FLOOR
    assert [text.get_text() for text in lower.texts] == ["zero is drawn at 1e-17"]


@pytest.mark.parametrize("changing", [True, False])
def test_figure_of_a_run_that_keeps_everything_can_be_drawn(changing: bool) -> None:
    constant = {name: np.full(3, 1.0) for name in ("kinetic_energy_relative", "u_osc", "u_non", "number", "purity")}
    history = History(mode="full", time=np.arange(3.0), **constant)
    if changing:
        history.u_osc[1:] = 1e3
    lower = budget.draw_budget(history).axes[1]
    bottom, top = lower.get_ylim()
    assert bottom < budget.FLOOR < top


@pytest.mark.parametrize(
    "mode, record, change, expected",
    [
        ("full", 100, 0.5, "budget closes to 0.02 of |U_osc(0)|, largest at t = 10"),
        ("standard", 158, 50.0, "standard equation: missing energy 3.4 of |U_osc(0)|, largest at t = 15.8"),
        ("full", 300, np.nan, "; 1 of 301 records are not finite"),
    ],
)
def test_result_names_the_largest_residual(
    make_run: MakeRun, mode: str, record: int, change: float, expected: str
) -> None:
    run = make_run(mode=mode)
    with h5py.File(run / "history.h5", "r+") as file:
        file["u_osc"][record] += change
    assert expected in budget.budget_result(read_history(run))


def test_result_is_in_mu_where_u_osc_starts_from_zero(make_run: MakeRun) -> None:
    result = budget.budget_result(read_history(make_run(u_osc_start=0.0)))
    assert "mu (U_osc(0) is zero), largest at t =" in result


def test_round_off_of_a_zero_is_not_a_unit(tmp_path: Path) -> None:
    """|P_0|^2 - |P_1|^2 cancels to 1e-16 of U_non, and must not become the scale of every change."""
    write_history(tmp_path, history_columns(u_osc_start=1e-15))
    assert budget.energy_budget(read_history(tmp_path)).scale == 1.0


def test_dissipation_is_a_line_of_its_own_and_closes_the_budget(make_run: MakeRun) -> None:
    run = make_run()
    # Rates that are cubic in time, which the integral over the records takes exactly.
    rates = {"kinetic_energy": 0.0 * TIME, "u_osc": -4e-5 * TIME**3, "u_non": np.full_like(TIME, -0.01)}
    taken = -1e-5 * TIME**4 - 0.01 * TIME
    with h5py.File(run / "history.h5", "r+") as file:
        for name, rate in rates.items():
            file[f"{name}_rate_dissipation"] = rate
        file["u_osc"][:] += taken
    history = read_history(run)
    found = budget.energy_budget(history)
    # Sums of 300 terms of the size of the result.
    np.testing.assert_allclose(found.dissipation, taken, rtol=1e-12, atol=1e-14)
    assert found.residual.max() < 1e-12 < np.abs(found.sum_change).max() / found.scale
    np.testing.assert_array_equal(budget.budget_table(history)["dissipation_mu"], found.dissipation)
    upper = budget.draw_budget(history).axes[0]
    np.testing.assert_array_equal(lines_by_label(upper)["dissipation"], found.dissipation / found.scale)
    assert "dissipation -8.4 mu" in budget.budget_result(history)
