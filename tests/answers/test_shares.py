"""Shares of samples with their intervals."""

import numpy as np
import pytest
from scipy import stats

from memctl.answers.shares import clopper_pearson, excess

LABELS = np.arange(200) < 100


def test_the_interval_of_a_share_is_scipys() -> None:
    for hits, n in ((0, 50), (3, 50), (50, 50)):
        own = clopper_pearson(hits, n, 0.95)
        exact = stats.binomtest(hits, n).proportion_ci(0.95, "exact")
        assert own == pytest.approx((exact.low, exact.high))


def test_no_hits_leave_the_upper_end_of_none() -> None:
    share = excess(np.zeros(200), LABELS, 1000)
    assert share.value == 0
    assert share.high == pytest.approx(stats.binomtest(0, 1000).proportion_ci().high)
    assert share.low == -share.high


def test_exact_copies_alone_have_the_exact_interval() -> None:
    """Without hits of held-out examples: from below less what these may hide."""
    counts = np.where(LABELS, 1.0, 0.0)
    share = excess(counts, LABELS, 1000)
    exact = stats.binomtest(100, 1000).proportion_ci()
    assert share.value == 0.1
    assert share.high == pytest.approx(exact.high)
    assert exact.low - 0.004 < share.low < exact.low


def test_sides_of_other_sizes_are_allowed_for() -> None:
    labels = np.arange(300) < 200
    assert excess(np.full(300, 2.0), labels, 1000).value == pytest.approx(0)


def test_hits_that_come_together_count_less() -> None:
    alone, together = np.zeros(200), np.zeros(200)
    alone[:120] = 1
    together[[0, 1, 150, 151]] = 30
    wide = lambda share: share.high - share.low
    one, other = excess(alone, LABELS, 500), excess(together, LABELS, 500)
    assert wide(other) > 2 * wide(one)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3])
def test_the_interval_holds_the_truth(share: float) -> None:
    """Of 200 mixtures of copies with fresh samples of which each hits an example in one of five
    cases, some examples more than others: at least 95 % less 3 standard errors.
    """
    held = 0
    for seed in range(200):
        rng = np.random.default_rng([seed, round(1000 * share)])
        m, weight = 400, rng.gamma(1.0, size=200)
        copies = rng.binomial(m, share)
        counts = np.zeros(200)
        np.add.at(counts, rng.integers(100, size=copies), 1)
        hits = rng.binomial(m - copies, 0.2)
        np.add.at(counts, rng.choice(200, hits, p=weight / weight.sum()), 1)
        interval = excess(counts, LABELS, m)
        held += interval.low <= share <= interval.high
    assert held / 200 >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 200)
