"""The bundled heartbeats."""

import re

import numpy as np
import pytest
import scipy.signal

from memctl.data import Mitdb208, load, mitdb208
from memctl.data.base import Examples
from memctl.data.normalise import znormalise

RATE = mitdb208.RATE


@pytest.fixture(scope="module")
def beats() -> Examples:
    return Mitdb208().read()


@pytest.fixture
def unfiltered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves the baseline in, so that a ramp stays a ramp: each value of a beat is its own place in
    the recording.
    """
    monkeypatch.setattr(scipy.signal, "sosfiltfilt", lambda sos, x: x)


def test_491_normalised_beats(beats: Examples):
    assert beats.values.shape == (491, 1, 140)
    assert beats.values.dtype == np.float32
    assert beats.labels is None
    np.testing.assert_allclose(beats.values.mean(axis=-1, dtype=np.float64), 0, atol=1e-6)
    np.testing.assert_allclose(beats.values.std(axis=-1, dtype=np.float64, ddof=1), 1, atol=1e-6)


def test_the_documentation_counts_what_is_dropped(beats: Examples):
    detected, used, gaps = map(
        int,
        re.search(
            r"Of (\d+) detected beats (\d+) are used: the\sfirst and the last lack a neighbour, and"
            r" (\d+)",
            mitdb208.__doc__,
        ).groups(),
    )
    assert used == len(beats.values)
    assert beats.dropped == {
        "first and last, which lack a neighbour": 2,
        "beside a gap no heart leaves": gaps,
    }
    assert detected == used + sum(beats.dropped.values())


@pytest.mark.parametrize("length", [70, 280])
def test_another_length_takes_the_same_beats(beats: Examples, length: int):
    other = Mitdb208(length=length).read()
    assert other.values.shape == (491, 1, length)
    assert other.dropped == beats.dropped
    # Every second value of the finer series stands where one of the coarser does.
    fine, coarse = (beats.values, other.values) if length == 70 else (other.values, beats.values)
    np.testing.assert_allclose(znormalise(fine[..., ::2].astype(np.float64))[0], coarse, atol=1e-5)


def test_the_peak_stands_a_third_into_the_beat(beats: Examples):
    # Beats begin a third of a gap before their R peak; 2/3 of the next follow, so equal gaps put it
    # at 1/3 of 140 values.
    assert np.median(np.abs(beats.values[:, 0]).argmax(axis=1)) == pytest.approx(140 / 3, abs=5)


def test_neighbouring_beats_take_no_common_part_of_the_recording(unfiltered: None):
    gaps = np.array([200, 260, 180, 310, 240, 240, 205, 333, 190])
    peaks = 500 + np.concatenate([[0], np.cumsum(gaps)])
    places, dropped = mitdb208.cut(np.arange(4000.0), peaks, 140)
    assert places.shape == (len(peaks) - 2, 1, 140)
    assert dropped == 0
    assert (
        np.diff(places.ravel()) > 0
    ).all()  # from the first value of the first beat to the last of the last
    for beat, before, peak, after in zip(
        places[:, 0], gaps[:-1], peaks[1:-1], gaps[1:], strict=True
    ):
        assert beat[0] == pytest.approx(peak - before / 3)
        np.testing.assert_allclose(np.diff(beat), (before / 3 + 2 * after / 3) / 140)
    # Each beat ends where the next begins: its end, one step after its last value, is the next
    # one's first value.
    ends = places[:-1, 0, -1] + np.diff(places[:-1, 0, -2:]).ravel()
    np.testing.assert_allclose(ends, places[1:, 0, 0])


@pytest.mark.parametrize(
    ("gap", "lost"),
    [(int(0.3 * RATE) - 1, 2), (int(0.3 * RATE), 0), (432, 0), (433, 2), (2000, 2)],
    ids=str,
)
def test_beats_beside_a_gap_that_no_heart_leaves_are_dropped(unfiltered: None, gap: int, lost: int):
    gaps = [250, 250, 250, gap, 250, 250, 250]
    peaks = 500 + np.concatenate([[0], np.cumsum(gaps)])
    places, dropped = mitdb208.cut(np.arange(6000.0), peaks, 50)
    assert dropped == lost
    assert len(places) == len(peaks) - 2 - lost
    if lost:
        inside = (places > peaks[3] - 50) & (places < peaks[4] - 100)
        assert not inside.any()


def test_the_baseline_is_taken_out():
    peaks = np.arange(1000, 20_000, 250)
    wave = np.sin(2 * np.pi * 5 * np.arange(21_000) / RATE)
    drift = 30 * np.sin(2 * np.pi * 0.05 * np.arange(21_000) / RATE)  # one rise and fall in 20 s
    with_drift, without = (mitdb208.cut(x, peaks, 100)[0] for x in (wave + drift, wave))
    assert np.abs(with_drift - without)[5:-5].max() < 0.05


def test_r_peaks_are_found_where_they_are():
    rng = np.random.default_rng(0)
    truth = 400 + np.cumsum(rng.integers(180, 330, size=30))
    t = np.arange(truth[-1] + 400)
    ecg = sum(
        np.exp(-0.5 * ((t - p) / 6) ** 2) + 0.2 * np.exp(-0.5 * ((t - p - 90) / 25) ** 2)
        for p in truth
    )
    found = mitdb208.r_peaks(ecg + 0.02 * rng.normal(size=len(t)))
    assert len(found) == 30
    assert np.abs(found - truth).max() <= 4  # samples of 1/360 s


def test_the_split_is_of_distinct_beats_in_equal_halves():
    found = load(Mitdb208())
    assert found.train.shape == found.heldout.shape == (245, 1, 140)
    assert (found.summary["examples"], found.summary["duplicates"], found.summary["unused"]) == (
        491,
        0,
        1,
    )


def test_the_digest_is_of_the_bundled_file():
    assert [path.name for path in Mitdb208().files()] == ["mitdb208.npz"]
    assert Mitdb208().digest() == Mitdb208(length=50, split_seed=3).digest()
    assert re.fullmatch("[0-9a-f]{16}", Mitdb208().digest())
