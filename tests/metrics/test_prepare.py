"""What a distance is taken between."""

import numpy as np
import pytest

from memctl.metrics.prepare import flatten, quantize, standardise


def test_flatten_keeps_the_order_of_values():
    examples = np.arange(48, dtype=np.float32).reshape(2, 3, 4, 2)
    flat = flatten(examples)
    assert flat.shape == (2, 24)
    assert flat.dtype == np.float64
    np.testing.assert_array_equal(flat[1], np.arange(24, 48))
    assert flatten(np.asfortranarray(examples)).flags.c_contiguous


def test_256_levels_are_an_8_bit_round_trip():
    x = np.random.default_rng(0).uniform(-0.2, 1.2, size=(20, 30))
    as_bytes = np.round(np.clip(x, 0, 1) * 255).astype(np.uint8)
    np.testing.assert_allclose(quantize(x, 256, (0.0, 1.0)), as_bytes / 255)


@pytest.mark.parametrize("levels", [2, 3, 17])
def test_levels_are_spread_evenly_over_the_range(levels: int):
    x = np.random.default_rng(0).normal(size=(50, 40))
    found = quantize(x, levels, (-2.0, 3.0))
    grid = np.linspace(-2, 3, levels)
    np.testing.assert_allclose(np.unique(found.round(12)), grid.round(12))
    nearest = np.abs(np.clip(x, -2, 3)[..., None] - grid).min(axis=-1)
    np.testing.assert_allclose(np.abs(found - np.clip(x, -2, 3)), nearest, atol=1e-12)
    np.testing.assert_allclose(quantize(found, levels, (-2.0, 3.0)), found)


def test_0_levels_leave_the_values():
    x = np.array([[-100.0, 0.123456789, 100.0]])
    np.testing.assert_array_equal(quantize(x, 0, (0.0, 1.0)), x)


def test_zscore_is_of_each_row():
    x = np.random.default_rng(0).normal(size=(10, 50)) * np.arange(1, 11)[:, None] + 7
    found = standardise(x, "zscore")
    np.testing.assert_allclose(found.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(found.std(axis=1), 1)
    np.testing.assert_allclose(standardise(3 * x + 1, "zscore"), found)
    np.testing.assert_array_equal(standardise(np.full((1, 5), 4.0), "zscore"), np.zeros((1, 5)))


def test_none_leaves_the_rows():
    x = np.random.default_rng(0).normal(size=(3, 5))
    np.testing.assert_array_equal(standardise(x, "none"), x)
