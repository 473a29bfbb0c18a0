"""Image data sets: decoded once into uint8, cached by content, without duplicates, near duplicates
or mirror images.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # shape (n, channels, height, width), or one image without n


@dataclass(frozen=True)
class Embedded:
    """An encoded image (JPEG, PNG, ...) inside a larger file: its name and what reads its bytes."""

    name: str
    read: Callable[[], bytes]

    def __str__(self) -> str:
        return self.name


ImageFile = Path | Embedded
