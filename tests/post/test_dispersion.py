"""Growth rates over wave number: the numbers that the panels draw."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from conftest import dispersion_columns, write_dispersion
from nuvlasov_post import cli
from nuvlasov_post.dispersion import draw_dispersion, dispersion_result
from nuvlasov_post.run import read_dispersion

MakeRun = Callable[..., Path]


@pytest.mark.parametrize("name", ["", "dispersion.h5", "other_name.h5"])
def test_curves_and_marks_are_what_the_file_holds(make_run: MakeRun, name: str) -> None:
    run, columns = make_run(), dispersion_columns()
    if name:
        (run / "dispersion.h5").rename(run / name)
    panels = draw_dispersion(read_dispersion(run / name)).axes
    for axes, quantity in zip(panels, ("growth_rate", "frequency"), strict=True):
        _, curve, marks = axes.get_lines()
        np.testing.assert_array_equal(curve.get_xdata(), columns["wave_number"])
        np.testing.assert_array_equal(curve.get_ydata(), columns[quantity])
        np.testing.assert_array_equal(marks.get_xdata(), columns["box_wave_number"])
        np.testing.assert_array_equal(marks.get_ydata(), columns[f"box_{quantity}"])
        assert axes.get_xlim() == (columns["wave_number"][0], columns["wave_number"][-1])


def test_figure_of_a_file_goes_beside_it(make_run: MakeRun) -> None:
    run = make_run()
    assert cli.main(["dispersion", str(run / "dispersion.h5")]) == 0
    assert (run / "figures" / "dispersion.png").is_file()


def test_rounding_of_a_frequency_is_not_blown_up(make_run: MakeRun) -> None:
    run, columns = make_run(), dispersion_columns()
    columns["frequency"] *= 1.0 + 1e-15 * np.sin(np.arange(columns["frequency"].size))
    write_dispersion(run, columns)
    low, high = draw_dispersion(read_dispersion(run)).axes[1].get_ylim()
    assert high - low >= 0.1 * columns["growth_rate"].max()
    assert low < -0.2 < high


LARGEST = "largest growth rate 0.98 mu at k = -1"


@pytest.mark.parametrize(
    "length, growing, result, texts, legend",
    [
        (100.0, True, f"{LARGEST}; in the box n = -16 grows fastest, with 0.98 mu", [], True),
        (1.0, True, f"{LARGEST}; the box holds no growing mode", [], False),
        (100.0, False, "nothing grows", ["nothing grows"], False),
    ],
)
def test_result_says_what_grows_in_the_box(
    make_run: MakeRun, length: float, growing: bool, result: str, texts: list[str], legend: bool
) -> None:
    run = make_run()
    write_dispersion(run, dispersion_columns(length, growing))
    dispersion = read_dispersion(run)
    assert dispersion_result(dispersion) == result
    upper = draw_dispersion(dispersion).axes[0]
    assert [text.get_text() for text in upper.texts] == texts
    assert (upper.get_legend() is not None) == legend


@pytest.mark.parametrize(
    "flavors, title, result", [(2, None, LARGEST), (3, r"coherence of $\nu_e$ and $\nu_\tau$", f"e_tau: {LARGEST}")]
)
def test_pair_of_three_flavors_is_named(make_run: MakeRun, flavors: int, title: str | None, result: str) -> None:
    dispersion = read_dispersion(make_run(flavors=flavors))
    figure = draw_dispersion(dispersion)
    assert (figure._suptitle and figure._suptitle.get_text()) == title
    assert dispersion_result(dispersion).startswith(result)
