"""Files from a stranger: nothing in them runs, none leads out of its place, and nothing of the
user's goes into what is passed on. Templates are in tests/sweep/test_no_code.py.
"""

import hashlib
import io
import json
import os
import pickle
import re
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import UNet2DModel
from omegaconf import OmegaConf

from memctl import data
from memctl.data import ecg5000
from memctl.data.images import flowers102
from memctl.errors import UserError
from memctl.experiment import Experiment
from memctl.files import REFUSED
from memctl.models.pretrained import Pretrained
from memctl.reporting import report
from memctl.stages.anew import measure_run
from memctl.training import checkpoint
from tests.conftest import BLANK

Make = Callable[..., Experiment]
Memctl = Callable[..., tuple[int, str]]
MARKUP = "<script>alert(1)</script>"


class Bomb:
    """Leaves a mark when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """What a bomb leaves; it works where it is unpickled."""
    pickle.loads(pickle.dumps(Bomb(tmp_path / "tried")))
    assert (tmp_path / "tried").exists()
    return tmp_path / "mark"


def test_samples_of_objects(finished_run: Make, memctl: Memctl, mark: Path) -> None:
    folder = finished_run().folder
    np.save(folder.samples, np.array([Bomb(mark)], dtype=object), allow_pickle=True)
    (folder.path / "made.json").unlink(missing_ok=True)
    for arguments in (
        ("evaluate", str(folder.path)),
        ("evaluate", str(folder.samples), "--train", str(folder.samples), "--heldout", "x.npy"),
    ):
        code, out = memctl(*arguments)
        assert code == 1
        assert out.splitlines()[-1].startswith("memctl: ")
        assert "Traceback" not in out
    assert not mark.exists()


def test_a_base_that_is_a_pickle(tmp_path: Path, mark: Path) -> None:
    path = tmp_path / "base.pt"
    torch.save({"format": 1, "made_from": {}, "state": {"a": Bomb(mark)}}, path)
    with pytest.raises(UserError, match="is not a memctl checkpoint, or is damaged"):
        checkpoint.read(path)
    path.write_bytes(pickle.dumps(Bomb(mark)))
    with pytest.raises(UserError, match="is not a memctl checkpoint, or is damaged"):
        checkpoint.read(path)
    assert not mark.exists()


@pytest.mark.parametrize("place", ["diffusion_pytorch_model.bin", "../elsewhere.bin"])
def test_weights_of_diffusers_that_are_a_pickle(tmp_path: Path, mark: Path, place: str) -> None:
    """Beside the config, or outside, where the index of shards says."""
    folder = tmp_path / "unet"
    UNet2DModel(
        sample_size=8,
        in_channels=1,
        out_channels=1,
        block_out_channels=(8,),
        norm_num_groups=4,
        down_block_types=("DownBlock2D",),
        up_block_types=("UpBlock2D",),
    ).save_pretrained(folder)
    (folder / "diffusion_pytorch_model.safetensors").unlink()
    torch.save({"conv_in.weight": Bomb(mark)}, folder / place)
    if place.startswith(".."):
        index = {"metadata": {}, "weight_map": {"conv_in.weight": place}}
        (folder / "diffusion_pytorch_model.bin.index.json").write_text(json.dumps(index))
    found = Pretrained.find(str(folder))
    assert found is not None
    with pytest.raises(UserError, match="cannot be loaded"):
        found.model(UNet2DModel)
    assert not mark.exists()


def test_a_data_set_that_is_a_script(tmp_path: Path, mark: Path) -> None:
    pytest.importorskip("datasets")
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "theirs.py").write_text(f"import os\nos.mkdir({str(mark)!r})\n")
    with pytest.raises(UserError, match="cannot be loaded"):
        data.build({"name": "huggingface", "path": str(folder)}).read()
    assert not mark.exists()


def test_an_archive_whose_members_lead_out_of_it(
    tmp_path: Path, mark: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = tmp_path / "packed"
    packed.mkdir()
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo(f"../../{mark.name}"))
    files = {"102flowers.tgz": content.getvalue(), "imagelabels.mat": b"", "setid.mat": b""}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(f"../../{mark.name}", b"")
        for name in ecg5000.SHA256:
            archive.writestr(name, b"1 2 3\n")
    files["ECG5000.zip"] = content.getvalue()

    def fetched(url: str, path: Path, known_hash: str | None = None) -> Path:
        path.write_bytes(files[path.name])
        return path

    for module in (flowers102, ecg5000):
        monkeypatch.setattr(module, "fetch", fetched)
    plain = {name: hashlib.sha256(b"1 2 3\n").hexdigest() for name in ecg5000.SHA256}
    monkeypatch.setattr(ecg5000, "SHA256", plain)
    with pytest.raises(UserError, match="could not be downloaded"):
        flowers102.download("http://there", tmp_path / "a" / "flowers")
    ecg5000.download("http://there", tmp_path / "a" / "ecg")
    assert sorted(path.name for path in (tmp_path / "a" / "ecg").iterdir()) == sorted(plain)
    assert list(tmp_path.rglob(mark.name)) == []


@BLANK
def test_names_in_a_record_are_text(finished_run: Make, tmp_path: Path) -> None:
    """Neither markup of the page nor paths: what the report writes lies in its own folder."""
    experiment = finished_run()
    folder = experiment.folder
    record: dict[str, Any] = folder.record() or {}
    for key, value in (("host", MARKUP), ("finished", MARKUP), ("device", f"../../{MARKUP}")):
        record["environment"][key] = value
    record["sweep"] = f"../../{MARKUP}"
    record["science"]["data"]["name"] = MARKUP
    record["verdict"]["reason"] = record["verdict"]["word"] = MARKUP
    for answer in record["answers"].values():
        answer["text"] = answer["question"] = MARKUP
    folder.save_record(record)
    other = folder.path.parent / "<img src=x onerror=alert(2)>_s0"
    shutil.copytree(folder.path, other)
    (other / "record.json").write_text(json.dumps({**record, "name": "../../elsewhere"}))
    before = {path for path in tmp_path.rglob("*")}
    report.write(folder.path.parent, io.StringIO())
    written = {path for path in tmp_path.rglob("*")} - before
    assert {path.relative_to(folder.path.parent).parts[0] for path in written} == {"report"}
    page = (folder.path.parent / "report" / "index.html").read_text()
    assert "&lt;script&gt;" in page
    assert MARKUP not in page
    assert "<img src=x" not in page


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("base", {"path": "somebody/nothing"}, "`hf download somebody/nothing` fetches it"),
        (
            "data",
            {"name": "huggingface", "path": "somebody/nothing"},
            "`memctl data data=huggingface data.path=somebody/nothing` fetches it",
        ),
        ("data", {"name": "ecg5000", "path": "there"}, "Put ECG5000_TRAIN and ECG5000_TEST"),
        ("data", {"name": "flowers102", "path": "there"}, "Unpack 102flowers.tgz"),
    ],
    ids=["base", "hub", "ecg5000", "flowers102"],
)
def test_what_a_run_names_is_not_fetched(
    setting: str,
    value: dict[str, str],
    told: str,
    finished_run: Make,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    folder, asked = finished_run().folder, list[Any]()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("socket.getaddrinfo", lambda *a, **_: asked.append(a) or [])
    saved = OmegaConf.load(folder.config)
    saved[setting] = {**saved[setting], **value} if setting == "base" else value
    folder.config.write_text(OmegaConf.to_yaml(saved))
    with pytest.raises(UserError, match=re.escape(REFUSED)) as error:
        measure_run(folder, [])
    assert asked == []
    assert told in str(error.value)
    assert not (tmp_path / "there").exists()
