"""Whether train and held-out examples could be draws of one population: what every comparison of a
sample with both rests on.

Their energy distance (memctl.metrics.energy) against its values under random relabelling, a
permutation test. A small p says that the sides differ as sets, so that a sample may be nearer to
train for what train is rather than by copying. A large one proves nothing: it cannot see examples
of one source (a person, a recording, a scene) kept together on one side, nor differences of a few
examples in many.
Cost: distances between at most 2 LIMIT examples, and one matrix product.
"""

import numpy as np

from memctl.metrics.energy import under_relabelling
from memctl.metrics.measure import Floats


def exchange_p(
    train: Floats, heldout: Floats, rng: np.random.Generator, repeats: int, reduce: str = "rms"
) -> tuple[float, float]:
    """The energy distance between the sides, shapes (n, D) and (m, D), and its one-sided p, in
    [1/(repeats + 1), 1].
    """
    value, *null = under_relabelling(train, heldout, rng, repeats, reduce)
    return float(value), float(1 + np.sum(np.array(null) >= value)) / (1 + repeats)
