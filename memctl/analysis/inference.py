"""What holds up beside the paper's one correlation: each data set by itself, tests without a
distribution, many metrics.

    associations   r and rho with permutation p, nominal and effective place, corrected over
                   metrics, and what these cells could have shown
    regressions    every metric on location, width, their product and seed (`regression.regress`)
    mirrors        location alone, over mirrored cells (`permutation.mirror_test`), corrected over
                   metrics

Cells share one base: what they have in common cannot be seen in one sweep, whatever the interval.
"""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from memctl.analysis.permutation import REPEATS, correlation_p, mirror_test
from memctl.analysis.power import detectable
from memctl.analysis.regression import EFFECTIVE, NOMINAL, regress
from memctl.analysis.statistics import cell_means, columns, correlation
from memctl.runs.record import Measures

Yardsticks = Mapping[str, Measures]
AXES = (*NOMINAL, *EFFECTIVE)


def corrections(p: ArrayLike) -> dict[str, np.ndarray]:
    """The p values of many tests, shape (k,), corrected; NaN stay, and do not count as tests.

    Returns:
        holm (Holm 1979: bounds the chance of any false finding) and bh (Benjamini and Hochberg
        1995: the share of false findings).
    """
    p = np.asarray(p, dtype=np.float64)
    known = np.isfinite(p)
    out = {name: np.full(len(p), np.nan) for name in ("holm", "bh")}
    if known.any():
        out["holm"][known] = holm(p[known])
        out["bh"][known] = stats.false_discovery_control(p[known])
    return out


def holm(p: np.ndarray) -> np.ndarray:
    """Of p values, shape (k,), k at least 1: the least is multiplied by k, the next by k - 1, ...;
    none comes out below one that was smaller, or above 1.

    Not by statsmodels: its every call has Python collect garbage, which takes longer than the test.
    """
    order = np.argsort(p)
    out = np.empty_like(p)
    out[order] = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)).clip(max=1)
    return out


def floor_width(yardsticks: Yardsticks, metric: str) -> float:
    """Width of the range that fresh real data reads by chance; NaN where it is not known."""
    floor = yardsticks.get("floor", {}).get(metric) or {}
    low, high = floor.get("low"), floor.get("high")
    return float("nan") if low is None or high is None else float(high) - float(low)


def associations(
    tables: Mapping[str, pd.DataFrame],
    metrics: Sequence[str],
    yardsticks: Mapping[str, Yardsticks] | None = None,
    seed: int = 0,
    repeats: int = REPEATS,
) -> pd.DataFrame:
    """One row for each data set, metric and axis (AXES).

    Args:
        tables: By data set: columns low, high, those of AXES and `metrics/NAME`; seeds are averaged
            first.
        yardsticks: By data set, as in a record.
        seed, repeats: Of the permutations.

    Returns:
        dataset, metric, axis, n, pearson, low, high (Fisher), pearson_p, spearman, spearman_p
        (permutation), holm and bh (spearman_p over the metrics of one data set and axis),
        detectable_r, detectable_change, detectable_floors (`power`).
    """
    rows: list[dict[str, Any]] = []
    for dataset, table in tables.items():
        one = cell_means(table)
        for metric in metrics:
            width = floor_width((yardsticks or {}).get(dataset, {}), metric)
            for axis in AXES:
                x, y = columns(one, axis, f"metrics/{metric}")
                key = [seed, *map(zlib.crc32, (metric.encode(), axis.encode()))]
                row = association(x, y, width, np.random.default_rng(key), repeats)
                rows.append({"dataset": dataset, "metric": metric, "axis": axis, **row})
    return with_corrections(pd.DataFrame(rows), ["dataset", "axis"], "spearman_p")


def association(
    x: np.ndarray, y: np.ndarray, floor: float, rng: np.random.Generator, repeats: int = REPEATS
) -> dict[str, float]:
    """One row of `associations`, from columns of shape (n,)."""
    r, least = correlation(x, y), detectable(x, y, floor)
    return {
        "n": len(x),
        **{name: r[name] for name in ("pearson", "low", "high")},
        "pearson_p": correlation_p(x, y, rng, repeats=repeats),
        "spearman": r["spearman"],
        "spearman_p": correlation_p(x, y, rng, ranks=True, repeats=repeats),
        **{f"detectable_{name}": least[name] for name in ("r", "change", "floors")},
    }


def regressions(table: pd.DataFrame, metrics: Sequence[str]) -> pd.DataFrame:
    """`regress` of every metric, on nominal and on effective place; columns metric and place come
    first.

    Args:
        table: One row a run, seeds apart.
    """
    parts = []
    for metric in metrics:
        for place, axes in (("nominal", NOMINAL), ("effective", EFFECTIVE)):
            part = regress(table, f"metrics/{metric}", axes)
            part.insert(0, "metric", metric)
            part.insert(1, "place", place)
            parts.append(part)
    kept = [part for part in parts if len(part)]
    if not kept:
        return pd.DataFrame(columns=parts[0].columns if parts else [])
    return pd.concat(kept, ignore_index=True)


def mirrors(
    table: pd.DataFrame, metrics: Sequence[str], total: float = 1000, seed: int = 0
) -> pd.DataFrame:
    """`mirror_test` of every metric: metric, pairs, difference, low, high, p, holm, bh. Seeds are
    averaged first.

    Args:
        table: Columns low, high and `metrics/NAME`.
        total: Number of timesteps: [l, h] stands beside [total - h, total - l].
    """
    one = cell_means(table)
    rng = lambda metric: np.random.default_rng([seed, zlib.crc32(metric.encode())])
    rows = [
        {"metric": metric, **mirror_test(one, f"metrics/{metric}", rng(metric), total)}
        for metric in metrics
        if f"metrics/{metric}" in one
    ]
    tests = pd.DataFrame(rows, columns=["metric", "pairs", "difference", "low", "high", "p"])
    return tests.assign(**corrections(tests.p))


def with_corrections(tests: pd.DataFrame, groups: list[str], column: str) -> pd.DataFrame:
    """With columns holm and bh: `column` corrected over the rows of each group."""
    tests = tests.assign(holm=np.nan, bh=np.nan)
    if len(tests):
        for _, rows in tests.groupby(groups):
            for name, values in corrections(rows[column]).items():
                tests.loc[rows.index, name] = values
    return tests
