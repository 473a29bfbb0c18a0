"""How fast this machine is: a few steps of the real thing in a process of its own, for a plan's
estimate.
"""

import multiprocessing
import queue
from dataclasses import replace

from memctl.errors import UserError
from memctl.exits import block_sigint
from memctl.experiment import Experiment


def measure(experiment: Experiment) -> tuple[float, float]:
    """Seconds of the base and of one run of this experiment, extrapolated.

    Raises: UserError where it cannot run.
    """
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    # Without the sampler, which is not asked, and whose class may be of a user's file.
    plain = replace(experiment, schedule_sampler=None)
    along = experiment.config.along.points * experiment.goes_along
    process = context.Process(target=_measure, args=(plain, along, answers))
    with block_sigint():
        process.start()
    try:
        base, run = answers.get(timeout=120)
    except queue.Empty:
        raise UserError(
            "the measurement did not end within two minutes; run one cell to see what is wrong"
        ) from None
    finally:
        process.kill()
    return base, run


def _measure(
    experiment: Experiment, points: int, answers: "multiprocessing.Queue[tuple[float, float]]"
) -> None:
    import time

    import torch

    from memctl import data
    from memctl.diffusion.generate import generate
    from memctl.diffusion.schedule import forward_process
    from memctl.training.batches import Batches
    from memctl.training.compute import accelerator_device
    from memctl.training.module import DiffusionModule

    config = experiment.config
    torch.set_num_threads(config.trainer.threads)
    device = accelerator_device(config.trainer.accelerator)
    split = data.load(experiment.data)
    network = experiment.model.network(split.train.shape[1:]).to(device)
    module = DiffusionModule(
        network,
        forward_process(config.diffusion),
        Batches(torch.from_numpy(split.train).to(device), config.control.batch_size, 0),
        config.control,
        1,
    )
    optimizer = module.configure_optimizers()["optimizer"]

    def steps(n: int) -> float:
        began = time.monotonic()
        for _ in range(n):
            optimizer.zero_grad()
            module.training_step()["loss"].backward()
            optimizer.step()
        return (time.monotonic() - began) / n

    def passes(n: int) -> float:
        began = time.monotonic()
        how = type(config.generate)(method="ddim", steps=n, samples=1, batch_size=1)
        generate(
            network,
            config.diffusion,
            how,
            range(config.generate.batch_size),
            split.train.shape[1:],
            device,
        )
        return (time.monotonic() - began) / n

    steps(2), passes(1)
    step, forward = steps(10), passes(3)
    samples = config.generate.samples + points * config.along.samples
    batches = -(-samples // config.generate.batch_size)
    run = (
        config.control.steps_on(len(split.train)) * step + batches * config.generate.steps * forward
    )
    base_steps = 0 if experiment.from_scratch else config.base.steps_on(len(split.train))
    answers.put((base_steps * step, run))
