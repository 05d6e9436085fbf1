"""The algebra of the density matrix of N = 2 or 3 flavors, rho = P0 1/N + P.lambda/2, Eq. (4).

lambda are the Pauli matrices of two flavors, the Gell-Mann matrices of three. Components are along the last axis of an
array; all that depends on which they are is here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Algebra:
    """Names of the flavors, and of the components in the order that its functions take them in."""

    flavors: tuple[str, ...]
    components: tuple[str, ...]

    @cached_property
    def basis(self) -> np.ndarray:
        """The matrices that components multiply, [component, flavor, flavor]: 1/N, and lambda/2.

        Those of n flavors are those of n - 1, the coherence of the last with each other, and its diagonal one.
        """
        n = len(self.flavors)
        matrices = [np.eye(n, dtype=complex) / n]
        for b in range(1, n):
            for a in range(b):
                for element in (0.5, -0.5j):
                    matrix = np.zeros((n, n), dtype=complex)
                    matrix[a, b], matrix[b, a] = element, np.conj(element)
                    matrices.append(matrix)
            behind = np.where(np.arange(n) < b, 1.0, np.where(np.arange(n) == b, -float(b), 0.0))
            matrices.append(np.diag(behind / np.sqrt(2.0 * b * (b + 1.0))).astype(complex))
        return np.array(matrices)

    @property
    def pairs(self) -> dict[str, tuple[int, int]]:
        """Two flavors each, the first before the second, by name: "e_mu"."""
        short = [name.removeprefix("nu_") for name in self.flavors]
        return {f"{short[a]}_{short[b]}": (a, b) for a in range(len(short)) for b in range(a + 1, len(short))}

    def between(self, pair: str) -> int:
        """The first of the two components of the coherence of a pair (a, b): P_c + i P_c+1 = 2 rho_ba."""
        a, b = self.pairs[pair]
        return int(np.flatnonzero(self.basis[:, b, a])[0])

    def coherence(self, p: np.ndarray, pair: str) -> np.ndarray:
        """2 rho_ba of a pair (a, b)."""
        c = self.between(pair)
        return p[..., c] + 1j * p[..., c + 1]

    def occupations(self, p: np.ndarray) -> np.ndarray:
        """The diagonal of rho, [..., flavor]."""
        return p @ np.einsum("cff->cf", self.basis.real)

    def eigenvalues(self, p: np.ndarray) -> np.ndarray:
        """Of rho, in rising order, [..., flavor]; NaN where rho is not finite."""
        if len(self.flavors) == 2:  # as np.linalg has them, in less than a tenth of the time
            length = np.sqrt((p[..., 1:] ** 2).sum(axis=-1, keepdims=True))
            return 0.5 * (p[..., :1] + length * [-1.0, 1.0])
        finite = np.isfinite(p).all(axis=-1, keepdims=True)
        found = np.linalg.eigvalsh(np.tensordot(np.where(finite, p, 0.0), self.basis, axes=1))
        return np.where(finite, found, np.nan)

    def purity(self, p: np.ndarray) -> np.ndarray:
        """|P|, as a fraction of what it is at most where P0 = 1 and no occupation is negative."""
        n = len(self.flavors)
        return np.sqrt(n / (2.0 * (n - 1.0)) * (p[..., 1:] ** 2).sum(axis=-1))

    def precession(self, omega: np.ndarray, p: np.ndarray) -> np.ndarray:
        """i [rho, Omega], of which only the trace-free parts matter: f_abc Omega_a P_b, Eq. (6b)."""
        rate = np.zeros(np.broadcast_shapes(omega.shape, p.shape))
        for a, b, c in np.argwhere(self._structure_constants):
            rate[..., c] += self._structure_constants[a, b, c] * omega[..., a] * p[..., b]
        return rate

    def refractive_energies(self, products: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """U_osc and U_non of products of components: 1/4 sum_a P_a P_a', (1 + 1/N)/2 P0 P0'."""
        return 0.25 * products[..., 1:].sum(axis=-1), 0.5 * (1.0 + 1.0 / len(self.flavors)) * products[..., 0]

    @cached_property
    def _structure_constants(self) -> np.ndarray:
        """f_abc with [lambda_a, lambda_b] = 2i f_abc lambda_c; none of component 0, whose matrix commutes."""
        products = np.einsum("aij,bjk,cki->abc", self.basis, self.basis, self.basis)
        f = 2.0 * (products - products.transpose(1, 0, 2)).imag
        return np.where(np.abs(f) > 1e-15, f, 0.0)  # others are of rounding


TWO_FLAVORS = Algebra(("nu_e", "nu_x"), ("P0", "Px", "Py", "Pz"))
THREE_FLAVORS = Algebra(("nu_e", "nu_mu", "nu_tau"), tuple(f"P{a}" for a in range(9)))
ALGEBRAS = (TWO_FLAVORS, THREE_FLAVORS)


def algebra_of(components: Sequence[str]) -> Algebra | None:
    """The algebra that has components of these names, in any order."""
    return next((algebra for algebra in ALGEBRAS if set(algebra.components) == set(components)), None)
