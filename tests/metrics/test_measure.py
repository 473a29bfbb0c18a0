"""Intervals: exact ones of shares, bootstrapped ones of means."""

import math

import numpy as np
import pytest
from scipy.stats import beta, betabinom

from memctl.metrics.measure import Measure, binomial, mean, predicted, spread


def test_no_hits_in_1000_leave_0_37_percent():
    found = binomial(0, 1000)
    assert (found.value, found.low) == (0, 0)
    assert round(100 * found.high, 2) == 0.37
    assert found.high == pytest.approx(1 - 0.025 ** (1 / 1000))


@pytest.mark.parametrize(("k", "n"), [(1, 1000), (20, 1000), (5, 8), (999, 1000), (1, 2)], ids=str)
def test_shares_have_the_interval_of_clopper_and_pearson(k: int, n: int):
    found = binomial(k, n)
    assert found.value == k / n
    assert found.low == pytest.approx(beta.ppf(0.025, k, n - k + 1))
    assert found.high == pytest.approx(beta.ppf(0.975, k + 1, n - k))


def test_all_hits():
    found = binomial(50, 50)
    assert (found.value, found.high) == (1, 1)
    assert found.low == pytest.approx(0.025 ** (1 / 50))


def test_the_mean_has_its_bootstrap_interval():
    values = np.random.default_rng(0).exponential(size=400)
    found = mean(values, np.random.default_rng(1), 2000)
    assert found.value == pytest.approx(sum(values) / 400)
    half = 1.96 * values.std() / math.sqrt(400)
    # A 2.5 % point of 2000 resamplings has the standard error sqrt(0.025 * 0.975 / 2000) / 0.058 =
    # 0.06 standard deviations of the mean, 3 % of `half`; 4 of them, and 4 % for the skew of the
    # values.
    assert found.value - found.low == pytest.approx(half, rel=0.16)
    assert found.high - found.value == pytest.approx(half, rel=0.16)


def test_the_interval_follows_the_generator():
    values = np.random.default_rng(0).normal(size=30)
    first, again, other = (mean(values, np.random.default_rng(seed), 50) for seed in (0, 0, 1))
    assert first == again
    assert first != other
    assert first.value == other.value


def test_equal_values_leave_no_doubt():
    assert mean(np.full(10, 0.25), np.random.default_rng(0), 20) == Measure(0.25, 0.25, 0.25)


def test_a_measure_may_have_no_interval():
    assert Measure(3.0)._asdict() == {"value": 3.0, "low": None, "high": None}


def test_spread_holds_95_percent_of_what_comes_next():
    assert spread(list(np.arange(1.0, 1000))) == (500, 25, 975)  # order statistics
    assert spread(list(np.arange(39.0))) == (19, 0, 38)  # the fewest that suffice
    assert spread([2.0]) == (2, 2, 2)
    draws, n = np.random.default_rng(0).normal(size=(4000, 40)), 4000
    inside = [found.low <= x <= found.high for *past, x in draws if (found := spread(past))]
    assert np.mean(inside) == pytest.approx(0.95, abs=4 * (0.05 * 0.95 / n) ** 0.5)


def test_a_predicted_share_holds_95_percent_of_what_comes_next():
    rng, m, n, trials = np.random.default_rng(0), 70, 200, 3000
    for share in (0.01, 0.2):
        known, others = rng.binomial(m, share, trials), rng.binomial(n, share, trials) / n
        within = {k: predicted(int(k), m, n) for k in np.unique(known)}
        held = np.mean([
            within[k].low <= x <= within[k].high for k, x in zip(known, others, strict=True)
        ])  # fmt: skip
        assert held > 0.95 - 4 * (0.05 * 0.95 / trials) ** 0.5 - 0.01  # 0.01: shares are discrete
    assert predicted(0, 10, 10).high == pytest.approx(betabinom(10, 0.5, 10.5).ppf(0.975) / 10)
