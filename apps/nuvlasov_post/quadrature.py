"""Integrals over time of what is known at the records of a run."""

from __future__ import annotations

import numpy as np

MOST_POINTS = 4  # of the polynomial through the records around an interval


def integral(time: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """int rate dt from the first record on, shape [time, ...] as the rate's.

    Each interval by the cubic through the four records around it, whose spacing need not be even: of fourth order.
    """
    points = min(MOST_POINTS, time.size)
    first = np.clip(np.arange(time.size - 1) - 1, 0, time.size - points)
    window = first[:, None] + np.arange(points)
    half, middle = 0.5 * np.diff(time), 0.5 * (time[1:] + time[:-1])
    # Gauss and Legendre's two points are exact for a cubic.
    weights = sum(
        half[:, None] * _interpolation(time[window], middle + node * half) for node in (-(3.0**-0.5), 3.0**-0.5)
    )
    steps = np.einsum("np,np...->n...", weights, rate[window])
    return np.concatenate((np.zeros_like(rate[:1]), np.cumsum(steps, axis=0)))


def _interpolation(nodes: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Weights [n, point] of Lagrange's polynomials on the nodes [n, point], at one place [n] each."""
    weights = np.ones_like(nodes)
    for i in range(nodes.shape[1]):
        for j in range(nodes.shape[1]):
            if i != j:
                weights[:, i] *= (at - nodes[:, j]) / (nodes[:, i] - nodes[:, j])
    return weights
