"""Metrics that are the mean of one value a sample: their interval, and their floor, what as many
fresh examples read by chance.

For the floor the held-out examples, themselves a sample, are resampled twice: once to their own
number, and from that to the number of samples.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from memctl.metrics.comparison import Comparison
from memctl.metrics.measure import Floats, Measure, mean, spread
from memctl.metrics.sides import Indices

Values = Callable[[Comparison], Floats]


class Resamples(NamedTuple):
    """What floors resample the held-out examples and the pool by, once for each of `repeats`.

    Attributes:
        means: Metric -> indices of held-out examples, shape (n,) each.
        scores: Indices in the pool in place of n samples and of the training examples.
        rng: The stream behind them; relabellings of both sides go on from it.
    """

    means: dict[str, list[Indices]]
    scores: list[tuple[Indices, Indices]]
    rng: np.random.Generator


def twice(m: int, n: int, rng: np.random.Generator) -> Indices:
    """Indices of m examples, resampled to m and from these to n."""
    first: NDArray[np.intp] = rng.integers(m, size=m)
    return first[rng.integers(m, size=n)]


def resamples(fresh: Comparison) -> Resamples:
    """The resamples of the floors that came first, in the order in which one stream gave them.

    The order is pinned as the keys in `streams` are, for the floors' sake; others resample by a
    stream of their own.
    """
    sides, m, n = fresh.sides, len(fresh.samples), fresh.n
    rng, size = sides.rng("floors"), len(sides.pool)
    names = ["distance_to_train", "nn_train"]
    names += ["adaptive_share", "authpct", "corr_train"] if sides.config.full else []
    names += [] if sides.bounded else ["js_amplitude"]
    means: dict[str, list[Indices]] = {name: [] for name in names}
    scores = []
    for _ in range(sides.config.repeats):
        for name in names:
            means[name].append(twice(m, n, rng))
        scores.append((rng.integers(size, size=n), rng.integers(size, size=sides.n_train)))
    return Resamples(means, scores, rng)


def mean_of(name: str, values: Values) -> Callable[[Comparison], Measure]:
    """The reading of a metric of that name: the mean of the values, shape (m,), with its bootstrap
    over the samples.
    """

    def reading(c: Comparison) -> Measure:
        each = values(c)
        if np.shape(each) != (len(c.samples),):
            raise ValueError(f"values of shape {np.shape(each)} for {len(c.samples)} samples")
        return mean(each, c.rng(name), c.sides.config.repeats)

    return reading


def resampling_floor(values: Values) -> Callable[[str, Comparison], Measure]:
    """The floor of the mean of the values."""

    def floor(name: str, fresh: Comparison) -> Measure:
        each, indices = values(fresh), fresh.once(resamples).means.get(name)
        if indices is None:
            rng, repeats = fresh.rng(f"floor of {name}"), fresh.sides.config.repeats
            indices = [twice(len(each), fresh.n, rng) for _ in range(repeats)]
        return spread([float(each[chosen].mean()) for chosen in indices])

    return floor
