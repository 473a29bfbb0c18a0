"""The switches that decide what a distance is taken between: quantisation, range, and
standardisation of each example.
"""

import numpy as np
from numpy.typing import NDArray

from memctl.config import Metrics
from memctl.metrics.measure import Floats


def flatten(examples: NDArray[np.floating]) -> Floats:
    """(n, channels, *dims) to float64 (n, D)."""
    return np.ascontiguousarray(examples.reshape(len(examples), -1), dtype=np.float64)


def quantize(x: Floats, levels: int, value_range: tuple[float, float]) -> Floats:
    """Clip to the range and round to that many equally spaced levels (256: an 8-bit round trip); 0
    levels leave x.
    """
    if not levels:
        return x
    low, high = value_range
    step = (high - low) / (levels - 1)
    return low + np.round((np.clip(x, low, high) - low) / step) * step


def rescale(x: Floats, how: str, value_range: tuple[float, float]) -> Floats:
    """Map the range linearly to [0, 1] (`01`) or [-1, 1] (`m11`); `own` leaves x in the data's own
    units.
    """
    if how == "own":
        return x
    low, high = value_range
    unit = (x - low) / (high - low)
    return unit if how == "01" else 2 * unit - 1


def standardise(x: Floats, how: str) -> Floats:
    """`zscore`: each row to mean 0 and sd 1, a constant one to 0; `none` leaves x."""
    if how == "none":
        return x
    centred = x - x.mean(axis=1, keepdims=True)
    sd = centred.std(axis=1, keepdims=True)
    return centred / np.where(sd > 0, sd, 1.0)


def prepare(
    examples: NDArray[np.floating], config: Metrics, value_range: tuple[float, float]
) -> Floats:
    """Flatten, quantise, rescale and standardise as the switches say: shape (n, D)."""
    x = quantize(flatten(examples), config.quantize, value_range)
    return standardise(rescale(x, config.range, value_range), config.per_example)
