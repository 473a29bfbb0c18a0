"""Cliff's delta."""

import numpy as np
import pytest
from scipy import stats

from memctl.answers.shares import cliff


def test_the_effect_is_that_of_all_pairs() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(8, size=50), rng.integers(3, 12, size=70)
    pairs = np.sign(a[:, None] - b[None]).mean()
    u = stats.mannwhitneyu(a, b).statistic
    assert cliff(a, b).value == pytest.approx(pairs) == pytest.approx(2 * u / (50 * 70) - 1)


def test_a_part_that_is_unlike_all_others_is_its_share() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=1000), rng.normal(size=1000)
    a[:300] = 99
    share = cliff(a, b)
    assert share.low < 0.3 < share.high
    assert share.value == pytest.approx(0.3, abs=4 * np.sqrt(2 / 3 / 1000))


def test_the_interval_holds_the_truth() -> None:
    """Of 400 pairs of normal samples one standard deviation apart, 95 % to 4 standard errors."""
    truth = 2 * stats.norm.cdf(1 / np.sqrt(2)) - 1
    held = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        share = cliff(1 + rng.normal(size=80), rng.normal(size=120))
        held += share.low <= truth <= share.high
    assert held / 400 == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 400))


def test_the_ends_are_bounded() -> None:
    share = cliff(np.arange(10.0) + 100, np.arange(10.0))
    assert share.value == share.high == 1
    assert share.low <= 1
