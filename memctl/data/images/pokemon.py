"""Pokemon artworks, as the Kaggle set djilax/pkmn-image-dataset unpacks: a folder of images, what
is transparent on white.
"""

from dataclasses import dataclass
from pathlib import Path

from memctl.data.images.folder import images_in
from memctl.data.images.source import ImageSource


@dataclass
class Pokemon(ImageSource):
    """The images in `path`."""

    name = "pokemon"
    path: str = "data/pokemon"

    def images(self) -> list[Path]:
        hint = (
            "; unpack https://www.kaggle.com/datasets/djilax/pkmn-image-dataset there, or give"
            " data.path=FOLDER"
        )
        return images_in(Path(self.path).expanduser(), hint)
