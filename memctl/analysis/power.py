"""The smallest effect that a sweep would have shown: what "no effect seen" leaves possible.

    atanh |r| = (z_{1 - alpha / 2} + z_power) / sqrt(n - 3)          (Fisher's z, two-sided)

An |r| smaller than this may well be there and be missed; n cells say nothing of it.
"""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from memctl.analysis.statistics import varies

POWER, ALPHA = 0.8, 0.05


def detectable_r(n: int, power: float = POWER, alpha: float = ALPHA) -> float:
    """|r| that n pairs find with the given power; NaN for fewer than 4. n = 45 gives 0.41, the
    paper's 88 give 0.30.
    """
    if n < 4:
        return float("nan")
    return math.tanh((stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(power)) / math.sqrt(n - 3))


def detectable(
    x: ArrayLike,
    y: ArrayLike,
    floor: float = float("nan"),
    power: float = POWER,
    alpha: float = ALPHA,
) -> dict[str, float]:
    """The smallest effect of x on y that these cells would have shown.

    The scatter is what a straight line leaves of y: r = slope sd(x) / sd(y), with sd(y)^2 =
    scatter^2 / (1 - r^2).

    Args:
        x, y: shape (n,).
        floor: Width of the range that fresh real data reads by chance.

    Returns:
        n; r; slope (y a step of x); change, the slope times the range of x; floors, the change in
        units of `floor`.
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    r = detectable_r(len(x), power, alpha)
    if len(x) < 4 or not varies(x) or not varies(y):
        return {"n": len(x), "r": r, "slope": np.nan, "change": np.nan, "floors": np.nan}
    left = y - np.polyval(np.polyfit(x, y, 1), x)
    scatter = math.sqrt(float(left @ left) / (len(x) - 2))
    slope = r / math.sqrt(1 - r**2) * scatter / float(x.std(ddof=1))
    change = slope * float(np.ptp(x))
    return {
        "n": len(x),
        "r": r,
        "slope": slope,
        "change": change,
        "floors": change / floor if floor > 0 else np.nan,
    }
