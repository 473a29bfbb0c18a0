"""Shift-tolerant distances against loops and signals whose shift is known."""

import numpy as np
import pytest

from memctl.metrics.distance import distances, neighbours
from memctl.metrics.shifts import shift_distances, shift_neighbours, shifted

LENGTH = 20


def signals(m: int = 5, n: int = 7, channels: int = 2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(m, channels, LENGTH)), rng.normal(size=(n, channels, LENGTH))


def flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1)


@pytest.mark.parametrize("how", ["circular", "edge"])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.29, 0.99], ids=str)
def test_it_is_a_loop(how: str, share: float):
    a, b = signals()
    most = int(share * LENGTH)
    found = shift_distances(a, b, share, how)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            each = {}
            for s in range(-most, most + 1):
                places = [
                    (k - s) % LENGTH if how == "circular" else min(max(k - s, 0), LENGTH - 1)
                    for k in range(LENGTH)
                ]
                each[s] = np.sqrt(
                    np.mean(
                        [(x[c][places[k]] - y[c][k]) ** 2 for c in range(2) for k in range(LENGTH)]
                    )
                )
            assert found.distance[i, j] == pytest.approx(min(each.values()))
            assert each[found.shift[i, j]] == pytest.approx(min(each.values()))


@pytest.mark.parametrize("how", ["circular", "edge"])
def test_a_late_signal_is_near(how: str):
    _, b = signals()
    smooth = (
        np.exp(-0.5 * ((np.arange(LENGTH) - 10) / 1.0) ** 2) * np.arange(1, 8)[:, None, None]
    )  # 0 at both ends
    found = shift_distances(shifted(smooth, 2, how), smooth, 0.1, how)
    assert np.diag(found.distance) == pytest.approx(np.zeros(7), abs=1e-6)
    assert (np.diag(found.shift) == -2).all()
    assert (
        np.diag(shift_distances(shifted(b, 3, how), b, 0.1, how).distance) > 0.1
    ).all()  # beyond what is forgiven


def test_circular_shifts_are_the_cross_correlations_maximum():
    a, b = signals(channels=1)
    sums = np.fft.irfft(np.conj(np.fft.rfft(a[:, None, 0])) * np.fft.rfft(b[None, :, 0]), n=LENGTH)
    squares = (a**2).sum(axis=(1, 2))[:, None] + (b**2).sum(axis=(1, 2)) - 2 * sums.max(axis=-1)
    np.testing.assert_allclose(shift_distances(a, b, 0.99, reduce="norm").distance ** 2, squares)


def test_no_share_is_the_plain_distance_and_more_is_never_farther():
    a, b = signals()
    for reduce in ("rms", "mse", "norm"):
        np.testing.assert_array_equal(
            shift_distances(a, b, 0.0, reduce=reduce).distance, distances(flat(a), flat(b), reduce)
        )
    by_share = [shift_distances(a, b, share).distance for share in (0, 0.05, 0.2, 0.5)]
    assert (np.diff(by_share, axis=0) <= 0).all()
    np.testing.assert_allclose(
        by_share[2], shift_distances(b, a, 0.2).distance.T
    )  # circular is symmetric


def test_a_signal_is_at_0_of_itself_unshifted():
    a, _ = signals()
    found = shift_distances(a, a, 0.3)
    assert (np.diag(found.distance) == 0).all()
    assert (np.diag(found.shift) == 0).all()


def test_neighbours_in_blocks_are_those_of_all(monkeypatch: pytest.MonkeyPatch):
    a, b = signals()
    d = shift_distances(a, b, 0.2).distance
    monkeypatch.setattr("memctl.metrics.shifts.BLOCK", 14)  # two queries a block
    found = shift_neighbours(a, b, 0.2)
    np.testing.assert_array_equal(found.first, d.min(axis=1))
    np.testing.assert_array_equal(found.second, np.sort(d, axis=1)[:, 1])
    np.testing.assert_array_equal(found.nearest, d.argmin(axis=1))
    np.testing.assert_allclose(found.mean, d.mean(axis=1))
    for ours, theirs in zip(shift_neighbours(a, b, 0.0), neighbours(flat(a), flat(b)), strict=True):
        np.testing.assert_allclose(ours, theirs)


def test_what_cannot_be_is_refused():
    a, b = signals()
    with pytest.raises(ValueError, match="share=1"):
        shift_distances(a, b, 1.0)
    with pytest.raises(ValueError, match="mirror"):
        shift_distances(a, b, 0.1, "mirror")
