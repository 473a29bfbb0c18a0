"""What is done to a copy so that it equals its example no more: each gives as many examples as it
is given, shape (k, channels, *dims), not yet within the data's range.
"""

import io
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from memctl.trials.populations import Draw

BRIGHTER = 0.2  # of the data's standard deviation
CONTRAST = 1.15
ZOOM = 0.93
BORDER = 0.05  # of a side, at least one value
SOFT = 0.01  # of a side, at least 0.7 values: the standard deviation of a blur
LEVELS, QUALITY = 32, 75

Values = NDArray[np.floating]
Transformation = Callable[[Values, Draw, np.random.Generator], Values]


def exact(x: Values, draw: Draw, rng: np.random.Generator) -> Values:
    return x


def noisy(share: float, x: Values, draw: Draw, rng: np.random.Generator) -> Values:
    """With Gaussian noise of that share of the data's standard deviation."""
    return x + share * draw.sd * rng.normal(size=x.shape)


def shifted(by: int, x: Values, draw: Draw, rng: np.random.Generator) -> Values:
    """By that many values along each axis; the edge value comes in."""
    for axis in range(2, len(x.shape)):
        side = x.shape[axis]
        x = np.take(x, np.clip(np.arange(side) - by, 0, side - 1), axis=axis)
    return x


def mirrored(x: Values, draw: Draw, rng: np.random.Generator) -> Values:
    return x[..., ::-1]


def zoomed(x: Values, draw: Draw, rng: np.random.Generator) -> Values:
    """Stretched from its centre along each axis, by linear interpolation: of signals, slower."""
    for axis in range(2, len(x.shape)):
        side = x.shape[axis]
        middle = (side - 1) / 2
        at = middle + ZOOM * (np.arange(side) - middle)
        low = np.floor(at).astype(int)
        weight = (at - low).reshape(-1, *[1] * (len(x.shape) - axis - 1))
        x = (1 - weight) * np.take(x, low, axis=axis) + weight * np.take(x, low + 1, axis=axis)
    return x


def brighter(x: Values, draw: Draw, rng: np.random.Generator) -> Values:
    return x + BRIGHTER * draw.sd


def contrasted(x: Values, draw: Draw, rng: np.random.Generator) -> Values:
    """Farther from each example's own mean."""
    mean = x.mean(axis=tuple(range(1, len(x.shape))), keepdims=True)
    return mean + CONTRAST * (x - mean)


def cropped(x: Values, draw: Draw, rng: np.random.Generator) -> Values:
    """What is left within a border, and the edge value beyond."""
    for axis in range(2, len(x.shape)):
        side = x.shape[axis]
        border = max(1, round(BORDER * side))
        x = np.take(x, np.clip(np.arange(side), border, side - 1 - border), axis=axis)
    return x


def reencoded(x: Values, draw: Draw, rng: np.random.Generator) -> Values:
    """Images through JPEG, signals rounded to a few levels of the training data's range."""
    if draw.split.temporal:
        low, high = draw.sides.value_range
        step = (high - low) / (LEVELS - 1)
        return low + np.round((x - low) / step) * step
    assert draw.split.value_range is not None
    low, high = draw.split.value_range
    pixels = np.round((np.moveaxis(x, 1, -1) - low) / (high - low) * 255).astype(np.uint8)
    images = np.stack([jpeg(one) for one in pixels])
    return np.moveaxis(images / 255 * (high - low) + low, -1, 1)


def jpeg(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An image of 1 or 3 channels, shape (height, width, channels), written and read again."""
    file = io.BytesIO()
    Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels).save(
        file, "JPEG", quality=QUALITY
    )
    return np.asarray(Image.open(file)).reshape(pixels.shape)


def softened(x: Values, draw: Draw, rng: np.random.Generator) -> Values:
    sigma = [0.0, 0.0, *(max(0.7, SOFT * side) for side in x.shape[2:])]
    return np.asarray(gaussian_filter(x, sigma, mode="nearest"))


TRANSFORMATIONS: dict[str, Transformation] = {
    "exact": exact,
    **{f"noise{percent}": partial(noisy, percent / 100) for percent in (1, 5, 10, 20)},
    "shift1": partial(shifted, 1),
    "shift2": partial(shifted, 2),
    "mirror": mirrored,
    "zoom": zoomed,
    "bright": brighter,
    "contrast": contrasted,
    "crop": cropped,
    "reencode": reencoded,
    "soft": softened,
}
OF_IMAGES = ("mirror",)
