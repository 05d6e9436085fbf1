"""Runs that are stopped, killed and damaged, and go on to the same bits as if nothing had happened."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import signal
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from command import (
    ALONE,
    BAD_INPUT,
    DONE,
    IO_FAILURE,
    LAUNCHER,
    NUMERICAL_FAILURE,
    PATIENCE,
    PROGRAM,
    RESUBMIT,
    RUN,
    Settings,
    assert_same,
    contents,
    flip,
    nuvlasov,
    results,
    toml,
)

ENDLESS = RUN | {"time.end": "1e6", "output.snapshot_interval": "0.0", "checkpoint.interval_steps": "0"}
METHODS = ["rk4", "rk5dp", "implicit_midpoint"]
KILLS = int(os.environ.get("NUVLASOV_KILLS", "8"))


def arguments(ranks: int, *more: str) -> list[str]:
    launcher = [*LAUNCHER, str(ranks)] if ranks else []
    return ["timeout", "-k", "5", str(PATIENCE), *launcher, PROGRAM, *more]


def environment(ranks: int, **more: str) -> dict[str, str]:
    return os.environ | {"OMPI_MCA_pml": "ob1"} | ({} if ranks else ALONE) | more


def start(directory: Path, settings: Settings, ranks: int = 0, **more: str) -> subprocess.CompletedProcess:
    """`nuvlasov run` in `directory`, on `ranks` ranks (0: without mpirun)."""
    (directory / "input.toml").write_text(toml(settings))
    return subprocess.run(
        arguments(ranks, "run", "input.toml", "--output", "run"),
        cwd=directory,
        env=environment(ranks, **more),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module", params=METHODS)
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, dict[str, bytes]]:
    """Settings of a run, and what it leaves when nothing interrupts it."""
    settings = RUN | {"time.method": f'"{request.param}"'}
    directory = tmp_path_factory.mktemp(request.param)
    assert start(directory, settings).returncode == DONE
    return settings, results(directory / "run")


def killed_at(point: str, passing: int = 1) -> dict[str, str]:
    return {"NUVLASOV_FAILPOINT": f"{point}:{passing}=kill"}


# --- the same bits ---------------------------------------------------------------------------------------------------


def test_killed_on_one_two_four_and_three_ranks_it_ends_with_the_same_bits(
    whole: tuple[Settings, dict[str, bytes]], tmp_path: Path
) -> None:
    settings, expected = whole
    for ranks in (1, 2, 4, 3):
        killed = start(tmp_path, settings, ranks, **killed_at("checkpoint.published"))
        assert killed.returncode not in (DONE, RESUBMIT), killed
    assert start(tmp_path, settings).returncode == DONE
    assert_same(results(tmp_path / "run"), expected)


OPEN = {"grid.z.boundaries": '"open"'}
THREE_FLAVORS = {"equation.flavors": "3"}
SPECIES = {
    "grid.momentum.species": '["nu", "nubar"]',
    "equation.matter.profile": '"cosine"',
    "equation.matter.lambda": "1.0",
    "equation.matter.amplitude": "0.5",
    "equation.vacuum.delta_m2": "-500.0",
    "equation.vacuum.mixing_angle": "0.3",
}


@pytest.mark.parametrize("method", ["rk4", "implicit_midpoint"])
@pytest.mark.parametrize("box", [OPEN, SPECIES, THREE_FLAVORS], ids=["open", "species", "three_flavors"])
def test_any_box_killed_on_two_ranks_ends_with_the_same_bits_alone(
    tmp_path: Path, box: Settings, method: str
) -> None:
    settings = RUN | box | {"time.method": f'"{method}"'}
    killed = start(tmp_path, settings, 2, **killed_at("checkpoint.published", 2))
    assert killed.returncode not in (DONE, RESUBMIT), killed
    assert start(tmp_path, settings).returncode == DONE
    (tmp_path / "whole").mkdir()
    assert start(tmp_path / "whole", settings).returncode == DONE
    assert_same(results(tmp_path / "run"), results(tmp_path / "whole/run"))
    if box is OPEN:
        with h5py.File(tmp_path / "run/history.h5") as history:
            # Steps of rk4 balance to their order; edges of the window hold 1e-12 of the neutrinos.
            crossed = history["purity_boundary"][-1]
            assert abs(crossed) > 1e-6
            change = history["purity"][-1] - history["purity"][0]
            assert change == pytest.approx(crossed, rel=1e-4 if method == "rk4" else 1e-9)


FAILPOINTS = ["begun", "created", "written", "closed", "verified", "sealed", "synced", "published", "linked", "rotated"]


@pytest.mark.parametrize("point", FAILPOINTS)
def test_killed_in_any_stage_of_a_checkpoint_it_goes_on(
    whole: tuple[Settings, dict[str, bytes]], tmp_path: Path, point: str
) -> None:
    settings, expected = whole
    # Beyond the first checkpoint, whose fields are passed one by one: with four midpoints they are five.
    passing = 6 if point == "written" else 3
    assert start(tmp_path, settings, **killed_at(f"checkpoint.{point}", passing)).returncode not in (DONE, RESUBMIT)
    resumed = start(tmp_path, settings)
    assert resumed.returncode == DONE
    assert "resumed    from run/checkpoints/" in resumed.stdout
    assert_same(results(tmp_path / "run"), expected)


def test_killed_before_its_first_checkpoint_it_starts_again(
    whole: tuple[Settings, dict[str, bytes]], tmp_path: Path
) -> None:
    settings, expected = whole
    assert start(tmp_path, settings, **killed_at("checkpoint.begun")).returncode not in (DONE, RESUBMIT)
    again = start(tmp_path, settings)
    assert again.returncode == DONE
    assert "interrupted before its first checkpoint" in again.stdout
    assert_same(results(tmp_path / "run"), expected)


@pytest.fixture
def semaphore_of_a_killed_run() -> Iterator[None]:
    """What OpenMPI leaves when it is killed while it opens the checkpoint of step 7."""
    name = b"/OMPIO_000000007.h5.partial"
    library = ctypes.CDLL(None, use_errno=True)
    library.sem_open.restype = ctypes.c_void_p
    assert library.sem_open(name, os.O_CREAT, 0o600, 0), os.strerror(ctypes.get_errno())
    yield
    library.sem_unlink(name)


@pytest.mark.usefixtures("semaphore_of_a_killed_run")
@pytest.mark.parametrize("ranks", [0, 2])
def test_a_semaphore_that_a_killed_run_left_holds_nobody_up(tmp_path: Path, ranks: int) -> None:
    assert start(tmp_path, RUN, ranks).returncode == DONE
    assert (tmp_path / "run" / "checkpoints" / "latest").exists()


def test_what_a_killed_run_left_half_written_goes_and_the_rest_stays(tmp_path: Path) -> None:
    assert start(tmp_path, RUN, **killed_at("checkpoint.published", 3)).returncode not in (DONE, RESUBMIT)
    run = tmp_path / "run"
    half_written = [
        run / "profiles.h5-1778909185-1789.lock",
        run / "profiles.h5.locktest.1",
        run / "snapshots" / "000009.h5.partial",
        run / "checkpoints" / "000000999.h5.partial",
        run / "checkpoints" / "000000999.h5.partial-1778909185-1789.lock",
    ]
    own = [run / "notes.h5.txt", run / "mine.lock"]
    for path in half_written + own:
        path.touch()
    assert start(tmp_path, RUN).returncode == DONE
    assert [path for path in half_written + own if path.exists()] == own


def ranks_of(process: subprocess.Popen) -> list[int]:
    """Process numbers of the ranks that run below mpirun."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has come to its end
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            if int(parent) == process.pid and state != "Z":
                found.append(int(stat.parent.name))
    return sorted(found)


def wait_for_the_end(process: subprocess.Popen) -> None:
    """Of a program, or of mpirun.

    When a rank dies while it connects to mpirun, OpenMPI 4.1 can lock itself up in PMIx_server_finalize after all ranks
    have come to their end; it is then helped to its own.
    """
    deadline = time.monotonic() + PATIENCE
    while ranks_of(process) or process.args[0] == PROGRAM:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.2)
            return
        assert time.monotonic() < deadline, f"{process.args} does not end"
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def test_killed_at_any_moment_alone_or_on_one_of_two_ranks_it_goes_on(
    whole: tuple[Settings, dict[str, bytes]], tmp_path: Path
) -> None:
    settings, expected = whole
    (tmp_path / "input.toml").write_text(toml(settings))
    for number, wait in enumerate(np.linspace(0.05, 0.6, KILLS)):
        ranks = 2 * (number % 2)
        process = subprocess.Popen(
            [*([*LAUNCHER, str(ranks)] if ranks else []), PROGRAM, "run", "input.toml", "--output", "run"],
            cwd=tmp_path,
            env=environment(ranks),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(wait)
        for victim in ranks_of(process)[number // 2 % 2 :][:1] if ranks else [process.pid]:
            with contextlib.suppress(ProcessLookupError):  # it had come to its end
                os.kill(victim, signal.SIGKILL)
        wait_for_the_end(process)
    assert start(tmp_path, settings).returncode == DONE
    assert_same(results(tmp_path / "run"), expected)


# --- damage ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("position", [0.0, 0.001, 0.1, 0.5, 0.9, 1.0])
def test_damaged_checkpoint_is_passed_over_with_a_warning(
    whole: tuple[Settings, dict[str, bytes]], tmp_path: Path, position: float
) -> None:
    settings, expected = whole
    start(tmp_path, settings, **killed_at("checkpoint.rotated", 3))
    newest = max((tmp_path / "run/checkpoints").glob("*.h5"))
    flip(newest, position)
    assert nuvlasov("info", newest, cwd=tmp_path).code == IO_FAILURE
    resumed = start(tmp_path, settings)
    assert resumed.returncode == DONE
    assert "WARNING: " in resumed.stdout and newest.name in resumed.stdout
    assert_same(results(tmp_path / "run"), expected)


def test_without_a_whole_checkpoint_nothing_is_touched(tmp_path: Path) -> None:
    start(tmp_path, RUN, **killed_at("checkpoint.rotated", 3))
    for checkpoint in (tmp_path / "run/checkpoints").glob("*.h5"):
        flip(checkpoint, 0.5)
    before = contents(tmp_path / "run")
    refused = start(tmp_path, RUN)
    assert refused.returncode == IO_FAILURE
    assert "none of the checkpoints in run is whole" in refused.stderr
    assert contents(tmp_path / "run") == before


# --- reasons to stop -------------------------------------------------------------------------------------------------


def stepping(directory: Path) -> bool:
    log = directory / "run/run.log"
    return log.exists() and "step " in log.read_text()


def run_of(directory: Path, ranks: int) -> subprocess.Popen:
    """A run of the input there that has just begun."""
    return subprocess.Popen(
        [*([*LAUNCHER, str(ranks)] if ranks else []), PROGRAM, "run", "input.toml", "--output", "run"],
        cwd=directory,
        env=environment(ranks),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def endless(directory: Path, ranks: int, settings: Settings = ENDLESS) -> subprocess.Popen:
    """A run that does not end by itself, once it takes steps."""
    (directory / "input.toml").write_text(toml(settings))
    process = run_of(directory, ranks)
    deadline = time.monotonic() + PATIENCE
    while not stepping(directory):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)
    return process


def assert_stopped_on_a_checkpoint(process: subprocess.Popen, directory: Path, reason: str) -> None:
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == RESUBMIT, (out, err)
    assert f"stopped    {reason}" in out
    checkpoints = list((directory / "run/checkpoints").glob("*.h5"))
    assert len(checkpoints) == 1
    information = nuvlasov("info", checkpoints[0], cwd=directory)
    assert information.code == DONE, information
    with h5py.File(directory / "run/history.h5") as history:
        assert history.attrs["status"].startswith(reason)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGUSR1", "SIGINT"])
def test_signal_stops_it_on_a_checkpoint(tmp_path: Path, name: str) -> None:
    process = endless(tmp_path, 0)
    process.send_signal(getattr(signal, name))
    assert_stopped_on_a_checkpoint(process, tmp_path, f"{name} received")


@pytest.mark.parametrize("ranks, receiver", [(0, "program"), (2, "mpirun"), (2, "last rank")])
def test_warning_before_the_input_is_read_stops_it_on_a_checkpoint(tmp_path: Path, ranks: int, receiver: str) -> None:
    os.mkfifo(tmp_path / "input.toml")
    process = run_of(tmp_path, ranks)
    with open(tmp_path / "input.toml", "w") as pipe:  # once the program has opened it, too
        number = ranks_of(process)[-1] if receiver == "last rank" else process.pid
        os.kill(number, signal.SIGUSR1)
        pipe.write(toml(ENDLESS))
    assert_stopped_on_a_checkpoint(process, tmp_path, "SIGUSR1 received")


def heeds_warnings(number: int) -> bool:
    """Whether a process has a handler of SIGUSR1."""
    status = Path(f"/proc/{number}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) & 1 << signal.SIGUSR1 - 1)


@pytest.mark.parametrize("ranks", [0, 2])
@pytest.mark.parametrize("wait", [0.0, 0.05, 0.15])
def test_warning_while_mpi_starts_stops_it_on_a_checkpoint(tmp_path: Path, ranks: int, wait: float) -> None:
    (tmp_path / "input.toml").write_text(toml(ENDLESS))
    process = run_of(tmp_path, ranks)
    deadline = time.monotonic() + PATIENCE
    while True:
        numbers = ranks_of(process) if ranks else [process.pid]
        with contextlib.suppress(OSError):
            names = [Path(f"/proc/{number}/comm").read_text().strip() for number in numbers]
            if names == ["nuvlasov"] * max(ranks, 1) and all(map(heeds_warnings, numbers)):
                break
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.001)
    time.sleep(wait)
    os.kill(numbers[-1], signal.SIGUSR1)
    assert_stopped_on_a_checkpoint(process, tmp_path, "SIGUSR1 received")


def test_signal_to_one_rank_stops_all(tmp_path: Path) -> None:
    process = endless(tmp_path, 2)
    os.kill(ranks_of(process)[-1], signal.SIGUSR1)
    assert_stopped_on_a_checkpoint(process, tmp_path, "SIGUSR1 received")


def test_signal_to_mpirun_reaches_the_ranks(tmp_path: Path) -> None:
    process = endless(tmp_path, 2)
    process.send_signal(signal.SIGUSR1)
    assert_stopped_on_a_checkpoint(process, tmp_path, "SIGUSR1 received")


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_end_of_mpirun_leaves_a_checkpoint(tmp_path: Path, name: str) -> None:
    # mpirun passes these on, and kills the ranks a second or two later; its exit code is its own.
    process = endless(tmp_path, 2)
    process.send_signal(getattr(signal, name))
    process.communicate(timeout=PATIENCE)
    (checkpoint,) = (tmp_path / "run/checkpoints").glob("*.h5")
    assert nuvlasov("info", checkpoint, cwd=tmp_path).code == DONE


def test_file_named_stop_stops_it(tmp_path: Path) -> None:
    process = endless(tmp_path, 2)
    (tmp_path / "run/STOP").touch()
    assert_stopped_on_a_checkpoint(process, tmp_path, "the file run/STOP is there")


@pytest.mark.parametrize("given_by", ["input", "Slurm", "PBS"])
def test_wall_clock_limit_stops_it_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given_by: str) -> None:
    limit = 6.0
    settings = ENDLESS | ({"time.wall_limit": f'"{limit}s"'} if given_by == "input" else {})
    if given_by == "Slurm":
        monkeypatch.setenv("SLURM_JOB_END_TIME", str(int(time.time() + limit)))
    if given_by == "PBS":
        monkeypatch.setenv("PBS_WALLTIME", str(int(limit)))
    began = time.monotonic()
    process = endless(tmp_path, 2, settings)
    assert_stopped_on_a_checkpoint(process, tmp_path, "the wall-clock limit is near")
    assert time.monotonic() - began < limit + 2.0  # the start of mpirun and the end of the processes
    assert time.monotonic() - began > 0.3 * limit


@pytest.mark.parametrize(
    "cadence, times",
    [
        ({"interval_steps": "20"}, [1.0, 2.0]),
        ({"interval_time": "0.7"}, [0.7, 1.4, 2.1, 2.8]),
        ({"interval_steps": "0", "at_end": "true"}, [3.0]),
        ({"interval_wall": '"0.00001s"', "keep": "100"}, [0.05 * step for step in range(1, 60)]),
    ],
    ids=str,
)
def test_checkpoints_are_written_when_due(tmp_path: Path, cadence: Settings, times: list[float]) -> None:
    settings = RUN | {"time.step": "0.05", "checkpoint.interval_steps": "0", "checkpoint.keep": "10"}
    assert start(tmp_path, settings | {f"checkpoint.{key}": value for key, value in cadence.items()}).returncode == DONE
    steps = sorted(int(path.stem) for path in (tmp_path / "run/checkpoints").glob("*.h5"))
    assert steps == [round(time / 0.05) for time in times]


def test_it_goes_on_split_in_energy_and_agrees(whole: tuple[Settings, dict[str, bytes]], tmp_path: Path) -> None:
    settings, expected = whole
    start(tmp_path, settings, **killed_at("checkpoint.published", 2))
    split = settings | {"parallel.ranks_z": "1", "parallel.ranks_energy": "2"}
    resumed = start(tmp_path, split, ranks=2)
    assert resumed.returncode == DONE and "parallel.ranks_energy = 2, was absent" in resumed.stdout
    found = results(tmp_path / "run")
    for name in ("history.h5/u_osc", "history.h5/kinetic_energy_relative"):
        left, right = (np.frombuffer(numbers[name]) for numbers in (found, expected))
        # Rounding, which grows with the instability; the adaptive method chooses its steps by it, too.
        np.testing.assert_allclose(left, right, rtol=0.0, atol=1e-9)


def test_what_was_stopped_goes_on_to_the_same_bits(whole: tuple[Settings, dict[str, bytes]], tmp_path: Path) -> None:
    settings, expected = whole
    settings = settings | {"checkpoint.interval_steps": "0"}
    (tmp_path / "run").mkdir()
    for _ in range(100):
        # Each run takes one step.
        (tmp_path / "run/STOP").touch()
        outcome = start(tmp_path, settings)
        if outcome.returncode == DONE:
            break
        assert outcome.returncode == RESUBMIT, outcome
    assert outcome.returncode == DONE
    assert_same(results(tmp_path / "run"), expected)


# --- one run in a directory ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ranks", [0, 2])
def test_second_run_in_the_directory_of_one_that_goes_on_is_refused(tmp_path: Path, ranks: int) -> None:
    first = endless(tmp_path, ranks)
    number = ranks_of(first)[0] if ranks else first.pid
    command = arguments(ranks, "run", "input.toml", "--output", "run")
    attempts = [
        subprocess.Popen([*command, *more], cwd=tmp_path, env=environment(ranks), stderr=subprocess.PIPE, text=True)
        for more in ([], ["--overwrite"], ["--resume", "never"])
    ]
    for attempt in attempts:
        _, error = attempt.communicate()
        assert attempt.returncode == BAD_INPUT, error
        for fragment in ("--output run: another run is writing run (process ", "a file STOP", "remove run/run.lock"):
            assert fragment in error
        assert f"process {number} on {os.uname().nodename}" in error
    plan = nuvlasov("run", "input.toml", "--output", "run", "--dry-run", cwd=tmp_path)
    assert (plan.code, f"WARNING: another run is writing run (process {number} " in plan.out) == (DONE, True), plan
    first.send_signal(signal.SIGUSR1)
    assert_stopped_on_a_checkpoint(first, tmp_path, "SIGUSR1 received")
    assert not (tmp_path / "run/run.lock").exists()


def test_runs_that_start_at_once_in_a_new_directory_do_not_mix(
    whole: tuple[Settings, dict[str, bytes]], tmp_path: Path
) -> None:
    settings, expected = whole
    (tmp_path / "input.toml").write_text(toml(settings))
    command = arguments(0, "run", "input.toml", "--output", "run")
    runs = [subprocess.Popen(command, cwd=tmp_path, env=environment(0)) for _ in range(3)]
    # One writes; another is refused, or has waited for the end of the first and finds it done.
    codes = sorted(run.wait() for run in runs)
    assert codes[0] == DONE and set(codes) <= {DONE, BAD_INPUT}
    assert_same(results(tmp_path / "run"), expected)


def test_lock_of_a_killed_run_holds_nobody_up(tmp_path: Path) -> None:
    process = endless(tmp_path, 2)
    process.kill()  # mpirun, whose ranks outlive it by a moment
    process.communicate()
    assert (tmp_path / "run/run.lock").exists()
    resumed = start(tmp_path, ENDLESS | {"time.end": "0.1"})
    assert resumed.returncode == DONE, resumed
    assert not (tmp_path / "run/run.lock").exists()


FCNTL = {"x86_64": 72, "aarch64": 25}  # number of the system call


def without_locks() -> None:
    """Lets fcntl(F_SETLK) of this process fail with ENOLCK (seccomp), as on a file system that has no locks."""
    load, equal, give = 0x20, 0x15, 0x06  # BPF: a word of seccomp_data, jump if equal, return
    number, second_argument, allow, error = 0, 24, 0x7FFF0000, 0x00050000
    program = [
        (load, 0, 0, number),
        (equal, 0, 3, FCNTL[os.uname().machine]),
        (load, 0, 0, second_argument),
        (equal, 0, 1, fcntl.F_SETLK),
        (give, 0, 0, error | errno.ENOLCK),
        (give, 0, 0, allow),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
    filter_ = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program), ctypes.addressof(code)))
    no_new_privileges, set_seccomp, by_filter = 38, 22, 2
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(no_new_privileges, 1, 0, 0, 0) or prctl(set_seccomp, by_filter, ctypes.c_void_p(ctypes.addressof(filter_))):
        raise OSError(ctypes.get_errno(), "seccomp")


@pytest.mark.skipif(os.uname().machine not in FCNTL, reason="the number of fcntl is not known here")
def test_where_the_file_system_has_no_locks_it_runs_with_a_warning(tmp_path: Path) -> None:
    (tmp_path / "input.toml").write_text(toml(RUN | {"time.end": "0.1"}))
    for _ in range(2):  # in a new directory, and where there is a file that cannot be locked
        done = subprocess.run(
            arguments(0, "run", "input.toml", "--overwrite"),
            cwd=tmp_path,
            env=environment(0, OMPI_MCA_sharedfp="^lockedfile"),  # which OpenMPI takes for a single process
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=without_locks,
        )
        assert (done.returncode, done.stderr) == (DONE, "")
        assert "WARNING: the file system of runs/input has no locks" in (tmp_path / "runs/input/run.log").read_text()


# --- what may change -------------------------------------------------------------------------------------------------


def test_longer_end_is_gone_on_to_and_said(tmp_path: Path) -> None:
    short = RUN | {"time.end": "2.0", "checkpoint.at_end": "true"}
    assert start(tmp_path, short).returncode == DONE
    long = short | {"time.end": "3.0", "output.report_interval": "0.5"}
    resumed = start(tmp_path, long)
    assert resumed.returncode == DONE
    assert "time.end = 3.0, was 2.0" in resumed.stdout
    assert "output.report_interval = 0.5, was 1.0" in resumed.stdout
    (tmp_path / "other").mkdir()
    assert start(tmp_path / "other", long).returncode == DONE
    assert_same(results(tmp_path / "run"), results(tmp_path / "other/run"))


@pytest.mark.parametrize(
    "change", [{"grid.z.length": "21.0"}, {"initial.seeds.random_seed": "2"}, {"time.method": '"ssp"'}], ids=str
)
def test_what_is_solved_cannot_change(tmp_path: Path, change: Settings) -> None:
    start(tmp_path, RUN, **killed_at("checkpoint.rotated", 2))
    before = contents(tmp_path / "run")
    refused = start(tmp_path, RUN | change)
    assert refused.returncode == BAD_INPUT
    for key, value in change.items():
        assert f"{key}: is {value}" in refused.stderr and "cannot change it" in refused.stderr
    assert contents(tmp_path / "run") == before


def test_petsc_options_that_differ_are_said(tmp_path: Path) -> None:
    settings = RUN | {"time.method": '"rk5dp"'}
    start(tmp_path, settings, **killed_at("checkpoint.rotated", 2))
    resumed = start(tmp_path, settings | {"petsc.ts_dt": "1e-3"})
    assert resumed.returncode == DONE
    assert "WARNING: PETSc options are now '-ts_dt 0.001', were ''" in resumed.stdout


def test_run_that_is_done_is_left_alone(tmp_path: Path) -> None:
    assert start(tmp_path, RUN).returncode == DONE
    before = contents(tmp_path / "run")
    again = start(tmp_path, RUN)
    assert (again.returncode, again.stderr) == (DONE, "")
    assert "is done" in again.stdout
    assert contents(tmp_path / "run") == before


def test_checkpoint_may_be_named_and_go_on_elsewhere(tmp_path: Path) -> None:
    start(tmp_path, RUN, **killed_at("checkpoint.rotated", 3))
    checkpoint = min((tmp_path / "run/checkpoints").glob("*.h5"))
    elsewhere = nuvlasov("run", "input.toml", "--output", "fork", "--resume", checkpoint, cwd=tmp_path)
    assert elsewhere.code == DONE, elsewhere
    assert start(tmp_path, RUN).returncode == DONE
    with h5py.File(tmp_path / "run/history.h5") as left, h5py.File(tmp_path / "fork/history.h5") as right:
        for name in left:
            assert left[name][...].tobytes() == right[name][...].tobytes()


# --- disks that fail -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer, code", [("stop", IO_FAILURE), ("continue", DONE)])
def test_checkpoint_that_cannot_be_written(tmp_path: Path, answer: str, code: int) -> None:
    settings = RUN | {"checkpoint.on_failure": f'"{answer}"'}
    failed = start(tmp_path, settings, NUVLASOV_FAILPOINT="checkpoint.written:3=io_error")
    assert failed.returncode == code, failed
    checkpoints = sorted((tmp_path / "run/checkpoints").glob("*"))
    assert checkpoints and not [path for path in checkpoints if path.suffix == ".partial"]
    if answer == "continue":
        assert "WARNING: no checkpoint at step" in failed.stdout
    else:
        assert start(tmp_path, settings).returncode == DONE


def test_limit_on_the_size_of_files_is_an_io_failure(tmp_path: Path) -> None:
    (tmp_path / "input.toml").write_text(toml(RUN | {"output.snapshot_interval": "0.0"}))
    limited = subprocess.run(
        ["bash", "-c", 'ulimit -f 100; exec "$@"', "bash", *arguments(0, "run", "input.toml", "--output", "run")],
        cwd=tmp_path,
        env=environment(0),
        capture_output=True,
        text=True,
        check=False,
    )
    assert limited.returncode == IO_FAILURE, limited
    assert "nuvlasov: " in limited.stderr
