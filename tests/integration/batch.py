"""What tests of the batch scripts share: scripts adapted to this machine, and runs caught in the middle."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from command import DONE, PROGRAM, RUN, Settings, nuvlasov, results, toml

SCRIPTS = Path(__file__).parents[2] / "jobscripts"
PATIENCE = 30.0  # seconds, for what takes a second or two

# About a second; checkpoints and rows enough to be caught in between.
JOB: Settings = RUN | {
    "time.end": "30.0",
    "output.history_interval": "1.0",
    "output.profile_interval": "2.0",
    "output.snapshot_interval": "10.0",
    "checkpoint.interval_steps": "100",
}

# Each job waits for a second after its first checkpoint, so that it is caught there however fast it is.
CATCHABLE = {"NUVLASOV_FAILPOINT": "checkpoint.rotated=delay"}


def wait_until(condition: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"not within {patience} seconds: {what}"
        time.sleep(0.05)


def adapted(name: str, directory: Path, **site: str) -> Path:
    """A copy of a batch script with other lines where it says SITE: each value takes the place of the one such
    line that holds its name. `nuvlasov` is the program of the test unless said otherwise."""
    lines = (SCRIPTS / name).read_text().splitlines()
    adaptable = [n + 1 for n, line in enumerate(lines) if line.startswith("# SITE: ")]
    for word, line in ({"nuvlasov=": f"nuvlasov={PROGRAM}"} | site).items():
        (place,) = (n for n in adaptable if word in lines[n])
        lines[place] = line
    script = directory / name
    script.write_text("\n".join(lines) + "\n")
    script.chmod(0o755)
    return script


def write_input(directory: Path, settings: Settings = JOB) -> None:
    (directory / "input.toml").write_text(toml(settings))


@functools.cache
def uninterrupted(seed: int = 1) -> dict[str, bytes]:
    """Results of JOB when nothing interrupts it."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        write_input(directory)
        seeds = ["--set", f"initial.seeds.random_seed={seed}"]
        assert nuvlasov("run", "input.toml", "--output", "run", *seeds, cwd=directory).code == DONE
        return results(directory / "run")


def newest_checkpoint(run: Path) -> Path | None:
    latest = run / "checkpoints/latest"
    return latest.resolve() if latest.exists() else None


def ranks_of(run: Path) -> list[int]:
    """Process numbers of the ranks that work on a run."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):  # it has come to its end, or is no such program
            words = (process / "cmdline").read_bytes().decode().split("\0")
            output = words[words.index("--output") + 1]
            if words[0] == PROGRAM and Path(os.readlink(process / "cwd"), output) == run:
                found.append(int(process.name))
    return found


def status(process: int, key: str) -> str:
    """What Linux says of a process, one word: proc(5)."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith(f"{key}:"))


@contextlib.contextmanager
def held(run: Path) -> Iterator[list[int]]:
    """Ranks of a run that stand still between its first checkpoint and its end."""
    wait_until(lambda: newest_checkpoint(run), f"the first checkpoint in {run}")
    ranks = ranks_of(run)
    assert ranks, "the run has come to its end"
    for rank in ranks:
        os.kill(rank, signal.SIGSTOP)
    try:
        # Until then a signal that is sent later may arrive earlier.
        wait_until(lambda: all(status(rank, "State") == "T" for rank in ranks), "the ranks stand still")
        yield ranks
    finally:
        for rank in ranks:
            with contextlib.suppress(ProcessLookupError):
                os.kill(rank, signal.SIGCONT)


def put_stop_file(run: Path) -> None:
    with held(run):
        (run / "STOP").touch()
        time.sleep(1.1)  # nuvlasov looks for it every second


def has_pending(process: int, number: signal.Signals) -> bool:
    """Whether a process that stands still has been sent a signal."""
    return bool(int(status(process, "ShdPnd"), 16) >> (number - 1) & 1)
