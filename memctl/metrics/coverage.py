"""Precision, recall, density and coverage: how far two sets of examples lie in each other's
neighbourhoods.

    B(x) = the closed ball around x up to the k-th nearest other example of x's own set

    precision  a sample lies in the ball of some real example
    recall     a real example lies in the ball of some sample
    density    real balls that hold a sample, over k
    coverage   the ball of a real example holds some sample

They are of quality and variety: copies of train are the best there is against train, and score as
fresh examples or better.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from memctl.metrics import distance
from memctl.metrics.comparison import Comparison
from memctl.metrics.distance import TIE, distances
from memctl.metrics.equal_sets import EqualSets, equal_sets
from memctl.metrics.measure import Floats, Measure, mean
from memctl.metrics.metric import DOWN, Metric

K = 5


class Prdc(NamedTuple):
    """One value an example; the metric is the mean of each.

    Attributes:
        precision, density: Of each sample, shape (m,).
        recall, coverage: Of each real example, shape (n,).
    """

    precision: Floats
    recall: Floats
    density: Floats
    coverage: Floats


def blocks(examples: Floats, other: int) -> Iterator[slice]:
    """Parts of the examples whose distances to `other` examples are a block."""
    rows = max(1, distance.BLOCK // other)
    return (slice(start, start + rows) for start in range(0, len(examples), rows))


def radii(examples: Floats, k: int = K, reduce: str = "rms") -> Floats:
    """Distance from each example to its k-th nearest other example, shape (n,); n above k.

    Costs n^2 distances.
    """
    # the example itself, at exactly 0, takes the place before the first
    return np.concatenate(
        [
            np.partition(distances(examples[b], examples, reduce), k, axis=1)[:, k]
            for b in blocks(examples, len(examples))
        ]
    )


def prdc(samples: Floats, real: Floats, k: int = K, reduce: str = "rms") -> Prdc:
    """Precision, recall, density and coverage of samples against real examples.

    precision, recall and coverage are in [0, 1], density in [0, n/k]; higher is better. Fresh real
    samples have a density of 1 in expectation, and a coverage of
    1 - prod_{i=1..k} (n - i)/(m + n - i) (Naeem et al. 2020), whatever the data; precision and
    recall depend on the data. Samples that crowd around a few real examples raise density, and
    precision is 1 for one good example repeated: read coverage beside them. Recall rewards
    scattered samples, whose balls are large. None sees copying. Samples shrunk to the mean read a
    better density than real ones.
    Costs m n + m^2 + n^2 distances. Source: Kynkaanniemi et al. 2019 (arXiv
    1904.06991); Naeem et al. 2020 (arXiv 2002.09797), whose code has open balls: the same but for
    exact ties, where an open ball of radius 0 holds nothing.

    Args:
        samples: shape (m, D), m above k.
        real: shape (n, D), n above k. Equal m and n make readings comparable.
    """
    # A copy of the k-th neighbour is on the ball's edge, and belongs to it.
    ours, theirs = ((1 + TIE) * radii(side, k, reduce) for side in (samples, real))
    count, recall = np.empty(len(samples)), np.zeros(len(real), dtype=bool)
    nearest = np.full(len(real), np.inf)
    for block in blocks(samples, len(real)):
        d = distances(samples[block], real, reduce)
        count[block] = (d <= theirs).sum(axis=1)
        recall |= (d <= ours[block, None]).any(axis=0)
        nearest = np.minimum(nearest, d.min(axis=0))
    return Prdc(
        (count > 0).astype(float),
        recall.astype(float),
        count / k,
        (nearest <= theirs).astype(float),
    )


def neighbourhoods(sets: EqualSets) -> Prdc:
    """`prdc` of samples and real examples of one number."""
    return prdc(sets.samples, sets.real)


def of_examples(name: str) -> dict[str, Any]:
    """The reading of one of the four, the mean of its values with their bootstrap; and its value
    for relabelled sets.
    """

    def read(c: Comparison) -> Measure | None:
        sets = c.once(equal_sets)
        if sets is None:
            return None
        values = getattr(sets.once(neighbourhoods), name)
        return mean(values, c.rng(name), c.sides.config.repeats)

    value = lambda sets: float(getattr(sets.once(neighbourhoods), name).mean())
    kind = {"needs": ("full",), "bad": "low", "version": 2}
    return {"name": name, "read": read, "of_sets": value, **kind}


PRECISION = Metric(
    **of_examples("precision"),
    title="share of samples among the real examples",
    about="share of samples within the neighbourhood of some real example",
    range="0 to 1, fair its floor",
    claims={"noise": DOWN, "contrast": DOWN},
    brief=True,
)
RECALL = Metric(
    **of_examples("recall"),
    title="share of real examples among the samples",
    about="share of real examples within the neighbourhood of some sample",
    range="0 to 1, fair its floor",
    claims={"mean": DOWN, "shrunk": DOWN},
    brief=True,
)
DENSITY = Metric(
    **of_examples("density"),
    title="neighbourhoods of real examples around a sample",
    about="how many neighbourhoods of real examples hold a sample, over k = 5",
    range="0 up, fair 1",
    claims={"noise": DOWN, "contrast": DOWN},
    studied=True,
)
COVERAGE = Metric(
    **of_examples("coverage"),
    title="share of real examples with a sample nearby",
    about="share of real examples whose neighbourhood holds some sample",
    range="0 to 1, fair its floor",
    claims={"mean": DOWN, "noise": DOWN},
    studied=True,
)
