"""Maps, energy, angular and Fourier spectra, entropy: the numbers that the panels draw, against analytic ones."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import h5py
import numpy as np
import pytest

from conftest import (
    FLAVORS,
    LAMBDA,
    LENGTH,
    TIME,
    gaussian_spectrum,
    history_columns,
    matrices,
    write_history,
    write_profiles,
    write_snapshot,
)
from nuvlasov_post import angles, entropy, fourier, maps, shift, spectrum
from nuvlasov_post.algebra import ALGEBRAS
from nuvlasov_post.run import open_profiles, read_rows

TIMES = TIME[::20]
CELLS = 32
Z = (np.arange(CELLS) + 0.5) * LENGTH / CELLS
SYMBOLS = {2: (r"$\nu_e$", r"$\nu_x$"), 3: (r"$\nu_e$", r"$\nu_\mu$", r"$\nu_\tau$")}


def labelled(axes) -> dict[str, np.ndarray]:
    return {line.get_label(): np.asarray(line.get_ydata()) for line in axes.get_lines() if line.get_label()[0] != "_"}


def mesh(axes, shape: tuple[int, int]) -> np.ndarray:
    """What a map draws, as [time, other]."""
    return np.asarray(axes.collections[0].get_array()).reshape(shape[::-1]).T


# --- maps ------------------------------------------------------------------------------------------------------------

# Each quantity from the density matrix itself: of two flavors, and of three.
COMMON = {
    "coherence": lambda m: 2.0 * np.sqrt(np.sum(np.abs(m[np.triu_indices(len(m), 1)]) ** 2)) / np.trace(m).real,
    "nu_e": lambda m: m[0, 0].real,
    "nu_e_content": lambda m: (m[0, 0] / np.trace(m)).real,
    "P0": lambda m: np.trace(m).real,
}
FROM_MATRIX = {
    2: COMMON
    | {
        "nu_x_content": lambda m: (m[1, 1] / np.trace(m)).real,
        "purity": lambda m: np.sqrt(max(2.0 * np.trace(m @ m).real / np.trace(m).real ** 2 - 1.0, 0.0)),
        "phase": lambda m: np.angle(m[1, 0]),
        "nu_x": lambda m: m[1, 1].real,
        "Px": lambda m: 2.0 * m[0, 1].real,
        "Py": lambda m: -2.0 * m[0, 1].imag,
        "Pz": lambda m: (m[0, 0] - m[1, 1]).real,
    },
    3: COMMON
    | {
        "nu_mu_nu_tau_content": lambda m: ((m[1, 1] + m[2, 2]) / np.trace(m)).real,
        # 0 of a third of the unit matrix, 1 of a projector.
        "purity": lambda m: np.sqrt(max(1.5 * np.trace(m @ m).real / np.trace(m).real ** 2 - 0.5, 0.0)),
        "nu_mu": lambda m: m[1, 1].real,
        "nu_tau": lambda m: m[2, 2].real,
        "nu_mu_content": lambda m: (m[1, 1] / np.trace(m)).real,
        "nu_tau_content": lambda m: (m[2, 2] / np.trace(m)).real,
        "coherence_e_mu": lambda m: 2.0 * abs(m[0, 1]) / np.trace(m).real,
        "coherence_e_tau": lambda m: 2.0 * abs(m[0, 2]) / np.trace(m).real,
        "coherence_mu_tau": lambda m: 2.0 * abs(m[1, 2]) / np.trace(m).real,
        "phase_e_mu": lambda m: np.angle(m[1, 0]),
        "phase_e_tau": lambda m: np.angle(m[2, 0]),
        "phase_mu_tau": lambda m: np.angle(m[2, 1]),
    }
    | {f"P{a}": lambda m, a=a: np.trace(m @ LAMBDA[3][a - 1]).real for a in range(1, 9)},
}
CASES = [(flavors, name) for flavors, of in FROM_MATRIX.items() for name in of]


def density_of_matrices(seed: int, flavors: int) -> np.ndarray:
    """No occupation is negative: |P| < 0.3 sqrt(3) < P0 of two, |P|/sqrt(3) < 0.12 sqrt(8/3) < P0/3 of three."""
    generator = np.random.default_rng(seed)
    limit = 0.3 if flavors == 2 else 0.12
    density = generator.uniform(-limit, limit, (TIMES.size, CELLS, 3, flavors**2))
    density[..., 0] = generator.uniform(0.6, 1.0, density.shape[:-1])
    return density


@pytest.mark.parametrize("direction", [0.9, None])
@pytest.mark.parametrize("flavors, name", CASES)
def test_map_shows_the_quantity_of_the_density_matrix(
    tmp_path: Path, flavors: int, name: str, direction: float | None
) -> None:
    weight = np.array([0.5, 1.5, 0.7])
    density = density_of_matrices(1, flavors)
    write_profiles(tmp_path, TIMES, density, angle_weight=weight)
    with open_profiles(tmp_path) as profiles:
        data = maps.space_time_map(profiles, name, direction)
    p = density[:, :, 2] if direction else np.einsum("k,tzkc->tzc", weight, density)
    expected = [[FROM_MATRIX[flavors][name](m) for m in row] for row in matrices(p)]
    axes, bar = maps.draw_map(data).axes
    # The purity is a root of a difference of numbers close to each other.
    np.testing.assert_allclose(mesh(axes, (TIMES.size, CELLS)), expected, rtol=0.0, atol=1e-13)
    low, high = axes.collections[0].norm.vmin, axes.collections[0].norm.vmax
    assert low - 1e-13 <= np.min(expected) and np.max(expected) <= high + 1e-13
    assert ("all directions" if direction is None else "$v$ = +1") in bar.get_xlabel()


def test_every_quantity_of_the_maps_is_compared() -> None:
    for algebra in ALGEBRAS:
        assert set(FROM_MATRIX[len(algebra.flavors)]) == set(maps.quantities(algebra))


@pytest.mark.parametrize("flavors, name", CASES)
def test_map_of_nothing_can_be_drawn(tmp_path: Path, flavors: int, name: str) -> None:
    write_profiles(tmp_path, TIMES, np.zeros((TIMES.size, CELLS, 2, flavors**2)))
    with open_profiles(tmp_path) as profiles:
        data = maps.space_time_map(profiles, name, 1.0)
    maps.draw_map(data)
    assert maps.map_result(data)


# --- energy ----------------------------------------------------------------------------------------------------------


@pytest.fixture(params=[2, 3])
def flavors(request: pytest.FixtureRequest) -> int:
    return request.param


@pytest.fixture
def shifting(tmp_path: Path, flavors: int) -> Path:
    """Two directions with Gaussians of means -0.01 t and 0.05 t and width 3, and a history of U."""
    energy = np.linspace(-40.0, 40.0, 81)
    both = gaussian_spectrum(TIMES, energy, 2, flavors)
    both[..., 1, 0] = np.exp(-(((energy - 0.05 * TIMES[:, None]) / 3.0) ** 2) / 2.0)
    write_profiles(tmp_path, TIMES, np.zeros((TIMES.size, 4, 2, flavors**2)), spectrum=both)
    write_history(tmp_path, history_columns())
    return tmp_path


def test_shift_and_broadening_are_those_of_the_gaussians(shifting: Path) -> None:
    """Means of Gaussians 1 mu apart are theirs to rounding: the rectangle rule is exact to exp(-2 pi^2 3^2)."""
    with open_profiles(shifting) as profiles:
        found = spectrum.energy_spectrum(profiles)
    means = np.stack([-0.01 * TIMES, 0.05 * TIMES])
    between = (means[1] - means[0]) ** 2 / 4.0  # what two equal Gaussians apart add to the variance
    lines = labelled(spectrum.draw_spectrum(found, read_rows(shifting)).axes[2])
    np.testing.assert_allclose(lines[r"$\Delta\langle E\rangle$"], means.mean(axis=0), rtol=0.0, atol=1e-13)
    # The root makes 1e-7 of a rounding of the variance, 1e-14.
    np.testing.assert_allclose(lines["broadening"], np.sqrt(between), rtol=0.0, atol=3e-7)
    columns = history_columns()
    expected = (columns["u_osc"][0] - columns["u_osc"]) / columns["number"][0]
    # u_non changes by 1e-12.
    np.testing.assert_allclose(lines[r"$-\Delta U/N$"], expected, rtol=0.0, atol=1e-12)


def test_spectra_and_their_change_are_drawn(shifting: Path, flavors: int) -> None:
    with open_profiles(shifting) as profiles:
        found = spectrum.energy_spectrum(profiles)
        dataset = profiles.file["energy_spectrum"][:]
    figure = spectrum.draw_spectrum(found)
    lines = labelled(figure.axes[0])
    for f, flavor in enumerate(SYMBOLS[flavors]):
        np.testing.assert_array_equal(lines[f"{flavor}, start"], dataset[0, :, f])
        np.testing.assert_array_equal(lines[f"{flavor}, end"], dataset[-1, :, f])
    total = dataset.sum(axis=-1)
    drawn = mesh(figure.axes[1], total.shape)
    # In % of the largest: two roundings of 100.
    np.testing.assert_allclose(drawn, 100.0 * (total - total[0]) / total[0].max(), rtol=0.0, atol=1e-13)
    assert r"$-\Delta U/N$" not in labelled(figure.axes[2])
    low, high = figure.axes[0].get_xlim()
    assert -20.0 < low < -9.0 and 9.0 < high < 20.0


def test_spectrum_of_nothing_can_be_drawn(tmp_path: Path) -> None:
    write_profiles(tmp_path, TIMES, np.zeros((TIMES.size, 4, 2, 4)), spectrum=np.zeros((TIMES.size, 81, 2, 4)))
    with open_profiles(tmp_path) as profiles:
        spectrum.draw_spectrum(data := spectrum.energy_spectrum(profiles))
    assert spectrum.spectrum_result(data) == "there are no neutrinos"


@pytest.mark.parametrize("flavors", [2, 3])
def test_shift_in_space_is_that_of_the_gaussians(tmp_path: Path, flavors: int) -> None:
    """Two directions, Gaussians of mean m(z) in one and 0 in the other, weights one: m(z)/2 on average."""
    energy = np.linspace(-40.0, 40.0, 81)
    write_history(tmp_path, history_columns())
    means = np.stack([0.0 * Z, 0.3 * np.sin(2.0 * np.pi * Z / LENGTH), -0.5 + 0.1 * np.cos(2.0 * np.pi * Z / LENGTH)])
    for number, mean in enumerate(means):
        rho = np.zeros((CELLS, 81, 2, flavors**2))
        rho[:, :, 0, 0] = np.exp(-((energy / 3.0) ** 2) / 2.0)
        rho[:, :, 1, 0] = np.exp(-(((energy - mean[:, None]) / 3.0) ** 2) / 2.0)
        rho[3] = 0.0  # nothing there
        write_snapshot(tmp_path, number, 10.0 * number, rho)
    expected = 0.5 * means
    expected[:, 3] = np.nan
    lines = labelled(shift.draw_shift(shift.local_shift(tmp_path)).axes[0])
    assert set(lines) == {"$t$ = 10", "$t$ = 20", r"$-\Delta u/n$"}
    # u = 3/4 (N_0^2 - N_1^2) with beams of equal numbers, which does not change.
    np.testing.assert_allclose(np.delete(lines[r"$-\Delta u/n$"], 3), 0.0, atol=1e-13)
    for n, name in enumerate(("$t$ = 10", "$t$ = 20"), start=1):
        np.testing.assert_allclose(lines[name], expected[n], rtol=0.0, atol=1e-13)


@pytest.mark.parametrize("flavors", [2, 3])
def test_refraction_pays_at_each_place_what_its_energy_loses(tmp_path: Path, flavors: int) -> None:
    """u = sum over pairs of w w' s s' (1 - v v') (Tr(rho rho') + Tr rho Tr rho')/2, s = -1 of antineutrinos."""
    generator, v, species = np.random.default_rng(6), np.linspace(-1.0, 1.0, 4), np.array([1.0, -1.0, 1.0, -1.0])
    write_history(tmp_path, history_columns())
    energies, numbers = [], []
    for number in range(2):
        rho = generator.uniform(-0.1, 0.1, (CELLS, 3, 4, flavors**2)) + np.eye(flavors**2)[0]
        with h5py.File(write_snapshot(tmp_path, number, number, rho), "r+") as file:
            file["species"] = species
        beams = species[:, None, None] * matrices(rho.sum(axis=1))
        traces = np.trace(beams, axis1=-2, axis2=-1)
        pairs = np.einsum("zkij,zlji->zkl", beams, beams) + traces[:, :, None] * traces[:, None, :]
        energies.append(0.5 * ((1.0 - np.outer(v, v)) * pairs).sum(axis=(1, 2)).real)
        numbers.append(rho[..., 0].sum(axis=(1, 2)))
    lines = labelled(shift.draw_shift(shift.local_shift(tmp_path)).axes[0])
    expected = energies[0] / numbers[0] - energies[1] / numbers[1]
    # Sums of 16 products of up to 9.
    np.testing.assert_allclose(lines[r"$-\Delta u/n$"], expected, rtol=0.0, atol=1e-13)


# --- angles ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flavors", [2, 3])
@pytest.mark.parametrize("directions", [2, 7])
def test_angular_distribution_before_and_after_is_drawn(tmp_path: Path, directions: int, flavors: int) -> None:
    weight = np.linspace(0.5, 1.0, directions)
    write_profiles(tmp_path, TIMES, np.zeros((TIMES.size, 4, directions, flavors**2)), angle_weight=weight)
    with open_profiles(tmp_path) as profiles:
        found = angles.angular_spectrum(profiles)
    dn_dv = gaussian_spectrum(TIMES, np.linspace(-40.0, 40.0, 81), directions, flavors)[[0, -1]].sum(axis=1)
    names = SYMBOLS[flavors]
    of = dict(zip(names, np.einsum("...ff->f...", matrices(dn_dv)).real, strict=True))
    upper, lower = angles.draw_angles(found).axes
    lines = labelled(upper)
    for flavor, expected in of.items():
        for time, values in zip(("0", "30"), expected, strict=True):
            np.testing.assert_allclose(lines[f"{flavor}, $t$ = {time}"], values, rtol=1e-14)
    differences = labelled(lower)
    for one, other in combinations(names, 2):
        label = f"{one} $-$ {other}, " if flavors == 3 else ""
        # Of numbers of up to 7.
        np.testing.assert_allclose(differences[f"{label}$t$ = 30"], of[one][1] - of[other][1], rtol=0.0, atol=1e-14)
    number = weight @ of[r"$\nu_e$"][0]
    assert f"nu_e {number:.4g} to" in angles.angles_result(found)


def test_antineutrinos_count_against_neutrinos_in_each_pair(tmp_path: Path) -> None:
    """Directions that both share are one; L_e - L_tau is nu_e - nu_tau - antinu_e + antinu_tau."""
    write_profiles(tmp_path, TIMES, np.zeros((TIMES.size, 4, 4, 9)))
    v, names = [-0.5, 0.5, -0.5, 0.5], [f"{anti}{name}" for anti in ("", "anti") for name in FLAVORS[3]]
    numbers = np.random.default_rng(7).uniform(0.0, 1.0, (TIMES.size, 4, 6))
    numbers[:, :2, 3:], numbers[:, 2:, :3] = 0.0, 0.0
    with h5py.File(tmp_path / "profiles.h5", "r+") as file:
        file["species"] = np.array([1.0, 1.0, -1.0, -1.0])
        file["angle"][:] = v
        del file["flavor"], file["angular_spectrum"]
        file["flavor"] = np.array(names, dtype=h5py.string_dtype())
        file["angular_spectrum"] = numbers
    with open_profiles(tmp_path) as profiles:
        lower = labelled(angles.draw_angles(angles.angular_spectrum(profiles)).axes[1])
    last = numbers[-1, :2, :3] - numbers[-1, 2:, 3:]
    for label, expected in (
        (r"$\nu_e$ $-$ $\nu_\mu$, $t$ = 30", last[:, 0] - last[:, 1]),
        (r"$\nu_e$ $-$ $\nu_\tau$, $t$ = 30", last[:, 0] - last[:, 2]),
        (r"$\nu_\mu$ $-$ $\nu_\tau$, $t$ = 30", last[:, 1] - last[:, 2]),
    ):
        np.testing.assert_allclose(lower[label], expected, rtol=0.0, atol=1e-15)


# --- Fourier ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("components", [(1, 2), (4, 5), (6, 7)])
def test_growing_mode_is_a_growing_line(tmp_path: Path, components: tuple[int, int]) -> None:
    """psi = a e^(gamma t) e^(i k z) in one direction: |psi_k|^2 = w a^2 e^(2 gamma t) at that k, and nothing else."""
    amplitude, gamma, mode, weight = 1e-3, 0.2, -3, np.array([1.0, 0.7])
    psi = amplitude * np.exp(gamma * TIMES[:, None] + 2j * np.pi * mode * Z / LENGTH)
    density = np.zeros((TIMES.size, CELLS, 2, 4 if components == (1, 2) else 9))
    density[:, :, 1, components] = np.stack([psi.real, psi.imag], axis=-1)
    write_profiles(tmp_path, TIMES, density, angle_weight=weight)
    with open_profiles(tmp_path) as profiles:
        found = fourier.fourier_spectrum(profiles)
    expected = np.zeros((TIMES.size, CELLS))
    at = int(np.argmin(np.abs(found.wave_number - 2.0 * np.pi * mode / LENGTH)))
    assert found.wave_number[at] == pytest.approx(2.0 * np.pi * mode / LENGTH, rel=1e-14)
    expected[:, at] = weight[1] * amplitude**2 * np.exp(2.0 * gamma * TIMES)
    # Rounding of the transform, relative to the mode of that time: the square of 1e-15.
    np.testing.assert_allclose(found.power, expected, rtol=1e-13, atol=1e-28 * expected.max())
    np.testing.assert_allclose(found.spread, abs(found.wave_number[at]), rtol=1e-12)
    upper, lower = fourier.draw_fourier(found).axes[:2]
    floor = expected.max() * 10.0**-fourier.DECADES
    np.testing.assert_allclose(mesh(upper, expected.shape), np.maximum(expected, floor), rtol=1e-13)
    np.testing.assert_allclose(labelled(lower)["$t$ = 30"][at], expected[-1, at], rtol=1e-13)


@pytest.mark.parametrize(
    "flavors, pair, elements",
    [
        (2, None, [(0, 1)]),
        (3, None, [(0, 1), (0, 2), (1, 2)]),
        (3, "e_mu", [(0, 1)]),
        (3, "e_tau", [(0, 2)]),
        (3, "mu_tau", [(1, 2)]),
    ],
)
def test_power_is_the_mean_square_of_the_coherence(
    tmp_path: Path, flavors: int, pair: str | None, elements: list[tuple[int, int]]
) -> None:
    """Parseval's theorem."""
    density = np.random.default_rng(4).normal(size=(TIMES.size, CELLS, 3, flavors**2))
    weight = np.array([0.5, 1.5, 0.7])
    write_profiles(tmp_path, TIMES, density, angle_weight=weight)
    with open_profiles(tmp_path) as profiles:
        found = fourier.fourier_spectrum(profiles, pair)
    rho = matrices(density)
    squares = sum(np.abs(2.0 * rho[..., a, b]) ** 2 for a, b in elements) @ weight
    np.testing.assert_allclose(found.power.sum(axis=1), squares.mean(axis=1), rtol=1e-13)


def test_no_coherence_can_be_drawn(tmp_path: Path) -> None:
    write_profiles(tmp_path, TIMES, np.zeros((TIMES.size, CELLS, 2, 4)))
    with open_profiles(tmp_path) as profiles:
        fourier.draw_fourier(data := fourier.fourier_spectrum(profiles))
    assert fourier.fourier_result(data) == "no flavor coherence"


# --- entropy ---------------------------------------------------------------------------------------------------------


def test_entropy_per_neutrino_and_negativity_are_drawn(tmp_path: Path) -> None:
    columns = history_columns()
    write_history(tmp_path, columns)
    upper, middle, lower = (labelled(axes) for axes in entropy.draw_entropy(read_rows(tmp_path)).axes)
    # S = 470 + 0.1 t of N = 100.
    np.testing.assert_allclose(upper[r"$\Delta S$"], 1e-3 * TIME, rtol=0.0, atol=1e-15 * 470)
    np.testing.assert_allclose(upper["by the equation"], 0.9e-3 * TIME, rtol=1e-14)
    np.testing.assert_allclose(middle["by the numerics"], 0.1e-3 * TIME, rtol=1e-14)
    np.testing.assert_array_equal(lower["smallest eigenvalue"], -columns["min_eigenvalue"])
    np.testing.assert_allclose(lower["negative part$/N$"], -columns["negative_part"] / columns["number"][0], rtol=1e-14)


def test_run_without_negative_eigenvalues_says_so(tmp_path: Path) -> None:
    write_history(tmp_path, history_columns() | {name: 0.0 * TIME for name in ("min_eigenvalue", "negative_part")})
    lower = entropy.draw_entropy(read_rows(tmp_path)).axes[2]
    assert [text.get_text() for text in lower.texts] == ["no negative eigenvalue"]
