"""What every image data set has: size, colours, duplicates, broken files, and one decoding for all
runs.
"""

import os
from abc import abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from memctl.data.base import DataSource, Examples
from memctl.data.images import ImageFile, Pixels
from memctl.errors import UserError
from memctl.files import atomic

if TYPE_CHECKING:
    from memctl.data.images.duplicates import Duplicates

ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm")
SHOWN = 8  # files named in a message


@dataclass
class ImageSource(DataSource):
    """Images of `size` x `size`, values in [-1, 1].

    Attributes:
        size: Pixels a side.
        channels: 3 (RGB) or 1 (grey).
        flip: Whether training shows each image mirrored half of the time.
        near: Two images whose RMS difference, or that to a mirror image, is at most this share of
            their contrast are one: only the first is used, so that none is on both sides of the
            split. 0 finds exact copies alone.
        broken: refuse stops at files that cannot be read as images; skip leaves them out, and says
            so.
        cache: Folder of decoded images, kept by content.
    """

    size: int = 64
    channels: int = 3
    flip: bool = True
    near: float = 0.33
    broken: str = "refuse"
    cache: str | None = None
    base_epochs: int = 100

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.size < 4:
            raise UserError(f"data.size={self.size} must be at least 4 pixels")
        if self.channels not in (1, 3):
            raise UserError(f"data.channels={self.channels} must be 3 (RGB) or 1 (grey)")
        if not 0 <= self.near < 1:
            raise UserError(
                f"data.near={self.near} must be in [0, 1): the share of two images' contrast that"
                " their difference may be"
            )
        if self.broken not in ("refuse", "skip"):
            raise UserError(f"data.broken={self.broken} must be refuse or skip")

    @abstractmethod
    def images(self) -> Sequence[ImageFile]:
        """The encoded images, in order. Raises: UserError where they are missing."""

    def labels(self) -> NDArray[Any] | None:
        """The class of each of `images`, or None."""
        return None

    def files(self) -> list[Path]:
        return [file for file in self.images() if isinstance(file, Path)]

    def read(self) -> Examples:
        decoded, labels = self.decode(), self.labels()
        if decoded.broken and self.broken == "refuse":
            raise UserError(
                f"{name_some(decoded.broken)} cannot be read as images; remove them, or leave them"
                " out with data.broken=skip"
            )
        kept = decoded.same.kept
        values = decoded.pixels[kept].astype(np.float32)
        values /= 127.5
        values -= 1
        dropped = (
            {f"cannot be read ({name_some(decoded.broken)})": len(decoded.broken)}
            if decoded.broken
            else {}
        )
        return Examples(
            values,
            None if labels is None else labels[decoded.index][kept],
            {**dropped, **decoded.same.counts()},
            value_range=(-1.0, 1.0),
            mirror=True,
            flip=self.flip,
            distinct=True,
        )

    def decode(self) -> "DecodedImages":
        """All images that can be read, and which of them are one; both are found once and kept by
        content.
        """
        # Here alone: a sweep's controller needs no sparse matrices.
        from memctl.data.images.duplicates import Duplicates, find_duplicates

        files, digest = self.images(), self.digest()
        shape = f"{digest}-{self.size}-{self.channels}"
        images = self.cached(f"{shape}.npz", lambda: decode_all(files, self.size, self.channels))
        same = self.cached(
            f"{shape}-{self.near:g}.npz",
            lambda: find_duplicates(images["pixels"], self.near)._asdict(),
        )
        lost = set(images["broken"].tolist())
        index = np.array([i for i in range(len(files)) if i not in lost], dtype=np.intp)
        return DecodedImages(
            images["pixels"],
            index,
            [files[i] for i in index],
            [files[i] for i in sorted(lost)],
            Duplicates(**same),
        )

    def cached(
        self, name: str, make: Callable[[], dict[str, NDArray[Any]]]
    ) -> dict[str, NDArray[Any]]:
        """The arrays that `make` returns, from the cache if they are there; a damaged file is made
        again.
        """
        path = Path(self.cache) / name if self.cache else None
        if path is not None and path.is_file():
            try:
                # numpy leaves a torn one open
                with path.open("rb") as file, np.load(file) as stored:
                    return dict(stored)
            except Exception:  # a torn file can raise anything
                pass
        arrays = make()
        if path is not None:
            save(path, arrays)
        return arrays


@dataclass(frozen=True)
class DecodedImages:
    """The images of a data set before any is left out.

    Attributes:
        pixels: shape (n, channels, size, size).
        index: Which of `images()` they are, shape (n,), and `files`, these.
        broken: What could not be read.
        same: Which of them are one.
    """

    pixels: Pixels
    index: NDArray[np.intp]
    files: list[ImageFile]
    broken: list[ImageFile]
    same: "Duplicates"


def decode_all(files: Sequence[ImageFile], size: int, channels: int) -> dict[str, NDArray[Any]]:
    """`pixels`, of the files that can be read, and the indices of the others, `broken`.

    Raises: UserError where none can be.
    """
    images: list[Pixels] = []
    broken: list[int] = []
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        for i, pixels in enumerate(pool.map(lambda file: try_decode(file, size, channels), files)):
            broken.append(i) if pixels is None else images.append(pixels)
    if not images:
        raise UserError(
            f"none of the {len(files)} files, such as {files[0]}, can be read as an image"
        )
    return {"pixels": np.stack(images), "broken": np.array(broken, dtype=np.intp)}


def try_decode(file: ImageFile, size: int, channels: int) -> Pixels | None:
    """The decoded image, or None for a file that is none."""
    from memctl.data.images.decode import decode  # here alone: a sweep's controller decodes nothing

    try:
        return decode(file, size, channels)
    except Exception:  # Pillow raises many kinds of errors for broken files
        return None


def save(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    """Keep arrays; a folder that cannot be written costs only making them again."""
    with suppress(UserError), atomic(path) as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]


def name_some(paths: Sequence[ImageFile]) -> str:
    more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
    return ", ".join(str(p) for p in paths[:SHOWN]) + more
