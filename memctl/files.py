"""Files: read with a plain message, known by their contents, and written whole or not at all
(beside their place, brought to the disk, then moved into it).

The kernel lets go of what a process holds when it dies, however it dies: so others know what a
killed one has left, and remove it.
"""

import errno
import fcntl
import hashlib
import json
import math
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

from memctl.errors import UserError

# Why what is not here is not fetched, in messages.
REFUSED = "the settings of a run, which may be a stranger's, fetch nothing"
_stopped = False
PARTS = f".*.{'[0-9a-f]' * 16}.part"


@contextmanager
def nothing_fetched() -> Iterator[None]:
    """Within it only what is on the disk is read: the settings of a finished run may come from a
    stranger, and no address or name of theirs is asked for.
    """
    global _stopped
    before, _stopped = _stopped, True
    try:
        yield
    finally:
        _stopped = before


def may_fetch() -> bool:
    """Whether what is not here may be fetched: False within `nothing_fetched`."""
    return not _stopped


@contextmanager
def atomic(path: Path, sync: bool = True) -> Iterator[BinaryIO]:
    """A file to write that takes the place of `path` when the block ends well. What killed writers
    left in its folder is removed.

    Args:
        sync: Whether it is on the disk before that, so that a machine that loses its power leaves
            no empty file.

    Raises: UserError where the folder cannot be written or the disk is full.
    """
    part = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_parts(path.parent)
        with new_part(path) as file:
            part = Path(file.name)
            yield file
            file.flush()
            if sync:
                os.fsync(file.fileno())
            part.replace(path)  # while it is held
    except OSError as error:
        raise cannot_write(path, error) from None
    finally:
        if part is not None:
            with suppress(OSError):
                part.unlink(missing_ok=True)


def new_part(path: Path) -> BinaryIO:
    """A new file beside `path`, held as long as it is open."""
    while True:
        # Not by the process's number: on a shared folder another host has the same.
        file = path.with_name(f".{path.name}.{uuid4().hex[:16]}.part").open("xb")
        if hold(file.fileno(), waits=True) is not False and Path(file.name).exists():
            return file
        file.close()  # somebody found it before it was held, and removed it


def remove_parts(folder: Path) -> None:
    """Remove what killed writers left in the folder; what is still written is held."""
    for part in folder.glob(PARTS):
        with suppress(OSError), part.open("r+b") as file:
            if hold(file.fileno()):
                part.unlink()


def hold(descriptor: int, waits: bool = False) -> bool | None:
    """Hold an open file or folder until it is closed or the process has died.

    Returns: Whether it does: False where another process does, None where the file system knows no
        locks, so that nobody can.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


@contextmanager
def said_plainly() -> Iterator[None]:
    """A full disk, a folder that cannot be written or a machine out of memory becomes a UserError,
    wherever in the work it was met.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise out_of_memory(error) from None
    except OSError as error:
        if error.errno == errno.ENOMEM:
            raise out_of_memory(error) from None
        if error.errno in (
            errno.ENOSPC,
            errno.EDQUOT,
            errno.EROFS,
            errno.EACCES,
            errno.EPERM,
            errno.ENOTDIR,
            errno.EISDIR,
        ):
            raise cannot_write(error.filename or "the run's folder", error) from None
        raise


def is_out_of_memory(error: Exception) -> bool:
    """Whether Python, numpy or torch, whose errors have no class of their own on all devices, was
    refused memory.
    """
    said = (
        "out of memory",
        "can't allocate memory",
        "not enough memory",
        "could not create a primitive",  # of oneDNN, torch's convolutions on CPUs
    )
    return isinstance(error, MemoryError) or any(text in str(error) for text in said)


def out_of_memory(error: Exception) -> UserError:
    why = next(iter(str(error).splitlines()), "") or type(error).__name__
    return UserError(
        f"out of memory ({why[:200]}). Take less at once: a smaller generate.batch_size (no number"
        " depends on it), fewer runs at once, fewer or smaller examples or samples, a smaller"
        " control.batch_size (another run, under another sweep.name)"
    )


def cannot_write(path: Path | str, error: OSError) -> UserError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    mend = "Free some space" if full else "Make it writable"
    if error.errno == errno.EISDIR:
        mend = "Remove that folder"
    return UserError(
        f"cannot write {path}: {error.strerror or error}. {mend} or choose another folder with"
        " paths.runs=DIR; the same command then goes on from what is already there"
    )


def plain(value: Any) -> Any:
    """`value` with numbers that JSON lacks (NaN, infinities) as None."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def write_json(path: Path, value: Any, sync: bool = True) -> None:
    with atomic(path, sync) as file:
        file.write(json.dumps(plain(value), indent=1).encode() + b"\n")


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in `path`, or None where there is none that can be read."""
    try:
        value = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def sha256(path: Path) -> str:
    """Of the file's contents, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def path_of(text: Path | str) -> Path:
    """A path as a user writes it, in which ~ is the home folder, as in settings and after `=` the
    shell leaves it. Raises: UserError for the home of nobody.
    """
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise UserError(f"{text}: there is no such home folder") from None


def readable(path: Path) -> bytes:
    """The file's bytes. Raises: UserError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error


def shown(path: Path | str) -> str:
    """A file's name as text that can be printed and written: bytes of it that are no UTF-8 as
    backslashes and numbers, and line breaks as blanks.
    """
    text = os.fsencode(path).decode("utf-8", errors="backslashreplace")
    return " ".join(text.splitlines())


def contents(paths: Iterable[Path]) -> str:
    """Sixteen hexadecimal digits over the files' contents in order.

    Raises: UserError where one cannot be read.
    """
    try:
        return _contents(tuple((str(p), p.stat().st_mtime_ns, p.stat().st_size) for p in paths))
    except OSError as error:
        raise UserError(f"cannot read {error.filename}: {error.strerror}") from error


@cache
def _contents(files: tuple[tuple[str, int, int], ...]) -> str:
    """Found once for files that have not changed: each run of a sweep asks for it."""
    total = hashlib.sha256()
    for path, *_ in files:
        with Path(path).open("rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()[:16]
