"""Deep images: one scale for a set."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from memctl import data
from memctl.data.images.levels import Levels
from memctl.data.images.source import decode_all, try_decode
from memctl.data.user_files import Reading, read_sides
from memctl.errors import UserError

RNG = np.random.default_rng(0)
EIGHT = np.round(
    RNG.uniform(0, 1, (10, 8, 8)) * RNG.uniform(20, 255, (10, 1, 1))
)  # dark and bright pictures
EIGHT[0, 0, :2] = 0, 255
KINDS = {
    "8 bits": (EIGHT.astype(np.uint8), "png"),
    "16 bits": ((EIGHT * 257).astype(np.uint16), "png"),
    "12 bits in 16": ((EIGHT * 4095 / 255).astype(np.uint16), "png"),
    "8 levels in 32 bits": (EIGHT.astype(np.int32), "tif"),
    "fractions": ((EIGHT / 255).astype(np.float32), "tif"),
    "fractions about 0": ((EIGHT / 127.5 - 1).astype(np.float32), "tif"),
    "fractions beyond 1 by rounding": ((EIGHT / 255 * 1.0005).astype(np.float32), "tif"),
    "levels as fractions": (EIGHT.astype(np.float32), "tif"),
}


def write(folder: Path, values: np.ndarray, ending: str) -> Path:
    folder.mkdir()
    for k, image in enumerate(values):
        Image.fromarray(image).save(folder / f"{k}.{ending}")
    return folder


def pixels(folder: Path, **how: object) -> np.ndarray:
    return decode_all(sorted(folder.iterdir()), 8, 1, **how)["pixels"][:, 0].astype(float)


@pytest.mark.parametrize("kind", KINDS)
def test_a_set_keeps_its_dark_and_its_bright_pictures(tmp_path: Path, kind: str) -> None:
    folder = write(tmp_path / "set", *KINDS[kind])
    np.testing.assert_allclose(pixels(folder), EIGHT, atol=1)
    source = data.build({"name": "images", "path": str(folder), "size": 8, "channels": 1})
    assert len(source.read().notes) == (kind != "8 bits")


@pytest.mark.parametrize(
    "values",
    [(16 * EIGHT).astype(np.float32), (3 * EIGHT - 40).astype(np.float32),
     (1000 * EIGHT).astype(np.int32), (EIGHT - 9).astype(np.int32),
     (EIGHT / 255 / 20).astype(np.float32), (EIGHT // 20).astype(np.int32)],
    ids=["counts", "heights", "32 bits", "below 0", "next to nothing of 1", "classes"],
)  # fmt: skip
def test_what_nothing_says_the_levels_of_is_refused_until_they_are_stated(
    tmp_path: Path, values: np.ndarray
) -> None:
    folder = write(tmp_path / "set", values, "tif")
    with pytest.raises(UserError, match=r"state it with data\.range=\[BLACK,WHITE\]"):
        data.load(data.build({"name": "images", "path": str(folder), "size": 8}))
    low, high = float(values.min()), float(values.max())
    stated = {"name": "images", "path": str(folder), "size": 8, "channels": 1, "near": 0}
    found = data.build({**stated, "range": [low, high]}).decode().pixels[:, 0]
    np.testing.assert_allclose(found, (values - low) / (high - low) * 255, atol=1)
    with pytest.raises(UserError, match="must be the levels"):
        data.build({**stated, "range": [3.0, 1.0]})


def test_images_with_nan_are_named(tmp_path: Path) -> None:
    values = (EIGHT / 255).astype(np.float32)
    values[3, 0, 0] = np.nan
    folder = write(tmp_path / "set", values, "tif")
    for stated in (None, (0.0, 1.0)):  # of which a cast would make black
        with pytest.raises(UserError, match=r"3\.tif \(it holds NaN or infinity\)"):
            read_sides([str(folder)], Reading(size=8, channels=1, range=stated))


def test_three_sides_have_one_scale(tmp_path: Path) -> None:
    """Dark samples beside brighter training images are dark, though they would fit 8 bits."""
    deep = (EIGHT * 16).astype(np.uint16)
    places = [
        str(write(tmp_path / name, values, "png"))
        for name, values in {"samples": deep // 16, "train": deep, "heldout": deep[::-1]}.items()
    ]
    samples, train, heldout = (
        side.values for side in read_sides(places, Reading(size=8, channels=1))
    )
    np.testing.assert_array_equal(train, heldout[::-1])
    np.testing.assert_allclose((samples + 1) * 16, train + 1, atol=0.07)
    with pytest.raises(UserError, match="must be the levels"):
        read_sides(places, Reading(size=8, channels=1, range=(5, 2)))


def test_a_line_of_pixels_takes_no_gigabytes(tmp_path: Path) -> None:
    Image.fromarray(np.arange(60_000, dtype=np.uint32).astype(np.uint8)[None]).save(
        tmp_path / "line.png"
    )
    (line,) = decode_all([tmp_path / "line.png"], 32, 3)["pixels"]
    assert line.shape == (3, 32, 32)


def png_of_16_bits(values: np.ndarray, kind: int) -> bytes:
    """A PNG of 16 bits a channel, shape (height, width, channels), which Pillow does not write;
    `kind` is 2 for RGB, 4 for grey with alpha, 6 for RGBA.
    """
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    parts = ((b"IHDR", struct.pack(">IIBBBBB", *values.shape[1::-1], 16, kind, 0, 0, 0)),)
    parts += ((b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    length = lambda content: struct.pack(">I", len(content))
    framed = (
        length(content) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


@pytest.mark.parametrize(("kind", "channels"), [(2, 3), (4, 2), (6, 4)])
def test_colours_of_16_bits_are_refused_until_they_have_8(
    tmp_path: Path, kind: int, channels: int
) -> None:
    """A camera's 12 bits in 16 would be read as all but black."""
    path = tmp_path / "a.png"
    deep = np.random.default_rng(0).integers(0, 4096, size=(8, 8, channels))
    path.write_bytes(png_of_16_bits(deep, kind))
    told = try_decode(path, 8, 3, Levels())
    assert isinstance(told, str)
    assert told.startswith("16 bits a colour, of which Pillow reads the upper 8;")
    assert told.endswith("PIL.Image.open(FILE).save(FILE)")
    Image.open(path).save(path)
    assert not isinstance(try_decode(path, 8, 3, Levels()), str)
