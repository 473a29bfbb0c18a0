"""Correlation of two examples: a sample and its nearest training example, or what two models made
of the same noise.

    r(a, b) = sum((a - mean(a)) (b - mean(b))) / (||a - mean(a)|| ||b - mean(b)||)

over an example's values.
Range [-1, 1]; it forgives contrast and offset. Source: Kadkhodaie et al. 2024 (arXiv 2310.02557),
who find the nearest by r itself; here it is the nearest by distance, which the one pass over
distances knows.
"""

import numpy as np

from memctl.metrics.comparison import Comparison
from memctl.metrics.means import mean_of, resampling_floor
from memctl.metrics.measure import Floats, Measure
from memctl.metrics.metric import DOWN, UP, Metric

PART = 100  # samples compared at a time, for the memory's sake


def correlations(a: Floats, b: Floats) -> Floats:
    """Correlations of each example of `a` with that of `b` in its row, shapes (m, D): shape (m,); 0
    where an example is constant.
    """
    a, b = (x - x.mean(axis=1, keepdims=True) for x in (a, b))
    scale = np.sqrt(np.einsum("ij,ij->i", a, a) * np.einsum("ij,ij->i", b, b))
    return np.divide(np.einsum("ij,ij->i", a, b), scale, out=np.zeros(len(a)), where=scale > 0)


def to_nearest(c: Comparison) -> Floats:
    """Correlation of each sample with its nearest training example, or that of its mirror image:
    shape (m,).
    """
    parts, mirrored, nearest = [], c.sides.mirrored, c.scan.near[0].nearest
    for some in np.array_split(np.arange(len(c.samples)), -(-len(c.samples) // PART)):
        examples, known = c.samples[some], c.sides.train[nearest[some]]
        both = [examples, mirrored(examples)] if mirrored else [examples]
        parts.append(np.maximum.reduce([correlations(x, known) for x in both]))
    return np.concatenate(parts)


def of_samples(c: Comparison) -> Measure | None:
    """The mean over samples; None where all are constant."""
    if not np.ptp(c.samples, axis=1).any():
        return None
    return mean_of("corr_train", lambda c: c.once(to_nearest))(c)


CORR_TRAIN = Metric(
    name="corr_train",
    read=of_samples,
    floor=resampling_floor(lambda c: c.once(to_nearest)),
    title="correlation with the nearest training example",
    about="correlation of a sample with its nearest training example",
    range="-1 to 1, fair what held-out reads",
    needs=("full",),
    bad="high",
    claims={"copies": UP, "copies_50": UP, "noise": DOWN},
)
