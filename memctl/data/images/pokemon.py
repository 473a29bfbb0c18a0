"""Pokemon artworks, as the Kaggle set djilax/pkmn-image-dataset unpacks: a folder of images, what
is transparent on white.
"""

from dataclasses import dataclass

from memctl.data.images.folder import Folder, Found, find_images
from memctl.files import path_of


@dataclass
class Pokemon(Folder):
    """The images in `path`."""

    name = "pokemon"
    path: str = "data/pokemon"

    def found(self) -> Found:
        hint = (
            "; unpack https://www.kaggle.com/datasets/djilax/pkmn-image-dataset there, or give"
            " data.path=FOLDER"
        )
        return find_images(path_of(self.path), hint)
