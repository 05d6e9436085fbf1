"""--dry-run as a plan: what it says is what a run then takes, and what does not fit is refused."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import h5py
import pytest

from command import ALONE, FROM_FILE, PROGRAM, SMALL, SPECTRUM, ABSENT, Outcome, Settings, contents, nuvlasov, toml

UNITS = {"B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "PB": 1e15}
BYTES = r"([\d.e+]+ [kMGTP]?B)"


def to_bytes(text: str) -> float:
    number, unit = text.split()
    return float(number) * UNITS[unit]


def dry_run(directory: Path, settings: Settings, *arguments: str, ranks: int = 0) -> Outcome:
    (directory / "input.toml").write_text(toml(settings))
    return nuvlasov("run", "input.toml", "--dry-run", *arguments, cwd=directory, ranks=ranks)


def planned(outcome: Outcome, pattern: str) -> str:
    found = re.search(pattern, outcome.out, flags=re.MULTILINE)
    assert found, outcome
    return found.group(1)


def largest_memory(*arguments: str, cwd: Path) -> tuple[int, float]:
    """Exit code of the program, and the most memory it had."""
    with open(cwd / "out", "w") as out:
        process = subprocess.Popen([PROGRAM, *arguments], cwd=cwd, env=os.environ | ALONE, stdout=out, stderr=out)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss * 1024.0


# --- what it says is what a run takes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings, options",
    [
        ({}, []),
        ({"output.history_interval": "0.03"}, []),
        ({"output.history_interval": "0.2", "output.profile_interval": "0.1"}, []),
        ({"time.step": "0.03"}, []),
        ({"time.end": "5.0"}, ["-ts_max_steps", "3"]),
        ({"time.safety": "0.05"}, []),
        ({"time.end": "0.0"}, []),
    ],
    ids=str,
)
def test_steps_of_the_plan_are_those_of_the_run(tmp_path: Path, settings: Settings, options: list[str]) -> None:
    petsc = ["--", *options] if options else []
    plan = dry_run(tmp_path, SMALL | settings, *petsc)
    assert plan.code == 0, plan
    assert nuvlasov("run", "input.toml", *petsc, cwd=tmp_path).code == 0
    with h5py.File(tmp_path / "runs/input/history.h5") as file:
        assert float(planned(plan, r"about ([\d.e+]+) steps")) == file["step"][-1]


# --- what a run would do here and now ---------------------------------------------------------------------------------

@pytest.mark.parametrize(
    "settings, adaptive",
    [
        ({}, False),
        ({"time.step": "0.03"}, False),
        ({"output.history_interval": "0.7", "output.profile_interval": "0.35"}, False),  # ends between records
        ({"time.end": "1.2", "output.history_interval": "0.9"}, False),  # stopped after the last but the end
        ({"time.method": '"rk5dp"'}, True),
    ],
    ids=str,
)
def test_plan_of_a_run_that_goes_on_is_that_of_the_rest(tmp_path: Path, settings: Settings, adaptive: bool) -> None:
    settings = SMALL | {"time.end": "3.0", "initial.seeds.sigma": "1e-2"} | settings
    steps = r"about ([\d.e+]+) steps"
    whole = dry_run(tmp_path, settings)
    assert "start      at t = 0\n" in whole.out
    subprocess.run(
        [PROGRAM, "run", "input.toml", "--set", "checkpoint.interval_steps=20"],
        cwd=tmp_path,
        env=os.environ | ALONE | {"NUVLASOV_FAILPOINT": "checkpoint.rotated=kill"},
        check=False,
    )
    before = contents(tmp_path)
    rest = dry_run(tmp_path, settings)
    assert (rest.code, rest.errors()) == (0, [])
    assert re.search(r"^start +at t = [\d.]+, step 20, from runs/input/checkpoints/000000020.h5$", rest.out, re.MULTILINE)
    assert contents(tmp_path) == before
    assert nuvlasov("run", "input.toml", cwd=tmp_path).code == 0
    with h5py.File(tmp_path / "runs/input/history.h5") as file:
        left = file["step"][-1] - 20
    # Automatic steps here are limited by what does not change; adaptive ones follow the growth of the waves.
    assert float(planned(rest, steps)) == pytest.approx(left, rel=0.1 if adaptive else 0.0)
    assert float(planned(rest, steps)) < float(planned(whole, steps))


def test_plan_says_that_a_run_is_done_and_that_another_is_refused(tmp_path: Path) -> None:
    assert dry_run(tmp_path, SMALL).code == 0
    assert nuvlasov("run", "input.toml", cwd=tmp_path).code == 0
    before = contents(tmp_path)
    done = dry_run(tmp_path, SMALL)
    assert (done.code, done.errors()) == (0, [])
    assert "start      not at all: the run in runs/input is done" in done.out
    again = dry_run(tmp_path, SMALL, "--overwrite")
    assert again.code == 0 and "start      at t = 0\n" in again.out
    assert contents(tmp_path) == before
    refused = dry_run(tmp_path, SMALL, "--set", "grid.z.cells=72")
    assert refused.code == 2
    assert "start      not at all: see the error below" in refused.out and "estimate" in refused.out
    (error,) = refused.errors()
    assert "runs/input already holds a run" in error
    assert contents(tmp_path) == before


# A state of 20 MB: its vectors, 5 to 17 of them, are most of what the process has. The rest is known as well as the
# table of vectors, which counts what PETSc allocates.
LARGE = SMALL | {
    "grid.z.cells": "5000",
    "grid.z.length": "500.0",
    "grid.momentum.energy.cells": "64",
    "time.end": "0.01",
    "output.history_interval": "0.01",
}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"time.method": '"ssp"', "equation.mode": '"standard"'},
        {"time.method": '"rk5dp"'},
        {"time.method": '"implicit_midpoint"', "time.step": "0.002", "checkpoint.at_end": "true"},
        {"output.snapshot_interval": "0.01", "output.snapshot_fields": '["rho", "force"]', "time.method": '"ssp"'},
    ],
    ids=str,
)
def test_memory_of_the_plan_is_that_of_the_run(tmp_path: Path, settings: Settings) -> None:
    plan = dry_run(tmp_path, LARGE | settings)
    code, taken = largest_memory("run", "input.toml", cwd=tmp_path)
    assert (plan.code, code) == (0, 0)
    assert to_bytes(planned(plan, f"^memory +{BYTES} on each rank")) == pytest.approx(taken, rel=0.1)


def test_disk_of_the_plan_is_what_the_run_leaves(tmp_path: Path) -> None:
    settings = SMALL | {
        "output.snapshot_interval": "0.05",
        "output.profile_interval": "0.1",
        "checkpoint.at_end": "true",
    }
    plan = dry_run(tmp_path, settings)
    assert nuvlasov("run", "input.toml", cwd=tmp_path).code == 0
    run = tmp_path / "runs/input"
    snapshots = sorted((run / "snapshots").glob("*.h5"))
    assert int(planned(plan, r"^snapshot .*, (\d+) of them")) == len(snapshots) == 5
    # Besides fields, a file has the axes and the configuration: less than 50 kB.
    for name, path in [("snapshot", snapshots[0]), ("checkpoint", next((run / "checkpoints").glob("0*.h5")))]:
        fields = to_bytes(planned(plan, f"^{name} +{BYTES}"))
        assert 0 <= path.stat().st_size - fields < 5e4 + 0.005 * fields, name


def test_step_from_a_file_is_that_of_the_state_in_it(tmp_path: Path) -> None:
    settings = SMALL | {"output.snapshot_interval": "0.2"}
    first = dry_run(tmp_path, settings)
    assert nuvlasov("run", "input.toml", cwd=tmp_path).code == 0
    again = dry_run(tmp_path, SMALL | FROM_FILE | {"initial.path": '"runs/input/snapshots/000000.h5"'})
    pattern = r"^step +([\d.e-]+) at t = 0;"
    assert planned(again, pattern) == planned(first, pattern)


@pytest.mark.parametrize("ranks", [0, 2])
def test_plan_is_the_same_from_any_number_of_ranks(tmp_path: Path, ranks: int) -> None:
    plan = dry_run(tmp_path, SMALL, "--ranks", "8", "--ranks-per-node", "4", ranks=ranks)
    assert (plan.code, plan.errors()) == (0, [])
    assert "ranks      8: 8 (z) x 1 (energy) x 1 (angle); 2 compute nodes with 4" in plan.out
    assert "share      8 z x 32 energies x 2 directions" in plan.out
    estimate = re.search(r"([\d.e-]+) node-hours, ([\d.e-]+) core-hours", plan.out)
    assert float(estimate[2]) == pytest.approx(4 * float(estimate[1]), rel=0.01)


# --- huge problems ----------------------------------------------------------------------------------------------------

SPHERICAL = SMALL | SPECTRUM | {
    "grid.momentum.directions": ABSENT,
    "grid.momentum.geometry": '"spherical"',
    "grid.momentum.angles": "64",
    "grid.momentum.energy.cells": "200",
    "grid.z.length": "2000.0",
    "grid.z.cells": "40000",
}
CLUSTER = ["--ranks", "1024", "--ranks-per-node", "64", "--memory-per-node", "256", "--set", "checkpoint.keep=1"]


def test_plan_of_a_huge_run_takes_little_memory(tmp_path: Path) -> None:
    # 2e9 unknowns: 16 GB for a state. The probe has a few vectors of 8 MB; the program itself, 60 MB.
    (tmp_path / "input.toml").write_text(toml(SPHERICAL))
    code, taken = largest_memory("run", "input.toml", "--dry-run", *CLUSTER, cwd=tmp_path)
    said = (tmp_path / "out").read_text()
    assert "5.12e+08 nodes" in said and "16.4 GB" in said
    assert code == 0 or "not enough room on the disk" in said
    assert taken < 4e8


def counts_with_64_bits(directory: Path) -> bool:
    return "with 64-bit indices" in dry_run(directory, SMALL).out


@pytest.mark.parametrize("command", [["run"], ["run", "--dry-run", "--ranks", "4096"], ["check"]], ids=" ".join)
def test_more_unknowns_than_32_bits_count_need_a_petsc_with_64(tmp_path: Path, command: list[str]) -> None:
    if counts_with_64_bits(tmp_path):
        pytest.skip("this PETSc has 64-bit indices")
    (tmp_path / "input.toml").write_text(toml(SMALL | {"grid.z.cells": "1000000000"}))
    outcome = nuvlasov(*command, "input.toml", cwd=tmp_path)
    assert (outcome.code, outcome.out) == (2, "")
    (error,) = outcome.errors()
    for fragment in ("grid.z.cells", "2.56e+11 unknowns", "NUVLASOV_PETSC_DIR", "libpetsc64-real-dev", "fewer cells"):
        assert fragment in error


def test_petsc_with_64_bits_plans_for_more_unknowns(tmp_path: Path) -> None:
    if not counts_with_64_bits(tmp_path):
        pytest.skip("this PETSc has 32-bit indices")
    plan = dry_run(tmp_path, SPHERICAL | {"grid.z.cells": "1000000", "grid.momentum.energy.cells": "1000"}, *CLUSTER)
    assert "6.4e+10 nodes" in plan.out
    assert "share      977 z x 1000 energies x 64 directions" in plan.out


# --- what does not fit ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [[], ["--dry-run"], ["--dry-run", "--ranks", "4"]], ids=" ".join)
@pytest.mark.parametrize("ranks", [0, 2])
def test_too_little_memory_is_refused_before_it_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], ranks: int
) -> None:
    monkeypatch.setenv("SLURM_MEM_PER_NODE", "1")
    (tmp_path / "input.toml").write_text(toml(SMALL))
    before = contents(tmp_path)
    outcome = nuvlasov("run", "input.toml", *arguments, cwd=tmp_path, ranks=ranks)
    assert outcome.code == 2
    (error,) = outcome.errors()
    assert error.startswith("nuvlasov: not enough memory: ")
    for fragment in ("1.05 MB (SLURM_MEM_PER_NODE)", "more ranks", "compute nodes", "grid.z.cells"):
        assert fragment in error
    assert contents(tmp_path) == before
    assert ("memory " in outcome.out) == ("--dry-run" in arguments)


def test_memory_of_a_compute_node_can_be_given(tmp_path: Path) -> None:
    plan = ["--ranks", "2", "--ranks-per-node", "2", "--memory-per-node"]
    assert dry_run(tmp_path, SMALL, *plan, "1").code == 0
    outcome = dry_run(tmp_path, SMALL, *plan, "0.01")
    assert outcome.code == 2
    assert "10 MB (--memory-per-node)" in outcome.errors()[0]


def test_too_little_disk_is_refused_by_the_plan_and_warned_of_by_the_run(tmp_path: Path) -> None:
    settings = SMALL | {"checkpoint.keep": "1000000000000"}
    outcome = dry_run(tmp_path, settings)
    assert outcome.code == 2
    (error,) = outcome.errors()
    for fragment in ("not enough room on the disk", "PB", f"left in {tmp_path}", "--output", "checkpoint.keep"):
        assert fragment in error
    run = nuvlasov("run", "input.toml", cwd=tmp_path)
    assert (run.code, run.errors()) == (0, [])
    assert "WARNING: not enough room on the disk" in (tmp_path / "runs/input/run.log").read_text()
