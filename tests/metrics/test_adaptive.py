"""The adaptive ratio in closed form, against a loop, and where it passes fresh examples."""

import numpy as np
import pytest

from memctl.metrics.adaptive import adaptive_ratio
from memctl.metrics.distance import distances, neighbours
from memctl.metrics.f_mem import f_mem


def nearest(samples: np.ndarray, train: np.ndarray, k: int) -> np.ndarray:
    return np.sort(distances(samples, train), axis=1)[:, :k]


def test_the_adaptive_ratio_in_closed_form():
    d = np.array([[1.0, 2, 3], [0, 2, 4], [2, 2, 2], [0, 0, 0]])
    np.testing.assert_allclose(adaptive_ratio(d), [1, 0, 2, 2])  # all alike, and all equal: 1/alpha
    np.testing.assert_allclose(adaptive_ratio(d, alpha=1), [0.5, 0, 1, 1])


def test_the_adaptive_ratio_is_a_loop(made):
    train, fresh = made.train, made.fresh
    expected = []
    for g in fresh[:20]:
        d = sorted(np.sqrt(((g - x) ** 2).mean()) for x in train)[:50]
        expected.append(d[0] / (0.5 * sum(d) / 50))
    np.testing.assert_allclose(adaptive_ratio(nearest(fresh[:20], train, 50)), expected)
    np.testing.assert_allclose(
        adaptive_ratio(1e-3 * nearest(fresh[:20], train, 50)), expected
    )  # no unit


def test_the_adaptive_ratio_sees_a_copy_of_a_duplicate(made):
    train = made.train
    doubled = np.concatenate([train, train])
    assert f_mem(neighbours(train, doubled)).value == 0
    assert (adaptive_ratio(nearest(train, doubled, 50)) == 0).all()
    soft = train + 0.1 * np.median(
        neighbours(train, train, own=np.arange(len(train))).first
    ) * np.random.default_rng(0).normal(size=train.shape)
    assert (adaptive_ratio(nearest(soft, train, 50)) < 1).all()


@pytest.mark.parametrize("dimensions", [1, 4, 6, 10, 20])
def test_the_adaptive_cut_passes_fresh_examples_of_few_dimensions(dimensions: int):
    """Distances to uniform examples around one: d^dimensions is uniform. 1000 samples, 4 standard
    errors; 0.02 for the approximation.
    """
    d = np.sort(np.random.default_rng(0).uniform(size=(1000, 500)) ** (1 / dimensions), axis=1)[
        :, :50
    ]
    expected = 1 - np.exp(-50 * (0.5 * dimensions / (dimensions + 1)) ** dimensions)
    assert abs((adaptive_ratio(d) < 1).mean() - expected) < 4 * (0.25 / 1000) ** 0.5 + 0.02
