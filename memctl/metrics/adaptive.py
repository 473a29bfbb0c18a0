"""Samples nearer to one training example than its neighbourhood is wide."""

import numpy as np

from memctl.metrics.claims import COPIES
from memctl.metrics.comparison import Comparison
from memctl.metrics.means import share_floor
from memctl.metrics.measure import Floats, Measure, binomial
from memctl.metrics.metric import UP, Metric


def adaptive_ratio(nearest: Floats, alpha: float = 0.5) -> Floats:
    """d1 / (alpha * mean(d1, ..., dn)) of each sample: its nearest training example against the
    neighbourhood's own scale, shape (m,).

    Range [0, 1/alpha], lower is more copying. Below 1 is the natural cut: an example nearer than
    half the mean of the n nearest. But fresh examples of d intrinsic dimensions pass it with the
    chance 1 - exp(-n (alpha d/(d + 1))^d): 0.27 at d = 6, 0.02 at 10, 0 at 20 (n = 50), and more
    where clusters hold fewer than n; so read it beside held-out examples. A copy of one among few
    near duplicates still reads low, where d1/d2 is 1; among n or more it reads 1/alpha. Costs the n
    nearest distances, one pass. Cannot see lost variety; blur hides copying.
    Source: Carlini et al. 2023 (arXiv 2301.13188), n = 50.

    Args:
        nearest: Distances to the n nearest of X in increasing order, shape (m, n).
    """
    scale = alpha * nearest.mean(axis=1)
    safe = np.where(scale > 0, scale, 1.0)
    return np.where(
        scale > 0, nearest[:, 0] / safe, 1 / alpha
    )  # all 0: the nearest is as far as the others, as in `ratios`


def close(c: Comparison) -> Floats:
    """1 for each sample whose ratio is below 1, else 0: shape (m,)."""
    return (adaptive_ratio(c.scan.closest) < 1).astype(float)


def read(c: Comparison) -> Measure:
    """The share of such samples."""
    return binomial(int(close(c).sum()), len(c.samples))


ADAPTIVE_SHARE = Metric(
    name="adaptive_share",
    read=read,
    floor=share_floor(close),
    title="share of copies by the neighbourhood's scale",
    about="share of samples nearer to train than half the mean of the 50 nearest (Carlini's ratio)",
    range="0 to 1, fair what held-out reads",
    needs=("full",),
    bad="high",
    claims=COPIES | {"kde_20": UP},
)
