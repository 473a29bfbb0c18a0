"""Authentic samples: a loop, a closed form that holds whatever the data, and generators whose
answer is known.
"""

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from memctl.metrics.authpct import authentic, authpct
from memctl.metrics.distance import neighbours
from memctl.metrics.measure import Measure


def own(train: np.ndarray) -> np.ndarray:
    return neighbours(train, train, own=np.arange(len(train))).first


def test_authentic_by_hand():
    train = np.array([[0.0], [1.0], [5.0], [5.0]])  # nearest others at 1, 1, 0, 0
    samples = np.array(
        [[0.0], [-2.0], [-1.0], [5.0], [5.1]]
    )  # a copy; 2 and 1 away; an exact and a near copy of a double
    np.testing.assert_array_equal(
        authentic(neighbours(samples, train, "norm"), own(train)), [0, 1, 0, 0, 1]
    )


def test_authentic_is_a_loop(made):
    expected = []
    for g in made.fresh[:40]:
        d = [math.dist(g, x) for x in made.train]
        x = made.train[int(np.argmin(d))]
        expected.append(sorted(math.dist(x, other) for other in made.train)[1] < min(d))
    np.testing.assert_array_equal(
        authentic(neighbours(made.fresh[:40], made.train), own(made.train)), expected
    )


def test_a_third_of_fresh_uniform_numbers_is_authentic():
    """In one dimension a point and its nearest are each other's nearest 2 times in 3 (Poisson), and
    then no x is authentic.
    """
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(30):
        train, fresh = rng.uniform(size=(400, 1)), rng.uniform(size=(200, 1))
        shares.append(authentic(neighbours(fresh, train), own(train)).mean())
    assert (
        abs(np.mean(shares) - 1 / 3) < 4 * np.std(shares, ddof=1) / math.sqrt(30) + 1 / 400
    )  # the ends of the line
    assert np.std(shares, ddof=1) < 0.06


def percent(samples: np.ndarray, made) -> Measure:
    return authpct(neighbours(samples, made.train), own(made.train))


def test_authpct_has_the_exact_interval(made):
    k = int(authentic(neighbours(made.fresh, made.train), own(made.train)).sum())
    interval = binomtest(k, len(made.fresh)).proportion_ci(method="exact")
    expected = (100 * k / len(made.fresh), 100 * interval.low, 100 * interval.high)
    assert percent(made.fresh, made) == pytest.approx(expected)


def test_authpct_of_known_generators(made):
    fair = percent(made.heldout, made)
    assert percent(made.copies, made).value == 0
    fresh = percent(made.fresh, made)
    assert fresh.low < fair.high
    assert fresh.high > fair.low
    assert percent(made.noisy, made).low > fair.high
    assert percent(made.shrunk, made).high < fair.low  # no copies: the trap
    half = np.concatenate([made.copies[:150], made.fresh[150:]])
    assert percent(half, made).value == pytest.approx(percent(made.fresh[150:], made).value / 2)
