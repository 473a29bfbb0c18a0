"""Autocorrelation and spectrum against loops, closed forms and SciPy."""

import math

import numpy as np
import pytest
from scipy.signal import periodogram

from memctl.metrics.spectrum import acf_distance, autocorrelation, power, spectrum_distance

LENGTH = 24


def examples(n: int = 6, channels: int = 2, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(2, 1.5, size=(n, channels, LENGTH)).cumsum(axis=-1)


def autoregressive(n: int, phi: float, length: int = 400, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(n, 1, length))
    x = noise.copy()
    for k in range(1, length):
        x[..., k] = phi * x[..., k - 1] + noise[..., k]
    return x


def test_autocorrelation_is_a_loop():
    x = examples()
    found = autocorrelation(x, LENGTH - 1)
    for i in range(6):
        for c in range(2):
            y = x[i, c] - np.mean(x[i, c])
            for k in range(LENGTH):
                assert found[i, c, k] == pytest.approx(
                    sum(y[t] * y[t + k] for t in range(LENGTH - k)) / sum(y**2), abs=1e-12
                )
    assert (np.abs(found) <= 1).all()


def test_power_is_scipys_periodogram():
    x = examples()
    _, expected = periodogram(x, window="hann", detrend="constant", scaling="spectrum")
    ours = power(x)
    ratio = ours / expected[..., 1:]
    np.testing.assert_allclose(ratio[..., :-1], ratio[0, 0, 0])
    np.testing.assert_allclose(
        ratio[..., -1], 2 * ratio[0, 0, 0]
    )  # one-sided spectra count all but the last frequency twice


def test_an_autoregression_has_its_closed_form():
    n, length = 200, 400
    found = autocorrelation(autoregressive(n, 0.8, length), 5).mean(axis=(0, 1))
    for k in range(1, 6):
        # Bartlett: variance below (1 + phi^2) / (1 - phi^2) / length an example; the mean taken off
        # biases by about 1 / length times
        # (1 + phi) / (1 - phi), and the missing terms by k / length
        error = math.sqrt((1 + 0.64) / (1 - 0.64) / length / n)
        assert found[k] == pytest.approx(0.8**k, abs=4 * error + (1.8 / 0.2 + k + 5) / length)


def test_equal_sides_are_at_0_and_order_does_not_matter():
    x, y = examples(), examples(9, seed=1)
    for distance in (acf_distance, spectrum_distance):
        assert distance(x, x) == 0
        assert distance(x, y) == pytest.approx(distance(y, x))
        assert distance(x, y) == pytest.approx(distance(x[::-1], y))
        assert distance(x, np.tile(x, (3, 1, 1))) == pytest.approx(0, abs=1e-12)
        assert distance(x, y) > 0


def test_time_reversed_is_equal_and_so_is_an_offset():
    x, y = examples(), examples(9, seed=1)
    assert acf_distance(x[..., ::-1], y) == pytest.approx(acf_distance(x, y))
    for distance in (acf_distance, spectrum_distance):
        assert distance(x + 7, x) == pytest.approx(0, abs=1e-8)


def test_scale_is_seen_in_decibels_and_by_autocorrelation_not_at_all():
    x = examples()
    assert spectrum_distance(10 * x, x) == pytest.approx(20)
    assert acf_distance(10 * x, x) == pytest.approx(0, abs=1e-12)


def test_an_alternating_signal_and_a_slow_one_differ_by_their_lags():
    length = 400
    alternating, slow = (
        np.resize([1.0, -1.0], (1, 1, length)),
        np.repeat([1.0, -1.0], length // 2)[None, None],
    )
    assert acf_distance(alternating, slow, share=2 / length) == pytest.approx(
        math.sqrt(2), abs=0.02
    )  # r_1 = -1 and 1, r_2 = 1 and 1


def test_two_samples_of_one_noise_differ_by_what_the_docstring_says():
    rng, n, m = np.random.default_rng(0), 150, 250
    found = [
        spectrum_distance(rng.normal(size=(n, 1, 128)), rng.normal(size=(m, 1, 128)))
        for _ in range(10)
    ]
    # a root mean square over 64 frequencies, of which Hann's window leaves about 64 / 2
    # independent, and 10 repeats
    assert np.mean(found) == pytest.approx(
        5.57 * math.sqrt(1 / n + 1 / m), rel=4 / math.sqrt(2 * 32 * 10)
    )


def test_a_constant_example_has_a_spectrum_all_the_same():
    x = examples()
    still = np.full_like(x, 3.0)
    assert np.isfinite(spectrum_distance(still, x))
    assert spectrum_distance(still, x) > 50
    assert spectrum_distance(still, still) == 0
    assert (autocorrelation(still, 4)[..., 1:] == 0).all()
