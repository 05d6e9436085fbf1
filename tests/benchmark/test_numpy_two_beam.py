"""That numpy_two_beam.py solves the equation that nuvlasov solves."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from numpy_two_beam import (
    LARGEST_DIFFERENCE,
    ROOT,
    STEPS,
    Components,
    Equation,
    Matrices,
    Snapshot,
    difference,
    run_nuvlasov,
    start_and_end,
)

PROGRAM = Path(os.environ["NUVLASOV_PROGRAM"])
SMALL = {
    "grid.z.length": 20.0,
    "grid.z.cells": 64,
    "grid.momentum.energy.cells": 40,
    "initial.seeds.max_mode": 8,
}


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, Snapshot]:
    run = tmp_path_factory.mktemp("numpy") / "run"
    run_nuvlasov(PROGRAM, ROOT / "inputs/two_beam.toml", STEPS, run, **SMALL)
    return start_and_end(run)


@pytest.mark.parametrize("form", [Matrices, Components])
def test_steps_agree_but_for_rounding(states: tuple[Snapshot, Snapshot], form: type[Equation]) -> None:
    # 40 right-hand sides of a hundred operations, each of which rounds by 1e-16 of the state or less, and the state
    # changes by about itself: 5e-13 at the very most.
    assert difference(*states, form(states[0])) < LARGEST_DIFFERENCE


@pytest.mark.parametrize("spacing", ["z_spacing", "energy_spacing"])
def test_an_equation_that_is_not_quite_the_same_does_not_agree(states: tuple[Snapshot, Snapshot], spacing: str) -> None:
    # What is left out or wrong in one term by 1e-9 of it shows, though the energy's part is 3 % of the change.
    grid = dataclasses.replace(states[0], **{spacing: getattr(states[0], spacing) * (1 + 1e-9)})
    assert difference(*states, Components(grid)) > 100 * LARGEST_DIFFERENCE
