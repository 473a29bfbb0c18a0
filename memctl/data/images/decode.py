"""From an image file to uint8 values, as the unconditional recipe of diffusers does it: shorter
side to `size`, centre crop.
"""

import re
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from memctl.data.images import ImageFile, Pixels
from memctl.data.images.levels import Levels, is_deep

MODES = {1: "L", 3: "RGB"}


USUAL = Levels()
LONG = 64  # times the shorter side, beyond which the rest of the longer is cut off before resizing


class Decoded(NamedTuple):
    """One image: uint8, shape (channels, size, size); the width and height of its file, and how
    many frames that holds, of which it is the first.
    """

    pixels: Pixels
    width: int
    height: int
    frames: int


def opaque(image: Image.Image, levels: Levels) -> Image.Image:
    """The image with what is transparent on white, deep grey levels brought to 8 bits."""
    if is_deep(image.mode):  # Pillow would clip levels above 255
        low, high = levels.of(image.mode)
        values = np.asarray(image, dtype=np.float64)
        if not np.isfinite(values).all():
            raise ValueError("it holds NaN or infinity")
        share = (values - low) / (high - low)
        return Image.fromarray(np.round(np.clip(share, 0, 1) * 255).astype(np.uint8), "L")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        whole = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", whole.size, "white"), whole).convert("RGB")
    return image


def check_depth(image: Image.Image) -> None:
    """Raises: ValueError for colours of 16 bits, of which Pillow hands over the upper 8, so that a
    camera's 12 bits would be all but black.
    """
    for tile in getattr(
        image, "tile", []
    ):  # how its values are stored, by name, before other things
        stored = tile.args if isinstance(tile.args, str) else str((tile.args or [""])[0])
        if re.match(r"(RGB|RGBA|RGBX|LA|CMYK);16[BLN]", stored):
            raise ValueError(
                "16 bits a colour, of which Pillow reads the upper 8; where these hold what is to"
                " be seen, save it with 8: PIL.Image.open(FILE).save(FILE)"
            )


def fit(image: Image.Image, size: int) -> Image.Image:
    """The shorter side resized to `size` (bilinear, with antialiasing), then the centre cut out:
    size x size.
    """
    width, height = image.size
    short = min(width, height)
    if max(width, height) > LONG * short:  # a line of pixels would be blown up to gigabytes
        x, y = ((side - min(side, LONG * short)) // 2 for side in (width, height))
        image = image.crop((x, y, width - x, height - y))
        width, height = image.size
    image = image.resize(
        (max(size, int(size * width / short)), max(size, int(size * height / short))),
        Image.Resampling.BILINEAR,
    )
    left, top = round((image.width - size) / 2), round((image.height - size) / 2)
    return image.crop((left, top, left + size, top + size))


def decode(file: ImageFile, size: int, channels: int, levels: Levels = USUAL) -> Pixels:
    """One image, any mode and size: uint8, shape (channels, size, size).

    Raises: OSError and others of Pillow for a broken file.
    """
    return decode_file(file, size, channels, levels).pixels


def decode_file(file: ImageFile, size: int, channels: int, levels: Levels) -> Decoded:
    """The same with what its file says. Raises: as `decode`."""
    with Image.open(file if isinstance(file, Path) else BytesIO(file.read())) as image:
        check_depth(image)
        # Phones keep a second picture beside the first, which is no frame of it.
        frames = 1 if image.format == "MPO" else int(getattr(image, "n_frames", 1))
        image.load()
        upright = ImageOps.exif_transpose(image) or image
        width, height = upright.size
        pixels = np.asarray(fit(opaque(upright, levels).convert(MODES[channels]), size))
    pixels = np.ascontiguousarray(pixels[None] if channels == 1 else pixels.transpose(2, 0, 1))
    return Decoded(pixels, width, height, frames)
