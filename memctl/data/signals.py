"""A user's own signals from a file: `.npy`, `.npz`, or `.csv` with one signal a row; any length."""

import csv
import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memctl.data.base import MIN_LENGTH, DataSource, Examples, check_finite
from memctl.data.normalise import znormalise
from memctl.errors import UserError
from memctl.files import readable


def read_csv(path: Path) -> NDArray[np.float64]:
    """Rows of numbers, a header allowed, an empty cell read as NaN: shape (n, length).

    Raises: UserError.
    """
    text = readable(path).decode("utf-8-sig", errors="replace")
    reader = csv.reader(io.StringIO(text), delimiter="\t" if path.suffix == ".tsv" else ",")
    rows: list[list[float]] = []
    try:
        for number, line in enumerate(filter(None, reader)):
            if number == 0 and not any(map(is_number, line)):
                continue  # a header: nothing in it is a number
            wrong = [cell for cell in line if cell.strip() and not is_number(cell)]
            if wrong:
                raise UserError(
                    f"{path}: line {reader.line_num} holds {wrong[0]!r}, which is not a number"
                )
            rows.append([float(cell) if cell.strip() else np.nan for cell in line])
    except csv.Error as error:
        raise UserError(f"{path}: line {reader.line_num} cannot be read ({error})") from None
    lengths = {len(row) for row in rows}
    if len(lengths) > 1:
        odd = next(i for i, row in enumerate(rows) if len(row) != len(rows[0]))
        lengths_read = f"{len(rows[0])} values, then {len(rows[odd])} in data row {odd + 1}"
        raise UserError(
            f"{path}: rows differ in length ({lengths_read}); resample them to one length"
        )
    return np.array(rows)


def is_number(cell: str) -> bool:
    """Whether a cell reads as a number (nan and inf do)."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def read_numpy(path: Path, key: str | None, how: str = "data.key=NAME") -> NDArray[Any]:
    """The array of a `.npy`, or the one under `key` (or the only one) of a `.npz`; `how` the user
    chooses it. Raises: UserError.
    """
    try:
        stored = np.load(io.BytesIO(readable(path)), allow_pickle=False)
        if isinstance(stored, np.ndarray):
            return stored
        names = stored.files
        if key is None and len(names) != 1:
            raise UserError(f"{path} holds the arrays {', '.join(names)}; choose one with {how}")
        if key is not None and key not in names:
            raise UserError(f"{path} holds no array {key}; it holds {', '.join(names)}")
        array: NDArray[Any] = stored[key or names[0]]
        if not isinstance(array, np.ndarray):
            raise ValueError(f"{key or names[0]} is no array")
        return array
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        # Of objects numpy would advise to load them.
        why = "it holds Python objects; save a plain array" if "pickle" in str(error) else error
        raise UserError(f"{path} is not a readable NumPy file of numbers ({why})") from None


@dataclass
class Signals(DataSource):
    """Signals of shape (n, length) or (n, channels, length) in the file `path`.

    Attributes:
        key: Which array of a `.npz`.
        normalise: `zscore` (each signal to mean 0, standard deviation 1) or `none`.
    """

    name = "signals"
    path: str | None = None
    key: str | None = None
    normalise: str = "zscore"
    base_epochs: int = 200

    def files(self) -> list[Path]:
        if not self.path:
            raise UserError(
                "data=signals needs data.path=FILE: a .csv, .npy or .npz with one signal a row"
            )
        path = Path(self.path)
        if not path.is_file():
            raise UserError(f"data.path={path} is not a file (looked for {path.resolve()})")
        if path.suffix not in (".csv", ".tsv", ".npy", ".npz"):
            raise UserError(
                f"data.path={path}: {path.suffix or 'no ending'} is not read; give a .csv, .tsv,"
                " .npy or .npz"
            )
        return [path]

    def read(self) -> Examples:
        path = self.files()[0]
        raw = read_csv(path) if path.suffix in (".csv", ".tsv") else read_numpy(path, self.key)
        if raw.ndim not in (2, 3) or raw.dtype.kind not in "iuf" or raw.size == 0:
            raise UserError(
                f"{path}: expected numbers of shape (n, length) or (n, channels, length), found"
                f" {raw.dtype} of shape {raw.shape}"
            )
        values = raw.astype(np.float64).reshape(len(raw), -1, raw.shape[-1])
        if values.shape[-1] < MIN_LENGTH:
            raise UserError(
                f"{path}: signals of {values.shape[-1]} values are too short; at least {MIN_LENGTH}"
                " are needed"
            )
        check_finite(values)  # before any example is left out, so that its number is the file's
        if self.normalise == "none":
            return Examples(values.astype(np.float32), temporal=True)
        if self.normalise != "zscore":
            raise UserError(f"data.normalise={self.normalise} is unknown; choose zscore or none")
        normalised, kept = znormalise(values)
        return Examples(normalised, dropped={"constant": int((~kept).sum())}, temporal=True)
