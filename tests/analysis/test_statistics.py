"""Correlations over the cells of a sweep."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from memctl.analysis.statistics import correlation, correlations

COEFFICIENTS = ["pearson", "low", "high", "pearson_p", "spearman", "spearman_p"]


def correlated(r: float, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Two columns of n values whose Pearson correlation is r, to rounding."""
    x, noise = np.random.default_rng(0).normal(size=(2, n))
    x -= x.mean()
    noise -= noise.mean()
    noise -= x * (noise @ x) / (x @ x)
    return x, r * x / np.linalg.norm(x) + math.sqrt(1 - r**2) * noise / np.linalg.norm(noise)


def grid(seeds: int = 1, **metrics) -> pd.DataFrame:
    """The 45 cells of the triangle, with metrics as functions of (low, high, seed)."""
    rows = [
        {
            "name": f"cl{low}_ch{high}_s{seed}",
            "kind": "cell",
            "seed": seed,
            "low": low,
            "high": high,
            "location": (low + high) / 2,
            "width": high - low,
            **{f"metrics/{name}": value(low, high, seed) for name, value in metrics.items()},
        }
        for low in range(100, 1000, 100)
        for high in range(low + 100, 1001, 100)
        for seed in range(seeds)
    ]
    return pd.DataFrame(rows)


def noisy(low: float, high: float, seed: int = 0) -> float:
    return float(0.001 * high + 0.3 * np.random.default_rng([int(low), int(high), seed]).normal())


def row(table: pd.DataFrame, metric: str, axis: str) -> pd.Series:
    return table[(table.metric == metric) & (table.axis == axis)].iloc[0]


def test_the_papers_interval_is_fishers():
    result = correlation(*correlated(-0.7388, 88))
    assert result["pearson"] == pytest.approx(-0.7388, abs=1e-12)
    assert (round(result["low"], 4), round(result["high"], 4)) == (-0.8212, -0.6263)


@pytest.mark.parametrize(("r", "n"), [(0.316, 88), (0.0, 45), (0.95, 10), (-0.2, 5)], ids=str)
def test_the_interval_is_fishers_at_any_r_and_n(r: float, n: int):
    result = correlation(*correlated(r, n))
    half = stats.norm.ppf(0.975) / math.sqrt(n - 3)
    assert result["pearson"] == pytest.approx(r, abs=1e-12)
    assert result["low"] == pytest.approx(math.tanh(math.atanh(r) - half))
    assert result["high"] == pytest.approx(math.tanh(math.atanh(r) + half))
    t = r * math.sqrt((n - 2) / (1 - r**2))
    assert result["pearson_p"] == pytest.approx(2 * stats.t.sf(abs(t), n - 2))


def test_spearman_is_the_correlation_of_ranks():
    x, y = correlated(0.6, 30)
    y = np.exp(3 * y).round(1)  # monotone, with ties
    result = correlation(x, y)
    assert result["spearman"] == pytest.approx(
        np.corrcoef(stats.rankdata(x), stats.rankdata(y))[0, 1]
    )
    assert (result["spearman"], result["spearman_p"]) == pytest.approx(tuple(stats.spearmanr(x, y)))
    assert correlation(x, x**3)["spearman"] == pytest.approx(1)
    assert correlation(x, x**3)["pearson"] < 0.99


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([1, 2, 3], [3, 1, 2]),
        ([], []),
        ([1, 2, 3, 4], [5, 5, 5, 5]),
        ([2, 2, 2, 2, 2], [1, 2, 3, 4, 5]),
        ([1, 2, 3, 4], [0.3, 0.1 + 0.2, 0.3, 0.3]),
    ],
    ids=["three", "none", "constant metric", "constant axis", "constant but for rounding"],
)
def test_what_has_no_correlation_is_nan(x: list[float], y: list[float]):
    result = correlation(np.array(x, float), np.array(y, float))
    assert list(result) == COEFFICIENTS
    assert all(math.isnan(value) for value in result.values())


def test_a_small_spread_is_a_spread():
    result = correlation(np.arange(4.0), 1e6 + 1e-4 * np.array([1.0, 3, 2, 4]))
    assert (result["pearson"], result["spearman"]) == pytest.approx((0.8, 0.8), abs=1e-5)


def test_four_cells_are_enough():
    result = correlation(np.array([1.0, 2, 3, 4]), np.array([1.0, 3, 2, 4]))
    assert all(math.isfinite(value) for value in result.values())
    assert (result["pearson"], result["spearman"]) == pytest.approx((0.8, 0.8))


def test_each_metric_goes_with_location_and_width():
    table = correlations(
        grid(at=lambda low, high, seed: (low + high) ** 3, wide=lambda low, high, seed: low - high),
        ["at", "wide"],
    )
    assert table.columns.tolist() == ["metric", "axis", "n", *COEFFICIENTS]
    assert table[["metric", "axis"]].values.tolist() == [
        ["at", "location"],
        ["at", "width"],
        ["wide", "location"],
        ["wide", "width"],
    ]
    assert (table.n == 45).all()
    assert row(table, "at", "location").spearman == pytest.approx(1)
    assert row(table, "wide", "width").pearson == pytest.approx(-1)
    assert row(table, "wide", "location").pearson == pytest.approx(
        0, abs=1e-12
    )  # the triangle is symmetric


def test_rows_are_those_of_the_columns():
    cells = grid(noisy=noisy)
    result = row(correlations(cells, ["noisy"]), "noisy", "width")
    expected = correlation(cells.width.to_numpy(float), cells["metrics/noisy"].to_numpy())
    assert result[COEFFICIENTS].to_dict() == pytest.approx(expected)


def test_seeds_are_averaged_first():
    one = grid(m=noisy)
    three = grid(
        3, m=lambda low, high, seed: noisy(low, high) + (seed - 1) * 10
    )  # differences that cancel in each cell
    expected, result = correlations(one, ["m"]), correlations(three, ["m"])
    assert (result.n == 45).all()
    np.testing.assert_allclose(
        result[COEFFICIENTS].to_numpy(float), expected[COEFFICIENTS].to_numpy(float), rtol=1e-9
    )


def test_a_cell_without_the_metric_is_left_out():
    cells = grid(
        m=noisy, rare=lambda low, high, seed: noisy(low, high) if high - low >= 700 else math.nan
    )
    table = correlations(cells, ["m", "rare"])
    assert row(table, "m", "width").n == 45
    kept = cells[cells.width >= 700]
    result = row(table, "rare", "location")
    assert result.n == len(kept) == 6
    assert result.pearson == pytest.approx(
        stats.pearsonr(kept.location, kept["metrics/rare"]).statistic
    )


def test_too_few_or_equal_cells_are_nan():
    cells = grid(
        few=lambda low, high, seed: float(low) if high - low >= 800 else math.nan,
        same=lambda low, high, seed: 0.0,
    )
    table = correlations(cells, ["few", "same"])
    assert row(table, "few", "width").n == 3
    assert table[COEFFICIENTS].isna().all(axis=None)


def test_the_cells_are_left_alone():
    cells = grid(2, m=noisy)
    before = cells.copy()
    correlations(cells, ["m"])
    pd.testing.assert_frame_equal(cells, before)


def test_a_sweep_without_cells_and_a_metric_without_values_have_no_coefficient() -> None:
    references = pd.DataFrame(
        [{"low": None, "high": None, "location": None, "width": None, "metrics/a": 1.0}]
    )
    result = correlations(references[references["metrics/a"] < 0], ["a", "never seen"])
    assert result[COEFFICIENTS].isna().all(axis=None)
    assert list(result.n) == [0] * 4
