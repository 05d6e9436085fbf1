"""The look of the figures, and how they reach the disk."""

from __future__ import annotations

from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

COLUMN_WIDTH = 3.4  # inches, one column of a two-column journal

# Okabe and Ito's palette, distinguishable with every common colour blindness.
BLACK = "#000000"
BLUE = "#0072B2"
VERMILLION = "#D55E00"
GREEN = "#009E73"
PURPLE = "#CC79A7"
GREY = "#999999"

RC = {
    "font.family": "STIXGeneral",
    "mathtext.fontset": "stix",
    "font.size": 9,
    "axes.labelsize": 9,
    "figure.titlesize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "legend.handlelength": 1.6,
    "legend.handletextpad": 0.5,
    "legend.columnspacing": 1.2,
    "legend.borderaxespad": 0.2,
    "lines.linewidth": 1.2,
    "axes.linewidth": 0.6,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "figure.constrained_layout.use": True,
    "savefig.dpi": 300,
    "pdf.fonttype": 42,
}

TIME_LABEL = r"$t\;(\mu^{-1})$"

journal_style = matplotlib.rc_context(RC)


@journal_style
def save_figure(figure: Figure, path: Path) -> None:
    """Writes the figure in the format of the suffix, the same bytes for the same data."""
    figure.savefig(path, metadata={"CreationDate": None} if path.suffix == ".pdf" else None)
