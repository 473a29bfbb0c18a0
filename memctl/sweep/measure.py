"""How fast this machine is, and what a run needs: a few steps of the real thing in a process of its
own, for a plan's estimate and for filling a GPU.
"""

import multiprocessing
import queue
from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import Any, NamedTuple

from memctl.config import Config
from memctl.errors import UserError
from memctl.exits import block_sigint
from memctl.experiment import Experiment
from memctl.sweep.devices import CONTEXT


class Measured(NamedTuple):
    """What a run takes.

    Attributes:
        base, run: Seconds of the base and of one run, extrapolated.
        step: Seconds of a step of training.
        memory: Bytes on a GPU; 0 on the CPU.
        disk: Bytes of what a run leaves, its pictures not counted.
    """

    base: float
    run: float
    step: float = 0.0
    memory: float = 0.0
    disk: float = 0.0

    def needs(self, runs: int) -> str:
        """What a run needs on a GPU and on disk, as a line; none where it is not known."""
        card = f"{self.memory / 1e9:.1f} GB on a GPU and " if self.memory else ""
        disk = f"{self.disk / 1e6:.3g} MB on disk, {runs} runs {self.disk * runs / 1e9:.2g} GB"
        return f"\n  a run needs {card}{disk}" if self.disk else ""


def measure(experiment: Experiment, device: str = "", together: int = 1) -> Measured:
    """Measure a run of this experiment.

    Args:
        device: The GPU, as CUDA_VISIBLE_DEVICES takes it; "" takes what there is.
        together: So many at once, of which the mean is given.

    Raises: UserError where it cannot run.
    """
    context = multiprocessing.get_context("spawn")
    answers, barrier = context.Queue(), context.Barrier(together)
    # Without the sampler, which is not asked, and whose class may be of a user's file.
    plain = replace(experiment, schedule_sampler=None)
    along = experiment.config.along.points * experiment.goes_along
    arguments = (plain, along, device, barrier, answers)
    processes = [context.Process(target=_measure, args=arguments) for _ in range(together)]
    with block_sigint():
        for process in processes:
            process.start()
    try:
        found = [answers.get(timeout=120) for _ in processes]
    except queue.Empty:
        raise UserError(
            "the measurement did not end within two minutes; run one cell to see what is wrong"
        ) from None
    finally:
        for process in processes:
            process.kill()
    return Measured(*(sum(values) / together for values in zip(*found, strict=True)))


def _measure(experiment: Experiment, points: int, device: str, barrier: Any, answers: Any) -> None:
    import os
    import time

    if device:
        os.environ["CUDA_VISIBLE_DEVICES"] = device
    import torch

    from memctl import data
    from memctl.diffusion.generate import generate
    from memctl.diffusion.schedule import forward_process
    from memctl.training.batches import Batches
    from memctl.training.compute import Compute
    from memctl.training.module import DiffusionModule

    config = experiment.config
    torch.set_num_threads(config.trainer.threads)
    split = data.load(experiment.data)
    shape = split.train.shape[1:]
    network = experiment.model.network(shape)
    # Not compiled, which alone takes longer than all of this.
    compute = replace(Compute.of(config.trainer, network), compile=False)
    network, place = compute.place(network), compute.device
    wait = torch.get_device_module(place).synchronize  # else launching is timed, not computing
    module = DiffusionModule(
        network,
        forward_process(config.diffusion),
        Batches(torch.from_numpy(split.train).to(place), config.control.batch_size, 0),
        config.control,
        1,
    )
    optimizer = module.configure_optimizers()["optimizer"]

    def steps(n: int) -> float:
        wait()
        began = time.monotonic()
        for _ in range(n):
            module.flat.zero_grad(optimizer)
            with compute.autocast():
                loss = module.training_step()["loss"]
            loss.backward()
            optimizer.step()
        wait()
        return (time.monotonic() - began) / n

    def passes(n: int) -> float:
        began = time.monotonic()
        how = type(config.generate)(method="ddim", steps=n, samples=1, batch_size=1)
        seeds = range(config.generate.batch_size)
        with compute.autocast():
            generate(network, config.diffusion, how, seeds, shape, place)
        return (time.monotonic() - began) / n

    steps(2), passes(1)
    barrier.wait()
    step, forward = steps(10), passes(3)
    base, run = whole(experiment, len(split.train), points, step, forward)
    memory = torch.cuda.max_memory_reserved() + CONTEXT if place.type == "cuda" else 0.0
    parameters = sum(p.numel() for p in network.parameters())
    answers.put(Measured(base, run, step, memory, disk_of(config, parameters, shape)))


def whole(
    experiment: Experiment, n: int, points: int, step: float, forward: float
) -> tuple[float, float]:
    """Seconds of the base and of a run on n examples, from those of a step of each kind."""
    config = experiment.config
    samples = config.generate.samples + points * config.along.samples
    batches = -(-samples // config.generate.batch_size)
    base = 0 if experiment.from_scratch else config.base.steps_on(n) * step
    return base, config.control.steps_on(n) * step + batches * config.generate.steps * forward


def disk_of(config: Config, parameters: int, shape: Sequence[int]) -> float:
    """Bytes of a run's weights, where they are kept, and of its samples, all float32."""
    weights = parameters if config.trainer.keep_checkpoint else 0
    return 4.0 * (weights + config.generate.samples * prod(shape))
