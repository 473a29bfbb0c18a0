"""ECG5000 of the UCR Time Series Archive: 5,000 heartbeats of 140 values, 5 classes (Chen, Keogh et
al. 2015).

Both official files are ordered by class and differ in size (500 and 4,500), so they are pooled and
split anew; by default 500 train, as in the official split, against 500 held-out.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

from memctl.data.base import DataSource, Examples
from memctl.data.download import downloading, fetch
from memctl.data.normalise import znormalise
from memctl.errors import UserError
from memctl.files import path_of, readable

URL = "https://www.timeseriesclassification.com/aeon-toolkit/ECG5000.zip"
SHA256 = {
    "ECG5000_TRAIN.txt": "0d96aff193311a6dc6111bf0dbd2f7d2313987fbf7a1da4a383d92563876057b",
    "ECG5000_TEST.txt": "baf4ad57d28daa5e79050edd4185968181762bc83d45a757753015b4ba8ab295",
}
ROWS = {"TRAIN": 500, "TEST": 4500}
LENGTH = 140


def parse(path: Path) -> NDArray[np.float64]:
    """A UCR file as rows of label and values, shape (n, 141): `.txt` (blanks), `.tsv` (tabs) or
    `.ts` (values:label).
    """
    text = readable(path).decode("utf-8", errors="replace")
    lines = [line for line in text.splitlines() if line.strip() and line[0] not in "#@"]
    if path.suffix == ".ts":
        lines = [
            " ".join([label, *values.split(",")])
            for values, _, label in (line.rpartition(":") for line in lines)
        ]
    rows = []
    for number, line in enumerate(lines, start=1):
        try:
            row = [float(word) for word in line.split()]
        except ValueError as error:
            raise UserError(
                f"{path}: example {number} is not numbers ({error}); the file is corrupt, fetch it"
                " again"
            ) from None
        if len(row) != LENGTH + 1:
            raise UserError(
                f"{path}: example {number} has {len(row)} columns, not a label and {LENGTH} values;"
                " the file is corrupt, fetch it again"
            )
        rows.append(row)
    return np.array(rows)


def download(url: str, folder: Path) -> None:
    """Put the two text files of the archive's zip in `folder`, checked. Raises: UserError."""
    by_hand = (
        f"Put ECG5000_TRAIN and ECG5000_TEST (.txt, .tsv or .ts) from {url} into"
        f" {folder.resolve()}, or name their folder with data.path=DIR"
    )
    with downloading("ECG5000", folder, by_hand) as temporary:
        with ZipFile(fetch(url, temporary / "ECG5000.zip")) as archive:
            members = [Path(archive.extract(name, temporary)) for name in SHA256]
        for path in members:
            if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256[path.name]:
                raise ValueError(f"{path.name} does not have the checksum of the archive's file")
        for path in members:
            path.replace(folder / path.name)


@dataclass
class Ecg5000(DataSource):
    """ECG5000 in the folder `path`, downloaded there from `url` if it is not."""

    name = "ecg5000"
    path: str = "data/ECG5000"
    url: str = URL
    n_train: int | None = 500
    n_heldout: int | None = 500

    def _find(self) -> list[Path]:
        candidates = [
            [path_of(self.path) / f"ECG5000_{side}{suffix}" for side in ROWS]
            for suffix in (".txt", ".tsv", ".ts")
        ]
        return next((pair for pair in candidates if all(p.is_file() for p in pair)), [])

    def files(self) -> list[Path]:
        if not self._find():
            download(self.url, path_of(self.path))
        return self._find()

    def read(self) -> Examples:
        files = self.files()
        sides = [parse(path) for path in files]
        for path, side, expected in zip(files, sides, ROWS.values(), strict=True):
            if len(side) != expected:
                raise UserError(
                    f"{path} has {len(side)} examples, not {expected}: it was cut short; fetch it"
                    " again"
                )
        rows = np.concatenate(sides)
        values, kept = znormalise(rows[:, None, 1:])
        return Examples(
            values, rows[kept, 0].astype(np.int64), {"constant": int((~kept).sum())}, temporal=True
        )
