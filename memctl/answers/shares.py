"""Of how many samples something is true that is also true of some by chance: a share with its
interval.

Of the samples that are nearest to a real example (in some view, with d1/d2 below a threshold),
fresh ones hit training and held-out examples as often as there are of them. So with H_X and H_Y
hits, n_X and n_Y examples, m samples,

    e = (H_X - n_X / n_Y H_Y) / m

estimates the share of samples that hit training examples for another reason than chance: all of the
copies that come so near, and of none of the fresh samples.

Interval: both shares have exact (Clopper-Pearson 1934) intervals, joined by MOVER (Zou and Donner
2008). Fresh samples that hit one example hit it together, so a hit counts 1/f, where f is the
design effect sum w^2 / sum w over held-out examples that w samples hit (Kish 1965).
"""

from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from memctl.metrics.measure import Floats


class Share(NamedTuple):
    """An estimate, and the ends of its interval; of samples, in [-1, 1]."""

    value: float
    low: float
    high: float

    @property
    def at_most(self) -> float:
        """What can't be excluded of a share that is no less than 0, be it below 0 by chance."""
        return min(1.0, max(self.value, 0.0) + self.high - self.value)


def clopper_pearson(hits: float, n: float, level: float) -> tuple[float, float]:
    """The exact two-sided interval of a share, for numbers that need not be whole."""
    tail = (1 - level) / 2
    beta = scipy.stats.beta
    low = float(beta.ppf(tail, hits, n - hits + 1)) if hits > 0 else 0.0
    high = float(beta.ppf(1 - tail, hits + 1, n - hits)) if hits < n else 1.0
    return low, high


def excess(counts: Floats, labels: NDArray[np.bool_], samples: int, level: float = 0.95) -> Share:
    """The share e of samples.

    Args:
        counts: How many samples hit each real example, shape (N,).
        labels: Which of these are training examples, shape (N,).
        samples: m, those that hit none among them.
    """
    odds = labels.sum() / (~labels).sum()
    mine, other = counts[labels].sum(), counts[~labels].sum()
    effect = max(1.0, float((counts[~labels] ** 2).sum() / other)) if other else 1.0
    n = samples / effect
    p, q = mine / samples, other / samples
    p_low, p_high = clopper_pearson(mine / effect, n, level)
    q_low, q_high = clopper_pearson(other / effect, n, level)
    value = p - odds * q
    low = value - np.hypot(p - p_low, odds * (q_high - q))
    high = value + np.hypot(p_high - p, odds * (q - q_low))
    return Share(float(value), float(max(low, -1)), float(min(high, 1)))


def chance(counts: Floats, labels: NDArray[np.bool_], samples: int) -> float:
    """The standard deviation of `excess` under random labels. Arguments as there."""
    q = labels.mean()
    sd = np.sqrt(q * (1 - q) * ((counts - counts.mean()) ** 2).sum())
    return float(sd / (samples * (1 - q)))


def cliff(own: Floats, other: Floats) -> Share:
    """Cliff's delta of values, in [-1, 1], and DeLong's interval."""
    m, n = len(own), len(other)
    ranks = scipy.stats.rankdata(np.concatenate([own, other]))
    above = (ranks[:m] - scipy.stats.rankdata(own)) / n  # share of the others each value exceeds
    below = 1 - (ranks[m:] - scipy.stats.rankdata(other)) / m
    value = 2 * float(above.mean()) - 1
    # A place's variance is 1/12 where nothing differs, and DeLong's is 0 where all do.
    least = (1 - value**2) / 12
    spread = [max(float(x.var(ddof=1)), least) if len(x) > 1 else 0.25 for x in (above, below)]
    half = 1.96 * 2 * float(np.sqrt(spread[0] / m + spread[1] / n))
    return Share(value, max(-1.0, value - half), min(1.0, value + half))
