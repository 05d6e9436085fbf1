"""Figures, tables and xarray datasets from a run directory of nuvlasov."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nuvlasov_post.reader import Run

__version__ = "0.1.0"
__all__ = ["open_run"]


def open_run(path: str | Path) -> Run:
    """The run in a directory: history, profiles and snapshots as xarray datasets; throws RunError."""
    from nuvlasov_post import reader  # xarray takes a second to import, and the figures do without

    return reader.open_run(path)
