"""Generators whose answer is known, on data of a few smooth factors."""

from typing import NamedTuple

import numpy as np
import pytest

N, D = 300, 24


class Made(NamedTuple):
    """Two real sets, and what generators make of them: N examples each."""

    train: np.ndarray
    heldout: np.ndarray
    fresh: np.ndarray
    copies: np.ndarray  # of train, with replacement
    shrunk: np.ndarray  # fresh examples at half their contrast
    noisy: np.ndarray
    collapsed: np.ndarray  # ten fresh examples, and little noise


@pytest.fixture(scope="session")
def made() -> Made:
    rng = np.random.default_rng(0)
    basis = (
        np.sin(np.outer(np.arange(1, 11), np.linspace(0, np.pi, D)))
        / np.arange(1, 11)[:, None] ** 0.5
    )
    train, heldout, fresh = (
        rng.normal(size=(N, 10)) @ basis + 0.02 * rng.normal(size=(N, D)) for _ in range(3)
    )
    copies = train[rng.integers(N, size=N)]
    noisy = fresh + 0.5 * rng.normal(size=(N, D))
    collapsed = fresh[rng.integers(10, size=N)] + 0.02 * rng.normal(size=(N, D))
    return Made(train, heldout, fresh, copies, fresh / 2, noisy, collapsed)
