"""nuvlasov-scaling: what it measures and writes, on two ranks, and how it fails."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray

from command import SMALL, Outcome, nuvlasov, toml

PROGRAM = os.environ["NUVLASOV_SCALING"]
FEW = ["--steps", "2", "--warm-up", "1", "--triad-elements", "10000"]
PHASES = ["terms", "moments", "halo", "time_stepping"]
INPUT = SMALL | {"time.end": "10.0", "time.method": '"rk4"'}
NODES = 64 * 32 * 2  # of SMALL


def scaling(directory: Path, *arguments: str, ranks: int = 2, settings: dict[str, str] = INPUT) -> Outcome:
    (directory / "input.toml").write_text(toml(settings))
    return nuvlasov("input.toml", *arguments, cwd=directory, ranks=ranks, program=PROGRAM)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("scaling")
    outcome = scaling(directory, *FEW, "--repetitions", "1", "--output", "deep/er.h5")
    assert (outcome.code, outcome.errors()) == (0, []), outcome
    # Checkpoints and their folder are gone.
    assert sorted(path.name for path in (directory / "deep").iterdir()) == ["er.csv", "er.h5"]
    return directory / "deep" / "er.h5"


@pytest.fixture(scope="module")
def data(measured: Path) -> xarray.Dataset:
    with xarray.open_dataset(measured, engine="h5netcdf") as file:
        return file.load()


def test_csv_holds_the_numbers_of_the_hdf5_file(measured: Path, data: xarray.Dataset) -> None:
    with measured.with_suffix(".csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row.pop("case") for row in rows] == list(data["case"].values)
    assert set(rows[0]) == set(data.data_vars)
    for name, column in data.data_vars.items():
        assert [float(row[name]) for row in rows] == column.values.tolist(), name
        assert column.attrs["units"] and column.attrs["long_name"]


def test_each_case_is_on_its_ranks_and_weak_ones_grow_along_z(data: xarray.Dataset) -> None:
    assert list(data["case"].values) == ["strong 1", "strong 2", "weak 1", "weak 2"]
    assert data.ranks.values.tolist() == data.ranks_z.values.tolist() == [1, 2, 1, 2]
    assert data.nodes.values.tolist() == [NODES, NODES, NODES, 2 * NODES]
    assert data.nodes_per_rank.values.tolist() == [NODES, NODES / 2, NODES, NODES]
    assert (data.right_hand_sides == 4).all()


def test_phases_are_parts_of_the_whole(data: xarray.Dataset) -> None:
    """Means over ranks, of one repetition: each sum holds on each rank, up to the resolution of the clock."""
    clock = 1e-6
    step = sum(data[f"{phase}_mean"] for phase in PHASES)
    assert (step > 0.0).all()
    assert (step <= data.step_mean + clock).all()
    assert (2 * data.step_mean + data.diagnostics_mean + data.output_mean <= data.whole_mean + clock).all()
    for phase in (*PHASES, "step", "diagnostics", "output", "whole"):
        assert (data[f"{phase}_max"] >= data[f"{phase}_mean"] * (1.0 - 1e-12)).all(), phase
        assert (data[f"{phase}_spread"] == 0.0).all(), "of a single repetition"


def test_efficiency_is_throughput_over_that_of_one_rank(data: xarray.Dataset) -> None:
    throughput = data.nodes * data.right_hand_sides / (data.step_max * data.ranks)
    # A handful of roundings.
    np.testing.assert_allclose(data.throughput, throughput, rtol=1e-14)
    np.testing.assert_allclose(data.efficiency, throughput / throughput.values[[0, 0, 2, 2]], rtol=1e-14)


def test_model_starts_from_one_rank_and_adds_messages(data: xarray.Dataset) -> None:
    np.testing.assert_allclose(data.predicted_step[0], data.step_max[0], rtol=1e-14)
    assert data.predicted_sending.values[[0, 2]].tolist() == [0.0, 0.0]
    assert data.messages.values.tolist() == [0, 2, 0, 2]
    # Two slabs of 3 planes of 32 energies and 2 directions, 4 doubles a node.
    assert data.message_bytes.values.tolist() == [0, 12288, 0, 12288]
    # Four of those in a step of rk4, and a word to and fro to see whether all is finite.
    expected = 4 * (2 * data.latency + 12288 / data.bandwidth) + data.latency + 8 / data.bandwidth
    np.testing.assert_allclose(data.predicted_sending[1], expected, rtol=1e-12)
    # 1 us to 1 s, 1 MB/s to 10 TB/s.
    assert 1e-8 < data.latency < 1.0 and 1e6 < data.bandwidth < 1e13


def test_repetitions_leave_medians_and_a_spread(tmp_path: Path) -> None:
    arguments = ["--scaling", "strong", "--ranks", "2", "--repetitions", "3", "--latency", "1e-6", "--bandwidth", "1e9"]
    outcome = scaling(tmp_path, *FEW, *arguments)
    assert outcome.code == 0, outcome
    said = [float(time) for time in re.findall(r"strong 2 +(\S+) ms a step", outcome.out)]
    with h5py.File(tmp_path / "scaling.h5") as file:
        assert list(file["case"].asstr()) == ["strong 2"]
        # What is said has four digits.
        assert file["step_max"][0] == pytest.approx(1e-3 * np.median(said), rel=1e-3)
        assert file["step_spread"][0] == pytest.approx(1e-3 * (max(said) - min(said)), abs=1e-6 * max(said))
        assert (file.attrs["latency"], file.attrs["bandwidth"]) == (1e-6, 1e9)
        assert file["triad"][0] > 0.0


def test_prediction_of_other_machines_measures_nothing(tmp_path: Path) -> None:
    model = ["--node-time", "1e-7", "--latency", "2e-6", "--bandwidth", "1e9"]
    outcome = scaling(tmp_path, "--predict", "2,16,1000", *model, ranks=0)
    assert outcome.code == 0, outcome
    assert [path.name for path in tmp_path.iterdir()] == ["input.toml"]
    _, _, *lines = outcome.out.splitlines()
    first = lines[0].split()
    assert first[:9] == ["2", "z", "2", "x", "1", "x", "1", "2048", "12.29"]
    # 2048 nodes, of which 0.3 of the work is done on 6 ghost planes beside 32; 2 messages; 12288 bytes.
    assert float(first[11]) == pytest.approx(0.1 * 2048 * (1 + 0.1 * 6 / 32) + 2 * 2.0 + 12.288, abs=0.05)
    assert {"z", "z, E"} == {re.split(r"\s{2,}", line.strip())[1] for line in lines[:-1]}
    assert "1000 ranks cannot share this grid" in lines[-1]


@pytest.mark.parametrize(
    "arguments, settings, message",
    [
        (["--ranks", "1,3"], {}, "--ranks 3: must be >= 1, <= 2, the number of ranks that mpirun started"),
        (["--predict", "0"], {}, "--predict 0: must be >= 1"),
        (["--steps", "0"], {}, "--steps"),
        (["--stesp", "2"], {}, "--stesp: no such option; did you mean --steps?"),
        (["--output", "table.csv"], {}, "--output table.csv: give the name of an HDF5 file"),
        ([], {"time.end": "1e-3"}, "strong 1: time.end comes after 1 steps"),
        (["--scaling", "weak"], {"parallel.ranks_energy": "2"}, "weak 1: input.toml:"),
        (["--ranks", "2"], {"grid.z.cels": "64"}, "did you mean grid.z.cells?"),
    ],
)
def test_bad_input_is_refused_on_all_ranks(
    tmp_path: Path, arguments: list[str], settings: dict[str, str], message: str
) -> None:
    outcome = scaling(tmp_path, *FEW, *arguments, settings=INPUT | settings)
    (error,) = outcome.errors()
    assert outcome.code == 2 and error.startswith("nuvlasov-scaling: ") and message in error, outcome
    assert [path.name for path in tmp_path.iterdir()] == ["input.toml"]


def test_files_are_not_written_over_unless_told(tmp_path: Path) -> None:
    (tmp_path / "scaling.csv").write_text("precious")
    outcome = scaling(tmp_path, *FEW, "--ranks", "1", "--scaling", "weak")
    assert outcome.code == 2 and "scaling.csv is there already" in outcome.errors()[0]
    assert (tmp_path / "scaling.csv").read_text() == "precious"
    assert scaling(tmp_path, *FEW, "--ranks", "1", "--scaling", "weak", "--overwrite").code == 0
