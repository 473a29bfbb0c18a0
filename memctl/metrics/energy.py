"""Energy distance, the two-sample statistic without parameters (Szekely and Rizzo 2013).

    E(G, Y) = 2 E||g - y|| - E||g - g'|| - E||y - y'||     (unbiased: no example is paired with itself)

0 in expectation for equal distributions, also slightly negative by chance; no upper bound. Sees any
difference of distribution, but says nothing of copying: exact copies of train are near 0. The
distances within a side are those of a fixed random subset, where it has more than LIMIT examples.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from memctl.metrics.distance import distances
from memctl.metrics.measure import Floats
from memctl.metrics.metric import UP, Metric


def energy_distance(pooled: Floats, first: np.ndarray) -> float:
    """E between the examples of a pool where `first` is true and the others.

    Args:
        pooled: Distances between all examples of the pool, shape (N, N).
        first: shape (N,), at least two examples on either side.
    """
    a, b = np.flatnonzero(first), np.flatnonzero(~first)
    rows_a, rows_b = pooled[a], pooled[b]
    within_a = rows_a[:, a].sum() / (len(a) * (len(a) - 1))
    within_b = rows_b[:, b].sum() / (len(b) * (len(b) - 1))
    return float(2 * rows_a[:, b].mean() - within_a - within_b)


LIMIT = 1000  # examples a side
Scalar = TypeVar("Scalar", bound=np.generic)


def limited(examples: NDArray[Scalar], most: int | None = None) -> NDArray[Scalar]:
    """The examples, or a fixed random `most` of them, LIMIT unless told."""
    most = most or LIMIT
    return (
        examples
        if len(examples) <= most
        else examples[np.random.default_rng(0).choice(len(examples), most, replace=False)]
    )


def within(examples: Floats, reduce: str = "rms") -> float:
    """E||y - y'||: the mean distance between two different examples, in units of the distance."""
    examples = limited(examples)
    examples = (
        examples - examples[0]
    )  # examples that hardly differ, a collapsed model's, then have few digits to lose
    return float(
        distances(examples, examples, reduce).sum() / (len(examples) * (len(examples) - 1))
    )


def energy(samples: Floats, reference: Floats, reduce: str = "rms") -> float:
    """E(samples, reference), in units of the distance."""
    return (
        2 * float(distances(samples, reference, reduce).mean())
        - within(samples, reduce)
        - within(reference, reduce)
    )


def permuted(
    a: Floats, b: Floats, rng: np.random.Generator, repeats: int, reduce: str = "rms"
) -> Floats:
    """E under random relabelling of a and b: its distribution where both come from one, shape
    (repeats,).
    """
    return relabelled(a, b, rng, repeats, reduce)[1:]


def relabelled(
    a: Floats, b: Floats, rng: np.random.Generator, repeats: int, reduce: str = "rms"
) -> Floats:
    """E of a and b, of at most LIMIT examples each, and under random relabelling: shape (1 +
    repeats,).
    """
    pool = np.concatenate([limited(a), limited(b)])
    labels = np.arange(len(pool)) < min(len(a), LIMIT)
    columns = np.stack([labels, *(rng.permutation(labels) for _ in range(repeats))], axis=1).astype(
        float
    )
    return energies(distances(pool, pool, reduce), columns)


def energies(pooled: Floats, first: Floats) -> Floats:
    """`energy_distance` of many labellings at once: shape (k,).

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


UNLIKE = {"blurred": UP, "mean": UP, "shrunk": UP, "noise": UP, "contrast": UP}

ENERGY_TRAIN, ENERGY_HELDOUT = (
    Metric(
        name=f"energy_{side}",
        title=f"energy distance to {words} (same: 0)",
        about=f"two-sample (energy) distance to {words} data: is it a good generator at all?",
        range="about 0 up, fair 0",
        bad="high",
        claims=UNLIKE,
        verdict=True,
        needed=side == "heldout",
        main=side == "heldout",
        studied=side == "heldout",
    )
    for side, words in (("train", "training"), ("heldout", "held-out"))
)
