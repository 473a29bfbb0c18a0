"""How a metric goes with where the interval lies and how wide it is, over the cells of a sweep.

    location = (c_l + c_h) / 2,  width = c_h - c_l  (nominal; uncorrelated with each other over the
    full triangle)

Pearson's r with its 95 % interval by Fisher's z (as the paper), and Spearman's rho. Both take cells
as independent; they share one base, and one run a cell has no error bar of its own: seeds are
averaged first.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]
ROUNDING = 1e-12  # of a column's size, below which its values differ by rounding alone


def correlations(cells: pd.DataFrame, metrics: Sequence[str]) -> pd.DataFrame:
    """One row for each metric and axis: metric, axis, n, pearson, low, high, pearson_p, spearman,
    spearman_p.

    Args:
        cells: Columns low, high, location, width and `metrics/NAME`.

    Returns:
        Coefficients are NaN where fewer than 4 cells have the metric, or it is the same in all.
    """
    rows: list[dict[str, Any]] = []
    one = cell_means(cells)
    for metric in metrics:
        for axis in ("location", "width"):
            x, y = columns(one, axis, f"metrics/{metric}")
            rows.append({"metric": metric, "axis": axis, "n": len(x), **correlation(x, y)})
    return pd.DataFrame(rows)


def cell_means(cells: pd.DataFrame) -> pd.DataFrame:
    """One row a cell: the mean of each number over its runs."""
    return (
        cells.assign(low=cells.low.astype(float), high=cells.high.astype(float))
        .groupby(["low", "high"], as_index=False)
        .mean(numeric_only=True)
    )


def columns(table: pd.DataFrame, first: str, second: str) -> tuple[Floats, Floats]:
    """Two columns where both are known, shape (n,) each; no rows where the table lacks one."""
    known = table.reindex(columns=[first, second]).dropna().to_numpy(float)
    return known[:, 0], known[:, 1]


def varies(values: Floats) -> bool:
    """Whether values differ by more than rounding: shape (n,), n at least 1."""
    return bool(np.ptp(values) > ROUNDING * np.abs(values).max())


def correlation(x: Floats, y: Floats) -> dict[str, float]:
    """Pearson and Spearman of two columns, shape (n,).

    Returns:
        NaN for fewer than 4 pairs, or where a column is the same throughout but for rounding.
    """
    names = ("pearson", "low", "high", "pearson_p", "spearman", "spearman_p")
    if len(x) < 4 or not varies(x) or not varies(y):
        return dict.fromkeys(names, float("nan"))
    pearson, spearman = stats.pearsonr(x, y), stats.spearmanr(x, y)
    interval = pearson.confidence_interval(0.95)
    values = (
        pearson.statistic,
        interval.low,
        interval.high,
        pearson.pvalue,
        spearman.statistic,
        spearman.pvalue,
    )
    return dict(zip(names, map(float, values), strict=True))
