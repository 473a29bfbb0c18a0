"""On a GPU: where things lie, that they agree with the CPU's, that no step waits for the host, four
cells at once on one, 64 pixels in bf16, and how fast it is.

Under five minutes on one; needs the checkout and its packages, no network.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning import Callback
from torch import nn
from torch.profiler import ProfilerActivity, profile

from memctl import models
from memctl.config import Diffusion, Generate, Stage, Trainer
from memctl.diffusion.generate import generate
from memctl.diffusion.schedule import forward_process
from memctl.experiment import Experiment
from memctl.files import read_json
from memctl.runs.journal import Journal
from memctl.samplers import IntervalSampler, ScheduleSampler
from memctl.stages import run
from memctl.training.average import MovingAverage
from memctl.training.batches import Batches
from memctl.training.compute import Compute
from memctl.training.fit import fit
from memctl.training.logger import JournalLogger
from memctl.training.module import DiffusionModule
from memctl.training.resume import Resume
from tests.conftest import TINY

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU that torch can use"),
]
GPU = torch.device("cuda", 0)
BEATS, IMAGES = (1, 140), (3, 64, 64)
# The runtime's calls in which the host waits for the GPU.
WAITS = ("cudaStreamSynchronize", "cudaDeviceSynchronize", "cudaEventSynchronize", "cudaMemcpy")


@pytest.fixture
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Convolutions of float32 in float32, not in TF32's ten bits."""
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)


def network(name: str, shape: tuple[int, ...], **sizes: Any) -> nn.Module:
    torch.manual_seed(0)
    return models.build({"name": name, **sizes}).network(shape)


def trained(
    folder: Path, net: nn.Module, train: np.ndarray, stage: Stage, how: Trainer, *also: Callback
) -> list[dict[str, Any]]:
    """Train as a run does; gives the rows of its journal."""
    folder.mkdir()
    journal = Journal(folder / "metrics.jsonl")
    sampler = ScheduleSampler(IntervalSampler(low=100, high=900))
    resume, logger = Resume(folder / "resume.ckpt", "key", journal), JournalLogger(journal, "base")
    fit(net, Diffusion(), sampler, stage, train, resume, how, logger, also=also)
    return journal.rows()


class Look(Callback):
    """Where the weights and their average lie while training, and whether a step waits: from the
    third step on, torch raises where the host waits for the GPU.
    """

    def __init__(self) -> None:
        self.places: set[torch.device] = set()
        self.steps = 0

    def on_train_batch_end(self, trainer: Any, pl_module: Any, *_: Any) -> None:
        self.steps += 1
        (average,) = (c for c in trainer.callbacks if isinstance(c, MovingAverage))
        models = (pl_module, average._average_model)
        self.places |= {p.device for model in models for p in model.parameters()}
        end = self.steps >= trainer.max_steps - 1
        torch.cuda.set_sync_debug_mode("error" if self.steps > 2 and not end else "default")


@pytest.mark.parametrize("warmup", [False, True], ids=["as control", "as the base"])
def test_training_is_on_the_gpu_and_no_step_waits(tmp_path: Path, warmup: bool) -> None:
    """Within an epoch: at its end a look at the weights tells whether they are finite."""
    train = np.random.default_rng(0).normal(size=(800, *BEATS)).astype(np.float32)
    stage, look = Stage(steps=20, batch_size=16, ema=0.9, ema_warmup=warmup), Look()
    net = network("unet1d", BEATS)
    try:
        rows = trained(tmp_path / "run", net, train, stage, Trainer(checkpoint_seconds=1e6), look)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert (look.steps, look.places) == (20, {GPU})
    assert {p.device for p in net.parameters()} == {GPU}
    assert all(np.isfinite(row["loss"]) for row in rows if "loss" in row)


def test_a_step_of_generation_does_not_wait() -> None:
    """As often in 40 steps as in 10, by the profiler: at the beginning and the end."""
    net = network("unet1d", BEATS).to(GPU).eval()

    def waits(steps: int) -> int:
        how = Generate(steps=steps)
        with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as seen:
            generate(net, Diffusion(), how, range(8), BEATS, GPU)
        return sum(event.name in WAITS for event in seen.events())

    waits(2)
    assert waits(10) == waits(40)


def test_a_run_agrees_with_the_cpus(
    experiment: Callable[..., Experiment], tmp_path: Path, exact: None
) -> None:
    """The same t and noise; sums are taken in another order, of which Adam's first steps make
    something where a gradient is nearly nothing.
    """
    found = {}
    for place in ("auto", "cpu"):
        how = (f"trainer.accelerator={place}", "trainer.precision=fp32", "probe.examples=8")
        made = experiment(*how, runs=tmp_path / place)
        record = run.run(made)
        found[place] = record, np.load(made.folder.path / "samples.npy")
    (gpu, samples), (cpu, expected) = found["auto"], found["cpu"]
    assert gpu["environment"]["device"] == torch.cuda.get_device_name(GPU)
    assert cpu["environment"]["device"].startswith("cpu")
    for stage in ("base", "control"):
        assert gpu["training"][stage]["loss"] == pytest.approx(
            cpu["training"][stage]["loss"], rel=0.01
        )
    assert np.sqrt(np.mean((samples - expected) ** 2)) < 0.05 * expected.std()
    for name, known in cpu["metrics"].items():
        if known["value"] is not None:
            assert gpu["metrics"][name]["value"] == pytest.approx(
                known["value"], rel=0.2, abs=0.05
            ), name


def test_four_cells_at_once_on_one_gpu(
    memctl_here: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    cells = ("ci.low=100,300", "ci.high=700,1000", "sweep.name=s", "hydra.sweeper.references=[]")
    where = ("hydra.launcher.devices=[0]", "hydra.launcher.per_device=4", "control.epochs=200")
    code, out = memctl_here("train", "-m", *TINY, *cells, *where)
    assert code == 0, out
    folders = [path.parent for path in (tmp_path / "runs" / "s").glob("*/record.json")]
    assert len(folders) == 4
    statuses = [read_json(folder / "status.json") for folder in folders]
    assert max(s["started"] for s in statuses) < min(s["updated"] for s in statuses)  # type: ignore[index]
    records = [read_json(folder / "record.json") for folder in folders]
    name = torch.cuda.get_device_name(GPU)
    assert {record["environment"]["device"] for record in records} == {name}  # type: ignore[index]


def test_64_pixels_in_bf16(tmp_path: Path) -> None:
    """The paper's network, whole: what it predicts is near float32's, and it learns."""
    net = network("unet2d", IMAGES).to(GPU).eval()
    compute = Compute.of(Trainer(compile="false"), net)
    assert (compute.device, compute.bf16) == (GPU, True)
    x, t = torch.randn(4, *IMAGES, device=GPU), torch.tensor([0, 300, 600, 999], device=GPU)
    with torch.inference_mode():
        plain = net(x, t)
        with compute.autocast():
            rounded = net(x, t).float()
    assert 0 < (rounded - plain).abs().max() < 0.1 * plain.abs().max()
    train = np.random.default_rng(0).uniform(-1, 1, (32, *IMAGES)).astype(np.float32)
    stage = Stage(steps=30, batch_size=16, ema=0.9)
    rows = trained(tmp_path / "run", net, train, stage, Trainer(compile="false"))
    losses = [row["loss"] for row in rows if "loss" in row]
    assert losses[-1] < 0.5 * losses[0]
    assert {p.dtype for p in net.parameters()} == {torch.float32}


def test_a_compiled_network_predicts_the_same(exact: None) -> None:
    """Large networks are compiled (trainer.compile=auto)."""
    pytest.importorskip("triton")
    sizes = {"channels": [32, 64], "attention": [1], "layers": 1, "norm_groups": 8}
    net = network("unet2d", (3, 16, 16), **sizes).to(GPU).eval()
    x, t = torch.randn(4, 3, 16, 16, device=GPU), torch.tensor([0, 300, 600, 999], device=GPU)
    with torch.inference_mode():
        plain = net(x, t)
        compute = Compute.of(Trainer(compile="true", precision="fp32"), net)
        compiled = compute.place(net)(x, t)
    assert compute.compile
    torch.testing.assert_close(compiled, plain, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("title", "name", "shape", "batch"),
    [("beats", "unet1d", BEATS, 32), ("64 pixels", "unet2d", IMAGES, 16)],
)
def test_how_fast(
    title: str, name: str, shape: tuple[int, ...], batch: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Printed: what asserts a time fails on another GPU. Not compiled."""
    net = network(name, shape)
    compute = Compute.of(Trainer(compile="false"), net)
    net = compute.place(net)
    batches = Batches(torch.zeros(batch * 4, *shape, device=GPU), batch, 0)
    module = DiffusionModule(net, forward_process(Diffusion()), batches, Stage(), 1)
    optimizer = module.configure_optimizers()["optimizer"]

    def steps(n: int) -> None:
        for _ in range(n):
            module.flat.zero_grad(optimizer)
            with compute.autocast():
                loss = module.training_step()["loss"]
            loss.backward()
            optimizer.step()

    def samples(n: int) -> None:
        with compute.autocast():
            generate(net.eval(), Diffusion(), Generate(), range(n), shape, GPU)

    found = [rate(steps, 5, 30), rate(samples, 10, 100)]
    with capsys.disabled():
        print(
            f"\n{torch.cuda.get_device_name(GPU)}, {title}, {'bf16' if compute.bf16 else 'fp32'}:"
            f" {found[0]:.1f} steps/s of {batch}, {found[1]:.1f} samples/s of 50 steps"
        )
    assert min(found) > 0


def rate(work: Callable[[int], None], few: int, many: int) -> float:
    """So many a second, once `few` have warmed up."""
    work(few)
    torch.cuda.synchronize()
    began = time.monotonic()
    work(many)
    torch.cuda.synchronize()
    return many / (time.monotonic() - began)
