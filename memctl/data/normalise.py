"""z-normalisation of signals: each example to mean 0 and standard deviation 1."""

import numpy as np
from numpy.typing import NDArray

from memctl.data.base import Array


def znormalise(values: NDArray[np.float64]) -> tuple[Array, NDArray[np.bool_]]:
    """Each channel of each example to mean 0 and standard deviation 1 (ddof=1, as UCR's ECG5000).

    Args:
        values: shape (n, channels, length).

    Returns:
        The normalised examples, float32, without those whose channels are all constant (a flat line
        has no shape to learn); a constant channel beside others is 0. And which of `values` were
        kept, shape (n,).
    """
    mean, sd = values.mean(axis=-1, keepdims=True), values.std(axis=-1, ddof=1, keepdims=True)
    # An example that holds NaN stays, so that the split can name it; only true flat lines go.
    flat = sd <= 1e-12 * np.abs(values).max(axis=-1, keepdims=True)
    kept = ~flat.all(axis=(1, 2))
    scaled = (values - mean) / np.where(flat, 1, sd)
    return np.where(flat, 0, scaled)[kept].astype(np.float32), kept
