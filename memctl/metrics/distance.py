"""Exact distances between records, in blocks: memory does not grow with the product of both sides' sizes.

rms  = sqrt(mean((a - b)^2)),  the default (the normalised l2 of Carlini et al. 2023, arXiv 2301.13188)
mse  = mean((a - b)^2)
norm = ||a - b||_2
"""

from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist

from memctl.metrics.measure import Floats

BLOCK = 4_000_000  # distances held at once: 32 MB


def distances(a: Floats, b: Floats, reduce: str = "rms") -> Floats:
    """All distances, float64, shape (len(a), len(b)); computed from differences, so that d(x, x) is exactly 0."""
    if reduce == "mse":
        return cdist(a, b, "sqeuclidean") / a.shape[1]
    return cdist(a, b) / (np.sqrt(a.shape[1]) if reduce == "rms" else 1.0)


class Neighbours(NamedTuple):
    """One pass over the distances from each query to all references, each field of shape (len(queries),).

    Attributes:
        first, second: Distance to the nearest and the second nearest reference.
        nearest: Index of the nearest reference.
        mean: Mean distance to all references.
    """

    first: Floats
    second: Floats
    nearest: np.ndarray
    mean: Floats


def neighbours(queries: Floats, references: Floats, reduce: str = "rms", exclude_self: bool = False) -> Neighbours:
    """Nearest references and mean distances of each query; every nearest-neighbour metric is computed from this pass.

    Args:
        queries: shape (m, D).
        references: shape (n, D), n >= 2 (3 with `exclude_self`).
        exclude_self: The queries are the references, and none counts as its own neighbour.
    """
    rows = max(1, BLOCK // len(references))
    blocks = []
    for start in range(0, len(queries), rows):
        d = distances(queries[start : start + rows], references, reduce)
        if exclude_self:
            own = np.arange(len(d))
            total = d.sum(axis=1) - d[own, start + own]
            d[own, start + own] = np.inf
        else:
            total = d.sum(axis=1)
        two = np.partition(d, 1, axis=1)
        blocks.append((two[:, 0], two[:, 1], d.argmin(axis=1), total / (len(references) - exclude_self)))
    return Neighbours(*(np.concatenate(column) for column in zip(*blocks, strict=True)))
