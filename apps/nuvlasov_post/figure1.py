"""Fig. 1 of Fiorillo, Raffelt and Sigl (2024): flavor content in space and time, and oscillation energy."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from nuvlasov_post.maps import draw_over_space_time
from nuvlasov_post.run import BeamProfile, History
from nuvlasov_post.style import BLUE, COLUMN_WIDTH, GREY, TIME_LABEL, journal_style, signed

FIGURE_NAME = "figure1"
BEAM_DIRECTION = 1.0  # v of the beam that the upper panel shows


def nu_x_content(profile: BeamProfile) -> np.ndarray:
    """(P0 - Pz)/(2 P0), shape [time, z]; NaN where the beam holds no neutrinos."""
    content = np.full(profile.p0.shape, np.nan)
    np.divide(profile.p0 - profile.pz, 2.0 * profile.p0, out=content, where=profile.p0 > 0.0)
    return content


def oscillation_energy_ratio(history: History) -> np.ndarray:
    """U_osc(t)/U_osc(0), shape [time]; U_osc itself, in mu, where U_osc(0) is zero."""
    return history.u_osc if history.starts_without_u_osc else history.u_osc / history.u_osc[0]


@journal_style
def draw_figure1(history: History, profile: BeamProfile) -> Figure:
    """Upper panel: nu_x content of the beam over (t, z). Lower panel: U_osc(t)/U_osc(0)."""
    figure = Figure(figsize=(COLUMN_WIDTH, 3.6))
    upper, lower = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [1.6, 1.0]})

    title = rf"$\nu_x$ content of the beam $v$ = {signed(profile.direction)}"
    draw_over_space_time(upper, profile.time, profile.z, nu_x_content(profile), "nu_x_content", title)
    lower.axhline(0.0, color=GREY, linewidth=0.6)
    lower.plot(history.time, oscillation_energy_ratio(history), color=BLUE)
    lower.set_ylabel(
        r"$U_\mathrm{osc}(t)\;(\mu)$" if history.starts_without_u_osc else r"$U_\mathrm{osc}(t)/U_\mathrm{osc}(0)$"
    )
    lower.set_xlabel(TIME_LABEL)
    lower.set_xlim(min(history.time[0], profile.time[0]), max(history.time[-1], profile.time[-1]))
    figure.align_ylabels()
    return figure


def figure1_result(history: History, profile: BeamProfile) -> str:
    """One line: the largest nu_x content, and how far U_osc goes from its initial value."""
    ratio = oscillation_energy_ratio(history)
    farthest = int(np.nanargmax(np.abs(ratio - ratio[0])))
    content = nu_x_content(profile)
    quantity = "U_osc (mu)" if history.starts_without_u_osc else "U_osc(t)/U_osc(0)"
    return (
        f"{quantity} goes from {ratio[0]:.3g} as far as {ratio[farthest]:.3g}, at t = {history.time[farthest]:.6g}; "
        f"largest nu_x content {np.max(content, initial=0.0, where=np.isfinite(content)):.3g}"
    )
