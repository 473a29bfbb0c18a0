"""Which axis of an array holds the channels: signals as (n, channels, length), images as (n,
channels, height, width).

A last axis shorter than the one before is never silently taken as time.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from memctl.errors import UserError

LAYOUTS = ("channels_first", "channels_last")
CHANNELS = 13  # of a signal, up to which twice as many values decide which axis is time
CLEAR = 4  # times as many, from which any number of channels does
SQUARE = 8  # pixels a side from which arrays of as many channels as values look like images


def channels_first(
    array: NDArray[Any], layout: str | None, place: str, how: str
) -> tuple[NDArray[Any], list[str]]:
    """The array as (n, channels, *dims), and in words what was turned.

    Args:
        array: Of 2 to 4 axes.
        layout: One of LAYOUTS, or None to see it from the shape.
        how: The setting of it, up to its value.

    Raises:
        UserError: an unknown layout, or a shape that does not tell.
    """
    if layout not in (None, *LAYOUTS):
        raise UserError(f"{how}{layout} is unknown; choose {' or '.join(LAYOUTS)}")
    if array.ndim == 2:
        return array[:, None], []
    found = layout or (of_signals(array.shape) if array.ndim == 3 else of_images(array.shape))
    if found is None:
        raise UserError(f"{place}: {question(array.shape, how)}")
    if found == "channels_first":
        return array, []
    names = "length" if array.ndim == 3 else "height, width"
    turned = np.moveaxis(array, -1, 1)
    # Three colours last, and one channel, are what everyone has.
    usual = array.shape[-1] in (1, 3) if array.ndim == 4 else array.shape[-1] == 1
    note = f"{place} is read as (n, {names}, channels), of {turned.shape[1]} channels"
    return turned, [] if layout or usual else [f"{note}; if it is not: {how}channels_first"]


def of_signals(shape: tuple[int, ...]) -> str | None:
    """The layout of signals, or None where the shape does not tell."""
    _, a, b = shape
    if 1 in (a, b):
        return "channels_last" if b == 1 < a else "channels_first"
    few, many = sorted((a, b))
    if not (many >= CLEAR * few or (few <= CHANNELS and many >= 2 * few)):
        return None
    return "channels_last" if b < a else "channels_first"


def of_images(shape: tuple[int, ...]) -> str | None:
    """The layout of images, or None where the shape does not tell."""
    _, a, b, c = shape
    first, last = a < min(b, c) or b == c != a, c < min(a, b) or a == b != c
    if first == last:  # both may be: 3 x 32 x 3; or neither
        first, last = a in (1, 3) and a != c, c in (1, 3) and a != c
    return None if first == last else "channels_last" if last else "channels_first"


def question(shape: tuple[int, ...], how: str) -> str:
    """What to ask of a shape that may be read in two ways."""
    axes = "length" if len(shape) == 3 else "height, width"
    images = (
        f" Grey images of {shape[1]} x {shape[2]} pixels: reshape all arrays to (n, 1, {shape[1]},"
        f" {shape[2]})."
        if len(shape) == 3 and shape[1] >= SQUARE and shape[1] == shape[2]
        else ""
    )
    return (
        f"shape {shape} may be (n, channels, {axes}) or (n, {axes}, channels); say which with"
        f" {how}channels_first or {how}channels_last.{images}"
    )
