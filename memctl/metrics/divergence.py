"""Jensen-Shannon divergence and distance of histograms.

    JSD(p, q) = H((p + q)/2) - (H(p) + H(q))/2, in nats: between 0 and log 2 (Lin 1991); the
    distance is its square root.

Histograms have equally spaced bins over the range of the TRAINING data, the first and last open to
what lies beyond: the same bins in every cell of a sweep, so that cells can be compared. Two samples
of n and m from one distribution already differ by about (bins - 1)/8 (1/n + 1/m) nats.
"""

import numpy as np
from scipy.spatial.distance import jensenshannon

from memctl.metrics.measure import Floats


def open_edges(reference: Floats, bins: int) -> Floats:
    """Edges of `bins` bins over the range of `reference`, from -inf to inf: shape (bins + 1,)."""
    edges = np.linspace(reference.min(), reference.max(), bins + 1)
    edges[[0, -1]] = -np.inf, np.inf
    return edges


def histogram(x: Floats, edges: Floats) -> Floats:
    """Share of x in each bin: shape (bins,)."""
    counts = np.bincount(
        np.searchsorted(edges, np.ravel(x), side="right") - 1, minlength=len(edges) - 1
    )
    return counts[: len(edges) - 1] / max(np.size(x), 1)


def divergence(p: Floats, q: Floats) -> Floats:
    """JSD in nats along the last axis, of probability vectors."""
    # scipy gives the distance; rounding may leave a tiny negative under its root for equal p and q
    return np.asarray(np.nan_to_num(jensenshannon(p, q, axis=-1)) ** 2)
