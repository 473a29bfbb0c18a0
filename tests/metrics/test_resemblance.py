"""Correlations of examples, one with one."""

import numpy as np
import pytest
from scipy import stats

from memctl.metrics.resemblance import correlations


def test_they_are_pearson_s():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(20, 9)), rng.normal(size=(20, 9))
    np.testing.assert_allclose(
        correlations(a, b),
        [stats.pearsonr(x, y).statistic for x, y in zip(a, b, strict=True)],
        atol=1e-12,
    )


def test_contrast_and_offset_are_forgiven_and_a_constant_resembles_nothing():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(5, 9)), rng.normal(size=(5, 9))
    np.testing.assert_allclose(correlations(3 * a + 1, b), correlations(a, b))
    np.testing.assert_allclose(correlations(a, -2 * a), -1)
    assert correlations(np.ones((2, 9)), a[:2]) == pytest.approx([0, 0])
