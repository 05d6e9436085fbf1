"""Synthetic run directories, in the solver's formats, for the tests of the post-processing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "apps"))

from nuvlasov_post.run import SCALING_PHASES  # noqa: E402

Columns = dict[str, np.ndarray]

LENGTH = 100.0  # box of the two-beam example, in 1/mu
REFERENCE_ENERGY = 1e11  # in mu: K itself is then known to no better than about 1e-3
U_OSC_START = -25.0
TERMS = ("streaming", "refraction", "weak_force")
TIME = np.linspace(0.0, 30.0, 301)
COMPONENTS = ("P0", "Px", "Py", "Pz")
THREE_COMPONENTS = tuple(f"P{a}" for a in range(9))
BY_FLAVORS = {2: COMPONENTS, 3: THREE_COMPONENTS}
FLAVORS = {2: ("nu_e", "nu_x"), 3: ("nu_e", "nu_mu", "nu_tau")}
RANKS = np.array([1.0, 2.0, 4.0, 8.0])
LOSS = 0.9  # efficiency for each doubling of the ranks

# The matrices of Pauli, and those of Gell-Mann as he lists them.
LAMBDA = {
    2: np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]]),
    3: np.array(
        [
            [[0, 1, 0], [1, 0, 0], [0, 0, 0]],
            [[0, -1j, 0], [1j, 0, 0], [0, 0, 0]],
            [[1, 0, 0], [0, -1, 0], [0, 0, 0]],
            [[0, 0, 1], [0, 0, 0], [1, 0, 0]],
            [[0, 0, -1j], [0, 0, 0], [1j, 0, 0]],
            [[0, 0, 0], [0, 0, 1], [0, 1, 0]],
            [[0, 0, 0], [0, 0, -1j], [0, 1j, 0]],
            np.diag([1, 1, -2]) / np.sqrt(3),
        ]
    ),
}


def matrices(p: np.ndarray) -> np.ndarray:
    """rho = P0 1/N + P.lambda/2 of components [..., component], as [..., flavor, flavor]."""
    n = int(np.sqrt(p.shape[-1]))
    return p[..., :1, None] * np.eye(n) / n + 0.5 * np.einsum("...a,aij->...ij", p[..., 1:], LAMBDA[n])


def of_matrices(rho: np.ndarray) -> np.ndarray:
    """Components P0 = Tr rho, P_a = Tr(rho lambda_a)."""
    traces = np.einsum("...ij,aji->...a", rho, LAMBDA[rho.shape[-1]])
    return np.concatenate([np.trace(rho, axis1=-2, axis2=-1)[..., None], traces], axis=-1).real


def history_columns(time: np.ndarray = TIME, mode: str = "full", u_osc_start: float = U_OSC_START) -> Columns:
    """A history of that shape: U_osc grows and then oscillates; in full mode K pays for it."""
    risen = 1.0 / (1.0 + np.exp(-1.5 * (time - 7.0)))
    u_osc = u_osc_start + (risen - risen[:1]) * (28.0 + 8.0 * np.sin(1.3 * time) * np.cos(0.37 * time))
    paid = u_osc_start - u_osc if mode == "full" else np.zeros_like(time)
    kinetic_energy_relative = 3.0 + paid + 1e-11 * np.sin(5.0 * time)
    number = LENGTH * (1.0 + 2e-15 * np.sin(3.0 * time))
    columns = {
        "time": time,
        "step": np.arange(time.size),
        "number": number,
        "kinetic_energy": REFERENCE_ENERGY * number + kinetic_energy_relative,
        "kinetic_energy_relative": kinetic_energy_relative,
        "u_osc": u_osc,
        "u_non": 75.0 + 1e-12 * np.cos(time),
        "purity": 50.0 * (1.0 - 1e-12 * time),
        "entropy": 470.0 + 0.1 * time,
        "entropy_remainder": 0.09 * time,
        "entropy_production": 0.01 * time,
        "min_eigenvalue": -1e-4 * risen,
        "negative_part": -1e-2 * risen,
    }
    for quantity in ("kinetic_energy", "u_osc", "u_non", "entropy"):
        columns |= {f"{quantity}_rate_{term}": np.zeros_like(time) for term in TERMS}
    return columns


def beam_profile(time: np.ndarray, cells: int, angles: int = 2, flavors: int = 2) -> np.ndarray:
    """Polarization density [time, z, angle, component]: the beam v = +1 turns by a wave that depends on t and z.

    Of three flavors, the first two.
    """
    z = (np.arange(cells) + 0.5) * LENGTH / cells
    risen = 1.0 / (1.0 + np.exp(-1.5 * (time - 7.0)))[:, None]
    tilt = 0.5 * np.pi * risen * (1.0 + np.sin(2.0 * np.pi * 6.0 * z / LENGTH + 1.3 * time[:, None]))
    density = np.zeros((time.size, cells, angles, flavors**2))
    density[..., 0] = 0.5
    density[..., 8:] = 0.5 / np.sqrt(3.0)
    density[..., :-1, 3] = -0.5
    density[..., -1, 1] = 0.5 * np.sin(tilt)
    density[..., -1, 3] = 0.5 * np.cos(tilt)
    return density


def write_scales(
    file: h5py.File, scales: dict[str, object], variables: dict[str, tuple[object, tuple[str, ...]]]
) -> None:
    """Writes coordinates as dimension scales and variables on them, with the attributes that the solver writes."""
    for name, values in scales.items():
        file[name] = values
        file[name].make_scale(name)
    for name, (values, dimensions) in variables.items():
        file[name] = values
        for axis, dimension in enumerate(dimensions):
            file[name].dims[axis].attach_scale(file[dimension])
    for name in (*scales, *variables):
        file[name].attrs["units"] = "1"
        file[name].attrs["long_name"] = name.replace("_", " ")


def write_history(run: Path, columns: Columns, config: str = '[equation]\nmode = "full"\n') -> None:
    """Writes history.h5."""
    with h5py.File(run / "history.h5", "w") as file:
        file.attrs.update(version="0.1.0", commit="0000000", config=config, libraries="", ranks=2, status="done")
        scales = {name: columns[name] for name in ("time",) if name in columns}
        write_scales(
            file, scales, {name: (column, tuple(scales)) for name, column in columns.items() if name != "time"}
        )


def gaussian_spectrum(time: np.ndarray, energy: np.ndarray, angles: int, flavors: int = 2) -> np.ndarray:
    """Polarization [time, energy, angle, component]: a Gaussian of width 3 mu that shifts by -0.01 mu a unit of time."""
    spectrum = np.zeros((time.size, energy.size, angles, flavors**2))
    spectrum[..., 0] = np.exp(-(((energy[:, None] + 0.01 * time[:, None, None]) / 3.0) ** 2) / 2.0)
    spectrum[..., 3] = 0.5 * spectrum[..., 0]
    spectrum[..., 8:] = 0.2 * spectrum[..., :1]
    return spectrum


def write_profiles(
    run: Path,
    time: np.ndarray,
    density: np.ndarray,
    components: tuple[str, ...] | None = None,
    angle_weight: np.ndarray | None = None,
    spectrum: np.ndarray | None = None,
    config: str = '[equation]\nmode = "full"\n',
) -> None:
    """Writes profiles.h5 with directions spread evenly over [-1, 1] and energies 1 mu apart."""
    cells, angles = density.shape[1:3]
    energy = np.linspace(-40.0, 40.0, 81)
    weight = np.ones(angles) if angle_weight is None else angle_weight
    flavors = int(np.sqrt(density.shape[-1]))
    spectrum = gaussian_spectrum(time, energy, angles, flavors) if spectrum is None else spectrum
    occupations = np.einsum("...ff->...f", matrices(spectrum)).real
    scales = {
        "time": time,
        "z": (np.arange(cells) + 0.5) * LENGTH / cells,
        "energy": energy,
        "angle": np.linspace(-1.0, 1.0, angles),
        "component": np.array(components or BY_FLAVORS[flavors], dtype=h5py.string_dtype()),
        "flavor": np.array(FLAVORS[flavors], dtype=h5py.string_dtype()),
    }
    with h5py.File(run / "profiles.h5", "w") as file:
        file.attrs.update(version="0.1.0", config=config, box_length=LENGTH, energy_spacing=1.0)
        write_scales(
            file,
            scales,
            {
                "energy_weight": (np.ones(energy.size), ("energy",)),
                "angle_weight": (weight, ("angle",)),
                "polarization_density": (density, ("time", "z", "angle", "component")),
                "spectrum": (spectrum, ("time", "energy", "angle", "component")),
                "energy_spectrum": (np.einsum("k,tekf->tef", weight, occupations), ("time", "energy", "flavor")),
                "angular_spectrum": (occupations.sum(axis=1), ("time", "angle", "flavor")),
            },
        )


def write_snapshot(run: Path, number: int, time: float, rho: np.ndarray) -> Path:
    """Writes snapshots/NNNNNN.h5 of rho [z, energy, angle, component]."""
    path = run / "snapshots" / f"{number:06}.h5"
    path.parent.mkdir(exist_ok=True)
    cells, energies, angles, components = rho.shape
    scales = {
        "z": (np.arange(cells) + 0.5) * LENGTH / cells,
        "energy": np.linspace(-40.0, 40.0, energies),
        "angle": np.linspace(-1.0, 1.0, angles),
        "component": np.array(BY_FLAVORS[int(np.sqrt(components))], dtype=h5py.string_dtype()),
        "time": np.array([time]),
    }
    with h5py.File(path, "w") as file:
        file.attrs.update(version="0.1.0", config="", step=number, box_length=LENGTH)
        write_scales(
            file,
            scales,
            {
                "energy_weight": (np.ones(energies), ("energy",)),
                "angle_weight": (np.ones(angles), ("angle",)),
                "rho": (rho, ("z", "energy", "angle", "component")),
            },
        )
    return path


def dispersion_columns(length: float = LENGTH, growing: bool = True) -> Columns:
    """Growth rates of two beams zeta = -0.4, 0.6 over wave number, and of the modes that a box of that length holds."""
    middle, half_width = -1.0, 2.0 * np.sqrt(0.24) if growing else 0.0

    def growth(k: np.ndarray) -> np.ndarray:
        return np.sqrt(np.maximum(half_width**2 - (k - middle) ** 2, 0.0))

    k = np.linspace(-2.4, 0.4, 141)
    box = np.arange(-1000.0, 1001.0)
    box = box[growth(2.0 * np.pi * box / length) > 0.0]
    box_k = 2.0 * np.pi * box / length
    return {
        "wave_number": k,
        "growth_rate": growth(k),
        "frequency": np.where(growth(k) > 0.0, -0.2, np.nan),
        "box_mode": box,
        "box_wave_number": box_k,
        "box_growth_rate": growth(box_k),
        "box_frequency": np.full(box.size, -0.2),
    }


def write_dispersion(run: Path, columns: Columns, pair: str | None = None) -> None:
    """Writes dispersion.h5, without the variables over angle and mode that the figure does not read."""
    scales = {name: columns[name] for name in ("wave_number", "box_mode")}
    variables = {
        name: (column, ("box_mode",) if name.startswith("box_") else ("wave_number",))
        for name, column in columns.items()
        if name not in scales
    }
    with h5py.File(run / "dispersion.h5", "w") as file:
        file.attrs.update(version="0.1.0", commit="0000000", config="", libraries="", ranks=1)
        file.attrs.update({"flavors": pair} if pair else {})
        write_scales(file, scales, variables)


def scaling_columns(weak: bool, ranks: np.ndarray = RANKS, nodes: float = 1e6) -> Columns:
    """A program that is LOSS times as efficient on twice the ranks, and a model that sees none of that."""
    all_nodes = nodes * ranks if weak else np.full_like(ranks, nodes)
    predicted = 2e-7 * all_nodes / ranks
    step = predicted / LOSS ** np.log2(ranks)
    columns = {
        "weak_scaling": np.full_like(ranks, float(weak)),
        "ranks": ranks,
        "nodes": all_nodes,
        "nodes_per_rank": all_nodes / ranks,
        "right_hand_sides": np.full_like(ranks, 4.0),
        "step_max": step,
        "step_spread": 0.1 * step,
        "predicted_step": predicted,
        "triad": 1e10 / ranks,
    }
    shares = dict(zip(SCALING_PHASES, (0.5, 0.1, 0.2, 0.2), strict=True))
    return columns | {f"{phase}_max": share * step for phase, share in shares.items()}


def write_scaling(path: Path, *parts: Columns, config: str = "") -> Path:
    """Writes what nuvlasov-scaling writes, as far as it is read."""
    with h5py.File(path, "w") as file:
        file.attrs.update(version="0.1.0", config=config)
        for name in parts[0]:
            file[name] = np.concatenate([part[name] for part in parts])
    return path


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Path]:
    """Makes a complete run directory: `make_run(mode=..., u_osc_start=..., history_time=..., profile_time=...)`."""

    def make(
        mode: str = "full",
        u_osc_start: float = U_OSC_START,
        history_time: np.ndarray = TIME,
        profile_time: np.ndarray = TIME[::5],
        config: str | None = None,
        flavors: int = 2,
    ) -> Path:
        run = tmp_path / "run"
        run.mkdir()
        config = f'[equation]\nmode = "{mode}"\n' if config is None else config
        write_history(run, history_columns(history_time, mode, u_osc_start), config)
        write_profiles(run, profile_time, beam_profile(profile_time, cells=40, flavors=flavors))
        write_dispersion(run, dispersion_columns(), "e_tau" if flavors == 3 else None)
        for number, time in enumerate((0.0, 1.0)):
            write_snapshot(run, number, time, np.ones((4, 81, 2, flavors**2)))
        return run

    return make
