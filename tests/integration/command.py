"""Runs the real program, and writes inputs for it."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pytest

PROGRAM = os.environ["NUVLASOV_PROGRAM"]
LAUNCHER = os.environ["NUVLASOV_LAUNCHER"].split()  # mpirun -n
PATIENCE = 60  # seconds; a crashed rank can hang the others
DONE, BAD_INPUT, NUMERICAL_FAILURE, IO_FAILURE, RESUBMIT = 0, 2, 3, 4, 75

# OpenMPI without mpirun loses a quarter of a second to a daemon and a transport between ranks that are not there.
# Without the daemon, programs that run at the same time need a directory each.
SESSION = tempfile.TemporaryDirectory(prefix="nuvlasov-mpi-")
ALONE = {
    "OMPI_MCA_btl": "self",
    "OMPI_MCA_ess_singleton_isolated": "1",
    "OMPI_MCA_orte_tmpdir_base": SESSION.name,
}

Settings = dict[str, str]  # key of a parameter: its value as TOML

# A full-mode problem that takes a fraction of a second.
SMALL: Settings = {
    "equation.mode": '"full"',
    "grid.z.length": "20.0",
    "grid.z.cells": "64",
    "grid.momentum.directions": "[-1.0, 1.0]",
    "grid.momentum.energy.half_width": "40.0",
    "grid.momentum.energy.cells": "32",
    "initial.type": '"two_beam"',
    "initial.zeta": "[-0.5, 0.5]",
    "initial.energy_spectrum.width": "5.0",
    "initial.seeds.max_mode": "8",
    "time.end": "0.2",
    "output.history_interval": "0.1",
}

# Thirty rows, profiles and snapshots, and checkpoints in the middle of the intervals between them.
RUN: Settings = SMALL | {
    "initial.seeds.sigma": "1e-2",
    "time.end": "3.0",
    "output.history_interval": "0.1",
    "output.profile_interval": "0.2",
    "output.snapshot_interval": "1.0",
    "checkpoint.interval_steps": "7",
}

ABSENT = ""  # in place of a value: leave out the setting of SMALL

# Other initial states than two beams, without what SMALL has for those.
EIGENMODE = {"initial.seeds.max_mode": ABSENT, "initial.type": '"eigenmode"'}
SPECTRUM = {"initial.zeta": ABSENT, "initial.type": '"spectrum"'}
POINTS = {"initial.seeds.max_mode": ABSENT, "initial.seeds.type": '"points"'}
TABLE = SPECTRUM | {"initial.nu_e.shape": '"table"'}
ENERGY_TABLE = {"initial.energy_spectrum.width": ABSENT, "initial.energy_spectrum.shape": '"table"'}
FROM_FILE = {
    "initial.zeta": ABSENT,
    "initial.energy_spectrum.width": ABSENT,
    "initial.seeds.max_mode": ABSENT,
    "initial.type": '"file"',
}


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    def errors(self) -> list[str]:
        """The lines on stderr, without what mpirun adds between rules about an exit code."""
        return re.sub(r"^-{50,}\n.*?^-{50,}\n", "", self.err, flags=re.MULTILINE | re.DOTALL).splitlines()


def nuvlasov(*arguments: str | Path, cwd: Path, ranks: int = 0, program: str = PROGRAM) -> Outcome:
    """`nuvlasov ARGUMENTS`, by itself (`ranks` 0) or under mpirun; or another program."""
    launcher = [*LAUNCHER, str(ranks)] if ranks else []
    alone = {} if ranks else ALONE
    done = subprocess.run(
        ["timeout", "-k", "5", str(PATIENCE), *launcher, program, *map(str, arguments)],
        cwd=cwd,
        env=os.environ | {"OMPI_MCA_pml": "ob1"} | alone,
        capture_output=True,
        text=True,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def with_mounts(script: str) -> str:
    """The output of a shell script that may mount file systems, which nobody else sees."""
    for unshare in (["unshare", "--mount"], ["unshare", "--mount", "--map-root-user"]):
        if subprocess.run([*unshare, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False).returncode:
            continue
        done = subprocess.run(
            ["timeout", "-k", "5", str(5 * PATIENCE), *unshare, "sh", "-ec", script],
            env=os.environ | {"OMPI_MCA_pml": "ob1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done
        return done.stdout
    pytest.skip("mounting is not permitted here")


def toml(settings: Settings) -> str:
    sections: dict[str, list[str]] = {}
    for key, value in settings.items():
        if value == ABSENT:
            continue
        section, _, name = key.rpartition(".")
        sections.setdefault(section, []).append(f"{name} = {value}")
    return "".join("\n".join([f"[{section}]", *lines]) + "\n" for section, lines in sections.items())


def line_of(settings: Settings, key: str) -> int:
    """The line on which toml(settings) has `key`."""
    section, _, name = key.rpartition(".")
    lines = toml(settings).splitlines()
    start = lines.index(f"[{section}]")
    return start + 1 + next(n for n, line in enumerate(lines[start:]) if line.startswith(f"{name} = "))


def contents(directory: Path) -> dict[str, bytes | None]:
    """Everything below a directory: bytes of a file, None for a directory."""
    return {
        str(path.relative_to(directory)): path.read_bytes() if path.is_file() else None for path in directory.rglob("*")
    }


def results(run: Path) -> dict[str, bytes]:
    """All numbers of the history, the profiles and the snapshots of a run."""
    numbers = {}
    for path in [run / "history.h5", run / "profiles.h5", *sorted((run / "snapshots").glob("*"))]:
        with h5py.File(path) as file:
            for name, dataset in file.items():
                if np.issubdtype(dataset.dtype, np.number):
                    numbers[f"{path.name}/{name}"] = dataset[...].tobytes()
    return numbers


def assert_same(left: dict[str, bytes], right: dict[str, bytes]) -> None:
    assert left.keys() == right.keys()
    assert [name for name in left if left[name] != right[name]] == []


def flip(path: Path, position: float) -> None:
    data = bytearray(path.read_bytes())
    data[int(position * (len(data) - 1))] ^= 0x10
    path.write_bytes(data)
