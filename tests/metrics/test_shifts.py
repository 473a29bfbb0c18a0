"""Shift-tolerant distances against loops and signals whose shift is known."""

import numpy as np
import pytest

from memctl.metrics.distance import distances
from memctl.metrics.shifts import shift_distances

LENGTH = 20


def signals(m: int = 5, n: int = 7, channels: int = 2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(m, channels, LENGTH)), rng.normal(size=(n, channels, LENGTH))


def flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.29, 0.99], ids=str)
def test_it_is_a_loop(share: float):
    a, b = signals()
    most = int(share * LENGTH)
    found = shift_distances(a, b, share)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            each = [
                np.mean(
                    [
                        (x[c][(k - s) % LENGTH] - y[c][k]) ** 2
                        for c in range(2)
                        for k in range(LENGTH)
                    ]
                )
                for s in range(-most, most + 1)
            ]
            assert found[i, j] == pytest.approx(np.sqrt(min(each)))


def test_a_late_signal_is_near():
    _, b = signals()
    late = shift_distances(np.roll(b, 2, axis=-1), b, 0.1)
    assert np.diag(late) == pytest.approx(np.zeros(7), abs=1e-12)
    beyond = shift_distances(np.roll(b, 3, axis=-1), b, 0.1)
    assert (np.diag(beyond) > 0.1).all()


def test_circular_shifts_are_the_cross_correlations_maximum():
    a, b = signals(channels=1)
    sums = np.fft.irfft(np.conj(np.fft.rfft(a[:, None, 0])) * np.fft.rfft(b[None, :, 0]), n=LENGTH)
    squares = (a**2).sum(axis=(1, 2))[:, None] + (b**2).sum(axis=(1, 2)) - 2 * sums.max(axis=-1)
    np.testing.assert_allclose(shift_distances(a, b, 0.99, reduce="norm") ** 2, squares)


def test_no_share_is_the_plain_distance_and_more_is_never_farther():
    a, b = signals()
    for reduce in ("rms", "mse", "norm"):
        np.testing.assert_allclose(
            shift_distances(a, b, 0.0, reduce=reduce), distances(flat(a), flat(b), reduce), 1e-12
        )
    by_share = [shift_distances(a, b, share) for share in (0, 0.05, 0.2, 0.5)]
    assert (np.diff(by_share, axis=0) <= 0).all()
    np.testing.assert_allclose(by_share[2], shift_distances(b, a, 0.2).T)  # circular is symmetric


def test_a_signal_is_at_0_of_itself():
    a, _ = signals()
    assert (np.diag(shift_distances(a, a, 0.3)) == 0).all()


def test_what_cannot_be_is_refused():
    a, b = signals()
    with pytest.raises(ValueError, match="share=1"):
        shift_distances(a, b, 1.0)


def test_near_signals_keep_their_digits():
    """Products alone would lose all of them: the difference is 1e-10 of the length."""
    a, _ = signals()
    late = np.roll(a, 1, axis=-1) + 1e-10
    near = np.diag(shift_distances(a, late, 0.1))
    np.testing.assert_allclose(near, 1e-10, rtol=1e-5)


def test_signals_in_single_precision_are_read_in_double():
    a, b = (x.astype(np.float32) for x in signals())
    np.testing.assert_array_equal(
        shift_distances(a, b), shift_distances(a.astype(np.float64), b.astype(np.float64))
    )
