"""The budget by direction: shares against sums over pairs, rates against differences, ranges and tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas
import pytest

from conftest import LENGTH, history_columns, matrices, of_matrices, write_history, write_profiles, write_snapshot
from nuvlasov_post import directions
from nuvlasov_post.budget import write_table
from nuvlasov_post.run import RunError, open_profiles, read_rows

CELLS, ANGLES, TIMES = 24, 5, np.linspace(0.0, 0.4, 3)
WEIGHT = np.array([0.7, 1.2, 0.4, 1.1, 0.9])
V = np.linspace(-1.0, 1.0, ANGLES)
DZ = LENGTH / CELLS


@pytest.fixture(params=[2, 3])
def flavors(request: pytest.FixtureRequest) -> int:
    return request.param


def random_density(seed: int, flavors: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1.0, 1.0, (TIMES.size, CELLS, ANGLES, flavors**2))


def random_spectrum(flavors: int) -> np.ndarray:
    return np.random.default_rng(2).uniform(-1.0, 1.0, (TIMES.size, 81, ANGLES, flavors**2))


@pytest.fixture
def run(tmp_path: Path, flavors: int) -> Path:
    density, spectrum = random_density(1, flavors), random_spectrum(flavors)
    write_profiles(tmp_path, TIMES, density, angle_weight=WEIGHT, spectrum=spectrum)
    write_history(tmp_path, history_columns(TIMES))
    return tmp_path


def shares(run: Path, edges: tuple[float, ...] = ()) -> directions.Shares:
    with open_profiles(run) as profiles:
        return directions.direction_shares(run, profiles, edges)


def refractive_energies(density: np.ndarray) -> np.ndarray:
    """U_osc and U_non of [z, angle, component], each pair of directions shared evenly, as [energy, angle]: by loops."""
    energies = np.zeros((2, ANGLES))
    non = {4: 3 / 4, 9: 2 / 3}[density.shape[-1]]
    for k in range(ANGLES):
        for other in range(ANGLES):
            pair = DZ * WEIGHT[k] * WEIGHT[other] * (1.0 - V[k] * V[other])
            for j in range(CELLS):
                energies[0, k] += 0.25 * pair * (density[j, k, 1:] @ density[j, other, 1:])
                energies[1, k] += non * pair * density[j, k, 0] * density[j, other, 0]
    return energies


def test_each_direction_has_its_half_of_every_pair(run: Path, flavors: int) -> None:
    found = shares(run, edges=(-1.1, -0.7, -0.2, 0.2, 0.7, 1.1))
    for n, density in enumerate(random_density(1, flavors)):
        for name, expected in zip(("u_osc", "u_non"), refractive_energies(density), strict=True):
            # Sums of 120 products, of three or of eight numbers each.
            np.testing.assert_allclose(found.values[name][n], expected, rtol=0.0, atol=1e-13 * LENGTH)


def test_number_and_kinetic_energy_are_sums_of_the_spectrum(run: Path, flavors: int) -> None:
    found = shares(run, edges=(-1.1, -0.7, -0.2, 0.2, 0.7, 1.1))
    spectrum = random_spectrum(flavors)[..., 0]
    energy = np.arange(-40.0, 41.0)
    np.testing.assert_allclose(found.values["number"], WEIGHT * spectrum.sum(axis=1), atol=1e-13)
    # Sums of 81 numbers of up to 40.
    np.testing.assert_allclose(found.values["kinetic_energy"], WEIGHT * (energy @ spectrum), atol=1e-11)


def rates_by_difference(density: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """d/dt of refractive_energies, which are quadratic: the central difference is exact with any step."""
    return 0.5 * (refractive_energies(density + rate) - refractive_energies(density - rate))


def test_streaming_and_refraction_change_the_shares_as_the_equation_says(run: Path, flavors: int) -> None:
    """Rates of the last record: with equal records, the integral over time is the rate times the time."""
    density = random_density(1, flavors)[-1]
    write_profiles(run, TIMES, np.stack([density] * TIMES.size), angle_weight=WEIGHT)
    found = shares(run, edges=(-1.1, -0.7, -0.2, 0.2, 0.7, 1.1))

    def slope(j: int) -> np.ndarray:
        at = [density[(j + m) % CELLS] for m in range(-3, 4)]
        return (-at[0] + 9 * at[1] - 45 * at[2] + 45 * at[4] - 9 * at[5] + at[6]) / (60.0 * DZ)

    streaming = -V[:, None] * np.stack([slope(j) for j in range(CELLS)])
    refraction = np.zeros_like(density)
    for j in range(CELLS):
        for k in range(ANGLES):
            omega = matrices(sum(WEIGHT[o] * (1.0 - V[k] * V[o]) * density[j, o] for o in range(ANGLES)))
            rho = matrices(density[j, k])
            refraction[j, k] = of_matrices(1j * (rho @ omega - omega @ rho))
    for name, rate, energy in (
        ("u_osc_by_streaming", streaming, 0),
        ("u_osc_by_refraction", refraction, 0),
        ("u_non_by_streaming", streaming, 1),
    ):
        expected = TIMES[-1] * rates_by_difference(density, rate)[energy]
        assert np.abs(expected).max() > 1e-2
        # Sums of 120 products, some of three numbers, or of matrices.
        np.testing.assert_allclose(found.values[name][-1], expected, rtol=0.0, atol=1e-12 * LENGTH, err_msg=name)
    # Of the sum of all directions refraction changes nothing.
    assert abs(found.values["u_osc_by_refraction"][-1].sum()) < 1e-12 * LENGTH


@pytest.mark.parametrize("order", directions.CENTRAL_DIFFERENCES)
def test_difference_is_of_its_order(order: int) -> None:
    errors = []
    for cells in (16, 32):
        z = 2.0 * np.pi * np.arange(cells) / cells
        difference = directions.z_difference(np.sin(z), directions.CENTRAL_DIFFERENCES[order], z[1])
        errors.append(np.abs(difference - np.cos(z)).max())
    # The next term of the error is smaller by less than (2 pi/16)^2 = 15 %.
    assert errors[0] / errors[1] == pytest.approx(2.0**order, rel=0.15)


def test_entropy_of_a_snapshot_is_that_of_its_eigenvalues(run: Path, flavors: int) -> None:
    """-x log x - (1 - x) log(1 - x) over eigenvalues of the matrices, none where x is no occupation."""
    generator = np.random.default_rng(3)
    rho = generator.uniform(-0.6, 0.6, (CELLS, 81, ANGLES, flavors**2))
    rho[..., 0] = generator.uniform(0.2, 1.6, rho.shape[:-1])
    write_snapshot(run, 0, TIMES[0], np.zeros_like(rho))
    write_snapshot(run, 1, TIMES[2], rho)
    write_snapshot(run, 2, 0.5 * (TIMES[1] + TIMES[2]), rho)  # between records: not used
    x = np.linalg.eigvalsh(matrices(rho))
    assert (x < 0.0).any() and (x > 1.0).any()
    inside = np.clip(x, 1e-300, 1.0 - 1e-16)
    terms = np.where((x > 0.0) & (x < 1.0), -inside * np.log(inside) - (1.0 - inside) * np.log(1.0 - inside), 0.0)
    expected = DZ * WEIGHT * terms.sum(axis=(0, 1, 3))
    found = shares(run, edges=(-1.1, -0.7, -0.2, 0.2, 0.7, 1.1)).values["entropy"]
    # log(1 - x) of eigenvalues that come close to 1 is known to 1e-13.
    np.testing.assert_allclose(found[2], expected, rtol=1e-11)
    assert np.isnan(found[1]).all() and (found[0] == 0.0).all()


@pytest.mark.parametrize(
    "angles, edges, members",
    [
        (2, (), [[0], [1]]),
        (4, (), [[0], [1], [2], [3]]),
        (6, (), [[0, 1, 2], [3, 4, 5]]),
        (6, (-1.0, -0.5, 1.0), [[0, 1], [2, 3, 4, 5]]),
        (6, (0.0, 1.0), [[3, 4, 5]]),
        (2, (-1.0, 1.0), [[0, 1]]),
    ],
)
def test_ranges_hold_the_directions_between_their_edges(
    angles: int, edges: tuple[float, ...], members: list[list[int]]
) -> None:
    found = directions.direction_ranges(np.linspace(-1.0, 1.0, angles), edges)
    assert [part.members.tolist() for part in found] == members


def test_empty_range_is_named() -> None:
    with pytest.raises(RunError, match="no direction between v = -0.1 and 0.1; there are 2 from -1 to 1"):
        directions.direction_ranges(np.array([-1.0, 1.0]), (-1.0, -0.1, 0.1, 1.0))


def test_table_has_a_line_for_each_range_and_time(run: Path, tmp_path: Path) -> None:
    found = shares(run)
    path = tmp_path / "table.csv"
    write_table(directions.direction_table(found), path)
    table = pandas.read_csv(path, float_precision="round_trip")
    assert len(table) == len(found.ranges) * TIMES.size == 6
    for r, part in enumerate(found.ranges):
        of = table[(table.v_from == part.low) & (table.v_to == part.high)]
        np.testing.assert_array_equal(of.time_inv_mu, TIMES)
        np.testing.assert_array_equal(of.kinetic_energy_change_mu, found.change("kinetic_energy")[:, r])
        total = of.u_osc_by_streaming_mu + of.u_osc_by_refraction_mu + of.u_osc_remainder_mu
        np.testing.assert_allclose(total, of.u_osc_change_mu, rtol=0.0, atol=1e-12 * LENGTH)


def test_figure_draws_each_range_and_the_history(run: Path) -> None:
    found, rows = shares(run), read_rows(run)
    for axes, name, column in zip(
        directions.draw_directions(found, rows).axes, ("kinetic_energy", "u_osc"), ("kinetic_energy_relative", "u_osc")
    ):
        *ranges, total = [line for line in axes.get_lines() if line.get_label()[0] != "_"]
        for r, line in enumerate(ranges):
            np.testing.assert_array_equal(line.get_ydata(), found.change(name)[:, r])
        np.testing.assert_array_equal(total.get_ydata(), rows.columns[column] - rows.columns[column][0])
