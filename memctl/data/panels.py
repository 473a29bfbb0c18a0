"""How examples look: signals as curves, images as images, in rows and columns."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection
from numpy.typing import NDArray

Examples = NDArray[np.floating]
GAP = 1.1  # a signal's place, in lengths and heights of one


def panel(
    axis: Any,
    examples: Examples,
    columns: int,
    colours: Sequence[str],
    reference: Examples | None = None,
) -> tuple[float, float]:
    """Draw examples row by row onto an axis, the first on top; return the width and height of one's
    place in the axis' units.

    Args:
        examples: Signals, shape (n, channels, length), of which the first channel is drawn, or
            images in [-1, 1], shape (n, channels, height, width).
        colours: Of signals, one a column.
        reference: Signals whose range is the height of a place.
    """
    axis.set_axis_off()
    row, column = np.divmod(np.arange(len(examples)), columns)
    if examples.ndim == 4:
        axis.imshow(mosaic(examples, columns), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        return examples.shape[3] + 1, examples.shape[2] + 1
    signals, real = examples[:, 0], examples[:, 0] if reference is None else reference[:, 0]
    width, height = GAP * signals.shape[1], GAP * float(np.ptp(real)) or 1.0
    x = np.arange(signals.shape[1]) + width * column[:, None]
    y = height * row[:, None] + real.max() - signals  # down, as in images
    # All signals as one drawing: an axis each would take a second and a half.
    axis.add_collection(
        LineCollection(
            list(np.stack([x, y], axis=-1)), colors=[colours[k] for k in column], linewidths=0.9
        )
    )
    axis.autoscale()
    axis.invert_yaxis()
    return width, height


def scale_for_display(examples: Examples, value_range: tuple[float, float] | None) -> Examples:
    """The examples as `panel` takes them: images, whose values have a range, brought to [-1, 1]."""
    if value_range is None:
        return examples
    low, high = value_range
    return (examples - low) * (2 / (high - low)) - 1


def mosaic(pictures: Examples, columns: int) -> Examples:
    """Images side by side, with a pixel between them: values in [0, 1], shape (height, width) or
    (height, width, 3).
    """
    n, channels, height, width = pictures.shape
    lines = -(-n // columns)
    out = np.ones((lines * (height + 1) - 1, columns * (width + 1) - 1, channels))
    for k, picture in enumerate(pictures):
        top, left = k // columns * (height + 1), k % columns * (width + 1)
        out[top : top + height, left : left + width] = np.clip(
            (picture.transpose(1, 2, 0) + 1) / 2, 0, 1
        )
    return out if channels == 3 else out[..., 0]


def panel_size(examples: Examples, rows: int) -> tuple[int, int]:
    """Columns, and number of examples, of a panel about as wide as high: images are square, signals
    wide.
    """
    columns = rows if examples.ndim == 4 else 2
    return columns, rows * columns
