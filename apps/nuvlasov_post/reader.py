"""A run as xarray datasets, read when values are asked for.

Files are opened for each access alone and without a lock, so that a run that goes on is not in the way, nor in its.
"""

from __future__ import annotations

import importlib.util
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import h5py
import numpy as np
import xarray
from xarray.backends import BackendArray
from xarray.core import indexing

from nuvlasov_post.run import (
    HISTORY_FILE,
    PROFILES_FILE,
    RunError,
    complete_records,
    open_file,
    open_hdf5,
    snapshot_times,
    text_of,
)

TIME = "time"
STEP = "step"
DIMENSION_ATTRIBUTES = {"CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST", "_Netcdf4Dimid", "_Netcdf4Coordinates"}


@dataclass(frozen=True)
class Run:
    """The directory of a run. Each dataset has the attributes of its files, and is read lazily."""

    path: Path

    @cached_property
    def config(self) -> dict[str, object]:
        """The resolved configuration, as in config.toml."""
        return tomllib.loads(str(self.history.attrs["config"]))

    @property
    def history(self) -> xarray.Dataset:
        """history.h5: a variable [time] for each column."""
        return _file_dataset(self.path, HISTORY_FILE)

    @property
    def profiles(self) -> xarray.Dataset:
        """profiles.h5: marginals of the density matrix against time."""
        return _file_dataset(self.path, PROFILES_FILE)

    @property
    def snapshots(self) -> xarray.Dataset:
        """All snapshots along `time`: rho [time, z, energy, angle, component], and other fields. With dask, one chunk
        each."""
        times = snapshot_times(self.path)
        if not times:
            raise RunError(f"{self.path}: no snapshots; give the run an output.snapshot_interval")
        dataset = _stacked_dataset(times)
        return dataset.chunk({TIME: 1}) if _has_dask() else dataset


def open_run(path: str | Path) -> Run:
    """The run in a directory; throws RunError where there is none."""
    run = Path(path)
    with open_file(run, HISTORY_FILE):
        return Run(run)


class LazyStack(BackendArray):
    """One dataset of several files of the same shape, along a new first axis; or of one file, without that axis."""

    def __init__(self, paths: tuple[Path, ...], dataset: h5py.Dataset, stacked: bool) -> None:
        self.paths = paths
        self.name = dataset.name
        self.shape = (len(paths), *dataset.shape) if stacked else dataset.shape
        self.dtype = dataset.dtype
        self.stacked = stacked

    def __getitem__(self, key: indexing.ExplicitIndexer) -> np.ndarray:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER_1VECTOR, self._read)

    def _read(self, key: tuple[int | slice | np.ndarray, ...]) -> np.ndarray:
        if not self.stacked:
            return self._read_file(self.paths[0], key)
        chosen = np.arange(len(self.paths))[key[0]]
        if chosen.ndim == 0:
            return self._read_file(self.paths[chosen], key[1:])
        parts = [self._read_file(self.paths[n], key[1:]) for n in chosen]
        if parts:
            return np.stack(parts)
        return self._read_file(self.paths[0], key[1:])[np.newaxis][:0]

    def _read_file(self, path: Path, key: tuple[int | slice | np.ndarray, ...]) -> np.ndarray:
        with open_hdf5(path) as file:
            return file[self.name][key]


def _file_dataset(run: Path, name: str) -> xarray.Dataset:
    """One file, up to the last record that is complete; coordinates are read, variables wait."""
    with open_file(run, name) as file:
        path = Path(file.filename)
        dimensions = {variable: _dimensions(file[variable]) for variable in file}
        lengths = (file[variable].shape[0] for variable, of in dimensions.items() if of[:1] == (TIME,))
        records = complete_records(path, file[TIME][:], *lengths, least=0)
        variables = {variable: _variable((path,), file[variable], of) for variable, of in dimensions.items()}
        dataset = xarray.Dataset(
            {name: part[:records] if part.dims[:1] == (TIME,) else part for name, part in variables.items()},
            attrs=_attributes(file),
        )
    return dataset


def _stacked_dataset(times: Mapping[Path, float]) -> xarray.Dataset:
    """The fields that all snapshots have, along time; what is the same in all of them from the first."""
    paths = tuple(times)
    names = [set(_names(path)) for path in paths]
    with open_file(paths[0].parent, paths[0].name) as file:
        variables = {
            name: _variable(paths, file[name], _dimensions(file[name]))
            for name in file
            if name != TIME and all(name in there for there in names)
        }
        variables[TIME] = xarray.Variable((TIME,), np.array(list(times.values())), _attributes(file[TIME]))
        attributes = _attributes(file)
    attributes.pop(STEP, None)  # of the first alone
    return xarray.Dataset(variables, attrs=attributes)


def _names(path: Path) -> list[str]:
    with open_file(path.parent, path.name) as file:
        return list(file)


def _variable(paths: tuple[Path, ...], dataset: h5py.Dataset, dimensions: tuple[str, ...]) -> xarray.Variable:
    """A variable that waits to be read; several files are stacked where they hold a field. Short ones are read."""
    name = dataset.name.removeprefix("/")
    stacked = len(paths) > 1 or dimensions[:1] != (TIME,)
    if len(dimensions) == 1 and (stacked or dimensions == (name,)):
        return xarray.Variable(dimensions, _values(dataset), _attributes(dataset))
    lazy = indexing.LazilyIndexedArray(LazyStack(paths, dataset, stacked))
    return xarray.Variable((TIME, *dimensions) if stacked else dimensions, lazy, _attributes(dataset))


def _dimensions(dataset: h5py.Dataset) -> tuple[str, ...]:
    """Names of the dimension scales."""
    if h5py.h5ds.is_scale(dataset.id):
        return (dataset.name.removeprefix("/"),)
    return tuple(dimension[0].name.removeprefix("/") for dimension in dataset.dims)


def _values(dataset: h5py.Dataset) -> np.ndarray:
    return np.array([text_of(label) for label in dataset[:]]) if dataset.dtype.kind in "OS" else dataset[:]


def _attributes(item: h5py.Dataset | h5py.File) -> dict[str, object]:
    """Without those by which HDF5 and netCDF keep dimensions."""
    return {
        name: text_of(value) if isinstance(value, (str, bytes)) else value
        for name, value in item.attrs.items()
        if name not in DIMENSION_ATTRIBUTES
    }


def _has_dask() -> bool:
    return importlib.util.find_spec("dask") is not None
