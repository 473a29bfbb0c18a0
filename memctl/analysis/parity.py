"""The paper's own analysis: Pearson's r over all cells of all data sets at once, with Fisher's 95 %
interval.

    r +- : tanh(atanh r +- 1.96 / sqrt(n - 3))

The paper's interval for r = -0.7388, [-0.8212, -0.6263], is that of n = 88 and of no other n: two
data sets (Pokemon and Flowers-102) of 44 cells. 44 are the grid's 45 less the only cell of width
900, [100, 1000]; its text ends at width 800.

Pooling raw values lets an offset between data sets dilute r, or make one; so beside it stands r
within data sets (values standardised in each, one degree of freedom taken for each data set after
the first) and each data set's own.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from memctl.analysis.statistics import cell_means, columns, correlation, varies
from memctl.metrics.distance_to_train import DISTANCE_TO_TRAIN

WIDEST = 800  # the paper's cells
# Section 5.1: r, and its interval.
PAPER = {"location": (-0.7388, -0.8212, -0.6263), "width": (0.316, None, None)}


def parity(
    tables: Mapping[str, pd.DataFrame], metric: str = DISTANCE_TO_TRAIN.name, widest: float = WIDEST
) -> pd.DataFrame:
    """One row for each axis (location, width) and pooling (raw, within, only DATA SET): r with its
    interval, and the paper's.

    Args:
        tables: By data set: columns low, high, location, width, `metrics/METRIC`; seeds are
            averaged first.
        widest: Wider cells are left out.

    Returns:
        metric, axis, pooling, n, pearson, low, high, p, paper, paper_low, paper_high.
    """
    used = {name: paper_cells(table, metric, widest) for name, table in tables.items()}
    rows: list[dict[str, Any]] = []
    for axis in ("location", "width"):
        pairs = {name: columns(cells, axis, f"metrics/{metric}") for name, cells in used.items()}
        correlations = {
            "raw": pearson(*pooled_pairs(pairs)),
            "within": within_correlation(pairs),
            **{f"only {name}": pearson(*pair) for name, pair in pairs.items()},
        }
        paper = dict(zip(("paper", "paper_low", "paper_high"), PAPER[axis], strict=True))
        rows += [
            {"metric": metric, "axis": axis, "pooling": pooling, **values, **paper}
            for pooling, values in correlations.items()
        ]
    return pd.DataFrame(rows)


def paper_cells(table: pd.DataFrame, metric: str, widest: float = WIDEST) -> pd.DataFrame:
    """One row a cell, of the cells that the paper's n counts."""
    cells = cell_means(table).reindex(
        columns=["low", "high", "location", "width", f"metrics/{metric}"]
    )
    return cells[cells.width <= widest].dropna()


def pooled_pairs(
    pairs: Mapping[str, tuple[np.ndarray, np.ndarray]],
) -> tuple[np.ndarray, np.ndarray]:
    """All data sets' pairs, one after the other."""
    x, y = np.concatenate([np.zeros((2, 0)), *map(np.stack, pairs.values())], axis=1)
    return x, y


def pearson(x: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Pearson's r of n pairs with Fisher's interval and p: as in `statistics.correlation`."""
    r = correlation(x, y)
    return {"n": len(x), **{k: r[k] for k in ("pearson", "low", "high")}, "p": r["pearson_p"]}


def within_correlation(pairs: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
    """Pearson's r of values standardised in each data set: a partial correlation, given the data
    set.
    """
    known = {
        name: (x, y) for name, (x, y) in pairs.items() if len(x) > 1 and varies(x) and varies(y)
    }
    x, y = pooled_pairs({name: (standardise(x), standardise(y)) for name, (x, y) in known.items()})
    n = len(x) - max(len(known) - 1, 0)
    if n < 4:
        return {"n": len(x), **dict.fromkeys(("pearson", "low", "high", "p"), float("nan"))}
    r = float(np.clip(x @ y / (np.linalg.norm(x) * np.linalg.norm(y)), -1, 1))
    z, half = (
        math.atanh(np.clip(r, -1 + 1e-15, 1 - 1e-15)),
        float(stats.norm.ppf(0.975)) / math.sqrt(n - 3),
    )
    t = r * math.sqrt((n - 2) / max(1 - r**2, 1e-300))
    return {
        "n": len(x),
        "pearson": r,
        "low": math.tanh(z - half),
        "high": math.tanh(z + half),
        "p": 2 * float(stats.t.sf(abs(t), n - 2)),
    }


def standardise(values: np.ndarray) -> np.ndarray:
    return (values - values.mean()) / values.std()


def boxes(cells: pd.DataFrame, metric: str, timesteps: float = 1000) -> pd.DataFrame:
    """What the paper's box plots show (Fig. 3 c, d): group, n, min, q1, median, q3, max, by third
    of location and by width.
    """
    used = cell_means(cells).reindex(columns=["location", "width", f"metrics/{metric}"]).dropna()
    third = pd.cut(
        used.location,
        [-np.inf, timesteps / 3, 2 * timesteps / 3, np.inf],
        labels=["left", "middle", "right"],
    )
    groups = [(str(name), third == name) for name in third.cat.categories]
    groups += [(f"width {width:g}", used.width == width) for width in sorted(set(used.width))]
    rows = []
    for name, chosen in groups:
        values = used.loc[chosen, f"metrics/{metric}"].to_numpy(float)
        marks = np.quantile(values, (0, 0.25, 0.5, 0.75, 1)) if len(values) else np.full(5, np.nan)
        rows.append(
            {
                "group": name,
                "n": len(values),
                **dict(zip(("min", "q1", "median", "q3", "max"), marks, strict=True)),
            }
        )
    return pd.DataFrame(rows)
