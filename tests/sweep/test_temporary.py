"""A sweep's temporary folder, and those of dead sweeps."""

import errno
import os
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode

from memctl.errors import UserError
from memctl.files import hold
from memctl.stages import finish, run
from memctl.sweep import temporary
from memctl.sweep.temporary import own_temporary_folder, remove_abandoned
from memctl.task import task

own = own_temporary_folder.__wrapped__  # as a process calls it first


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A process' temporary folder, whose name is just short enough."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR", raising=False)
    monkeypatch.setattr(temporary, "LONGEST", len(str(tmp_path / "memctl-12345678")))
    return tmp_path


def test_what_is_temporary_from_now_on_is_in_it(place: Path) -> None:
    folder = own()
    assert folder.parent == place
    assert Path(os.environ["TMPDIR"]) == Path(tempfile.mkdtemp()).parent == folder
    assert Path(os.environ["TORCHINDUCTOR_CACHE_DIR"]).parent == place


def test_folders_of_dead_sweeps_are_removed_and_no_others(place: Path) -> None:
    living, dead, alike = (place / f"memctl-{name}" for name in ("12345678", "abcdefgh", "notes"))
    for folder in (living, dead, alike):
        (folder / "within").mkdir(parents=True)
    (place / "memctl-a_link_x").symlink_to(alike)
    descriptor = os.open(living, os.O_RDONLY)
    assert hold(descriptor)
    assert own() in place.iterdir()
    assert living.exists()
    assert alike.exists()
    assert not dead.exists()
    os.close(descriptor)
    remove_abandoned(place)
    assert not living.exists()


def test_a_name_too_long_for_a_socket_is_not_made_longer(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(temporary, "LONGEST", temporary.LONGEST - 1)
    assert own() == place
    assert list(place.iterdir()) == []
    assert os.environ["TMPDIR"] == str(place)


def test_a_full_disk_is_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object, **how: object) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(place))

    monkeypatch.setattr(tempfile, "mkdtemp", full)
    with pytest.raises(UserError, match=r"temporary folder: No space left on device.*TMPDIR=DIR"):
        own()


def test_one_that_was_taken_for_a_dead_ones_is_made_again(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before its process held it."""
    made: list[Path] = []
    make = tempfile.mkdtemp

    def taken(**how: str) -> str:
        made.append(Path(make(**how)))
        if len(made) == 1:
            remove_abandoned(place)
        return str(made[-1])

    monkeypatch.setattr(tempfile, "mkdtemp", taken)
    assert own() == made[1]
    assert list(place.iterdir()) == [made[1]]


@pytest.mark.parametrize(
    ("mode", "logger", "own"),
    [
        (RunMode.RUN, "offline", True),
        (RunMode.RUN, "disabled", False),  # nothing that makes temporary files
        (RunMode.MULTIRUN, "offline", False),  # the sweep's own
    ],
)
def test_a_single_run_has_one_too(
    monkeypatch: pytest.MonkeyPatch, mode: RunMode, logger: str, own: bool
) -> None:
    made: list[str] = []
    monkeypatch.setattr(temporary, "own_temporary_folder", lambda: made.append("folder"))
    monkeypatch.setattr(HydraConfig, "get", lambda: SimpleNamespace(mode=mode))
    monkeypatch.setattr(run, "task", lambda cfg: made.append("run"))
    monkeypatch.setattr(finish, "summary", str)
    task(SimpleNamespace(task="run", logger=SimpleNamespace(mode=logger)))
    assert made == ["folder", "run"][not own :]
