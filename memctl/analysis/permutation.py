"""Tests that assume no distribution: values are shuffled, or signs flipped, and the statistic is
read again.

    p = (1 + number of random rearrangements at least as extreme) / (1 + number of them)

which is never 0 (Phipson and Smyth 2010). Where all rearrangements are few enough to be counted, p
is exact: the share of all of them, the observed one among them. All tests are two-sided: extreme is
a large absolute value.
"""

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from memctl.analysis.statistics import varies

REPEATS = 9999
EXACT = 2**16  # rearrangements counted one by one, at most
DECIMALS = 10  # of a statistic of at most 1, in which two rearrangements that tie agree


def correlation_p(
    x: ArrayLike,
    y: ArrayLike,
    rng: np.random.Generator,
    ranks: bool = False,
    repeats: int = REPEATS,
) -> float:
    """The p of Pearson's r, or with `ranks` of Spearman's rho, under shuffling of y. Needs y
    exchangeable: no cell is special.

    Args:
        x, y: shape (n,).

    Returns:
        NaN for fewer than 4 pairs, NaN among them, or a column that is the same throughout.
    """
    a, b = (np.asarray(v, dtype=np.float64) for v in (x, y))
    if len(a) < 4 or not np.isfinite([a, b]).all() or not varies(a) or not varies(b):
        return float("nan")
    if ranks:
        a, b = stats.rankdata(a), stats.rankdata(b)
    a, b = ((v - v.mean()) / np.linalg.norm(v - v.mean()) for v in (a, b))
    result = stats.permutation_test(
        (b,),
        lambda shuffled, axis: np.abs(shuffled @ a).round(DECIMALS),
        permutation_type="pairings",
        alternative="greater",
        n_resamples=EXACT if math.factorial(len(b)) <= EXACT else repeats,
        vectorized=True,
        rng=rng,
    )
    return float(result.pvalue)


def sign_flip_p(differences: ArrayLike, rng: np.random.Generator, repeats: int = REPEATS) -> float:
    """The p of the mean of paired differences under flips of their signs: shape (n,). Exact for up
    to 16 pairs, which the grid has.

    Needs each difference to be symmetric about 0 if the pair does not matter. With n pairs p cannot
    be below 2 / 2^n. Not by scipy's permutation_test: it goes through the 2^16 flips in Python, 0.3
    s a metric, ten times as long as one product of matrices.

    Returns:
        NaN without pairs, or where none differs.
    """
    d = np.asarray(differences, dtype=np.float64)
    if not np.any(d):
        return float("nan")
    exact = 2 ** len(d) <= EXACT
    if exact:
        signs = 1.0 - 2.0 * ((np.arange(2 ** len(d))[:, None] >> np.arange(len(d))) & 1)
    else:
        signs = rng.choice([-1.0, 1.0], size=(repeats, len(d)))
    d = d / np.abs(d).sum()
    hits = int(np.sum(np.abs(signs @ d).round(DECIMALS) >= abs(d.sum()).round(DECIMALS)))
    return hits / len(signs) if exact else (1 + hits) / (1 + len(signs))


def mirror_pairs(cells: pd.DataFrame, column: str, total: float = 1000) -> pd.DataFrame:
    """Cells [l, h] beside [total - h, total - l]: of one width, and mirrored about the middle of
    `total`.

    With `total` the number of timesteps the two distributions are mirror images, tail and all:
    lambda, sd and distance to uniform are the same, only the location differs. On the grid 100,
    ..., 1000 these are 16 pairs, of the 36 cells with c_h <= 900 (4 are their own mirror image).
    With 1100 it is 20 pairs of the whole grid, whose tails differ.

    Args:
        cells: Columns low, high and `column`, one row a cell.

    Returns:
        low, high (of the left cell), left, right (its value and its mirror's) and difference, right
        - left.
    """
    known = cells[["low", "high", column]].dropna()
    value = {
        (float(low), float(high)): float(v)
        for low, high, v in known.itertuples(index=False, name=None)
    }
    rows = [
        {
            "low": low,
            "high": high,
            "left": value[low, high],
            "right": value[total - high, total - low],
        }
        for low, high in sorted(value)
        if low + high < total and (total - high, total - low) in value
    ]
    table = pd.DataFrame(rows, columns=["low", "high", "left", "right"])
    return table.assign(difference=table.right - table.left)


def mirror_test(
    cells: pd.DataFrame, column: str, rng: np.random.Generator, total: float = 1000
) -> dict[str, float]:
    """Whether location alone matters: pairs, mean difference (right - left) with its 95 % t
    interval, sign-flip p.

    Args:
        cells: As `mirror_pairs` takes them.
    """
    d = mirror_pairs(cells, column, total).difference.to_numpy(float)
    mean = float(d.mean()) if len(d) else float("nan")
    if len(d) < 2:
        return {"pairs": len(d), "difference": mean, **dict.fromkeys(("low", "high", "p"), np.nan)}
    half = float(stats.t.ppf(0.975, len(d) - 1) * d.std(ddof=1) / math.sqrt(len(d)))
    p = sign_flip_p(d, rng)
    return {"pairs": len(d), "difference": mean, "low": mean - half, "high": mean + half, "p": p}
