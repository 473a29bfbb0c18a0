"""From an image file to uint8 values, as the unconditional recipe of diffusers does it: shorter
side to `size`, centre crop.
"""

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from memctl.data.images import ImageFile, Pixels

MODES = {1: "L", 3: "RGB"}


def opaque(image: Image.Image) -> Image.Image:
    """The image with what is transparent on white, 16-bit grey levels brought to 8."""
    if image.mode.startswith("I") or image.mode == "F":  # Pillow would clip levels above 255
        levels = np.asarray(image, dtype=np.float64)
        top = 65535.0 if image.mode != "F" else max(float(levels.max()), 1.0)
        return Image.fromarray(np.round(np.clip(levels / top, 0, 1) * 255).astype(np.uint8), "L")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        whole = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", whole.size, "white"), whole).convert("RGB")
    return image


def fit(image: Image.Image, size: int) -> Image.Image:
    """The shorter side resized to `size` (bilinear, with antialiasing), then the centre cut out:
    size x size.
    """
    width, height = image.size
    short = min(width, height)
    image = image.resize(
        (max(size, int(size * width / short)), max(size, int(size * height / short))),
        Image.Resampling.BILINEAR,
    )
    left, top = round((image.width - size) / 2), round((image.height - size) / 2)
    return image.crop((left, top, left + size, top + size))


def decode(file: ImageFile, size: int, channels: int) -> Pixels:
    """One image, any mode and size: uint8, shape (channels, size, size).

    Raises: OSError and others of Pillow for a broken file.
    """
    with Image.open(file if isinstance(file, Path) else BytesIO(file.read())) as image:
        image.load()
        upright = ImageOps.exif_transpose(image) or image
        pixels = np.asarray(fit(opaque(upright).convert(MODES[channels]), size))
    return np.ascontiguousarray(pixels[None] if channels == 1 else pixels.transpose(2, 0, 1))
