"""Fig. 1: the numbers that its panels draw."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from conftest import (
    COMPONENTS,
    LENGTH,
    THREE_COMPONENTS,
    TIME,
    U_OSC_START,
    beam_profile,
    history_columns,
    matrices,
    write_profiles,
)
from nuvlasov_post import figure1
from nuvlasov_post.maps import Map
from nuvlasov_post.run import open_profiles, read_history

MakeRun = Callable[..., Path]


def content_of(run: Path) -> Map:
    with open_profiles(run) as profiles:
        return figure1.flavor_content(profiles)


def draw(run: Path):
    return figure1.draw_figure1(read_history(run), content_of(run))


def content_of_forward_beam(density: np.ndarray) -> np.ndarray:
    """Occupations of all flavors but nu_e over the total occupation of the last angle."""
    first, *others = np.einsum("...ff->f...", matrices(density[..., -1, :])).real
    return sum(others) / (first + sum(others))


@pytest.mark.parametrize(
    "angles, components, name",
    [
        (2, COMPONENTS, r"$\nu_x$"),
        (5, COMPONENTS, r"$\nu_x$"),
        (2, ("Pz", "Py", "Px", "P0"), r"$\nu_x$"),
        (2, THREE_COMPONENTS, r"$\nu_\mu$ and $\nu_\tau$"),
        (5, THREE_COMPONENTS[::-1], r"$\nu_\mu$ and $\nu_\tau$"),
    ],
)
def test_map_shows_what_is_not_nu_e_in_the_forward_beam(
    make_run: MakeRun, angles: int, components: tuple[str, ...], name: str
) -> None:
    run, time = make_run(), TIME[::5]
    if len(components) == 4:
        density = beam_profile(time, cells=40, angles=angles)
    else:
        density = np.random.default_rng(5).uniform(-0.2, 0.2, (time.size, 40, angles, 9)) + np.eye(9)[0]
    order = [sorted(components).index(label) for label in components]
    write_profiles(run, time, density[..., order], components)
    upper, lower, bar = draw(run).axes
    (mesh,) = upper.collections
    drawn = np.asarray(mesh.get_array()).reshape(40, time.size)
    np.testing.assert_allclose(drawn, content_of_forward_beam(density).T, rtol=0.0, atol=4e-16)
    assert (mesh.norm.vmin, mesh.norm.vmax) == (0.0, 1.0)
    assert bar.get_xlabel() == f"{name} content of the beam $v$ = +1"
    assert upper.get_ylim() == (0.0, LENGTH)
    assert upper.get_shared_x_axes().joined(upper, lower)


@pytest.mark.parametrize(
    "u_osc_start, unit, label",
    [
        (U_OSC_START, U_OSC_START, r"$U_\mathrm{osc}(t)/U_\mathrm{osc}(0)$"),
        (4.0, 4.0, r"$U_\mathrm{osc}(t)/U_\mathrm{osc}(0)$"),
        (0.0, 1.0, r"$U_\mathrm{osc}(t)\;(\mu)$"),
    ],
)
def test_curve_is_u_osc_over_its_first_value(make_run: MakeRun, u_osc_start: float, unit: float, label: str) -> None:
    lower = draw(make_run(u_osc_start=u_osc_start)).axes[1]
    curve = lower.get_lines()[-1]
    np.testing.assert_array_equal(curve.get_xdata(), TIME)
    np.testing.assert_array_equal(curve.get_ydata(), history_columns(u_osc_start=u_osc_start)["u_osc"] / unit)
    assert lower.get_ylabel() == label


@pytest.mark.parametrize(
    "history_time, profile_time",
    [(TIME, TIME[:120:5]), (TIME[:50], TIME[:200:5]), (TIME[:2], TIME[:2]), (TIME, np.array([0.0, 0.3, 7.0, 7.1]))],
)
def test_interrupted_runs_share_the_longer_time_axis(
    make_run: MakeRun, history_time: np.ndarray, profile_time: np.ndarray
) -> None:
    upper, lower, _ = draw(make_run(history_time=history_time, profile_time=profile_time)).axes
    assert lower.get_xlim() == (0.0, max(history_time[-1], profile_time[-1]))
    edges = upper.collections[0].get_coordinates()[0, :, 0]
    assert np.all((edges[:-1] < profile_time) & (profile_time < edges[1:]))


def test_cells_without_neutrinos_are_left_blank(make_run: MakeRun) -> None:
    run, time = make_run(), TIME[::5]
    density = beam_profile(time, cells=40)
    density[3, 7] = 0.0
    write_profiles(run, time, density)
    drawn = draw(run).axes[0].collections[0].get_array().reshape(40, time.size)
    assert np.argwhere(np.ma.getmaskarray(drawn)).tolist() == [[7, 3]]


def test_result_names_the_extremes(make_run: MakeRun) -> None:
    run = make_run()
    u_osc = history_columns()["u_osc"]
    farthest = np.argmax(np.abs(u_osc - u_osc[0]))
    result = figure1.figure1_result(read_history(run), content_of(run))
    assert result == (
        f"U_osc(t)/U_osc(0) goes from 1 as far as {u_osc[farthest] / U_OSC_START:.3g}, at t = {TIME[farthest]:.6g}; "
        "largest nu_x content 1"
    )
