"""Physical units: labels of files, what a run says, and that no number changes."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from command import RUN, SMALL, Settings, assert_same, nuvlasov, results, toml

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "apps"))
from nuvlasov_post.units import NoPhysicalUnits, Physical, has_physical_units, physical  # noqa: E402

UNITS: Settings = {"units.temperature": "5.0"}
MU = 0.1883  # meV at T = 5 MeV: sqrt(2) G_F 1.486e33 cm^-3, to four digits
# How many states a node stands for does not follow from the density; labels are words.
WITHOUT = ("purity", "entropy")
FILES = ("history.h5", "profiles.h5", "snapshots/000001.h5")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same run with and without [units]."""
    directory = tmp_path_factory.mktemp("units")
    for name, units in (("with", UNITS), ("without", {})):
        (directory / f"{name}.toml").write_text(toml(RUN | units | {"output.snapshot_fields": '["rho", "flux", "force"]'}))
        done = nuvlasov("run", f"{name}.toml", "--output", name, cwd=directory)
        assert done.code == 0, done
    return {name: directory / name for name in ("with", "without")}


def read(run: Path, file: str, name: str) -> Physical:
    with h5py.File(run / file) as opened:
        return physical(opened[name])


def test_units_label_the_numbers_and_do_not_change_one_bit(runs: dict[str, Path]) -> None:
    assert_same(results(runs["with"]), results(runs["without"]))


@pytest.mark.parametrize("file", FILES)
def test_each_dataset_says_what_it_is_in_physical_units(runs: dict[str, Path], file: str) -> None:
    with h5py.File(runs["with"] / file) as opened:
        lacking = [
            name
            for name, dataset in opened.items()
            if np.issubdtype(dataset.dtype, np.number) and not has_physical_units(dataset)
        ]
        assert [name for name in lacking if not name.startswith(WITHOUT)] == []
        assert all(dataset.attrs["physical_factor"] > 0.0 for dataset in opened.values() if has_physical_units(dataset))
        assert opened.attrs["mu_meV"] == pytest.approx(MU, rel=5e-4)
    with h5py.File(runs["without"] / file) as opened:
        assert not any(has_physical_units(dataset) for dataset in opened.values())
        assert "mu_meV" not in opened.attrs


def test_sums_over_phase_space_agree_in_physical_units(runs: dict[str, Path]) -> None:
    """N and K from the density matrix, its weights and the box, all in physical units; to rounding of 4e3 products."""
    snapshot = "snapshots/000001.h5"
    rho, z, energy, energy_weight, angle_weight = (
        read(runs["with"], snapshot, name) for name in ("rho", "z", "energy", "energy_weight", "angle_weight")
    )
    assert [one.units for one in (rho, z, energy, energy_weight, angle_weight)] == ["meV-1 cm-3", "cm", "meV", "meV", "1"]
    spacing = z.values[1] - z.values[0]
    density = np.einsum("zek,e,k->ze", rho.values[..., 0], energy_weight.values, angle_weight.values)
    number = read(runs["with"], "history.h5", "number")
    kinetic = read(runs["with"], "history.h5", "kinetic_energy_relative")
    assert (number.units, kinetic.units) == ("cm-2", "meV cm-2")
    at_snapshot = 10  # t = 1: a row each 0.1
    assert density.sum() * spacing == pytest.approx(number.values[at_snapshot], rel=1e-12)
    scale = number.values[at_snapshot] * energy.values.max()
    assert (density * energy.values).sum() * spacing == pytest.approx(kinetic.values[at_snapshot], abs=1e-12 * scale)


def test_refractive_energy_of_two_beams_is_a_quarter_of_mu_for_each_neutrino(runs: dict[str, Path]) -> None:
    """U_osc(0)/N = zeta_+ zeta_- mu/n; seeds change it by 16 sigma^2 = 1.6e-3 at most."""
    u_osc, number = (read(runs["with"], "history.h5", name).values[0] for name in ("u_osc", "number"))
    assert u_osc / number == pytest.approx(-0.25 * MU, rel=8e-3)


def test_time_and_length_are_those_of_light(runs: dict[str, Path]) -> None:
    with h5py.File(runs["with"] / "profiles.h5") as file:
        z, time = file["z"], file["time"]
        assert (physical(z).units, physical(time).units) == ("cm", "ns")
        # cm in a ns
        assert z.attrs["physical_factor"] / time.attrs["physical_factor"] == pytest.approx(29.9792458, rel=1e-9)


def test_what_has_no_physical_units_says_why(runs: dict[str, Path]) -> None:
    for run, column in (("with", "entropy"), ("without", "u_osc")):
        with pytest.raises(NoPhysicalUnits, match="units.neutrino_density"):
            read(runs[run], "history.h5", column)


def test_run_and_check_say_mu_and_the_box(runs: dict[str, Path], tmp_path: Path) -> None:
    log = (runs["with"] / "run.log").read_text()
    for text in ("density 1 is 1.486e+33 cm^-3, one species at T = 5 MeV; mu = 0.1883 meV", "L = 2.095 cm", "ns"):
        assert text in log
    with h5py.File(runs["with"] / "history.h5") as file:
        kinetic, number = file["kinetic_energy_relative"], file["number"]
        each = (kinetic[-1] - kinetic[0]) / number[0]
    said = re.search(r"K (\S+) mu = (\S+) meV for each neutrino", log)
    assert said and [float(value) for value in said.groups()] == pytest.approx([each, each * MU], rel=6e-3)
    assert "meV" not in (runs["without"] / "run.log").read_text()
    (tmp_path / "input.toml").write_text(toml(SMALL | {"units.neutrino_density": "1e33", "units.reference_energy": "15.0"}))
    checked = nuvlasov("check", "input.toml", cwd=tmp_path)
    assert checked.code == 0, checked
    assert "# E_ref = 15 MeV, r_mu = mu/E_ref = 8.45e-12" in checked.out
    # What it prints is an input, and the same one.
    (tmp_path / "resolved.toml").write_text(checked.out)
    assert nuvlasov("check", "resolved.toml", cwd=tmp_path).out == checked.out


def test_reference_energy_of_the_command_line_replaces_that_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "input.toml").write_text(toml(SMALL | UNITS | {"grid.momentum.energy.reference": "1000.0"}))
    checked = nuvlasov("check", "input.toml", "--set", "units.reference_energy=15", cwd=tmp_path)
    assert "# E_ref = 15 MeV" in checked.out


def test_growth_rates_are_labelled(tmp_path: Path) -> None:
    (tmp_path / "input.toml").write_text(toml(SMALL | UNITS))
    done = nuvlasov("dispersion", "input.toml", "--points", "11", "--output", "out", cwd=tmp_path)
    assert done.code == 0, done
    with h5py.File(tmp_path / "out/dispersion.h5") as file:
        assert physical(file["wave_number"]).units == "cm-1"
        fastest = physical(file["box_growth_rate"])
        assert fastest.units == "ns-1"
        # gamma = 2 sqrt(-zeta_+ zeta_-) mu = 1 mu at most, and hbar/mu is 3.495e-3 ns
        assert fastest.values.max() == pytest.approx(1.0 / 3.495e-3, rel=5e-3)


def test_run_that_goes_on_keeps_its_units(tmp_path: Path) -> None:
    """Profiles and snapshots that are there already have the former labels."""
    (tmp_path / "input.toml").write_text(toml(SMALL | UNITS | {"checkpoint.at_end": "true"}))
    assert nuvlasov("run", "input.toml", "--output", "out", cwd=tmp_path).code == 0
    further = ("run", "input.toml", "--output", "out", "--set", "time.end=0.4")
    refused = nuvlasov(*further, "--set", "units.temperature=6.0", cwd=tmp_path)
    assert refused.code == 2 and "units.temperature: is 6.0, but 5.0 in" in refused.errors()[0]
    assert nuvlasov(*further, cwd=tmp_path).code == 0
    with h5py.File(tmp_path / "out/history.h5") as file:
        assert file.attrs["mu_meV"] == pytest.approx(MU, rel=5e-4)
        assert len(file["time"]) == 5
