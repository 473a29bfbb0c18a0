"""Deep images: grey levels of more than 8 bits, or of fractions, brought to 8 bits by one scale for
the whole set.

An image's own maximum never is its scale: a dark picture would be made a bright one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from memctl.data.images import ImageFile
from memctl.errors import UserError

BITS = (8, 10, 12, 14, 16)  # of cameras and scanners; the first that holds a set's highest level
FRACTIONS = ((0.0, 1.0), (-1.0, 1.0))  # of images of floating-point numbers
ROUNDING = 1e-3  # of a scale, by which fractions leave it that were resized or computed
LEAST = 1 / 16  # of a scale that a set fills: of less, 8 bits would keep next to nothing


@dataclass(frozen=True)
class Levels:
    """The levels that are black and white, of images of whole numbers and of fractions."""

    whole: tuple[float, float] = (0.0, 65535.0)
    fractions: tuple[float, float] = (0.0, 1.0)

    def of(self, mode: str) -> tuple[float, float]:
        """The levels of images of this mode of Pillow's."""
        return self.fractions if mode == "F" else self.whole

    def __str__(self) -> str:
        return "-".join(f"{end:g}" for end in (*self.whole, *self.fractions))


@dataclass(frozen=True)
class Extremes:
    """The lowest and highest level of an image, and its mode."""

    mode: str
    low: float
    high: float


def in_words(deep: int, scale: Levels, modes: Iterable[str]) -> str:
    """What is said of a set that has this many deep images, of these modes."""
    ends = [scale.of(mode) for mode in sorted({"F" if mode == "F" else "I" for mode in modes})]
    told = " and ".join(f"{low:g} is black and {high:g} white" for low, high in ends)
    return f"{deep} images of more than 8 bits or of fractions: {told} in all of them"


def is_deep(mode: str) -> bool:
    """Whether images of this mode hold more than 8 bits."""
    return mode.startswith("I") or mode == "F"


def extremes(file: ImageFile) -> Extremes | None:
    """Of a deep image; None for another, and for a file that is no image."""
    try:
        with Image.open(file if isinstance(file, Path) else BytesIO(file.read())) as image:
            if not is_deep(image.mode):
                return None
            values = np.asarray(image, dtype=np.float64)
            values = values[np.isfinite(values)]  # decoding names a file with others
            return Extremes(image.mode, float(values.min()), float(values.max()))
    except Exception:  # Pillow raises many kinds of errors for broken files; decoding names them
        return None


def levels(deep: Sequence[Extremes], stated: Sequence[float] | None, how: str) -> Levels:
    """One scale for a set.

    Args:
        deep: Of its deep images.
        stated: The levels that are black and white, where the user says them.
        how: The setting that states them.

    Raises:
        UserError: a set whose scale can't be told.
    """
    if stated is not None:
        low, high = stated
        return Levels((low, high), (low, high))
    whole = [image for image in deep if image.mode != "F"]
    parts = [image for image in deep if image.mode == "F"]
    return Levels(
        span(whole, [(0.0, 2.0**bits - 1) for bits in BITS], how) if whole else Levels.whole,
        span(parts, FRACTIONS, how) if parts else Levels.fractions,
    )


def span(
    images: Sequence[Extremes], known: Sequence[tuple[float, float]], how: str
) -> tuple[float, float]:
    """The first of the known scales that holds all levels of a set. Raises: UserError."""
    low, high = min(image.low for image in images), max(image.high for image in images)
    slack = ROUNDING if images[0].mode == "F" else 0.0
    for a, b in known:
        margin = slack * (b - a)
        if a - margin <= low and high <= b + margin:
            if max(abs(low), abs(high)) < LEAST * b:
                break
            return a, b
    # Fractions that are the 256 levels of common images.
    if images[0].mode == "F" and low >= 0 and 127 < high <= 255:
        return 0.0, 255.0
    raise UserError(
        f"{len(images)} images hold levels from {low:g} to {high:g}, of which nothing says what is"
        f" black and what white; state it with {how}"
    )
