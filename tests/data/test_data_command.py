"""python -m memctl.data: what it says of a data set, and of images that are one."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hydra.core.global_hydra import GlobalHydra
from PIL import Image

from memctl.data import __main__ as command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twenty images, and three more: two copies and a mirror image."""
    out = tmp_path / "pictures"
    out.mkdir()
    pictures = [
        Image.fromarray(np.random.default_rng(k).integers(0, 256, (16, 16, 3), dtype=np.uint8))
        for k in range(20)
    ]
    for k, picture in enumerate(pictures):
        picture.save(out / f"{k:02d}.png")
    pictures[3].save(out / "y1.png")
    pictures[4].save(out / "y2.png")
    pictures[5].transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(out / "y3.png")
    return out


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["memctl.data", *arguments])
    command.main()


def test_a_data_set_is_described(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    run(monkeypatch, "data.n_train=100", "data.n_heldout=50")
    out = capfd.readouterr().out.splitlines()
    assert out[0].startswith("data=mitdb208: 491 examples of 1x140, values -")
    assert out[1].startswith("left out: ")
    assert out[2].endswith("100 train, 50 held-out, 341 unused")


def test_a_template_gives_its_data_and_sweeps_nothing(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    GlobalHydra.instance().clear()
    run(
        monkeypatch, "data.n_train=60", f"paths.runs={tmp_path}", "-cn", "multirun_templates/digits"
    )
    assert capfd.readouterr().out.startswith("data=digits: 1797 examples of 1x8x8")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SystemExit, match="memctl: -m asks for a sweep"):
        run(monkeypatch, "-m", "data=digits")


def test_images_that_are_one_are_listed_and_shown(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    run(monkeypatch, "data=images", f"data.path={folder}", "data.size=16", f"paths.runs={runs}")
    assert "left out: 2 exact duplicate, 1 mirror image of another" in (
        out := capfd.readouterr().out
    )
    assert f"3 pairs of images are one: {runs / 'data' / 'images' / 'duplicates.csv'}" in out
    found = pd.read_csv(runs / "data" / "images" / "duplicates.csv")
    assert [tuple(row) for row in found[["first", "second", "kind"]].itertuples(index=False)] == [
        ("03.png", "y1.png", "exact duplicate"),
        ("04.png", "y2.png", "exact duplicate"),
        ("05.png", "y3.png", "mirror image of another"),
    ]
    assert (runs / "data" / "images" / "duplicates.png").stat().st_size > 10_000


def test_a_mistake_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"memctl: data.path=.* is not a folder"):
        run(monkeypatch, "data=images", f"data.path={tmp_path / 'nothing'}")
