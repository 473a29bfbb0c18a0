"""A run on images from end to end: digits, small; its pictures, its export to diffusers."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from omegaconf import DictConfig

from memctl import export, pipeline
from memctl.data.drawing import mosaic
from memctl.errors import UserError

DIGITS = [
    "data=digits", "model=unet2d_8", "model.channels=[8,8]", "data.n_train=24", "data.n_heldout=24", "base.epochs=2",
    "base.batch_size=8", "control.epochs=1", "control.batch_size=8", "generate.steps=4", "generate.samples=16", "metrics.repeats=20",
    "logger.mode=disabled",
]  # fmt: skip


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture
def run(composed: Callable[..., DictConfig], runs: Path) -> Path:
    record = pipeline.task(composed(*DIGITS, f"paths.runs={runs}", "ci.low=700", "ci.high=1000"))
    assert record["split"]["shape"] == [1, 8, 8]
    assert "js_amplitude" not in record["metrics"]
    return runs / "digits" / record["name"]


def test_a_run_on_digits_leaves_images_in_range_and_a_picture(run: Path) -> None:
    samples = np.load(run / "samples.npy")
    assert samples.shape == (16, 1, 8, 8)
    assert np.abs(samples).max() <= 1 + 1e-5  # the predicted x_0 is clipped to the data's range
    assert (run / "samples.png").stat().st_size > 1000


def test_a_run_is_exported_to_diffusers_and_generates_there(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from diffusers import DDPMPipeline

    monkeypatch.setattr(sys, "argv", ["export", str(run), str(tmp_path / "pipeline")])
    export.main()
    loaded = DDPMPipeline.from_pretrained(tmp_path / "pipeline")
    stored = torch.load(run / "checkpoint.pt", weights_only=True)["state"]
    for name, value in loaded.unet.state_dict().items():
        assert torch.equal(value, stored[f"unet.{name}"]), name
    assert loaded.scheduler.config.prediction_type == "epsilon"
    images = loaded(batch_size=2, num_inference_steps=3, output_type="np", generator=torch.Generator().manual_seed(0)).images
    assert images.shape == (2, 8, 8, 1)
    assert np.isfinite(images).all()


def test_what_cannot_be_exported_is_one_message(tmp_path: Path, experiment: Callable[..., object]) -> None:
    out = subprocess.run([sys.executable, "-m", "memctl.export", str(tmp_path)], capture_output=True, text=True)
    assert (out.returncode, out.stderr.count("\n")) == (1, 1)
    assert "is not the folder of a finished run" in out.stderr
    signals = experiment()
    pipeline.run(signals)
    with pytest.raises(UserError, match="is of model=unet1d; diffusers has pipelines for model=unet2d alone"):
        export.export(signals.directory, tmp_path / "p")


def test_a_model_for_signals_says_what_to_use(composed: Callable[..., DictConfig], runs: Path) -> None:
    with pytest.raises(UserError, match="model=unet1d is for signals"):
        pipeline.task(composed(*DIGITS[:1], *DIGITS[3:], f"paths.runs={runs}", "ci.low=700", "ci.high=1000", "sweep.name=wrong"))


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
        assert g.initial_seed() == h.initial_seed()  # t and noise are those of a training without flips
        same, mirror = ((b - x).abs().amax(dim=(1, 2, 3)) == 0 for x in (a, a.flip(-1)))
        assert (same ^ mirror).all()
        seen += torch.stack([same.sum(), mirror.sum()])
    # 600 fair coins: 300 with a standard deviation of 12.2; 4 of them
    assert abs(float(seen[0]) - 300) <= 49
