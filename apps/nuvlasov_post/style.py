"""The look of the figures, and how they reach the disk."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

COLUMN_WIDTH = 3.4  # inches, one column of a two-column journal
MOST_BEAMS = 4  # directions that are shown one by one

# Okabe and Ito's palette, distinguishable with every common colour blindness.
BLACK = "#000000"
BLUE = "#0072B2"
VERMILLION = "#D55E00"
GREEN = "#009E73"
PURPLE = "#CC79A7"
ORANGE = "#E69F00"
SKY = "#56B4E9"
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
Z_LABEL = r"$z\;(\mu^{-1})$"
FLAVOR_STYLES = {
    "nu_e": (r"$\nu_e$", BLUE),
    "nu_x": (r"$\nu_x$", VERMILLION),
    "nu_mu": (r"$\nu_\mu$", VERMILLION),
    "nu_tau": (r"$\nu_\tau$", GREEN),
    "antinu_e": (r"$\bar\nu_e$", SKY),
    "antinu_x": (r"$\bar\nu_x$", ORANGE),
    "antinu_mu": (r"$\bar\nu_\mu$", ORANGE),
    "antinu_tau": (r"$\bar\nu_\tau$", PURPLE),
}

journal_style = matplotlib.rc_context(RC)


def legend_above(axes: Axes, columns: int | None = None) -> None:
    """A legend over the panel, in one row or that many columns."""
    handles, _ = axes.get_legend_handles_labels()
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncol=columns or len(handles))


def flavor_legend(axes: Axes, flavors: int) -> None:
    """A legend over the panel for two lines of each flavor, which no column parts."""
    legend_above(axes, columns=3 if flavors % 3 == 0 else 2)


def pair_symbols(pair: str) -> list[str]:
    """Of the flavors of a pair, as "e_mu"."""
    return [FLAVOR_STYLES[f"nu_{name}"][0] for name in pair.split("_")]


def widen(axes: Axes, least_span: float) -> None:
    """Makes the y axis at least so long."""
    low, high = axes.get_ylim()
    missing = 0.5 * (least_span - (high - low))
    if missing > 0.0:
        axes.set_ylim(low - missing, high + missing)


def cell_edges(nodes: np.ndarray) -> np.ndarray:
    """Edges, shape [n + 1], of the cells around n nodes: midpoints, and half a cell beyond either end."""
    if nodes.size == 1:
        return nodes + np.array([-0.5, 0.5])
    middle = 0.5 * (nodes[1:] + nodes[:-1])
    return np.concatenate(([2.0 * nodes[0] - middle[0]], middle, [2.0 * nodes[-1] - middle[-1]]))


def signed(value: float) -> str:
    """A number with its sign, and a minus that is as long as the plus."""
    return f"{value:+.3g}".replace("-", "\N{MINUS SIGN}") if value else "0"


@journal_style
def save_figure(figure: Figure, path: Path, dpi: float | None = None) -> None:
    """Writes the figure in the format of the suffix, the same bytes for the same data."""
    metadata = {"CreationDate": None} if path.suffix == ".pdf" else None
    figure.savefig(path, dpi=dpi or RC["savefig.dpi"], metadata=metadata)
