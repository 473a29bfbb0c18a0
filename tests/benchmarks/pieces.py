"""What the pieces cost on this machine: each time is the least of several repetitions."""

import time
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from memctl import data, models
from memctl.config import Diffusion, Generate, Metrics, Stage
from memctl.diffusion.generate import generate
from memctl.diffusion.schedule import forward_process
from memctl.metrics.suite import Suite
from memctl.metrics.yardsticks import yardsticks
from memctl.samplers import IntervalSampler, LaplaceSampler, ScheduleSampler, UniformSampler
from memctl.training.batches import Batches
from memctl.training.module import DiffusionModule
from tests.benchmarks.machine import peak
from tests.benchmarks.timing import Rows, Size
from tests.benchmarks.training import preset


def least(function: Callable[[], object], repeats: int = 15) -> float:
    """The least milliseconds of a call."""
    times = []
    for _ in range(repeats + 2):
        began = time.perf_counter()
        function()
        times.append(time.perf_counter() - began)
    return 1e3 * min(times[2:])


def interleaved(
    functions: dict[str, Callable[[], object]], repeats: int = 4000
) -> dict[str, float]:
    """The median milliseconds of each, called in turn, so that all see the same machine."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(repeats):
        for name, function in functions.items():
            began = time.perf_counter()
            function()
            times[name].append(time.perf_counter() - began)
    return {name: 1e3 * float(np.median(t[repeats // 10 :])) for name, t in times.items()}


def show(name: str, ms: float, note: str = "") -> None:
    print(f"{name:58s} {ms:10.4f} ms   {note}", flush=True)


def samplers() -> None:
    g = torch.Generator().manual_seed(0)
    interval, laplace, uniform = (
        IntervalSampler(low=700, high=1000),
        LaplaceSampler(),
        UniformSampler(),
    )
    corrected = ScheduleSampler(interval, "correct")
    draws = {
        "interval sampler": lambda: interval.sample(64, g),
        "laplace sampler": lambda: laplace.sample(64, g),
        "uniform sampler": lambda: uniform.sample(64, g),
        "interval sampler, stratified": lambda: interval.stratified(64, g),
        "interval sampler and its weights (mode=correct)": lambda: corrected.sample(
            64, generator=g
        ),
    }
    times = interleaved(
        {"torch.randint": lambda: torch.randint(0, 1000, (64,), generator=g), **draws}
    )
    for name, ms in times.items():
        show(f"{name}, 64 timesteps", ms, f"{ms / times['torch.randint']:.2f} times randint")


def layouts() -> None:
    x = torch.randn(100, 32, 70)
    plain = nn.Conv1d(32, 32, 3, padding=1)
    wide = nn.Conv2d(32, 32, (1, 3), padding=(0, 1)).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    y = x.unsqueeze(2).to(memory_format=torch.channels_last)
    with torch.inference_mode():
        a, b = least(lambda: plain(x)), least(lambda: wide(y))
    show("Conv1d, 100 x 32 x 70", a)
    show("the same as a 1 x L image, channels-last", b, f"{a / b:.1f} times faster")


def network() -> None:
    split = data.load(data.build({"name": "mitdb208"}))
    net = models.build(preset("unet1d")).network((1, 140))
    module = DiffusionModule(
        net,
        forward_process(Diffusion()),
        Batches(torch.from_numpy(split.train), 32, 0),
        Stage(),
        steps=1,
    )
    optimizer = module.configure_optimizers()["optimizer"]

    def step() -> None:
        module.flat.zero_grad(optimizer)
        module.training_step()["loss"].backward()
        optimizer.step()

    show("training step, 32 heartbeats", least(step))
    how = Generate(steps=5)
    ms = least(
        lambda: generate(net, Diffusion(), how, range(100), (1, 140), torch.device("cpu")), 5
    )
    show("one reverse step of 100 heartbeats", ms / 5)
    suite, samples = Suite.of(split, Metrics()), np.resize(split.heldout, (1000, 1, 140))
    show("all metrics of 1,000 heartbeats", least(lambda: suite.evaluate(samples), 3))
    show("all yardsticks (once a sweep)", least(lambda: yardsticks(suite, split, 1000), 2))


def precision() -> None:
    """Forward passes of the image networks in both precisions."""
    for name, shape, batch in (
        ("unet2d_8", (1, 8, 8), 100),
        ("unet2d_16", (3, 16, 16), 100),
        ("unet2d_64", (3, 64, 64), 4),
    ):
        net = models.build(preset(name)).network(shape).eval()
        x, t = torch.randn(batch, *shape), torch.randint(0, 1000, (batch,))
        with torch.inference_mode():
            plain = least(lambda: net(x, t), 3)  # noqa: B023
            with torch.autocast("cpu", torch.bfloat16):
                rounded = least(lambda: net(x, t), 3)  # noqa: B023
        show(
            f"model={name}, a forward pass of {batch}",
            plain,
            f"in bf16 {plain / rounded:.2f} times as fast",
        )


def images() -> None:
    """The metrics at the paper's scale, mirror images allowed for: 8,189 images of 64 x 64 as train
    and held-out.
    """
    rng = np.random.default_rng(0)
    draw = lambda n: rng.random((n, 3, 64, 64), dtype=np.float32) * 2 - 1
    sides = data.Split(draw(4094), draw(4095), None, None, (-1.0, 1.0), {}, mirror=True, flip=True)
    samples = draw(1000)
    began = time.perf_counter()
    suite = Suite.of(sides, Metrics())
    prepared = time.perf_counter()
    suite.evaluate(samples)
    done = time.perf_counter()
    most = peak()
    show(
        "all metrics of 1,000 images of 64 x 64 against 8,189",
        1e3 * (done - prepared),
        f"after {prepared - began:.0f} s of PCA",
    )
    print(f"  peak memory of this process: {most:.2f} GiB")


def pieces(_: Size) -> Rows:
    """Print all; no rows."""
    images()  # first: its peak of memory is the process'
    samplers()
    layouts()
    network()
    precision()
    return []
