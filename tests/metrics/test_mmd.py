"""MMD against loops, closed forms of Gaussians, and its own null; KID's kernel and error."""

import math

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from sklearn.metrics.pairwise import polynomial_kernel, rbf_kernel

from memctl.metrics.mmd import kid, median_bandwidth, mmd2, mmd_rbf, polynomial, rbf, subset_error
from memctl.metrics.subsample import subsample


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def loop(a: np.ndarray, b: np.ndarray, kernel) -> float:
    def within(s: np.ndarray) -> float:
        return np.mean([kernel(x, y) for i, x in enumerate(s) for j, y in enumerate(s) if i != j])

    return within(a) + within(b) - 2 * np.mean([kernel(x, y) for x in a for y in b])


def test_kernels_are_those_of_scikit_learn(rng: np.random.Generator):
    a, b = rng.normal(size=(9, 7)), rng.normal(size=(11, 7))
    np.testing.assert_allclose(
        polynomial(a, b), polynomial_kernel(a, b, degree=3, gamma=1 / 7, coef0=1)
    )
    np.testing.assert_allclose(rbf(0.8)(a, b), rbf_kernel(a, b, gamma=1 / (2 * 7 * 0.8**2)))


def test_it_is_a_loop(rng: np.random.Generator):
    a, b = rng.normal(size=(12, 5)), rng.normal(0.5, 2, size=(17, 5))
    cubic = lambda x, y: (sum(x * y) / 5 + 1) ** 3
    bell = lambda x, y: math.exp(-sum((x - y) ** 2) / 5 / (2 * 0.7**2))
    assert kid(a, b, rng).value == pytest.approx(loop(a, b, cubic))
    assert kid(b, a, rng).value == pytest.approx(loop(a, b, cubic))
    assert mmd_rbf(a, b, 0.7, rng).value == pytest.approx(loop(a, b, bell))


def test_points_apart(rng: np.random.Generator):
    a, b = np.zeros((8, 2)), np.tile([2.0, 2.0], (8, 1))
    assert mmd2(a, b, polynomial) == 1 + 125 - 2  # 0.0/2, 8/2 and 0/2, plus 1, cubed
    assert mmd2(a, b, rbf(1.0)) == pytest.approx(2 - 2 * math.exp(-2))
    assert kid(a, b, rng) == (124, 124, 124)
    assert mmd2(a, 1e9 + b, rbf(1.0)) == 2  # the bound


def test_the_bandwidth_is_the_median_distance(made):
    assert median_bandwidth(made.train) == pytest.approx(
        np.median(pdist(made.train)) / math.sqrt(made.train.shape[1])
    )
    assert median_bandwidth(3 * made.train + 7) == pytest.approx(3 * median_bandwidth(made.train))


def test_normal_distributions_have_their_closed_form():
    """N(0, 1) and N(1, 1): E k = s/sqrt(s^2 + 2) exp(-shift^2/(2 (s^2 + 2))); 60 draws of 40, 4
    standard errors of their mean.
    """
    rng, s = np.random.default_rng(0), 1.5
    gaussian = lambda shift: s / math.sqrt(s**2 + 2) * math.exp(-(shift**2) / (2 * (s**2 + 2)))
    found = [
        mmd2(rng.normal(size=(40, 1)), rng.normal(1, 1, size=(40, 1)), rbf(s)) for _ in range(60)
    ]
    error = np.std(found, ddof=1) / math.sqrt(60)
    assert abs(np.mean(found) - (2 * gaussian(0) - 2 * gaussian(1))) < 4 * error
    # The cubic kernel knows three moments: E k = sum over j of C(3, j) E[x^j] E[y^j], with 0, 1, 0
    # and 1, 2, 4 of x and y.
    found = [
        mmd2(rng.normal(size=(40, 1)), rng.normal(1, 1, size=(40, 1)), polynomial)
        for _ in range(200)
    ]
    expected = (1 + 3 * 0 + 3 * 1 + 0) + (1 + 3 * 1 + 3 * 4 + 16) - 2 * (1 + 0 + 3 * 1 * 2 + 0)
    assert abs(np.mean(found) - expected) < 4 * np.std(found, ddof=1) / math.sqrt(200)


@pytest.mark.parametrize("kernel", [polynomial, rbf(1.0)], ids=["polynomial", "rbf"])
def test_it_is_unbiased_and_its_error_on_the_safe_side(kernel):
    """Of 60 draws: the mean within 4 standard errors of 0 where distributions agree; true error
    below the estimate, or near it.
    """
    rng = np.random.default_rng(0)
    for shift in (0.0, 1.0):
        values, errors = [], []
        for _ in range(60):
            a, b = rng.normal(size=(60, 3)), rng.normal(shift, 1, size=(60, 3))
            values.append(mmd2(a, b, kernel))
            errors.append(subset_error(a, b, kernel, rng, 6))
        if not shift:
            assert abs(np.mean(values)) < 4 * np.std(values, ddof=1) / math.sqrt(60)
            assert min(values) < 0
        # A standard deviation of 60 has the standard error 1/sqrt(120) of itself, and more with
        # heavy tails: 4 of these are 0.37.
        assert np.std(values, ddof=1) < 1.37 * np.sqrt(np.mean(np.square(errors)))


def test_the_interval_is_students_of_disjoint_subsets(rng: np.random.Generator):
    a, b = rng.normal(size=(50, 3)), rng.normal(size=(40, 3))
    again = np.random.default_rng(7)
    orders = [again.permutation(n).reshape(10, -1) for n in (50, 40)]
    found = [mmd2(a[i], b[j], polynomial) for i, j in zip(*orders, strict=True)]
    error = np.std(found, ddof=1) / math.sqrt(10)
    assert subset_error(a, b, polynomial, np.random.default_rng(7)) == pytest.approx(error)
    measured = kid(a, b, np.random.default_rng(7))
    assert measured.high - measured.value == pytest.approx(
        2.262157 * error
    )  # t of 9 degrees of freedom
    assert measured.value - measured.low == pytest.approx(2.262157 * error)
    assert np.isfinite(kid(a[:5], b, rng)).all()  # two subsets


def test_more_than_the_limit_is_a_fixed_subset(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("memctl.metrics.subsample.LIMIT", 30)
    a, b = rng.normal(size=(80, 3)), rng.normal(size=(70, 3))
    first, second = (mmd_rbf(a, b, 1.0, np.random.default_rng(seed)) for seed in (0, 1))
    assert first.value == second.value == mmd2(subsample(a), subsample(b), rbf(1.0))
    assert len(subsample(a)) == 30
    assert first.high != second.high


def test_generators_rank_as_their_names_say(made, rng: np.random.Generator):
    bandwidth = median_bandwidth(made.train)
    against = lambda name, real: mmd_rbf(getattr(made, name), real, bandwidth, rng)
    fresh = against("fresh", made.train)
    assert fresh.low < 0 < fresh.high
    for name in ("shrunk", "collapsed"):
        assert against(name, made.train).low > fresh.value
    assert (
        against("noisy", made.train).low < fresh.value
    )  # noise of half the factors' scale is detail to this bandwidth
    assert against("collapsed", made.train).value > 10 * abs(fresh.value)
    # Copies are the best of models, and all of train is better than that: the trap.
    assert against("copies", made.train).value < fresh.value
    assert against("train", made.train).value < 0
    assert kid(made.copies, made.train, rng).value < kid(made.fresh, made.train, rng).value
    assert kid(made.collapsed, made.train, rng).low > kid(made.fresh, made.train, rng).value
