"""Image data sets of the Hugging Face library, from disk: no network."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Picture

from memctl import data
from memctl.errors import UserError

datasets = pytest.importorskip("datasets")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hub") / "set"
    rng = np.random.default_rng(0)
    pictures = [
        Picture.fromarray(rng.integers(0, 256, (18, 16, 3), dtype=np.uint8)) for _ in range(24)
    ]
    rows = {
        "picture": [*pictures, pictures[3]],
        "kind": [k % 2 for k in range(25)],
        "note": ["x"] * 25,
    }
    features = datasets.Features(
        {
            "picture": datasets.Image(),
            "kind": datasets.Value("int64"),
            "note": datasets.Value("string"),
        }
    )
    datasets.DatasetDict(
        {"train": datasets.Dataset.from_dict(rows, features=features)}
    ).save_to_disk(str(folder))
    return folder


def source(path: Path | str, **settings: Any) -> Any:
    return data.build(
        {
            "name": "huggingface",
            "path": str(path),
            "image": "picture",
            "label": "kind",
            "size": 16,
            **settings,
        }
    )


def test_a_saved_set_is_read_as_a_folder_of_the_same_images_is(saved: Path, tmp_path: Path) -> None:
    rows = datasets.load_from_disk(str(saved))["train"]
    for k, row in enumerate(rows):
        row["picture"].save(tmp_path / f"{k:02d}.png")
    ours, theirs = (
        source(saved).read(),
        data.build({"name": "images", "path": str(tmp_path), "size": 16}).read(),
    )
    np.testing.assert_array_equal(ours.values, theirs.values)
    assert ours.dropped == theirs.dropped == {"exact duplicate": 1}
    assert ours.labels is not None
    np.testing.assert_array_equal(ours.labels, [k % 2 for k in range(24)])


def test_its_digest_is_of_the_images(saved: Path, tmp_path: Path) -> None:
    first = source(saved)
    assert first.digest() == source(saved).digest()
    rows = datasets.load_from_disk(str(saved))["train"].select(range(20))
    rows.save_to_disk(str(tmp_path / "fewer"))  # without parts
    assert source(tmp_path / "fewer").digest() != first.digest()
    assert len(source(tmp_path / "fewer").read().values) == 20
    split = data.load(first)
    assert split.train.shape == (12, 3, 16, 16)
    assert sorted(split.train_labels) == [0] * 6 + [1] * 6


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"part": "trian"}, r"has no part trian \(did you mean train\?\); it has train"),
        ({"image": "pictures"}, r"has no column pictures \(did you mean picture\?\)"),
        ({"image": "note"}, "column note does not hold images"),
        ({"label": "class"}, "has no column class"),
        ({"path": ""}, "needs data.path=NAME"),
        (
            {"path": "/nowhere/at/all"},
            "data set /nowhere/at/all cannot be loaded .*check its name and the network",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_what_is_wrong_is_said_in_one_line(
    saved: Path, settings: dict[str, str], message: str
) -> None:
    with pytest.raises(UserError, match=message) as error:
        source(settings.pop("path", saved), **settings).read()
    assert "\n" not in str(error.value)


def test_without_the_library_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "datasets", None)
    with pytest.raises(UserError, match="pip install 'datasets>=3,<6'"):
        source("somewhere/else").read()


def test_flowers_come_from_the_hub_too(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = datasets.load_from_disk(str(saved))["train"].rename_column("picture", "image")
    monkeypatch.setattr(
        datasets, "load_dataset", lambda name: datasets.DatasetDict({"train": rows})
    )
    flowers = data.build({"name": "flowers102", "hub": "somebody/flowers", "size": 16})
    assert len(data.load(flowers).train) == 12
    assert flowers.digest() == source(saved).digest()
