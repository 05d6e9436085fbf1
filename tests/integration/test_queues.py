"""jobscripts/pbs.sh and lsf.sh under commands that stand in for those of the batch systems: jobs that start, stop
early, go on in a later job, and finish. And what the scripts for all three systems have in common."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from batch import (
    CATCHABLE,
    SCRIPTS,
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
from command import BAD_INPUT, DONE, PATIENCE, RESUBMIT, assert_same, nuvlasov, results

# Notes what was submitted, and from where; the queues below take it up.
SUBMIT = """#!{python}
import json, os, pathlib, sys, tempfile

text = {text}
with tempfile.NamedTemporaryFile("w", dir={inbox!r}, delete=False) as out:
    json.dump({{"words": sys.argv[1:], "text": text, "directory": os.getcwd(), "environment": dict(os.environ)}}, out)
"""

# `qstat -f JOB` in the form of PBS Pro.
QSTAT = """#!/bin/sh
[ "$1" = -f ] && [ "$2" = "$PBS_JOBID" ] && cat <<END
Job Id: $2
    Job_Name = nuvlasov
    resources_used.walltime = 00:00:00
    Resource_List.mpiprocs = 2
    Resource_List.select = 1:ncpus=2:mpiprocs=2
    Resource_List.walltime = {walltime}
END
"""


def write_program(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def value(words: list[str], option: str) -> str:
    """Of an option, the first time that it is given."""
    return words[words.index(option) + 1] if option in words else ""


@dataclass
class Job:
    words: list[str]  # options, first those of the command line, then those of the script
    script: Path
    directory: Path
    environment: dict[str, str]
    member: str = ""
    code: int | None = None
    log: str = ""


Meanwhile = Callable[[subprocess.Popen], None]


class Queue:
    """Runs one job after the other, in the order in which they are submitted."""

    name: str
    prefix: str
    submit_command: str
    submitted_text: str  # Python, how the command gets at the script
    ranks_at_site: dict[str, str]

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.inbox = directory / "inbox"
        self.inbox.mkdir()
        self.waiting: list[Job] = []
        write_program(
            directory / "bin" / self.submit_command,
            SUBMIT.format(python=sys.executable, inbox=str(self.inbox), text=self.submitted_text),
        )
        self.path = f"{directory / 'bin'}:{os.environ['PATH']}"

    def adapted(self, **site: str) -> Path:
        return adapted(self.name, self.directory, **self.ranks_at_site | site)

    def submit(self, array: str = "", **site: str) -> None:
        raise NotImplementedError

    def submit_by(self, command: str, **environment: str) -> None:
        subprocess.run(
            ["bash", "-ec", command], cwd=self.directory, env=os.environ | {"PATH": self.path} | environment, check=True
        )
        self.take_up()

    def take_up(self) -> None:
        for note in sorted(self.inbox.iterdir(), key=lambda path: path.stat().st_mtime_ns):
            submitted = json.loads(note.read_text())
            script = self.directory / f"spool-{len(list(self.directory.glob('spool-*')))}"
            write_program(script, submitted["text"])
            lines = [line for line in submitted["text"].splitlines() if line.startswith(self.prefix + " ")]
            words = submitted["words"] + [word for line in lines for word in shlex.split(line)[1:]]
            array = re.search(r"(\d+)-(\d+)", value(words, "-J"))
            for member in range(int(array[1]), int(array[2]) + 1) if array else [""]:
                self.waiting.append(
                    Job(words, script, Path(submitted["directory"]), submitted["environment"], str(member))
                )
            note.unlink()

    def start(self, job: Job, output: int) -> subprocess.Popen:
        raise NotImplementedError

    def run_all(self, meanwhile: Meanwhile | None = None, member: str = "") -> list[Job]:
        """Until no job waits; during the first, of this member, something may happen. Returns what has ended."""
        ended: list[Job] = []
        while self.waiting:
            assert len(ended) < 10, "jobs follow each other without end"
            job = self.waiting.pop(0)
            log = self.directory / f"job-{len(ended)}.log"
            with log.open("w") as output:
                process = self.start(job, output.fileno())
            try:
                if meanwhile and job.member == member:
                    meanwhile(process)
                    meanwhile = None
                job.code = process.wait(timeout=PATIENCE)
                wait_until(lambda: not session(process.pid), "the job has come to its end")
            finally:
                for left in session(process.pid):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(left, signal.SIGKILL)
            job.log = log.read_text()
            ended.append(job)
            self.take_up()
            self.requeue(job)
        return ended

    def requeue(self, job: Job) -> None:
        """What the batch system itself does with a job that has ended."""

    def stop_early(self, run: str) -> Meanwhile:
        """As the batch system does when the limit is near."""
        raise NotImplementedError


def session(leader: int) -> list[int]:
    """Processes of a session."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has come to its end
            state, _, _, of = stat.read_text().rpartition(")")[2].split()[:4]
            if int(of) == leader and state != "Z":
                found.append(int(stat.parent.name))
    return found


class Pbs(Queue):
    name = "pbs.sh"
    prefix = "#PBS"
    submit_command = "qsub"
    submitted_text = "pathlib.Path(sys.argv[-1]).read_text()"
    ranks_at_site = {"-l select=": "#PBS -l select=1:ncpus=2:mpiprocs=2"}
    limit = 6  # seconds, of jobs that are to be stopped early

    def submit(self, array: str = "", **site: str) -> None:
        script = self.adapted(**site)
        self.submit_by(f"qsub {f'-J {array}' if array else ''} -v input=input.toml,directory=run {script}")

    def start(self, job: Job, output: int) -> subprocess.Popen:
        walltime = next(word for word in job.words if word.startswith("walltime=")).partition("=")[2]
        write_program(self.directory / "bin/qstat", QSTAT.format(walltime=walltime))
        (self.directory / "nodes").write_text(2 * "localhost\n")
        environment = dict(item.split("=", 1) for item in value(job.words, "-v").split(","))
        environment |= {
            "HOME": str(self.directory / "bin"),
            "PATH": self.path,
            "PBS_JOBID": f"1[{job.member}].server" if job.member else "1.server",
            "PBS_NODEFILE": str(self.directory / "nodes"),
            "PBS_O_WORKDIR": str(job.directory),
        }
        if job.member:
            environment["PBS_ARRAY_INDEX"] = job.member
        # What a site sets for everybody.
        environment |= CATCHABLE | {name: text for name, text in os.environ.items() if name.startswith("OMPI_")}
        process = subprocess.Popen(
            ["bash"],
            cwd=environment["HOME"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
        )
        # A shell reads the name of the script.
        assert process.stdin
        process.stdin.write(f"{job.script}\n")
        process.stdin.close()
        return process

    def stop_early(self, run: str) -> Meanwhile:
        def meanwhile(_: subprocess.Popen) -> None:
            with held(self.directory / run):
                time.sleep(self.limit)

        return meanwhile


class Lsf(Queue):
    name = "lsf.sh"
    prefix = "#BSUB"
    submit_command = "bsub"
    submitted_text = "sys.stdin.read()"
    ranks_at_site = {"#BSUB -n ": "#BSUB -n 2"}

    def submit(self, array: str = "", **site: str) -> None:
        site.pop("walltime=", None)
        option = f'-J "nuvlasov[{array}]"' if array else ""
        self.submit_by(f"bsub {option} <{self.adapted(**site)}", input="input.toml", directory="run")

    def start(self, job: Job, output: int) -> subprocess.Popen:
        return subprocess.Popen(
            [job.script],
            cwd=job.directory,
            env=job.environment
            | CATCHABLE
            | {"LSB_JOBID": "1", "LSB_JOBINDEX": job.member or "0", "LSB_DJOB_NUMPROC": value(job.words, "-n")},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def requeue(self, job: Job) -> None:
        if str(job.code) in value(job.words, "-Q").split():
            self.waiting.append(Job(job.words, job.script, job.directory, job.environment, job.member))

    def stop_early(self, run: str) -> Meanwhile:
        def meanwhile(process: subprocess.Popen) -> None:
            with held(self.directory / run) as ranks:
                os.killpg(process.pid, signal.SIGUSR1)
                wait_until(lambda: all(has_pending(rank, signal.SIGUSR1) for rank in ranks), "the signal has come")

        return meanwhile


SHORT = {"walltime=": f"#PBS -l walltime=00:00:0{Pbs.limit}"}


@pytest.fixture(params=[Pbs, Lsf])
def queue(request: pytest.FixtureRequest, tmp_path: Path) -> Queue:
    write_input(tmp_path)
    return request.param(tmp_path)


def test_job_runs_and_finishes(queue: Queue) -> None:
    queue.submit()
    (job,) = queue.run_all()
    assert job.code == DONE, job
    assert_same(results(queue.directory / "run"), uninterrupted())


def test_job_stopped_early_goes_on_in_another_and_ends_with_the_same_bits(queue: Queue) -> None:
    queue.submit(**SHORT)
    first, *others = queue.run_all(queue.stop_early("run"))
    assert "is submitted again" in first.log and others
    assert all("resumed    from run/checkpoints/" in job.log for job in others)
    assert others[-1].code == DONE
    assert_same(results(queue.directory / "run"), uninterrupted())


def test_member_of_an_array_stopped_early_goes_on_in_another_job(queue: Queue) -> None:
    queue.submit("1-3", **SHORT)
    ended = queue.run_all(queue.stop_early("run/2"), member="2")
    assert len(ended) > 3
    for member in (1, 2, 3):
        assert_same(results(queue.directory / f"run/{member}"), uninterrupted(member))


def test_exit_code_of_a_bad_input_is_that_of_the_job(queue: Queue) -> None:
    (queue.directory / "input.toml").write_text("[grid.z]\ncels = 3\n")
    queue.submit()
    (job,) = queue.run_all()
    assert job.code == BAD_INPUT
    assert "did you mean grid.z.cells?" in job.log


def test_job_without_a_newer_checkpoint_is_not_submitted_again(queue: Queue) -> None:
    write_program(queue.directory / "idle", f"#!/bin/sh\nexit {RESUBMIT}\n")
    queue.submit(**{"nuvlasov=": f"nuvlasov={queue.directory / 'idle'}"})
    (job,) = queue.run_all()
    assert job.code == RESUBMIT
    assert "no newer checkpoint" in job.log


def test_job_stopped_by_a_file_is_not_submitted_again(queue: Queue) -> None:
    queue.submit()
    (job,) = queue.run_all(lambda _: put_stop_file(queue.directory / "run"))
    assert job.code == RESUBMIT
    assert "there is run/STOP" in job.log


def test_job_that_is_ended_leaves_a_checkpoint_and_is_not_submitted_again(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The ranks are killed after twice as many seconds; one would be too few where disks are busy.
    monkeypatch.setenv("OMPI_MCA_odls_base_sigkill_timeout", "5")
    run = queue.directory / "run"
    seen: list[Path | None] = []

    def end(process: subprocess.Popen) -> None:
        with held(run):
            seen.append(newest_checkpoint(run))
            os.killpg(process.pid, signal.SIGTERM)

    queue.submit()
    (job,) = queue.run_all(end)
    assert job.code != DONE and "submitted again" not in job.log.replace("is not submitted again", "")
    newest = newest_checkpoint(run)
    assert newest and newest not in seen
    assert nuvlasov("info", newest, cwd=run).code == DONE


def test_chain_of_jobs_is_no_longer_than_it_says(tmp_path: Path) -> None:
    write_input(tmp_path)
    queue = Pbs(tmp_path)
    queue.submit(**SHORT, **{"most=": "most=0"})
    (job,) = queue.run_all(queue.stop_early("run"))
    assert job.code == RESUBMIT
    assert "submitted again 0 times" in job.log


def test_what_does_not_depend_on_the_batch_system_is_the_same_for_all() -> None:
    mark = "# --- From here on the same for Slurm, PBS and LSF. ---\n"
    tails = {(SCRIPTS / name).read_text().split(mark)[1] for name in ("slurm.sh", "pbs.sh", "lsf.sh")}
    assert len(tails) == 1
