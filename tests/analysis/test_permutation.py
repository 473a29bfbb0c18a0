"""Permutation tests counted one by one, by hand, and under the null."""

import math
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from memctl.analysis.permutation import correlation_p, mirror_pairs, mirror_test, sign_flip_p


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("ranks", [False, True])
@pytest.mark.parametrize("n", [5, 6])
def test_few_values_are_counted_one_by_one(ranks, n):
    x, y = rng(1).normal(size=(2, n)).round(1)
    y[1] = y[0]  # a tie: rearrangements that differ by it alone agree in r but for rounding
    coefficient = stats.spearmanr if ranks else stats.pearsonr
    every = [abs(coefficient(x, list(order)).statistic) for order in permutations(y)]
    expected = np.mean(np.array(every) >= abs(coefficient(x, y).statistic) - 1e-9)
    assert correlation_p(x, y, rng(), ranks) == pytest.approx(expected, abs=1e-12)
    assert 0 < expected < 1


def test_rearrangements_that_tie_but_for_rounding_are_all_counted():
    x = np.array([0.1, 0.2, 0.3, 0.1 + 0.2])  # the last two differ by 5e-17
    y = np.array([1.0, 2.0, 3.0, 3.0])
    r = [np.corrcoef(x, order)[0, 1] for order in permutations(y)]
    expected = np.mean(np.abs(r) >= np.corrcoef(x, y)[0, 1] - 1e-9)
    assert correlation_p(x, y, rng()) == expected


def test_many_values_are_drawn_and_agree_with_theory():
    x = np.linspace(0, 1, 45)
    y = 0.3 * x + 0.3 * rng(3).normal(size=45)
    result, theory = correlation_p(x, y, rng()), stats.pearsonr(x, y).pvalue
    assert result == pytest.approx(
        theory, abs=4 * math.sqrt(theory / 9999) + 0.003
    )  # 4 standard errors, and how normal y is
    assert correlation_p(x, x**3, rng(), ranks=True) == pytest.approx(1 / 10000)  # never 0
    assert correlation_p(x, y, rng(5)) == correlation_p(x, y, rng(5))


def test_a_correlation_does_not_depend_on_units_and_rho_not_on_scale():
    x, y = rng(2).normal(size=(2, 20))
    assert correlation_p(3 * x + 1, -2 * y, rng()) == correlation_p(x, y, rng())
    assert correlation_p(x, np.exp(y), rng(), ranks=True) == correlation_p(x, y, rng(), ranks=True)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([1, 2, 3], [1, 2, 4]),
        ([1, 1, 1, 1], [1, 2, 3, 4]),
        ([1, 2, 3, 4], [0.3, 0.1 + 0.2, 0.3, 0.3]),
        ([], []),
        ([1, 2, 3, 4, 5], [1, 2, math.nan, 3, 4]),
    ],
    ids=str,
)
def test_what_has_no_correlation_has_no_p(x, y):
    assert math.isnan(correlation_p(x, y, rng()))


def test_signs_are_flipped_as_scipy_flips_them():
    d = rng(4).normal(0.4, size=10)
    expected = stats.permutation_test(
        (d, np.zeros(10)),
        lambda a, b: abs(np.mean(a - b)),
        permutation_type="samples",
        alternative="greater",
        n_resamples=math.inf,
    )
    assert sign_flip_p(d, rng()) == pytest.approx(expected.pvalue, abs=1e-12)


@pytest.mark.parametrize("n", [1, 3, 16])
def test_equal_signs_are_the_most_extreme_of_all(n):
    assert sign_flip_p(np.arange(1, n + 1), rng()) == 2 / 2**n


def test_many_pairs_are_drawn():
    d = np.concatenate([rng(1).normal(size=30), rng(1).normal(size=30) * -1])
    assert sign_flip_p(d, rng()) == 1  # a mean of 0 is the least extreme
    assert sign_flip_p(np.ones(30), rng()) == 1 / 10000
    assert math.isnan(sign_flip_p([], rng()))
    assert math.isnan(sign_flip_p([0, 0, 0], rng()))


@pytest.mark.parametrize(("test", "n"), [("correlation", 6), ("flip", 8)])
def test_under_the_null_p_is_not_too_small(test, n):
    draws = rng(9).normal(size=(400, 2, n))
    p = [
        correlation_p(a, b, rng()) if test == "correlation" else sign_flip_p(a, rng())
        for a, b in draws
    ]
    hits = int(np.sum(np.array(p) <= 0.05))
    assert hits <= 0.05 * 400 + 4 * math.sqrt(400 * 0.05 * 0.95)


def test_the_grid_has_sixteen_clean_pairs(cells):
    table = cells(
        place=lambda location, width, rng: location, wide=lambda location, width, rng: width
    )
    pairs = mirror_pairs(table, "metrics/place")
    assert len(pairs) == 16
    assert (pairs.left + pairs.right == 1000).all()
    assert (pairs.right > pairs.left).all()
    assert not mirror_pairs(table, "metrics/wide").difference.any()
    assert len(mirror_pairs(table, "metrics/place", 1100)) == 20
    brute = {
        (low, high)
        for low in range(100, 900, 100)
        for high in range(low + 100, 901, 100)
        if low + high < 1000
    }
    assert set(zip(pairs.low, pairs.high, strict=True)) == brute


def test_a_mirror_pair_needs_both_values(cells):
    table = cells(place=lambda location, width, rng: location)
    table.loc[(table.low == 800) & (table.high == 900), "metrics/place"] = np.nan
    assert len(mirror_pairs(table, "metrics/place")) == 15
    empty = mirror_test(table[table.low > 500], "metrics/place", rng())
    assert empty["pairs"] == 0
    assert math.isnan(empty["p"])


def test_the_mirror_test_sees_location_and_not_width(cells):
    noise = lambda location, width, rng: width + 0.1 * rng.normal()
    table = cells(null=noise, place=lambda location, width, rng: location + rng.normal())
    result = mirror_test(table, "metrics/place", rng())
    pairs = mirror_pairs(table, "metrics/place")
    expected = stats.ttest_1samp(pairs.difference, 0).confidence_interval(0.95)
    assert (result["low"], result["high"]) == pytest.approx((expected.low, expected.high))
    assert result["p"] == 2 / 2**16
    assert mirror_test(table, "metrics/null", rng())["p"] > 0.05
    assert isinstance(pairs, pd.DataFrame)
