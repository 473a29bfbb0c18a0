"""What every image data set has: size, colours, duplicates, broken files, and one decoding for all runs."""

import hashlib
import os
from abc import abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from memctl.data.base import DataSource, Records, readable
from memctl.data.images import Pixels
from memctl.errors import UserError

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
        near: Two images whose RMS difference, or that to a mirror image, is at most this share of their contrast are one: only
            the first is used, so that none is on both sides of the split. 0 finds exact copies alone.
        broken: refuse stops at files that cannot be read as images; skip leaves them out, and says so.
        cache: Folder of decoded images, kept by content.
    """

    size: int = 64
    channels: int = 3
    flip: bool = False
    near: float = 0.0
    broken: str = "refuse"
    cache: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.size < 4:
            raise UserError(f"data.size={self.size} must be at least 4 pixels")
        if self.channels not in (1, 3):
            raise UserError(f"data.channels={self.channels} must be 3 (RGB) or 1 (grey)")
        if not 0 <= self.near < 1:
            raise UserError(f"data.near={self.near} must be in [0, 1): the share of two images' contrast that their difference may be")
        if self.broken not in ("refuse", "skip"):
            raise UserError(f"data.broken={self.broken} must be refuse or skip")

    @abstractmethod
    def images(self) -> list[Path]:
        """The image files, in order. Raises: UserError where they are missing."""

    def labels(self) -> NDArray[Any] | None:
        """The class of each of `images`, or None."""
        return None

    def files(self) -> list[Path]:
        return self.images()

    def digest(self) -> str:
        return contents(tuple((str(p), p.stat().st_mtime_ns, p.stat().st_size) for p in self.files()))

    def read(self) -> Records:
        paths, labels = self.images(), self.labels()
        pixels, broken = self.pixels(paths)
        if broken and self.broken == "refuse":
            raise UserError(f"{named(broken)} cannot be read as images; remove them, or leave them out with data.broken=skip")
        lost = set(broken)
        readable_ones = np.array([i for i, path in enumerate(paths) if path not in lost], dtype=np.intp)
        from memctl.data.images.duplicates import near  # here alone: a sweep's controller needs no sparse matrices

        same = near(pixels, self.near)
        values = pixels.astype(np.float32) / 127.5 - 1
        dropped = {f"cannot be read ({named(broken)})": len(broken)} if broken else {}
        return Records(
            values[same.kept],
            None if labels is None else labels[readable_ones][same.kept],
            {**dropped, **counted(same)},
            value_range=(-1.0, 1.0),
            mirror=True,
            flip=self.flip,
        )

    def pixels(self, paths: Sequence[Path]) -> tuple[Pixels, list[Path]]:
        """The decoded images, uint8, shape (n, channels, size, size), and the files that could not be read; kept by content."""
        kept = Path(self.cache) / f"{self.digest()}-{self.size}-{self.channels}.npz" if self.cache else None
        if kept is not None and kept.is_file():
            try:
                stored = np.load(kept)
                return stored["pixels"], [paths[i] for i in stored["broken"]]
            except Exception:  # a torn file can raise anything, and is made again
                pass
        images: list[Pixels] = []
        broken: list[int] = []
        with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
            for i, found in enumerate(pool.map(lambda path: attempt(path, self.size, self.channels), paths)):
                broken.append(i) if found is None else images.append(found)
        if not images:
            raise UserError(f"none of the {len(paths)} files, such as {paths[0]}, can be read as an image")
        pixels = np.stack(images)
        if kept is not None:
            save(kept, pixels, broken)
        return pixels, [paths[i] for i in broken]


def attempt(path: Path, size: int, channels: int) -> Pixels | None:
    """The decoded image, or None for a file that is none."""
    from memctl.data.images.decode import decode  # here alone: a sweep's controller decodes nothing

    try:
        return decode(path, size, channels)
    except Exception:  # Pillow raises many kinds of errors for broken files
        return None


def save(path: Path, pixels: Pixels, broken: list[int]) -> None:
    """Keep decoded images; a folder that cannot be written costs only the next decoding."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            np.savez(file, pixels=pixels, broken=np.array(broken, dtype=np.intp))
        part.replace(path)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)


@cache
def contents(files: tuple[tuple[str, int, int], ...]) -> str:
    """A hash over the contents of files in order, found once for files that have not changed."""
    total = hashlib.sha256()
    for path, *_ in files:
        total.update(hashlib.sha256(readable(Path(path))).digest())
    return total.hexdigest()[:16]


def named(paths: Sequence[Path]) -> str:
    more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
    return ", ".join(str(p) for p in paths[:SHOWN]) + more


def counted(same: "Duplicates") -> dict[str, int]:
    """How many images were left out as another's duplicate: exact, near, or mirrored."""
    first = {int(g): i for i, g in reversed(list(enumerate(same.group)))}
    links: dict[int, tuple[float, bool]] = {}
    for (i, j), distance, mirrored in zip(same.pairs, same.distance, same.mirrored, strict=True):
        for a in (int(i), int(j)):
            links[a] = min(links.get(a, (np.inf, False)), (float(distance), bool(mirrored)))
    out: dict[str, int] = {}
    for image, link in links.items():
        if first[int(same.group[image])] != image:
            kind = "mirror image of another" if link[1] else "exact duplicate" if link[0] == 0 else "near duplicate"
            out[kind] = out.get(kind, 0) + 1
    return out
