"""How examples look: signals as curves, images as images, in rows and columns."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection
from numpy.typing import NDArray

Examples = NDArray[np.floating]
TEXT = 7.5  # points
GAP = 1.1  # a signal's place, in lengths and heights of one


def panel(
    axis: Any,
    examples: Examples,
    columns: int,
    colours: Sequence[str],
    reference: Examples | None = None,
    thickness: float = 0.9,
) -> tuple[float, float]:
    """Draw examples row by row onto an axis, the first on top; return the width and height of one's
    place in the axis' units. Of signals the axes count the values, and mark heights at the first.

    Args:
        examples: Signals, shape (n, channels, length), of which the first channel is drawn, or
            images in [-1, 1], shape (n, channels, height, width).
        colours: Of signals, one a column.
        reference: Signals whose range is the height of a place.
        thickness: Of signals' lines, in points.
    """
    row, column = np.divmod(np.arange(len(examples)), columns)
    if examples.ndim == 4:
        axis.set_axis_off()
        axis.imshow(mosaic(examples, columns), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        return examples.shape[3] + 1, examples.shape[2] + 1
    signals, real = examples[:, 0], examples[:, 0] if reference is None else reference[:, 0]
    width, height = GAP * signals.shape[1], GAP * float(np.ptp(real)) or 1.0
    x = np.arange(signals.shape[1]) + width * column[:, None]
    y = height * row[:, None] + real.max() - signals  # down, as in images
    # All signals as one drawing: an axis each would take a second and a half.
    axis.add_collection(
        LineCollection(
            list(np.stack([x, y], axis=-1)),
            colors=[colours[k] for k in column],
            linewidths=thickness,
        )
    )
    axis.autoscale()
    if not axis.yaxis_inverted():
        axis.invert_yaxis()
    mark_units(axis, signals.shape[1], width, columns, real)
    return width, height


def mark_units(axis: Any, length: int, width: float, columns: int, real: Examples) -> None:
    """Below the columns of signals the numbers of their first and last value; beside the first row
    the lowest and highest value of the reference.
    """
    last = width * np.arange(columns) + length - 1
    axis.set_xticks([0, *last], ["0", *[str(length - 1)] * columns])
    ends = (float(real.max()), float(real.min()))
    axis.set_yticks([real.max() - end for end in ends], [f"{end:.2g}" for end in ends])
    axis.set_xlabel("number of the value in the signal", fontsize=TEXT)
    axis.set_ylabel("value (marked at the first row)", fontsize=TEXT, loc="top")
    axis.tick_params(labelsize=TEXT, length=2)
    axis.spines[:].set_visible(False)


def compare(axis: Any, triples: Examples, colours: Sequence[str]) -> tuple[list[str], float, float]:
    """Draw samples against their nearest examples so that differences are seen: signals lie over
    them; images have a picture of the difference beside them, white where there is none.

    Args:
        triples: Sample, nearest training and nearest held-out example: (n, 3, channels, *dims).
        colours: Of signals: samples, training and held-out examples.

    Returns:
        What each column shows, and the width and height of one's place in the axis' units.
    """
    sample, train, heldout = triples[:, 0], triples[:, 1], triples[:, 2]
    if triples.ndim == 5:
        apart = [1 - np.abs(sample - real) for real in (train, heldout)]
        rows = np.stack([sample, train, apart[0], heldout, apart[1]], axis=1)
        names = ["generated", "nearest\nin train", "differs", "nearest\nheld-out", "differs"]
        return names, *panel(axis, rows.reshape(-1, *triples.shape[2:]), len(names), ())
    real = triples[:, 1:].reshape(-1, *triples.shape[2:])
    panel(axis, real, 2, colours[1:], real, thickness=2.2)
    place = panel(axis, np.repeat(sample, 2, axis=0), 2, [colours[0]] * 2, real)
    axis.set_ylabel("")  # where captions stand
    return ["generated over the\nnearest in train", "generated over the\nnearest held-out"], *place


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
