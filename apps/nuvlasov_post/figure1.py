"""Fig. 1 of Fiorillo, Raffelt and Sigl (2024): flavor content in space and time, and oscillation energy."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from nuvlasov_post.maps import Map, draw_over_space_time, others_content, space_time_map
from nuvlasov_post.run import History, Profiles
from nuvlasov_post.style import BLUE, COLUMN_WIDTH, GREY, TIME_LABEL, journal_style

FIGURE_NAME = "figure1"
BEAM_DIRECTION = 1.0  # v of the beam that the upper panel shows


def flavor_content(profiles: Profiles) -> Map:
    """The share of all flavors but nu_e in the beam over (t, z); throws RunError."""
    return space_time_map(profiles, others_content(profiles.algebra), BEAM_DIRECTION)


def oscillation_energy_ratio(history: History) -> np.ndarray:
    """U_osc(t)/U_osc(0), shape [time]; U_osc itself, in mu, where U_osc(0) is zero."""
    return history.u_osc if history.starts_without_u_osc else history.u_osc / history.u_osc[0]


@journal_style
def draw_figure1(history: History, content: Map) -> Figure:
    """Upper panel: flavor content of the beam over (t, z). Lower panel: U_osc(t)/U_osc(0)."""
    figure = Figure(figsize=(COLUMN_WIDTH, 3.6))
    upper, lower = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [1.6, 1.0]})

    title = f"{content.quantity.label} of the beam {content.of}"
    draw_over_space_time(upper, content, title)
    lower.axhline(0.0, color=GREY, linewidth=0.6)
    lower.plot(history.time, oscillation_energy_ratio(history), color=BLUE)
    lower.set_ylabel(
        r"$U_\mathrm{osc}(t)\;(\mu)$" if history.starts_without_u_osc else r"$U_\mathrm{osc}(t)/U_\mathrm{osc}(0)$"
    )
    lower.set_xlabel(TIME_LABEL)
    lower.set_xlim(min(history.time[0], content.time[0]), max(history.time[-1], content.time[-1]))
    figure.align_ylabels()
    return figure


def figure1_result(history: History, content: Map) -> str:
    """One line: the largest flavor content, and how far U_osc goes from its initial value."""
    ratio = oscillation_energy_ratio(history)
    farthest = int(np.nanargmax(np.abs(ratio - ratio[0])))
    quantity = "U_osc (mu)" if history.starts_without_u_osc else "U_osc(t)/U_osc(0)"
    return (
        f"{quantity} goes from {ratio[0]:.3g} as far as {ratio[farthest]:.3g}, at t = {history.time[farthest]:.6g}; "
        f"largest {content.name.replace('_content', ' content')} "
        f"{np.max(content.values, initial=0.0, where=np.isfinite(content.values)):.3g}"
    )
