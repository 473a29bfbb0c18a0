"""Images of every mode and size become uint8 squares as the recipe has it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from memctl.data.images.decode import decode


def put(path: Path, image: Image.Image, **how: object) -> Path:
    image.save(path, **how)
    return path


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "LA", "P", "1", "CMYK", "I;16"])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_mode(tmp_path: Path, mode: str, channels: int) -> None:
    size = (40, 30)
    image = (
        Image.fromarray(np.full((30, 40), 30000, dtype=np.uint16))
        if mode == "I;16"
        else Image.new("RGB", size, "white").convert(mode)
    )
    ending = "tif" if mode == "CMYK" else "png"
    found = decode(put(tmp_path / f"a.{ending}", image), 16, channels)
    assert (found.dtype, found.shape) == (np.uint8, (channels, 16, 16))
    assert np.ptp(found) == 0
    assert (
        abs(int(found[0, 0, 0]) - (117 if mode == "I;16" else 255)) <= 1
    )  # 30000 / 65535 x 255 = 116.7


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    image = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (0, 0, 4, 8))
    found = decode(put(tmp_path / "a.png", image), 8, 3)
    assert found[:, 0, 7].tolist() == [255, 255, 255]
    assert found[:, 0, 0].tolist() == [0, 0, 255]
    palette = Image.new("P", (8, 8), 1)
    palette.putpalette([10, 20, 30, 0, 0, 0])
    assert decode(put(tmp_path / "b.png", palette, transparency=1), 8, 3).min() == 255


def test_the_centre_of_a_wide_image_is_kept(tmp_path: Path) -> None:
    values = np.zeros((8, 24), dtype=np.uint8)
    values[:, 8:16] = 200
    for image in (values, values.T):
        assert (decode(put(tmp_path / "a.png", Image.fromarray(image)), 8, 1) == 200).all()


def test_it_is_pillows_bilinear_resize(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 256, (50, 50, 3), dtype=np.uint8)
    path = put(tmp_path / "a.png", Image.fromarray(values))
    expected = np.asarray(
        Image.fromarray(values).resize((20, 20), Image.Resampling.BILINEAR)
    ).transpose(2, 0, 1)
    np.testing.assert_array_equal(decode(path, 20, 3), expected)


def test_the_cameras_orientation_is_obeyed(tmp_path: Path) -> None:
    values = np.zeros((8, 8), dtype=np.uint8)
    values[0] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    found = decode(put(tmp_path / "a.png", Image.fromarray(values), exif=exif), 8, 1)
    assert (found[0, :, 7] == 255).all()
    assert found[0, :, :7].max() == 0


def test_a_smaller_image_grows(tmp_path: Path) -> None:
    assert (
        decode(put(tmp_path / "a.png", Image.new("L", (3, 5), 77)), 16, 1).tolist()
        == np.full((1, 16, 16), 77).tolist()
    )


@pytest.mark.parametrize(
    "content", [b"", b"not an image", b"\x89PNG\r\n\x1a\n torn"], ids=["empty", "text", "torn"]
)
def test_a_broken_file_raises(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(Exception):  # noqa: B017  (of Pillow's many kinds)
        decode(tmp_path / "a.png", 8, 3)
