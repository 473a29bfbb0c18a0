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
from scipy import stats


def correlations(cells: pd.DataFrame, metrics: Sequence[str]) -> pd.DataFrame:
    """One row for each metric and axis: metric, axis, n, pearson, low, high, pearson_p, spearman,
    spearman_p.

    Args:
        cells: Columns low, high, location, width and `metrics/NAME`.

    Returns:
        Coefficients are NaN where fewer than 4 cells have the metric, or it is the same in all.
    """
    rows: list[dict[str, Any]] = []
    one = averaged(cells)
    for metric in metrics:
        for axis in ("location", "width"):
            known = one.reindex(columns=[axis, f"metrics/{metric}"]).dropna()
            x, y = known[axis].to_numpy(float), known[f"metrics/{metric}"].to_numpy(float)
            rows.append({"metric": metric, "axis": axis, "n": len(x), **correlation(x, y)})
    return pd.DataFrame(rows)


def averaged(cells: pd.DataFrame) -> pd.DataFrame:
    """One row a cell: the mean of each number over its runs."""
    return (
        cells.assign(low=cells.low.astype(float), high=cells.high.astype(float))
        .groupby(["low", "high"], as_index=False)
        .mean(numeric_only=True)
    )


def correlation(x: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Pearson and Spearman of two columns."""
    names = ("pearson", "low", "high", "pearson_p", "spearman", "spearman_p")
    if len(x) < 4 or np.ptp(x) == 0 or np.ptp(y) == 0:
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
