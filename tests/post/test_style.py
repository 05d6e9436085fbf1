"""What all figures owe to a journal's column."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from conftest import scaling_columns, write_scaling
from nuvlasov_post.algebra import ALGEBRAS, Algebra
from nuvlasov_post.angles import angular_spectrum, draw_angles
from nuvlasov_post.budget import draw_budget
from nuvlasov_post.dispersion import draw_dispersion
from nuvlasov_post.figure1 import draw_figure1, flavor_content
from nuvlasov_post.fourier import draw_fourier, fourier_spectrum
from nuvlasov_post.run import open_profiles, read_dispersion, read_history, read_scaling
from nuvlasov_post.scaling import draw_scaling
from nuvlasov_post.spectrum import draw_spectrum, energy_spectrum
from nuvlasov_post.style import COLUMN_WIDTH, FLAVOR_STYLES


def figure1_of(run: Path) -> Figure:
    with open_profiles(run) as profiles:
        return draw_figure1(read_history(run), flavor_content(profiles))


def angles_of(run: Path) -> Figure:
    with open_profiles(run) as profiles:
        return draw_angles(angular_spectrum(profiles))


def spectrum_of(run: Path) -> Figure:
    with open_profiles(run) as profiles:
        return draw_spectrum(energy_spectrum(profiles))


def fourier_of(run: Path) -> Figure:
    with open_profiles(run) as profiles:
        return draw_fourier(fourier_spectrum(profiles))


def budget_of(run: Path) -> Figure:
    return draw_budget(read_history(run))


def dispersion_of(run: Path) -> Figure:
    return draw_dispersion(read_dispersion(run))


def scaling_of(run: Path) -> Figure:
    return draw_scaling(read_scaling([write_scaling(run / "s.h5", scaling_columns(False), scaling_columns(True))]))


@pytest.mark.parametrize(
    "draw, settings",
    [
        (figure1_of, {}),
        (figure1_of, {"u_osc_start": 0.0}),
        (budget_of, {"mode": "standard"}),
        (budget_of, {"u_osc_start": 0.0}),
        (scaling_of, {}),
        *(
            (draw, {"flavors": flavors})
            for draw in (dispersion_of, angles_of, spectrum_of, fourier_of)
            for flavors in (2, 3)
        ),
        (figure1_of, {"flavors": 3}),
    ],
)
def test_every_label_is_inside_a_figure_of_column_width(
    make_run: Callable[..., Path], draw: Callable[[Path], Figure], settings: dict[str, object]
) -> None:
    figure = draw(make_run(**settings))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    box = figure.get_tightbbox(canvas.get_renderer())
    assert figure.get_figwidth() == COLUMN_WIDTH
    assert 0.0 <= box.x0 and box.x1 <= figure.get_figwidth()
    assert 0.0 <= box.y0 and box.y1 <= figure.get_figheight()


@pytest.mark.parametrize("algebra", ALGEBRAS, ids=lambda algebra: algebra.flavors[-1])
def test_each_flavor_has_a_symbol_and_a_colour_of_its_own(algebra: Algebra) -> None:
    names = [f"{anti}{name}" for anti in ("", "anti") for name in algebra.flavors]
    for part in range(2):
        assert len({FLAVOR_STYLES[name][part] for name in names}) == len(names)
