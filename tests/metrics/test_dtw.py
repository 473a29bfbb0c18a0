"""Dynamic time warping against a double loop and alignments that are known."""

import math

import numpy as np
import pytest

from memctl.metrics import dtw
from memctl.metrics.distance import distances
from memctl.metrics.dtw import below, dtw_distances, dtw_nearest


def signals(
    m: int = 4, n: int = 5, channels: int = 2, length: int = 17
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(m, channels, length)), rng.normal(size=(n, channels, length))


def loop(x: np.ndarray, y: np.ndarray, reach: int) -> float:
    length = x.shape[1]
    c = [[math.inf] * (length + 1) for _ in range(length + 1)]
    c[0][0] = 0.0
    for i in range(1, length + 1):
        for j in range(1, length + 1):
            if abs(i - j) <= reach:
                c[i][j] = sum((x[:, i - 1] - y[:, j - 1]) ** 2) + min(
                    c[i - 1][j], c[i][j - 1], c[i - 1][j - 1]
                )
    return c[length][length]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("band", [0.0, 0.06, 0.3, 1.0], ids=str)
def test_it_is_a_double_loop(channels: int, band: float, monkeypatch: pytest.MonkeyPatch):
    a, b = signals(channels=channels)
    expected = np.array([[loop(x, y, int(band * 17)) for y in b] for x in a])
    np.testing.assert_allclose(dtw_distances(a, b, band, "norm"), np.sqrt(expected))
    np.testing.assert_allclose(
        dtw_distances(a, b, band, "rms"), np.sqrt(expected / (17 * channels))
    )
    monkeypatch.setattr(dtw, "PAIRS", 6)  # a query a block
    np.testing.assert_allclose(dtw_distances(a, b, band, "mse"), expected / (17 * channels))


def test_without_a_band_it_is_the_plain_distance_and_a_wider_one_is_never_farther():
    a, b = signals()
    np.testing.assert_allclose(
        dtw_distances(a, b, 0.0), distances(a.reshape(4, -1), b.reshape(5, -1))
    )
    by_band = [dtw_distances(a, b, band) for band in (0, 0.06, 0.12, 0.5, 1)]
    assert (np.diff(by_band, axis=0) <= 1e-12).all()
    np.testing.assert_allclose(by_band[2], dtw_distances(b, a, 0.12).T)


def test_a_signal_is_at_0_of_itself_and_of_its_stretched_self():
    a, _ = signals()
    assert (np.diag(dtw_distances(a, a)) == 0).all()
    steps = np.array([0.0, 0, 0, 1, 2, 3, 3, 3, 3])
    slower = np.array([0.0, 0, 1, 1, 2, 2, 3, 3, 3])
    assert dtw_distances(steps[None, None], slower[None, None], 0.3)[0, 0] == 0
    assert dtw_distances(steps[None, None], slower[None, None], 0.0)[0, 0] == pytest.approx(
        math.sqrt(2 / 9)
    )


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("band", [0.0, 0.06, 0.3, 1.0], ids=str)
@pytest.mark.parametrize("smooth", [1, 6])
def test_the_nearest_is_the_least_of_all_to_the_last_bit(
    channels: int, band: float, smooth: int, monkeypatch: pytest.MonkeyPatch
):
    """Also of copies, whose bound is their distance, 0; and in blocks of pairs."""
    a, b = signals(9, 40, channels, 30)
    a, b = (np.cumsum(x, axis=-1)[..., ::smooth] for x in (a, b))
    b[7] = a[3]
    all_pairs = dtw_distances(a, b, band)
    bounds = below(a, b, int(band * a.shape[-1]))
    assert (bounds <= dtw_distances(a, b, band, "norm") ** 2).all()
    for pairs in (10**6, 7):
        monkeypatch.setattr(dtw, "APART", pairs)
        np.testing.assert_array_equal(dtw_nearest(a, b, band), all_pairs.min(axis=1))
    assert dtw_nearest(a, b, band)[3] == 0


@pytest.mark.parametrize(("factor", "offset"), [(1e150, 0.0), (1e-150, 0.0), (1e-4, 1e3), (0, 1)])
def test_the_nearest_is_right_where_single_precision_is_not(factor: float, offset: float) -> None:
    """Of the last but one all paths are alike to seven digits, of the last to all."""
    a, b = (x * factor + offset for x in signals(9, 40, 2, 30))
    np.testing.assert_array_equal(dtw_nearest(a, b), dtw_distances(a, b).min(axis=1))


def test_signals_in_single_precision_are_read_in_double() -> None:
    a, b = (x.astype(np.float32) for x in signals(9, 40, 2, 30))
    double = [x.astype(np.float64) for x in (a, b)]
    for found in (dtw_distances, dtw_nearest):
        np.testing.assert_array_equal(found(a, b), found(*double))


def test_few_paths_are_walked_for_the_nearest(monkeypatch: pytest.MonkeyPatch):
    walked, warped = 0, dtw.warped

    def counted(x: np.ndarray, y: np.ndarray, reach: int) -> np.ndarray:
        nonlocal walked
        walked += x.shape[-1]
        return warped(x, y, reach)

    monkeypatch.setattr(dtw, "warped", counted)
    a, b = (np.cumsum(x, axis=-1) for x in signals(20, 100, 1, 40))
    dtw_nearest(a, b)
    assert walked < 20 * 100 / 3


def test_amplitude_is_not_forgiven():
    flat, high = np.zeros((1, 1, 12)), np.full((1, 1, 12), 0.7)
    assert dtw_distances(flat, high, 1.0)[0, 0] == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("band", "reduce", "length"), [(1.5, "rms", 17), (0.1, "sum", 17), (0.1, "rms", 16)], ids=str
)
def test_what_cannot_be_is_refused(band: float, reduce: str, length: int):
    a, b = signals()
    for function in (dtw_distances, dtw_nearest):
        with pytest.raises(ValueError, match="must be in"):
            function(a, b[..., :length], band, reduce)
