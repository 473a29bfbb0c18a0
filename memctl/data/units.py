"""Whether the sides of a comparison are in the same units: what is cautioned where they may not be,
and where no number holds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memctl.data.base import Array
from memctl.data.scale import fill_values, fills_in_words

RANGES = ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0))  # in which images are stored
# By which generated images that were not clipped leave such a range, of what they span.
MARGIN = 0.1
UNLIKE = 4.0  # ratio of spreads from which there is a caution
SIDES_UNLIKE = 2.0  # of the two real sides, which are of one population
APART = 1.0  # spreads between their means
SHEET = 2  # images a side of a sheet, at least
PADDING = 16  # pixels that a sheet has between its images, at most
SQUASHED = 1.05  # ratio of the files' shapes from which one side may have been squashed

ONE = 1e-3  # of the median, within which the scales of signals are one: each was brought to it

NO_NUMBER = "no number here holds"
Sizes = NDArray[Any]  # width and height of each file, shape (n, 2)


@dataclass(frozen=True)
class Caution:
    """What to know before the numbers are believed.

    Attributes:
        text: In words.
        fatal: Whether no number holds, and so no verdict follows.
    """

    text: str
    fatal: bool = False


def cautions(samples: Array, train: Array, heldout: Array | None = None) -> Iterator[Caution]:
    """Why the examples, of shape (n, channels, *dims), may not be in the same units."""
    if fills := fill_values(samples):
        yield Caution(f"of the samples, {fills_in_words(fills, len(samples))}")
    if heldout is not None:
        yield from between_sides(train, heldout)
    # None of this is refused: a generator whose samples are all bright, or have collapsed to one
    # grey, may look the same.
    if text := other_ranges(samples, train, "samples", "the range of the training images"):
        yield Caution(text, fatal=True)
        return
    # The other way round it says nothing: what a generator makes is near to its scale only.
    if own_scale(samples) and (text := normalised_apart(samples, train, "samples")):
        yield Caution(f"{text}: are they in the same units?")
    mean, sd, centre, scale = (
        float(f(side, dtype=np.float64)) for side in (samples, train) for f in (np.mean, np.std)
    )
    if abs(mean - centre) > scale or not scale / UNLIKE <= sd <= scale * UNLIKE:
        yield Caution(
            f"the samples' values ({mean:.3g}, sd {sd:.3g}) are not those of the training examples"
            f" ({centre:.3g}, sd {scale:.3g}): are they in the same units?"
        )


def between_sides(train: Array, heldout: Array) -> Iterator[Caution]:
    """Of the two sides, which are draws of one population: any channel that is not."""
    if text := other_ranges(heldout, train, "held-out images", "one range"):
        yield Caution(text, fatal=True)
        return
    if text := normalised_apart(heldout, train, "held-out signals"):
        yield Caution(f"{text}: {NO_NUMBER}; normalise both or none", fatal=True)
        return
    for c in range(train.shape[1]):
        (centre, scale), (mean, sd) = (
            (float(np.mean(x, dtype=np.float64)), float(np.std(x, dtype=np.float64)))
            for x in (train[:, c], heldout[:, c])
        )
        apart = abs(mean - centre) > APART * max(scale, sd)
        if apart or not scale / SIDES_UNLIKE <= sd <= scale * SIDES_UNLIKE:
            which = f" in channel {c}" if train.shape[1] > 1 else ""
            yield Caution(
                f"held-out examples ({mean:.3g}, sd {sd:.3g}) have other values than training"
                f" examples ({centre:.3g}, sd {scale:.3g}){which}: if they are in other units,"
                f" {NO_NUMBER}; bring them to one",
                fatal=True,
            )
            return


def own_scale(side: Array) -> bool:
    """Whether signals, shape (n, channels, length), were each brought to one scale: the same
    standard deviation or the same range.
    """
    if side.ndim != 3:
        return False
    scales = (side.std(axis=(1, 2), dtype=np.float64), np.ptp(side, axis=(1, 2)))
    return any(bool(np.ptp(of) <= ONE * np.median(of)) for of in scales)


def normalised_apart(side: Array, train: Array, name: str) -> str:
    """What to say of signals of which one side alone was normalised one by one; else nothing."""
    one, other = own_scale(side), own_scale(train)
    if one == other:
        return ""
    first, second = (name, "training signals") if one else ("training signals", name)
    return f"{first} were each brought to one scale, {second} were not"


def other_ranges(side: Array, train: Array, name: str, to: str) -> str:
    """What to say of images that are stored in another range than training images; else nothing."""
    if train.ndim != 4:
        return ""
    one, other = usual_range(side), usual_range(train)
    if one == other or {one, other}.isdisjoint(RANGES) or not apart(side, train):
        return ""
    subject = "samples" if name == "samples" else name
    return (
        f"most {subject} lie in [{one[0]:.3g}, {one[1]:.3g}], most training images in"
        f" [{other[0]:.3g}, {other[1]:.3g}]: if they are stored in different ranges, {NO_NUMBER};"
        f" bring the {subject} to {to}"
    )


def apart(side: Array, other: Array) -> bool:
    """Whether the ends of most images of two sides differ by more than chance moves them, which may
    carry one over the edge of a usual range.
    """
    (a, b), (c, d) = ends(side), ends(other)
    return max(abs(a - c), abs(b - d)) > 2 * MARGIN * max(b - a, d - c)


def ends(images: Array) -> tuple[float, float]:
    """The lowest and highest value of most images: medians."""
    axes = (1, 2, 3)
    return float(np.median(images.min(axis=axes))), float(np.median(images.max(axis=axes)))


def usual_range(images: Array) -> tuple[float, float]:
    """The range of most images, by their ends: the first of RANGES that holds it, or itself."""
    low, high = ends(images)
    margin = MARGIN * (high - low)
    return next(
        ((a, b) for a, b in RANGES if a - margin <= low and high <= b + margin), (low, high)
    )


def stored_range(images: Array) -> tuple[float, float]:
    """The range that the images' values are stored in: the first of RANGES that holds them, or else
    their own.
    """
    low, high = float(images.min()), float(images.max())
    return next(((a, b) for a, b in RANGES if a <= low and high <= b), (low, high))


def of_sizes(samples: Sizes, train: Sizes, heldout: Sizes) -> Iterator[Caution]:
    """Why files of images, by their own sizes, may not be what they are taken for."""
    one, other, third = (np.median(side, axis=0) for side in (samples, train, heldout))
    by = lambda size: " x ".join(f"{side:g}" for side in size)
    if is_sheet(samples, train):
        yield Caution(
            f"most files of samples are of {by(one)} pixels, and training images of {by(other)}:"
            f" if they are sheets of several images, {NO_NUMBER}; cut them into single images",
            fatal=True,
        )
        return
    for name, side in (("samples", one), ("held-out images", third)):
        ratio = (side[0] / side[1]) / (other[0] / other[1])
        if max(ratio, 1 / ratio) > SQUASHED:
            yield Caution(
                f"most {name} are of {by(side)} pixels, most training images of {by(other)}, and of"
                " each the centre is cut out: if the generator was trained on images squashed to"
                " its size, or cut in another way, give training and held-out images as it saw them"
            )


def is_sheet(samples: Sizes, train: Sizes) -> bool:
    """Whether samples are of a whole number of training images a side, with padding between; of one
    in one direction perhaps.
    """
    size, unit = np.median(samples, axis=0), np.median(train, axis=0)
    if (train != unit).any(axis=1).mean() > 0.1 or (samples != size).any(axis=1).mean() > 0.5:
        return False
    counts = np.maximum(size // unit, 1)
    # Between n images are at most n + 1 strips.
    fits = (size >= unit) & (size - counts * unit <= (counts + 1) * PADDING)
    return bool(fits.all() and counts.max() >= SHEET)
