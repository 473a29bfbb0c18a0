"""The image data sets: files, labels, broken ones, duplicates, cache, and a split of them."""

import hashlib
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from memctl import data
from memctl.data.images import flowers102
from memctl.data.images.source import decode_all
from memctl.errors import UserError
from tests.data.conftest import Server

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"


def picture(seed: int, size: tuple[int, int] = (20, 16)) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Thirty images, two of them copies, one a mirror image, one in a folder of its own."""
    out = tmp_path / "pictures"
    (out / "more").mkdir(parents=True)
    for k in range(26):
        picture(k).save(out / f"{k:02d}.png")
    picture(99).save(out / "more" / "x.png")
    picture(3).save(out / "y1.png")
    picture(4).save(out / "y2.png")
    picture(5).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(out / "y3.png")
    return out


def images(folder: Path, **settings: Any) -> Any:
    return data.build({"name": "images", "path": str(folder), "size": 16, **settings})


def test_a_folder_is_read_without_its_duplicates(folder: Path) -> None:
    split = data.load(images(folder))
    assert split.train.shape == (13, 3, 16, 16)
    assert split.train.dtype == np.float32
    assert split.train.min() >= -1
    assert split.train.max() <= 1
    assert split.value_range == (-1, 1)
    assert split.summary["dropped"] == {"exact duplicate": 2, "mirror image of another": 1}
    both = np.concatenate([split.train, split.heldout])
    for k in (3, 4, 5):
        mine = (
            np.asarray(Image.open(folder / f"{k:02d}.png").crop((0, 2, 16, 18))).transpose(2, 0, 1)
            / 127.5
            - 1
        )
        assert (
            sum(
                np.abs(x - mine).max() < 1e-6 or np.abs(x[..., ::-1] - mine).max() < 1e-6
                for x in both
            )
            == 1
        )


def test_broken_files_are_named_and_refused_or_skipped(folder: Path) -> None:
    (folder / "bad.jpg").write_bytes(b"no image")
    why = r"bad\.jpg \(no image that Pillow knows\) cannot be read as images.*data\.broken=skip"
    with pytest.raises(UserError, match=why):
        data.load(images(folder))
    split = data.load(images(folder, broken="skip"))
    assert any("bad.jpg" in reason for reason in split.summary["dropped"])
    assert len(split.train) == 13


def test_decoding_is_kept_by_content(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = images(folder, cache=str(tmp_path / "cache"))
    first = data.load(source)
    kept = sorted((tmp_path / "cache").iterdir())
    assert len(kept) == 2  # the pixels, and which of them are one
    monkeypatch.setattr("memctl.data.images.decode.decode", lambda *a: pytest.fail("decoded again"))
    monkeypatch.setattr(
        "memctl.data.images.duplicates.find_duplicates", lambda *a: pytest.fail("compared again")
    )
    assert data.load(source).hash == first.hash
    monkeypatch.undo()
    for path in kept:
        path.write_bytes(path.read_bytes()[:200])  # torn: made again
    assert data.load(source).hash == first.hash
    picture(77).save(folder / "00.png")
    assert data.load(images(folder, cache=str(tmp_path / "cache"))).hash != first.hash


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    assert len(data.load(images(folder, cache=str(tmp_path / "file" / "cache"))).train) == 13


def test_the_digest_is_of_the_contents(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    folder.rename(other)
    before = images(other).digest()
    assert images(other.rename(tmp_path / "third")).digest() == before
    picture(55).save(tmp_path / "third" / "01.png")
    assert images(tmp_path / "third").digest() != before


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"size": 2}, "data.size=2 must be at least 4"),
        ({"channels": 2}, "data.channels=2 must be 3"),
        ({"near": 1.5}, r"data.near=1.5 must be in"),
        ({"broken": "ignore"}, "data.broken=ignore must be refuse or skip"),
    ],
    ids=str,
)
def test_wrong_settings(folder: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        images(folder, **settings)


def test_missing_and_empty_folders(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"needs data\.path=FOLDER"):
        data.build({"name": "images"}).files()
    with pytest.raises(UserError, match="nowhere is not a folder"):
        images(tmp_path / "nowhere").files()
    with pytest.raises(UserError, match="holds no image"):
        images(tmp_path).files()
    with pytest.raises(UserError, match=r"pokemon.*unpack https://www.kaggle.com"):
        data.build({"name": "pokemon", "path": str(tmp_path / "pokemon")}).files()
    (tmp_path / "a.png").write_bytes(b"x")
    with pytest.raises(UserError, match="none of the 1 files"):
        data.load(images(tmp_path, broken="skip"))


def test_the_digits_need_nothing() -> None:
    split = data.load(data.build({"name": "digits"}))
    assert split.train.shape == split.heldout.shape == (500, 1, 8, 8)
    assert split.train_labels is not None
    assert split.heldout_labels is not None
    # stratified: each digit's share is the same on both sides, to within one example a class
    assert np.abs(np.bincount(split.train_labels) - np.bincount(split.heldout_labels)).max() <= 2
    assert (split.train.min(), split.train.max()) == (-1, 1)


def flowers(folder: Path, n: int = 24) -> Path:
    (folder / "jpg").mkdir(parents=True)
    for k in range(1, n + 1):
        picture(k).save(folder / "jpg" / f"image_{k:05d}.jpg")
    savemat(folder / "imagelabels.mat", {"labels": np.arange(n)[None] % 3 + 1})
    return folder


def test_flowers_have_the_labels_of_their_numbers(tmp_path: Path) -> None:
    source = data.build({"name": "flowers102", "path": str(flowers(tmp_path / "f")), "size": 16})
    split = data.load(source)
    assert np.bincount(split.train_labels).tolist() == [0, 4, 4, 4]
    (tmp_path / "f" / "jpg" / "image_00005.jpg").unlink()
    assert source.labels().tolist() == [(k - 1) % 3 + 1 for k in range(1, 25) if k != 5]


def test_flowers_with_foreign_labels_are_refused(tmp_path: Path) -> None:
    source = data.build({"name": "flowers102", "path": str(flowers(tmp_path / "f")), "size": 16})
    savemat(tmp_path / "f" / "imagelabels.mat", {"labels": np.arange(5)[None]})
    with pytest.raises(UserError, match="holds 5 labels, which are not those of the 24 images"):
        data.load(source)
    (tmp_path / "f" / "imagelabels.mat").write_bytes(b"torn")
    with pytest.raises(UserError, match=r"imagelabels.mat cannot be read"):
        data.load(source)


def test_flowers_without_a_network_say_what_to_do(tmp_path: Path, closed: str) -> None:
    source = data.build({"name": "flowers102", "path": str(tmp_path / "f"), "url": closed})
    message = rf"could not be downloaded \(no answer from {closed[7:]}\)\. Unpack 102flowers.tgz"
    with pytest.raises(UserError, match=message):
        source.files()
    assert not (tmp_path / "f").exists()


def test_a_download_is_checked_and_unpacked(
    tmp_path: Path,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    made = flowers(tmp_path / "made")
    savemat(made / "setid.mat", {"trnid": np.arange(3)})
    with tarfile.open(made / "102flowers.tgz", "w:gz") as archive:
        archive.add(made / "jpg", "jpg")
    server.files = {name: (made / name).read_bytes() for name in flowers102.MD5}
    sums = {name: hashlib.md5(content).hexdigest() for name, content in server.files.items()}
    monkeypatch.setattr(flowers102, "MD5", sums)
    spec = {"name": "flowers102", "url": server.url, "size": 16}
    assert len(data.build({**spec, "path": str(tmp_path / "f")}).images()) == 24
    assert server.requests == 3
    assert sorted(p.name for p in (tmp_path / "f").iterdir()) == [
        "imagelabels.mat",
        "jpg",
        "setid.mat",
    ]
    out, err = capfd.readouterr()
    assert out.startswith("downloading Flowers-102 (345 MB)")
    assert (out.count("\n"), err) == (1, "")  # no progress bar, and nothing of the library's own
    server.files["setid.mat"] += b"more"
    with pytest.raises(UserError, match=r"setid\.mat.* does not match the known hash"):
        data.build({**spec, "path": str(tmp_path / "g")}).files()
    assert not (tmp_path / "g").exists()


@pytest.mark.skipif(
    not (SHARED / "flowers-102").is_dir(), reason="the real Flowers-102 is not on this machine"
)
def test_the_real_flowers_known_duplicates_are_found() -> None:
    from memctl.data.images.duplicates import find_duplicates

    source = data.build({"name": "flowers102", "path": str(SHARED / "flowers-102"), "size": 64})
    paths = source.images()
    assert len(paths) == 8189
    chosen = [
        p for p in paths if 7000 <= int(p.stem[-5:]) <= 8189
    ]  # where they lie, and a thousand others
    found = decode_all(chosen, 64, 3)
    assert not len(found["broken"])
    found = find_duplicates(found["pixels"], 0.0)
    exact = {tuple(int(chosen[k].stem[-5:]) for k in pair) for pair in found.pairs}
    assert exact == {(7307, 7309), (7323, 7328), (7015, 7040), (7885, 7886), (8067, 8077)}
