"""ECG5000: its three layouts, broken files, and the download, from a server of the test's own."""

import hashlib
import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest

from memctl.data import Ecg5000, ecg5000, load
from memctl.data.normalise import znormalise
from memctl.errors import UserError
from tests.data.conftest import Server

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "ECG5000"
ZIP = "ECG5000.zip"
ROWS = {"TRAIN": 20, "TEST": 30}
TXT = {f"ECG5000_{side}.txt": side for side in ROWS}


def written(row: np.ndarray, suffix: str) -> str:
    label, values = str(int(row[0])), [repr(float(x)) for x in row[1:]]
    if suffix == ".txt":
        return "  " + "  ".join([f"{row[0]:.7e}", *values])
    return "\t".join([label, *values]) if suffix == ".tsv" else f"{','.join(values)}:{label}"


def text_of(rows: np.ndarray, suffix: str = ".txt") -> str:
    head = (
        "# heartbeats\n@problemName ECG5000\n@classLabel true 1 2 3\n@data\n"
        if suffix == ".ts"
        else ""
    )
    return head + "".join(written(row, suffix) + "\n" for row in rows)


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """A small archive: label and 140 values a row, and as many rows as the files are then expected
    to have.
    """
    rng = np.random.default_rng(0)
    made = {
        side: np.column_stack([np.sort(rng.integers(1, 4, n)), 3 + 2 * rng.normal(size=(n, 140))])
        for side, n in ROWS.items()
    }
    monkeypatch.setattr(ecg5000, "ROWS", ROWS)
    return made


@pytest.fixture
def folder(rows: dict[str, np.ndarray], tmp_path: Path) -> Path:
    """The small archive as text files."""
    for name, side in TXT.items():
        (tmp_path / name).write_text(text_of(rows[side]))
    return tmp_path


@pytest.fixture
def archive(rows: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch) -> bytes:
    """The small archive as a zip, whose checksums are then the expected ones."""
    files = {name: text_of(rows[side]).encode() for name, side in TXT.items()}
    monkeypatch.setattr(
        ecg5000,
        "SHA256",
        {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    )
    return zipped({**files, "README.md": b"not asked for"})


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize("suffix", [".txt", ".tsv", ".ts"])
def test_each_layout_gives_the_same_examples(
    rows: dict[str, np.ndarray], tmp_path: Path, closed: str, suffix: str
):
    for side in ROWS:
        (tmp_path / f"ECG5000_{side}{suffix}").write_text(text_of(rows[side], suffix))
    found = Ecg5000(path=str(tmp_path), url=closed).read()
    pooled = np.concatenate([rows["TRAIN"], rows["TEST"]])
    np.testing.assert_array_equal(found.values, znormalise(pooled[:, None, 1:])[0])
    np.testing.assert_array_equal(found.labels, pooled[:, 0])
    assert found.values.shape == (50, 1, 140)
    assert found.labels.dtype == np.int64


def test_the_examples_split_by_class(folder: Path, closed: str):
    found = load(Ecg5000(path=str(folder), url=closed, n_train=25, n_heldout=25))
    for label in (1, 2, 3):
        assert abs(np.sum(found.train_labels == label) - np.sum(found.heldout_labels == label)) <= 1


def test_the_digest_is_of_the_contents(
    folder: Path, closed: str, tmp_path_factory: pytest.TempPathFactory
):
    other = tmp_path_factory.mktemp("elsewhere")
    for name in TXT:
        (other / name).write_bytes((folder / name).read_bytes())
    here, there = Ecg5000(path=str(folder), url=closed), Ecg5000(path=str(other), url=closed)
    assert here.digest() == there.digest()
    with (other / "ECG5000_TEST.txt").open("a") as file:
        file.write("\n")
    assert here.digest() != there.digest()


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("ECG5000_TEST.txt", lambda lines: lines[:-1], "has 29 examples, not 30: it was cut short"),
        ("ECG5000_TRAIN.txt", lambda lines: [], "has 0 examples, not 20"),
        ("ECG5000_TRAIN.txt", lambda lines: [*lines, lines[0]], "has 21 examples, not 20"),
        ("ECG5000_TEST.txt", lambda lines: [*lines[:-1], lines[-1][:700]], "example 30 has "),
        (
            "ECG5000_TRAIN.txt",
            lambda lines: [*lines[:2], lines[2] + " 1.5", *lines[3:]],
            "example 3 has 142 columns, not a label and 140",
        ),
        (
            "ECG5000_TRAIN.txt",
            lambda lines: [*lines[:4], "<html>" + lines[4][6:], *lines[5:]],
            "example 5 is not numbers",
        ),
        ("ECG5000_TEST.txt", lambda lines: ["\ufffd\x00" * 40], "example 1 is not numbers"),
    ],
    ids=["short", "empty", "long", "torn", "wide", "html", "binary"],
)
def test_a_broken_file_is_refused_by_name(
    folder: Path, closed: str, name: str, change, message: str
):
    path = folder / name
    path.write_text("".join(line + "\n" for line in change(path.read_text().splitlines())))
    with pytest.raises(UserError, match=re.escape(message)) as refusal:
        Ecg5000(path=str(folder), url=closed).read()
    assert str(path) in str(refusal.value)


def test_missing_values_are_named_by_the_split(folder: Path, closed: str):
    path = folder / "ECG5000_TEST.txt"
    lines = path.read_text().splitlines()
    words = lines[4].split()
    lines[4] = " ".join([*words[:50], "NaN", *words[51:]])
    path.write_text("\n".join(lines))
    with pytest.raises(
        UserError, match=re.escape("1 of 50 examples hold NaN or infinity (counted from 0: 24)")
    ):
        load(Ecg5000(path=str(folder), url=closed))


@pytest.mark.parametrize(
    "present",
    [[], ["ECG5000_TRAIN.txt"], ["ECG5000_TRAIN.txt", "ECG5000_TEST.tsv"]],
    ids=["none", "one", "mixed"],
)
def test_missing_files_are_told_with_address_and_folder(
    tmp_path: Path, closed: str, present: list[str]
):
    for name in present:
        (tmp_path / name).write_text("1 2 3\n")
    with pytest.raises(UserError) as refusal:
        Ecg5000(path=str(tmp_path), url=closed).read()
    message = str(refusal.value)
    assert "\n" not in message
    for part in (
        f"no answer from {closed.removeprefix('http://')}",
        closed,
        str(tmp_path.resolve()),
        "data.path=DIR",
    ):
        assert part in message
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(present)


def test_the_archive_is_fetched_once(
    server: Server, archive: bytes, rows: dict[str, np.ndarray], tmp_path: Path
):
    server.files[ZIP] = archive
    source = Ecg5000(path=str(tmp_path / "data" / "ECG5000"), url=f"{server.url}/{ZIP}")
    first = source.read()
    assert sorted(path.name for path in Path(source.path).iterdir()) == sorted(TXT)
    assert first.values.shape == (50, 1, 140)
    np.testing.assert_array_equal(first.labels, np.concatenate([rows["TRAIN"], rows["TEST"]])[:, 0])
    np.testing.assert_array_equal(source.read().values, first.values)
    assert server.requests == 1


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda body: zipped({name: b"1 2 3\n" for name in TXT}),
            r"could not be downloaded .*ECG5000_TRAIN\.txt does not have the checksum",
        ),
        (lambda body: body[: len(body) // 2], "could not be downloaded"),
        (lambda body: b"<html>Moved</html>", "could not be downloaded"),
        (
            lambda body: zipped({"ECG5000_TRAIN.txt": b"1 2 3\n"}),
            r"could not be downloaded .*ECG5000_TEST\.txt",
        ),
        (lambda body: b"", "could not be downloaded .*404"),
    ],
    ids=["other content", "half", "page", "member missing", "not found"],
)
def test_a_wrong_download_is_refused_and_leaves_nothing(
    server: Server, archive: bytes, tmp_path: Path, damage, message: str
):
    if body := damage(archive):
        server.files[ZIP] = body
    folder = tmp_path / "ECG5000"
    with pytest.raises(UserError, match=message) as refusal:
        Ecg5000(path=str(folder), url=f"{server.url}/{ZIP}").read()
    assert server.url in str(refusal.value)
    assert str(folder.resolve()) in str(refusal.value)
    assert not list(tmp_path.iterdir())


def test_one_member_with_a_wrong_checksum_is_enough(
    server: Server, archive: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    server.files[ZIP] = archive
    monkeypatch.setitem(ecg5000.SHA256, "ECG5000_TEST.txt", hashlib.sha256(b"").hexdigest())
    with pytest.raises(UserError, match=r"ECG5000_TEST\.txt does not have the checksum"):
        Ecg5000(path=str(tmp_path / "ECG5000"), url=f"{server.url}/{ZIP}").read()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("url", ["nonsense", "ftp://127.0.0.1:9/x.zip"])
def test_an_address_that_is_none_is_refused(tmp_path: Path, url: str):
    with pytest.raises(UserError, match="could not be downloaded") as refusal:
        Ecg5000(path=str(tmp_path), url=url).read()
    assert url in str(refusal.value)


def test_the_real_archive(closed: str):
    if not (REAL / "ECG5000_TRAIN.txt").is_file():
        pytest.skip("the real ECG5000 is not in ../shared/data/ECG5000, beside the project")
    source = Ecg5000(path=str(REAL), url=closed, n_train=500)
    for path in source.files():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == ecg5000.SHA256[path.name]
    found = source.read()
    assert found.values.shape == (5000, 1, 140)
    assert np.unique(found.labels, return_counts=True)[1].tolist() == [2919, 1767, 96, 194, 24]
    raw = np.loadtxt(REAL / "ECG5000_TRAIN.txt", max_rows=100)
    np.testing.assert_allclose(
        found.values[:100, 0], raw[:, 1:], atol=1e-5
    )  # the archive's beats are normalised the same way
    sides = load(source)
    assert sides.train.shape == sides.heldout.shape == (500, 1, 140)
    for label, count in zip(range(1, 6), [2919, 1767, 96, 194, 24], strict=True):
        assert abs(np.sum(sides.train_labels == label) - count / 10) < 1
        assert abs(np.sum(sides.heldout_labels == label) - count / 10) < 2
