"""Who works in a folder, on a file system with locks and on one without."""

import errno
import fcntl
import os
import time
from pathlib import Path

import pytest
from filelock import Timeout

from memctl.runs import lock
from memctl.runs.folder import RunFolder


@pytest.fixture(params=["locks", errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def folder(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> RunFolder:
    """A folder, also as on network file systems that refuse locks in their ways."""
    if request.param != "locks":

        def refuse(descriptor: int, how: int) -> None:
            raise OSError(request.param, os.strerror(request.param))

        monkeypatch.setattr(fcntl, "flock", refuse)
    return RunFolder(tmp_path / "run")


def test_one_process_at_a_time_works_in_a_folder(folder: RunFolder) -> None:
    assert not folder.is_held()
    held = folder.lock()
    lock.acquire(held)
    assert folder.is_held()
    with pytest.raises(Timeout):
        lock.acquire(folder.lock())
    held.release()
    assert not folder.is_held()
    lock.acquire(again := folder.lock())
    again.release()


def test_the_mark_of_a_killed_host_is_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lock, "hold", lambda descriptor: None)
    monkeypatch.setattr(lock, "LEASE", 0.1)
    lock.say.cache_clear()
    folder = RunFolder(tmp_path / "run")
    lock.acquire(held := folder.lock())
    text = (folder.path / ".mark").read_text()
    held.release()
    (folder.path / ".mark").write_text(text)  # which nobody renews
    assert folder.is_held()
    long_ago = time.time() - 100
    os.utime(folder.path / ".mark", (long_ago, long_ago))
    assert not folder.is_held()
    lock.acquire(mine := folder.lock())
    assert folder.is_held()
    mine.release()
    said = capsys.readouterr().out
    assert said.count("is on a file system without locks: marks that are renewed") == 1
