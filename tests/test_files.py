"""Files that are whole or not there."""

import errno
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from memctl.errors import UserError
from memctl.files import (
    PARTS,
    atomic,
    cannot_write,
    hold,
    path_of,
    plain,
    read_json,
    remove_parts,
    said_plainly,
    write_json,
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_when_it_is_whole(tmp_path: Path):
    path = tmp_path / "deep" / "er" / "x.bin"
    with atomic(path) as file:
        file.write(b"half")
        file.flush()
        assert not path.exists()
        file.write(b" and half")
    assert path.read_bytes() == b"half and half"
    assert names(path.parent) == ["x.bin"]


def test_a_file_is_replaced_when_the_new_one_is_whole(tmp_path: Path):
    path = tmp_path / "x.bin"
    path.write_bytes(b"old")
    with atomic(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["x.bin"]


def test_who_reads_the_old_file_goes_on_reading_it(tmp_path: Path):
    path = tmp_path / "x.bin"
    path.write_bytes(b"old" * 100_000)
    with path.open("rb") as reader:
        start = reader.read(3)
        with atomic(path) as file:
            file.write(b"new")
        assert start + reader.read() == b"old" * 100_000
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize(
    "error", [ValueError("no"), KeyboardInterrupt()], ids=["error", "interrupt"]
)
def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, error: BaseException):
    path = tmp_path / "x.bin"
    path.write_bytes(b"old")
    with pytest.raises(type(error)), atomic(path) as file:
        file.write(b"new")
        raise error
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["x.bin"]


def test_a_killed_writer_leaves_the_old_file(tmp_path: Path):
    path = tmp_path / "x.json"
    write_json(path, {"old": 1})
    script = (
        "import os, pathlib, signal, sys; from memctl.files import atomic\n"
        "with atomic(pathlib.Path(sys.argv[1])) as file:\n"
        "    file.write(b'{'); file.flush(); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", script, path], cwd=root, timeout=60, check=False)
    assert done.returncode == -9
    assert read_json(path) == {"old": 1}
    assert len(list(tmp_path.glob(PARTS))) == 1
    (tmp_path / ".rsync.part").touch()  # another's
    write_json(tmp_path / "y.json", {"new": 2})
    assert names(tmp_path) == [".rsync.part", "x.json", "y.json"]


def test_what_is_still_written_is_left_alone(tmp_path: Path):
    with atomic(tmp_path / "x.bin") as x, atomic(tmp_path / "x.bin") as again:
        x.write(b"x")
        again.write(b"again")
        write_json(tmp_path / "y.json", {})
        remove_parts(tmp_path)
    assert (tmp_path / "x.bin").read_bytes() == b"x"  # which ended last
    assert names(tmp_path) == ["x.bin", "y.json"]


def test_a_new_part_that_was_taken_for_a_dead_ones_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Before its writer held it."""
    held: list[int] = []

    def late(descriptor: int, waits: bool = False) -> bool | None:
        held.append(descriptor)
        if len(held) == 1:
            next(tmp_path.glob(PARTS)).unlink()
        return hold(descriptor, waits)

    monkeypatch.setattr("memctl.files.hold", late)
    with atomic(tmp_path / "x.bin") as file:
        file.write(b"x")
    assert len(held) == 2
    assert names(tmp_path) == ["x.bin"]


def test_a_full_disk_is_told_with_the_path(tmp_path: Path):
    path = tmp_path / "x.bin"
    path.write_bytes(b"old")
    with (
        pytest.raises(
            UserError, match=re.escape(f"cannot write {path}: No space left on device")
        ) as refusal,
        atomic(path) as file,
    ):
        file.write(b"new")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert "paths.runs=DIR" in str(refusal.value)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["x.bin"]


@pytest.mark.parametrize("kind", ["below a file", "a folder"])
def test_a_place_that_cannot_be_written_is_told(tmp_path: Path, kind: str):
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder" / "full").mkdir(parents=True)
    path = tmp_path / "file" / "x.json" if kind == "below a file" else tmp_path / "folder"
    with pytest.raises(UserError, match=re.escape(f"cannot write {path}: ")) as told:
        write_json(path, {})
    assert ("Remove that folder or" in str(told.value)) == (kind == "a folder")
    with pytest.raises(UserError, match="Remove that folder or"), said_plainly():
        (tmp_path / "folder").read_bytes()
    assert names(tmp_path) == ["file", "folder"]
    assert (tmp_path / "file").read_text() == "x"


def test_an_error_without_a_number_is_told_in_its_own_words():
    assert "cannot write here: odd." in str(cannot_write("here", OSError("odd")))


def test_json_round_trip(tmp_path: Path):
    value = {"a": [1, 2.5, None, True, "ü"], "b": {"c": 0.1 + 0.2, "d": -0.0, "e": 1e-300}}
    write_json(tmp_path / "x.json", value)
    assert read_json(tmp_path / "x.json") == value
    assert (tmp_path / "x.json").read_bytes().endswith(b"}\n")


def test_numbers_that_json_lacks_become_null(tmp_path: Path):
    value = {
        "a": math.nan,
        "b": [math.inf, 1.0, (-math.inf, 2)],
        "c": {"d": np.float64("nan"), 5: np.float64(0.5)},
    }
    assert plain(value) == {"a": None, "b": [None, 1.0, [None, 2]], "c": {"d": None, "5": 0.5}}
    write_json(tmp_path / "x.json", value)
    text = (tmp_path / "x.json").read_text()
    assert "NaN" not in text
    assert "Infinity" not in text
    assert read_json(tmp_path / "x.json") == plain(value)


@pytest.mark.parametrize(
    "content", [b"", b'{"a": 1', b"[1, 2]", b"3", b"null", b"\xff\xfe\x00", b"{} {}"], ids=repr
)
def test_what_is_no_json_object_reads_as_none(tmp_path: Path, content: bytes):
    (tmp_path / "x.json").write_bytes(content)
    assert read_json(tmp_path / "x.json") is None


def test_no_file_reads_as_none(tmp_path: Path):
    assert read_json(tmp_path / "x.json") is None
    assert read_json(tmp_path) is None


def test_a_path_may_begin_with_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert path_of("~/x") == tmp_path / "x"
    assert path_of(Path("a~/~x")) == Path("a~/~x")
    with pytest.raises(UserError, match=r"^~nobody-9/x: there is no such home folder$"):
        path_of("~nobody-9/x")
