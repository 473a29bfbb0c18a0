"""Sliced 2-Wasserstein distance, the mean of exact 1-D distances (Rabin et al. 2012; Bonneel et al.
2015).

    SW2^2(G, Y) = mean over unit vectors v of W2^2(v.G, v.Y)
    W2^2(a, b) = integral over u in [0, 1] of (F_a^-1(u) - F_b^-1(u))^2

F^-1 is the quantile function.
"""

import numpy as np

from memctl.metrics.claims import UNLIKE_THE_DATA
from memctl.metrics.equal_sets import EqualSets, read
from memctl.metrics.measure import Floats
from memctl.metrics.metric import Metric
from memctl.metrics.sides import Sides

DIRECTIONS = 200


def directions(width: int, rng: np.random.Generator, count: int = DIRECTIONS) -> Floats:
    """Random unit vectors, uniform on the sphere, shape (count, width); the same for every cell of
    a sweep.
    """
    v = rng.normal(size=(count, width))
    return v / np.linalg.norm(v, axis=1, keepdims=True)


def squared_w2(a: Floats, b: Floats) -> Floats:
    """W2^2 of each column of a, shape (m, P), and of b, shape (n, P): shape (P,)."""
    a, b = np.sort(a, axis=0), np.sort(b, axis=0)
    m, n = len(a), len(b)
    # Both quantile functions are steps; they jump at multiples of 1/m and 1/n, which in units of
    # 1/(m n) are whole numbers.
    ends = np.union1d(np.arange(1, m + 1) * n, np.arange(1, n + 1) * m)
    width = np.diff(ends, prepend=0) / (m * n)
    return width @ np.square(a[(ends - 1) // n] - b[(ends - 1) // m])


def sliced_w2(samples: Floats, reference: Floats, along: Floats) -> float:
    """SW2 of samples and reference, in units of an example's rms distance: a shift by s reads about
    rms(s).

    At least 0, no upper bound, lower is better. Biased upwards with few examples: two sets of one
    distribution are some 1.7 sd sqrt(1/m + 1/n) apart, so read it beside fresh real examples of
    equal m. Sees means and spreads along all axes, the large ones most, unlike a distance of two
    components. Projections of many values are nearly normal, so it hardly sees what is beyond two
    moments, nor detail of little variance (blur, noise), and it cannot see copying. The error by
    the choice of directions falls with the root of their number and is shared by all cells. Costs
    (m + n) D products a direction, and a sort.

    Args:
        samples: shape (m, D).
        reference: shape (n, D).
        along: `directions`, shape (P, D).
    """
    return float(np.sqrt(squared_w2(samples @ along.T, reference @ along.T).mean()))


def along(sides: Sides) -> Floats:
    """The directions for this data."""
    return directions(sides.train.shape[1], sides.rng("directions"))


def value(sets: EqualSets) -> float:
    """`sliced_w2` of samples and real examples."""
    return sliced_w2(sets.samples, sets.real, sets.sides.once(along))


SLICED_W2 = Metric(
    name="sliced_w2",
    read=read(value),
    of_sets=value,
    title="sliced Wasserstein distance to real examples",
    about="Wasserstein distance to held-out, over 200 random directions",
    range="0 up, fair its floor",
    needs=("full",),
    bad="high",
    claims=UNLIKE_THE_DATA,
)
