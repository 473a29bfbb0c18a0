"""Whether train and held-out records could be draws of one population: what every comparison of a sample with both rests on.

Their energy distance (memctl.metrics.energy) against its values under random relabelling, a permutation test. A small p says that the
sides differ as sets, so that a sample may be nearer to train for what train is rather than by copying. A large one proves nothing: it
cannot see records of one source (a person, a recording, a scene) kept together on one side, nor differences of a few records in many.
Cost: distances between at most 2 LIMIT records, and one matrix product.
"""

import numpy as np

from memctl.metrics.distance import distances
from memctl.metrics.energy import LIMIT, limited
from memctl.metrics.measure import Floats


def exchange_p(train: Floats, heldout: Floats, rng: np.random.Generator, repeats: int, reduce: str = "rms") -> tuple[float, float]:
    """The energy distance between the sides, shapes (n, D) and (m, D), and its one-sided p, in [1/(repeats + 1), 1]."""
    pool = np.concatenate([limited(train), limited(heldout)])
    labels = np.arange(len(pool)) < min(len(train), LIMIT)
    columns = np.stack([labels, *(rng.permutation(labels) for _ in range(repeats))], axis=1).astype(float)
    found = energies(distances(pool, pool, reduce), columns)
    return float(found[0]), float(1 + np.sum(found[1:] >= found[0])) / (1 + repeats)


def energies(pooled: Floats, first: Floats) -> Floats:
    """`energy.energy_distance` of many labellings at once: shape (k,).

    Args:
        pooled: Distances between all records of the pool, shape (N, N).
        first: 1 for the records of the first side, 0 for the others, shape (N, k), equally many in each column.
    """
    a = int(first[:, 0].sum())
    b = len(pooled) - a
    reached = pooled @ first  # each record's sum of distances to the first side
    within_a, across = (first * reached).sum(axis=0), ((1 - first) * reached).sum(axis=0)
    within_b = pooled.sum() - within_a - 2 * across
    return np.asarray(2 * across / (a * b) - within_a / (a * (a - 1)) - within_b / (b * (b - 1)))
