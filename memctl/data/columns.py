"""Which columns of a table are no signal: a class, an index, a name, a time of the row."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memctl.data.table import Table
from memctl.errors import UserError

# Words of which one makes a column's name that of something else than a value of the signal.
NO_SIGNAL = re.compile(
    "labels?|class|classes|targets?|category|y|ids?|idx|index|unnamed|uuid|name|rows?|record|patient"
    "|subject|participant|person|group|fold|split|set|file|filename|path|time|timestamp|date"
    "|datetime"
)
FEW = 8  # rows below which nothing is told from values
ENDS = 5  # columns at each end that are looked at
INNER = 3  # columns beside one that it is compared with
NAMED = 0.5  # most of the columns that can be something else by their names


@dataclass(frozen=True)
class Advice:
    """How the user says which columns are what: settings, `{}` for the columns."""

    drop: str = "data.drop_columns=[{}]"
    keep: str = "data.drop_columns=[]"
    label: str | None = "data.label_column={}"


@dataclass(frozen=True)
class Signal:
    """What is left.

    Attributes:
        values: shape (n, length).
        labels: Class of each row as a number from 0, where there is one: shape (n,).
        notes: What was left out, in words.
    """

    values: NDArray[np.float64]
    labels: NDArray[np.int64] | None
    notes: tuple[str, ...]


def signal(
    table: Table,
    label: str | int | None = None,
    drop: Sequence[str | int] | None = None,
    advice: Advice = Advice(),
) -> Signal:
    """The columns that are the signal.

    Args:
        label: The column of classes: its place, counted from 0 and from the end if negative, or its
            name.
        drop: Columns to leave out; None looks for those that are no signal, an empty list keeps
            all.

    Raises:
        UserError: no such column; text in one that is kept; or one that looks like a class or an
            index and isn't said to be.
    """
    classes = None if label is None else place(table, label)
    out: dict[int, str] = {} if classes is None else {classes: "the class"}
    if drop is not None:
        out |= {place(table, column): "as was said" for column in drop}
    else:
        out |= {c: why for c, why in named(table) if c not in out}
        found = by_values(table, out)
        if classes is None and is_ucr(table, found):
            classes = 0
            found[0] = "the class of each row, as in files of the UCR archive"
        out |= {c: why for c, why in found.items() if why}
        if doubtful := [c for c, why in found.items() if not why]:
            raise UserError(doubt(table, doubtful, out, advice))
    check_text(table, out, advice)
    kept = [c for c in range(table.values.shape[1]) if c not in out]
    labels = None if classes is None else codes(table, classes)
    notes = [f"{called(table, c)} is left out: {why}" for c, why in sorted(out.items())]
    return Signal(table.values[:, kept] if out else table.values, labels, (*table.notes, *notes))


def place(table: Table, column: str | int) -> int:
    """The place of a column. Raises: UserError where there is none."""
    columns = table.values.shape[1]
    names = table.names or []
    number = column if isinstance(column, int) else None
    if isinstance(column, str) and re.fullmatch(r"-?\d+", column) and column not in names:
        number = int(column)
    if number is not None and -columns <= number < columns:
        return number % columns
    if column in names:
        return names.index(str(column))
    has = f"the columns {', '.join(names[:8])}, ..." if names else f"{columns} columns, from 0"
    raise UserError(f"{table.path} has no column {column}; it has {has}")


def called(table: Table, column: int) -> str:
    """A column in words."""
    name = table.names[column] if table.names else ""
    return f"column {column}" + (f" ({name})" if name else "")


def named(table: Table) -> Iterator[tuple[int, str]]:
    """The columns whose names in the header say that they are something else than the signal, which
    most have in common.
    """
    if not table.names:
        return
    stems = [re.sub(r"[\W\d_]+", " ", name.lower()).strip() for name in table.names]
    common = Counter(stems).most_common(1)[0]
    found = [
        c
        for c, (name, stem) in enumerate(zip(table.names, stems, strict=True))
        if (not name or any(map(NO_SIGNAL.fullmatch, stem.split())))
        and not (common[1] > 2 and stem == common[0])
    ]
    if len(found) <= NAMED * len(stems):
        yield from ((c, "its name says that it is no signal") for c in found)


def by_values(table: Table, out: dict[int, str]) -> dict[int, str]:
    """Columns whose values are no signal's -> why, or nothing where one must ask."""
    values, found = table.values, {}
    if len(values) < FEW or values.dtype.kind not in "iuf":
        return {}
    kept = [c for c in range(values.shape[1]) if c not in out]
    # Looked at as far as needed: most of a table's columns are signals.
    ends = [*range(min(ENDS, len(kept) // 2))]
    whole = is_whole(values[:, kept[len(ends) : -len(ends) or None]])
    for way in (1, -1):
        order = kept[::way]
        for k in ends:
            inner = values[:, order[k + 1 : k + 1 + INNER]].astype(np.float64)
            text = order[k] in table.texts
            kind = "text" if text else what(values[:, order[k]].astype(np.float64), inner, whole)
            if kind is None:
                break
            found[order[k]] = "it counts the rows" if kind == "index" else ""
    middle = [] if whole else between(values[:, kept], len(ends))
    return found | {kept[k]: "" for k in middle}


def between(values: NDArray[Any], ends: int) -> list[int]:
    """Columns not at the ends that alone hold whole numbers, of more than one value."""
    fractions = (values != np.round(values)).any(axis=0)
    alone = [
        k
        for k in range(max(ends, 2), values.shape[1] - max(ends, 2))
        if not fractions[k] and fractions[[k - 2, k - 1, k + 1, k + 2]].all()
    ]
    found = [k for k in alone if len(np.unique(values[:, k])) > 1]
    return found if len(found) <= ENDS else []  # of more it is the signal's nature


def is_whole(values: NDArray[np.float64]) -> bool:
    """Whether the data are whole numbers: nine in ten columns are."""
    return bool((values == np.round(values)).all(axis=0).mean() > 0.9) if values.size else True


def what(column: NDArray[np.float64], inner: NDArray[np.float64], whole: bool) -> str | None:
    """index, or another kind of column that is no signal as those beside it are; or None.

    Args:
        whole: Whether the signal is of whole numbers.
    """
    if not np.isfinite(column).all() or not inner.size:
        return None
    steps, beside = np.diff(column), np.diff(inner, axis=0)
    if (steps == 1).all():
        return None if (beside == 1).all(axis=0).any() else "index"
    if len(column) >= 2 * FEW and ((steps > 0).all() or (steps < 0).all()):
        sorted_too = (beside > 0).all(axis=0) | (beside < 0).all(axis=0)
        return None if sorted_too.any() else "rising"
    if (column != np.round(column)).any():
        return None
    n, k = len(column), len(np.unique(column))
    if not whole:
        return "class" if k > 1 else None
    others = [len(np.unique(x)) for x in inner.T]
    few = k > 1 and np.median(others) >= max(3 * k, 20)
    alone = k > 2 and max(others) == 1
    every = k == n >= 32 and np.median(others) < n / 2
    return "class" if few or alone or every else None


def is_ucr(table: Table, found: dict[int, str]) -> bool:
    """Whether it is a file as the UCR archive has them: tabs, no header, and the class, a whole
    number, first.
    """
    if table.path.suffix.lower() != ".tsv" or table.names or table.values.ndim != 2:
        return False
    first = table.values[:, 0]
    rest = table.values[:, 1:]
    same = len(np.unique(first)) == 1 and first[0] == np.round(first[0]) != 0
    fits = bool(np.isfinite(first).all() and (first == np.round(first)).all())
    return fits and (found.get(0) == "" or (bool(same) and not is_whole(rest)))


def doubt(table: Table, columns: Sequence[int], out: Iterable[int], advice: Advice) -> str:
    """The question whether columns are no signal; `out` are left out without asking, but only while
    nobody says which are.
    """
    column = columns[0]
    shown = (
        table.texts[column]
        if column in table.texts
        else [f"{x:g}" for x in table.values[:, column].tolist()]
    )
    some = ", ".join(list(dict.fromkeys(shown))[:4])
    listed = " and ".join(called(table, c) for c in columns)
    told = ",".join(map(str, sorted({*columns, *out})))
    as_class = f" (a class: {advice.label.format(column)})" if advice.label else ""
    return (
        f"{table.path}: {listed} {'holds' if len(columns) == 1 else 'hold'} other values than the"
        f" columns beside ({some}, ...), as a class or an index does, counted from 0. Leave out"
        f" with {advice.drop.format(told)}{as_class}, or keep every column with {advice.keep}"
    )


def check_text(table: Table, out: dict[int, str], advice: Advice) -> None:
    """Raises: UserError for text in a column that is kept."""
    left = {c: at for c, at in table.wrong.items() if c not in out}
    if left:
        column, (line, cell) = min(left.items(), key=lambda item: item[1][0])
        raise UserError(
            f"{table.path}: line {line} holds {cell!r}, which is not a number; if all of"
            f" {called(table, column)} is no signal, leave it out with"
            f" {advice.drop.format(','.join(map(str, sorted({column, *out}))))}"
        )


def codes(table: Table, column: int) -> NDArray[np.int64]:
    """The classes in a column as numbers from 0."""
    cells = table.texts.get(column)
    cells_or_values = table.values[:, column] if cells is None else np.array(cells)
    return np.unique(cells_or_values, return_inverse=True)[1].astype(np.int64)
