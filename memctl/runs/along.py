"""along.npz: the samples that checkpoints along a run's training generated. Free of torch."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from memctl.runs import arrays


class SamplesAlong(NamedTuple):
    """Samples by checkpoint.

    Attributes:
        steps: After which of the training's steps, rising, shape (k,).
        samples: In the data's own units, float32, shape (k, n, channels, *dims); sample j starts
            from the same noise at each.
    """

    steps: NDArray[np.int64]
    samples: NDArray[np.float32]


def save(path: Path, key: str, along: SamplesAlong) -> None:
    """Write them with the key of what they were made by. Raises: UserError."""
    arrays.save(path, key, along._asdict())


def kept(path: Path, key: str | None) -> SamplesAlong | None:
    """Those of this key, or None where the file holds no such samples, or is damaged."""
    found = None if key is None else arrays.kept(path, key)
    if found is None or found.keys() != set(SamplesAlong._fields):
        return None
    return SamplesAlong(**found)
