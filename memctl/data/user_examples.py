"""Examples as a user has them: what a generator made, what it was trained on, and what it has not
seen.

A file (`.npy`, `.npz`, `.csv`, `.tsv`; FILE.npz:NAME for one of several arrays) of shape (n,
length) or (n, channels, length) holds signals; one of shape (n, channels, height, width), or (n,
height, width, channels) as image libraries have it, images. A folder holds images, decoded as
`data=images` does: values in [-1, 1]. Nothing is normalised: all must be in the same units.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memctl.data.base import MIN_LENGTH, Array, check_finite
from memctl.data.images.folder import images_in
from memctl.data.images.source import decode_all, name_some
from memctl.data.signals import read_csv, read_numpy
from memctl.data.split import MIN_SIDE, Split, first_occurrences
from memctl.errors import UserError

# Of the held-out examples; left out of one side alone, they move a fair dcr_share by half of it.
MOST_SHARED = 0.01
RANGES = ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0))  # in which images are stored
# By which generated images that were not clipped leave such a range, of what they span.
MARGIN = 0.1
UNLIKE = 4.0  # ratio of spreads from which there is a caution
SQUARE = 8  # pixels a side from which arrays of as many channels as values look like images


@dataclass(frozen=True)
class NamedExamples:
    """Examples, shape (n, channels, *dims), each with its file's name in a folder or its place in
    an array, counted from 0: shape (n,).
    """

    values: Array
    names: NDArray[Any]


@dataclass(frozen=True)
class Comparison:
    """Samples, shape (m, channels, *dims), beside the sides that they are compared with.

    Attributes:
        names: Of the samples, the training and the held-out examples of the split.
        notes: What was left out, in words.
    """

    samples: Array
    split: Split
    names: tuple[NDArray[Any], NDArray[Any], NDArray[Any]]
    notes: list[str]


def read(place: str, size: int = 64, channels: int = 3) -> NamedExamples:
    """All examples in a file or a folder.

    Args:
        size, channels: Of a folder's images: pixels a side, and 3 (RGB) or 1 (grey).

    Raises:
        UserError: nothing there, nothing that can be read, NaN, or too few examples.
    """
    examples = (
        read_folder(Path(place), size, channels)
        if Path(place).is_dir()
        else number_examples(read_file(place))
    )
    if len(examples.values) < MIN_SIDE:
        raise UserError(
            f"{place} holds {len(examples.values)} examples; at least {MIN_SIDE} are needed"
        )
    try:
        check_finite(examples.values)
    except UserError as error:
        raise UserError(f"{place}: {error}") from None
    return examples


def number_examples(values: Array) -> NamedExamples:
    return NamedExamples(values, np.arange(len(values)))


def read_folder(folder: Path, size: int, channels: int) -> NamedExamples:
    """A folder's images, copies among them too. Raises: UserError."""
    files = images_in(folder, "")
    images = decode_all(files, size, channels)
    if images["broken"].size:
        broken = name_some([files[i] for i in images["broken"]])
        raise UserError(f"{broken} cannot be read as images; mend or remove them")
    names = np.array([file.relative_to(folder).as_posix() for file in files])
    return NamedExamples(
        np.asarray(images["pixels"] / np.float32(127.5) - np.float32(1), dtype=np.float32), names
    )


def read_file(place: str) -> Array:
    """An array's examples. Raises: UserError."""
    stem, _, key = place.rpartition(":")
    path, name = (Path(stem), key) if stem.endswith(".npz") else (Path(place), None)
    if not path.is_file():
        raise UserError(f"{path} is neither a file nor a folder (looked for {path.resolve()})")
    if path.suffix not in (".csv", ".tsv", ".npy", ".npz"):
        raise UserError(
            f"{path}: {path.suffix or 'no ending'} is not read; give a .csv, .tsv, .npy or .npz, or"
            " a folder of images"
        )
    raw = (
        read_csv(path)
        if path.suffix in (".csv", ".tsv")
        else read_numpy(path, name, f"{path}:NAME")
    )
    if raw.ndim not in (2, 3, 4) or raw.dtype.kind not in "iuf" or raw.size == 0:
        raise UserError(
            f"{path}: expected numbers of shape (n, length), (n, channels, length) or (n, channels,"
            f" height, width), found {raw.dtype} of shape {raw.shape}"
        )
    if raw[0].size < MIN_LENGTH:
        raise UserError(
            f"{path}: examples of {raw[0].size} values are too short; at least {MIN_LENGTH} are"
            " needed"
        )
    if raw.ndim == 4 and raw.shape[-1] == 4 < raw.shape[2] and raw.shape[1] not in (1, 3, 4):
        raise UserError(
            f"{path}: shape {raw.shape} looks like images with alpha, of which no distance should"
            " know; drop it with x[..., :3]. Four channels of another kind go first:"
            " x.transpose(0, 3, 1, 2)"
        )
    if raw.ndim == 4 and raw.shape[-1] in (1, 3) and raw.shape[1] not in (1, 3):
        raw = raw.transpose(0, 3, 1, 2)
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is refused
        return np.ascontiguousarray(raw[:, None] if raw.ndim == 2 else raw, dtype=np.float32)


def compare(
    samples: NamedExamples, train: NamedExamples, heldout: NamedExamples, mirror: bool = True
) -> Comparison:
    """Samples as they are, beside train and held-out examples without repetitions.

    Examples that repeat another of their side are left out: a copy of one has no training example
    to itself, and f_mem would miss it. Held-out examples that are in train too are no unseen ones.
    A few are left out; but they tend to be a population's commonest, so many would make train look
    nearer to fresh examples than held-out is, and are refused.

    Args:
        mirror: Whether an image and its mirror image are one.

    Raises:
        UserError: examples of different shapes, many in both sides, or too few distinct ones in
            one.
    """
    shapes = ["x".join(map(str, side.values.shape[1:])) for side in (samples, train, heldout)]
    if len(set(shapes)) > 1:
        raise UserError(
            "examples differ in shape: samples {}, train {}, held-out {}; bring them to one".format(
                *shapes
            )
        )
    images = train.values.ndim == 4
    mirror = mirror and images
    pool, n = np.concatenate([train.values, heldout.values]), len(train.values)
    first, second, shared = distinct_sides(canonical_images(pool) if mirror else pool, n)
    repeated = len(pool) - len(first) - len(second) - shared
    notes = (
        [
            f"left out: {repeated} examples that repeat{' or mirror' if mirror else ''} another of"
            " their side"
        ]
        if repeated
        else []
    )
    notes += (
        [f"left out: {shared} held-out examples that are training examples too"] if shared else []
    )
    summary = {
        "examples": len(pool),
        "dropped": {"in both": shared} if shared else {},
        "duplicates": repeated,
        "n_train": len(first),
        "n_heldout": len(second),
        "unused": 0,
        "shape": list(pool.shape[1:]),
    }
    span = stored_range(pool) if images else None
    split = Split(
        pool[first], pool[second], None, None, span, summary, mirror=mirror, temporal=not images
    )
    return Comparison(
        samples.values, split, (samples.names, train.names[first], heldout.names[second - n]), notes
    )


def distinct_sides(pool: Array, n_train: int) -> tuple[NDArray[np.intp], NDArray[np.intp], int]:
    """Indices of the distinct training examples and of the held-out ones that are not among them,
    and how many are.

    Raises:
        UserError: many that are, or too few on a side.
    """
    kept, own = first_occurrences(pool), len(first_occurrences(pool[n_train:]))
    first, second = kept[kept < n_train], kept[kept >= n_train]
    shared = own - len(second)
    if shared > MOST_SHARED * own:
        raise UserError(
            f"{shared} of the {own} distinct held-out examples are training examples too, and tell"
            " nothing of unseen ones. Give examples that were not trained on; if both sides share a"
            " population's commonest examples, take these out of both"
        )
    for side, indices in (("training", first), ("held-out", second)):
        if len(indices) < MIN_SIDE:
            raise UserError(
                f"{len(indices)} distinct {side} examples are too few; at least {MIN_SIDE} are"
                " needed"
            )
    return first, second, shared


def canonical_images(images: Array) -> Array:
    """Of each image and its mirror image the one that comes first in the order of their values:
    shape as it was.
    """
    mirrored = images[..., ::-1]
    a, b = images.reshape(len(images), -1), mirrored.reshape(len(images), -1)
    place = np.arange(len(images)), (a != b).argmax(axis=1)
    turn: NDArray[np.bool_] = b[place] < a[place]
    return np.where(turn.reshape(-1, *[1] * (images.ndim - 1)), mirrored, images)


def describe_example(values: Array) -> str:
    """What one of the examples, shape (n, channels, *dims), is taken for, in words."""
    channels, *dims = values.shape[1:]
    kind, unit = ("images", "pixels") if len(dims) == 2 else ("signals", "values")
    return (
        f"{channels} channel{'s' * (channels > 1)} x {' x '.join(map(str, dims))} {unit}, taken as"
        f" {kind}"
    )


def cautions(samples: Array, train: Array) -> Iterator[str]:
    """Why the examples, both of shape (n, channels, *dims), may not be what they are taken for, or
    not be in the same units.
    """
    if samples.ndim == 3 and samples.shape[1] == samples.shape[2] >= SQUARE:
        side = samples.shape[2]
        yield (
            f"examples of {side} x {side} numbers are taken as signals of {side} channels: if they"
            f" are grey images, reshape all three arrays to (n, 1, {side}, {side})"
        )
    # None of this is refused: a generator whose samples are all bright, or have collapsed to one
    # grey, may look the same.
    stored = [usual_range(side) for side in (samples, train) if side.ndim == 4]
    mean, sd, centre, spread = (
        float(f(side, dtype=np.float64)) for side in (samples, train) for f in (np.mean, np.std)
    )
    if len(set(stored)) > 1 and not set(RANGES).isdisjoint(stored):
        yield (
            "most samples lie in [{:.3g}, {:.3g}], most training images in [{:.3g}, {:.3g}]: if"
            " they are stored in different ranges, no number here holds; bring the samples to the"
            " range of the training images"
        ).format(*stored[0], *stored[1])
    elif abs(mean - centre) > spread or not spread / UNLIKE <= sd <= spread * UNLIKE:
        yield (
            f"the samples' values ({mean:.3g}, sd {sd:.3g}) are not those of the training examples"
            f" ({centre:.3g}, sd {spread:.3g}): are they in the same units?"
        )


def usual_range(images: Array) -> tuple[float, float]:
    """The range of most images, by the medians of their lowest and highest values: the first of
    RANGES that holds it, or itself.
    """
    low, high = (float(np.median(end(images, axis=(1, 2, 3)))) for end in (np.min, np.max))
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
