"""Exposed training examples: by hand, in expectation whatever the data, and of known generators."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from memctl.metrics.distance import neighbours
from memctl.metrics.identifiability import identifiability


def own(train: np.ndarray) -> np.ndarray:
    return neighbours(train, train, own=np.arange(len(train))).first


def share(pool: np.ndarray, n: int) -> float:
    train, samples = pool[:n], pool[n:]
    return identifiability(neighbours(train, samples).first, own(train)).value


def test_identifiability_by_hand():
    found = identifiability(np.array([0.0, 1, 2, 3]), np.array([1.0, 1, 3, 0]))
    interval = binomtest(2, 4).proportion_ci(method="exact")
    assert found == pytest.approx((0.5, interval.low, interval.high))  # a tie is not nearer


@pytest.mark.parametrize(("m", "n"), [(40, 40), (20, 60)])
def test_fresh_examples_identify_m_in_m_plus_n_minus_1(m: int, n: int):
    """Whatever the data; 60 draws, 4 standard errors of their mean."""
    rng, found = np.random.default_rng(0), []
    for _ in range(60):
        found.append(share(rng.standard_t(3, size=(m + n, 3)) * [1, 5, 0.1], n))
    assert abs(np.mean(found) - m / (m + n - 1)) < 4 * np.std(found, ddof=1) / math.sqrt(60)
    assert np.std(found) < 0.12


def test_identifiability_of_known_generators(made):
    value = {
        name: share(np.concatenate([made.train, getattr(made, name)]), 300) for name in made._fields
    }
    assert value["train"] == 1  # every example copied
    # Copies with replacement: just those copied, as no other example is nearer than the nearest
    # other example.
    assert value["copies"] == len(np.unique(made.copies, axis=0)) / 300
    assert abs(value["fresh"] - 300 / 599) < 4 * math.sqrt(
        0.25 / 300
    )  # optimistic: neighbours are shared
    assert value["collapsed"] < 0.1
    assert value["noisy"] < value["fresh"]
    assert (
        share(np.concatenate([made.train, np.repeat(made.train[:1], 300, axis=0)]), 300) == 1 / 300
    )
