"""metrics.jsonl: whole rows, and those that a kill left half."""

import json
import math
import re
from pathlib import Path

import pytest

from memctl.errors import UserError
from memctl.runs.journal import Journal


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """Five rows, at steps 10 to 50."""
    journal = Journal(tmp_path / "metrics.jsonl")
    for row in rows():
        journal.append(row)
    return journal


def rows(n: int = 5) -> list[dict[str, object]]:
    return [
        {"stage": "control", "step": 10 * k, "loss": 1 / (3 * k), "note": "a\nb\u2028ü"}
        for k in range(1, n + 1)
    ]


def test_rows_come_back_as_they_went_in(journal: Journal):
    assert journal.rows() == rows()
    assert len(journal.path.read_bytes().splitlines()) == 5
    assert Journal(journal.path).rows() == rows()


def test_each_row_is_on_disk_at_once(tmp_path: Path):
    journal = Journal(tmp_path / "metrics.jsonl")
    for k, row in enumerate(rows(), start=1):
        journal.append(row)
        assert len([json.loads(line) for line in journal.path.read_text().splitlines()]) == k


def test_a_journal_not_begun_has_no_rows(tmp_path: Path):
    assert Journal(tmp_path / "metrics.jsonl").rows() == []
    assert not (tmp_path / "metrics.jsonl").exists()


def test_numbers_that_json_lacks_become_null(journal: Journal):
    journal.append({"stage": "control", "step": 60, "loss": math.nan, "lr": [math.inf]})
    assert journal.rows()[-1] == {"stage": "control", "step": 60, "loss": None, "lr": [None]}


@pytest.mark.parametrize("cut", [1, 2, 10, 40])
def test_a_torn_row_is_left_out(journal: Journal, cut: int):
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole[:-cut])
    assert journal.rows() == rows(
        5 if cut == 1 else 4
    )  # 1: the row is whole, and lacks its line's end alone


@pytest.mark.parametrize(
    ("step", "left"), [(0, 0), (9, 0), (10, 1), (35, 3), (50, 5), (1000, 5)], ids=str
)
def test_rewind_forgets_what_comes_after_the_step(journal: Journal, step: int, left: int):
    assert journal.rewind(step) == rows(left)
    assert journal.rows() == rows(left)
    assert [path.name for path in journal.path.parent.iterdir()] == ["metrics.jsonl"]


@pytest.mark.parametrize("cut", [0, 1, 10])
@pytest.mark.parametrize("step", [30, 40, 50])
def test_after_a_kill_the_rows_go_on(journal: Journal, cut: int, step: int):
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole[: len(whole) - cut])
    kept = journal.rewind(step)
    for row in rows(7)[len(kept) :]:
        journal.append(row)
    assert journal.rows() == rows(7)


def test_rewind_leaves_a_journal_that_needs_none_untouched(journal: Journal):
    before = journal.path.stat()
    journal.rewind(50)
    after = journal.path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_rewinding_a_journal_not_begun_begins_it(tmp_path: Path):
    journal = Journal(tmp_path / "metrics.jsonl")
    assert journal.rewind(100) == []
    journal.append(rows(1)[0])
    assert journal.rows() == rows(1)


def test_a_journal_that_cannot_be_written_is_told(tmp_path: Path):
    (tmp_path / "taken").write_text("a file where the journal's folder should be")
    journal = Journal(tmp_path / "taken" / "metrics.jsonl")
    for write in (lambda: journal.append(rows(1)[0]), lambda: journal.rewind(10)):
        with pytest.raises(UserError, match=re.escape(f"cannot write {journal.path}: ")):
            write()
