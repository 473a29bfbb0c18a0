"""The paper's grid at its own scale, 64 x 64 pixels: what it costs, and a rehearsal on the CPU of
the templates as they are, with one step of two images a stage, and the eight samples that a run has
at least.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.io import savemat
from torch import Tensor, nn

from docs.numbers import cost
from memctl.files import read_json
from memctl.models import ModelConfig
from tests.conftest import installed

REHEARSAL = [
    "ci.low=700", "ci.high=1000", "hydra.sweeper.references=[]", "base.steps=1",
    "base.batch_size=2", "control.steps=1", "control.batch_size=2", "generate.steps=1",
    "generate.samples=8", "generate.batch_size=2", "probe.examples=8", "probe.bins=1",
    "metrics.repeats=20", "logger.mode=disabled", "trainer.accelerator=cpu",
]  # fmt: skip
N = 16  # pictures


def pictures(data: Path) -> None:
    """Pictures of our own, laid out as both data sets unpack."""
    (data / "pokemon").mkdir(parents=True)
    (data / "flowers-102" / "jpg").mkdir(parents=True)
    for k in range(N):
        values = np.random.default_rng(k).integers(0, 256, (70, 70, 3), dtype=np.uint8)
        Image.fromarray(values).save(data / "pokemon" / f"{k}.jpg")
        Image.fromarray(values).save(data / "flowers-102" / "jpg" / f"image_{k + 1:05d}.jpg")
    savemat(data / "flowers-102" / "imagelabels.mat", {"labels": np.arange(N)[None] % 2 + 1})


@pytest.mark.slow
@pytest.mark.parametrize("template", cost.TEMPLATES)
def test_the_grid_runs_at_64_pixels(
    template: str, memctl_here: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    """One cell of it; the network is the whole one."""
    pictures(tmp_path / "data")
    of = ("-cn", f"multirun_templates/{template}", f"paths.data={tmp_path / 'data'}")
    code, out = memctl_here("train", *of, *REHEARSAL)
    assert code == 0, out
    folder = tmp_path / "runs" / template / "cl700_ch1000_s0"
    record = read_json(folder / "record.json")
    assert record is not None
    samples = np.load(folder / "samples.npy")
    assert samples.shape == (8, 3, 64, 64)
    assert np.isfinite(samples).all()
    assert samples.std() > 0
    assert record["training"]["base"]["steps"] == 1
    assert read_json(folder / "status.json")["state"] == "done"


class Twice(nn.Module):
    """Two 3 x 3 convolutions: 3 channels to 5 to 3."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 5, 3, padding=1), nn.Conv2d(5, 3, 3, padding=1))

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return self.layers(x)


class TwiceConfig(ModelConfig):
    name = "twice"

    def network(self, shape: Sequence[int]) -> nn.Module:
        return Twice()


def test_operations_are_counted_as_by_hand() -> None:
    """A multiplication and an addition for each weight and pixel; backward as much again for the
    weights and for what goes into a layer, which of the first one nobody asks for.
    """
    each = 2 * 3 * 5 * 9 * 8 * 8
    found = cost.counted(TwiceConfig(), (3, 8, 8))
    assert found == (3 * 5 * 9 + 5 + 5 * 3 * 9 + 3, 2 * each, 2 * each + 3 * each)


def test_the_table_is_its_own_arithmetic() -> None:
    """30 and 100 epochs, 50 steps of 1,000 samples, 20 bins of 128 examples a side, 45 cells; the
    base once, and six runs on each of eight cards.
    """
    table = pd.read_csv(cost.TABLE).set_index("template")
    assert list(table.index) == list(cost.TEMPLATES)
    for _, known in table.iterrows():
        image = known.training * known.n_train
        reads = known.forward * (50 * 1000 + 2 * 128 * 20)
        run = 30 * image + reads
        assert known.base == pytest.approx(100 * image, rel=1e-4)
        assert known.run == pytest.approx(run, rel=1e-4)
        assert known.grid == pytest.approx(100 * image + 46 * run + reads, rel=1e-4)
        assert known.longest == pytest.approx(100 * image + 6 * run, rel=1e-4)


@pytest.mark.long
def test_the_table_is_of_the_template(tmp_path: Path) -> None:
    """All but what depends on the number of pictures."""
    pictures(tmp_path)
    installed()
    table = pd.read_csv(cost.TABLE).set_index("template")
    found = cost.row("pokemon", tmp_path)
    assert (found["n_train"], found["n_heldout"]) == (N / 2, N / 2)
    for key in ("parameters", "forward", "training"):
        assert found[key] == pytest.approx(table.loc["pokemon", key], rel=1e-5)
