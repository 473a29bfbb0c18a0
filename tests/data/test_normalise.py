"""z-normalisation: every channel of every example to mean 0 and standard deviation 1."""

import numpy as np
import pytest

from memctl.data.normalise import znormalise


@pytest.fixture
def waves() -> np.ndarray:
    rng = np.random.default_rng(0)
    return (
        rng.normal(size=(30, 2, 50)) * rng.uniform(0.01, 100, (30, 2, 1))
        + rng.normal(size=(30, 2, 1)) * 1000
    )


def test_each_channel_has_mean_0_and_sd_1(waves: np.ndarray):
    values, kept = znormalise(waves)
    assert values.shape == waves.shape
    assert values.dtype == np.float32
    assert kept.all()
    np.testing.assert_allclose(values.mean(axis=-1, dtype=np.float64), 0, atol=1e-6)
    np.testing.assert_allclose(values.std(axis=-1, dtype=np.float64, ddof=1), 1, atol=1e-6)


def test_it_is_the_formula(waves: np.ndarray):
    values, _ = znormalise(waves)
    row = waves[7, 1]
    mean = sum(row) / 50
    sd = (sum((x - mean) ** 2 for x in row) / 49) ** 0.5
    np.testing.assert_allclose(values[7, 1], (row - mean) / sd, rtol=1e-5, atol=1e-6)


def test_scale_and_offset_of_the_raw_values_do_not_matter(waves: np.ndarray):
    np.testing.assert_allclose(znormalise(3.7 * waves - 20)[0], znormalise(waves)[0], atol=1e-5)
    np.testing.assert_allclose(znormalise(-waves)[0], -znormalise(waves)[0], atol=1e-6)


@pytest.mark.parametrize("level", [0.0, 1.0, 0.1, -3e6, 1e-9, 1e12 / 3], ids=str)
def test_flat_lines_are_left_out(waves: np.ndarray, level: float):
    flat = waves.copy()
    flat[[4, 11]] = level
    values, kept = znormalise(flat)
    assert np.flatnonzero(~kept).tolist() == [4, 11]
    np.testing.assert_array_equal(values, znormalise(np.delete(waves, [4, 11], axis=0))[0])


def test_a_small_wave_on_a_large_offset_is_no_flat_line():
    small = 1e6 + 1e-3 * np.sin(np.linspace(0, 6, 50))[None, None]
    values, kept = znormalise(small)
    assert kept.all()
    assert values.std() == pytest.approx(1, rel=0.02)  # the population's formula gives sqrt(49/50)


def test_nan_is_kept_for_the_split_to_name(waves: np.ndarray):
    waves[3, 0, 10] = np.nan
    values, kept = znormalise(waves)
    assert kept.all()
    assert np.isnan(values[3, 0]).all()
    assert np.isfinite(np.delete(values, 3, axis=0)).all()


def test_the_input_is_left_alone(waves: np.ndarray):
    before = waves.copy()
    znormalise(waves)
    np.testing.assert_array_equal(waves, before)
