"""The page as a file: it holds what it shows, whatever names records bring, and what fits."""

import base64
import io
import json
import re

import numpy as np
import pytest
from omegaconf import OmegaConf
from PIL import Image

from memctl.analysis.sweep_results import read
from memctl.experiment import Experiment
from memctl.reporting import page
from memctl.reporting.page import again, as_script, examples
from memctl.reporting.page.content import content
from memctl.reporting.page.examples import Amount, packed, smaller
from tests.page_sweep import EVIL, page_sweep


@pytest.fixture
def sweep(finished, tmp_path):
    return read(page_sweep(finished, tmp_path / "s"))


def held(text):
    """What the page's script element of data holds."""
    (found,) = re.findall(r'<script type="application/json" id="content">(.*?)</script>', text)
    return json.loads(found)


@pytest.mark.parametrize("text", ["</script><script>alert(1)</script>", "<!--", "&amp;", "\u2028"])
def test_a_text_cannot_leave_its_script_element(text):
    made = as_script({"name": text})
    assert not set("<>&\u2028") & set(made)
    assert json.loads(made) == {"name": text}


def test_the_page_holds_every_run_and_addresses_nothing(sweep, tmp_path):
    page.write(sweep, tmp_path / "index.html", "lead", [])
    text = (tmp_path / "index.html").read_text()
    known = {run["name"]: run for run in held(text)["runs"]}
    assert {name: run["state"] for name, run in known.items() if run["state"] != "done"} == {
        "cl300_ch500_s0": "failed",
        "cl500_ch1000_s0": "missing",
    }
    assert set(known) - set(sweep.unfinished) == set(sweep.records)
    assert known["cl500_ch1000_s0"]["low"] == 500  # from what was planned
    assert known["cl100_ch300_s0"]["reason"] == EVIL
    assert EVIL not in text
    body = re.sub(r"<script>.*?</script>", "", text, flags=re.S)
    assert re.findall(r'(?:src|href)="(?!#|data:)[^"]*"', body) == []


def test_suspects_lie_beside_their_nearest_examples(sweep):
    shown = examples.gallery(sweep, examples.Splits(sweep), Amount())
    run = shown.runs["uniform_s0"]
    split = examples.Splits(sweep).of("uniform_s0")
    place, index = run["suspects"][0]["train"]
    assert shown.real[place] == packed(split.train[[index]], *shown.range)
    ratios = [entry["ratio"] for entry in run["suspects"]]
    assert ratios == sorted(ratios)
    assert len(ratios) == 8


def test_a_runs_own_pictures_are_on_the_page(sweep):
    shown = examples.gallery(sweep, examples.Splits(sweep), Amount())
    for name, known in shown.runs.items():
        assert [*known["pictures"]] == ["ratios", "projection"]
        for picture, text in known["pictures"].items():
            path = sweep.folder(name).path / f"{picture}.png"
            held = base64.b64decode(text)
            assert len(held) < path.stat().st_size / 2
            with Image.open(io.BytesIO(held)) as small, Image.open(path) as whole:
                assert small.size == whole.size
                off = np.abs(np.asarray(small.convert("RGB"), float) - whole.convert("RGB"))
            assert off.mean() < 1  # of 255
    (sweep.folder("uniform_s0").path / "ratios.png").write_bytes(b"\x89PNG")
    again = examples.gallery(sweep, examples.Splits(sweep), Amount())
    assert [*again.runs["uniform_s0"]["pictures"]] == ["projection"]


def test_without_the_data_samples_are_shown_alone(sweep):
    path = sweep.folder("uniform_s0").config
    for name in sweep.records:
        config = OmegaConf.load(path)
        config.data.n_train = 20
        OmegaConf.save(config, sweep.folder(name).config)
    shown = examples.gallery(sweep, examples.Splits(sweep), Amount())
    assert shown.missing == "the data has changed since"
    assert shown.real == []
    assert "train" not in shown.runs["uniform_s0"]["suspects"][0]


def test_a_page_that_would_be_too_large_shows_fewer_and_says_so(sweep, tmp_path, monkeypatch):
    page.write(sweep, tmp_path / "a.html", "lead", [])
    whole = (tmp_path / "a.html").stat().st_size
    for name, less, samples, said in (
        ("b", 1000, 16, "The runs&#39; own ratios and projection are not shown."),
        ("c", 1000, 8, "8 samples and 4 suspects a run are shown"),
    ):
        monkeypatch.setattr(page, "LARGEST", whole - less)
        page.write(sweep, tmp_path / f"{name}.html", "lead", [])
        text = (tmp_path / f"{name}.html").read_text()
        assert len(text) < whole - less
        assert held(text)["amount"]["samples"] == samples
        assert said in text
        assert re.search(r"More would make this page larger than \d+ MB", text)
        whole = len(text)


def test_examples_are_made_smaller_by_means_and_by_every_kth_point():
    image = np.arange(16.0).reshape(1, 1, 4, 4)
    assert smaller(image, 2).tolist() == [[[[2.5, 4.5], [10.5, 12.5]]]]
    assert smaller(np.zeros((2, 9, 1000)), 2).shape == (2, 4, 256)
    assert packed(np.array([[0.0, 5.0, 10.0, np.nan]]), 0, 10) == "AID/AA=="  # 0, 128, 255, 0


@pytest.mark.parametrize(
    "overrides",
    [
        [],
        ["sampler=uniform", "seed=3"],
        ["sampler=mixture", "generate=ddpm", "weighting=min_snr", "weighting.gamma=3"],
        [
            "data=digits",
            "model=unet2d_8",
            "model.norm_groups=4",
            "data.n_train=60",
            "start=scratch",
            "base.lr=2e-3",
        ],
        ["metrics=unit_range", "diffusion=zero_snr", "sweep.tag=a-b", "model.dropout=0.1"],
        ["sampler=switch", "ci.low=100", "ci.high=400", "sweep.name='a b'"],
    ],
)
def test_the_command_makes_the_same_run(experiment, composed, overrides):
    made = experiment(*overrides)
    saved = OmegaConf.to_container(OmegaConf.structured(made.config))
    config = composed(*again.overrides(saved))
    config.paths.runs = str(made.runs)
    remade = Experiment.of(config)
    assert remade.fingerprint == made.fingerprint
    assert remade.folder.path == made.folder.path


def test_settings_that_runs_share_stand_once(sweep):
    known = content(sweep, page.pd.DataFrame())
    run = next(run for run in known["runs"] if run["name"] == "cl100_ch300_s0")
    assert run["config"]["ci.high"] == "300.0"
    assert "data.n_train" not in run["config"]
    assert known["shared"]["data.n_train"] == "24"
