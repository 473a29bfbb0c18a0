"""Oxford Flowers-102: 8,189 photographs of 102 kinds of flowers (Nilsback and Zisserman 2008).

The official parts (setid.mat) are pooled and split anew: some exact duplicates lie across them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memctl.data.download import downloading, fetch
from memctl.data.images import ImageFile
from memctl.data.images.hub import HuggingFace
from memctl.data.images.source import ImageSource
from memctl.errors import UserError
from memctl.files import path_of

URL = "https://www.robots.ox.ac.uk/~vgg/data/flowers/102"
MD5 = {
    "102flowers.tgz": "52808999861908f626f3c1f4e79d11fa",
    "imagelabels.mat": "e0620be6f572b9609742df49c70aed4d",
    "setid.mat": "a5357ecc9cb78c4bef273ce3793fc85c",
}


def download(url: str, folder: Path) -> None:
    """Put the data set into `folder`, laid out as Oxford's download unpacks. Raises: UserError."""
    import tarfile

    by_hand = (
        f"Unpack 102flowers.tgz from {url} there (it makes a folder jpg), with imagelabels.mat"
        " beside it, or give data.path=FOLDER"
    )
    with downloading("Flowers-102", folder, by_hand) as temporary:
        print(f"downloading Flowers-102 (345 MB) from {url} into {folder}", flush=True)
        for name, md5 in MD5.items():
            fetch(f"{url}/{name}", temporary / name, f"md5:{md5}")
        (temporary / "jpg").mkdir()
        with tarfile.open(temporary / "102flowers.tgz") as archive:
            # The images alone, by their names: Python before 3.11.4 has no filter that keeps the
            # members of an archive within a folder.
            for member in archive:
                place = temporary / "jpg" / Path(member.name).name
                content = archive.extractfile(member) if member.isfile() else None
                if content is not None and member.name == f"jpg/{place.name}":
                    place.write_bytes(content.read())
        if not any((temporary / "jpg").iterdir()):
            raise tarfile.ReadError("102flowers.tgz holds no jpg/image_NUMBER.jpg")
        # The images last: their folder says that all is there.
        for name in ("imagelabels.mat", "setid.mat", "jpg"):
            (temporary / name).replace(folder / name)


@dataclass
class Flowers102(ImageSource):
    """Flowers-102 in the folder `path`, downloaded there from `url` if it is not; labels 1 to 102
    stratify the split.

    Attributes:
        hub: Read this data set of the Hugging Face hub instead, such as
            huggan/flowers-102-categories; it has no labels.
    """

    name = "flowers102"
    path: str = "data/flowers-102"
    url: str = URL
    hub: str | None = None

    def images(self) -> Sequence[ImageFile]:
        return HuggingFace(path=self.hub).images() if self.hub else self.image_paths()

    def digest(self) -> str:
        return HuggingFace(path=self.hub).digest() if self.hub else super().digest()

    def image_paths(self) -> list[Path]:
        """The images in `path`."""
        folder = path_of(self.path)
        if not (folder / "jpg").is_dir():
            download(self.url, folder)
        images = sorted((folder / "jpg").glob("image_*.jpg"))
        if not images:
            raise UserError(
                f"{folder / 'jpg'} holds no image_00001.jpg and so on; remove the folder to"
                " download it anew"
            )
        return images

    def files(self) -> list[Path]:
        return [*self.image_paths(), path_of(self.path) / "imagelabels.mat"]

    def labels(self) -> NDArray[Any] | None:
        if self.hub:
            return None
        from scipy.io import loadmat  # here alone: only this data set has a .mat

        path, images = path_of(self.path) / "imagelabels.mat", self.image_paths()
        try:
            labels = np.ravel(loadmat(path)["labels"]).astype(np.int64)
        except Exception as error:  # a torn .mat can raise anything
            raise UserError(
                f"{path} cannot be read ({error}); it comes with the data set from {self.url}"
            ) from None
        numbers = [
            int(p.stem.removeprefix("image_"))
            for p in images
            if p.stem.removeprefix("image_").isdigit()
        ]
        if len(numbers) != len(images) or max(numbers) > len(labels):
            raise UserError(
                f"{path} holds {len(labels)} labels, which are not those of the {len(images)}"
                " images beside it"
            )
        return labels[np.array(numbers) - 1]
