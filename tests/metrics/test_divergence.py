"""Histograms and the Jensen-Shannon divergence."""

import math

import numpy as np
import pytest
from scipy.stats import entropy

from memctl.metrics.divergence import divergence, histogram, open_edges


def test_it_is_the_difference_of_entropies():
    p, q = np.random.default_rng(0).dirichlet(np.ones(12), size=(2, 30))
    p[:, 3] = 0
    p /= p.sum(axis=1, keepdims=True)
    expected = [
        entropy((a + b) / 2) - (entropy(a) + entropy(b)) / 2 for a, b in zip(p, q, strict=True)
    ]
    np.testing.assert_allclose(divergence(p, q), expected, rtol=1e-9)
    np.testing.assert_allclose(divergence(q, p), expected, rtol=1e-9)
    assert divergence(p[0], q[0]) == pytest.approx(expected[0])
    np.testing.assert_allclose(divergence(p, q[:1]), [divergence(row, q[0]) for row in p])


def test_equal_histograms_are_at_0_and_disjoint_ones_at_log_2():
    p = np.random.default_rng(0).dirichlet(np.ones(50), size=200)
    assert (divergence(p, p) < 1e-15).all()
    assert (divergence(p, p) >= 0).all()
    apart = divergence(np.array([0.2, 0.8, 0, 0]), np.array([0, 0, 0.5, 0.5]))
    assert apart == pytest.approx(math.log(2))


@pytest.mark.parametrize(
    ("bins", "n", "m"),
    [(10, 1000, 2500), (20, 1000, 2500), (50, 1000, 8000), (50, 400, 400)],
    ids=str,
)
def test_the_noise_floor_of_two_samples_of_one_distribution(bins: int, n: int, m: int):
    rng = np.random.default_rng(0)
    edges = np.linspace(0, 1, bins + 1)
    repeats = 200
    floor = np.mean(
        [
            divergence(histogram(rng.random(n), edges), histogram(rng.random(m), edges))
            for _ in range(repeats)
        ]
    )
    expected = (bins - 1) / 8 * (1 / n + 1 / m)
    # The divergence is about (1/n + 1/m)/8 times a chi-squared of bins - 1 degrees: its mean over
    # 200 repeats has the relative error sqrt(2 / (bins - 1) / 200), 0.033 for 10 bins; 4 of them,
    # and 3 % for terms of higher order.
    assert floor == pytest.approx(expected, rel=4 * math.sqrt(2 / (bins - 1) / repeats) + 0.03)


def test_histograms_are_numpys_within_the_range():
    reference = np.random.default_rng(0).normal(size=500)
    x = np.random.default_rng(1).choice(reference, 300)
    edges = open_edges(reference, 20)
    expected = np.histogram(x, bins=20, range=(reference.min(), reference.max()))[0] / 300
    np.testing.assert_allclose(histogram(x, edges), expected)
    assert histogram(reference, edges)[-1] > 0  # the greatest value belongs to the last bin


def test_what_lies_beyond_the_range_counts_in_the_outer_bins():
    edges = open_edges(np.array([0.0, 10.0]), 5)
    assert len(edges) == 6
    np.testing.assert_allclose(
        histogram(np.array([-100, -0.1, 0, 5, 10, 11, 1e300]), edges), np.array([3, 0, 1, 0, 3]) / 7
    )
    np.testing.assert_allclose(np.diff(edges)[1:-1], 2)


def test_histograms_take_any_shape_and_sum_to_1():
    x = np.random.default_rng(0).normal(size=(6, 2, 25))
    shares = histogram(x, open_edges(x / 2, 30))
    assert shares.shape == (30,)
    assert shares.sum() == pytest.approx(1)
    np.testing.assert_array_equal(shares, histogram(x.ravel()[::-1], open_edges(x / 2, 30)))


def test_a_constant_reference_still_tells_below_from_not_below():
    edges = open_edges(np.full(10, 3.0), 4)
    same = histogram(np.full(5, 3.0), edges)
    assert divergence(same, histogram(np.full(7, 3.0), edges)) == 0
    assert divergence(same, histogram(np.full(7, 2.9), edges)) == pytest.approx(math.log(2))
