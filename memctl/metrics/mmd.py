"""Maximum mean discrepancy, squared, by the unbiased U-statistic (Gretton et al. 2012), and KID,
which is its polynomial case.

    MMD^2(G, Y) = E k(g, g') + E k(y, y') - 2 E k(g, y)     (no example is paired with itself)

0 in expectation for equal distributions, also below 0 by chance; higher is farther apart. Of more
than LIMIT examples a side, a fixed random LIMIT count. Copying looks like the best of models:
against train it reads below 0, for copies meet themselves there.
"""

from collections.abc import Callable

import numpy as np
import scipy
from scipy.spatial.distance import squareform

from memctl.metrics.claims import UNLIKE_THE_DATA
from memctl.metrics.comparison import Comparison
from memctl.metrics.distance import distances
from memctl.metrics.equal_sets import equal_sets
from memctl.metrics.measure import Floats, Measure
from memctl.metrics.metric import Metric
from memctl.metrics.sides import Sides
from memctl.metrics.subsample import subsample

Kernel = Callable[[Floats, Floats], Floats]


def polynomial(a: Floats, b: Floats) -> Floats:
    """(a.b / D + 1)^3 of all pairs: the kernel of KID."""
    return (a @ b.T / a.shape[1] + 1) ** 3


def rbf(bandwidth: float) -> Kernel:
    """exp(-d^2 / (2 bandwidth^2)), d the rms distance."""
    return lambda a, b: np.exp(-distances(a, b, "mse") / (2 * bandwidth**2))


def median_bandwidth(train: Floats) -> float:
    """The median rms distance between two different training examples: one bandwidth for all cells,
    so that these compare.

    Where most examples are equal it is 0, and no bandwidth.
    """
    some = subsample(train)
    return float(np.median(squareform(distances(some, some), checks=False)))


def mmd2(samples: Floats, reference: Floats, kernel: Kernel) -> float:
    """The U-statistic of two sets as they are, two examples or more each; costs (m + n)^2 kernel
    values.
    """
    within = [kernel(side, side) for side in (samples, reference)]
    means = [(k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)) for k in within]
    return float(sum(means) - 2 * kernel(samples, reference).mean())


def subset_error(
    samples: Floats, reference: Floats, kernel: Kernel, rng: np.random.Generator, subsets: int = 10
) -> float:
    """The standard error of MMD^2 from disjoint random subsets: their standard deviation /
    sqrt(subsets).

    Subsets that overlap, as in KID's usual 100 of 1000, are not independent, and the same rule
    would give an error too small. Of disjoint ones it is the error of their mean; that of the
    U-statistic of all examples is smaller (Hoeffding 1948), for equal distributions by the root of
    `subsets`. So it is on the safe side.
    """
    parts = [np.array_split(rng.permutation(len(side)), subsets) for side in (samples, reference)]
    each = [mmd2(samples[a], reference[b], kernel) for a, b in zip(*parts, strict=True)]
    return float(np.std(each, ddof=1) / np.sqrt(subsets))


def estimate(
    samples: Floats, reference: Floats, kernel: Kernel, rng: np.random.Generator, subsets: int
) -> Measure:
    """MMD^2 with a 95 % interval: Student's t of `subset_error`."""
    samples, reference = subsample(samples), subsample(reference)
    value = mmd2(samples, reference, kernel)
    subsets = min(subsets, len(samples) // 2, len(reference) // 2)
    quantile = scipy.stats.t.ppf(0.975, subsets - 1)
    reach = subset_error(samples, reference, kernel, rng, subsets) * quantile
    return Measure(value, float(value - reach), float(value + reach))


def kid(samples: Floats, reference: Floats, rng: np.random.Generator, subsets: int = 10) -> Measure:
    """Kernel Inception distance, of any features: MMD^2 with the kernel (a.b / D + 1)^3.

    No upper bound, lower is better; the unit is the features' own, and the origin matters
    (standardise alike everywhere). The kernel compares moments up to the third, so it cannot see
    what differs beyond, and it cannot see copying. Costs 3.3 LIMIT^2 products of examples at most.
    Source: Binkowski et al. 2018 (arXiv 1801.01401).

    Args:
        samples: shape (m, D), and `reference`, shape (n, D): at least four examples each.
        subsets: Fewer where one would have less than two examples.
    """
    return estimate(samples, reference, polynomial, rng, subsets)


def mmd_rbf(
    samples: Floats,
    reference: Floats,
    bandwidth: float,
    rng: np.random.Generator,
    subsets: int = 10,
) -> Measure:
    """MMD^2 with the Gaussian kernel.

    Up to 2, lower is better. Sees every difference of distribution with enough examples, best those
    at the scale of the bandwidth: at the median distance that is the whole cloud, and fine detail
    (noise, blur of few values, copying) hardly counts. The cost is KID's.
    Source: Gretton et al. 2012 (JMLR 13).

    Args:
        samples: shape (m, D), and `reference`, shape (n, D): at least four examples each.
        subsets: Fewer where one would have less than two examples.
        bandwidth: `median_bandwidth` of the training examples.
    """
    return estimate(samples, reference, rbf(bandwidth), rng, subsets)


def bandwidth(sides: Sides) -> float:
    """That of the training examples."""
    return median_bandwidth(sides.train) or 1.0


def read_kid(c: Comparison) -> Measure | None:
    """`kid` of a comparison's sets of equal size."""
    sets = c.once(equal_sets)
    return None if sets is None else kid(sets.samples, sets.real, c.rng("kid"))


def read_mmd(c: Comparison) -> Measure | None:
    """`mmd_rbf` of a comparison's sets of equal size."""
    sets = c.once(equal_sets)
    if sets is None:
        return None
    return mmd_rbf(sets.samples, sets.real, c.sides.once(bandwidth), c.rng("mmd"))


KID = Metric(
    name="kid",
    read=read_kid,
    of_sets=lambda sets: mmd2(sets.samples, sets.real, polynomial),
    title="MMD^2 to real examples, cubic kernel",
    about="kernel Inception distance of the values themselves, to as many held-out examples",
    range="about 0 up, fair 0",
    needs=("full",),
    bad="high",
    claims=UNLIKE_THE_DATA,
    studied=True,
)
MMD = Metric(
    name="mmd",
    read=read_mmd,
    of_sets=lambda sets: mmd2(sets.samples, sets.real, rbf(sets.sides.once(bandwidth))),
    title="MMD^2 to real examples, Gaussian kernel",
    about="the same with a Gaussian kernel as wide as training examples are apart",
    range="about 0 to 2, fair 0",
    needs=("full",),
    bad="high",
    claims=UNLIKE_THE_DATA,
)
