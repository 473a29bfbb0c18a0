"""Columns of a table that are no signal, and rows that are none."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.lib import format as npy

from memctl import data
from memctl.data import columns, table
from memctl.data.signals import Signals
from memctl.data.user_files import read
from memctl.errors import UserError

N, LENGTH = 60, 12
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, LENGTH)).cumsum(axis=1).round(4)
CLASS = RNG.integers(1, 6, N)
NAMES = [f"t{k}" for k in range(LENGTH)]


def write(path: Path, values: np.ndarray, header: list[str] | None = None) -> Path:
    separator = "\t" if path.suffix == ".tsv" else ","
    rows = [separator.join(f"{x:g}" for x in row) for row in values]
    path.write_text("\n".join([*([separator.join(header)] if header else []), *rows]) + "\n")
    return path


def found(path: Path, **how: object) -> columns.Signal:
    return columns.signal(table.read(path), **how)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "header"),
    [
        (np.column_stack([CLASS, X]), ["label", *NAMES]),
        (np.column_stack([X, CLASS]), [*NAMES, "Class"]),
        (np.column_stack([X, CLASS]), [*map(str, range(LENGTH)), "target"]),
        (np.column_stack([np.arange(N), X]), ["", *map(str, range(LENGTH))]),  # pandas
        (np.column_stack([np.arange(N), X]), ["Unnamed: 0", *NAMES]),
        (np.column_stack([RNG.permutation(N), CLASS, X]), ["patient_id", "y", *NAMES]),
        (np.column_stack([np.arange(N), X]), NAMES),  # R leaves out the name of the rows' names
        (np.column_stack([np.arange(N), X]), None),
        (np.column_stack([np.arange(1, N + 1), X]), None),
        (np.column_stack([X, np.arange(7, N + 7)]), None),
    ],
    ids=str,
)
def test_what_names_or_counts_the_rows_is_left_out_with_a_word(
    tmp_path: Path, values: np.ndarray, header: list[str] | None
) -> None:
    signal = found(write(tmp_path / "x.csv", values, header))
    np.testing.assert_allclose(signal.values, X)
    assert len(signal.notes) == values.shape[1] - LENGTH
    assert all(" is left out: it" in note for note in signal.notes)


def test_the_ucr_archives_layout(tmp_path: Path) -> None:
    for classes in (CLASS, np.where(CLASS > 2, 1, -1), np.ones(N), RNG.permutation(N)):
        path = write(tmp_path / "x.tsv", np.column_stack([classes, X]))
        signal = found(path)
        np.testing.assert_allclose(signal.values, X)
        assert signal.labels is not None
        np.testing.assert_array_equal(signal.labels, np.unique(classes, return_inverse=True)[1])
        assert (
            "column 0 is left out: the class of each row, as in files of the UCR" in signal.notes[0]
        )
        assert read(str(path)).values.shape == (N, 1, LENGTH)
        assert Signals(path=str(path)).read().labels is not None
        assert data.load(Signals(path=str(path))).summary["notes"] == [*signal.notes]
    assert found(write(tmp_path / "x.tsv", X)).notes == ()


@pytest.mark.parametrize("ending", ["csv", "npy"])
@pytest.mark.parametrize(
    "column",
    [CLASS, RNG.permutation(N), np.sort(RNG.uniform(0, 60, N)), (CLASS > 2) * 1.0],
    ids=["class", "shuffled index", "timestamps", "two classes"],
)
@pytest.mark.parametrize("last", [False, True])
def test_what_may_be_a_class_is_asked_for(
    tmp_path: Path, ending: str, column: np.ndarray, last: bool
) -> None:
    values = np.column_stack([X, column] if last else [column, X])
    path = tmp_path / f"x.{ending}"
    np.save(path, values) if ending == "npy" else write(path, values)
    k = LENGTH if last else 0
    with pytest.raises(UserError, match=rf"column {k} holds other.*data\.drop_columns=\[{k}\]"):
        Signals(path=str(path)).read()
    with pytest.raises(UserError, match=rf"--drop-columns {k}, or keep .* --drop-columns none"):
        read(str(path))
    kept = Signals(path=str(path), drop_columns=[k], normalise="none").read()
    np.testing.assert_allclose(kept.values[:, 0], X, rtol=1e-4, atol=1e-4)
    labelled = Signals(path=str(path), label_column=k).read()
    assert labelled.labels is not None
    assert labelled.values.shape == (N, 1, LENGTH)
    assert Signals(path=str(path), drop_columns=[]).read().values.shape == (N, 1, LENGTH + 1)


def test_a_class_between_others_is_asked_for(tmp_path: Path) -> None:
    values = np.insert(X, 6, CLASS, axis=1)
    path = write(tmp_path / "x.csv", values)
    with pytest.raises(UserError, match=r"column 6 holds other values"):
        found(path)
    np.testing.assert_allclose(found(path, drop=[6]).values, X)
    constant = np.insert(X, 6, 0, axis=1)  # an edge of a window
    np.testing.assert_allclose(found(write(path, constant)).values, constant)


def test_the_advice_leaves_out_what_was_left_out_without_asking(tmp_path: Path) -> None:
    values = np.column_stack([np.arange(N), CLASS, X])
    path = write(tmp_path / "x.csv", values, ["row", "kind", *NAMES])
    with pytest.raises(UserError, match=r"column 1 \(kind\).*drop_columns=\[0,1\]"):
        found(path)
    np.testing.assert_allclose(found(path, drop=[0, 1]).values, X)
    np.testing.assert_allclose(found(path, label=1).values, X)


@pytest.mark.parametrize("line", ["mV," * 11 + "mV", "# a remark", ",".join(NAMES)])
def test_a_row_of_words_is_named(tmp_path: Path, line: str) -> None:
    path = write(tmp_path / "x.csv", X, NAMES)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], line, *lines[1:]]))
    with pytest.raises(UserError, match="line 2 holds no number"):
        table.read(path)


def test_classes_beside_whole_numbers(tmp_path: Path) -> None:
    counts = (1000 * X).astype(int)
    np.save(tmp_path / "x.npy", np.column_stack([CLASS, counts]))
    with pytest.raises(UserError, match="column 0 holds other values"):
        found(tmp_path / "x.npy")
    np.save(tmp_path / "x.npy", counts)
    assert found(tmp_path / "x.npy").notes == ()


def test_signals_are_left_alone() -> None:
    """Of many kinds, no column is called a class."""
    t = np.linspace(0, 1, 40)
    kinds = {
        "walks from 0": np.column_stack([np.zeros(N), RNG.normal(size=(N, 39)).cumsum(1)]),
        "counts": RNG.poisson(3, (N, 40)),
        "few counts": RNG.poisson(0.05, (N, 40)),
        "trend": np.arange(N)[:, None] + RNG.normal(size=(N, 1)) * 0 + np.arange(40),
        "grey levels": RNG.integers(0, 256, (N, 40)),
        "windowed": RNG.normal(size=(N, 40)) * np.sin(np.pi * t),
        "padded with 0": np.where(t > RNG.uniform(0.4, 1, (N, 1)), 0, RNG.uniform(size=(N, 40))),
        "on and off": RNG.integers(0, 2, (N, 40)),
        "windows of a ramp": np.arange(N)[:, None] + np.arange(40) + 0.5,
    }
    for kind, values in kinds.items():
        signal = columns.signal(table.Table(Path("x.npy"), np.asarray(values, dtype=float)))
        assert signal.notes == (), kind
        assert signal.values.shape == (N, 40), kind


@pytest.mark.parametrize(
    "row", [np.arange(LENGTH), np.arange(LENGTH) / 360, 4000 - 5.5 * np.arange(LENGTH)], ids=str
)
def test_a_first_row_that_names_the_columns_is_no_signal(tmp_path: Path, row: np.ndarray) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.vstack([row, X]))
    assert read(str(path)).values.shape == (N, 1, LENGTH)
    assert "its first row" in Signals(path=str(path)).read().notes[0]
    signal = found(write(tmp_path / "x.csv", np.vstack([row, X])))
    np.testing.assert_allclose(signal.values, X)


def test_columns_by_place_and_by_name(tmp_path: Path) -> None:
    lines = [",".join([*NAMES, "rhythm", "age"])]
    rows = zip(X, CLASS, strict=True)
    lines += [",".join([*map(str, row), "N" if c > 2 else "V", "61.5"]) for row, c in rows]
    path = tmp_path / "x.csv"
    path.write_text("\n".join(lines))
    with pytest.raises(UserError, match="column 12 \\(rhythm\\)"):
        found(path, drop=["age"])
    signal = found(path, label="rhythm", drop=[-1])
    np.testing.assert_allclose(signal.values, X)
    np.testing.assert_array_equal(signal.labels, np.where(CLASS > 2, 0, 1))
    np.testing.assert_allclose(found(path, drop=["12", "age"]).values, X)
    with pytest.raises(UserError, match="has no column heart; it has the columns t0, t1"):
        found(path, label="heart")
    with pytest.raises(UserError, match="has no column 14"):
        found(path, label=14)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1;2;3\n" * 9, "separated by semicolons, not by commas"),
        ("1,5;2,5;3,5\n" * 9, "sep=';', decimal=','"),
        ("1 2 3\n" * 9, "separated by blanks, not by commas"),
        ("1\t2\t3\n" * 9, "separated by tabs, not by commas"),
        ("1,2,3,\n" * 9, "every row ends in a comma"),
        ("1,2,3\n" + "1,2,3,\n" * 8, "some rows end in a comma"),
    ],
    ids=repr,
)
def test_separators_are_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "x.csv").write_text(text)
    with pytest.raises(UserError, match=message):
        table.read(tmp_path / "x.csv")


def test_spreadsheets_text_and_large_letters(tmp_path: Path) -> None:
    text = "\n".join(",".join(map(str, row)) for row in X)
    (tmp_path / "X.CSV").write_bytes(text.encode("utf-16"))
    np.testing.assert_array_equal(read(str(tmp_path / "X.CSV")).values[:, 0], X.astype(np.float32))
    np.save(tmp_path / "x.npy", X)
    (tmp_path / "x.npy").rename(tmp_path / "X.NPY")
    assert len(Signals(path=str(tmp_path / "X.NPY")).read().values) == N


def test_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    np.save(tmp_path / "x.npy", X)
    assert len(Signals(path="~/x.npy").read().values) == len(read("~/x.npy").values) == N


def test_a_header_that_promises_more_than_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = io.BytesIO()
    for shape in ((6 * 10**12, 12), (2**62, 2**62)):
        header = io.BytesIO()
        npy.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": shape})
        (tmp_path / "x.npy").write_bytes(header.getvalue() + X.tobytes())
        with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
            archive.write(tmp_path / "x.npy", "x.npy")
        for ending in ("npy", "npz"):
            with pytest.raises(UserError, match=r"its header promises [0-9,]+ bytes"):
                table.read(tmp_path / f"x.{ending}")
    np.save(tmp_path / "x.npy", X)
    monkeypatch.setattr("os.sysconf", lambda _: 10)
    with pytest.raises(UserError, match="does not fit into the memory"):
        table.read(tmp_path / "x.npy")
