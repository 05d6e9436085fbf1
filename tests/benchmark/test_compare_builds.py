"""What compare_builds.py says of two benchmarks whose rates are given."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import compare_builds

FAKE = """#!{python}
import json, pathlib, sys
if "--list" in sys.argv:
    print("\\n".join({cases}))
    sys.exit()
calls = pathlib.Path(__file__ + ".calls")
calls.write_text((calls.read_text() if calls.exists() else "") + sys.argv[sys.argv.index("--filter") + 1] + "\\n")
factors = {factors}
rate = 1e7 * factors[(len(calls.read_text().split()) - 1) % len(factors)]
record = {{"nodes_per_second_per_core": rate, "stage_nodes_per_second_per_core": {stage} * rate}}
pathlib.Path(sys.argv[sys.argv.index("--json") + 1]).write_text(json.dumps([record]))
"""


def fake(path: Path, factors: list[float], stage: float = 0.5, cases: tuple[str, ...] = ("one",)) -> str:
    """A benchmark whose rates are 1e7 times `factors`, one run after the other."""
    path.write_text(FAKE.format(python=sys.executable, factors=factors, stage=stage, cases=list(cases)))
    path.chmod(0o755)
    return str(path)


STEADY = [1.0]


@pytest.mark.parametrize(
    "factors, code, judged",
    [
        ([1.0], 0, ""),
        ([0.97], 0, ""),
        ([0.9], 1, "slower"),
        ([1.1], 0, "faster"),
        # Noise: one run in seven that another program disturbed, or that was lucky.
        ([0.5, *[1.0] * 6], 0, ""),
        ([1.3, *[0.9] * 6], 1, "slower"),
        # As likely faster as slower.
        ([0.8, 1.1, 0.9, 1.2, 0.8, 1.1, 0.9], 0, ""),
    ],
)
def test_b_is_slower_when_all_pairs_but_one_say_so(
    tmp_path: Path, capsys: pytest.CaptureFixture, factors: list[float], code: int, judged: str
) -> None:
    a, b = fake(tmp_path / "a", STEADY), fake(tmp_path / "b", factors)
    assert compare_builds.main([a, b]) == code
    _, *lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    for line in lines:
        assert line.endswith(judged or f"{max(factors):.2f}")
        assert f"{min(factors):.2f}" in line


def test_a_slower_step_is_seen_beside_an_equal_right_hand_side(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    a, b = fake(tmp_path / "a", STEADY), fake(tmp_path / "b", STEADY, stage=0.4)
    assert compare_builds.main([a, b]) == 1
    _, right_hand_side, stage = capsys.readouterr().out.splitlines()
    assert not right_hand_side.endswith("slower")
    assert stage.endswith("slower")


def test_both_run_as_often_case_by_case(tmp_path: Path) -> None:
    a, b = (fake(tmp_path / name, STEADY, cases=("one", "two")) for name in "ab")
    assert compare_builds.main([a, b, "--pairs", "5"]) == 0
    for program in (a, b):
        assert Path(program + ".calls").read_text().split() == ["one"] * 5 + ["two"] * 5


def test_a_benchmark_that_fails_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "b").write_text("#!/bin/sh\necho broken >&2\nexit 3\n")
    (tmp_path / "b").chmod(0o755)
    a = fake(tmp_path / "a", STEADY)
    for b in ("b", "absent"):
        assert compare_builds.main([a, str(tmp_path / b)]) == 2
    error = capsys.readouterr().err
    assert "exit code 3" in error and "broken" in error and "absent" in error


@pytest.mark.parametrize("arguments", [["--pairs", "3"], ["same"]])
def test_what_would_tell_nothing_is_refused(tmp_path: Path, arguments: list[str]) -> None:
    a, b = fake(tmp_path / "a", STEADY), fake(tmp_path / "b", STEADY)
    with pytest.raises(SystemExit) as stop:
        compare_builds.main([a, a] if arguments == ["same"] else [a, b, *arguments])
    assert stop.value.code == 2
