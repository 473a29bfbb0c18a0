"""A run on images from end to end: digits, small; its pictures, its export to diffusers."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from omegaconf import DictConfig, OmegaConf
from PIL import Image
from scipy.io import savemat

from memctl import data, export
from memctl.data.panels import mosaic
from memctl.errors import UserError
from memctl.experiment import Experiment
from memctl.stages import run as stages

DIGITS = [
    "data=digits", "model=unet2d_8", "model.channels=[8,8]", "data.n_train=24", "data.n_heldout=24",
    "base.epochs=2", "base.batch_size=8", "control.epochs=1", "control.batch_size=8",
    "generate.steps=4", "generate.samples=16", "metrics.repeats=20", "metrics.full=false",
    "logger.mode=disabled",
]  # fmt: skip


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture
def run(composed: Callable[..., DictConfig], runs: Path) -> Path:
    record = stages.task(composed(*DIGITS, f"paths.runs={runs}", "ci.low=700", "ci.high=1000"))
    assert record["split"]["shape"] == [1, 8, 8]
    assert "js_amplitude" not in record["metrics"]
    return runs / "digits" / record["name"]


def test_a_run_on_digits_leaves_images_in_range_and_a_picture(run: Path) -> None:
    samples = np.load(run / "samples.npy")
    assert samples.shape == (16, 1, 8, 8)
    assert np.abs(samples).max() <= 1 + 1e-5  # the predicted x_0 is clipped to the data's range
    assert (run / "samples.png").stat().st_size > 1000


def test_a_run_is_exported_to_diffusers_and_generates_there(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from diffusers import DDPMPipeline

    monkeypatch.setattr(sys, "argv", ["export", str(run), str(tmp_path / "pipeline")])
    export.main()
    loaded = DDPMPipeline.from_pretrained(tmp_path / "pipeline")
    stored = torch.load(run / "checkpoint.pt", weights_only=True)["state"]
    for name, value in loaded.unet.state_dict().items():
        assert torch.equal(value, stored[f"unet.{name}"]), name
    assert loaded.scheduler.config.prediction_type == "epsilon"
    images = loaded(
        batch_size=2,
        num_inference_steps=3,
        output_type="np",
        generator=torch.Generator().manual_seed(0),
    ).images
    assert images.shape == (2, 8, 8, 1)
    assert np.isfinite(images).all()


def test_a_run_that_kept_no_weights_is_not_exported_as_its_base(
    composed: Callable[..., DictConfig], tmp_path: Path, blank_pictures: None
) -> None:
    stages.task(
        composed(
            *DIGITS,
            f"paths.runs={tmp_path}",
            "ci.low=700",
            "ci.high=1000",
            "trainer.keep_checkpoint=false",
        )
    )
    run = tmp_path / "digits" / "cl700_ch1000_s0"
    assert not (run / "checkpoint.pt").exists()
    with pytest.raises(UserError, match=r"with trainer\.keep_checkpoint=false"):
        export.export(run, tmp_path / "pipeline")


def test_what_cannot_be_exported_is_one_message(
    tmp_path: Path, finished_run: Callable[..., Experiment]
) -> None:
    out = subprocess.run(
        [sys.executable, "-m", "memctl.export", str(tmp_path)], capture_output=True, text=True
    )
    assert (out.returncode, out.stderr.count("\n")) == (1, 1)
    assert "is not the folder of a finished run" in out.stderr
    signals = finished_run()
    with pytest.raises(
        UserError, match="is of model=unet1d; diffusers has pipelines for model=unet2d alone"
    ):
        export.export(signals.folder.path, tmp_path / "p")


def test_a_model_for_signals_says_what_to_use(
    composed: Callable[..., DictConfig], runs: Path
) -> None:
    with pytest.raises(UserError, match="model=unet1d is for signals"):
        stages.task(
            composed(
                *DIGITS[:1],
                *DIGITS[3:],
                f"paths.runs={runs}",
                "ci.low=700",
                "ci.high=1000",
                "sweep.name=wrong",
            )
        )


@pytest.mark.parametrize("channels", [1, 3])
def test_a_mosaic_puts_images_side_by_side(channels: int) -> None:
    pictures = np.stack([np.full((channels, 2, 2), v) for v in (-1.0, 0.0, 1.0)])
    found = mosaic(pictures, 2)
    assert found.shape == ((5, 5) if channels == 1 else (5, 5, 3))
    assert found[0, 0] == pytest.approx(0) if channels == 1 else found[0, 0].tolist() == [0, 0, 0]
    np.testing.assert_allclose(found[:2, 3:], 0.5)
    np.testing.assert_allclose(found[3:, :2], 1)


def test_flips_show_every_image_both_ways_and_nothing_else() -> None:
    from memctl.training.batches import Batches

    records = torch.randn(10, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    plain, flipped = (Batches(records, 10, seed=3, flip=flip) for flip in (False, True))
    seen = torch.zeros(2)
    for step in range(60):
        (a, g), (b, h) = plain(step), flipped(step)
        assert (
            g.initial_seed() == h.initial_seed()
        )  # t and noise are those of a training without flips
        same, mirror = ((b - x).abs().amax(dim=(1, 2, 3)) == 0 for x in (a, a.flip(-1)))
        assert (same ^ mirror).all()
        seen += torch.stack([same.sum(), mirror.sum()])
    # 600 fair coins: 300 with a standard deviation of 12.2; 4 of them
    assert abs(float(seen[0]) - 300) <= 49


def test_a_run_shows_its_suspects_beside_their_nearest_records(run: Path) -> None:
    """The table of neighbours against distances taken here; a digit is not its mirror image."""
    found = pd.read_csv(run / "neighbours.csv")
    samples = np.load(run / "samples.npy").reshape(16, -1)
    split = data.load(data.build({"name": "digits", "n_train": 24, "n_heldout": 24}))
    for side, column in ((split.train, "nearest_train"), (split.heldout, "nearest_heldout")):
        d = np.sqrt(((samples[:, None] - side.reshape(len(side), -1)[None]) ** 2).mean(axis=-1))
        np.testing.assert_array_equal(found[column], d.argmin(axis=1))
        np.testing.assert_allclose(
            found["d1" if column == "nearest_train" else "d_heldout"], d.min(axis=1), rtol=1e-4
        )
    for name in ("suspects", "projection", "samples"):
        assert (run / f"{name}.png").stat().st_size > 5000


@pytest.mark.slow
@pytest.mark.parametrize("template", ["pokemon", "flowers102"])
def test_the_paper_scale_takes_real_steps(
    composed: Callable[..., DictConfig], tmp_path: Path, template: str
) -> None:
    """64 pixels, 113 million parameters: two steps of the base, two of control, eight images of two
    reverse steps.
    """
    rng, folder = np.random.default_rng(0), tmp_path / "set"
    (folder / "jpg").mkdir(parents=True)
    for k in range(1, 25):
        pixels = np.kron(
            rng.integers(0, 256, (8, 9, 3), dtype=np.uint8), np.ones((8, 8, 1), dtype=np.uint8)
        )
        Image.fromarray(pixels).save(folder / "jpg" / f"image_{k:05d}.jpg")
    savemat(folder / "imagelabels.mat", {"labels": np.arange(24) % 2})
    cfg = composed(
        f"data.path={folder}", f"paths.runs={tmp_path / 'runs'}", "ci.low=700", "ci.high=1000",
        "data.n_train=8", "data.n_heldout=8", "base.epochs=1", "base.batch_size=4",
        "control.epochs=1", "control.batch_size=4", "generate.samples=8", "generate.batch_size=4",
        "generate.steps=2", "metrics.repeats=20", "probe.examples=8", "probe.bins=2",
        "logger.mode=disabled", config_name=f"multirun_templates/{template}",
    )  # fmt: skip
    OmegaConf.set_struct(cfg, False)
    cfg.pop("hydra", None)
    record = stages.task(cfg)
    assert record["split"]["shape"] == [3, 64, 64]
    assert record["science"]["control"]["lr"] == 1e-4
    assert record["training"]["control"]["steps"] == 2
    samples = np.load(tmp_path / "runs" / template / record["name"] / "samples.npy")
    assert samples.shape == (8, 3, 64, 64)
    assert np.abs(samples).max() <= 1 + 1e-5
