"""Scaling: what the panels draw, the table, and files that are put together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from conftest import LOSS, RANKS, scaling_columns, write_scaling
from nuvlasov_post import cli
from nuvlasov_post.run import SCALING_PHASES, RunError, read_scaling
from nuvlasov_post.scaling import draw_scaling, scaling_result

def lines_by_label(axes) -> dict[str, np.ndarray]:
    return {line.get_label(): np.asarray(line.get_ydata()) for line in axes.get_lines() if line.get_label()[0] != "_"}


@pytest.mark.parametrize("kinds", [(False, True), (False,), (True,)])
def test_panels_show_time_phases_and_efficiency(tmp_path: Path, kinds: tuple[bool, ...]) -> None:
    scaling = read_scaling([write_scaling(tmp_path / "s.h5", *map(scaling_columns, kinds))])
    upper, lower = (lines_by_label(axes) for axes in draw_scaling(scaling).axes)
    timed = scaling_columns(kinds[0])
    np.testing.assert_array_equal(upper["step"], timed["step_max"])
    np.testing.assert_array_equal(upper["model"], timed["predicted_step"])
    np.testing.assert_allclose(upper["ideal"], timed["step_max"][0] / (1.0 if kinds[0] else RANKS), rtol=1e-15)
    for phase in SCALING_PHASES:
        np.testing.assert_array_equal(upper[phase.replace("_", " ")], timed[f"{phase}_max"])
    for weak in kinds:
        name = "weak" if weak else "strong"
        # A handful of roundings.
        np.testing.assert_allclose(lower[name], LOSS ** np.log2(RANKS), rtol=1e-14)
        np.testing.assert_allclose(lower[f"{name}, model"], 1.0, rtol=1e-14)
    np.testing.assert_array_equal(lower["triad of a core"], 1.0 / RANKS)


def test_jobs_of_several_sizes_are_one_curve(tmp_path: Path) -> None:
    """The larger job's file first: efficiency counts from the fewest ranks of all."""
    large = write_scaling(tmp_path / "large.h5", scaling_columns(False, RANKS[2:]))
    small = write_scaling(tmp_path / "small.h5", scaling_columns(False, RANKS[:2]))
    joined = read_scaling([large, small])
    np.testing.assert_array_equal(joined.ranks, RANKS)
    np.testing.assert_allclose(joined.efficiency, LOSS ** np.log2(RANKS), rtol=1e-14)


def test_different_inputs_are_not_put_together(tmp_path: Path) -> None:
    paths = [write_scaling(tmp_path / f"{n}.h5", scaling_columns(False), config=f"n = {n}") for n in range(2)]
    with pytest.raises(RunError, match="different inputs"):
        read_scaling(paths)


def test_table_has_a_line_for_each_case(tmp_path: Path) -> None:
    data = read_scaling([write_scaling(tmp_path / "s.h5", scaling_columns(False), scaling_columns(True))])
    header, *lines = scaling_result(data).splitlines()
    assert [line[:12].split() for line in lines] == [
        [kind, f"{ranks:.0f}"] for kind in ("strong", "weak") for ranks in RANKS
    ]
    assert lines[1][12:].split() == "5e+05 111.1 10.0% 100 90.0% 50.0% 10.0% 20.0% 20.0% 5.00".split()
    assert len({len(line) for line in (header, *lines)}) == 1


def test_command_writes_beside_the_first_file(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "a").mkdir()
    paths = [
        write_scaling(tmp_path / "a" / "small.h5", scaling_columns(False, RANKS[:2])),
        write_scaling(tmp_path / "large.h5", scaling_columns(False, RANKS[2:])),
    ]
    assert cli.main(["scaling", *map(str, paths)]) == 0
    assert sorted(path.name for path in (tmp_path / "a" / "figures").iterdir()) == ["scaling.pdf", "scaling.png"]
    assert "strong 8" in capsys.readouterr().out


def test_file_of_something_else_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = write_scaling(tmp_path / "history.h5", {"time": RANKS})
    assert cli.main(["scaling", str(path)]) == 2
    assert "no 1-dimensional dataset" in capsys.readouterr().err
