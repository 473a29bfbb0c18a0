"""A user's own images: any folder, any mode, any size."""

import os
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from memctl.data.images.source import ImageSource
from memctl.errors import UserError
from memctl.files import path_of, shown

# What Pillow opens under these names is no picture of the set: documents, drawings, films, icons,
# and formats that it knows but cannot decode.
NO_PICTURES = frozenset(
    ("EPS", "WMF", "MPEG", "FLI", "ICO", "ICNS", "CUR", "BUFR", "GRIB", "HDF5", "FITS", "GBR")
)
# Folders that other programs leave among images; those whose names start with a dot too.
FOREIGN = frozenset({"@eaDir", "__MACOSX", "$RECYCLE.BIN", "lost+found", "__pycache__"})
# Files that say together that memctl wrote a folder: its pictures are none of the user's.
OWN = (
    ("evaluation.json", "metrics.csv"),
    ("status.json", "config.yaml"),
    ("duplicates.csv", "duplicates.png"),
    ("index.html", "table.csv", "table.parquet"),
)


@cache
def endings() -> frozenset[str]:
    """The endings of the image files that Pillow reads."""
    from PIL import Image  # here alone: a sweep's controller reads no image

    known = Image.registered_extensions().items()
    return frozenset(
        ending for ending, kind in known if kind in Image.OPEN and kind not in NO_PICTURES
    )


@dataclass(frozen=True)
class Found:
    """The images in a folder and the folders in it, by name, and why and how many other files were
    passed over.
    """

    files: list[Path]
    passed: dict[str, int]


def images_in(folder: Path, hint: str) -> list[Path]:
    """The image files of a folder and of those in it, by name. Raises: UserError."""
    return find_images(folder, hint).files


def find_images(folder: Path, hint: str = "", name: str = "data.path=") -> Found:
    """Look a folder through, linked ones in it too.

    Args:
        hint: What more to say where there is none.
        name: What the folder is called in a message.

    Raises: UserError.
    """
    if not folder.is_dir():
        raise UserError(
            f"{name}{shown(folder)} is not a folder (looked for {shown(folder.resolve())}){hint}"
        )
    files: list[Path] = []
    passed: Counter[str] = Counter()
    # Links up to a folder that this one is in would bring other sets in.
    look(folder, files, passed, set(map(str, folder.resolve().parents)))
    if not files:
        others = f"; passed over: {said(passed)}" if passed else ""
        some = ", ".join(sorted(endings() & {".jpg", ".png", ".tif", ".webp"}))
        raise UserError(f"{name}{shown(folder)} holds no image ({some}, ...){others}{hint}")
    return Found(sorted(files), dict(passed))


def look(folder: Path, files: list[Path], passed: Counter[str], above: set[str]) -> None:
    """Add a folder's images, and what was passed over. `above` holds the folders that it is in: a
    link to one of them would have no end.
    """
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        passed["in folders that cannot be read"] += 1
        return
    here = above | {os.path.realpath(folder)}
    for entry in entries:
        path = folder / entry.name
        if entry.is_dir():
            if entry.name.startswith(".") or entry.name in FOREIGN:
                passed["in hidden folders and those of other programs"] += count(path)
            elif any(all((path / name).is_file() for name in names) for names in OWN):
                passed["in folders that memctl wrote"] += count(path)
            elif os.path.realpath(path) in here:
                passed["links to a folder that holds them"] += 1
            else:
                look(path, files, passed, here)
        elif not entry.is_file():
            passed["links to nothing" if entry.is_symlink() else "no files"] += 1
        elif entry.name.startswith("."):
            passed["hidden files"] += 1
        elif path.suffix.lower() in endings():
            files.append(path)
        else:
            passed[f"not of an image's ending ({path.suffix.lower() or 'none'})"] += 1


def count(folder: Path) -> int:
    """How many files a folder and those in it hold."""
    return sum(len(files) for _, _, files in os.walk(folder))


def said(passed: dict[str, int]) -> str:
    """What was passed over, in words."""
    return ", ".join(f"{n} {why}" for why, n in passed.items())


@dataclass
class Folder(ImageSource):
    """All images in a folder and the folders in it."""

    def found(self) -> Found:
        """Its files. Raises: UserError."""
        raise NotImplementedError

    def images(self) -> list[Path]:
        return self.found().files

    def passed(self) -> dict[str, int]:
        return self.found().passed


@dataclass
class Images(Folder):
    """All images in the folder `path` and the folders in it."""

    name = "images"
    path: str | None = None

    def found(self) -> Found:
        if not self.path:
            raise UserError("data=images needs data.path=FOLDER, a folder of images")
        return find_images(path_of(self.path))
