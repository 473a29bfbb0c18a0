"""Files of a run that hold something else than they should: read as none, never a traceback, and no
name in them is a path.
"""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from memctl.analysis.sweep_results import read
from memctl.experiment import Experiment
from memctl.files import read_json
from memctl.runs import note
from memctl.runs.folder import RunFolder
from memctl.runs.journal import Journal
from memctl.runs.kinds import NUMBER, Each, fits
from memctl.runs.made import Made
from memctl.runs.record import is_complete

Make = Callable[..., Experiment]
WRONG: tuple[Any, ...] = ("<b>x", 3.5, [], ["a", 2], True)


@pytest.mark.parametrize(
    ("value", "kind", "so"),
    [
        (3, int, True), (True, int, False), (True, bool, True), (True, object, True),
        (None, NUMBER, True), (2.5, NUMBER, True), ("2.5", NUMBER, False), (False, NUMBER, False),
        ({"a": 1}, Each(int), True), ({"a": "1"}, Each(int), False), ([1], Each(int), False),
        ([1, 2], [int], True), ([1, "2"], [int], False), ({}, [int], False),
        ({"a": 1, "more": []}, {"a": int}, True), ({}, {"a": int}, False),
        ({}, {"a?": int}, True), ({"a": None}, {"a?": int}, False), (None, {"a?": int}, False),
    ],
    ids=str,
)  # fmt: skip
def test_kinds(value: Any, kind: Any, so: bool) -> None:
    assert fits(value, kind) is so


def test_a_record_whose_fields_are_of_other_kinds_is_none(finished_run: Make) -> None:
    whole = finished_run().folder.record()
    assert whole is not None and is_complete(whole)
    places = [
        ("name",), ("ci",), ("ci", "low"), ("sampler",), ("sampler", "name"),
        ("sampler", "statistics"), ("sampler", "statistics", "mean"), ("keys",), ("seed",),
        ("split", "hash"), ("split", "n_train"), ("training", "base"), ("metrics",),
        ("metrics", "f_mem"), ("metrics", "f_mem", "value"), ("yardsticks",),
        ("yardsticks", "floor"), ("yardsticks", "floor", "f_mem"), ("answers",),
        ("answers", "copies"), ("answers", "copies", "effect"), ("verdict",), ("verdict", "also"),
        ("science", "data"), ("science", "data", "name"), ("science", "diffusion"),
        ("seconds", "base"), ("absent",), ("base",),
    ]  # fmt: skip
    for *above, last in places:
        for wrong in WRONG:
            changed = deepcopy(whole)
            inner = changed
            for key in above:
                inner = inner[key]
            if type(inner[last]) is type(wrong) or (
                isinstance(inner[last], float | int) and wrong == 3.5
            ):
                continue
            inner[last] = wrong
            assert not is_complete(changed), (above, last, wrong)


def test_a_status_of_other_kinds_is_none(tmp_path: Path) -> None:
    good = {"keys": {"base": "k"}, "science": {}, "state": "done", "message": "", "done": 1}
    file = tmp_path / "status.json"
    file.write_text(json.dumps(good))
    assert RunFolder(tmp_path).status() == good
    for name in good:
        for wrong in (None, ["a"], {"a": [1]}):
            if (name, wrong) in (("done", None), ("science", {"a": [1]})):
                continue
            file.write_text(json.dumps({**good, name: wrong}))
            assert RunFolder(tmp_path).status() is None, (name, wrong)


def test_no_name_in_a_note_is_a_path(tmp_path: Path, finished_run: Make) -> None:
    (tmp_path / "secret").write_text("x")
    entry = {"key": "k", "size": 1, "mtime_ns": 0, "sha256": "0"}
    for name in ("../secret", str(tmp_path / "secret"), "a/../../secret"):
        (tmp_path / "run").mkdir(exist_ok=True)
        (tmp_path / "run" / "made.json").write_text(json.dumps({name: entry}))
        assert Made(tmp_path / "run").damage({"base": "k"}) == []
    e = finished_run()
    folder = e.folder.path.parent
    run = {"overrides": [], "fingerprint": "x"}
    names = ["../..", "/etc", "..", ".", "", "gone"]
    text = json.dumps({"runs": dict.fromkeys(names, run), "search": [*names, 3]})
    (folder / "sweep.json").write_text(text)
    assert [*note.planned(folder)] == ["gone"] == [*note.wanted(folder)]
    assert read(folder).unfinished == {"gone": "missing"}
    for text in ("[]", '{"runs": 3}', '{"runs": {"a": 3}}', '{"search": 3}', "[" * 100_000):
        (folder / "sweep.json").write_text(text)
        assert note.planned(folder) == {} and note.wanted(folder) == {}
        assert read(folder).unfinished == {}
    assert read_json(folder / "sweep.json") is None


@pytest.mark.parametrize("row", ['{"stage": 1, "step": 2}', '{"stage": "control", "step": "2"}'])
def test_rows_of_other_kinds_are_none(tmp_path: Path, row: str) -> None:
    journal = Journal(tmp_path / "metrics.jsonl")
    journal.append({"stage": "control", "step": 1})
    with journal.path.open("a") as file:
        file.write(row + "\n")
    assert len(journal.rows()) == 1
