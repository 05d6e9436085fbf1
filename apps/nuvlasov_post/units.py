"""Physical units of what nuvlasov wrote: one multiplication by what each dataset says of itself.

An input with a section [units] makes a run label its datasets with `physical_units`, such as "meV cm-2", and
`physical_factor`, which takes the numbers there. Works for datasets of h5py and variables of xarray alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

UNITS = "physical_units"
FACTOR = "physical_factor"


class NoPhysicalUnits(Exception):
    """A dataset that a density alone gives no physical unit; the message says why."""


@dataclass(frozen=True)
class Physical:
    """Numbers, their unit, and what they are: an axis of a figure."""

    values: np.ndarray
    units: str
    long_name: str

    @property
    def label(self) -> str:
        return self.long_name if self.units == "1" else f"{self.long_name} ({self.units})"


def has_physical_units(dataset: Any) -> bool:
    return UNITS in dataset.attrs and FACTOR in dataset.attrs


def physical(dataset: Any) -> Physical:
    """A dataset in physical units; throws NoPhysicalUnits."""
    if not has_physical_units(dataset):
        raise NoPhysicalUnits(
            f"{dataset.name} has no physical units: either the run's input gives no units.neutrino_density or "
            "units.temperature, or it is one of those that depend on how many states a node stands for as well, such "
            "as purity and entropy"
        )
    values = np.asarray(dataset[...]) * float(dataset.attrs[FACTOR])
    return Physical(values, _text(dataset.attrs[UNITS]), _text(dataset.attrs.get("long_name", dataset.name)))


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
