#!/usr/bin/env python3
"""The two-beam experiment in plain numpy: the same scheme as nuvlasov's, checked against it and timed beside it.

    numpy_two_beam.py [INPUT] [--nuvlasov PROGRAM] [--turns N]

Two forms in numpy: complex 2 x 2 matrices, as the equation is written, and four real fields with the fewest
differences. Full equation on frozen directions, differences of order 6, classical Runge-Kutta: docs/numerics.md.
Times are those of the processor, which other programs on the machine lengthen less than those of the clock.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = (3 / 4, -3 / 20, 1 / 60)  # of the central difference of order 6, for neighbours 1, 2 and 3
REACH = len(WEIGHTS)
STEP, STEPS = 0.05, 10
STAGES = 4
# Seeds so large that all terms matter from the start.
SETTINGS = {
    "equation.mode": "full",
    "grid.z.order": 6,
    "grid.momentum.order": 6,
    "initial.seeds.sigma": 0.05,
    "initial.seeds.pure": "true",
    "time.method": "rk4",
    "time.step": STEP,
}
LARGEST_DIFFERENCE = 1e-12  # of the largest change: the two round differently, and that is all
TIMED_STEPS = 50


@dataclass(frozen=True)
class Snapshot:
    """Density matrices [z][energy][direction][component] and their grid."""

    rho: np.ndarray
    directions: np.ndarray
    weights: np.ndarray
    z_spacing: float
    energy_spacing: float

    @classmethod
    def read(cls, path: Path) -> Snapshot:
        with h5py.File(path) as file:
            return cls(
                rho=file["rho"][:],
                directions=file["angle"][:],
                weights=file["angle_weight"][:],
                z_spacing=float(file.attrs["box_length"]) / len(file["z"]),
                energy_spacing=float(file.attrs["energy_spacing"]),
            )


class Equation(ABC):
    """The right-hand side on fields of a layout of its own."""

    z_axis: int
    energy_axis: int

    def __init__(self, grid: Snapshot) -> None:
        self.grid = grid

    @abstractmethod
    def from_components(self, rho: np.ndarray) -> np.ndarray: ...

    @abstractmethod
    def to_components(self, field: np.ndarray) -> np.ndarray: ...

    @abstractmethod
    def rate(self, rho: np.ndarray) -> np.ndarray: ...

    def difference(self, f: np.ndarray, axis: int, spacing: float, **padding: str) -> np.ndarray:
        n = f.shape[axis]
        padded = np.pad(f, [(REACH, REACH) if a == axis else (0, 0) for a in range(f.ndim)], **padding)

        def shifted(m: int) -> np.ndarray:
            return padded[(slice(None),) * axis + (slice(REACH + m, REACH + m + n),)]

        slope = WEIGHTS[0] / spacing * (shifted(1) - shifted(-1))
        for m, weight in enumerate(WEIGHTS[1:], 2):
            slope += weight / spacing * (shifted(m) - shifted(-m))
        return slope

    def d_z(self, f: np.ndarray) -> np.ndarray:
        """Periodic."""
        return self.difference(f, self.z_axis, self.grid.z_spacing, mode="wrap")

    def d_energy(self, f: np.ndarray) -> np.ndarray:
        """With nothing beyond the window."""
        return self.difference(f, self.energy_axis, self.grid.energy_spacing, mode="constant")

    def rk4(self, rho: np.ndarray, step: float) -> np.ndarray:
        k1 = self.rate(rho)
        k2 = self.rate(rho + 0.5 * step * k1)
        k3 = self.rate(rho + 0.5 * step * k2)
        k4 = self.rate(rho + step * k3)
        return rho + step / 6.0 * (k1 + 2.0 * (k2 + k3) + k4)


class Matrices(Equation):
    """As it is written: complex matrices [z][energy][direction][2][2], the three forms of the weak force."""

    z_axis, energy_axis = 0, 1
    # rho = (P0 1 + P.sigma)/2
    basis = 0.5 * np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])

    def from_components(self, rho: np.ndarray) -> np.ndarray:
        return np.tensordot(rho, self.basis, axes=1)

    def to_components(self, field: np.ndarray) -> np.ndarray:
        return 2.0 * np.einsum("...ij,cji->...c", field, self.basis).real

    def refraction(self, rho: np.ndarray) -> np.ndarray:
        """Omega = A_0 - v A_1 of Eq. (17), the same for all energies."""
        v = self.grid.directions[:, None, None]
        beams = self.grid.energy_spacing * self.grid.weights[:, None, None] * rho.sum(axis=1, keepdims=True)
        source = beams + np.trace(beams, axis1=-2, axis2=-1)[..., None, None] * np.eye(2)
        return source.sum(axis=2, keepdims=True) - v * (v * source).sum(axis=2, keepdims=True)

    def rate(self, rho: np.ndarray) -> np.ndarray:
        def jordan(a: np.ndarray, b: np.ndarray) -> np.ndarray:
            return 0.5 * (a @ b + b @ a)

        v = self.grid.directions[:, None, None]
        omega = self.refraction(rho)
        d_p = v * self.d_energy(rho)
        return (
            -v * self.d_z(rho)
            + 1j * (rho @ omega - omega @ rho)
            + 2.0 / 3.0 * jordan(self.d_z(omega), d_p)
            + 1.0 / 3.0 * self.d_z(jordan(omega, d_p))
            - 1.0 / 3.0 * jordan(omega, self.d_z(d_p))
        )


class Components(Equation):
    """As numpy likes it best: four real fields [component][direction][z][energy], and one difference in energy, of
    W = [D_z(Omega o rho) - Omega o D_z rho + 2 (D_z Omega) o rho]/3."""

    z_axis, energy_axis = 2, 3

    def from_components(self, rho: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(np.transpose(rho, (3, 2, 0, 1)))

    def to_components(self, field: np.ndarray) -> np.ndarray:
        return np.transpose(field, (2, 3, 1, 0))

    def refraction(self, rho: np.ndarray) -> np.ndarray:
        v = self.grid.directions[:, None, None]
        beams = self.grid.energy_spacing * self.grid.weights[:, None, None] * rho.sum(axis=-1, keepdims=True)
        beams[0] *= 3.0  # rho + Tr rho
        return beams.sum(axis=1, keepdims=True) - v * (v * beams).sum(axis=1, keepdims=True)

    def rate(self, rho: np.ndarray) -> np.ndarray:
        def jordan(a: np.ndarray, b: np.ndarray) -> np.ndarray:
            product = np.empty_like(rho)
            product[0] = (a * b).sum(axis=0)
            product[1:] = a[0] * b[1:] + b[0] * a[1:]
            product *= 0.5
            return product

        v = self.grid.directions[:, None, None]
        omega = self.refraction(rho)
        slope = self.d_z(rho)
        force = self.d_z(jordan(omega, rho))
        force -= jordan(omega, slope)
        force += jordan(2.0 * self.d_z(omega), rho)
        rate = -v * slope
        rate += v / 3.0 * self.d_energy(force)
        rate[1] += omega[2] * rho[3] - omega[3] * rho[2]
        rate[2] += omega[3] * rho[1] - omega[1] * rho[3]
        rate[3] += omega[1] * rho[2] - omega[2] * rho[1]
        return rate


def run_nuvlasov(program: Path, problem: Path, steps: int, run: Path, **settings: object) -> float:
    """Runs nuvlasov into a directory, with output at the start and the end alone; its seconds."""
    end = STEP * steps
    intervals = {f"output.{kind}_interval": end for kind in ("history", "profile", "snapshot")}
    settings = SETTINGS | {"time.end": end} | intervals | settings
    words = [f"--set={key}={value}" for key, value in settings.items()]
    begin = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [program, "run", problem, "--output", run, "--overwrite", *words]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    done = resource.getrusage(resource.RUSAGE_CHILDREN)
    return done.ru_utime - begin.ru_utime + done.ru_stime - begin.ru_stime


def start_and_end(run: Path) -> tuple[Snapshot, Snapshot]:
    return Snapshot.read(run / "snapshots/000000.h5"), Snapshot.read(run / "snapshots/000001.h5")


def difference(start: Snapshot, end: Snapshot, equation: Equation) -> float:
    """Between numpy's state after STEPS steps and nuvlasov's, in units of the largest change."""
    field = equation.from_components(start.rho)
    for _ in range(STEPS):
        field = equation.rk4(field, STEP)
    return float(np.abs(equation.to_components(field) - end.rho).max() / np.abs(end.rho - start.rho).max())


def seconds_of_numpy(equation: Equation, field: np.ndarray) -> float:
    """Of one step."""
    begin = time.process_time()
    equation.rk4(field, STEP)
    return time.process_time() - begin


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("input", nargs="?", type=Path, default=ROOT / "inputs/two_beam.toml")
    parser.add_argument("--nuvlasov", type=Path, default=ROOT / "build/release/bin/nuvlasov", metavar="PROGRAM")
    parser.add_argument("--turns", type=int, default=5, help="of numpy and nuvlasov (default: 5)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        run = Path(name) / "run"

        def seconds_of_nuvlasov(steps: int) -> float:
            return run_nuvlasov(options.nuvlasov, options.input, steps, run)

        seconds_of_nuvlasov(STEPS)
        start, end = start_and_end(run)
        cells, energies, directions, _ = start.rho.shape
        print(f"numpy {np.__version__}; {cells} z x {energies} energies x {directions} directions")
        equations = [Matrices(start), Components(start)]
        for equation in equations:
            found = difference(start, end, equation)
            form = type(equation).__name__.lower()
            print(f"numpy, {form}: after {STEPS} steps {found:.1e} of the largest change from nuvlasov's state")
            if found > LARGEST_DIFFERENCE:
                print(f"numpy_two_beam: more than {LARGEST_DIFFERENCE:g}: not the same equation", file=sys.stderr)
                return 1
        evaluations = STAGES * cells * energies * directions
        print("\nns of one core for a right-hand side of a node, in RK4 steps; over nuvlasov's")
        print("nuvlasov        matrices      components")
        turns = []
        for _ in range(options.turns):
            short = seconds_of_nuvlasov(STEPS)
            ours = (seconds_of_nuvlasov(STEPS + TIMED_STEPS) - short) / (TIMED_STEPS * evaluations)
            theirs = [seconds_of_numpy(e, e.from_components(start.rho)) / evaluations for e in equations]
            turns.append((ours, *theirs))
            print(line(turns[-1]), flush=True)
        print(line(tuple(min(column) for column in zip(*turns, strict=True))), " the best of each")
    return 0


def line(seconds: tuple[float, ...]) -> str:
    ours, *theirs = seconds
    return f"{1e9 * ours:>8.1f}" + "".join(f"{1e9 * other:>9.0f} ={other / ours:>5.0f}" for other in theirs)


if __name__ == "__main__":
    sys.exit(main())
