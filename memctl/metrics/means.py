"""Metrics that are the mean of one value a sample: their interval, and their floor, what as many
fresh examples read by chance.

For the floor the held-out examples, themselves a sample, are resampled twice: once to their own
number, and from that to the number of samples.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memctl.metrics.comparison import Comparison
from memctl.metrics.measure import Floats, Measure, mean, predicted, spread
from memctl.metrics.sides import Indices

Values = Callable[[Comparison], Floats]


def twice(m: int, n: int, rng: np.random.Generator) -> Indices:
    """Indices of m examples, resampled to m and from these to n."""
    first: NDArray[np.intp] = rng.integers(m, size=m)
    return first[rng.integers(m, size=n)]


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


def share_floor(each: Callable[[Comparison], NDArray[Any]]) -> Callable[[str, Comparison], Measure]:
    """The floor of the share of samples of which a value is 1, the others' 0."""

    def floor(_: str, fresh: Comparison) -> Measure:
        return predicted(int(each(fresh).sum()), len(fresh.samples), fresh.n)

    return floor


def resampling_floor(values: Values) -> Callable[[str, Comparison], Measure]:
    """The floor of the mean of the values."""

    def floor(name: str, fresh: Comparison) -> Measure:
        each, rng = values(fresh), fresh.rng(f"floor of {name}")
        indices = (twice(len(each), fresh.n, rng) for _ in range(fresh.sides.config.repeats))
        return spread([float(each[chosen].mean()) for chosen in indices])

    return floor
