"""Image data sets of the Hugging Face hub, or saved on disk by its library, which must be
installed: pip install 'datasets>=3,<6'.
"""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memctl.data.images import Embedded
from memctl.data.images.source import ImageSource
from memctl.errors import UserError
from memctl.files import REFUSED, may_fetch, path_of
from memctl.registry import closest


@contextmanager
def offline() -> Iterator[None]:
    """The hub's libraries ask no network in it, also for what a folder's own description names."""
    import datasets
    import huggingface_hub

    places: tuple[Any, ...] = (datasets.config, huggingface_hub.constants)
    logging.getLogger("datasets").setLevel(logging.ERROR)  # else it says that it is offline
    before = [place.HF_HUB_OFFLINE for place in places]
    try:
        for place in places:
            place.HF_HUB_OFFLINE = True
        yield
    finally:
        for place, was in zip(places, before, strict=True):
            place.HF_HUB_OFFLINE = was


@cache
def table(path: str, part: str) -> Any:
    """The part of a data set, from a folder that `save_to_disk` wrote or by
    `datasets.load_dataset`, which has kept those that it has fetched. Raises: UserError.
    """
    try:
        import datasets  # here alone: it is not required, and takes a second
    except ImportError:
        raise UserError(
            "data sets of the Hugging Face hub need its library: pip install 'datasets>=3,<6'"
        ) from None
    datasets.disable_progress_bars()
    try:
        folder = path_of(path)
        saved = any((folder / name).is_file() for name in ("state.json", "dataset_dict.json"))
        with nullcontext() if may_fetch() else offline():
            loaded = datasets.load_from_disk(str(folder)) if saved else datasets.load_dataset(path)
    except Exception as error:  # no network, no such data set, a damaged file: all kinds of errors
        if not may_fetch():
            raise UserError(
                f"data set {path} is not here, and {REFUSED}; if you trust it,"
                f" `memctl data data=huggingface data.path={path}` fetches it"
            ) from None
        raise UserError(
            f"data set {path} cannot be loaded ({str(error).strip().splitlines()[0]}); check its"
            " name and the network"
        ) from None
    if not isinstance(loaded, datasets.DatasetDict):
        return loaded
    if part not in loaded:
        raise UserError(
            f"data set {path} has no part {part}{closest(part, list(loaded))}; it has"
            f" {', '.join(loaded)}"
        )
    return loaded[part]


@cache
def contents(path: str, part: str, image: str) -> str:
    """A hash over the encoded images in order."""
    total = hashlib.sha256()
    for embedded in HuggingFace(path=path, part=part, image=image).images():
        total.update(hashlib.sha256(embedded.read()).digest())
    return total.hexdigest()[:16]


@dataclass
class HuggingFace(ImageSource):
    """The images in the column `image` of a data set of the hub, or of a folder that `save_to_disk`
    wrote.

    Attributes:
        path: Name of the data set, or a folder.
        part: Which of its parts to use; the split into train and held-out is memctl's own.
        image: Name of the column of images. label: Name of the column of classes, which stratify
            the split, or null.
    """

    name = "huggingface"
    path: str | None = None
    part: str = "train"
    image: str = "image"
    label: str | None = None

    def rows(self, *columns: str) -> Any:
        """These columns. Raises: UserError."""
        if not self.path:
            raise UserError(
                "data=huggingface needs data.path=NAME, a data set of the Hugging Face hub or a"
                " folder saved by its library"
            )
        loaded = table(self.path, self.part)
        for name in columns:
            if name not in loaded.column_names:
                near = closest(name, loaded.column_names)
                raise UserError(
                    f"data set {self.path} has no column {name}{near}; it has"
                    f" {', '.join(loaded.column_names)}"
                )
        return loaded.select_columns(list(columns))

    def images(self) -> list[Embedded]:
        rows = self.rows(self.image)
        from datasets import Image  # here alone, as in `table`

        if not isinstance(rows.features[self.image], Image):
            raise UserError(
                f"data set {self.path}: column {self.image} does not hold images; name another with"
                " data.image=COLUMN"
            )
        rows = rows.cast_column(self.image, Image(decode=False))

        def read(row: int) -> bytes:
            cell = rows[row][self.image]
            return cell["bytes"] if cell["bytes"] is not None else Path(cell["path"]).read_bytes()

        return [Embedded(f"{self.path} row {row}", partial(read, row)) for row in range(len(rows))]

    def digest(self) -> str:
        self.rows(self.image)
        return contents(str(self.path), self.part, self.image)

    def labels(self) -> NDArray[Any] | None:
        return np.asarray(self.rows(self.label)[self.label]) if self.label else None
