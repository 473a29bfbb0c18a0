"""Vendi score: how many different examples there are, in effect (Friedman and Dieng 2023, arXiv
2210.02410).

    exp(-sum_i l_i log l_i),  l the eigenvalues of K/n,  K the similarities of n examples, 1 on the
    diagonal

From 1 (all alike) to n (nothing alike). Its value is that of the kernel and of n, so only ratios at
equal n say something.
"""

import numpy as np
from scipy.linalg import eigvalsh
from scipy.special import entr

from memctl.metrics.equal_sets import EqualSets, read
from memctl.metrics.measure import Floats
from memctl.metrics.metric import DOWN, Metric
from memctl.metrics.mmd import Kernel, bandwidth, rbf
from memctl.metrics.subsample import LIMIT, subsample


def vendi(examples: Floats, kernel: Kernel) -> float:
    """Vendi score of at most LIMIT examples.

    Range [1, n], higher is more varied. Cannot see whether the examples are real, nor whether they
    are train's: noise scores high and copies as the data. It counts a few large clusters well and
    repeats of single examples hardly. Costs n^2 kernel values and n^3.

    Args:
        examples: shape (n, D).
        kernel: `mmd.rbf` of a bandwidth: the smaller, the more examples count as different.
    """
    k = kernel(*[subsample(examples, LIMIT)] * 2)
    np.fill_diagonal(k, 1.0)  # rounding leaves some beside it
    eigenvalues = np.clip(eigvalsh(k / len(k)), 0, None)  # rounding leaves some below 0
    return float(np.exp(entr(eigenvalues).sum()))


def vendi_ratio(samples: Floats, real: Floats, kernel: Kernel) -> float:
    """Vendi score of samples over that of real examples, of as many of each, at most LIMIT.

    1 for the variety of real examples, below 1 for less (collapse, blur), above for more (noise,
    too much contrast), with `mmd.rbf` at the median distance.
    """
    n = min(len(samples), len(real), LIMIT)
    return vendi(subsample(samples, n), kernel) / vendi(subsample(real, n), kernel)


def value(sets: EqualSets) -> float:
    """`vendi_ratio` by the Gaussian kernel as wide as training examples are apart."""
    return vendi_ratio(sets.samples, sets.real, rbf(sets.sides.once(bandwidth)))


VENDI_RATIO = Metric(
    name="vendi_ratio",
    read=read(value),
    of_sets=value,
    title="variety beside that of real examples",
    about="how many different examples there are in effect, beside as many held-out ones",
    range="0 up, fair 1",
    needs=("full",),
    bad="low",
    claims={"mean": DOWN, "shrunk": DOWN},
    studied=True,
)
