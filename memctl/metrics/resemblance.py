"""Correlation of two examples: a sample and its nearest training example, or what two models made of
the same noise.

    r(a, b) = sum((a - mean(a)) (b - mean(b))) / (||a - mean(a)|| ||b - mean(b)||),   over an example's values

Range [-1, 1]; it forgives contrast and offset. Source: Kadkhodaie et al. 2024 (arXiv 2310.02557),
who find the nearest by r itself; here it is the nearest by distance, which the one pass over
distances knows.
"""

import numpy as np

from memctl.metrics.measure import Floats
from memctl.metrics.metric import DOWN, UP, Metric


def correlations(a: Floats, b: Floats) -> Floats:
    """Correlations of each example of `a` with that of `b` in its row, shapes (m, D): shape (m,); 0
    where an example is constant.
    """
    a, b = (x - x.mean(axis=1, keepdims=True) for x in (a, b))
    scale = np.sqrt(np.einsum("ij,ij->i", a, a) * np.einsum("ij,ij->i", b, b))
    return np.divide(np.einsum("ij,ij->i", a, b), scale, out=np.zeros(len(a)), where=scale > 0)


CORR_TRAIN = Metric(
    name="corr_train",
    title="correlation with the nearest training example",
    about="correlation of a sample with its nearest training example",
    range="-1 to 1, fair what held-out reads",
    needs=("full",),
    bad="high",
    claims={"copies": UP, "copies_50": UP, "noise": DOWN},
)
