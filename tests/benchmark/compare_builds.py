#!/usr/bin/env python3
"""Whether one build of nuvlasov is slower than another: runs their benchmarks in turn, case by case.

    compare_builds.py A/bin/nuvlasov-bench B/bin/nuvlasov-bench [--filter TEXT]

Prints the speed of B over that of A: the median of all pairs of runs, the least and the largest. B is slower when all
pairs but one say so, by more than the margin: of a case that is slower by just the margin 7 pairs say so by chance
once in 16 times. Exit code: 0, or 1 when B is slower in some case, or 2 when something cannot be run.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

MEASURES = {"nodes_per_second_per_core": "right-hand side", "stage_nodes_per_second_per_core": "RK4 stage"}
LEAST_PAIRS = 5
SLOWER, FAILED = 1, 2


class BenchmarkError(Exception):
    """A benchmark that cannot be run."""


def output_of(command: list[str]) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except OSError as error:
        raise BenchmarkError(str(error)) from error
    except subprocess.CalledProcessError as error:
        raise BenchmarkError(f"{shlex.join(command)}: exit code {error.returncode}\n{error.stderr}") from error


def cases_of(program: str, text: str) -> list[str]:
    return output_of([program, "--list", "--filter", text]).split()


def rates(launcher: list[str], program: str, case: str) -> dict[str, float]:
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        output_of([*launcher, program, "--quick", "--filter", case, "--json", file.name])
        (record,) = json.loads(Path(file.name).read_text(encoding="utf-8"))
    return {measure: record[measure] for measure in MEASURES}


def pairs_of(launcher: list[str], a: str, b: str, case: str, count: int) -> list[dict[str, float]]:
    """B over A, count times; each of them goes first in turn."""
    ratios = []
    for pair in range(count):
        order = (a, b) if pair % 2 == 0 else (b, a)
        rate = {program: rates(launcher, program, case) for program in order}
        ratios.append({measure: rate[b][measure] / rate[a][measure] for measure in MEASURES})
    return ratios


def verdict(ratios: list[float], margin: float) -> str:
    ordered = sorted(ratios)
    if ordered[-2] < 1.0 - margin:
        return "slower"
    return "faster" if ordered[1] > 1.0 + margin else ""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("a", metavar="A", help="nuvlasov-bench of the one build")
    parser.add_argument("b", metavar="B", help="nuvlasov-bench of the other")
    parser.add_argument("--filter", default="", metavar="TEXT", help="only cases whose name contains this")
    parser.add_argument("--pairs", type=int, default=7, help=f"of runs, at least {LEAST_PAIRS} (default: 7)")
    parser.add_argument("--margin", type=float, default=0.05, help="slower by this is not slower (default: 0.05)")
    parser.add_argument("--launcher", default="", help='such as "mpirun -n 2"')
    options = parser.parse_args(arguments)
    if options.pairs < LEAST_PAIRS:
        parser.error(f"--pairs {options.pairs}: must be at least {LEAST_PAIRS}")
    if Path(options.a).resolve() == Path(options.b).resolve():
        parser.error(f"{options.a} and {options.b} are the same program")
    slower = False
    try:
        print(f"{'case':<32}{'B/A':<16}{'median':>7}{'least':>8}{'largest':>8}")
        for case in cases_of(options.a, options.filter):
            pairs = pairs_of(shlex.split(options.launcher), options.a, options.b, case, options.pairs)
            for measure, name in MEASURES.items():
                ratios = [pair[measure] for pair in pairs]
                judged = verdict(ratios, options.margin)
                slower |= judged == "slower"
                numbers = f"{median(ratios):>7.2f}{min(ratios):>8.2f}{max(ratios):>8.2f}"
                print(f"{case:<32}{name:<16}{numbers}  {judged}".rstrip(), flush=True)
    except BenchmarkError as error:
        print(f"compare_builds: {error}", file=sys.stderr)
        return FAILED
    return SLOWER if slower else 0


if __name__ == "__main__":
    sys.exit(main())
