"""Reads a run directory: history.h5, profiles.h5, snapshots and dispersion.h5; and measurements of scaling.

Units are the solver's: hbar = c = sqrt(2) G_F = 1, energies in mu, times and lengths in 1/mu.
"""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from nuvlasov_post.algebra import ALGEBRAS, Algebra, algebra_of

log = logging.getLogger(__name__)

HISTORY_FILE = "history.h5"
PROFILES_FILE = "profiles.h5"
DISPERSION_FILE = "dispersion.h5"
SNAPSHOTS_DIRECTORY = "snapshots"
SNAPSHOT_PATTERN = "[0-9]*.h5"  # one that is being written has another suffix
DENSITY_MATRIX = "rho"
STATUS_DONE = "done"
MINIMUM_RECORDS = 2
ENERGY_COLUMNS = ("kinetic_energy_relative", "u_osc", "u_non")
EXTERNAL_ENERGY_COLUMNS = ("u_matter", "u_vacuum")  # of runs with matter, or masses
HISTORY_COLUMNS = ("time", *ENERGY_COLUMNS, "number", "purity")
DISSIPATION_COLUMNS = tuple(f"{energy}_rate_dissipation" for energy in ("kinetic_energy", "u_osc", "u_non"))
BOUNDARY_COLUMNS = tuple(f"{quantity}_boundary" for quantity in ("total_energy_relative", "number", "purity"))
SCALING_PHASES = ("terms", "moments", "halo", "time_stepping")

# |U_osc(0)| below this fraction of the largest |U_osc| and |U_non| is what cancellation leaves of a zero.
ZERO_FRACTION = 1e-12


class RunError(Exception):
    """A run directory that cannot be post-processed; the message says what, where and what to do."""


@dataclass(frozen=True)
class History:
    """Columns of history.h5, each of shape [time].

    Energies are in mu; `kinetic_energy_relative` is K - E_ref N, which keeps the digits that K loses.
    `mode` is the equation's: "full", "standard", or "unknown" where the file does not record it.
    `u_matter` and `u_vacuum` are None for a run without matter, or masses.
    `dissipation_rate` is what dissipation does to the sum of the energies, in mu^2; None for a run without it.
    `*_boundary` is what the box has gained through its ends, of that sum, N and purity; None for a periodic one.
    """

    mode: str
    time: np.ndarray
    kinetic_energy_relative: np.ndarray
    u_osc: np.ndarray
    u_non: np.ndarray
    number: np.ndarray
    purity: np.ndarray
    u_matter: np.ndarray | None = None
    u_vacuum: np.ndarray | None = None
    dissipation_rate: np.ndarray | None = None
    total_energy_relative_boundary: np.ndarray | None = None
    number_boundary: np.ndarray | None = None
    purity_boundary: np.ndarray | None = None

    @property
    def starts_without_u_osc(self) -> bool:
        """Whether U_osc(0) is zero to round-off, and so cannot be a unit."""
        largest = max(np.nanmax(np.abs(self.u_osc)), np.nanmax(np.abs(self.u_non)))
        return bool(abs(self.u_osc[0]) <= ZERO_FRACTION * largest)


@dataclass(frozen=True)
class CompleteRun:
    """All of history.h5 of a run that reached its end.

    `config` is the resolved configuration, values by dotted key, and `config_text` its TOML. `time` [time] is in
    1/mu, `columns` [time] are all others, and `meanings` their units and long_name.
    """

    path: Path
    commit: str
    config_text: str
    config: dict[str, object]
    time: np.ndarray
    columns: dict[str, np.ndarray]
    meanings: dict[str, tuple[str, str]]


@dataclass(frozen=True)
class Rows:
    """All columns of history.h5, each [time], as far as its records are complete; `config` by dotted key."""

    path: Path
    config: dict[str, object]
    time: np.ndarray
    columns: dict[str, np.ndarray]


@dataclass(frozen=True)
class Profiles:
    """profiles.h5, open for reading: coordinates at hand, fields record by record.

    `time` [time], `z` [z] and `box_length` are in 1/mu, `energy` [energy] is E - E_ref in mu, `angle` [angle] is v.
    Sums over momentum take `energy_weight` and `angle_weight`. `species` [angle] is 1 where neutrinos move, -1 where
    antineutrinos do. `config` is by dotted key, `algebra` that of the components.
    """

    path: Path
    config: dict[str, object]
    time: np.ndarray
    z: np.ndarray
    energy: np.ndarray
    angle: np.ndarray
    energy_weight: np.ndarray
    angle_weight: np.ndarray
    species: np.ndarray
    box_length: float
    energy_spacing: float
    algebra: Algebra
    file: h5py.File

    def require_periodic(self, what: str) -> None:
        """Throws RunError for an open box, which `what` is not for."""
        if self.config.get("grid.z.boundaries") == "open":
            raise RunError(
                f"{self.path}: {what} is for periodic boxes, and this one has open ends; history.h5 has what crossed "
                "them, and `nuvlasov-post budget` and `map` draw it"
            )

    def nearest(self, direction: float) -> int:
        """Position of the direction closest to v."""
        return int(np.argmin(np.abs(self.angle - direction)))

    def density(self, record: int, angle: int | slice = slice(None)) -> np.ndarray:
        """Polarization integrated over energy, [z, angle, component], in the order of the algebra."""
        return self._field("polarization_density", ("z", "angle", "component"))[record, :, angle, :][..., self._order()]

    def spectrum(self, record: int) -> np.ndarray:
        """Polarization integrated over the box, [energy, angle, component], in the order of the algebra."""
        return self._field("spectrum", ("energy", "angle", "component"))[record][..., self._order()]

    def flavors(self) -> list[str]:
        return [text_of(label) for label in _dataset(self.file, "flavor", dimensions=1)[:]]

    def flavor_spectra(self, coordinate: str) -> np.ndarray:
        """dN/dE over "energy", or dN/dv over "angle", of each flavor: [time, coordinate, flavor]."""
        name = {"energy": "energy_spectrum", "angle": "angular_spectrum"}[coordinate]
        return self._field(name, (coordinate, "flavor"))[: self.time.size]

    def _field(self, name: str, dimensions: tuple[str, ...]) -> h5py.Dataset:
        field = _dataset(self.file, name, dimensions=1 + len(dimensions))
        shape = tuple(self.file[dimension].size for dimension in dimensions)
        if field.shape[1:] != shape:
            raise RunError(
                f"{self.path}: '{name}' has shape {field.shape}, not [time, {', '.join(dimensions)}] of the file's "
                "coordinates; run again with this version of nuvlasov"
            )
        return field

    def _order(self) -> list[int]:
        labels = _components(self.file)
        return [labels.index(name) for name in self.algebra.components]


@dataclass(frozen=True)
class Dispersion:
    """The fastest-growing mode over wave number, and those that the periodic box holds, all in mu.

    `wave_number`, `growth_rate` and `frequency` are [wave_number], `box_*` are [box_mode]; `box_number` is n of
    k = 2 pi n/L. Where nothing grows, the growth rate is 0 and the frequency NaN. `pair` are the flavors whose
    coherence it is, as "e_mu", and empty for two flavors.
    """

    wave_number: np.ndarray
    growth_rate: np.ndarray
    frequency: np.ndarray
    box_number: np.ndarray
    box_wave_number: np.ndarray
    box_growth_rate: np.ndarray
    box_frequency: np.ndarray
    pair: str = ""


@dataclass(frozen=True)
class Scaling:
    """Measurements by `nuvlasov-scaling`, all [case], in the order of their ranks; times in s.

    `weak` says of which kind a case is; `step` and `phases` are the largest over ranks, medians over the repetitions,
    `spread` is the largest less the smallest of them. `triad` is the bandwidth of a core in B/s.
    """

    weak: np.ndarray
    ranks: np.ndarray
    nodes: np.ndarray
    nodes_per_rank: np.ndarray
    right_hand_sides: np.ndarray
    step: np.ndarray
    spread: np.ndarray
    predicted: np.ndarray
    triad: np.ndarray
    phases: dict[str, np.ndarray]

    @property
    def efficiency(self) -> np.ndarray:
        """Node right-hand sides per second and core, over that on the fewest ranks; of cases of one kind."""
        throughput = self.nodes * self.right_hand_sides / (self.step * self.ranks)
        return throughput / throughput[:1]

    def of_kind(self, weak: bool) -> Scaling:
        chosen = self.weak == weak
        columns = {name: column[chosen] for name, column in vars(self).items() if name != "phases"}
        return Scaling(phases={name: column[chosen] for name, column in self.phases.items()}, **columns)


def read_history(run: Path) -> History:
    """Reads the columns that the figures need; throws RunError."""
    with open_file(run, HISTORY_FILE) as file:
        external = [name for name in EXTERNAL_ENERGY_COLUMNS if name in file]
        columns = {name: _dataset(file, name, dimensions=1)[:] for name in (*HISTORY_COLUMNS, *external)}
        if DISSIPATION_COLUMNS[0] in file:
            names = [*DISSIPATION_COLUMNS, *(f"{name}_rate_dissipation" for name in external)]
            rates = [_dataset(file, name, dimensions=1)[:] for name in names]
            records = min(map(len, rates))
            columns["dissipation_rate"] = sum(rate[:records] for rate in rates)
        if BOUNDARY_COLUMNS[0] in file:
            columns |= {name: _dataset(file, name, dimensions=1)[:] for name in BOUNDARY_COLUMNS}
        mode = equation_mode(text_of(file.attrs.get("config", "")))
        path = Path(file.filename)
    records = complete_records(path, columns["time"], *(len(column) for column in columns.values()))
    columns = {name: column[:records] for name, column in columns.items()}
    for name, column in columns.items():
        if not np.isfinite(column[0]):
            raise RunError(
                f"{path}: '{name}' of the first record is not finite, and every change is measured from there; "
                "see run.log and start again from a valid initial state"
            )
    return History(mode=mode, **columns)


def read_complete_run(run: Path) -> CompleteRun:
    """Reads the whole history of a run that reached its end; throws RunError, also for one that did not."""
    with open_file(run, HISTORY_FILE) as file:
        path = Path(file.filename)
        status = text_of(file.attrs.get("status", "unknown"))
        if status != STATUS_DONE:
            raise RunError(f"{path}: the run has not reached its end (status: {status}); resume it")
        config_text = text_of(file.attrs.get("config", ""))
        datasets = {name: _dataset(file, name, dimensions=1) for name in ("time", *file)}
        columns = {name: dataset[:] for name, dataset in datasets.items()}
        meanings = {
            name: (text_of(dataset.attrs.get("units", "1")), text_of(dataset.attrs.get("long_name", name)))
            for name, dataset in datasets.items()
        }
        commit = text_of(file.attrs.get("commit", "unknown"))
    records = complete_records(path, columns["time"], *(column.size for column in columns.values()))
    if any(column.size != records for column in columns.values()):
        raise RunError(f"{path}: its records are damaged; run again")
    return CompleteRun(
        path=run,
        commit=commit,
        config_text=config_text,
        config=_flat_config(path, config_text),
        time=columns.pop("time"),
        columns=columns,
        meanings=meanings,
    )


def read_rows(run: Path) -> Rows:
    """Reads every column of the history as far as its records are complete; throws RunError."""
    with open_file(run, HISTORY_FILE) as file:
        path = Path(file.filename)
        config = _flat_config(path, text_of(file.attrs.get("config", "")))
        columns = {name: _dataset(file, name, dimensions=1)[:] for name in ("time", *file)}
    time = columns.pop("time")
    records = complete_records(path, time, *(column.size for column in columns.values()))
    return Rows(path, config, time[:records], {name: column[:records] for name, column in columns.items()})


@contextmanager
def open_profiles(run: Path) -> Iterator[Profiles]:
    """Opens profiles.h5 for its complete records; throws RunError, also for what fails while it is open."""
    with open_file(run, PROFILES_FILE) as file:
        path = Path(file.filename)
        names = ("time", "z", "energy", "angle", "energy_weight", "angle_weight")
        coordinates = {name: _dataset(file, name, dimensions=1)[:] for name in names}
        lengths = (
            file[name].shape[0]
            for name in ("polarization_density", "spectrum", "energy_spectrum", "angular_spectrum")
            if name in file
        )
        records = complete_records(path, coordinates["time"], *lengths)
        coordinates["time"] = coordinates["time"][:records]
        yield Profiles(
            path=path,
            config=_flat_config(path, text_of(file.attrs.get("config", ""))),
            file=file,
            **coordinates,
            species=file["species"][:] if "species" in file else np.ones(coordinates["angle"].size),
            box_length=_number(file, "box_length"),
            energy_spacing=_number(file, "energy_spacing"),
            algebra=read_algebra(file),
        )


def snapshot_times(run: Path) -> dict[Path, float]:
    """The snapshots that can be read and their times, in the order of time; what cannot is logged."""
    times = {}
    for path in sorted((run / SNAPSHOTS_DIRECTORY).glob(SNAPSHOT_PATTERN)):
        try:
            with open_file(path.parent, path.name) as file:
                times[path] = float(_dataset(file, "time", dimensions=1)[0])
        except RunError as error:
            log.warning("left out: %s", error)
    return dict(sorted(times.items(), key=lambda item: item[1]))


def read_dispersion(path: Path) -> Dispersion:
    """Reads what `nuvlasov dispersion` wrote, a file or the directory that holds it; throws RunError."""
    run, name = (path.parent, path.name) if path.is_file() else (path, DISPERSION_FILE)
    with open_file(run, name) as file:
        fields = [field for field in Dispersion.__dataclass_fields__ if field != "pair"]
        names = {field: "box_mode" if field == "box_number" else field for field in fields}
        columns = {field: _dataset(file, dataset, dimensions=1)[:] for field, dataset in names.items()}
        pair = text_of(file.attrs.get("flavors", ""))
    for boxed in (False, True):
        if len({column.size for field, column in columns.items() if field.startswith("box_") == boxed}) > 1:
            raise RunError(
                f"{run / name}: wave numbers, growth rates and frequencies are not equally many; "
                "run `nuvlasov dispersion` again"
            )
    if columns["wave_number"].size < MINIMUM_RECORDS:
        raise RunError(f"{run / name}: fewer than {MINIMUM_RECORDS} wave numbers; run `nuvlasov dispersion` again")
    return Dispersion(**columns, pair=pair)


def read_scaling(paths: Sequence[Path]) -> Scaling:
    """Reads what `nuvlasov-scaling` wrote, of one input by jobs of several sizes; throws RunError."""
    names = {
        "weak": "weak_scaling",
        "step": "step_max",
        "spread": "step_spread",
        "predicted": "predicted_step",
    } | {name: name for name in ("ranks", "nodes", "nodes_per_rank", "right_hand_sides", "triad")}
    columns: dict[str, list[np.ndarray]] = {name: [] for name in (*names, *SCALING_PHASES)}
    configs = set()
    for path in paths:
        with open_file(path.parent, path.name) as file:
            for field, dataset in (names | {phase: f"{phase}_max" for phase in SCALING_PHASES}).items():
                columns[field].append(_dataset(file, dataset, dimensions=1)[:])
            configs.add(text_of(file.attrs.get("config", "")))
    if len(configs) > 1:
        raise RunError(
            f"{', '.join(map(str, paths))}: measurements of different inputs; give files of one input at a time"
        )
    joined = {name: np.concatenate(parts) for name, parts in columns.items()}
    order = np.argsort(joined["ranks"], kind="stable")
    joined = {name: column[order] for name, column in joined.items()}
    joined["weak"] = joined["weak"] > 0.0
    return Scaling(phases={phase: joined.pop(phase) for phase in SCALING_PHASES}, **joined)


def equation_mode(config: str) -> str:
    """`mode` under [equation] of a resolved configuration (TOML), or "unknown"."""
    try:
        mode = tomllib.loads(config)["equation"]["mode"]
    except (tomllib.TOMLDecodeError, KeyError, TypeError):
        return "unknown"
    return mode if mode in ("full", "standard") else "unknown"


def _flat_config(path: Path, config: str) -> dict[str, object]:
    """The values of a resolved configuration (TOML) by dotted key; throws RunError."""

    def flatten(table: dict[str, object], prefix: str) -> Iterator[tuple[str, object]]:
        for name, value in table.items():
            if isinstance(value, dict):
                yield from flatten(value, f"{prefix}{name}.")
            else:
                yield f"{prefix}{name}", value

    try:
        return dict(flatten(tomllib.loads(config), ""))
    except tomllib.TOMLDecodeError as error:
        raise RunError(f"{path}: its configuration cannot be read ({error}); run again") from error


def open_hdf5(path: Path) -> h5py.File:
    """Opens a file for reading, without a lock that could stop a running solver from writing it."""
    try:
        return h5py.File(path, "r", locking=False)
    except OSError as error:
        if "locking flag" not in str(error):
            raise
        return h5py.File(path, "r")  # this process has it open already, with a lock


def check_directory(run: Path) -> None:
    """Throws RunError where there is no directory."""
    if not run.exists():
        raise RunError(f"{run}: no such directory; give the directory that nuvlasov wrote ([output] directory)")
    if not run.is_dir():
        raise RunError(f"{run}: not a directory; give the run directory that holds {HISTORY_FILE}")


@contextmanager
def open_file(run: Path, name: str) -> Iterator[h5py.File]:
    """Opens RUN/name for reading; throws RunError, also for what fails while it is open."""
    path = run / name
    check_directory(run)
    if not path.exists():
        raise RunError(
            f"{path}: no such file; check that {run} is a run directory, and that its run has written {name}"
        )
    if path.is_file() and path.stat().st_size == 0:
        raise RunError(f"{path}: the file is empty; resume the run, or start it again")
    try:
        with open_hdf5(path) as file:
            yield file
    except (OSError, RuntimeError, KeyError) as error:
        reason = " ".join(str(error).split())
        raise RunError(
            f"{path}: cannot be read as HDF5 ({reason}); if the run is still writing it, try again in a moment, "
            "else resume the run"
        ) from error


def _dataset(file: h5py.File, name: str, dimensions: int) -> h5py.Dataset:
    """The dataset `name`, checked to have that many dimensions."""
    dataset = file.get(name)
    if not isinstance(dataset, h5py.Dataset) or dataset.ndim != dimensions:
        version = text_of(file.attrs.get("version", "unknown"))
        raise RunError(
            f"{file.filename}: no {dimensions}-dimensional dataset '{name}' (written by nuvlasov version {version}); "
            "run again with this version of nuvlasov"
        )
    return dataset


def _number(file: h5py.File, name: str) -> float:
    """An attribute; throws RunError."""
    if name not in file.attrs:
        raise RunError(f"{file.filename}: no attribute '{name}'; run again with this version of nuvlasov")
    return float(file.attrs[name])


def coordinate(file: h5py.File, name: str) -> np.ndarray:
    """A one-dimensional dataset; throws RunError."""
    return _dataset(file, name, dimensions=1)[:]


def _components(file: h5py.File) -> list[str]:
    return [text_of(label) for label in _dataset(file, "component", dimensions=1)[:]]


def read_algebra(file: h5py.File) -> Algebra:
    """That of the components of a file; throws RunError."""
    names = _components(file)
    algebra = algebra_of(names)
    if algebra is None:
        known = " or ".join(", ".join(algebra.components) for algebra in ALGEBRAS)
        raise RunError(
            f"{file.filename}: its components are {', '.join(names)}, not {known}; run again with this version of "
            "nuvlasov"
        )
    return algebra


def complete_records(path: Path, time: np.ndarray, *lengths: int, least: int = MINIMUM_RECORDS) -> int:
    """Number of leading records that every dataset has and whose times are finite and increase.

    An interrupted run can leave the last record half written; what is left out is logged. Throws RunError where
    there are fewer than `least`.
    """
    longest, shortest = max(time.size, *lengths), min(time.size, *lengths)
    time = time[:shortest]
    valid = np.isfinite(time)
    valid[1:] &= time[1:] > time[:-1]
    records = shortest if valid.all() else int(np.argmin(valid))
    if records < least:
        raise RunError(
            f"{path}: {records} complete record{'s' * (records != 1)}, at least {least} are needed; "
            "let the run go on, or lower its output interval"
        )
    if records < longest:
        log.warning("%s: using the first %d of %d records, the next is incomplete", path, records, longest)
    return records


def text_of(value: object) -> str:
    """A string attribute or label, which HDF5 returns as str, bytes or an array of one of them."""
    first = np.ravel(np.asarray(value, dtype=object))[0]
    return first.decode("utf-8", errors="replace") if isinstance(first, bytes) else str(first)
