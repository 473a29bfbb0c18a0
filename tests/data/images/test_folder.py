"""What is an image in a folder, and what is passed over and why."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from memctl import data
from memctl.data.images.folder import endings, find_images, said
from memctl.data.user_files import Reading, read, read_sides
from memctl.errors import UserError


def picture(path: Path, seed: int = 0, **how: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.random.default_rng(seed).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    Image.fromarray(values).save(path, **how)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for k in range(12):
        picture(tmp_path / "set" / f"{k:02d}.png", k)
    return tmp_path / "set"


def test_linked_folders_are_looked_through_and_loops_end(folder: Path, tmp_path: Path) -> None:
    picture(tmp_path / "elsewhere" / "x.png", 50)
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    (folder / "loop").symlink_to(folder)
    (folder / "up").symlink_to(tmp_path)  # where the other sides lie
    (folder / "gone.png").symlink_to(tmp_path / "nowhere.png")
    (folder / "one.png").symlink_to(tmp_path / "elsewhere" / "x.png")
    found = find_images(folder)
    names = [file.relative_to(folder).as_posix() for file in found.files]
    assert names == [*(f"{k:02d}.png" for k in range(12)), "linked/x.png", "one.png"]
    assert found.passed == {"links to nothing": 1, "links to a folder that holds them": 2}
    assert "1 links to nothing" in read(str(folder), 12).notes[0]


def test_hidden_and_foreign_folders_are_passed_over_and_counted(folder: Path) -> None:
    for place in (".ipynb_checkpoints", "@eaDir/00.png", "__MACOSX", "more/.thumbnails"):
        picture(folder / place / "00.jpg")
    for name in ("Thumbs.db", ".DS_Store", "._00.png", "notes.txt", "README"):
        (folder / name).write_bytes(b"x")
    found = find_images(folder)
    assert len(found.files) == 12
    assert sum(found.passed.values()) == 9
    assert said(found.passed).startswith("2 hidden files, ")
    assert found.passed["in hidden folders and those of other programs"] == 4
    assert found.passed["not of an image's ending (.db)"] == 1
    assert found.passed["not of an image's ending (none)"] == 1
    source = data.build({"name": "images", "path": str(folder), "size": 12})
    assert source.read().dropped == found.passed


def test_every_ending_that_pillow_reads(tmp_path: Path) -> None:
    for ending, kind in {
        ".jfif": "JPEG", ".JPE": "JPEG", ".jpg": "JPEG", ".tga": "TGA", ".pbm": "PPM",
        ".jp2": "JPEG2000", ".dib": "DIB", ".webp": "WEBP", ".apng": "PNG",
    }.items():  # fmt: skip
        picture(tmp_path / f"a{ending}", format=kind)
    assert len(find_images(tmp_path).files) == 9
    assert {".avif", ".jfif", ".tiff"} <= endings()
    assert endings().isdisjoint({".pdf", ".eps", ".mpg", ".h5", ".ico", ".txt"})


def test_the_frames_of_stacks_and_animations_that_are_not_used_are_counted(folder: Path) -> None:
    frames = [Image.fromarray(np.full((12, 12), k, dtype=np.uint8)) for k in (10, 20, 30)]
    for name in ("stack.tif", "moving.gif"):
        frames[0].save(folder / name, save_all=True, append_images=frames[1:])
    source = data.build({"name": "images", "path": str(folder), "size": 12, "near": 0})
    (text,) = (why for why in source.read().dropped if "frames" in why)
    assert source.read().dropped[text] == 4
    assert "moving.gif" in text
    assert "stack.tif" in text
    assert f"4 {text}" in read(str(folder), 12).notes[0]


@pytest.mark.parametrize(
    "names",
    [
        ("evaluation.json", "metrics.csv"),
        ("status.json", "config.yaml"),
        ("duplicates.csv", "duplicates.png"),
        ("index.html", "table.csv", "table.parquet"),
    ],
    ids=str,
)
def test_what_memctl_wrote_is_passed_over(folder: Path, names: tuple[str, ...]) -> None:
    for name in names:
        (folder / "out").mkdir(exist_ok=True)
        (folder / "out" / name).write_bytes(b"")
    picture(folder / "out" / "samples.png")
    found = find_images(folder)
    assert len(found.files) == 12
    assert found.passed == {"in folders that memctl wrote": len(names) + 1}


def test_a_side_in_another_is_refused(folder: Path) -> None:
    for k in range(9):
        picture(folder / "inner" / f"{k}.png", k)
    with pytest.raises(UserError, match="so its images would be read as both"):
        read_sides([str(folder), str(folder / "inner")], Reading(12))


def test_names_that_are_no_text_are_shown(folder: Path) -> None:
    odd = folder / os.fsdecode(b"caf\xe9.png")
    (folder / "00.png").rename(odd)
    (folder / "01.png").rename(folder / "two\nlines.png")
    names = read(str(folder), 12).names.tolist()
    assert "caf\\xe9.png" in names
    assert "two lines.png" in names
    odd.rename(odd.with_suffix(".txt"))
    (folder / "02.png").write_bytes(b"no image")
    with pytest.raises(UserError, match=r"02\.png \(no image that Pillow knows\)"):
        read(str(folder), 12)


def test_an_image_of_too_many_pixels_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50)
    with pytest.raises(UserError, match="more than 0 megapixels; scale it down"):
        read(str(folder), 12)


def test_images_that_look_alike_say_what_to_do(tmp_path: Path) -> None:
    base = np.random.default_rng(0).integers(0, 200, (16, 16, 3))
    for k in range(20):
        values = (base + np.random.default_rng(k).integers(0, 9, (16, 16, 3))).astype(np.uint8)
        Image.fromarray(values).save(tmp_path / f"{k}.png")
    with pytest.raises(UserError, match=r"Left out: 19 near duplicate; .* a lower data\.near"):
        data.load(data.build({"name": "images", "path": str(tmp_path), "size": 16}))
