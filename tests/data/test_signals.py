"""A user's own signals, as they come."""

import pickle
import re
from pathlib import Path

import numpy as np
import pytest

from memctl import data
from memctl.data import Signals, load
from memctl.data.normalise import znormalise
from memctl.errors import UserError

N, LENGTH = 20, 11


@pytest.fixture
def signals() -> np.ndarray:
    return np.random.default_rng(0).normal(5, 3, size=(N, LENGTH))


def csv(array: np.ndarray, separator: str = ",") -> list[str]:
    return [separator.join(repr(float(x)) for x in row) for row in array]


def read(path: Path, lines: list[str] | None = None, **settings: str):
    if lines is not None:
        path.write_text("\n".join(lines) + "\n")
    return Signals(path=str(path), **settings).read()


@pytest.mark.parametrize(
    "header",
    [None, ",".join(f"t{k}" for k in range(LENGTH)), "signals"],
    ids=["none", "columns", "one cell"],
)
@pytest.mark.parametrize("blank", [False, True], ids=["dense", "blank lines"])
def test_csv(signals: np.ndarray, tmp_path: Path, header: str | None, blank: bool):
    lines = ([header] if header else []) + csv(signals)
    found = read(
        tmp_path / "x.csv", [line for row in lines for line in ([row, ""] if blank else [row])]
    )
    np.testing.assert_array_equal(found.values, znormalise(signals[:, None])[0])
    assert found.values.dtype == np.float32
    assert found.dropped == {"constant": 0}
    assert found.labels is None
    assert found.value_range is None


def test_tsv_and_windows_line_ends(signals: np.ndarray, tmp_path: Path):
    (tmp_path / "x.tsv").write_bytes("\r\n".join(csv(signals, "\t")).encode())
    np.testing.assert_array_equal(read(tmp_path / "x.tsv").values, znormalise(signals[:, None])[0])


@pytest.mark.parametrize(
    "dtype",
    [np.float64, np.float32, np.float16, np.int16, np.uint8],
    ids=lambda dtype: dtype.__name__,
)
def test_npy(signals: np.ndarray, tmp_path: Path, dtype: type):
    array = (signals + 20).astype(dtype)
    np.save(tmp_path / "x.npy", array)
    np.testing.assert_array_equal(
        read(tmp_path / "x.npy").values, znormalise(array[:, None].astype(np.float64))[0]
    )


def test_npz(signals: np.ndarray, tmp_path: Path):
    np.savez(tmp_path / "one.npz", ecg=signals)
    np.savez_compressed(tmp_path / "two.npz", ecg=signals, y=np.arange(N))
    expected = znormalise(signals[:, None])[0]
    np.testing.assert_array_equal(read(tmp_path / "one.npz").values, expected)
    np.testing.assert_array_equal(read(tmp_path / "one.npz", key="ecg").values, expected)
    np.testing.assert_array_equal(read(tmp_path / "two.npz", key="ecg").values, expected)
    with pytest.raises(
        UserError, match=re.escape("holds the arrays ecg, y; choose one with data.key=NAME")
    ):
        read(tmp_path / "two.npz")
    with pytest.raises(UserError, match="holds no array eeg; it holds ecg, y"):
        read(tmp_path / "two.npz", key="eeg")


def test_several_channels(tmp_path: Path):
    array = np.random.default_rng(0).normal(size=(N, 3, LENGTH)) * np.array([1, 10, 100])[:, None]
    np.save(tmp_path / "x.npy", array)
    found = read(tmp_path / "x.npy").values
    assert found.shape == (N, 3, LENGTH)
    np.testing.assert_allclose(found.std(axis=-1, ddof=1), 1, atol=1e-5)
    np.testing.assert_array_equal(found, znormalise(array)[0])


@pytest.mark.parametrize("length", [8, 9, 31, 97])
def test_any_length_from_8(tmp_path: Path, length: int):
    array = np.random.default_rng(0).normal(size=(N, length))
    assert read(tmp_path / "x.csv", csv(array)).values.shape == (N, 1, length)


def test_without_normalisation_the_values_are_the_files(signals: np.ndarray, tmp_path: Path):
    signals[4] = 2.5
    found = read(tmp_path / "x.csv", csv(signals), normalise="none")
    np.testing.assert_array_equal(found.values[:, 0], signals.astype(np.float32))
    assert found.dropped == {}


def test_constant_signals_are_dropped_and_counted(signals: np.ndarray, tmp_path: Path):
    signals[[0, 7, 8]] = [[0], [3.3], [-1e6]]
    found = read(tmp_path / "x.csv", csv(signals))
    assert found.dropped == {"constant": 3}
    np.testing.assert_array_equal(
        found.values, znormalise(np.delete(signals, [0, 7, 8], axis=0)[:, None])[0]
    )
    assert load(Signals(path=str(tmp_path / "x.csv"))).summary["dropped"] == {"constant": 3}


@pytest.mark.parametrize("header", [False, True], ids=["plain", "header"])
@pytest.mark.parametrize(
    "cell", ["", "nan", "NaN", "inf", "-inf"], ids=["empty", "nan", "NaN", "inf", "-inf"]
)
@pytest.mark.parametrize("normalise", ["zscore", "none"])
def test_a_gap_is_refused_by_the_files_row(
    signals: np.ndarray, tmp_path: Path, header: bool, cell: str, normalise: str
):
    signals[2] = (
        1.0  # a constant row before it, which would be left out, must not change its number
    )
    lines = csv(signals)
    cells = lines[9].split(",")
    lines[9] = ",".join([*cells[:4], cell, *cells[5:]])
    with pytest.raises(
        UserError, match=re.escape("1 of 20 examples hold NaN or infinity (counted from 0: 9)")
    ):
        read(tmp_path / "x.csv", ["a,b,c"] * header + lines, normalise=normalise)


def test_a_gap_in_a_numpy_file_is_refused(signals: np.ndarray, tmp_path: Path):
    signals[[3, 19], 5] = np.nan, np.inf
    np.save(tmp_path / "x.npy", signals)
    with pytest.raises(
        UserError, match=re.escape("2 of 20 examples hold NaN or infinity (counted from 0: 3, 19)")
    ):
        read(tmp_path / "x.npy")


@pytest.mark.parametrize("header", [[], ["a,b"]], ids=["plain", "header"])
def test_ragged_rows_are_refused(signals: np.ndarray, tmp_path: Path, header: list[str]):
    lines = csv(signals)
    lines[6] += ",1.5"
    with pytest.raises(
        UserError, match=re.escape("rows differ in length (11 values, then 12 in data row 7)")
    ):
        read(tmp_path / "x.csv", [*header, *lines])


def test_text_cells_are_refused(signals: np.ndarray, tmp_path: Path):
    lines = csv(signals)
    lines[12] = re.sub(",[^,]*,", ",ECG,", lines[12], count=1)
    with pytest.raises(
        UserError, match=re.escape("x.csv: line 13 holds 'ECG', which is not a number")
    ):
        read(tmp_path / "x.csv", lines)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "found float64 of shape (0,)"),
        (["a,b,c"], "found float64 of shape (0,)"),
        (["1,2,3,4,5,6,7"] * 20, "signals of 7 values are too short; at least 8 are needed"),
        (["1;2;3;4;5;6;7;8"] * 20, "its values are separated by semicolons, not by commas"),
    ],
    ids=["empty", "header alone", "short", "semicolons"],
)
def test_a_csv_without_signals_is_refused(tmp_path: Path, lines: list[str], message: str):
    with pytest.raises(UserError, match=re.escape(message)) as refusal:
        read(tmp_path / "x.csv", lines)
    assert "x.csv" in str(refusal.value)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(20), "found float64 of shape (20,)"),
        (np.zeros((2, 3, 4, 9)), "found float64 of shape (2, 3, 4, 9)"),
        (np.zeros((0, 20)), "found float64 of shape (0, 20)"),
        (np.array(3.0), "found float64 of shape ()"),
        (np.zeros((20, 9), complex), "found complex128 of shape (20, 9)"),
        (np.zeros((20, 9), bool), "found bool of shape (20, 9)"),
        (np.full((20, 9), "1.5"), "found <U3 of shape (20, 9)"),
        (np.zeros((20, 2, 7)), "signals of 7 values are too short"),
    ],
    ids=["flat", "4-D", "none", "scalar", "complex", "bool", "text", "short"],
)
def test_an_array_of_something_else_is_refused(tmp_path: Path, array: np.ndarray, message: str):
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(UserError, match=re.escape(message)):
        read(tmp_path / "x.npy")


class Bomb:
    """Unpickling it writes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("kind", ["object array", "object array in npz", "bare pickle"])
def test_pickles_are_refused_unopened(tmp_path: Path, kind: str):
    bomb = np.array([[Bomb(tmp_path / "opened")] * 9] * 20, dtype=object)
    path = tmp_path / ("x.npz" if "npz" in kind else "x.npy")
    if kind == "object array":
        np.save(path, bomb, allow_pickle=True)
    elif kind == "bare pickle":
        path.write_bytes(pickle.dumps(bomb))
    else:
        np.savez(path, ecg=bomb)
    with pytest.raises(UserError, match="it holds Python objects; save a plain array"):
        read(path)
    assert not (tmp_path / "opened").exists()


def test_a_torn_numpy_file_is_refused(signals: np.ndarray, tmp_path: Path):
    np.save(tmp_path / "x.npy", signals)
    whole = (tmp_path / "x.npy").read_bytes()
    for content in (whole[:-100], whole[:40], b""):
        (tmp_path / "x.npy").write_bytes(content)
        with pytest.raises(UserError, match="is not a readable NumPy file of numbers"):
            read(tmp_path / "x.npy")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (None, "needs data.path=FILE"),
        ("", "needs data.path=FILE"),
        ("gone.csv", "gone.csv is not a file (looked for "),
        (".", "is not a file"),
        ("notes.txt", ".txt is not read; give a .csv, .tsv, .npy or .npz"),
        ("notes", "no ending is not read"),
    ],
    ids=["none", "empty", "missing", "folder", "other ending", "no ending"],
)
def test_a_wrong_path_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str | None, message: str
):
    monkeypatch.chdir(tmp_path)
    for name in ("notes.txt", "notes"):
        Path(name).write_text("1,2,3\n")
    with pytest.raises(UserError, match=re.escape(message)):
        Signals(path=path).read()


def test_an_unknown_normalisation_is_refused(signals: np.ndarray, tmp_path: Path):
    with pytest.raises(
        UserError, match=re.escape("data.normalise=minmax is unknown; choose zscore or none")
    ):
        read(tmp_path / "x.csv", csv(signals), normalise="minmax")


def test_the_digest_follows_the_content(signals: np.ndarray, tmp_path: Path):
    (tmp_path / "sub").mkdir()
    for name in ("a.csv", "sub/b.csv"):
        (tmp_path / name).write_text("\n".join(csv(signals)))
    first, second = (Signals(path=str(tmp_path / name)) for name in ("a.csv", "sub/b.csv"))
    assert first.digest() == second.digest()
    (tmp_path / "a.csv").write_text("\n".join(csv(signals[:-1])))
    assert first.digest() != second.digest()


def test_a_byte_order_mark_hides_no_signal(tmp_path: Path):
    rows = "\n".join(
        ",".join(str(v) for v in np.random.default_rng(k).normal(size=9)) for k in range(4)
    )
    (tmp_path / "x.csv").write_bytes(("\ufeff" + rows).encode())
    assert len(Signals(path=str(tmp_path / "x.csv")).read().values) == 4


def test_a_bad_cell_in_the_first_row_is_no_header(tmp_path: Path):
    (tmp_path / "x.csv").write_text("0,1,2,3x,4,5,6,7\n" * 3)
    with pytest.raises(UserError, match="line 1 holds '3x'"):
        Signals(path=str(tmp_path / "x.csv")).read()


def test_a_row_of_empty_cells_is_missing_data(tmp_path: Path):
    (tmp_path / "x.csv").write_text("0,1,2,3,4,5,6,7\n,,,,,,,\n")
    with pytest.raises(UserError, match=r"counted from 0: 1\)"):
        Signals(path=str(tmp_path / "x.csv")).read()


def test_signals_in_small_units_are_signals(tmp_path: Path):
    np.save(tmp_path / "x.npy", 1e-13 * np.random.default_rng(0).normal(size=(5, 50)))
    assert Signals(path=str(tmp_path / "x.npy")).read().values.shape == (5, 1, 50)


def test_a_torn_npz_is_refused(tmp_path: Path):
    np.savez(tmp_path / "x.npz", a=np.random.default_rng(0).normal(size=(20, 9)))
    whole = (tmp_path / "x.npz").read_bytes()
    (tmp_path / "x.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match="not a readable NumPy file"):
        Signals(path=str(tmp_path / "x.npz")).read()


@pytest.mark.parametrize(
    "setting",
    [{"n_train": "abc"}, {"n_train": 8.5}, {"split_seed": -1}, {"path": 5}, {"n_train": True}],
    ids=repr,
)
def test_a_setting_of_the_wrong_type_is_refused(setting: dict[str, object]):
    (key,) = setting
    with pytest.raises(UserError, match=f"data.{key}"):
        data.build({"name": "signals", **setting})
