"""Images: memctl beside a plain loop of diffusers, as in its unconditional example (AdamW, clipped
gradients, EMAModel), with the same network, batch and steps, in fp32 and in bf16. memctl's step is
one of its training with all that Lightning does around it. On one thread.
"""

import numpy as np
import torch
from diffusers import DDIMScheduler, DDPMScheduler, UNet2DModel
from diffusers.training_utils import EMAModel
from torch import nn

from memctl import models
from memctl.config import Diffusion, Generate
from memctl.diffusion.generate import generate
from tests.benchmarks.timing import Rows, Size, Work, compared, say, summed_up
from tests.benchmarks.training import preset, steps_in_turn

STEPS = 4  # of the reverse process that a round takes
# preset, shape, batch, share of the rounds
CASES = (
    ("unet2d_8", (1, 8, 8), 128, 1.0),
    ("unet2d_16", (3, 16, 16), 64, 0.5),
    ("unet2d_64", (3, 64, 64), 16, 0.2),  # the example's own batch
)


def images(size: Size) -> Rows:
    """A training step and some of generation at 8, 16 and 64 pixels."""
    rows: Rows = []
    for network, shape, batch, share in CASES:
        batch = 2 if size.quick else batch
        steps, rounds = 1 if size.quick else STEPS, size.times(share)
        x = np.random.default_rng(0).uniform(-1, 1, (4 * batch, *shape)).astype(np.float32)
        at = f"{batch} images of {shape[-1]} px"
        ours, theirs = twins(network, shape)
        spent: dict[str, list[float]] = {}
        for precision in ("fp32", "bf16"):
            say(f"training step, {at}, {precision}: {rounds + 2} rounds")
            plain = {f"diffusers{tail(precision)}": plain_step(theirs, x[:batch], precision)}
            spent |= steps_in_turn(ours, x, batch, plain, rounds, precision)
        rows += summed_up(f"training step, {at}", spent)
        works = {}
        for precision in ("fp32", "bf16"):
            ended = tail(precision)
            works[f"memctl{ended}"] = generation(ours.eval(), shape, batch, steps, precision)
            works[f"diffusers{ended}"] = plain_generation(theirs, shape, batch, steps, precision)
        rows += compared(f"{steps} reverse steps, {at}", works, rounds)
    return rows


def tail(precision: str) -> str:
    return "" if precision == "fp32" else f", {precision}"


def twins(name: str, shape: tuple[int, ...]) -> tuple[nn.Module, UNet2DModel]:
    """memctl's network of a preset, and diffusers' with the same settings."""
    ours = models.build(preset(name)).network(shape)
    return ours, UNet2DModel(**ours.unet.config)  # type: ignore[union-attr, arg-type]


def autocast(precision: str) -> torch.autocast:
    return torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16")


def plain_step(network: UNet2DModel, x: np.ndarray, precision: str) -> Work:
    """A step of the example's loop."""
    schedule, ema = DDPMScheduler(), EMAModel(network.parameters(), decay=0.9999)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4)
    clean = torch.from_numpy(x)

    def step() -> None:
        noise, t = torch.randn(clean.shape), torch.randint(0, 1000, (len(clean),))
        with autocast(precision):
            predicted = network(schedule.add_noise(clean, noise, t), t).sample  # type: ignore[arg-type]
        nn.functional.mse_loss(predicted.float(), noise).backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        ema.step(network.parameters())

    return step


def generation(
    network: nn.Module, shape: tuple[int, ...], n: int, steps: int, precision: str
) -> Work:
    """memctl's reverse process."""
    how, device = Generate(steps=steps), torch.device("cpu")

    def sample() -> None:
        with autocast(precision):
            generate(network, Diffusion(), how, range(n), shape, device)

    return sample


def plain_generation(
    network: UNet2DModel, shape: tuple[int, ...], n: int, steps: int, precision: str
) -> Work:
    """As diffusers' pipelines do it."""
    schedule = DDIMScheduler()

    @torch.no_grad()
    def sample() -> None:
        schedule.set_timesteps(steps)
        x = torch.randn((n, *shape))
        for t in schedule.timesteps:
            with autocast(precision):
                predicted = network(x, t).sample.float()  # type: ignore[union-attr]
            x = schedule.step(predicted, t, x).prev_sample  # type: ignore[arg-type, union-attr]

    return sample
