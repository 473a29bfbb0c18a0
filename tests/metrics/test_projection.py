"""Principal components against a singular value decomposition, their comparison against SciPy."""

import math

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance

from memctl.metrics.projection import Projection

BINS = 20


@pytest.fixture
def train() -> np.ndarray:
    rng = np.random.default_rng(0)
    return 3 + rng.normal(size=(150, 4)) @ np.diag([5, 3, 1, 0.5]) @ rng.normal(size=(4, 10))


def test_scores_are_those_of_the_svd(train: np.ndarray):
    projection = Projection.fit(train, 3, BINS)
    _, _, axes = np.linalg.svd(train - train.mean(axis=0), full_matrices=False)
    expected = (train - train.mean(axis=0)) @ axes[:3].T
    signs = np.sign((projection.scores * expected).sum(axis=0))
    np.testing.assert_allclose(projection.scores, expected * signs, atol=1e-9)
    np.testing.assert_allclose(projection.pca.transform(train), projection.scores, atol=1e-12)
    assert [len(edges) for edges in projection.edges] == [BINS + 1] * 3


def test_the_axes_do_not_depend_on_the_order_of_the_examples(train: np.ndarray):
    first, second = Projection.fit(train, 2, BINS), Projection.fit(train[::-1], 2, BINS)
    np.testing.assert_allclose(first.pca.axes, second.pca.axes, atol=1e-9)
    np.testing.assert_allclose(first.scores, second.scores[::-1], atol=1e-9)


def test_comparison_is_scipys(train: np.ndarray):
    projection = Projection.fit(train, 2, BINS)
    scores = projection.scores[:80] * 0.8 + 0.3
    found = projection.compare(scores)
    for k in range(2):
        ours, theirs = scores[:, k], projection.scores[:, k]
        inner = np.linspace(theirs.min(), theirs.max(), BINS + 1)[1:-1]
        p, q = (np.bincount(np.digitize(x, inner), minlength=BINS) for x in (ours, theirs))
        w = wasserstein_distance(ours, theirs)
        assert found[f"wasserstein_C{k + 1}"] == pytest.approx(w)
        assert found[f"wasserstein_sd_C{k + 1}"] == pytest.approx(w / theirs.std(ddof=1))
        assert found[f"js_distance_C{k + 1}"] == pytest.approx(jensenshannon(p, q))
        assert found[f"js_divergence_C{k + 1}"] == pytest.approx(jensenshannon(p, q) ** 2)
    assert len(found) == 8


def test_equal_scores_are_at_0(train: np.ndarray):
    projection = Projection.fit(train, 3, BINS)
    order = np.random.default_rng(1).permutation(len(train))
    assert max(projection.compare(projection.scores[order]).values()) < 1e-7


def test_a_shift_is_the_wasserstein_distance(train: np.ndarray):
    projection = Projection.fit(train, 2, BINS)
    found = projection.compare(projection.scores + np.array([2.5, -0.7]))
    assert found["wasserstein_C1"] == pytest.approx(2.5)
    assert found["wasserstein_C2"] == pytest.approx(0.7)
    sd = projection.scores.std(axis=0, ddof=1)
    assert found["wasserstein_sd_C1"] == pytest.approx(2.5 / sd[0])


def test_scores_apart_are_at_the_bound(train: np.ndarray):
    projection = Projection.fit(train, 1, BINS)
    low, high = projection.edges[0][1], projection.edges[0][-2]
    found = projection.compare(np.full((50, 1), high + 1), np.full((60, 1), low - 1))
    assert found["js_divergence_C1"] == pytest.approx(math.log(2))
    assert found["js_distance_C1"] == pytest.approx(math.sqrt(math.log(2)))


def test_a_reference_of_its_own_takes_the_place_of_train(train: np.ndarray):
    projection = Projection.fit(train, 2, BINS)
    other = projection.scores[:40] + 1
    found = projection.compare(projection.scores[:70], other)
    assert found["wasserstein_C1"] == pytest.approx(
        wasserstein_distance(projection.scores[:70, 0], other[:, 0])
    )
    assert found["wasserstein_sd_C1"] == pytest.approx(
        found["wasserstein_C1"] / projection.scores[:, 0].std(ddof=1)
    )
    assert max(projection.compare(other, other).values()) < 1e-7


def test_units_of_the_data_cancel_in_the_standardised_distance(train: np.ndarray):
    a, b = Projection.fit(train, 2, BINS), Projection.fit(1000 * train, 2, BINS)
    ours, theirs = a.compare(a.scores[:50] + 0.5), b.compare(b.scores[:50] + 500)
    for k in (1, 2):
        assert theirs[f"wasserstein_C{k}"] == pytest.approx(1000 * ours[f"wasserstein_C{k}"])
        assert theirs[f"wasserstein_sd_C{k}"] == pytest.approx(ours[f"wasserstein_sd_C{k}"])
        assert theirs[f"js_divergence_C{k}"] == pytest.approx(ours[f"js_divergence_C{k}"], abs=1e-9)
