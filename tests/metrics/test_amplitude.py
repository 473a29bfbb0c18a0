"""The three readings of the JS distance of signals against loops."""

import math

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from memctl.metrics.amplitude import amplitude_js, as_pmf

MODES = ("pooled", "pairwise_hist", "pairwise_pmf")
BINS = 12


@pytest.fixture
def sides() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(9, 60)), np.sin(np.linspace(0, 9, 60)) + 0.5 * rng.normal(size=(14, 60))


def counts(x: np.ndarray, train: np.ndarray) -> list[int]:
    """A histogram by hand: equal bins over the range of train, the outer ones open."""
    low, width = train.min(), np.ptp(train) / BINS
    out = [0] * BINS
    for value in np.ravel(x):
        out[min(max(math.floor((value - low) / width), 0), BINS - 1)] += 1
    return out


def test_pooled_is_a_loop(sides):
    samples, train = sides
    expected = [jensenshannon(counts(g, train), counts(train, train)) for g in samples]
    np.testing.assert_allclose(amplitude_js(samples, train, "pooled", BINS), expected, rtol=1e-9)


def test_pairwise_hist_is_a_loop(sides):
    samples, train = sides
    expected = [
        np.mean([jensenshannon(counts(g, train), counts(x, train)) for x in train]) for g in samples
    ]
    np.testing.assert_allclose(
        amplitude_js(samples, train, "pairwise_hist", BINS), expected, rtol=1e-9
    )


def test_pairwise_pmf_is_a_loop(sides):
    samples, train = sides
    expected = [np.mean([jensenshannon(g - g.min(), x - x.min()) for x in train]) for g in samples]
    np.testing.assert_allclose(
        amplitude_js(samples, train, "pairwise_pmf", BINS), expected, rtol=1e-9
    )


@pytest.mark.parametrize("mode", MODES)
def test_the_order_in_time_does_not_matter_to_histograms(sides, mode: str):
    samples, train = sides
    shuffled = np.random.default_rng(1).permuted(samples, axis=1)
    before, after = (
        amplitude_js(samples, train, mode, BINS),
        amplitude_js(shuffled, train, mode, BINS),
    )
    if mode == "pairwise_pmf":
        assert (np.abs(before - after) > 1e-3).all()
    else:
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("mode", MODES)
def test_it_lies_between_0_and_the_root_of_log_2(sides, mode: str):
    samples, train = sides
    far = np.concatenate(
        [samples, 1e3 * samples, np.zeros_like(samples[:1]), np.full_like(samples[:1], -50)]
    )
    found = amplitude_js(far, train, mode, BINS)
    assert found.shape == (len(far),)
    assert (found >= 0).all()
    assert (found <= math.sqrt(math.log(2)) + 1e-12).all()


@pytest.mark.parametrize("mode", MODES)
def test_a_training_set_of_one_signal_is_at_0_of_itself(mode: str):
    signal = np.random.default_rng(0).normal(size=(1, 80))
    assert amplitude_js(signal, np.repeat(signal, 5, axis=0), mode, BINS) == pytest.approx(
        0, abs=1e-7
    )


def test_what_lies_beyond_the_training_range_is_at_the_bound(sides):
    samples, train = sides
    found = amplitude_js(samples + 1e3, train, "pooled", BINS)
    last = counts(train, train)[-1] / train.size
    p, q = np.eye(BINS)[-1], np.array(counts(train, train)) / train.size
    np.testing.assert_allclose(found, jensenshannon(p, q))
    assert 0 < last < 0.05
    assert found[0] > 0.75


def test_as_pmf():
    np.testing.assert_allclose(
        as_pmf(np.array([[1.0, 2, 4], [-3, -3, -3]])), [[0, 0.25, 0.75], [1 / 3, 1 / 3, 1 / 3]]
    )
