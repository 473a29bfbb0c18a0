"""A user's own images: any folder, any mode, any size."""

from dataclasses import dataclass
from pathlib import Path

from memctl.data.images.source import ENDINGS, ImageSource
from memctl.errors import UserError


def images_in(folder: Path, hint: str) -> list[Path]:
    """The image files of a folder and of those in it, by name. Raises: UserError."""
    if not folder.is_dir():
        raise UserError(f"data.path={folder} is not a folder (looked for {folder.resolve()}){hint}")
    files = sorted(
        p
        for p in folder.rglob("*")
        if p.suffix.lower() in ENDINGS and p.is_file() and not p.name.startswith(".")
    )
    if not files:
        raise UserError(f"data.path={folder} holds no image ({', '.join(ENDINGS)}){hint}")
    return files


@dataclass
class Images(ImageSource):
    """All images in the folder `path` and the folders in it."""

    name = "images"
    path: str | None = None

    def images(self) -> list[Path]:
        if not self.path:
            raise UserError("data=images needs data.path=FOLDER, a folder of images")
        return images_in(Path(self.path).expanduser(), "")
