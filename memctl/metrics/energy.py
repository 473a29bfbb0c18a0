"""Energy distance, the two-sample statistic without parameters (Szekely and Rizzo 2013).

    E(G, Y) = 2 E||g - y|| - E||g - g'|| - E||y - y'||

Unbiased: no example is paired with itself.

0 in expectation for equal distributions, also slightly negative by chance; no upper bound. Sees any
difference of distribution, but says nothing of copying: exact copies of train are near 0. Of a side
of more than LIMIT examples a fixed random subset is read, in all three terms: what each of them
knows of its own examples cancels.
"""

import numpy as np

from memctl.metrics.comparison import Comparison
from memctl.metrics.distance import distances
from memctl.metrics.measure import Floats, Measure, spread
from memctl.metrics.metric import UP, Metric
from memctl.metrics.sides import Sides
from memctl.metrics.subsample import LIMIT, subsample


def within(examples: Floats, reduce: str = "rms") -> float:
    """E||y - y'||: the mean distance between two different examples, in units of the distance."""
    examples = subsample(examples)
    # examples that hardly differ, a collapsed model's, then have few digits to lose
    examples = examples - examples[0]
    return float(
        distances(examples, examples, reduce).sum() / (len(examples) * (len(examples) - 1))
    )


def under_relabelling(
    a: Floats, b: Floats, rng: np.random.Generator, repeats: int, reduce: str = "rms"
) -> Floats:
    """E of a and b, of at most LIMIT examples each, and under random relabelling: shape (1 +
    repeats,).
    """
    pool = np.concatenate([subsample(a), subsample(b)])
    labels = np.arange(len(pool)) < min(len(a), LIMIT)
    columns = np.stack([labels, *(rng.permutation(labels) for _ in range(repeats))], axis=1).astype(
        float
    )
    return energies(distances(pool, pool, reduce), columns)


def energies(pooled: Floats, first: Floats) -> Floats:
    """E between the first side and the others, of many labellings of a pool at once: shape (k,).

    Args:
        pooled: Distances between all examples of the pool, shape (N, N).
        first: 1 for the examples of the first side, 0 for the others, shape (N, k), equally many in
            each column.
    """
    a = int(first[:, 0].sum())
    b = len(pooled) - a
    reached = pooled @ first  # each example's sum of distances to the first side
    within_a, across = (first * reached).sum(axis=0), ((1 - first) * reached).sum(axis=0)
    within_b = pooled.sum() - within_a - 2 * across
    return np.asarray(2 * across / (a * b) - within_a / (a * (a - 1)) - within_b / (b * (b - 1)))


def sides_within(sides: Sides) -> tuple[float, float]:
    """`within` of the training and of the held-out examples."""
    reduce = sides.config.reduce
    return within(sides.train, reduce), within(sides.heldout, reduce)


def samples_within(c: Comparison) -> float:
    """`within` of the samples."""
    return within(c.samples, c.sides.config.reduce)


def across(c: Comparison, side: int) -> float:
    """E||g - y||, of the examples that the terms within are of; from the pass, which has all."""
    real = (c.sides.train, c.sides.heldout)[side]
    if max(len(c.samples), len(real)) <= LIMIT:
        return float(c.scan.near[side].mean.mean())
    return float(distances(subsample(c.samples), subsample(real), c.sides.config.reduce).mean())


def between(c: Comparison, side: int) -> Measure:
    """E of the samples and of a side, 0 for train and 1 for held-out."""
    return Measure(2 * across(c, side) - c.once(samples_within) - c.sides.once(sides_within)[side])


def null(fresh: Comparison) -> Floats:
    """E of train and held-out where their labels do not matter: shape (repeats,)."""
    sides, rng = fresh.sides, fresh.rng("floors")
    config = sides.config
    return under_relabelling(sides.train, sides.heldout, rng, config.repeats, config.reduce)[1:]


def floor(fresh: Comparison, other: int) -> Measure:
    """The spread of E between n samples and `other` examples of one population.

    It is that of train and held-out relabelled, in the ratio of 1/n + 1/m that the null
    distribution scales with (a degenerate U-statistic).
    """
    of = lambda *sizes: sum(1 / min(size, LIMIT) for size in sizes)
    known = of(fresh.sides.n_train, len(fresh.sides.heldout))
    return spread(fresh.once(null) * of(fresh.n, other) / known)


UNLIKE = {name: UP for name in ("blurred", "mean", "shrunk", "noise", "contrast")}
QUESTION = "is it a good generator at all?"
ENERGY_TRAIN = Metric(
    name="energy_train",
    read=lambda c: between(c, 0),
    floor=lambda _, fresh: floor(fresh, fresh.sides.n_train),
    title="energy distance to training (same: 0)",
    about=f"two-sample (energy) distance to training data: {QUESTION}",
    range="about 0 up, fair 0",
    bad="high",
    claims=UNLIKE,
    version=2,
)
ENERGY_HELDOUT = Metric(
    name="energy_heldout",
    # examples made from held-out ones are judged by train: beside their own they would be no test
    read=lambda c: between(c, 0 if c.fresh else 1),
    floor=lambda _, fresh: floor(fresh, len(fresh.sides.heldout)),
    title="energy distance to held-out (same: 0)",
    about=f"two-sample (energy) distance to held-out data: {QUESTION}",
    range="about 0 up, fair 0",
    bad="high",
    claims=UNLIKE,
    main=True,
    studied=True,
    version=2,
)
