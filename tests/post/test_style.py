"""What all figures owe to a journal's column."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from conftest import scaling_columns, write_scaling
from nuvlasov_post.budget import draw_budget
from nuvlasov_post.dispersion import draw_dispersion
from nuvlasov_post.figure1 import draw_figure1
from nuvlasov_post.run import read_beam_profile, read_dispersion, read_history, read_scaling
from nuvlasov_post.scaling import draw_scaling
from nuvlasov_post.style import COLUMN_WIDTH


def figure1_of(run: Path) -> Figure:
    return draw_figure1(read_history(run), read_beam_profile(run, 1.0))


def budget_of(run: Path) -> Figure:
    return draw_budget(read_history(run))


def dispersion_of(run: Path) -> Figure:
    return draw_dispersion(read_dispersion(run))


def scaling_of(run: Path) -> Figure:
    return draw_scaling(read_scaling([write_scaling(run / "s.h5", scaling_columns(False), scaling_columns(True))]))


@pytest.mark.parametrize(
    "draw, mode, u_osc_start",
    [
        (figure1_of, "full", -25.0),
        (figure1_of, "full", 0.0),
        (budget_of, "standard", -25.0),
        (budget_of, "full", 0.0),
        (dispersion_of, "full", -25.0),
        (scaling_of, "full", -25.0),
    ],
)
def test_every_label_is_inside_a_figure_of_column_width(
    make_run: Callable[..., Path], draw: Callable[[Path], Figure], mode: str, u_osc_start: float
) -> None:
    figure = draw(make_run(mode=mode, u_osc_start=u_osc_start))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    box = figure.get_tightbbox(canvas.get_renderer())
    assert figure.get_figwidth() == COLUMN_WIDTH
    assert 0.0 <= box.x0 and box.x1 <= figure.get_figwidth()
    assert 0.0 <= box.y0 and box.y1 <= figure.get_figheight()
