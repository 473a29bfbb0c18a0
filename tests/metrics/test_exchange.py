"""The test of exchangeable sides, against the energy distance one by one, and its p where the
answer is known.
"""

import numpy as np
import pytest

from memctl.metrics.distance import distances
from memctl.metrics.energy import energies
from memctl.metrics.exchange import exchange_p


def energy(d: np.ndarray, first: np.ndarray) -> float:
    """2 E||g - y|| - E||g - g'|| - E||y - y'||, of a pool's distances and one labelling."""
    within = [
        d[np.ix_(side, side)].sum() / (side.sum() * (side.sum() - 1)) for side in (first, ~first)
    ]
    return float(2 * d[np.ix_(first, ~first)].mean() - sum(within))


def test_many_labellings_at_once_are_each_one() -> None:
    rng = np.random.default_rng(0)
    pool = rng.normal(size=(30, 4))
    labels = np.stack([rng.permutation(np.arange(30) < 11) for _ in range(5)], axis=1)
    d = distances(pool, pool)
    each = [energy(d, column) for column in labels.T]
    np.testing.assert_allclose(energies(d, labels.astype(float)), each)


def test_its_value_is_the_energy_distance() -> None:
    rng = np.random.default_rng(0)
    pool = np.concatenate([rng.normal(size=(40, 3)), rng.normal(0.3, 1, size=(60, 3))])
    expected = energy(distances(pool, pool), np.arange(100) < 40)
    assert exchange_p(pool[:40], pool[40:], rng, 20)[0] == pytest.approx(expected)


def test_p_is_small_for_a_shift_and_uniform_without() -> None:
    rng = np.random.default_rng(0)
    draw = lambda: rng.normal(size=(30, 3))
    assert exchange_p(draw(), draw() + 0.7, rng, 99)[1] == 0.01
    p = np.array([exchange_p(draw(), draw(), rng, 39)[1] for _ in range(200)])
    # uniform on 1/40 ... 1: mean 0.5125, standard deviation 0.289; 4 standard errors of a mean of
    # 200
    assert p.mean() == pytest.approx(0.5125, abs=4 * 0.289 / np.sqrt(200))
    assert np.mean(p <= 0.1) == pytest.approx(0.1, abs=4 * 0.3 / np.sqrt(200))
