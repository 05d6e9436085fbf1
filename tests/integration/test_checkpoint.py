"""Checkpoints under kills, full disks and damage: the newest good one is always the last that was published."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray

from command import ALONE, LAUNCHER, PATIENCE, PROGRAM, SMALL, nuvlasov, toml, with_mounts

TOOL = os.environ["NUVLASOV_CHECKPOINT_TOOL"]
CELLS = 64
SEAL = 1024  # bytes


def command(*arguments: object, ranks: int = 1) -> list[str]:
    launcher = [*LAUNCHER, str(ranks)] if ranks > 1 else []
    return ["timeout", "-k", "5", str(PATIENCE), *launcher, TOOL, *map(str, arguments)]


def environment(ranks: int = 1, **more: str) -> dict[str, str]:
    return os.environ | {"OMPI_MCA_pml": "ob1"} | ({} if ranks > 1 else ALONE) | more


def tool(*arguments: object, ranks: int = 1, **more: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        command(*arguments, ranks=ranks), env=environment(ranks, **more), capture_output=True, text=True, check=False
    )


def write(directory: Path, *steps: int, ranks: int = 1, **more: str) -> subprocess.CompletedProcess:
    return tool("write", directory, CELLS, *steps, ranks=ranks, **more)


def newest(directory: Path) -> str:
    outcome = tool("check", directory, CELLS)
    assert outcome.returncode == 0, outcome
    return outcome.stdout.strip()


def path(directory: Path, step: int) -> Path:
    return directory / "checkpoints" / f"{step:09}.h5"


def names(directory: Path) -> list[str]:
    return sorted(entry.name for entry in (directory / "checkpoints").iterdir())


FAILPOINTS = tool("failpoints").stdout.split()
PUBLISHED = FAILPOINTS.index("checkpoint.published")


def third_passing(failpoint: str) -> str:
    """In the third checkpoint that a process writes; "written" is passed at each of its two fields."""
    return f"{failpoint}:{6 if failpoint == 'checkpoint.written' else 3}"


# --- kills -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("victim", ["0", "1", "all"])
@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_a_kill_at_any_stage_leaves_the_old_one_or_the_new_one(tmp_path: Path, failpoint: str, victim: str) -> None:
    only = {} if victim == "all" else {"NUVLASOV_FAILPOINT_RANK": victim}
    killed = write(tmp_path, 10, 20, 30, ranks=2, NUVLASOV_FAILPOINT=third_passing(failpoint), **only)
    assert killed.returncode == 128 + signal.SIGKILL, killed
    assert newest(tmp_path) == ("20" if FAILPOINTS.index(failpoint) < PUBLISHED else "30")
    assert write(tmp_path, 40).returncode == 0
    assert names(tmp_path)[-2:] == ["000000040.h5", "latest"]
    assert len(names(tmp_path)) == 3


def processes(directory: Path) -> list[int]:
    """The ranks that work in a directory."""

    def arguments(process: Path) -> list[bytes]:
        with contextlib.suppress(OSError):
            return (process / "cmdline").read_bytes().split(b"\0")
        return []

    found = [process for process in Path("/proc").glob("[0-9]*") if arguments(process)[:1] == [TOOL.encode()]]
    return [int(process.name) for process in found if str(directory).encode() in arguments(process)]


def last_published(directory: Path) -> int:
    return int((directory / "checkpoints" / "latest").readlink().stem)


def test_kills_at_random_moments_leave_a_good_one(tmp_path: Path) -> None:
    """Of one rank or all, from the start of MPI on or while one checkpoint follows the other. The least that is left is
    the one that was there before."""
    moments = random.Random(4)
    assert write(tmp_path, 0).returncode == 0
    last = 0
    for kill in range(12):
        while_writing = kill % 4 < 2
        arguments = command("write", tmp_path, CELLS, *range(last + 1, last + 1000), ranks=2)
        with subprocess.Popen(arguments, env=environment(2), stderr=subprocess.DEVNULL) as run:
            while len(ranks := processes(tmp_path)) < 2:
                time.sleep(0.01)
            while while_writing and last_published(tmp_path) < last + 3:
                time.sleep(0.001)
            time.sleep(moments.uniform(0.0, 0.3))
            for process in ranks[: 1 + kill % 2]:
                os.kill(process, signal.SIGKILL)
        assert run.returncode != 0
        found = int(newest(tmp_path))
        assert found >= last + 3 * while_writing
        last = found
    assert last > 12


def test_an_error_at_a_failpoint_is_an_io_failure(tmp_path: Path) -> None:
    failed = write(tmp_path, 10, 20, NUVLASOV_FAILPOINT="checkpoint.synced:2=io_error")
    assert (failed.returncode, failed.stderr) == (4, "failpoint checkpoint.synced\n")
    assert newest(tmp_path) == "10"


def test_a_delay_at_a_failpoint_takes_a_second(tmp_path: Path) -> None:
    start = time.monotonic()
    assert write(tmp_path, 10, NUVLASOV_FAILPOINT="checkpoint.synced=delay").returncode == 0
    assert time.monotonic() - start > 1.0


@pytest.mark.parametrize("value", ["checkpoint.synced=explode", "checkpoint.synced:x"])
def test_a_failpoint_that_cannot_be_read_is_not_ignored(tmp_path: Path, value: str) -> None:
    assert "NUVLASOV_FAILPOINT" in write(tmp_path, 10, NUVLASOV_FAILPOINT=value).stderr


# --- disks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_full_disk_fails_with_code_4_and_leaves_the_earlier_one(tmp_path: Path, ranks: int) -> None:
    """On a tmpfs with more and more room: from none to enough for two fields of 1 MiB each."""
    disk = tmp_path / "disk"
    disk.mkdir()
    cells = 1024
    write_10, write_20 = (" ".join(command("write", disk, cells, step, ranks=ranks)) for step in (10, 20))
    check = " ".join(command("check", disk, cells, ranks=ranks))
    lines = with_mounts(
        f"""
        mount -t tmpfs -o size=10m none {disk}
        {write_10}
        for free in 0 16 128 1000 1100 1500 2000 4000; do
          all=$(df --output=avail -k {disk} | tail -n 1)
          head -c $(( (all - free) * 1024 )) /dev/zero >{disk}/ballast
          code=0
          {write_20} 2>{tmp_path}/errors || code=$?
          rm {disk}/ballast
          echo "$code $({check}) $(grep -c 'No space left' {tmp_path}/errors) $(ls {disk}/checkpoints | wc -l)"
        done
        """
    ).splitlines()
    assert lines == 7 * ["4 10 1 2"] + ["0 20 0 3"]


@pytest.mark.parametrize("room", ["12k", "64k", "200k"])
def test_a_run_on_a_full_disk_fails_with_code_4(tmp_path: Path, room: str) -> None:
    """Where HDF5 cannot close the history or a snapshot, it used to crash at the end of the program."""
    (tmp_path / "disk").mkdir()
    settings = SMALL | {"output.directory": f'"{tmp_path}/disk/run"', "output.snapshot_interval": "0.1"}
    (tmp_path / "in.toml").write_text(toml(settings))
    code = with_mounts(
        f"""
        mount -t tmpfs -o size={room} none {tmp_path}/disk
        {" ".join([*LAUNCHER, "2", PROGRAM])} run {tmp_path}/in.toml >/dev/null 2>&1 || echo $?
        """
    )
    assert code == "4\n"


def test_a_read_only_folder_fails_with_code_4(tmp_path: Path) -> None:
    assert write(tmp_path, 10).returncode == 0
    lines = with_mounts(
        f"""
        mount --bind {tmp_path} {tmp_path}
        mount -o remount,ro,bind {tmp_path}
        code=0
        {" ".join(command("write", tmp_path, CELLS, 20, ranks=2))} 2>&1 || code=$?
        echo $code
        """
    ).splitlines()
    assert lines[-1] == "4"
    assert "Read-only file system" in "".join(lines)
    assert newest(tmp_path) == "10"


def test_a_limit_on_file_sizes_fails_with_code_4(tmp_path: Path) -> None:
    assert write(tmp_path, 10).returncode == 0
    limited = subprocess.run(
        ["bash", "-c", f"ulimit -f 64; exec {' '.join(command('write', tmp_path, CELLS, 20))}"],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert limited.returncode == 4, limited
    assert "File too large" in limited.stderr
    assert newest(tmp_path) == "10"
    assert names(tmp_path) == ["000000010.h5", "latest"]


def test_a_missing_folder_fails_with_code_4(tmp_path: Path) -> None:
    outcome = write(tmp_path / "gone", 10, ranks=2)
    assert outcome.returncode == 4
    assert "gone/checkpoints" in outcome.stderr


# --- the file --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("run")
    assert write(directory, 10, ranks=2).returncode == 0
    return path(directory, 10)


def digest(words: np.ndarray, positions: np.ndarray) -> str:
    """Written down from the definition in digest.hpp, apart from the program."""
    with np.errstate(over="ignore"):
        x = words + positions.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return f"{np.sum(x ^ (x >> np.uint64(31)), dtype=np.uint64):016x}"


def test_seal_has_the_digests_of_their_definition(checkpoint: Path) -> None:
    content = checkpoint.read_bytes()
    words = np.frombuffer(content + b"\0" * (-len(content) % 8), dtype="<u8")
    lines, metadata = "", np.ones(len(words), dtype=bool)
    metadata[: SEAL // 8] = False
    with h5py.File(checkpoint) as file:
        for name in ("rho", "midpoint"):
            values = file[name][:].ravel().view(np.uint64)
            begin = file[name].id.get_offset()
            metadata[begin // 8 : begin // 8 + len(values)] = False
            lines += f"field {name} {begin} {values.nbytes} {digest(values, np.arange(len(values)))}\n"
    (positions,) = np.nonzero(metadata)
    seal = f"nuvlasov checkpoint 1\nbytes {len(content)}\nmetadata {digest(words[positions], positions)}\n{lines}"
    covered = seal.ljust(SEAL - 24, "\n").encode()
    own = digest(np.frombuffer(covered, dtype="<u8"), np.arange(len(covered) // 8))
    assert content[:SEAL] == covered + f"digest {own}\n".encode()


def test_a_checkpoint_opens_in_xarray(checkpoint: Path) -> None:
    with xarray.open_dataset(checkpoint, engine="h5netcdf") as data:
        assert data.rho.dims == ("z", "energy", "angle", "component")
        assert data.rho.attrs["long_name"] == "density matrix rho"
        assert data.attrs["config"] == "time.end = 3.0\n"
        assert float(data.rho[1, 0, 0, 2]) == 1.0 / (1 + 16 * 2 * 4 + 2 + 7919 * 10)


@pytest.mark.parametrize("ranks", [0, 2])
def test_info_verifies_a_checkpoint_and_says_what_it_is(checkpoint: Path, ranks: int) -> None:
    outcome = nuvlasov("info", checkpoint, cwd=checkpoint.parent, ranks=ranks)
    assert (outcome.code, outcome.errors()) == (0, [])
    for fragment in ("nuvlasov checkpoint", f"verified      all {checkpoint.stat().st_size} bytes", "step          10",
                     "time          1", "  dt  ", "rho  ", "last midpoint", "  time.end = 3.0", "PETSc"):  # fmt: skip
        assert fragment in outcome.out
    assert nuvlasov("info", "latest", cwd=checkpoint.parent).code == 0


def cut(content: bytes) -> bytes:
    return content[:-1]


def empty(_: bytes) -> bytes:
    return b""


def without_start(content: bytes) -> bytes:
    return bytes(4096) + content[4096:]


def flipped(content: bytes) -> bytes:
    return content[:3000] + bytes([content[3000] ^ 4]) + content[3001:]


@pytest.mark.parametrize(
    "damage, message",
    [
        (cut, "bytes instead of"),
        (empty, "does not begin as a checkpoint does"),
        (without_start, "does not begin as a checkpoint does"),
        (flipped, "wrong digest of metadata"),
    ],
)
def test_info_says_what_is_damaged_with_code_4(checkpoint: Path, tmp_path: Path, damage, message: str) -> None:
    (tmp_path / "checkpoints").mkdir()
    damaged = tmp_path / "checkpoints" / "000000010.h5"
    damaged.write_bytes(damage(checkpoint.read_bytes()))
    outcome = nuvlasov("info", damaged, cwd=tmp_path)
    assert outcome.code == 4
    assert f"{damaged} is damaged" in outcome.err
    assert message in outcome.err
    assert newest(tmp_path) == "none"
    shutil.copy(checkpoint, path(tmp_path, 9))
    assert newest(tmp_path) == "10"  # the step that the copy says
