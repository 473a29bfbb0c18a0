"""A number with its uncertainty."""

from typing import NamedTuple

import numpy as np
import scipy  # its parts are imported when they are used; `stats` takes a second
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Measure(NamedTuple):
    """A value, and the ends of its 95 % interval where one is known."""

    value: float
    low: float | None = None
    high: float | None = None


def binomial(k: int, n: int) -> Measure:
    """The share k/n with its exact (Clopper-Pearson 1934) 95 % interval, which is right also for k
    = 0.
    """
    interval = scipy.stats.binomtest(k, n).proportion_ci(0.95, method="exact")
    return Measure(k / n, float(interval.low), float(interval.high))


def predicted(k: int, m: int, n: int) -> Measure:
    """The share k/m, and what the share of n others of the same population lies within with 95 %:
    the beta-binomial prediction, by Jeffreys' prior; right also for k = 0, of which a bootstrap
    makes no spread at all.
    """
    low, high = scipy.stats.betabinom(n, k + 0.5, m - k + 0.5).ppf((0.025, 0.975)) / n
    return Measure(k / m, float(low), float(high))


def mean(values: Floats, rng: np.random.Generator, repeats: int) -> Measure:
    """The mean of one value an example, with the 2.5 and 97.5 % points of its bootstrap over the
    examples.
    """
    resampled = values[rng.integers(len(values), size=(repeats, len(values)))].mean(axis=1)
    low, high = np.quantile(resampled, (0.025, 0.975))
    return Measure(float(values.mean()), float(low), float(high))


def spread(values: list[float] | Floats) -> Measure:
    """The mean, and the range in which the next of such values lies with 95 %.

    Its ends are the order statistics 0.025 and 0.975 of (n + 1) values, for any distribution: with
    39 the least and the largest. Fewer hold (n - 1) / (n + 1) at most. Source: Wilks 1941, Annals
    of Mathematical Statistics 12, 91.
    """
    low, high = np.quantile(values, (0.025, 0.975), method="weibull")
    return Measure(float(np.mean(values)), float(low), float(high))
