"""A sweep's temporary folder, and those of dead sweeps."""

import os
import tempfile
from pathlib import Path

import pytest

from memctl.files import hold
from memctl.sweep.temporary import LONGEST, own_temporary_folder, remove_abandoned

own = own_temporary_folder.__wrapped__  # as a process calls it first


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of a short name."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR", raising=False)
        yield Path(folder)


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
    long = place / ("x" * (LONGEST - len(str(place))))
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    assert own() == long
    assert list(long.iterdir()) == []
    assert os.environ["TMPDIR"] == str(place)


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
