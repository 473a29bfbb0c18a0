"""made.json: under which key each file of a run was made, and what it then held, so that none is
believed that is another run's or was damaged since. Free of torch.
"""

import json
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np

from memctl.files import read_json, sha256, write_json
from memctl.runs.kinds import fits

ENTRY = {"key": str, "size": int, "mtime_ns": int, "sha256": str}


def is_inside(name: str) -> bool:
    """Whether a name from a note is that of a file in the note's own folder or those in it."""
    path = PurePath(name)
    return not path.is_absolute() and ".." not in path.parts


class Made:
    """File -> key, size, mtime_ns and sha256, as they were when the file was written."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / "made.json"

    def entries(self) -> dict[str, dict[str, Any]] | None:
        """What is noted, or None where nothing can be read: an earlier memctl noted nothing."""
        known = read_json(self.path)
        if known is None:
            return None
        return {n: entry for n, entry in known.items() if fits(entry, ENTRY) and is_inside(n)}

    def note(self, key: str, *files: Path) -> None:
        """Note files of the folder, just written, under a key; the reader alone reads them again.

        Raises: UserError.
        """
        known = self.entries() or {}
        for file in files:
            stat = file.stat()
            known[str(file.relative_to(self.folder))] = {
                "key": key,
                "size": stat.st_size,
                "mtime_ns": stat.st_mtime_ns,
                "sha256": sha256(file),
            }
        write_json(self.path, known)

    def forget(self, *files: Path) -> None:
        """Of files that are about to be made again."""
        known = self.entries() or {}
        names = {str(file.relative_to(self.folder)) for file in files}
        if names & known.keys():
            write_json(self.path, {k: v for k, v in known.items() if k not in names})

    def holds(self, name: str, key: str | None = None, reads: bool = False) -> bool:
        """Whether the file is there, and is what was noted.

        Args:
            key: Under which it must have been made; any, without one.
            reads: Read it even where its size and time are those that were noted.
        """
        entry, file = (self.entries() or {}).get(name), self.folder / name
        if entry is None or (key is not None and entry["key"] != key):
            return False
        try:
            stat = file.stat()
            if stat.st_size != entry["size"] or not file.is_file():
                return False
            untouched = stat.st_mtime_ns == entry["mtime_ns"]
            return (untouched and not reads) or sha256(file) == entry["sha256"]
        except OSError:
            return False

    def damage(self, keys: Mapping[str, str]) -> list[str]:
        """Names of the files that no longer hold what was made under these keys. Weights that are
        gone may have been removed, and are no damage.
        """
        return [
            name
            for name, entry in (self.entries() or {}).items()
            if entry["key"] in keys.values()
            and not self.holds(name)
            and (not name.endswith(".pt") or (self.folder / name).exists())
        ]


def is_whole(file: Path) -> bool:
    """Whether a file, of which nothing is noted, is whole by its own format."""
    try:
        match file.suffix:
            case ".npy":  # as long as its header says
                return len(np.load(file, mmap_mode="r", allow_pickle=False)) > 0
            case ".npz" | ".pt":
                with ZipFile(file) as stored:
                    return stored.testzip() is None
            case ".jsonl":
                lines = file.read_text().splitlines()
                return all(isinstance(json.loads(line), dict) for line in lines) and bool(lines)
        return read_json(file) is not None
    except (OSError, ValueError, EOFError, TypeError, BadZipFile):
        return False
