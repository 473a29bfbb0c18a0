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
from memctl.files import atomic, path_of, shown
from memctl.keys import later

if TYPE_CHECKING:
    from memctl.data.images.decode import Decoded
    from memctl.data.images.duplicates import Duplicates
    from memctl.data.images.levels import Levels

SHOWN = 8  # files named in a message
MAX_SIZE = 4096  # pixels; what a diffusion model is trained on is far below


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
        range: Levels [black, white] of deep images (more than 8 bits, or fractions), which are
            brought to 8 bits; null finds one scale for the set in its data type and levels.
        broken: refuse stops at files that cannot be read as images; skip leaves them out, and says
            so.
        cache: Folder of decoded images, kept by content.
    """

    size: int = 64
    channels: int = 3
    flip: bool = True
    near: float = 0.33
    range: list[float] | None = later(None)
    broken: str = "refuse"
    cache: str | None = None
    base_epochs: int = 100

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 4 <= self.size <= MAX_SIZE:
            raise UserError(
                f"data.size={self.size} must be at least 4 and at most {MAX_SIZE:,} pixels"
            )
        if self.channels not in (1, 3):
            raise UserError(f"data.channels={self.channels} must be 3 (RGB) or 1 (grey)")
        if not 0 <= self.near < 1:
            raise UserError(
                f"data.near={self.near} must be in [0, 1): the share of two images' contrast that"
                " their difference may be"
            )
        if self.range is not None:
            check_range(self.range, "data.range=")
        if self.broken not in ("refuse", "skip"):
            raise UserError(f"data.broken={self.broken} must be refuse or skip")

    @abstractmethod
    def images(self) -> Sequence[ImageFile]:
        """The encoded images, in order. Raises: UserError where they are missing."""

    def labels(self) -> NDArray[Any] | None:
        """The class of each of `images`, or None."""
        return None

    def passed(self) -> dict[str, int]:
        """Why and how many files beside the images were passed over."""
        return {}

    def files(self) -> list[Path]:
        return [file for file in self.images() if isinstance(file, Path)]

    def read(self) -> Examples:
        decoded, labels = self.decode(), self.labels()
        if decoded.broken and self.broken == "refuse":
            raise UserError(
                f"{name_some(decoded.broken, decoded.why)} cannot be read as images; remove them,"
                " or leave them out with data.broken=skip"
            )
        kept = decoded.same.kept
        values = decoded.pixels[kept].astype(np.float32)
        values /= 127.5
        values -= 1
        dropped = (
            {f"cannot be read ({name_some(decoded.broken, decoded.why)})": len(decoded.broken)}
            if decoded.broken
            else {}
        )
        return Examples(
            values,
            None if labels is None else labels[decoded.index][kept],
            {**self.passed(), **decoded.unused_frames(), **dropped, **decoded.same.counts()},
            value_range=(-1.0, 1.0),
            mirror=True,
            flip=self.flip,
            distinct=True,
            notes=decoded.notes,
        )

    def decode(self) -> "DecodedImages":
        """All images that can be read, and which of them are one; both are found once and kept by
        content.
        """
        # Here alone: a sweep's controller needs no sparse matrices.
        from memctl.data.images.duplicates import Duplicates, find_duplicates

        files, digest = self.images(), self.digest()
        # The number stands for what else is kept: formerly neither sizes nor one scale of levels.
        shape = f"{digest}-{self.size}-{self.channels}-2"
        if self.range is not None:
            shape += "-" + "-".join(f"{end:g}" for end in self.range)
        images = self.cached(
            f"{shape}.npz", lambda: decode_all(files, self.size, self.channels, self.range)
        )
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
            images["why"].tolist(),
            images["frames"],
            images["notes"].tolist(),
            Duplicates(**same),
        )

    def cached(
        self, name: str, make: Callable[[], dict[str, NDArray[Any]]]
    ) -> dict[str, NDArray[Any]]:
        """The arrays that `make` returns, from the cache if they are there; a damaged file is made
        again.
        """
        path = path_of(self.cache) / name if self.cache else None
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
        broken: What could not be read, and `why`.
        frames: How many each file holds, shape (n,); the first is used.
        notes: How they were read.
        same: Which of them are one.
    """

    pixels: Pixels
    index: NDArray[np.intp]
    files: list[ImageFile]
    broken: list[ImageFile]
    why: list[str]
    frames: NDArray[np.intp]
    notes: list[str]
    same: "Duplicates"

    def unused_frames(self) -> dict[str, int]:
        """Of stacks and animations, of which the first frame is used."""
        return unused_frames(self.files, self.frames)


def unused_frames(files: Sequence[ImageFile], frames: NDArray[np.intp]) -> dict[str, int]:
    """In words, and how many."""
    stacks = np.flatnonzero(frames > 1).tolist()
    some = name_some([files[k] for k in stacks])
    return {f"further frames of {some}": int((frames[stacks] - 1).sum())} if len(stacks) else {}


def decode_all(
    files: Sequence[ImageFile],
    size: int,
    channels: int,
    stated: Sequence[float] | None = None,
    among: Sequence[ImageFile] | None = None,
    how: str = "data.range=[BLACK,WHITE]",
) -> dict[str, NDArray[Any]]:
    """Of the files that can be read their `pixels`, `sizes` (width and height) and `frames`, the
    indices of the others, `broken`, and `why` these are, and `notes` on how they were read.

    Args:
        stated: The range of deep images, as of `ImageSource`; `how` it is set.
        among: The files that one scale of deep images is to hold for; these unless given.

    Raises: UserError where none can be, or where nothing says how bright deep images are.
    """
    from memctl.data.images import levels  # these here: a sweep's controller decodes nothing
    from memctl.data.images.decode import Decoded

    images: list[Decoded] = []
    broken: dict[int, str] = {}
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
        deep = [x for x in pool.map(levels.extremes, among or files) if x]
        scale = levels.levels(deep, stated, how)
        decoded = pool.map(lambda file: try_decode(file, size, channels, scale), files)
        for i, image in enumerate(decoded):
            if isinstance(image, str):
                broken[i] = image
            else:
                images.append(image)
    if not images:
        raise UserError(
            f"none of the {len(files)} files, such as {shown(str(files[0]))} ({broken[0]}), can be"
            " read as an image"
        )
    return {
        "pixels": np.stack([image.pixels for image in images]),
        "sizes": np.array([(image.width, image.height) for image in images]),
        "frames": np.array([image.frames for image in images], dtype=np.intp),
        "broken": np.array([*broken], dtype=np.intp),
        "why": np.array([*broken.values()], dtype=str),
        "notes": np.array(
            [levels.in_words(len(deep), scale, [x.mode for x in deep])] if deep else [], dtype=str
        ),
    }


def try_decode(file: ImageFile, size: int, channels: int, levels: "Levels") -> "Decoded | str":
    """The decoded image, or why a file is none."""
    from PIL import Image, UnidentifiedImageError  # here alone, as in `decode_all`

    from memctl.data.images.decode import decode_file

    try:
        return decode_file(file, size, channels, levels)
    except Image.DecompressionBombError:
        most = 2 * (Image.MAX_IMAGE_PIXELS or 0)
        return f"it has more than {most / 1e6:.0f} megapixels; scale it down"
    except UnidentifiedImageError:
        return "no image that Pillow knows"
    except MemoryError:
        return "it does not fit into the memory"
    except Exception as error:  # Pillow raises many kinds of errors for broken files
        return (str(error).splitlines() or [type(error).__name__])[0]


def check_range(levels: Sequence[float], how: str) -> None:
    """Raises: UserError for what are no two rising levels."""
    numbers = all(isinstance(end, int | float) for end in levels)
    if len(levels) != 2 or not numbers or not levels[0] < levels[1]:
        raise UserError(f"{how}{list(levels)} must be the levels [black, white], black the lower")


def save(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    """Keep arrays; a folder that cannot be written costs only making them again."""
    with suppress(UserError), atomic(path) as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]


def name_some(files: Sequence[ImageFile], why: Sequence[str] = ()) -> str:
    """Some of the files, each with why it is named."""
    more = f" and {len(files) - SHOWN} more" if len(files) > SHOWN else ""
    names = [shown(str(file)) for file in files[:SHOWN]]
    if why:
        names = [f"{name} ({reason})" for name, reason in zip(names, why, strict=False)]
    return ", ".join(names) + more
