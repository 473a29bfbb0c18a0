"""What the machine can do and what is reached of it, peak memory, and how the time grows with the
number of examples, cells and workers.

python -m tests.benchmarks.machine N: one evaluation in a process of its own, for its peak of
memory.
"""

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from memctl import data, models
from memctl.config import Diffusion, Metrics, Stage
from memctl.data import Split
from memctl.diffusion.schedule import forward_process
from memctl.metrics.suite import Suite
from memctl.training.batches import Batches
from memctl.training.module import DiffusionModule
from tests.benchmarks.images import twins
from tests.benchmarks.sweep import ROOT, SMOKE, Grid, swept, timed
from tests.benchmarks.timing import Rows, Size, Work, found, in_turn, say, summed_up
from tests.benchmarks.training import preset

GIGA = 1e9


def machine(size: Size) -> Rows:
    """All of it."""
    return [*reached(size), *growth_with_n(size), *growth_with_cells(size)]


def reached(size: Size) -> Rows:
    """GFLOP/s of training and forward passes, beside those of a matrix product."""
    side = 256 if size.quick else 2048
    a, b = torch.randn(2, side, side)
    c, d = a.bfloat16(), b.bfloat16()
    works: dict[str, tuple[Work, float]] = {
        f"matrix product of {side}, fp32": (lambda: a @ b, 2.0 * side**3),
        f"matrix product of {side}, bf16": (lambda: c @ d, 2.0 * side**3),
    }
    split = data.load(data.build({"name": "mitdb208"}))
    beats, x = models.build(preset("unet1d")).network((1, 140)), torch.from_numpy(split.train)
    digits, y = twins("unet2d_8", (1, 8, 8))[0], torch.randn(256, 1, 8, 8)
    for name, network, examples, batch in (("beats", beats, x, 32), ("digits", digits, y, 128)):
        works |= counted(name, network, examples, batch)
    times = in_turn({name: work for name, (work, _) in works.items()}, size.times())
    speeds = {n: [works[n][1] / GIGA / max(s, 1e-9) for s in each] for n, each in times.items()}
    return summed_up("GFLOP/s, one thread", speeds, "GFLOP/s")


def counted(
    name: str, network: nn.Module, examples: torch.Tensor, batch: int
) -> Mapping[str, tuple[Work, float]]:
    """A training step and a forward pass of generation, each with its floating-point operations,
    of convolutions and matrix products alone.
    """
    scheduler, stage = forward_process(Diffusion()), Stage(batch_size=batch)
    module = DiffusionModule(network, scheduler, Batches(examples, batch, 0), stage, steps=1)
    optimizer = module.configure_optimizers()["optimizer"]
    x, t = torch.randn(100, *examples.shape[1:]), torch.randint(0, 1000, (100,))

    def step() -> None:
        module.flat.zero_grad(optimizer)
        module.training_step()["loss"].backward()
        optimizer.step()

    @torch.no_grad()  # the counter does not see inside inference mode
    def forward() -> None:
        network(x, t)

    out: dict[str, tuple[Work, float]] = {}
    for title, work in (
        (f"training step, {batch} {name}", step),
        (f"forward pass, 100 {name}", forward),
    ):
        with FlopCounterMode(display=False) as counter:
            work()
        out[title] = work, float(counter.get_total_flops())
    return out


def growth_with_n(size: Size) -> Rows:
    """All metrics of 1,000 images of 16 px against more and more examples, and the peak of memory
    of a process that does nothing else.
    """
    rows: Rows = []
    for n in (200,) if size.quick else (1000, 4000, 16000):
        say(f"evaluation against {n:,} and {n:,} examples")
        command = [sys.executable, "-m", "tests.benchmarks.machine", str(n)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        out = subprocess.run(
            command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
        )
        read = json.loads(out.stdout.splitlines()[-1])
        by = f"{n:,} + {n:,} examples of 16 px"
        rows.append(found("evaluation of 1,000 samples", by, read["seconds"], "s"))
        rows.append(found("its peak of memory", by, read["gib"], "GiB"))
    return rows


def evaluated(n: int) -> dict[str, float]:
    """Seconds of the processor and the peak of memory, GiB, of this process's one evaluation."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    draw = lambda n: rng.random((n, 3, 16, 16), dtype=np.float32) * 2 - 1
    split = Split(draw(n), draw(n), None, None, (-1.0, 1.0), {})
    began = time.process_time()
    Suite.of(split, Metrics()).evaluate(draw(1000))
    return {"seconds": time.process_time() - began, "gib": peak()}


def peak() -> float:
    """The most memory that this process had, GiB. Linux's getrusage has its parent's in it."""
    status = Path("/proc/self/status")
    if status.exists():
        (kilobytes,) = re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())
        return int(kilobytes) / 2**20
    unit = 2**30 if sys.platform == "darwin" else 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def growth_with_cells(size: Size) -> Rows:
    """Tiny runs, which are overhead nearly alone: sweeps of more and more cells, and on more and
    more cores, one run each.
    """
    grids: list[Grid] = [((100,), (500,)), ((100, 200), (500, 1000))]
    if not size.quick:
        grids.append(((100, 200, 400), (500, 700, 900, 1000)))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    workers = [k for k in (1, 2, 4, 8) if k <= cores] if cores > 1 else []
    rows: Rows = []
    with tempfile.TemporaryDirectory() as place:
        for k, grid in enumerate(grids):
            cells = len(grid[0]) * len(grid[1])
            say(f"sweep of {cells} tiny cells")
            spent = timed([swept(grid, SMOKE)], Path(place) / f"cells{k}")
            rows.append(found("sweep of tiny runs, on the wall", f"{cells} cells", spent, "s"))
        for at_once in workers:
            say(f"the same on {at_once} of {cores} cores")
            spent = timed([swept(grids[-1], SMOKE)], Path(place) / f"on{at_once}", cores=at_once)
            rows.append(
                found(f"the sweep of {cells}, on the wall", f"{at_once} at once", spent, "s")
            )
    return rows


def main(arguments: list[Any]) -> None:
    print(json.dumps(evaluated(int(arguments[0]))))


if __name__ == "__main__":
    main(sys.argv[1:])
