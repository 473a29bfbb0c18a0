"""A distribution from a file: what it accepts, what it refuses, and that a spec is one content."""

import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest

from memctl import samplers
from memctl.errors import UserError
from memctl.samplers import IntervalSampler, TableSampler

NUMBERS = [1.0, 0.0, 2.5, 0.5]
TEXTS = {
    "a line each": "1\n0\n2.5\n5e-1\n",
    "commas": "1,0,2.5,0.5",
    "spaces": " 1 0\t2.5   0.5",
    "commas and lines": "1, 0,\n2.5, 0.5\n",
    "windows": "1\r\n0\r\n2.5\r\n0.5\r\n",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
@pytest.mark.parametrize("name", ["p.csv", "p.txt", "p"])
def test_a_text_of_numbers(tmp_path: Path, name: str, text: str):
    (tmp_path / name).write_bytes(text.encode())
    np.testing.assert_allclose(
        TableSampler(4, str(tmp_path / name)).pmf, np.array(NUMBERS) / 4, rtol=1e-15
    )


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "uint8", "bool"])
def test_an_array_of_numpy(tmp_path: Path, dtype: str):
    numbers = np.array(NUMBERS).astype(dtype)
    np.save(tmp_path / "p.npy", numbers)
    expected = numbers.astype(float)
    np.testing.assert_allclose(
        TableSampler(4, str(tmp_path / "p.npy")).pmf, expected / expected.sum(), rtol=1e-15
    )


def test_any_scale_will_do(tmp_path: Path):
    for scale in (1e-300, 1e300):
        np.save(tmp_path / f"{scale}.npy", np.array(NUMBERS) * scale)
        np.testing.assert_allclose(
            TableSampler(4, str(tmp_path / f"{scale}.npy")).pmf, np.array(NUMBERS) / 4, rtol=1e-12
        )


def test_the_table_of_a_sampler_is_that_sampler(tmp_path: Path):
    sampler = IntervalSampler(low=100, high=300)
    (tmp_path / "p.csv").write_text("\n".join(map(repr, sampler.pmf.tolist())))
    np.testing.assert_allclose(
        TableSampler(path=str(tmp_path / "p.csv")).pmf, sampler.pmf, rtol=1e-14
    )


WRONG = {
    "too few": (
        "1 2 3",
        "holds numbers of shape (3,); a distribution over the diffusion's steps has (4,)",
    ),
    "too many": ("1 2 3 4 5", "holds numbers of shape (5,)"),
    "empty": ("", "holds numbers of shape (0,)"),
    "negative": ("1 -2 3 4", "must be finite, at least 0, and not all 0"),
    "not a number": ("1 nan 3 4", "must be finite, at least 0, and not all 0"),
    "infinite": ("1 inf 3 4", "must be finite, at least 0, and not all 0"),
    "all zero": ("0 0 0 0", "must be finite, at least 0, and not all 0"),
    "a heading": (
        "p\n1\n2\n3\n4",
        "is not a file of numbers: could not convert string to float: 'p'",
    ),
    "bytes": (b"\xff\xfe\x00", "is not a file of numbers"),
}


@pytest.mark.parametrize(("content", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_text_is_refused(tmp_path: Path, content: str | bytes, message: str):
    path = tmp_path / "p.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError) as caught:
        TableSampler(4, str(path))
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


WRONG_ARRAYS = {
    "two dimensions": (np.ones((4, 1)), "shape (4, 1)"),
    "a scalar": (np.float64(3), "shape ()"),
    "objects": (np.array([None] * 4, dtype=object), "is not a file of numbers"),
    "text": (np.array(["a", "b", "c", "d"]), "is not a file of numbers"),
}


@pytest.mark.parametrize(("array", "message"), WRONG_ARRAYS.values(), ids=WRONG_ARRAYS.keys())
def test_a_wrong_array_is_refused(tmp_path: Path, array: np.ndarray, message: str):
    np.save(tmp_path / "p.npy", array)
    with pytest.raises(UserError, match=re.escape(message)):
        TableSampler(4, str(tmp_path / "p.npy"))


def archive(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, p=np.ones(4))


DAMAGED = {
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("1 2 3 4"),
    "cut short": lambda path: (np.save(path, np.ones(4)), path.write_bytes(path.read_bytes()[:-9])),
    "an archive": archive,
    "a torn archive": lambda path: path.write_bytes(b"PK\x03\x04torn"),
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_file_that_is_no_array_is_refused(tmp_path: Path, damage):
    damage(tmp_path / "p.npy")
    with pytest.raises(UserError, match=r"p\.npy is not a file of numbers"):
        TableSampler(4, str(tmp_path / "p.npy"))


def test_complex_numbers_are_refused(tmp_path: Path):
    np.save(tmp_path / "p.npy", np.ones(4) * (1 + 2j))
    with pytest.raises(UserError, match=r"p\.npy"):
        TableSampler(4, str(tmp_path / "p.npy"))


def test_a_missing_file_is_refused(tmp_path: Path):
    with pytest.raises(
        UserError,
        match=re.escape(
            "sampler.path is not given: sampler=table reads p(1)..p(T) from a file of numbers"
        ),
    ):
        TableSampler()
    with pytest.raises(UserError, match=r"sampler.path=.*nowhere.csv cannot be read: No such file"):
        TableSampler(4, str(tmp_path / "nowhere.csv"))
    with pytest.raises(UserError, match="cannot be read: Is a directory"):
        TableSampler(4, str(tmp_path))


def test_the_home_folder_may_be_written_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "p.csv").write_text("1 2 3 4")
    assert TableSampler(4, "~/p.csv").pmf[3] == pytest.approx(0.4)


def test_a_spec_means_the_content_it_was_made_of(tmp_path: Path):
    path = tmp_path / "p.csv"
    path.write_text("1 2 3 4")
    spec = json.loads(json.dumps(TableSampler(4, str(path)).spec()))
    assert spec["sha256"] == hashlib.sha256(b"1 2 3 4").hexdigest()
    path.write_text("1 2 3 5")
    with pytest.raises(UserError, match=r"p\.csv is not the file it was: its sha256 is"):
        samplers.build(spec)
    path.write_text("1 2 3 4")
    np.testing.assert_allclose(samplers.build(spec).pmf, [0.1, 0.2, 0.3, 0.4])


def test_science_and_label_are_of_the_content_and_not_of_the_place(tmp_path: Path):
    for name, text in {"a.csv": "1 2 3 4", "b.csv": "1 2 3 4", "c.csv": "1 2 3 5"}.items():
        (tmp_path / name).write_text(text)
    a, b, c = (TableSampler(4, str(tmp_path / name)) for name in ("a.csv", "b.csv", "c.csv"))
    assert a.science() == b.science() != c.science()
    assert a.label == b.label != c.label
    mixed = [samplers.MirrorSampler(4, sampler) for sampler in (a, b, c)]
    assert mixed[0].science() == mixed[1].science() != mixed[2].science()
    assert "path" not in json.dumps(mixed[0].science())
