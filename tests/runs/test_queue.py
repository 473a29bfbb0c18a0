"""What of a sweep is in a cluster's queue."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from memctl.errors import UserError
from memctl.files import write_json
from memctl.runs import queue
from memctl.runs.queue import Seat
from memctl.sweep.worker import note

Tool = Callable[[str, str], None]


def test_seats_are_what_squeue_says_of_the_jobs_that_were_noted(tmp_path: Path, tool: Tool) -> None:
    lines = ("5|0|PENDING|Dependency", "5|1|RUNNING|None", "4|N/A|TIMEOUT|TimeLimit")
    tool("squeue", "\n".join(f"echo '{line}'" for line in lines))
    for name, job in {"a": "5_0", "b": "5_1", "c": "4", "d": "3_0"}.items():
        queue.note(tmp_path / name, "slurm", job, tmp_path)
    folders = [tmp_path / name for name in "abcde"]
    assert queue.seats(folders) == {
        tmp_path / "a": Seat("slurm", "5_0", "queued", "Dependency"),
        tmp_path / "b": Seat("slurm", "5_1", "running", "None"),
        tmp_path / "c": Seat("slurm", "4", "TIMEOUT", "TimeLimit"),
    }
    assert [folder.name for folder in queue.taken(folders)] == ["a", "b"]


def test_a_slurm_that_does_not_answer_is_no_empty_queue(
    tmp_path: Path, tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.note(tmp_path / "a", "slurm", "5_0", tmp_path)
    tool("squeue", "echo 'slurm_load_jobs error: timed out' >&2; exit 1")
    with pytest.raises(UserError, match="squeue says: slurm_load_jobs error: timed out"):
        queue.seats([tmp_path / "a"])
    assert queue.taken([tmp_path / "a"]) == {}
    monkeypatch.setattr(queue, "PATIENCE", 0.05)
    tool("squeue", "exec sleep 9")
    with pytest.raises(UserError, match=r"squeue does not answer within 0\.05 s"):
        queue.seats([tmp_path / "a"])
    monkeypatch.setenv("PATH", str(tmp_path))  # a laptop, to which the folder was copied
    assert queue.seats([tmp_path / "a"]) == {}


def test_a_queue_of_ray_is_believed_while_it_lives(tmp_path: Path) -> None:
    for name in "ab":
        queue.note(tmp_path / name, "ray", "q", tmp_path)
    write_json(tmp_path / queue.RAY_NOTE, {"states": {"a": "running"}})
    assert queue.seats([tmp_path / "a", tmp_path / "b"]) == {
        tmp_path / "a": Seat("ray", "q", "running")
    }
    long_ago = time.time() - 2 * queue.FRESH
    os.utime(tmp_path / queue.RAY_NOTE, (long_ago, long_ago))
    assert queue.seats([tmp_path / "a"]) == {}


def test_a_worker_adds_to_the_note_of_the_job(tmp_path: Path) -> None:
    queue.note(tmp_path, "slurm", "5_0", tmp_path)
    note(tmp_path, ended="killed by SIGTERM")
    known = queue.read_note(tmp_path)
    assert known
    assert (known["id"], known["ended"]) == ("5_0", "killed by SIGTERM")
