"""jobscripts/slurm.sh under a real Slurm: jobs that start, stop early, are requeued, go on and finish by themselves."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from batch import (
    adapted,
    has_pending,
    held,
    newest_checkpoint,
    put_stop_file,
    ranks_of,
    uninterrupted,
    wait_until,
    write_input,
)
from command import BAD_INPUT, DONE, RESUBMIT, assert_same, flip, nuvlasov, results
from private_slurm import Slurm

LAUNCHERS = {"mpirun": 'launch=(mpirun -n "$SLURM_NTASKS")', "srun": "launch=(srun --mpi=pmix)"}

TWO_RANKS = {"--ntasks=": "#SBATCH --ntasks=2"}
ONE_RANK = {"--ntasks=": "#SBATCH --ntasks=1"}


@pytest.fixture(scope="module")
def slurm() -> Iterator[Slurm]:
    with Slurm() as running:
        yield running


def submit(slurm: Slurm, directory: Path, *options: str, **site: str) -> str:
    """The run of input.toml in run/; returns the number of the job."""
    script = adapted("slurm.sh", directory, **TWO_RANKS | site)
    return slurm.submit("--time=5", *options, script, "input.toml", "run", cwd=directory)


def log(directory: Path, job: str) -> str:
    return (directory / f"nuvlasov-{job}.log").read_text()


def stop_early(slurm: Slurm, job: str, run: Path) -> None:
    """As Slurm does when the limit is near."""
    with held(run) as ranks:
        slurm.command("scancel", "--batch", "--signal=USR1", job)
        wait_until(lambda: all(has_pending(rank, signal.SIGUSR1) for rank in ranks), "the signal has come")


def assert_ended(slurm: Slurm, job: str, state: str, code: int, restarts: int) -> None:
    known = slurm.wait_for_end(job)
    assert (known["JobState"], known["ExitCode"], known["Restarts"]) == (state, f"{code}:0", str(restarts)), known


def test_job_runs_and_finishes_and_submitted_again_finds_it_done(slurm: Slurm, tmp_path: Path) -> None:
    write_input(tmp_path)
    job = submit(slurm, tmp_path)
    assert_ended(slurm, job, "COMPLETED", 0, 0)
    assert_same(results(tmp_path / "run"), uninterrupted())
    again = submit(slurm, tmp_path)
    assert_ended(slurm, again, "COMPLETED", 0, 0)
    assert "is done" in log(tmp_path, again)


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_job_that_is_signalled_is_requeued_and_ends_with_the_same_bits(
    slurm: Slurm, tmp_path: Path, launcher: str
) -> None:
    write_input(tmp_path)
    job = submit(slurm, tmp_path, **{"launch=": LAUNCHERS[launcher]})
    stop_early(slurm, job, tmp_path / "run")
    assert_ended(slurm, job, "COMPLETED", 0, 1)
    for said in ("SIGUSR1 received", "is submitted again", "resumed    from run/checkpoints/"):
        assert said in log(tmp_path, job)
    assert_same(results(tmp_path / "run"), uninterrupted())


def test_job_at_its_time_limit_is_requeued_and_ends_with_the_same_bits(slurm: Slurm, tmp_path: Path) -> None:
    write_input(tmp_path)
    # Slurm looks at limits every 30 seconds: the signal comes after 0 to 60.
    job = submit(slurm, tmp_path, "--time=1", "--signal=B:USR1@30")
    with held(tmp_path / "run") as ranks:
        wait_until(lambda: all(has_pending(rank, signal.SIGUSR1) for rank in ranks), "the limit is near", patience=70)
    assert_ended(slurm, job, "COMPLETED", 0, 1)
    assert_same(results(tmp_path / "run"), uninterrupted())


def test_job_whose_newest_checkpoint_was_damaged_goes_on_from_the_one_before(slurm: Slurm, tmp_path: Path) -> None:
    write_input(tmp_path)
    job = submit(slurm, tmp_path)
    stop_early(slurm, job, tmp_path / "run")
    slurm.wait_for_requeue(job)
    damaged = newest_checkpoint(tmp_path / "run")
    assert damaged is not None
    flip(damaged, 0.5)
    assert_ended(slurm, job, "COMPLETED", 0, 1)
    assert "WARNING: " in log(tmp_path, job) and damaged.name in log(tmp_path, job)
    assert_same(results(tmp_path / "run"), uninterrupted())


def test_members_of_an_array_are_requeued_or_fail_each_by_itself(slurm: Slurm, tmp_path: Path) -> None:
    write_input(tmp_path)
    members = [1, 2, 3, 4]
    job = submit(slurm, tmp_path, "--array=1-4", **ONE_RANK)
    with held(tmp_path / "run/2") as ranks:
        for rank in ranks:
            os.kill(rank, signal.SIGKILL)
    # The last, whose own number is that of the array.
    stop_early(slurm, f"{job}_4", tmp_path / "run/4")
    slurm.wait_for_requeue(f"{job}_4")
    known = {member: slurm.wait_for_end(f"{job}_{member}") for member in members}
    assert [known[member]["JobState"] for member in members] == ["COMPLETED", "FAILED", "COMPLETED", "COMPLETED"]
    assert [known[member]["Restarts"] for member in members] == ["0", "0", "0", "1"]
    assert known[2]["ExitCode"] == f"{128 + signal.SIGKILL}:0"

    again = submit(slurm, tmp_path, "--array=2", **ONE_RANK)
    assert_ended(slurm, f"{again}_2", "COMPLETED", 0, 0)
    for member in members:
        assert_same(results(tmp_path / f"run/{member}"), uninterrupted(member))


def test_exit_code_of_a_bad_input_is_that_of_the_job(slurm: Slurm, tmp_path: Path) -> None:
    (tmp_path / "input.toml").write_text("[grid.z]\ncels = 3\n")
    job = submit(slurm, tmp_path)
    assert_ended(slurm, job, "FAILED", BAD_INPUT, 0)
    assert "did you mean grid.z.cells?" in log(tmp_path, job)


def test_job_without_a_newer_checkpoint_is_not_requeued(slurm: Slurm, tmp_path: Path) -> None:
    write_input(tmp_path)
    idle = tmp_path / "idle"
    idle.write_text(f"#!/bin/sh\nexit {RESUBMIT}\n")
    idle.chmod(0o755)
    job = submit(slurm, tmp_path, **{"nuvlasov=": f"nuvlasov={idle}"})
    assert_ended(slurm, job, "FAILED", RESUBMIT, 0)
    assert "no newer checkpoint" in log(tmp_path, job)


def test_job_is_requeued_no_more_often_than_it_says(slurm: Slurm, tmp_path: Path) -> None:
    write_input(tmp_path)
    job = submit(slurm, tmp_path, **{"most=": "most=0"})
    stop_early(slurm, job, tmp_path / "run")
    assert_ended(slurm, job, "FAILED", RESUBMIT, 0)
    assert "submitted again 0 times" in log(tmp_path, job)


def test_job_stopped_by_a_file_is_not_requeued(slurm: Slurm, tmp_path: Path) -> None:
    write_input(tmp_path)
    job = submit(slurm, tmp_path)
    put_stop_file(tmp_path / "run")
    assert_ended(slurm, job, "FAILED", RESUBMIT, 0)
    assert "there is run/STOP" in log(tmp_path, job)


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_job_that_is_cancelled_leaves_a_checkpoint_and_is_not_requeued(
    slurm: Slurm, tmp_path: Path, launcher: str
) -> None:
    write_input(tmp_path)
    job = submit(slurm, tmp_path, **{"launch=": LAUNCHERS[launcher]})
    with held(tmp_path / "run"):
        before = newest_checkpoint(tmp_path / "run")
        slurm.command("scancel", job)
    assert slurm.wait_for_end(job)["JobState"] == "CANCELLED"
    wait_until(lambda: not ranks_of(tmp_path / "run"), "the ranks have come to their end")
    newest = newest_checkpoint(tmp_path / "run")
    assert newest and newest != before
    assert nuvlasov("info", newest, cwd=tmp_path).code == DONE
    assert (slurm.show(job)["JobState"], slurm.show(job)["Restarts"]) == ("CANCELLED", "0")
