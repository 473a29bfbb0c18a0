"""Who works in a folder: one process at a time.

The kernel lets go of a lock when its holder dies, however it dies. A network file system may know
no locks; there a mark takes its place, which its holder renews. A mark that is no longer renewed is
that of a dead process or host, and is taken over.
"""

import time
from functools import cache
from pathlib import Path

from filelock import BaseFileLock, FileLock, SoftFileLease, Timeout

from memctl.files import hold

LEASE = 60.0  # seconds after which a mark that was not renewed is that of a dead one
MOMENT = 0.3  # seconds: who asks whether a folder is held holds it so long at most


def lock_of(folder: Path) -> BaseFileLock:
    """The folder's lock, or mark; the folder is there. Raises: OSError."""
    if knows_locks(folder):
        return FileLock(folder / ".lock")
    say(folder.parent)
    return SoftFileLease(folder / ".mark", lease_duration=LEASE)


def knows_locks(folder: Path) -> bool:
    """Whether the file system does. Raises: OSError."""
    with (folder / ".lock").open("ab") as file:
        return hold(file.fileno()) is not None


def acquire(lock: BaseFileLock) -> None:
    """Take it without waiting for a living holder. Raises: Timeout."""
    dead = isinstance(lock, SoftFileLease) and not is_renewed(Path(lock.lock_file))
    lock.acquire(timeout=2 * LEASE if dead else MOMENT)


def is_held(folder: Path) -> bool:
    """Whether a living process holds the folder."""
    if is_renewed(folder / ".mark"):
        return True
    if not (folder / ".lock").exists():
        return False
    try:
        if knows_locks(folder):
            with FileLock(folder / ".lock", blocking=False):
                pass
    except Timeout:
        return True
    except OSError:  # a file system that is now read-only: nobody works there
        pass
    return False


def is_renewed(mark: Path) -> bool:
    try:
        return time.time() - mark.stat().st_mtime < LEASE
    except OSError:
        return False


@cache
def say(place: Path) -> None:
    """Say once what holds for a file system without locks."""
    print(
        f"{place} is on a file system without locks: marks that are renewed keep processes off each"
        f" other's runs, and those of a dead one hold for {LEASE:g} s",
        flush=True,
    )
