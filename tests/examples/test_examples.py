"""The samplers outside memctl: each example runs, learns, gives its network the t it says, and
brings no framework along.
"""

import importlib.util
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler, UNet2DModel
from scipy.stats import laplace
from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook

from memctl.samplers import (
    IntervalSampler,
    LaplaceSampler,
    LossSecondMomentSampler,
    NoiseSchedule,
    ScheduleSampler,
    TimestepSampler,
    UniformSampler,
)
from tests.conftest import LONG
from tests.examples.alone import load, torchvision_or_a_stand_in

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "denoising_diffusion_pytorch"
EXAMPLES = ["plain_diffusers", "improved_diffusion", "denoising_diffusion"]


def installed(name: str) -> None:
    """Fails, and does not skip: an example that no test runs would be a promise."""
    if name == "denoising_diffusion" and importlib.util.find_spec(PACKAGE) is None:
        pytest.fail(
            "denoising-diffusion-pytorch is not installed; `make setup` does it, `pip install"
            " .[dev]` alone does not",
            pytrace=False,
        )


def run(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def steps_given_to(is_network: Callable[[nn.Module], bool]) -> Iterator[list[torch.Tensor]]:
    """Collects the second argument of every call of a network: its t."""
    seen: list[torch.Tensor] = []

    def note(module: nn.Module, args: tuple[Any, ...]) -> None:
        if is_network(module):
            seen.append(args[1].clone())

    handle = register_module_forward_pre_hook(note)
    try:
        yield seen
    finally:
        handle.remove()


def misfit(t: list[torch.Tensor], cdf: np.ndarray) -> float:
    """The largest distance of the draws' cdf to another, over what 1 in 10,000 samples exceeds at
    most (Dvoretzky, Kiefer, Wolfowitz).
    """
    draws = torch.cat(t)
    found = np.cumsum(np.bincount(draws.numpy(), minlength=len(cdf))) / len(draws)
    return float(np.abs(found - cdf).max() / np.sqrt(np.log(2 / 1e-4) / 2 / len(draws)))


def uniform_cdf(timesteps: int) -> np.ndarray:
    return np.arange(1, timesteps + 1) / timesteps


def laplace_cdf(abar: torch.Tensor) -> np.ndarray:
    """P(step <= t) of log SNR ~ Laplace(0, 1), from abar alone: without memctl's samplers and
    schedules.
    """
    lam = np.log(abar.double().numpy()) - np.log1p(-abar.double().numpy())
    return np.append(laplace.sf((lam[1:] + lam[:-1]) / 2), 1.0)


def falls(losses: list[float]) -> bool:
    return np.mean(losses[-10:]) < 0.6 * np.mean(losses[:10])


@pytest.fixture
def read_from(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The objects that NoiseSchedule.of was called with."""
    objects: list[Any] = []
    original = NoiseSchedule.of
    monkeypatch.setattr(NoiseSchedule, "of", lambda thing: objects.append(thing) or original(thing))
    return objects


def test_plain_diffusers_draws_by_log_snr_and_learns(read_from: list[Any]) -> None:
    main = load("plain_diffusers")["main"]
    with steps_given_to(lambda m: isinstance(m, UNet2DModel)) as t:
        losses = main(steps=60)
    (scheduler,) = read_from
    assert isinstance(scheduler, DDPMScheduler)
    assert len(t) == len(losses)
    assert falls(losses)
    assert misfit(t, laplace_cdf(scheduler.alphas_cumprod)) < 1
    assert misfit(t, uniform_cdf(1000)) > 3  # what the line it replaces would give


def test_improved_diffusion_draws_as_each_sampler_says() -> None:
    module = load("improved_diffusion")
    for name, schedule_sampler in module["schedule_samplers"]().items():
        with steps_given_to(lambda m: type(m).__name__ == "Denoiser") as t:
            losses = module["train"](schedule_sampler)
        assert falls(losses), name
        cdf = np.cumsum(schedule_sampler.weights())
        if schedule_sampler.sampler.adaptive:
            assert (
                misfit(t[:4], uniform_cdf(100)) < 1
            )  # it needs 500 losses at the least, and gets 128 a step
            assert misfit(t, uniform_cdf(100)) > 3
        else:
            assert misfit(t, cdf) < 1, name
        drawn, weights = schedule_sampler.sample(20_000)
        assert misfit([drawn], cdf) < 1, name
        if schedule_sampler.mode == "sample":
            assert (weights == 1).all()
        else:  # the weights average 1, so the learning rate means what it did
            assert abs(weights.mean() - 1) < 5 * weights.std() / np.sqrt(len(weights)), name


def test_improved_diffusion_adapts_to_the_losses_and_corrects_for_it() -> None:
    module = load("improved_diffusion")
    schedule_sampler = module["schedule_samplers"]()["loss second moment, corrected"]
    assert np.allclose(schedule_sampler.weights(), 1 / 100)
    module["train"](schedule_sampler)
    p = schedule_sampler.weights()
    assert schedule_sampler.sampler.warm
    assert (
        p[:10].sum() > 3 * p[-10:].sum()
    )  # noise is harder to tell from the digit where there is little of it
    t, weights = schedule_sampler.sample(1000)
    assert np.allclose(weights, 1 / (100 * p[t]), rtol=1e-5)


@LONG
@pytest.mark.parametrize("weighted", [False, True], ids=["drawn", "weighted"])
def test_denoising_diffusion_gets_its_times_and_learns(
    weighted: bool, read_from: list[Any]
) -> None:
    installed("denoising_diffusion")
    main = load("denoising_diffusion")["main"]
    with steps_given_to(lambda m: type(m).__name__ == "Unet") as t:
        losses = main(steps=50, weighted=weighted)
    (diffusion,) = read_from
    by_log_snr, uniform = (
        misfit(t, laplace_cdf(diffusion.alphas_cumprod)),
        misfit(t, uniform_cdf(1000)),
    )
    assert len(t) == len(losses)
    assert falls(losses)
    assert (uniform if weighted else by_log_snr) < 1
    assert (by_log_snr if weighted else uniform) > 3


def test_denoising_diffusion_of_any_schedule_and_of_signals() -> None:
    installed("denoising_diffusion")
    with torchvision_or_a_stand_in():
        package = importlib.import_module(PACKAGE)
    images = package.Unet(dim=8, dim_mults=(1, 2), channels=1)
    signals = package.Unet1D(dim=8, dim_mults=(1, 2), channels=1)
    made = [
        *(
            (package.GaussianDiffusion(images, image_size=8, beta_schedule=b), (5, 1, 8, 8))
            for b in ("linear", "cosine", "sigmoid")
        ),
        *(
            (package.GaussianDiffusion1D(signals, seq_length=16, beta_schedule=b), (5, 1, 16))
            for b in ("linear", "cosine")
        ),
    ]
    for diffusion, shape in made:
        schedule = NoiseSchedule.of(diffusion)
        abar = 1 / (1 + np.exp(-schedule.log_snr))
        assert np.allclose(abar, diffusion.alphas_cumprod, rtol=1e-3, atol=1e-6)
        t, weights = ScheduleSampler(LaplaceSampler(schedule=schedule), mode="weight").sample(5)
        losses = diffusion(torch.rand(shape), times=t, loss_reduction="none")
        assert losses.shape == weights.shape == (5,)


@LONG
def test_the_examples_bring_neither_lightning_nor_hydra() -> None:
    for name in EXAMPLES:
        installed(name)
    said = [
        line
        for line in run("-m", "tests.examples.alone", "2", *EXAMPLES).splitlines()
        if "brought along" in line
    ]
    assert said == [f"{name} brought along: []" for name in EXAMPLES]


@pytest.mark.slow
def test_an_example_runs_as_a_script() -> None:
    losses = [
        float(x) for x in re.findall(r"loss ([\d.]+)", run("docs/examples/plain_diffusers.py"))
    ]
    assert len(losses) == 5
    assert losses[-1] < losses[0]


SAMPLERS = [
    UniformSampler(),
    IntervalSampler(low=100, high=300),
    LaplaceSampler(),
    LossSecondMomentSampler(),
    LaplaceSampler(timesteps=50, schedule=NoiseSchedule(50)),
]


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda s: f"{s.name}{s.timesteps}")
def test_a_drop_in_for_randint(sampler: TimestepSampler) -> None:
    old = torch.randint(0, sampler.timesteps, (64,))
    for new in (
        sampler.sample(64),
        sampler.sample(64, device=old.device),
        sampler.stratified(64),
        ScheduleSampler(sampler).sample(64)[0],
    ):
        assert (new.shape, new.dtype, new.device) == (old.shape, old.dtype, old.device)
        assert 0 <= int(new.min()) <= int(new.max()) < sampler.timesteps
