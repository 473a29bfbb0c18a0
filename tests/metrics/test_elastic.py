"""Copies that come early or late."""

import numpy as np
import pytest

from memctl.metrics import elastic as module
from memctl.metrics.dtw import dtw_distances
from memctl.metrics.elastic import Elastic
from memctl.metrics.shifts import shift_distances

SHAPE = (2, 40)


def signals(n: int, seed: int) -> np.ndarray:
    """Narrow waves at random places, of two channels: shape (n, 2 x 40)."""
    rng = np.random.default_rng(seed)
    place, width = rng.uniform(12, 28, size=(n, 2, 3, 1)), rng.uniform(1, 3, size=(n, 2, 3, 1))
    waves = rng.normal(size=(n, 2, 3, 1)) * np.exp(-0.5 * ((np.arange(40) - place) / width) ** 2)
    return waves.sum(axis=2).reshape(n, -1)


def shares(elastic: Elastic, samples: np.ndarray) -> list[float]:
    """Of samples nearer to train, by shifts and by warping."""
    some, found = elastic.of_samples(samples), []
    for distances in (shift_distances, dtw_distances):
        x, y = (side.min(axis=1) for side in np.hsplit(distances(some, elastic.signals), 2))
        found.append(float(np.mean(x < y)))
    return found


@pytest.fixture(scope="module")
def elastic() -> Elastic:
    return Elastic.of(signals(130, 0), 60, SHAPE, "rms", np.random.default_rng(0))


def test_both_sides_are_of_one_size_and_named_by_their_places(elastic: Elastic):
    pool = signals(130, 0)
    assert len(elastic.index) == 120
    assert elastic.index[:60].tolist() == list(range(60))
    assert min(elastic.index[60:]) >= 60
    np.testing.assert_array_equal(elastic.signals.reshape(120, -1), pool[elastic.index])


def test_copies_that_come_late_are_copies_and_fresh_signals_are_fair(elastic: Elastic):
    late = np.roll(signals(130, 0)[:60].reshape(-1, *SHAPE), 2, axis=-1).reshape(60, -1)
    assert shares(elastic, late) == [1, 1]
    # 300 fresh signals and two sides of 60: a share of 1/2 has the standard error sqrt(1/4/300 +
    # 1/4/60 + 1/4/60) = 0.1 at most; 3 of it
    assert all(abs(share - 0.5) < 0.3 for share in shares(elastic, signals(300, 2)))


def test_work_is_bounded_by_fewer_samples_then_fewer_signals(monkeypatch: pytest.MonkeyPatch):
    pool, rng, cells = (
        signals(300, 0),
        np.random.default_rng(0),
        2 * 40 * 5,
    )  # two channels, a band of 2 to either side
    monkeypatch.setattr(module, "WORK", 200 * 300 * cells)
    some = Elastic.of(pool, 150, SHAPE, "rms", rng)
    assert (len(some.index), some.rows) == (300, 200)
    assert len(some.subset(1000)) == 200
    assert len(some.subset(50)) == 50
    monkeypatch.setattr(module, "WORK", 100 * 50 * cells)
    few = Elastic.of(pool, 150, SHAPE, "rms", rng)
    assert (len(few.index), few.rows) == (50, 100)
    monkeypatch.setattr(module, "WORK", 100 * 14 * cells)
    assert Elastic.of(pool, 150, SHAPE, "rms", rng) is None
