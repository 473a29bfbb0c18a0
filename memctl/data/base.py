"""What a data set gives, and what the rest of memctl takes: examples in, a train/held-out split
out.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from memctl.errors import UserError
from memctl.files import contents

Array = NDArray[np.float32]
MIN_LENGTH = 8  # values of a signal
# In which the data of a sweep's runs may differ.
SPLIT_KEYS = ("n_train", "n_heldout", "split_seed", "swap")


@dataclass(frozen=True)
class Examples:
    """All usable examples of a data set, before the split.

    Attributes:
        values: float32, shape (n, channels, *dims).
        labels: Class of each example, shape (n,), or None where the data has none; used to stratify
            the split.
        dropped: Why and how many examples were left out.
        value_range: Lowest and highest possible value (images: (-1, 1)), or None where values are
            unbounded (signals).
        mirror: Whether an example and its mirror image (the last axis reversed) are one identity.
        flip: Whether training shows each example mirrored half of the time.
        distinct: Whether duplicates are out already.
        temporal: Whether the last axis is time.
        notes: How the files were read where there was a choice, in words.
    """

    values: Array
    labels: NDArray[Any] | None = None
    dropped: dict[str, int] = field(default_factory=dict)
    value_range: tuple[float, float] | None = None
    mirror: bool = False
    flip: bool = False
    distinct: bool = False
    temporal: bool = False
    notes: list[str] = field(default_factory=list)


@dataclass
class DataSource(ABC):
    """A data set by name, with how to split it.

    Attributes:
        n_train, n_heldout: Sizes of the two sides; both null gives equal halves, one null the size
            of the other.
        split_seed: Seed of the split.
        swap: Train on the held-out side, and hold the training side out; for sides of one size.
        base_epochs: Epochs of the base checkpoint on this data.
    """

    name: ClassVar[str]
    n_train: int | None = None
    n_heldout: int | None = None
    split_seed: int = 0
    swap: bool = False
    base_epochs: int = 50

    def __post_init__(self) -> None:
        if not 0 <= self.split_seed < 2**62:
            raise UserError(f"data.split_seed={self.split_seed} must be at least 0 and below 2^62")

    @abstractmethod
    def files(self) -> list[Path]:
        """The files that hold the data, fetched if need be.

        Raises: UserError where they are missing.
        """

    @abstractmethod
    def read(self) -> Examples:
        """The examples in `files()`.

        Raises: UserError where a file is corrupt or holds something else.
        """

    def digest(self) -> str:
        """A hash of the files' contents, for fingerprints: the same data in another folder has the
        same digest.
        """
        return contents(self.files())


def check_finite(values: NDArray[np.floating[Any]]) -> None:
    """Raises: UserError naming the examples, shape (n, ...), that hold NaN or infinity."""
    bad = np.flatnonzero(~np.isfinite(values.reshape(len(values), -1)).all(axis=1))
    if bad.size:
        shown = ", ".join(str(i) for i in bad[:10]) + (", ..." if bad.size > 10 else "")
        raise UserError(
            f"{bad.size} of {len(values)} examples hold NaN or infinity (counted from 0: {shown});"
            " mend or remove them"
        )
