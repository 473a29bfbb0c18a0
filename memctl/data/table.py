"""Rows of numbers from a text file (`.csv`, `.tsv`), with the names of a header and the cells that
are text, and the array of a NumPy file (`.npy`, `.npz`).
"""

import csv
import io
import os
import zipfile
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from memctl.errors import UserError
from memctl.files import readable

ENDINGS = (".csv", ".tsv", ".npy", ".npz")
TEXT = ENDINGS[:2]
SEPARATORS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars", " ": "blanks"}
ROWS = 50  # of which the first is the only one that rises: a header


@dataclass(frozen=True)
class Table:
    """Numbers from a file.

    Attributes:
        path: The file.
        values: Of a text file float64, shape (n, k), NaN where a cell is empty or text.
        names: Of the columns, from a header.
        texts: Column -> all its cells, of columns that hold text.
        wrong: Column -> line and content of its first cell that is text.
        notes: What was left out, in words.
    """

    path: Path
    values: NDArray[Any]
    names: list[str] | None = None
    texts: dict[int, list[str]] = field(default_factory=dict)
    wrong: dict[int, tuple[int, str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read(path: Path, key: str | None = None, how: str = "data.key=NAME") -> Table:
    """The numbers in a file; arguments as of `read_numpy`. Raises: UserError."""
    text = path.suffix.lower() in TEXT
    table = read_text(path) if text else Table(path, read_numpy(path, key, how))
    return without_header_of_numbers(table) if table.values.ndim == 2 else table


def read_text(path: Path) -> Table:
    """Rows of numbers, a header allowed, an empty cell read as NaN.

    Raises: UserError.
    """
    separator = "\t" if path.suffix.lower() == ".tsv" else ","
    reader = csv.reader(io.StringIO(decoded(readable(path))), delimiter=separator)
    try:
        lines = [(reader.line_num, line) for line in reader if line]
    except csv.Error as error:
        raise UserError(f"{path}: line {reader.line_num} cannot be read ({error})") from None
    header = lines.pop(0)[1] if lines and is_header(lines[0][1]) else None
    if not lines:
        return Table(path, np.array([]))
    check_separator(path, lines[-1][1], separator)
    check_words(path, lines)
    check_lengths(path, [line for _, line in lines], separator)
    values = np.full((len(lines), len(lines[0][1])), np.nan)
    wrong: dict[int, tuple[int, str]] = {}
    for row, (number, line) in enumerate(lines):
        for column, cell in enumerate(line):
            try:
                values[row, column] = float(cell)
            except ValueError:
                if cell.strip():
                    wrong.setdefault(column, (number, cell))
    texts = {column: [line[column] for _, line in lines] for column in wrong}
    return Table(path, values, column_names(header, values.shape[1]), texts, wrong)


def decoded(content: bytes) -> str:
    """Text of UTF-8, or of UTF-16 as spreadsheets save it."""
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    return content.decode("utf-16" if wide else "utf-8-sig", errors="replace")


def is_number(cell: str) -> bool:
    """Whether a cell reads as a number (nan and inf do)."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def is_header(cells: list[str]) -> bool:
    """Whether nothing in the first line is a number, or the numbers beside a name only count the
    columns.
    """
    numbers = [float(cell) for cell in cells if is_number(cell)]
    if not numbers:
        return any(cell.strip() for cell in cells)
    return 3 <= len(numbers) < len(cells) and bool(is_steady(np.array(numbers)))


def is_steady(values: NDArray[np.float64]) -> np.bool_:
    """Whether numbers rise or fall in equal steps."""
    steps = np.diff(values)
    return np.bool_(steps[0] != 0) and np.abs(steps - steps[0]).max() <= 1e-3 * abs(steps[0])


def column_names(header: list[str] | None, columns: int) -> list[str] | None:
    """The names of the columns; R leaves out that of the rows' names."""
    if header and len(header) == columns - 1 and columns > 2:
        header = ["", *header]
    return [name.strip() for name in header] if header and len(header) == columns else None


def check_separator(path: Path, cells: list[str], separator: str) -> None:
    """Raises: UserError for a line whose cells hold numbers with another separator between."""
    for other, name in SEPARATORS.items():
        parts = [cell.strip().split(other) for cell in cells if other in cell.strip()]
        if other != separator and any(all(map(is_number, filter(None, part))) for part in parts):
            raise UserError(
                f"{path}: its values are separated by {name}, not by {SEPARATORS[separator]} as a"
                f" {path.suffix} should be; in Python: pandas.read_csv(FILE, sep={other!r}"
                + (", decimal=','" if other == ";" and any(len(p) > 1 for p in parts) else "")
                + ").to_csv(NEW, index=False)"
            )


def check_words(path: Path, lines: list[tuple[int, list[str]]]) -> None:
    """Raises: UserError for a row of words: units, a remark, the header of a file put behind."""
    for number, line in lines:
        if any(cell.strip() for cell in line) and not any(map(is_number, line)):
            raise UserError(
                f"{path}: line {number} holds no number ({line[0][:40]!r}, ...) and is not the"
                " first; remove it if it is a remark, units or another header"
            )


def check_lengths(path: Path, lines: list[list[str]], separator: str) -> None:
    """Raises: UserError for rows of different lengths, or that all end in a separator."""
    ends = [not line[-1].strip() and len(line) > 1 for line in lines]
    name = SEPARATORS[separator].removesuffix("s")
    odd = next((i for i, line in enumerate(lines) if len(line) != len(lines[0])), None)
    if odd is not None:
        more = f"; some rows end in a {name}" if any(ends) and not all(ends) else ""
        raise UserError(
            f"{path}: rows differ in length ({len(lines[0])} values, then {len(lines[odd])} in data"
            f" row {odd + 1}); resample them to one length{more}"
        )
    if all(ends) and any(cell.strip() for line in lines for cell in line):
        raise UserError(
            f"{path}: every row ends in a {name}, so its last column is empty; remove that {name}"
        )


def without_header_of_numbers(table: Table) -> Table:
    """The same without a first row of numbers that name the columns: times, wavelengths, 0 to k."""
    values = table.values
    if values.shape[1] < 4 or len(values) < 3 or table.names or values.dtype.kind not in "iuf":
        return table
    steps = np.diff(values.astype(np.float64), axis=1)
    one_way = np.asarray((steps > 0).all(axis=1) | (steps < 0).all(axis=1))
    steady = is_steady(values[0].astype(np.float64)) and not any(
        is_steady(row.astype(np.float64)) for row in values[1:3]
    )
    if not one_way[0] or not (steady or (len(values) >= ROWS and not one_way[1:].any())):
        return table
    first, last = values[0, [0, -1]]
    note = f"its first row, {first:g} to {last:g}, is left out: it names the columns"
    texts = {column: cells[1:] for column, cells in table.texts.items()}
    return replace(table, values=values[1:], texts=texts, notes=(*table.notes, note))


def read_numpy(path: Path, key: str | None, how: str = "data.key=NAME") -> NDArray[Any]:
    """The array of a `.npy`, or the one under `key` (or the only one) of a `.npz`; `how` the user
    chooses it. Raises: UserError.
    """
    try:
        content = readable(path)
        if not content.startswith(b"PK"):
            if content.startswith(npy.MAGIC_PREFIX):
                check_promise(io.BytesIO(content), len(content))
            stored: NDArray[Any] = np.load(io.BytesIO(content), allow_pickle=False)
            return stored
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            sizes = {info.filename: info.file_size for info in archive.infolist()}
            names = [name.removesuffix(".npy") for name in sizes]
            if key is None and len(names) != 1:
                listed = ", ".join(names)
                raise UserError(f"{path} holds the arrays {listed}; choose one with {how}")
            if key is not None and key not in names:
                raise UserError(f"{path} holds no array {key}; it holds {', '.join(names)}")
            member = list(sizes)[names.index(key or names[0])]
            with archive.open(member) as file:
                check_promise(file, sizes[member])
        array: NDArray[Any] = np.load(io.BytesIO(content), allow_pickle=False)[key or names[0]]
        if not isinstance(array, np.ndarray):
            raise ValueError(f"{key or names[0]} is no array")
        return array
    except MemoryError:
        raise UserError(f"{path} does not fit into the memory") from None
    except (
        ValueError,
        OSError,
        EOFError,
        KeyError,
        NotImplementedError,
        RuntimeError,  # a password
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        # Of objects numpy would advise to load them.
        why = "it holds Python objects; save a plain array" if "pickle" in str(error) else error
        raise UserError(f"{path} is not a readable NumPy file of numbers ({why})") from None


def check_promise(file: BinaryIO | Any, size: int) -> None:
    """Hold what a `.npy`'s header promises against the bytes that there are, and these against the
    memory.

    Raises: ValueError, or MemoryError.
    """
    version = npy.read_magic(file)
    if version not in ((1, 0), (2, 0), (3, 0)):
        raise ValueError(f"format {version} is unknown")
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read(file)
    promised = dtype.itemsize
    for side in shape:  # Python's numbers do not overflow
        promised *= int(side)
    if not dtype.hasobject and promised > size:
        raise ValueError(
            f"its header promises {promised:,} bytes of shape {shape}, it has {size:,}"
        )
    if promised > os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"):
        raise MemoryError
