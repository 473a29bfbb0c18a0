"""Files and folders of examples as a user has them: what a generator made, what it was trained on,
and what it has not seen.

A file (`.npy`, `.npz`, `.csv`, `.tsv`; FILE.npz:NAME for one of several arrays) of shape (n,
length) or (n, channels, length) holds signals; one of shape (n, channels, height, width), images;
channels may come last, as image libraries have them. A folder holds images, decoded as
`data=images` does: values in [-1, 1]. Nothing is normalised: all must be in the same units.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memctl.data import columns, layout, table
from memctl.data.base import MIN_LENGTH, Array, check_finite
from memctl.data.images.folder import find_images, said
from memctl.data.images.source import check_range, decode_all, name_some, unused_frames
from memctl.data.scale import as_float32, check_fill
from memctl.data.split import MIN_SIDE
from memctl.data.table import Table
from memctl.errors import UserError
from memctl.files import path_of, shown

ADVICE = columns.Advice("--drop-columns {}", "--drop-columns none", None)


@dataclass(frozen=True)
class Reading:
    """How the sides are read.

    Attributes:
        size, channels: Of a folder's images: pixels a side, and 3 (RGB) or 1 (grey).
        range: Levels [black, white] of a folder's deep images.
        drop_columns: Of tables, as of `Signals`.
        layout: Of arrays, as of `Signals`.
    """

    size: int = 64
    channels: int = 3
    range: Sequence[float] | None = None
    drop_columns: Sequence[str] | None = None
    layout: str | None = None


@dataclass(frozen=True)
class NamedExamples:
    """Examples of a side.

    Attributes:
        values: shape (n, channels, *dims).
        names: Of each its file's name in a folder or its place in an array, counted from 0: shape
            (n,).
        notes: How they were read, and what was left out, in words.
        sizes: Width and height of a folder's files, shape (n, 2).
    """

    values: Array
    names: NDArray[Any]
    notes: list[str] = field(default_factory=list)
    sizes: NDArray[Any] | None = None


def read(place: str, size: int = 64, channels: int = 3) -> NamedExamples:
    """All examples in a file or a folder; arguments as of `Reading`. Raises: as `read_sides`."""
    return read_sides([place], Reading(size, channels))[0]


def read_sides(places: Sequence[str], how: Reading) -> list[NamedExamples]:
    """All examples in files or folders that are to be compared, of samples first.

    Raises:
        UserError: nothing there, nothing that can be read, NaN, too few examples, or something that
            may be read in two ways.
    """
    if how.range is not None:
        check_range(how.range, "--range ")
    apart = [path_of(text) for text in places]
    folders = {k: find_images(path, name="") for k, path in enumerate(apart) if path.is_dir()}
    check_apart(places, [apart[k] for k in folders])
    images = [file for found in folders.values() for file in found.files]
    tables = {k: read_table(place) for k, place in enumerate(places) if k not in folders}
    widest = max((t.values.shape[1] for t in tables.values() if t.values.ndim == 2), default=0)
    sides = []
    for k, place in enumerate(places):
        if k in folders:
            examples = read_folder(apart[k], how, images)
        else:
            # Columns to leave out are of the files that have them.
            narrow = tables[k].values.ndim == 2 and tables[k].values.shape[1] < widest
            examples = read_array(
                tables[k], replace(how, drop_columns=()) if narrow and how.drop_columns else how
            )
        if len(examples.values) < MIN_SIDE:
            raise UserError(
                f"{place} holds {len(examples.values)} examples; at least {MIN_SIDE} are needed"
            )
        try:
            check_finite(examples.values)
        except UserError as error:
            raise UserError(f"{place}: {error}") from None
        if k:  # of samples it is said, for a generator may have made them
            check_fill(examples.values, place)
        sides.append(examples)
    return sides


def check_apart(places: Sequence[str], folders: Sequence[Path]) -> None:
    """Raises: UserError for a folder that lies in another, whose images it would be taken for."""
    real = [folder.resolve() for folder in folders]
    for inner in real:
        for outer in real:
            if outer in inner.parents:
                raise UserError(
                    f"{shown(outer)} holds {shown(inner)}, so its images would be read as both;"
                    " name folders of which none is in another"
                )


def number_examples(values: Array) -> NamedExamples:
    return NamedExamples(values, np.arange(len(values)))


def read_folder(folder: Path, how: Reading, among: Sequence[Path]) -> NamedExamples:
    """A folder's images, copies among them too.

    Args:
        among: The files of all sides.

    Raises: UserError.
    """
    found = find_images(folder, name="")
    files = found.files
    images = decode_all(files, how.size, how.channels, how.range, among, "--range BLACK WHITE")
    if images["broken"].size:
        broken = name_some([files[i] for i in images["broken"]], images["why"].tolist())
        raise UserError(f"{broken} cannot be read as images; mend or remove them")
    names = np.array([shown(file.relative_to(folder).as_posix()) for file in files])
    passed = {**found.passed, **unused_frames(files, images["frames"])}
    left_out = [f"{shown(folder)}: left out: {said(passed)}"] if passed else []
    return NamedExamples(
        np.asarray(images["pixels"] / np.float32(127.5) - np.float32(1), dtype=np.float32),
        names,
        images["notes"].tolist() + left_out,
        images["sizes"],
    )


def read_table(place: str) -> Table:
    """The numbers in a file. Raises: UserError."""
    stem, _, key = place.rpartition(":")
    path, name = (path_of(stem), key) if stem.lower().endswith(".npz") else (path_of(place), None)
    if not path.is_file():
        raise UserError(
            f"{shown(path)} is neither a file nor a folder (looked for {shown(path.resolve())})"
        )
    if path.suffix.lower() not in table.ENDINGS:
        raise UserError(
            f"{path}: {path.suffix or 'no ending'} is not read; give a .csv, .tsv, .npy or .npz, or"
            " a folder of images"
        )
    return table.read(path, name, f"{path}:NAME")


def read_array(found: Table, how: Reading) -> NamedExamples:
    """An array's examples. Raises: UserError."""
    raw, path, notes = found.values, found.path, []
    if raw.ndim not in (2, 3, 4) or raw.dtype.kind not in "iuf" or raw.size == 0:
        raise UserError(
            f"{path}: expected numbers of shape (n, length), (n, channels, length) or (n, channels,"
            f" height, width), found {raw.dtype} of shape {raw.shape}"
        )
    alpha = raw.ndim == 4 and raw.shape[-1] == 4 < raw.shape[2] and raw.shape[1] not in (1, 3, 4)
    if alpha and how.layout is None:
        raise UserError(
            f"{path}: shape {raw.shape} looks like images with alpha, of which no distance should"
            " know; drop it with x[..., :3]. Four channels of another kind: --layout channels_last"
        )
    if raw.ndim == 2:
        signal = columns.signal(found, None, how.drop_columns, ADVICE)
        raw, notes = signal.values, [f"{path}: {note}" for note in signal.notes]
    raw, turned = layout.channels_first(raw, how.layout, str(path), "--layout ")
    length = raw.shape[-1] if raw.ndim == 3 else raw[0].size
    if length < MIN_LENGTH:
        raise UserError(
            f"{path}: examples of {length} values are too short; at least {MIN_LENGTH} are needed"
        )
    values = as_float32(raw.astype(np.float64, copy=False), str(path))
    return NamedExamples(values, np.arange(len(values)), [*notes, *turned])
