"""A user's own signals from a file: `.npy`, `.npz`, or `.csv` with one signal a row; any length."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from memctl.data import columns, layout, table
from memctl.data.base import MIN_LENGTH, Array, DataSource, Examples, check_finite
from memctl.data.normalise import znormalise
from memctl.data.scale import as_float32, check_fill
from memctl.errors import UserError
from memctl.files import path_of
from memctl.keys import later


@dataclass
class Signals(DataSource):
    """Signals of shape (n, length), (n, channels, length) or (n, length, channels) in the file
    `path`.

    Attributes:
        key: Which array of a `.npz`.
        normalise: `zscore` (each signal to mean 0, standard deviation 1) or `none`.
        label_column: Of a table, the column of classes, which stratify the split: its place,
            counted from 0, or its name in the header.
        drop_columns: Of a table, the columns that are no signal; null looks for them, and asks
            where it can't tell; an empty list keeps all.
        layout: channels_first or channels_last; null sees it from the shape, or asks.
    """

    name = "signals"
    path: str | None = None
    key: str | None = None
    normalise: str = "zscore"
    label_column: str | int | None = later(None)
    drop_columns: list[Any] | None = later(None)
    layout: str | None = later(None)
    base_epochs: int = 200

    def files(self) -> list[Path]:
        if not self.path:
            raise UserError(
                "data=signals needs data.path=FILE: a .csv, .npy or .npz with one signal a row"
            )
        path = path_of(self.path)
        if not path.is_file():
            raise UserError(f"data.path={path} is not a file (looked for {path.resolve()})")
        if path.suffix.lower() not in table.ENDINGS:
            raise UserError(
                f"data.path={path}: {path.suffix or 'no ending'} is not read; give a .csv, .tsv,"
                " .npy or .npz"
            )
        return [path]

    def read(self) -> Examples:
        path = self.files()[0]
        read, labels, notes = table.read(path, self.key), None, []
        raw = read.values
        if raw.ndim not in (2, 3) or raw.dtype.kind not in "iuf" or raw.size == 0:
            raise UserError(
                f"{path}: expected numbers of shape (n, length) or (n, channels, length), found"
                f" {raw.dtype} of shape {raw.shape}"
            )
        if raw.ndim == 2:
            signal = columns.signal(read, self.label_column, self.drop_columns)
            raw, labels, notes = signal.values, signal.labels, [*signal.notes]
        elif self.label_column is not None or self.drop_columns:
            raise UserError(
                f"data.label_column and data.drop_columns are of tables, and {path} is of shape"
                f" {raw.shape}; leave them out"
            )
        raw, turned = layout.channels_first(raw, self.layout, str(path), "data.layout=")
        values = raw.astype(np.float64)
        if values.shape[-1] < MIN_LENGTH:
            raise UserError(
                f"{path}: signals of {values.shape[-1]} values are too short; at least {MIN_LENGTH}"
                " are needed"
            )
        check_finite(values)  # before any example is left out, so that its number is the file's
        check_fill(values, str(path), own=self.normalise == "zscore")
        notes += turned
        if self.normalise == "none":
            return Examples(as_float32(values, str(path)), labels, temporal=True, notes=notes)
        if self.normalise != "zscore":
            raise UserError(f"data.normalise={self.normalise} is unknown; choose zscore or none")
        normalised, kept = znormalise(values)
        return Examples(
            normalised,
            None if labels is None else labels[kept],
            dropped={"constant": int((~kept).sum())},
            temporal=True,
            notes=[*notes, *flat_channels(normalised)],
        )


def flat_channels(values: Array) -> list[str]:
    """The channels that are flat in some examples, in words; an example of which all are is left
    out.
    """
    flat = (values == 0).all(axis=-1).sum(axis=0)
    return [
        f"channel {c} is flat in {count} of {len(values)} examples, and 0 there"
        for c, count in enumerate(flat.tolist())
        if count
    ]
