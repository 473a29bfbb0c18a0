"""At most so many examples a side, where the cost grows with their square: a fixed random choice of
more.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

LIMIT = 1000  # examples a side
Scalar = TypeVar("Scalar", bound=np.generic)


def subsample(examples: NDArray[Scalar], most: int | None = None) -> NDArray[Scalar]:
    """The examples, or a fixed random `most` of them, LIMIT unless given."""
    most = most or LIMIT
    if len(examples) <= most:
        return examples
    return examples[np.random.default_rng(0).choice(len(examples), most, replace=False)]
