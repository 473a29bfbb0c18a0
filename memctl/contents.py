"""What files hold: their bytes, and a digest by which the same content is known in another place."""

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from memctl.errors import UserError


def readable(path: Path) -> bytes:
    """The file's bytes. Raises: UserError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error


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
    """Found once for files that have not changed: the runs of a sweep ask for it one after another."""
    total = hashlib.sha256()
    for path, *_ in files:
        with Path(path).open("rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()[:16]
