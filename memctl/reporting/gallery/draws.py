"""Draws of t by ranges, and the test that they come from a distribution."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from memctl.samplers.base import Floats


@dataclass(frozen=True)
class Draws:
    """How often t fell into the ranges (edges[i], edges[i + 1]].

    Attributes:
        edges: Whole numbers from 0 to T, shape (n + 1,). counts: shape (n,).
    """

    edges: NDArray[np.int64]
    counts: Floats

    @property
    def n(self) -> int:
        return round(float(self.counts.sum()))

    def coarse(self, ranges: int) -> "Draws":
        """The same over about as many equal ranges, or as they are where they are no finer."""
        if len(self.counts) <= ranges:
            return self
        edges = np.linspace(0, self.edges[-1], ranges + 1).round().astype(np.int64)
        return Draws(edges, np.add.reduceat(self.counts, np.searchsorted(self.edges, edges[:-1])))


def chi2_p(counts: Floats, expected: Floats) -> float | None:
    """The chi-square test's p that counts come from the expected ones, both of shape (n,).

    Neighbours are pooled until 5 are expected, which the test's approximation needs. None where a
    single bin is left.
    """
    if counts[expected == 0].any():
        return 0.0
    bins = [[0.0, 0.0]]
    for count, due in zip(counts.tolist(), expected.tolist(), strict=True):
        if bins[-1][1] >= 5:
            bins.append([0.0, 0.0])
        bins[-1] = [bins[-1][0] + count, bins[-1][1] + due]
    if len(bins) > 1 and bins[-1][1] < 5:
        last = bins.pop()
        bins[-1] = [bins[-1][0] + last[0], bins[-1][1] + last[1]]
    if len(bins) == 1:
        return None
    observed, due = np.asarray(bins).T
    return float(chdtrc(len(bins) - 1, float(((observed - due) ** 2 / due).sum())))
