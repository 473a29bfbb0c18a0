"""Least squares over the runs of a sweep, with standard errors that hold if some cells scatter more
than others.

    metric = a + b location + c width + d location width (+ e_seed) + error

Location and width are taken from their means and in units of 100 steps, so that b and c are effects
at the middle of the grid. Errors: where a cell has several runs, clustered by cell (Liang and Zeger
1986), with t of (cells - 1) degrees of freedom; else HC3 (MacKinnon and White 1985), with t of
(runs - coefficients).
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats
from statsmodels.regression.linear_model import OLS

from memctl.analysis.statistics import varies

NOMINAL = ("location", "width")
# Of the distribution as it really is: tails cut, mixed with uniform.
EFFECTIVE = ("sampler/mean", "sampler/sd")
STEPS = 100.0
COLUMNS = ["term", "coefficient", "low", "high", "se", "p", "n", "cells", "errors"]


def regress(table: pd.DataFrame, column: str, place: tuple[str, str] = NOMINAL) -> pd.DataFrame:
    """One row a coefficient: term, coefficient with 95 % interval, se, p, n (runs), cells, errors
    (HC3 or cluster).

    Clustered errors need many cells: below about 20 they come out too small.

    Args:
        table: One row a run: low, high, seed, `column` and the two of `place`. Rows without one of
            them are left out.
        place: Where the distribution lies and how wide it is: NOMINAL or EFFECTIVE.

    Returns:
        No rows where the runs cannot tell the coefficients apart.
    """
    used = table.reindex(columns=["low", "high", "seed", column, *place]).dropna()
    x = design(used, place)
    y = used[column].to_numpy(float)
    rank = np.linalg.matrix_rank(x.to_numpy()) if len(used) > x.shape[1] else 0
    if rank < x.shape[1] or not varies(y):
        return pd.DataFrame(columns=COLUMNS)
    cell = used.groupby(["low", "high"]).ngroup().to_numpy()
    clustered = len(set(cell)) < len(cell)
    covariance: dict[str, Any] = {"cov_type": "HC3"}
    if clustered:
        covariance = {"cov_type": "cluster", "cov_kwds": {"groups": cell}}
    fit = OLS(y, x.to_numpy()).fit(use_t=True, **covariance)
    low, high = fit.conf_int(0.05).T
    return pd.DataFrame(
        {
            "term": list(x.columns),
            "coefficient": fit.params,
            "low": low,
            "high": high,
            "se": fit.bse,
            "p": fit.pvalues,
            "n": len(y),
            "cells": len(set(cell)),
            "errors": covariance["cov_type"],
        }
    )


def design(used: pd.DataFrame, place: tuple[str, str]) -> pd.DataFrame:
    """Intercept, location, width, their product, and a column for each seed but the first: shape
    (runs, 4 + seeds - 1).
    """
    location, width = ((used[name].astype(float) - used[name].mean()) / STEPS for name in place)
    named = {
        "intercept": 1.0,
        place[0]: location,
        place[1]: width,
        f"{place[0]} x {place[1]}": location * width,
    }
    seeds = {
        f"seed {seed:g}": (used.seed == seed).astype(float)
        for seed in sorted(used.seed.unique())[1:]
    }
    return pd.DataFrame({**named, **seeds}, index=used.index)


def line(x: ArrayLike, y: ArrayLike) -> dict[str, float]:
    """A straight line through one value a cell: what it changes by from the smallest x to the
    largest, with HC3 intervals.

    Args:
        x, y: shape (n,).

    Returns:
        start and end (the line there), change with change_low and change_high, fall (1 - end /
        start) with fall_low and fall_high (delta method). A y that is the same throughout does not
        change, by 0 to 0. NaN for fewer than 4 values or one x; fall where start <= 0.
    """
    names = ("start", "end", "change", "change_low", "change_high", "fall", "fall_low", "fall_high")
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if len(x) < 4 or not varies(x) or not np.isfinite(y).all():
        return dict.fromkeys(names, float("nan"))
    if not varies(y):
        fall = 0.0 if y[0] > 0 else float("nan")
        return dict(zip(names, (y[0], y[0], *[0.0] * 3, *[fall] * 3), strict=True))
    u = (x - x.min()) / np.ptp(x)
    fit = OLS(y, np.column_stack([1 - u, u])).fit(cov_type="HC3", use_t=True)
    t = float(stats.t.ppf(0.975, len(x) - 2))
    (start, end), cov = map(float, fit.params), np.asarray(fit.cov_params())
    error = lambda gradient: t * float(np.sqrt(max(gradient @ cov @ gradient, 0.0)))
    change, half = end - start, error(np.array([-1.0, 1.0]))
    fall, fall_half = float("nan"), float("nan")
    if start > 0:
        fall, fall_half = 1 - end / start, error(np.array([end / start**2, -1 / start]))
    falls = (fall, fall - fall_half, fall + fall_half)
    values = (start, end, change, change - half, change + half, *falls)
    return dict(zip(names, map(float, values), strict=True))
